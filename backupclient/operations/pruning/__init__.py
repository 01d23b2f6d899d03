# SPDX-License-Identifier: Apache-2.0
"""Deleting old backups: what :mod:`backupclient.operations.prune` uses."""
