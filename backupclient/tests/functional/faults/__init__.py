# SPDX-License-Identifier: Apache-2.0
"""Runs whose requests go wrong on their way, one request at a time."""
