# SPDX-License-Identifier: Apache-2.0
"""The page of a backup set that tells how to restore it without this program.

It is for someone tired, in a hurry, who may never have seen this program.
Its commands are those of the steps of a restore.
"""
