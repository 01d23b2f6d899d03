# SPDX-License-Identifier: Apache-2.0
"""The parts of a list of backups: its places, and the selected resources."""
