# SPDX-License-Identifier: Apache-2.0
"""Prove in user space that a key opens a LUKS header, without root.

After the LUKS1 on-disk format specification 1.2.3 and the LUKS2 on-disk
format specification 1.1.
"""
