# SPDX-License-Identifier: Apache-2.0
"""Keys: what opens encrypted data, proved, protected and written down."""
