# SPDX-License-Identifier: Apache-2.0
"""Programs that stores call: how they are found, started, fed and ended.

``finding`` finds a program and its version, ``environment`` chooses its
environment variables, ``child`` runs it, and ``guard`` is a small process
between this program and the called one.
"""
