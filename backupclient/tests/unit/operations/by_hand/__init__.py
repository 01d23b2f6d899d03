# SPDX-License-Identifier: Apache-2.0
"""The page on restoring, as text and as commands that run."""
