# SPDX-License-Identifier: Apache-2.0
"""The errors that reach a person: the class carries the exit code.

Each text says what failed, names the thing with its ID, and what to do next.
"""

from typing import ClassVar


def root(error: BaseException) -> str:
    """Say what is at the bottom of an error, in the system's words."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(getattr(error, 'strerror', None) or error)


class BackupError(Exception):
    """Something could not be done; the text is meant for the user."""

    exit_code: ClassVar[int] = 1


class UsageError(BackupError):
    """The arguments do not fit together or name nothing."""

    exit_code = 2


class Interrupted(BackupError):
    """A person or the system asked the program to stop."""

    exit_code = 130


class JournalError(Interrupted):
    """The journal cannot be written: so nothing more is begun.

    :param path: of the journal, or of a part of it.
    :param cause: what went wrong.
    """

    def __init__(self, path: object, cause: BaseException) -> None:
        super().__init__(
            f'The journal {path} cannot be written: {root(cause)}. Put that '
            'right, and resume the run.'
        )


class LoginEnded(Interrupted):
    """Keystone refuses to renew the login: nothing more can be asked.

    Nothing can be undone either, so what was made stays for a resume.

    :param cause: what Keystone said.
    """

    def __init__(self, cause: object) -> None:
        super().__init__(
            f'The login has ended, Keystone does not renew it: {cause}. Log '
            'in again.'
        )
        self.cause = str(cause)


class CloudError(BackupError):
    """A service refused a request.

    :param text: what the service said, with the request that it answered.
    :param status: the HTTP status, 0 where there was no answer.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status

    @property
    def passes(self) -> bool:
        """True when a later try may end better."""
        return self.status in (0, 429) or self.status >= 500


class NotFound(CloudError):
    """404: the thing is not there, or not in this project."""


class Forbidden(CloudError):
    """403: the user's roles do not allow the request."""


class QuotaExceeded(CloudError):
    """413 with quota words: the project's quota is used up."""


class AnswerLost(CloudError):
    """The connection broke: the request may or may not have been done."""


class WaitFailed(BackupError):
    """A resource went into a state that it does not leave as hoped for."""


class WaitTimeout(WaitFailed):
    """A resource did not reach its state before the deadline."""


class Busy(BackupError):
    """Another run is working on the same thing."""


class BackupServiceUnavailable(BackupError):
    """The cloud takes backup requests but no backup service answers.

    :param stuck: the volume is still in ``backing-up`` and cannot be used.
    """

    def __init__(self, text: str, *, stuck: bool) -> None:
        super().__init__(text)
        self.stuck = stuck


class TransferError(BackupError):
    """A download could not be finished, or its content is not right."""


class TargetError(BackupError):
    """The backup set's folder cannot take what should go there."""


class TargetLost(TargetError):
    """A file was not written to its end; it may be with another try."""


class DocumentError(BackupError):
    """A file that this program should read is damaged or not its own."""


class NewerDocument(DocumentError):
    """A newer release has written the file: nothing says it is damaged."""
