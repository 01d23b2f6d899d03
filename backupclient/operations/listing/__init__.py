# SPDX-License-Identifier: Apache-2.0
"""The parts of a list of backups: the places, and what is selected."""
