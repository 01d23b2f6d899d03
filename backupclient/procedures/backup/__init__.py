# SPDX-License-Identifier: Apache-2.0
"""The procedures of a backup: one module per section of the guide."""
