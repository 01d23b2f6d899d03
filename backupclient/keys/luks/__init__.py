# SPDX-License-Identifier: Apache-2.0
"""Check keys on LUKS headers, and decrypt LUKS images, without root.

Implements the LUKS1 on-disk format specification 1.2.3 and the LUKS2 on-disk
format specification 1.1.
"""
