# SPDX-License-Identifier: Apache-2.0
"""S3 beside the cloud: Ceph's own gateway, with a user and a bucket.

An optional part: ``devcloud up s3``. Its credentials are in ``STATE/s3.env``.
"""

from __future__ import annotations

import base64
import email.utils
import hmac
import json
import urllib.request

from devcloud import settings
from devcloud.commands import run
from devcloud.commands import succeeds

PORT = 7480
ENDPOINT = f'http://{settings.HOST}:{PORT}'
USER = 'backups'
BUCKET = 'backups'
PACKAGES = ('radosgw',)

# The gateway wants its monitor connections encrypted, and without cephx there
# is no key for that.
_GENERAL = (
    '-c',
    str(settings.CEPH_CONF),
    '-n',
    'client.rgw.s3',
    '--ms-mon-client-mode',
    'crc secure',
)


def gateway() -> list[str]:
    """Give the command of the gateway."""
    return [
        'radosgw',
        '-f',
        *_GENERAL,
        '--rgw-frontends',
        f'beast endpoint={settings.HOST}:{PORT}',
        '--rgw-thread-pool-size',
        '32',
        '--log-file',
        str(settings.LOG / 'ceph-rgw.log'),
    ]


def finish() -> None:
    """Make the user and the bucket, and write down the credentials."""
    admin = ['radosgw-admin', *_GENERAL, 'user']
    user = f'--uid={USER}'
    if not succeeds([*admin, 'info', user]):
        run([*admin, 'create', user, f'--display-name={USER}'])
    found = json.loads(run([*admin, 'info', user]))
    key = found['keys'][0]
    _make_bucket(key['access_key'], key['secret_key'])
    _write_down(key['access_key'], key['secret_key'])


def _write_down(access_key: str, secret_key: str) -> None:
    """Write the credentials, as restic and rclone take them."""
    lines = {
        'S3_ENDPOINT': ENDPOINT,
        'S3_BUCKET': BUCKET,
        'AWS_ACCESS_KEY_ID': access_key,
        'AWS_SECRET_ACCESS_KEY': secret_key,
        'RCLONE_CONFIG_S3_TYPE': 's3',
        'RCLONE_CONFIG_S3_PROVIDER': 'Ceph',
        'RCLONE_CONFIG_S3_ENDPOINT': ENDPOINT,
        'RCLONE_CONFIG_S3_ACCESS_KEY_ID': access_key,
        'RCLONE_CONFIG_S3_SECRET_ACCESS_KEY': secret_key,
    }
    text = ''.join(f'{name}={value}\n' for name, value in lines.items())
    settings.write(settings.S3, text, private=True)


def _make_bucket(access_key: str, secret_key: str) -> None:
    """Make the bucket, with a request signed as in version 2 of S3."""
    date = email.utils.formatdate(usegmt=True)
    signed = hmac.digest(
        secret_key.encode(), f'PUT\n\n\n{date}\n/{BUCKET}'.encode(), 'sha1'
    )
    signature = base64.b64encode(signed).decode()
    request = urllib.request.Request(  # noqa: S310 - it is HTTP
        f'{ENDPOINT}/{BUCKET}',
        method='PUT',
        headers={
            'Date': date,
            'Authorization': f'AWS {access_key}:{signature}',
        },
    )
    urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
