# SPDX-License-Identifier: Apache-2.0
"""The parts of a verification: what to verify, by whom, and how deep."""
