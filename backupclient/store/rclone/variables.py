# SPDX-License-Identifier: Apache-2.0
"""The environment variables of rclone: only those that it needs."""

from collections.abc import Iterable, Mapping
import re

from backupclient.model import remotes
from backupclient.store.programs import environment

# With this path, rclone keeps its configuration in memory.
_IN_MEMORY = '/notfound'
_OTHER_REMOTES = {'remote', 'upstreams'}
# Of rclone's own variables, only those for remotes and for the network are
# passed on. Others, such as filters or a dry run, would make lists incomplete.
_OWN = (
    'RCLONE_CONFIG',
    'RCLONE_PASSWORD_COMMAND',
    'RCLONE_BIND',
    'RCLONE_BWLIMIT',
    'RCLONE_CA_CERT',
    'RCLONE_CLIENT_CERT',
    'RCLONE_CLIENT_KEY',
    'RCLONE_CONTIMEOUT',
    'RCLONE_DISABLE_HTTP2',
    'RCLONE_EXPECT_CONTINUE_TIMEOUT',
    'RCLONE_HEADER',
    'RCLONE_NO_CHECK_CERTIFICATE',
    'RCLONE_TIMEOUT',
    'RCLONE_TPSLIMIT',
    'RCLONE_USER_AGENT',
)
# The prefixes of variables with credentials, by the type of storage system.
_OF_TYPES = {
    'azureblob': ('AZURE_',),
    'azurefiles': ('AZURE_',),
    'drive': ('GOOGLE_',),
    'google cloud storage': ('GOOGLE_',),
    's3': ('AWS_',),
    'sftp': ('SSH_',),
    'storj': ('UPLINK_',),
    'swift': ('OS_', 'ST_'),
}
# rclone 1.60 cannot use any S3 remote while this is set.
_BROKEN = ('AWS_CA_BUNDLE',)
_FIXED = {
    'RCLONE_ASK_PASSWORD': 'false',
    'RCLONE_LOG_LEVEL': 'ERROR',
    'RCLONE_USE_SERVER_MODTIME': 'true',
    # Links are never followed.
    'RCLONE_SKIP_LINKS': 'true',
    'RCLONE_LOCAL_SKIP_LINKS': 'true',
    'RCLONE_SFTP_SKIP_LINKS': 'true',
}
# Report soon that a remote cannot be reached.
SOON = {
    'RCLONE_CONTIMEOUT': '15s',
    'RCLONE_TIMEOUT': '1m',
    'RCLONE_RETRIES': '1',
    'RCLONE_LOW_LEVEL_RETRIES': '2',
}
_SECRET = re.compile(
    r'RCLONE_CONFIG_\w*(?:PASS|SECRET|TOKEN|KEY|AUTH|CREDENTIALS|SAS)\w*'
    r'|RCLONE_CONFIG_PASS|\w*(?:SECRET|PASSWORD|TOKEN|_KEY)\w*'
)


def of(remote: remotes.Remote, types: Iterable[str]) -> Mapping[str, str]:
    """Return the environment variables for calls on a remote.

    :param types: the types of all remotes that this one may use.
    """
    prefixes = [*_OWN]
    for each in {*types}:
        prefixes += [f'RCLONE_{each.upper()}_', *_OF_TYPES.get(each, ())]
    given = {**_FIXED, **remote.environment, **_config(remote)}
    found = environment.minimal(prefixes, given)
    return {k: v for k, v in found.items() if k not in _BROKEN}


def secrets(
    remote: remotes.Remote, known: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the texts that must be removed from rclone's messages.

    :param known: the environment of rclone.
    """
    values = {v for name, v in known.items() if _SECRET.fullmatch(name)}
    values |= {value for _, value in remote.options}
    return tuple(values - {'true', 'false'})


def _config(remote: remotes.Remote) -> dict[str, str]:
    """Return the variable that names rclone's configuration file, if needed.

    rclone records facts about a remote in this file. Facts about a remote
    without a name must not get into the user's file.
    """
    others = _OTHER_REMOTES & {key for key, _ in remote.options}
    if remote.on_the_fly and not others:
        return {'RCLONE_CONFIG': _IN_MEMORY}
    return {}
