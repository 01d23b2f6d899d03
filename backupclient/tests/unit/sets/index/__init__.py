# SPDX-License-Identifier: Apache-2.0
"""The backup set, on real files."""
