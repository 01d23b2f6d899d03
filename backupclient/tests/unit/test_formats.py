# SPDX-License-Identifier: Apache-2.0
"""The pages on formats name each field, and no other."""

import dataclasses
import pathlib
import re

import testtools

import backupclient
from backupclient.cloud import kept_verifications
from backupclient.engine import journal_base
from backupclient.engine import journals
from backupclient.engine import saved_progress
from backupclient.model import copies
from backupclient.model import inventories
from backupclient.model import manifests
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import resources
from backupclient.model import restores
from backupclient.model import results
from backupclient.model import saved_plans
from backupclient.model import secret_facts
from backupclient.model import verification
from backupclient.sets import claims
from backupclient.sets import deletion_lists
from backupclient.sets import marker

KEPT = {
    field.name: field for field in dataclasses.fields(kept_verifications.Kept)
}
PAGES = pathlib.Path(backupclient.__file__).parents[1] / 'doc/source/formats'

SECTIONS = {
    'manifest.rst': {
        'Manifest': manifests.Manifest,
        'Item of a manifest': manifests.Entry,
        'Artifact': copies.Artifact,
        'File': copies.FileRecord,
        'Key': copies.KeyRecord,
        'Identity': inventories.CloudIdentity,
        'Request': requests.Request,
        'Resource': resources.Resource,
        'Server': resources.Server,
        'Address': resources.Address,
        'Volume': resources.Volume,
        'Attachment': resources.Attachment,
        'Image': resources.Image,
        'Secret': resources.Secret,
        'Membership': secret_facts.Membership,
        'Access list': secret_facts.Acl,
        'Marker': marker.Marker,
        'Claim': claims.Claim,
        'Deletion': deletion_lists.Deletion,
    },
    'verification.rst': {
        'Verification': verification.Verification,
        'Row': verification.Row,
    },
    'cloud-manifest.rst': {
        'Results of verifications': kept_verifications.Kept,
    },
    'plan.rst': {
        'Plan': saved_plans.Plan,
        'Item of a plan': saved_plans.Item,
        'Peak': plans.Peak,
        'Request of a restore': restores.Request,
        'Task': saved_plans.Task,
        'Source': restores.Source,
        'New volume': restores.NewVolume,
        'New server': restores.NewServer,
        'Container': restores.Container,
    },
    'journal.rst': {
        'Run': journal_base.SavedRun,
        'Outcome': results.Outcome,
        'Progress': saved_progress.Progress,
        'Step': saved_progress.Done,
        'Made': saved_progress.Made,
        'End': journals.Ended,
    },
}


def documented(page):
    """The fields that each section of a page defines."""
    parts = re.split(
        r'^(.+)\n(?:=+|-+)\n', page.read_text(), flags=re.MULTILINE
    )
    return {
        title: set(_terms(text))
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _terms(text):
    for line in re.findall(r'^``.+\(.+\)$', text, re.MULTILINE):
        yield from re.findall(r'``(\w+)``', line)


class FormatsTestCase(testtools.TestCase):
    def test_fields(self):
        for name, kinds in SECTIONS.items():
            found = documented(PAGES / name)
            for title, kind in kinds.items():
                self.assertEqual(
                    {field.name for field in dataclasses.fields(kind)},
                    found[title],
                    title,
                )

    def test_each_field_once(self):
        """Of two descriptions, one would be wrong some day."""
        for page in PAGES.glob('*.rst'):
            parts = re.split(r'^(\w.*)\n[-=]+$', page.read_text(), flags=re.M)
            for title, text in zip(parts[1::2], parts[2::2], strict=True):
                found = list(_terms(text))
                self.assertEqual(sorted(set(found)), sorted(found), title)

    def test_versions(self):
        for name, versions in (
            (
                'manifest.rst',
                [
                    manifests.FORMAT_VERSION,
                    marker.FORMAT_VERSION,
                    claims.FORMAT_VERSION,
                    deletion_lists.FORMAT_VERSION,
                ],
            ),
            ('verification.rst', [verification.FORMAT_VERSION]),
            ('cloud-manifest.rst', [KEPT['version'].default]),
            ('plan.rst', [plans.FORMAT_VERSION]),
            (
                'journal.rst',
                [
                    journal_base.RUN_VERSION,
                    saved_progress.FORMAT_VERSION,
                    journal_base.END_VERSION,
                ],
            ),
        ):
            found = re.findall(
                r'``version`` \(number\)\n    Of the format: ``(\d+)``\.',
                (PAGES / name).read_text(),
            )
            self.assertEqual(versions, [int(one) for one in found], name)

    def test_results_in_the_cloud(self):
        """The page has each field of a group, and the limits."""
        text = (PAGES / 'cloud-manifest.rst').read_text()
        text = text.partition('\n``groups`` (list)\n')[2]
        for field in dataclasses.fields(kept_verifications.Group):
            self.assertIn(f'``{field.name}``', text)
        page = (PAGES / 'cloud-manifest.rst').read_text()
        self.assertIn(f'at most {kept_verifications.LONGEST:,} bytes', page)
        self.assertIn(f'The newest {kept_verifications.MOST} are kept', page)

    def test_files_of_a_journal(self):
        """Those that its module names, each in the folder and explained."""
        text = (PAGES / 'journal.rst').read_text()
        named = re.findall('<run>/([^ ]+)', journals.__doc__)
        self.assertEqual(9, len(named))
        self.assertEqual(named, re.findall(r'^ {7}(\S+)$', text, re.M))
        explained = re.findall(
            '^``(.*[./].*|lock|alive|given-up)``$', text, re.M
        )
        # And those of the first release.
        old = ['flows/<n>-<procedure>.json', 'stopped/<server>']
        self.assertEqual(named + old, explained)
