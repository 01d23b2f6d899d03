# SPDX-License-Identifier: Apache-2.0
"""The commands: options in, one call, rows out.

Every ``openstack`` call imports these modules, so slow imports are inside the
functions that do the work.
"""
