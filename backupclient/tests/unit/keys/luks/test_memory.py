# SPDX-License-Identifier: Apache-2.0
"""Tests of what counts as free memory."""

import pathlib

import fixtures
import testtools

from backupclient.keys.luks import memory

MIB = 1 << 20


class TestAvailable(testtools.TestCase):
    """Machines as their files describe them."""

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write(self, path: str, text: object) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{text}\n')

    def write_machine(self, mib: int) -> None:
        self.write(
            'proc/meminfo',
            f'MemTotal: 99 kB\nMemAvailable:   {mib << 10} kB\nHugePages: 0',
        )

    def write_group(self, path: str, limit: object, usage: int) -> None:
        group = f'sys/fs/cgroup/{path}'
        self.write(f'{group}/memory.max', limit)
        self.write(f'{group}/memory.current', usage)

    def assert_free(self, mib: int) -> None:
        self.assertEqual(mib * MIB, memory.available(self.root))

    def test_here(self):
        self.assertGreater(memory.available(), 0)

    def test_unknown(self):
        self.assertIsNone(memory.available(self.root))

    def test_machine(self):
        self.write_machine(700)
        self.assert_free(700)

    def test_group(self):
        self.write_machine(700)
        self.write('proc/self/cgroup', '0::/user/backup')
        self.write_group('user/backup', 500 * MIB, 200 * MIB)
        self.assert_free(300)

    def test_group_above(self):
        self.write_machine(700)
        self.write('proc/self/cgroup', '0::/user/backup')
        self.write_group('user/backup', 'max', 50 * MIB)
        self.write_group('user', 100 * MIB, 60 * MIB)
        self.assert_free(40)

    def test_page_cache_is_free(self):
        self.write('proc/self/cgroup', '0::/backup')
        self.write_group('backup', 500 * MIB, 490 * MIB)
        self.write(
            'sys/fs/cgroup/backup/memory.stat',
            f'anon 7\nactive_file {100 * MIB}\ninactive_file {200 * MIB}',
        )
        self.assert_free(310)

    def test_container_with_a_view_of_its_own(self):
        self.write('proc/self/cgroup', '0::/docker/0123')
        self.write_group('', 500 * MIB, 200 * MIB)
        self.assert_free(300)

    def test_version_1(self):
        self.write_machine(700)
        self.write(
            'proc/self/cgroup', '3:cpu,memory:/job\n2:pids:/\n0::/other'
        )
        group = 'sys/fs/cgroup/memory/job'
        self.write(f'{group}/memory.limit_in_bytes', 90 * MIB)
        self.write(f'{group}/memory.usage_in_bytes', 20 * MIB)
        self.assert_free(70)

    def test_page_cache_of_version_1(self):
        """Of the groups below too, as the usage has it."""
        self.write('proc/self/cgroup', '3:memory:/pod/job')
        pod = 'sys/fs/cgroup/memory/pod'
        self.write(f'{pod}/memory.limit_in_bytes', 90 * MIB)
        self.write(f'{pod}/memory.usage_in_bytes', 80 * MIB)
        self.write(
            f'{pod}/memory.stat',
            'active_file 0\ninactive_file 0\n'
            f'total_active_file {20 * MIB}\ntotal_inactive_file {30 * MIB}',
        )
        self.assert_free(60)

    def test_limit_below_what_is_used(self):
        self.write('proc/self/cgroup', '0::/backup')
        self.write_group('backup', 100 * MIB, 120 * MIB)
        self.assert_free(0)
