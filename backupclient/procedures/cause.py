# SPDX-License-Identifier: Apache-2.0
"""Why something went wrong in Cinder: the state alone does not tell."""

from collections.abc import Iterator
import contextlib

from backupclient import errors
from backupclient.procedures import step


@contextlib.contextmanager
def told(
    work: step.Work, resource_id: str, text: str, advice: str = ''
) -> Iterator[None]:
    """Put what Cinder tells its users into the failure of a wait.

    :param resource_id: what Cinder's messages are about.
    :param text: what was to be done, and that it failed.
    """
    try:
        yield
    except errors.WaitTimeout:
        raise
    except errors.WaitFailed as exc:
        why = work.cloud.cinder.last_message(resource_id) or str(exc)
        raise errors.WaitFailed(
            ' '.join(filter(None, (f'{text}: {why}', advice)))
        ) from exc
