# SPDX-License-Identifier: Apache-2.0
"""A store in a restic repository: a snapshot for each file.

``repos`` calls restic, ``snapshots`` reads and writes the tags, ``contents``
and ``index`` know the snapshots, ``making`` makes and deletes them,
``staging`` and ``small`` gather small files, ``streams`` and ``bundles`` read
and write the bytes of files, and ``store`` combines these modules.

A snapshot with data has the path ``/<kind>s/<id>.<format>`` and the tags
``backupclient``, ``run=<run>`` and ``<kind>=<id>``. Small files share a
snapshot, a bundle. The bundle with the manifest lists the other snapshots of
its run in tags: when a run is finished, only those count.
"""
