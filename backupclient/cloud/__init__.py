# SPDX-License-Identifier: Apache-2.0
"""All access to OpenStack: no other package here imports openstacksdk.

The SDK brings authentication, the catalogue, TLS and proxies. The requests
are written out, because a backup has to decide three things that the SDK's
resource classes decide by themselves: the microversion, whether a request
may be repeated, and whether an error response is an expected result.
"""
