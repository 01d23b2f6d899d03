# SPDX-License-Identifier: Apache-2.0
"""Journals that the first release has written are resumed."""

import base64
import collections
import json
import lzma
import os
import pathlib

from backupclient.tests.unit.engine import base

STEP = 1 if os.environ.get('EXAMPLES_FACTOR') else 4
JOURNALS = pathlib.Path(__file__).parent / 'journals'


class JournalsTestCase(base.TestCase):
    """The process of the first release was killed; this one goes on."""

    def restore(self, scenario, state):
        """Put the journal, the set and the cloud back."""
        self.begin()
        world, seen = self.fake.world, state['world']
        for kind, things in seen['things'].items():
            world.things[kind] |= things
        world.content |= {
            id_: base64.b64decode(content)
            for id_, content in seen['content'].items()
        }
        world._numbers = collections.Counter(seen['numbers'])
        world._now = seen['now']
        for id_, server in world.things['servers'].items():
            self.fake.nova._inherited[id_] = self.fake.nova._noted(server)
        self.fake.cinder.backup_service = seen['backup_service']
        self._restore_journal(scenario, state)
        for name, content in state['set'].items():
            path = self.target / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(base64.b64decode(content))
        if '"target": ""' not in scenario['run.json']:
            folder = self.target / f'{state["run"]}.partial'
            if not (self.target / state['run']).exists():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = world.holdings()
        self.before = {tuple(key): now[*key] for key in state['before']}
        for kind, server in self.before:
            # As they were before the run stopped them.
            if kind == 'servers' and now[kind, server]['name'] != 'off':
                self.before[kind, server]['status'] = 'ACTIVE'

    def _restore_journal(self, scenario, state):
        run, root = state['run'], str(self.root)
        folder = self.root / 'state' / 'openstack-backup' / run
        files = state['files'] | {
            'run.json': scenario['run.json'].replace(scenario['first'], run)
        }
        for name in state['folders']:
            (folder / name).mkdir(parents=True, mode=0o700)
        for name, text in files.items():
            (folder / name).write_text(text.replace('/ROOT', root))

    def check(self, name, *new_kinds, code=0, states=('complete',)):
        """Resume each state of a scenario, to the same end."""
        text = lzma.decompress((JOURNALS / f'{name}.json.xz').read_bytes())
        scenario = json.loads(text)
        # A part of them each time, and all of them in the long tests.
        first = len(name) % STEP
        for state in scenario['states'][first::STEP]:
            self.restore(scenario, state)
            try:
                report = self.resume(state['run'])
                self.assertEqual(code, report.exit_code, report.outcomes)
                self.assertEqual({*states}, {*self.states(report).values()})
                self.check_cloud(*new_kinds)
                (journal,) = self.journals()
                self.assertTrue(journal.has_ended)
            except Exception as exc:
                raise AssertionError(f'{name}, {state["label"]}') from exc

    def test_each_procedure(self):
        self.check('each-procedure')

    def test_stopped_servers(self):
        self.check('stopped-servers')

    def test_backups(self):
        self.check('backups', *['backups'] * 4)

    def test_no_backup_service(self):
        """Where the first backup was undone in vain, it is still there."""
        self.check('no-backup-service', 'backups', *['images'] * 4)

    def test_backups_of_a_stopped_server(self):
        self.check('stopped-backups', *['backups'] * 2)

    def test_stopped_server_and_no_backup_service(self):
        kept = ['backups', 'images', 'images']
        self.check('stopped-no-backup-service', *kept)

    def test_undone(self):
        """One volume could not be brought out, and was being undone."""
        self.check('undone', states=('complete',))
