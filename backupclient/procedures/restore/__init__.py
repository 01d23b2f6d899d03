# SPDX-License-Identifier: Apache-2.0
"""The procedures of a restore: one module per way back, step by step."""
