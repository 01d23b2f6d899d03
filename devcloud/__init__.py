# SPDX-License-Identifier: Apache-2.0
"""A small real OpenStack on one machine, for development and the demo.

``python3 -m devcloud up`` makes it; README.rst tells the rest.
"""
