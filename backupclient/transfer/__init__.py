# SPDX-License-Identifier: Apache-2.0
"""Transfers: downloads into backup sets, uploads and copies from them.

``download.download`` fetches a file; ``room.require_room`` checks the free
space before.
"""
