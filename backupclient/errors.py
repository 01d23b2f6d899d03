# SPDX-License-Identifier: Apache-2.0
"""The errors that users see; the class has the exit code.

Each text says what failed, for which resource (with its ID), and what to do
next.
"""

from typing import ClassVar


def root(error: BaseException) -> str:
    """Return the message of an error's first cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(getattr(error, 'strerror', None) or error)


class BackupError(Exception):
    """The base class of all errors for the user."""

    exit_code: ClassVar[int] = 1


class UsageError(BackupError):
    """The arguments do not fit together, or name something that is missing."""

    exit_code = 2


class Interrupted(BackupError):
    """A person or the system asked the program to stop."""

    exit_code = 130


class JournalError(Interrupted):
    """The journal cannot be written, so the run must not start further steps.

    :param path: the path of the journal, or of a part of it.
    :param cause: the error of the write.
    """

    def __init__(self, path: object, cause: BaseException) -> None:
        super().__init__(
            f'The journal {path} cannot be written: {root(cause)}. Put that '
            'right, and resume the run.'
        )


class LoginEnded(Interrupted):
    """Keystone refuses to renew the login: all further requests would fail.

    Nothing can be deleted either, so temporary resources stay for a resume.

    :param cause: Keystone's message.
    """

    def __init__(self, cause: object) -> None:
        super().__init__(
            f'The login has ended, Keystone does not renew it: {cause}. Log '
            'in again.'
        )
        self.cause = str(cause)


class CloudError(BackupError):
    """A service refused a request.

    :param text: the request and the service's message.
    :param status: the HTTP status, 0 if there was no response.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status

    @property
    def passes(self) -> bool:
        """True if the request is worth a retry."""
        return self.status in (0, 429) or self.status >= 500


class NotFound(CloudError):
    """404: the resource does not exist, or not in this project."""


class Forbidden(CloudError):
    """403: the user's roles do not allow the request."""


class QuotaExceeded(CloudError):
    """413 that is not a rate limit: the project's quota is used up."""


class AnswerLost(CloudError):
    """There was no usable response: the request may have been done or not."""


class WaitFailed(BackupError):
    """A resource went into a state from which it does not recover."""


class WaitTimeout(WaitFailed):
    """A resource did not reach its state before the deadline."""


class Busy(BackupError):
    """Another run or command is working on the same resource or set."""


class BackupServiceUnavailable(BackupError):
    """The cloud accepts backup requests but no backup service answers.

    :param stuck: whether the volume is still in ``backing-up``, so unusable.
    """

    def __init__(self, text: str, *, stuck: bool) -> None:
        super().__init__(text)
        self.stuck = stuck


class TransferError(BackupError):
    """A transfer could not be finished, or its content is wrong."""


class TargetError(BackupError):
    """A file in the target or another store cannot be read or written."""


class TargetLost(TargetError):
    """A write was cut off; a retry may succeed."""


class DocumentError(BackupError):
    """A file that this program should read is damaged or not its own."""


class NewerDocument(DocumentError):
    """A newer release has written the file: it is probably not damaged."""
