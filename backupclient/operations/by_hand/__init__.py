# SPDX-License-Identifier: Apache-2.0
"""The page of a backup set that explains a restore without this program.

Its reader may be tired, in a hurry, and new to this program. Its commands are
those of the steps of a restore.
"""
