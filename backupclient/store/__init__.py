# SPDX-License-Identifier: Apache-2.0
"""Stores: the places that hold backup sets."""
