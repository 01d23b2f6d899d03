# SPDX-License-Identifier: Apache-2.0
"""Making plans from requests and known facts, without side effects."""
