# SPDX-License-Identifier: Apache-2.0
"""The page that tells how to restore a set without this program.

It is for someone tired, in a hurry, who may never have seen this program:
plain commands, in the order in which they work, each ready to be pasted.
"""
