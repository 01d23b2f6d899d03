# SPDX-License-Identifier: Apache-2.0
"""The procedures: how a resource is backed up and brought back, by steps."""
