# SPDX-License-Identifier: Apache-2.0
"""``RESTORE.md``: the page as a whole."""

from collections.abc import Iterable, Iterator

from backupclient.model import layout
from backupclient.model import manifests
from backupclient.model import outcome
from backupclient.model import plans
from backupclient.model import resources
from backupclient.sets.instructions import barbican
from backupclient.sets.instructions import container
from backupclient.sets.instructions import image
from backupclient.sets.instructions import key
from backupclient.sets.instructions import markdown
from backupclient.sets.instructions import root
from backupclient.sets.instructions import secret
from backupclient.sets.instructions import server
from backupclient.sets.instructions import shelved
from backupclient.sets.instructions import volume


def render(manifest: manifests.Manifest) -> str:
    """Give the page in Markdown, fit to be read as it is."""
    return (
        '\n\n'.join(markdown.wrapped(p) for p in _paragraphs(manifest)) + '\n'
    )


def _paragraphs(manifest: manifests.Manifest) -> Iterator[str]:
    yield f'# How to restore {markdown.span(manifest.run)}'
    yield _origin(manifest)
    yield from _completeness(manifest)
    yield from _cautions(manifest)
    yield from _first(manifest)
    yield from _kind('Secrets', _secrets(manifest))
    yield from _kind('Images', _images(manifest))
    yield from _kind('Volumes', _volumes(manifest))
    yield from _kind('Servers', _servers(manifest))
    yield from _in_trouble()


def _origin(manifest: manifests.Manifest) -> str:
    identity = manifest.identity
    return markdown.facts(
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
        if item.state is not outcome.State.COMPLETE
    ]
    count = len(manifest.items)
    if not missing and manifest.state is manifests.State.COMPLETE:
        yield f'**Complete:** all of {count} resources.'
        return
    if not missing:
        yield (
            f'**Incomplete:** all of {count} resources are there, but not '
            'everything that was asked for could be looked at. See below.'
        )
        return
    if len(missing) == count:
        yield '**Nothing in this folder is complete.**'
    yield (
        f'**Incomplete: {len(missing)} of {count} resources are not backed up '
        'as they should be:**'
    )
    yield markdown.sentences(
        f'{item.state}: {item.resource.label}: {item.reason}'
        for item in missing
    )


def _cautions(manifest: manifests.Manifest) -> Iterator[str]:
    if manifest.cautions:
        yield 'What the plan warned of:'
        yield markdown.sentences(manifest.cautions)
    if any(
        item.consistency is plans.Consistency.CRASH for item in manifest.items
    ):
        yield (
            'Copies that are called `crash-consistent` were made while they '
            'were in use, each at a moment of its own. They are as after a '
            'power failure: let the file system repair itself, check '
            'databases, and do not expect two disks to agree.'
        )


def _first(manifest: manifests.Manifest) -> Iterator[str]:
    yield '## First'
    yield 'Go to the folder of this page. Every line must end with `OK`:'
    yield markdown.block(f'sha512sum -c {layout.CHECKSUMS}')
    yield (
        'Have the OpenStack client and your credentials at hand (for keys '
        'also `xxd`). This shows whether they work:'
    )
    yield markdown.block('openstack token issue')
    yield (
        'Use one `bash` for all that follows: new IDs are kept in variables, '
        'and a `:?` stops a command whose variable is empty because the one '
        'before it failed.'
    )
    yield from _names()
    yield from _identity(manifest)
    if _stores_secrets(manifest):
        yield from barbican.setup()
    yield (
        'Then restore what you need, in this order: secrets, images, '
        'volumes, servers. Nothing here touches what is in the cloud already.'
    )


def _names() -> Iterator[str]:
    yield (
        'New resources get the old names with this suffix. If the old '
        'resources are gone, leave it empty (`SUFFIX=`). As long as they '
        'exist, two resources would have the same name: `openstack` and '
        '`openstack backup run --volume NAME` then refuse the name and want '
        'the ID.'
    )
    yield markdown.block('SUFFIX=-restored')


def _stores_secrets(manifest: manifests.Manifest) -> bool:
    return any(
        item.key is not None or secret.restorable(item)
        for item in manifest.items
    )


def _identity(manifest: manifests.Manifest) -> Iterator[str]:
    paths = [
        found.path
        for item in manifest.items
        for found in (item.file, item.key)
        if found
    ]
    if any(path.endswith(key.PROTECTED) for path in paths):
        yield (
            'Keys and secrets are encrypted by `age`. One of the private '
            'keys that belong to these opens them:'
        )
        yield markdown.sentences(manifest.request.recipients)
        yield 'Say where it is:'
        yield markdown.block('IDENTITY=~/identity.txt')


def _kind(title: str, sections: Iterable[str]) -> Iterator[str]:
    found = tuple(sections)
    if found:
        yield f'## {title}'
        yield from found


def _secrets(manifest: manifests.Manifest) -> Iterator[str]:
    found = tuple(_numbered(manifest, resources.Kind.SECRET))
    for number, entry in found:
        yield from secret.section(entry, number)
    yield from container.sections(found)


def _images(manifest: manifests.Manifest) -> Iterator[str]:
    for number, entry in _numbered(manifest, resources.Kind.IMAGE):
        yield from image.section(entry, number)
        yield from shelved.handed_over(
            entry, _numbered(manifest, resources.Kind.SERVER)
        )


def _volumes(manifest: manifests.Manifest) -> Iterator[str]:
    found = tuple(_numbered(manifest, resources.Kind.VOLUME))
    for number, entry in found:
        yield from volume.section(entry, number)
    if any(entry.file for _, entry in found):
        yield (
            'A file under `volumes/` is the disk, byte for byte. One that is '
            'not encrypted can also be used without OpenStack; this prints '
            'the name of its device, whose partitions can be mounted:'
        )
        yield markdown.block(
            'sudo losetup --find --show --read-only --partscan FILE'
        )


def _servers(manifest: manifests.Manifest) -> Iterator[str]:
    copies: root.Volumes = {
        entry.volume.id: (number, entry.volume)
        for number, entry in _numbered(manifest, resources.Kind.VOLUME)
        if entry.volume and entry.has_copy
    }
    images: shelved.Images = {
        entry.resource.label: entry.image
        for entry in manifest.of_kind(resources.Kind.IMAGE)
        if entry.image and entry.file
    }
    found = tuple(_numbered(manifest, resources.Kind.SERVER))
    yield from _networks(entry for _, entry in found)
    for number, entry in found:
        yield from server.section(entry, number, copies, images)


def _networks(entries: Iterable[manifests.Entry]) -> Iterator[str]:
    """Ask for a network, unless no server has one."""
    if any(entry.server and entry.server.addresses for entry in entries):
        yield (
            'Networks, addresses and security groups are no part of a '
            'backup of data. Choose a network:'
        )
        yield markdown.block('openstack network list', 'NETWORK=...')


def _numbered(
    manifest: manifests.Manifest, kind: resources.Kind
) -> Iterator[tuple[int, manifests.Entry]]:
    return enumerate(manifest.of_kind(kind), 1)


def _in_trouble() -> Iterator[str]:
    yield '## If something fails'
    yield 'A volume is in the state `error`: this may say why.'
    yield markdown.block(
        'openstack --os-volume-api-version 3.3 volume message list'
    )
    yield (
        'There is no such volume type, flavor or key pair: choose another, '
        'or leave the option out. An encrypted volume needs a type with '
        'encryption.'
    )
    yield (
        'Glance refuses an upload (`415`): newer releases look into the '
        'data, and do not take LUKS 2, nor NTFS or exFAT without a '
        'partition table. Only an operator can allow that.'
    )
    yield (
        'Anything else: `manifest.json` says all that was known of every '
        'resource.'
    )
