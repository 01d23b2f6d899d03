# SPDX-License-Identifier: Apache-2.0
"""Tests that need no cloud; the tree mirrors the package."""
