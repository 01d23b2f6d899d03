# SPDX-License-Identifier: Apache-2.0
"""What was backed up comes back with one command, byte by byte."""

from backupclient.tests.functional import cloud
from backupclient.tests.functional import test_everything


class WholeProject(test_everything.Project):
    """One of each kind, into another project when all else is gone."""

    def restore(self, *arguments, code=0, tenant=None):
        """Run a restore and look at its exit code."""
        result = self.openstack(
            'backup', 'restore', '--from', self.target, *arguments,
            '-f', 'json', tenant=tenant,
        )  # fmt: skip
        self.assertEqual(code, result.code, result)
        return result

    def test_into_another_project(self):
        recipient = self.new_identity()
        made = self.backup(
            '--all', '--to', self.target, '--encrypt-to', recipient
        )
        self.backup_set(made)
        self.tenant.clear()
        other = self.useFixture(cloud.Tenant())
        done = self.restore('--all', '--identity', self.identity, tenant=other)
        self.assertEqual(
            {'complete'}, {row['Outcome'] for row in done.rows}, done
        )
        self.assert_only_what_was_restored(done, other)
        again = self.backup(
            '--all', '--to', self.target, '--encrypt-to', recipient,
            tenant=other,
        )  # fmt: skip
        rows = self.rows(again)
        self.assertEqual(
            {(row['Kind'], row['Name']) for row in made.rows}, rows.keys()
        )
        self.assert_plain_bytes(rows)
        for name in ('luks', 'luks-attached'):
            row = rows['volume', name]
            plain = cloud.decrypted(self.folder / row['Result'], self.key(row))
            self.assertEqual(
                cloud.sha512(self.data[name]),
                cloud.sha512_of(plain, len(self.data[name])),
            )

    def assert_only_what_was_restored(self, done, tenant):
        """Nothing temporary is left, and no name is ours."""
        census = tenant.census()
        restored = {row['Restored'] for row in done.rows}
        self.assertEqual(
            restored,
            {
                *census.volumes,
                *census.images,
                *census.servers,
                *(
                    href.rsplit('/', 1)[1]
                    for href, name in census.secrets.items()
                    if name.startswith('secret-')
                ),
            },
        )
        names = [name for name, _ in census.volumes.values()]
        names += [name for name, _ in census.images.values()]
        names += [name for name, _ in census.servers.values()]
        names += census.secrets.values()
        self.assertEqual(
            [], [each for each in names if 'backupclient' in str(each)]
        )
