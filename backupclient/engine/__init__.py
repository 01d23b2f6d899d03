# SPDX-License-Identifier: Apache-2.0
"""Runs a plan: threads, journal, resume, interruption. It never plans."""
