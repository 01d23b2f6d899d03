# SPDX-License-Identifier: Apache-2.0
"""What manifests and verifications say, kept so that each is read once.

It is a cache in one SQLite file. Nothing that is deleted is decided by it: who
deletes reads the manifests themselves.
"""
