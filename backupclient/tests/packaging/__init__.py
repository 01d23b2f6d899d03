# SPDX-License-Identifier: Apache-2.0
"""Tests of the installed program beside other plugins: tox -e freezer."""
