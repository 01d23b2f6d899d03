# SPDX-License-Identifier: Apache-2.0
"""The entry point of the plugin for python-openstackclient.

The client imports this module at every call, so no heavy module is imported
here. It requires all names of this module.
"""

import argparse

from osc_lib import clientmanager

from backupclient.osc import masking

# Not "backup": python-freezerclient uses that name.
API_NAME = 'backupclient'
API_VERSION_OPTION = 'os_backupclient_api_version'
DEFAULT_API_VERSION = '1'
API_VERSIONS = {'1': 'openstack.connection.Connection'}


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Return the parser without new options: all belong to the commands.

    The client calls this before it logs the command line: this is the last
    moment to hide passwords in its log.
    """
    masking.of_client()
    return parser


def make_client(instance: clientmanager.ClientManager) -> object:
    """Return the SDK's connection, for ``client_manager.backupclient``."""
    return instance.sdk_connection
