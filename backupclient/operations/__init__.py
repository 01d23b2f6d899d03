# SPDX-License-Identifier: Apache-2.0
"""What each command does, as a Python API: one module per command.

:mod:`~backupclient.operations.sessions` opens the project that a login is for.
:mod:`~backupclient.operations.plan`, :mod:`~backupclient.operations.run`,
:mod:`~backupclient.operations.cleanup` and
:mod:`~backupclient.operations.export_key` then work in it. They print nothing
and ask nobody: a reporter hears what happens, and the caller decides. What
cannot be done raises a :class:`~backupclient.errors.BackupError`.
"""
