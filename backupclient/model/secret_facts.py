# SPDX-License-Identifier: Apache-2.0
"""What belongs to a secret: the containers that it is in, and its readers."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Membership:
    """That a secret is part of a container.

    :param kind: Barbican's: ``certificate``, ``rsa`` or ``generic``.
    :param role: what the secret is in it, as ``private_key``.
    :param size: how many secrets the container has, 0 when not known.
    """

    container_id: str
    container_name: str
    kind: str
    role: str
    size: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Acl:
    """Who may read a secret besides its creator.

    :param users: IDs of users, of any project.
    :param project_access: the members of the project may.
    """

    users: tuple[str, ...] = ()
    project_access: bool = True
