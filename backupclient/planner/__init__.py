# SPDX-License-Identifier: Apache-2.0
"""Plans: what is known and asked for in, procedures out. Pure."""
