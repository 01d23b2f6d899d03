# SPDX-License-Identifier: Apache-2.0
"""How python-openstackclient finds the commands.

It imports this module at every call and cannot go on without these names, so
nothing heavy is imported here.
"""

import argparse

from osc_lib import clientmanager

from backupclient.osc import masking

# python-freezerclient has taken `backup`.
API_NAME = 'backupclient'
API_VERSION_OPTION = 'os_backupclient_api_version'
DEFAULT_API_VERSION = '1'
API_VERSIONS = {'1': 'openstack.connection.Connection'}


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add no global option: all options belong to the commands.

    The client logs what was typed as soon as the options are known.

    :returns: the same parser, which the client goes on with.
    """
    masking.of_client()
    return parser


def make_client(instance: clientmanager.ClientManager) -> object:
    """Give what ``client_manager.backupclient`` is: the SDK's connection."""
    return instance.sdk_connection
