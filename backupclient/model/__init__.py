# SPDX-License-Identifier: Apache-2.0
"""The program's data: frozen dataclasses that all other packages share.

Sizes are in bytes unless a name ends in ``_gib``.
"""
