# SPDX-License-Identifier: Apache-2.0
"""Facts about a secret: its containers and its access list."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Membership:
    """A secret's membership in a container.

    :param kind: Barbican's: ``certificate``, ``rsa`` or ``generic``.
    :param role: the secret's name in the container, such as ``private_key``.
    :param size: the number of secrets in the container, 0 if unknown.
    """

    container_id: str
    container_name: str
    kind: str
    role: str
    size: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Acl:
    """Who may read a secret besides its creator.

    :param users: the IDs of users, of any project.
    :param project_access: whether all members of the project may read it.
    """

    users: tuple[str, ...] = ()
    project_access: bool = True
