# SPDX-License-Identifier: Apache-2.0
"""A store in any of rclone's storage systems, with a plain object per file.

``program`` calls rclone, ``listing`` parses its lists, ``streams`` reads and
writes the bytes of files, and ``store`` combines these modules.
"""
