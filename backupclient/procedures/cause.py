# SPDX-License-Identifier: Apache-2.0
"""Adding Cinder's own message to an error: a state alone gives no reason."""

from collections.abc import Iterator
import contextlib

from backupclient import errors
from backupclient.procedures import step


@contextlib.contextmanager
def told(
    work: step.Work, resource_id: str, text: str, advice: str = ''
) -> Iterator[None]:
    """Add Cinder's user message to a WaitFailed that is raised inside.

    WaitTimeout is passed on unchanged.

    :param resource_id: the resource whose messages Cinder is asked for.
    :param text: the start of the new message: which request failed.
    :param advice: the end of the new message: what the user can do.
    :raises WaitFailed: with the text, Cinder's message and the advice.
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
