# SPDX-License-Identifier: Apache-2.0
"""The procedures: one module per section of the guide, step by step."""
