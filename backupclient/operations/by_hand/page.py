# SPDX-License-Identifier: Apache-2.0
"""``RESTORE.md``: the page as a whole.

Rendering does not fail if a restore cannot be planned: the page then says so
instead of showing the commands.
"""

from collections.abc import Iterator, Mapping
import logging

from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import resources
from backupclient.model import results
from backupclient.operations.by_hand import comments
from backupclient.operations.by_hand import home
from backupclient.operations.by_hand import section
from backupclient.procedures.restore import key_manager
from backupclient.procedures.restore import shell

LOG = logging.getLogger(__name__)

_KINDS = {
    resources.Kind.SECRET: 'Secrets',
    resources.Kind.IMAGE: 'Images',
    resources.Kind.VOLUME: 'Volumes',
    resources.Kind.SERVER: 'Servers',
}
"""The order of the restore: resources that others need come first."""


def render(manifest: manifests.Manifest) -> str:
    """Return the page: Markdown for people, and a script for ``bash``."""
    return '\n\n'.join(_parts(manifest)) + '\n'


def _parts(manifest: manifests.Manifest) -> Iterator[str]:
    plan = _plan(manifest)
    yield comments.title(1, 'How to restore', manifest.run)
    yield comments.block(*_origin(manifest))
    yield comments.block(*_completeness(manifest))
    yield from _first(manifest, plan)
    items = {one.resource: one for one in plan.items} if plan else {}
    for kind, title in _KINDS.items():
        yield from _of_kind(manifest.of_kind(kind), title, items)
    yield from _last()


def _plan(manifest: manifests.Manifest) -> plans.Plan | None:
    """Plan the restore; return None if that fails.

    The page is written at the end of a successful run, which must not fail
    because of its page.
    """
    try:
        return home.plan(manifest)
    except Exception:
        LOG.debug('The commands of run %s', manifest.run, exc_info=True)
        return None


def _origin(manifest: manifests.Manifest) -> Iterator[str]:
    identity = manifest.identity
    yield from comments.facts(
        (
            ('cloud', f'{identity.auth_url} {identity.region}'),
            ('project', f'{identity.project_name} ({identity.project_id})'),
            ('begun', manifest.created_at),
            ('ended', manifest.finished_at),
            ('made by', f'{manifest.program} {manifest.program_version}'),
        )
    )


def _completeness(manifest: manifests.Manifest) -> Iterator[str]:
    missing = [
        item
        for item in manifest.items
        if item.state is not results.State.COMPLETE
    ]
    count = len(manifest.items)
    if missing and len(missing) == count:
        yield comments.text('Nothing in this folder is complete.')
    if missing:
        yield comments.text(
            f'Incomplete: {len(missing)} of {count} resources are not backed '
            'up as they should be:'
        )
    elif manifest.state is manifests.State.COMPLETE:
        yield comments.text(f'Complete: all of {count} resources.')
    else:
        yield comments.text(
            f'Incomplete: all of {count} resources are there, but not '
            'everything that was asked for could be looked at.'
        )
    yield from comments.items(
        f'{item.state}: {item.resource.label}: {item.reason}'
        for item in missing
    )
    if manifest.cautions:
        yield comments.text('What the plan warned of:')
        yield from comments.items(manifest.cautions)
    if any(
        item.consistency is plans.Consistency.CRASH for item in manifest.items
    ):
        yield comments.text(
            'Copies that are called crash-consistent were made while they '
            'were in use, each at a moment of its own. They are as after a '
            'power failure: let the file system repair itself, check '
            'databases, and do not expect two disks to agree.'
        )


def _first(
    manifest: manifests.Manifest, plan: plans.Plan | None
) -> Iterator[str]:
    yield comments.title(2, 'First')
    yield comments.block(
        comments.text(
            'Go to the folder of this page, and paste the page into one '
            'bash: as a whole, or section by section, from top to bottom. '
            'Text is a comment. "bash RESTORE.md" does the same, and stops '
            'at the first error. You need the OpenStack '
            f'client{_age(manifest)} and your credentials. The commands make '
            'new resources, and touch nothing that exists.'
        ),
        *_fetched(manifest),
        *comments.items(plan.cautions if plan else (section.UNWRITTEN,)),
        '[[ $- == *i* ]] || set -euo pipefail',
        comments.text('Every line must end with OK:'),
        f'sha512sum -c {layout.CHECKSUMS}',
        comments.text(
            'The end of all new names. If the old resources still exist, '
            'choose one: SUFFIX=-restored'
        ),
        'SUFFIX=${SUFFIX-}',
        *_identity(manifest),
        comments.text('The new IDs by the old ones, and what commands need:'),
        'declare -A new',
        shell.READY,
        *((key_manager.FUNCTION,) if _stores_secrets(plan) else ()),
    )


def _fetched(manifest: manifests.Manifest) -> Iterator[str]:
    """Yield a comment on how to get a folder, if the set is in none."""
    if not manifest.request.target.startswith(('restic:', 'rclone:')):
        return
    yield comments.text(
        'The set is in no folder. Bring each file that SHA512SUMS names into '
        'one first, with its path: with "restic dump" or "rclone copy".'
    )


def _age(manifest: manifests.Manifest) -> str:
    return ', age' if _sealed(manifest) else ''


def _sealed(manifest: manifests.Manifest) -> bool:
    return any(
        layout.is_sealed(found.path)
        for item in manifest.items
        for found in (item.file, item.key)
        if found
    )


def _identity(manifest: manifests.Manifest) -> Iterator[str]:
    if _sealed(manifest):
        yield comments.text(
            'The private key for keys and secrets. It belongs to one of:'
        )
        yield from comments.items(manifest.request.recipients)
        yield 'IDENTITY=${IDENTITY-~/age-identity.txt}'


def _stores_secrets(plan: plans.Plan | None) -> bool:
    return any(
        item.restore and (item.secret or item.restore.source.key)
        for item in (plan.items if plan else ())
    )


def _of_kind(
    entries: tuple[manifests.Entry, ...],
    title: str,
    items: Mapping[resources.Resource, plans.Item],
) -> Iterator[str]:
    if entries:
        yield comments.title(2, title)
    for entry in entries:
        item = items.get(entry.resource)
        yield section.render(entry, item, items.values())


def _last() -> Iterator[str]:
    yield comments.title(2, 'What is back')
    yield comments.block(
        comments.text('The new IDs: tell whatever uses the old ones.'),
        'for old in "${!new[@]}"; do',
        '    echo "$old is now ${new[$old]:-not back}"',
        'done',
    )
    yield comments.title(2, 'If something fails')
    yield comments.block(
        *comments.items(_IN_TROUBLE),
        comments.text('Without OpenStack, as root:'),
        *(f'# {line}' for line in _WITHOUT),
    )


_IN_TROUBLE = (
    'Commands that need what is not there do nothing. Put the cause right, '
    'and paste the whole section again: what was uploaded may be gone.',
    'A volume has the status error: "openstack --os-volume-api-version 3.3 '
    'volume message list" may say why.',
    'There is no such volume type, flavor, network or key pair: choose '
    'another, or leave the option out. An encrypted volume needs a type with '
    'encryption. The section of a server says which flavors fit.',
    'Glance refuses an upload (415): newer releases look into the data, and '
    'do not take LUKS 2, nor NTFS or exFAT without a partition table. Only '
    'an operator can allow that.',
    'Anything else: manifest.json says all that was known of every resource.',
)

_WITHOUT = (
    'A file under volumes/ is the disk, byte for byte. Without encryption:',
    '  losetup --find --show --read-only --partscan volumes/ID.raw',
    'With encryption (age --decrypt opens a key that ends in .age):',
    '  cryptsetup open --type luks --readonly \\',
    '      --key-file keys/volume-ID.key volumes/ID.raw restored',
)
