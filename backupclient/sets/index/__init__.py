# SPDX-License-Identifier: Apache-2.0
"""A cache of manifests and verifications, so that each file is read once.

The cache is one SQLite file. Deletions do not rely on it: they read the
manifests themselves.
"""
