# SPDX-License-Identifier: Apache-2.0
"""A store in any of rclone's storage systems, as plain objects.

``program`` calls rclone, ``listing`` reads what it lists, ``streams`` are the
bytes on their way, ``store`` puts them together.
"""
