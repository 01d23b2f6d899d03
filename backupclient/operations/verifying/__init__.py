# SPDX-License-Identifier: Apache-2.0
"""The parts of a verification: the choice, the checks and the workers."""
