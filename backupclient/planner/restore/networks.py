# SPDX-License-Identifier: Apache-2.0
"""Networks, security groups and key pairs of a server.

They decide who can reach the server. So, for a backup of another project,
none of these is looked up by its old name: somebody else chose that name.
"""

from collections.abc import Iterator, Sequence

from backupclient.model import ids
from backupclient.model import on_offer
from backupclient.model import resources
from backupclient.model import restores
from backupclient.planner.restore import rule
from backupclient.planner.restore import scene

_DEFAULT = 'default'
_EVERY = ''
"""The key in the request for ``--network NET``, which maps all networks."""


def find(
    case: scene.Case, server: resources.Server
) -> rule.Answer[tuple[str, ...]]:
    """Return the IDs of the new server's networks, in the order of the old."""
    asked = case.request.networks.get(_EVERY, restores.NOT_NETWORKED)
    if not server.addresses and asked != restores.NOT_NETWORKED:
        note = (
            f'It had no network, and gets none: --network {asked} stands only '
            'for networks that a server had.'
        )
        return rule.Answer((), warnings=(note,))
    found = [_network(case, old) for old in _names(server)]
    lacks = dict.fromkeys(one.obstacle for one in found if one.obstacle)
    ids_ = dict.fromkeys(one.value for one in found if one.value)
    return rule.Answer(
        tuple(ids_),
        ' '.join(lacks),
        tuple(note for one in found for note in one.notes),
    )


def security_groups(
    case: scene.Case, server: resources.Server
) -> rule.Answer[tuple[str, ...]]:
    """Return the IDs of the security groups with the old names."""
    wanted = [*dict.fromkeys(filter(None, server.security_groups))]
    there = case.scene.offers.security_groups
    if wanted in ([], [_DEFAULT]):
        # Nova gives a server the default group by itself.
        return rule.Answer(())
    if not case.scene.at_home:
        why = 'are not looked up by name for a backup of another project'
    elif there is None:
        reason = case.scene.offers.why_unread('security_groups')
        why = f'cannot be looked up. {reason}'.rstrip('.')
    else:
        return _groups(wanted, there)
    return rule.Answer((), warnings=(_without(wanted, why),))


def key_pair(case: scene.Case, server: resources.Server) -> rule.Answer[str]:
    """Return the name of the key pair, ``''`` for none.

    A missing key pair is no obstacle: the keys in the server's file system
    still work.
    """
    there = case.scene.offers.key_pairs
    wanted = case.request.key_pair
    if wanted:
        if there is None or wanted in there:
            return rule.Answer(wanted)
        names = ', '.join(sorted(there)) or 'none'
        return rule.Answer(
            '',
            f'You have no key pair "{wanted}", which --key-pair asks for. '
            f'You have: {names}.',
        )
    old = server.key_name
    if not old:
        return rule.Answer('')
    if case.scene.at_home and there is not None and old in there:
        return rule.Answer(old)
    home = case.scene.at_home
    why = 'is not yours here' if home else 'belongs to another project'
    note = (
        f'Its key pair "{old}" {why}: the new server gets none. The keys in '
        'its file system stay. You can choose one with --key-pair NAME.'
    )
    return rule.Answer('', warnings=(note,))


def _names(server: resources.Server) -> list[str]:
    """Return the names of the networks that a server had."""
    return [*dict.fromkeys(one.network for one in server.addresses)]


def _network(case: scene.Case, old: str) -> rule.Answer[str]:
    mapping = case.request.networks
    new = mapping.get(old, mapping.get(_EVERY))
    if new == restores.NOT_NETWORKED:
        note = f'It was in the network "{old}": the new server is in none.'
        return rule.Answer('', notes=(note,))
    if new is not None:
        return _resolved(case, new, f'--network {new}')
    if case.scene.at_home:
        return _resolved(case, old, '')
    return rule.Answer(
        '',
        f'It was in the network "{old}" of another project: choose one with '
        f'--network {old}=NEW, or none with --network {old}=none.',
    )


def _resolved(case: scene.Case, name: str, asked: str) -> rule.Answer[str]:
    """Return the ID of the network with a name or an ID.

    :param asked: the option that names it, ``''`` if it is the old name.
    """
    there = case.scene.offers.networks
    if there is None:
        if asked and ids.is_uuid(name):
            return rule.Answer(name)
        why = case.scene.offers.why_unread('networks')
        return rule.Answer(
            '',
            f'The network "{name}" cannot be looked up. {why} '
            'Give its ID with --network ID, or --network none.',
        )
    found = [one.id for one in there if one.id == name] or [
        one.id for one in there if one.name == name
    ]
    if len(found) == 1:
        return rule.Answer(found[0])
    return rule.Answer('', _unclear(name, asked, found))


def _unclear(name: str, asked: str, found: Sequence[str]) -> str:
    if found:
        return (
            f'Several networks here have the name "{name}": give the ID of '
            f'one with --network {name}=ID. They are: '
            f'{", ".join(sorted(found))}.'
        )
    if asked:
        return f'There is no network "{name}" here, which {asked} asks for.'
    return (
        f'There is no network "{name}" here: choose one with --network '
        f'{name}=NEW, or none with --network {name}=none.'
    )


def _groups(
    wanted: Sequence[str], there: Sequence[on_offer.Named]
) -> rule.Answer[tuple[str, ...]]:
    by_name = {
        name: [one.id for one in there if one.name == name] for name in wanted
    }
    warnings = tuple(_group_warnings(by_name))
    found = [ids_[0] for ids_ in by_name.values() if len(ids_) == 1]
    return rule.Answer(tuple(found), warnings=warnings)


def _group_warnings(by_name: dict[str, list[str]]) -> Iterator[str]:
    absent = [name for name, ids_ in by_name.items() if not ids_]
    several = [name for name, ids_ in by_name.items() if len(ids_) > 1]
    if absent:
        yield _without(absent, 'do not exist here')
    if several:
        yield _without(several, 'have names of several groups each')


def _without(names: Sequence[str], why: str) -> str:
    return (
        f'Its security groups {", ".join(names)} {why}: the new server comes '
        'without them. Add them with "openstack server add security group".'
    )
