# SPDX-License-Identifier: Apache-2.0
"""Whose backups are meant in a target that several projects share."""

import dataclasses

import testtools

from backupclient import errors
from backupclient.model import requests
from backupclient.planner import prunable
from backupclient.tests.unit.sets import samples

SHOP = samples.IDENTITY
BLOG = dataclasses.replace(SHOP, project_id='p-2', project_name='blog')
AT_SHOP = prunable.Login('p-1')
NOBODY = prunable.Login()
ARCHIVE, ROOT = samples.ARCHIVE, samples.ROOT


def manifest(day, identity, *volumes):
    return samples.manifest(
        *map(samples.volume_entry, volumes),
        run=f'202611{day:02}T010000Z-aaaa',
        identity=identity,
    )


OF_SHOP = manifest(1, SHOP, ARCHIVE)
OF_BLOG = manifest(2, BLOG, ROOT)
EVERY = (OF_SHOP, OF_BLOG)


class WantedTestCase(testtools.TestCase):
    def wanted(self, every=EVERY, login=NOBODY, **words):
        found = prunable.wanted(
            every, requests.Request(**words), login, '/srv/backups'
        )
        return sorted((project.project_id, key.id) for project, key in found)

    def refused(self, *arguments, **options):
        error = self.assertRaises(
            errors.UsageError, self.wanted, *arguments, **options
        )
        return str(error)

    def test_the_only_project(self):
        self.assertEqual([('p-1', ARCHIVE.id)], self.wanted([OF_SHOP]))

    def test_nothing(self):
        self.assertEqual([], self.wanted([]))

    def test_several_and_nothing_says_which(self):
        for words in ({}, {'everything': True}, {'volumes': ('archive',)}):
            error = self.refused(**words)
            self.assertIn('web shop (p-1)', error)
            self.assertIn('blog (p-2)', error)
            self.assertIn('--os-project-id', error)

    def test_that_of_the_login(self):
        for login in (
            AT_SHOP,
            prunable.Login(project_name='web shop'),
            prunable.Login('', 'web shop', 'https://cloud.example'),
            prunable.Login('', 'web shop', 'https://cloud.example/v3/'),
        ):
            self.assertEqual([('p-1', ARCHIVE.id)], self.wanted(login=login))

    def test_a_login_elsewhere(self):
        for login in (
            prunable.Login('p-3', 'third'),
            prunable.Login('', 'web shop', 'https://other.example/v3'),
        ):
            for every in (EVERY, [OF_SHOP]):
                error = self.refused(every, login=login)
                self.assertIn(login.project_name, error)
                self.assertIn('web shop (p-1)', error)

    def test_two_projects_of_one_name(self):
        twin = dataclasses.replace(BLOG, project_name='web shop')
        error = self.refused(
            [OF_SHOP, manifest(2, twin, ROOT)],
            login=prunable.Login(project_name='web shop'),
        )
        self.assertIn('several projects', error)

    def test_by_a_name(self):
        self.assertEqual(
            [('p-1', ARCHIVE.id)],
            self.wanted(login=AT_SHOP, volumes=('archive',)),
        )
        # Names of another project do not reach it.
        self.assertIn(
            'web root', self.refused(login=AT_SHOP, volumes=('web root',))
        )

    def test_of_another_project_by_its_id(self):
        for login in (AT_SHOP, NOBODY):
            self.assertEqual(
                [('p-2', ROOT.id)],
                self.wanted(login=login, volumes=(ROOT.id,)),
            )
        self.assertEqual(
            [('p-1', ARCHIVE.id), ('p-2', ROOT.id)],
            self.wanted(login=AT_SHOP, volumes=(ROOT.id, 'archive')),
        )

    def test_of_the_own_project_an_id_is_the_own(self):
        """A copy of a project has the same IDs."""
        every = [OF_SHOP, manifest(2, BLOG, ARCHIVE)]
        self.assertEqual(
            [('p-1', ARCHIVE.id)],
            self.wanted(every, login=AT_SHOP, volumes=(ARCHIVE.id,)),
        )

    def test_all_is_all_of_the_login(self):
        self.assertEqual(
            [('p-1', ARCHIVE.id)],
            self.wanted(login=AT_SHOP, everything=True),
        )

    def test_exclude(self):
        every = [manifest(1, SHOP, ARCHIVE, ROOT)]
        self.assertEqual(
            [('p-1', ROOT.id)],
            self.wanted(every, exclude=('volume/archive',)),
        )
        self.assertEqual(
            [],
            self.wanted(
                login=NOBODY,
                volumes=(ROOT.id,),
                exclude=(f'volume/{ROOT.id}',),
            ),
        )

    def test_a_server_brings_its_volumes(self):
        server = samples.server_entry(samples.SERVER)
        other = samples.manifest(
            server,
            samples.volume_entry(ROOT),
            run='20261102T010000Z-aaaa',
            identity=BLOG,
        )
        self.assertEqual(
            [('p-2', ROOT.id), ('p-2', samples.SERVER_ID)],
            self.wanted([OF_SHOP, other], servers=(samples.SERVER_ID,)),
        )

    def test_the_kind_counts(self):
        error = self.refused(login=AT_SHOP, images=(ROOT.id,))
        self.assertIn(ROOT.id, error)
