# SPDX-License-Identifier: Apache-2.0
"""Remotes of rclone for tests: S3 beside the dev cloud, and rclone's servers.

Whatever a test makes in the S3 goes when the test ends.
"""

import secrets
import subprocess

from backupclient.tests.functional import cloud
from backupclient.tests.unit.store import rclones


class Remotes(rclones.Rclone):
    """An environment for rclone with the remotes of a test."""

    def s3(self, name):
        """Configure a remote for the S3 of the dev cloud.

        :returns: a place in it that is the test's own.
        """
        known = s3_credentials()
        self.remote(
            name,
            type='s3',
            provider='Ceph',
            endpoint=known['S3_ENDPOINT'],
            access_key_id=known['AWS_ACCESS_KEY_ID'],
            secret_access_key=known['AWS_SECRET_ACCESS_KEY'],
        )
        place = f'{name}:{known["S3_BUCKET"]}/{secrets.token_hex(8)}'
        self.addCleanup(self.own, 'purge', place, check=False)
        return place

    def own(self, *words, check=True):
        """Call rclone itself, as a person does."""
        # With it, rclone 1.60 takes no S3 at all.
        done = subprocess.run(
            ['env', '-u', 'AWS_CA_BUNDLE', 'rclone', *map(str, words)],
            check=check,
            capture_output=True,
        )
        return done.stdout


def s3_credentials():
    """Return the endpoint, bucket and keys of the S3 of the dev cloud."""
    file = cloud.STATE / 's3.env'
    if not file.exists():
        cloud.devcloud('up', 's3')
    lines = file.read_text().splitlines()
    return dict(line.split('=', 1) for line in lines)
