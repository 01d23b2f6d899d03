# SPDX-License-Identifier: Apache-2.0
"""A small OpenStack on the wire: what our code sends is really answered.

It behaves as the services do where backups can feel it: states that take
time, summaries, pages, quotas, errors in each service's own words.
"""
