# SPDX-License-Identifier: Apache-2.0
"""Delete old backups: the parts of :mod:`backupclient.operations.prune`."""
