# SPDX-License-Identifier: Apache-2.0
"""The words of the program as values: frozen dataclasses, nothing else.

Sizes are in bytes unless a name ends in ``_gib``.
"""
