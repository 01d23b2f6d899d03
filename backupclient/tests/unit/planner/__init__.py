# SPDX-License-Identifier: Apache-2.0
"""The planner: a pure function, tested by tables and by properties."""
