# SPDX-License-Identifier: Apache-2.0
"""A store in a restic repository: a snapshot for each file.

``repository`` calls restic, ``snapshots`` reads and writes the tags, ``index``
knows what is there, ``staging`` gathers small files, ``streams`` and
``bundles`` are the bytes on their way, ``store`` puts them together.

A snapshot with data has the path ``/<kind>s/<id>.<format>`` and the tags
``backupclient``, ``run=<run>`` and ``<kind>=<id>``. Small files share one.
The snapshot with the manifest lists the others in tags: of a run that is
finished, only those count.
"""
