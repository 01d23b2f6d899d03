# SPDX-License-Identifier: Apache-2.0
"""The commands: options in, one call, rows out.

Every ``openstack`` call imports these modules: what is slow to import is
imported where a command does its work.
"""
