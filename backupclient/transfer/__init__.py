# SPDX-License-Identifier: Apache-2.0
"""The byte stream: from a source into a file of a backup set.

``download.download`` is the way in; ``room`` tells beforehand whether it
will fit.
"""
