# SPDX-License-Identifier: Apache-2.0
"""The work of the commands, as a Python API: one module per command.

:mod:`~backupclient.operations.sessions` opens the project of a login.
:mod:`~backupclient.operations.plan`, :mod:`~backupclient.operations.run`,
:mod:`~backupclient.operations.cleanup` and
:mod:`~backupclient.operations.export_key` then work in it. They print nothing
and ask no questions: a reporter hears of each event, and the caller decides.
Failures raise a :class:`~backupclient.errors.BackupError`.
"""
