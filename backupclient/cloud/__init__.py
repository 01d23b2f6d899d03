# SPDX-License-Identifier: Apache-2.0
"""The one door to OpenStack: nothing else here imports openstacksdk.

The SDK brings authentication, the catalogue, TLS and proxies; the requests
are written out, because a backup has to know three things that the SDK's
resources decide by themselves: the microversion, whether a request may be
repeated, and whether an error is data.
"""
