# SPDX-License-Identifier: Apache-2.0
"""Access of the steps to the files of the backup set."""

from backupclient import errors
from backupclient.procedures import interim
from backupclient.procedures import step
from backupclient.store import base


def of(work: step.Work) -> base.Files:
    """Return the files of the run's backup set.

    :raises UsageError: if the run has no backup set.
    """
    if work.files is None:
        raise errors.UsageError(
            f'Run {work.run} has no backup set to write files into. Start a '
            'new run with --to.'
        )
    return work.files


def require_data(work: step.Work, made: interim.Backup) -> str:
    """Raise NotFound unless the downloaded data and their key are in the set.

    The caller must call this before it deletes the source of the data.

    :returns: the path of the data.
    :raises NotFound: if the file or its key is missing, or the size differs.
    """
    if made.file is None:
        raise errors.NotFound(
            'No file with the data was written, so their source in the cloud '
            'is kept. Run the backup again.'
        )
    files = of(work)
    found = files.stat(made.file.path)
    if found is None or found.size != made.file.size:
        raise errors.NotFound(
            f'{files.name}/{made.file.path} was taken away, or is not whole. '
            'Run the backup again.'
        )
    if made.key is not None and files.stat(made.key.path) is None:
        raise errors.NotFound(
            f'{files.name}/{made.key.path} was taken away. Run the backup '
            'again.'
        )
    return made.file.path
