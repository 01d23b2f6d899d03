# SPDX-License-Identifier: Apache-2.0
"""Keys of encrypted data: check, encrypt, export and use them."""
