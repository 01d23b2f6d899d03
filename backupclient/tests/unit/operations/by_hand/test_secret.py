# SPDX-License-Identifier: Apache-2.0
"""Secrets: what the page stores, byte for byte, and in which order."""

import base64
import dataclasses
import re

import testtools
from testtools import matchers

from backupclient.model import results
from backupclient.model import secret_facts
from backupclient.operations.by_hand import page
from backupclient.procedures.restore import key_manager
from backupclient.tests.unit.operations.by_hand import commands
from backupclient.tests.unit.operations.by_hand import test_page
from backupclient.tests.unit.sets import samples

CONTENT = samples.content(f'secrets/{samples.SECRET.id}.bin')
NEW = '/secrets/new-secret'
ACL = secret_facts.Acl()


def members(*roles, size, container_id='c-1'):
    return tuple(
        secret_facts.Membership(container_id, 'my pair', 'rsa', role, size)
        for role in roles
    )


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.shell = self.useFixture(commands.Shell())

    def entry(self, **changes):
        secret = dataclasses.replace(samples.SECRET, **{'acl': ACL} | changes)
        return samples.secret_entry(secret)

    def text(self, *entries):
        """The page on one line, for what breaks over two."""
        return test_page.words(page.render(samples.manifest(*entries)))

    def stored(self, *entries, **environment):
        """Run the page, and give the requests without their options."""
        manifest = samples.manifest(*entries)
        for item in manifest.items:
            if item.file:
                self.shell.put(item.file.path, samples.content(item.file.path))
        self.shell.put('manifest.json', b'{}')
        self.done = self.shell.run(page.render(manifest), **environment)
        for *_, options in self.shell.requests:
            # What is sent twice is made twice; and no log has a payload.
            self.assertEqual(0, options.get('connect_retries', 0))
            self.assertIs(False, options.get('log', False))
        return [tuple(request[:3]) for request in self.shell.requests]


class TestSecret(Case):
    def test_bytes_come_after_all_else(self):
        requests = self.stored(
            self.entry(
                algorithm='aes',
                bit_length=128,
                mode='xts',
                expires_at='2999-01-01T00:00:00',
                metadata={'env': "it's\n\u202e!"},
                acl=secret_facts.Acl(('u1', 'u2'), project_access=False),
            )
        )
        self.assertEqual(
            [
                (
                    'POST',
                    '/secrets',
                    {
                        'name': 'tls',
                        'secret_type': 'private',
                        'algorithm': 'aes',
                        'bit_length': 128,
                        'mode': 'xts',
                        'expiration': '2999-01-01T00:00:00',
                    },
                ),
                (
                    'PUT',
                    f'{NEW}/acl',
                    {'read': {'project-access': False, 'users': ['u1', 'u2']}},
                ),
                (
                    'PUT',
                    f'{NEW}/metadata',
                    {'metadata': {'env': "it's\n\u202e!"}},
                ),
                ('PUT', NEW, CONTENT),
            ],
            requests,
        )
        self.assertEqual(
            {'Content-Type': 'application/octet-stream'},
            self.shell.requests[-1][3]['headers'],
        )
        self.assertIn(
            f'Stored: https://cloud.example/v1{NEW}\n', self.done.stdout
        )
        self.assertIn(
            f'{samples.SECRET.id} is now new-secret', self.done.stdout
        )

    def test_what_is_not_known_is_not_said(self):
        requests = self.stored(self.entry(name=''))
        self.assertEqual(
            [
                ('POST', '/secrets', {'secret_type': 'private'}),
                ('PUT', NEW, CONTENT),
            ],
            requests,
        )

    def test_text_is_stored_in_two_steps(self):
        """In one step Barbican strips blanks and line breaks."""
        for content_type in ('text/plain', 'text/plain; charset=utf-8'):
            post, put = self.stored(self.entry(content_type=content_type))[-2:]
            self.assertNotIn('payload', post[2])
            self.assertEqual(('PUT', NEW, CONTENT), put)
            self.assertEqual(
                {'Content-Type': 'text/plain'},
                self.shell.requests[-1][3]['headers'],
            )

    def test_type_that_comes_in_one_step_only(self):
        acl = secret_facts.Acl((), project_access=False)
        post, put = self.stored(
            self.entry(content_type='application/pkcs8', acl=acl)
        )
        self.assertEqual(
            {
                'name': 'tls',
                'secret_type': 'private',
                'payload': base64.b64encode(CONTENT).decode(),
                'payload_content_type': 'application/pkcs8',
                'payload_content_encoding': 'base64',
            },
            post[2],
        )
        self.assertEqual(f'{NEW}/acl', put[1])

    def test_without_payload(self):
        entry = dataclasses.replace(self.entry(content_type=''), file=None)
        requests = self.stored(entry)
        self.assertEqual(
            [('POST', '/secrets', {'name': 'tls', 'secret_type': 'private'})],
            requests,
        )
        self.assertThat(self.text(entry), matchers.Contains('new['))

    def test_expired(self):
        ((_, _, body), _) = self.stored(
            self.entry(expires_at='2026-01-01T00:00:00')
        )
        self.assertNotIn('expiration', body)
        self.assertIn(
            'The expiration has passed and is left out: 2026-01-01T00:00:00',
            self.done.stdout,
        )

    def test_no_payload_came(self):
        """The wrong identity, for one: then nothing is made."""
        manifest = samples.manifest(self.entry())
        self.shell.put(manifest.items[0].file.path, b'')
        done = self.shell.run(page.render(manifest))
        self.assertEqual([], self.shell.requests)
        self.assertIn('there is no payload to read', done.stdout)

    def test_refused_half_way(self):
        """A private secret that anyone can read must not stay."""
        acl = secret_facts.Acl((), project_access=False)
        requests = self.stored(self.entry(acl=acl), REFUSED=f'PUT {NEW}/acl')
        self.assertEqual(
            [('POST', '/secrets'), ('PUT', f'{NEW}/acl'), ('DELETE', NEW)],
            [request[:2] for request in requests],
        )
        self.assertIn('Forbidden', self.done.stdout)
        self.assertEqual(1, self.done.returncode)

    def test_nothing_secret_is_an_argument(self):
        """Not of the client, and not of another program that bash starts."""
        for content_type in (
            'text/plain',
            'application/octet-stream',
            'application/pkcs8',
        ):
            before = len(self.shell.requests)
            self.stored(
                self.entry(content_type=content_type), SHELLOPTS='xtrace'
            )
            self.assertIn('barbican store tls', self.done.stdout)
            self.assertIn('python', self.done.stdout)
            sent = str(self.shell.requests[before:])
            forms = (CONTENT.decode(), base64.b64encode(CONTENT).decode())
            self.assertTrue(any(form in sent for form in forms), sent)
            for form in (*forms, CONTENT.hex()):
                self.assertNotIn(form, self.done.stdout)
            self.assertEqual([], self.shell.calls)

    def test_other_payload(self):
        """A key that is not the one that was backed up is not stored."""
        entry = self.entry()
        key = samples.key_record(entry.file.path)
        done = self.stored(dataclasses.replace(entry, key=key))
        self.assertEqual([], done)
        self.assertEqual(1, self.done.returncode)

    def test_readers_are_said(self):
        acl = secret_facts.Acl(('u1',), project_access=False)
        for known, text in (
            (acl, 'It is private: only you and the listed users can read'),
            (None, 'The backup does not record who may read it'),
        ):
            self.assertIn(text, self.text(self.entry(acl=known)))

    def test_no_copy(self):
        entry = dataclasses.replace(
            self.entry(),
            file=None,
            state=results.State.FAILED,
            reason='It is private.',
        )
        text = self.text(entry)
        self.assertThat(text, matchers.Contains('Secret `tls`'))
        self.assertThat(text, matchers.Contains('failed It is private.'))
        self.assertThat(text, matchers.Not(matchers.Contains('barbican')))


class TestContainer(Case):
    def pair(self, size=2, file=True):
        one = self.entry(containers=members('private_key', size=size))
        other = self.entry(
            id='3-2', containers=members('public_key', size=size)
        )
        if not file:
            other = dataclasses.replace(other, file=None)
        return one, other

    def test_of_the_new_secrets(self):
        requests = self.stored(*self.pair())
        address = f'https://cloud.example/v1{NEW}'
        self.assertEqual(
            (
                'POST',
                '/containers',
                {
                    'name': 'my pair',
                    'type': 'rsa',
                    'secret_refs': [
                        {'name': 'private_key', 'secret_ref': address},
                        {'name': 'public_key', 'secret_ref': address},
                    ],
                },
            ),
            requests[-1],
        )

    def test_each_of_its_secrets(self):
        found = page.render(samples.manifest(*self.pair()))
        self.assertThat(
            found,
            matchers.Contains(
                f'private_key "${{new[{samples.SECRET.id}]:?}}" \\\n'
                '        public_key "${new[3-2]:?}"'
            ),
        )

    def test_not_all_of_its_secrets(self):
        for entries in (self.pair(size=3), self.pair(file=False)):
            text = self.text(*entries)
            self.assertThat(
                text, matchers.Contains('not all of its secrets are restored')
            )
            self.assertThat(
                text, matchers.Not(matchers.Contains('barbican container'))
            )

    def test_of_an_older_plan(self):
        text = self.text(*self.pair(size=0))
        self.assertThat(
            text, matchers.Contains('does not record whether it had more')
        )
        self.assertThat(text, matchers.Contains('barbican container'))

    def test_without_names(self):
        entry = self.entry(
            containers=(secret_facts.Membership('c-1', '', 'generic', '', 1),)
        )
        body = self.stored(entry)[-1][2]
        self.assertEqual(('', None), (body['name'], _role(body)))


def _role(body):
    (found,) = body['secret_refs']
    return found['name']


class TestProgram(Case):
    def test_it_is_quoted_whole(self):
        """It has nothing that ends the quotes of an interactive bash."""
        self.assertEqual(2, key_manager.FUNCTION.count("'"))
        self.assertNotIn('!', key_manager.FUNCTION)

    def test_pasted(self):
        """The whole page, as it is, at a prompt."""
        manifest = samples.manifest(
            self.entry(name="a\n!b'\t", metadata={'a': "!'\t"})
        )
        self.shell.put(manifest.items[0].file.path, CONTENT)
        self.shell.type(page.render(manifest))
        (post, metadata, put) = self.shell.requests
        self.assertEqual("a\n!b'\t", post[2]['name'])
        self.assertEqual({'metadata': {'a': "!'\t"}}, metadata[2])
        self.assertEqual(CONTENT, put[2])

    def test_only_where_it_is_needed(self):
        self.assertNotIn(
            'barbican', self.text(samples.volume_entry(samples.ROOT))
        )

    def test_json_shows_everything(self):
        told = str(key_manager.Told({'a': "\x00\x7f\u202e'!é\ud800"}))
        self.assertTrue(told.isascii())
        self.assertTrue(told.replace('\n', '').isprintable())
        self.assertEqual(2, told.count("'"))
        self.assertIsNone(re.search('[!]', told))
