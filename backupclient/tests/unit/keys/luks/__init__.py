# SPDX-License-Identifier: Apache-2.0
"""Tests of backupclient.keys.luks."""
