# SPDX-License-Identifier: Apache-2.0
"""Back up a tenant's data: commands for python-openstackclient."""
