# SPDX-License-Identifier: Apache-2.0
"""Programs that stores call: how they are found, started, fed and ended.

``finding`` finds a program and its version, ``environment`` gives it what it
may know, ``child`` runs it, ``guard`` is the small process between us and it.
"""
