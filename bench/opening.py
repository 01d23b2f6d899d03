# SPDX-License-Identifier: Apache-2.0
"""Measure how fast LUKS disks are decrypted, by cipher and sector size.

    python bench/opening.py

For each cipher that LUKS disks have, it decrypts random bytes in blocks as a
restore does, and prints the rate, by the clock and by processor time. Beside
it stands the rate of one call of OpenSSL for each sector, which is what the
bulk decryption replaces. With ``qemu-img``, it also prints the rate of
``qemu-img convert`` on the same disk (AES-256 in XTS).

It promises 50 MB/s of processor time for the slowest cipher, and its exit
code is 1 when that promise is not kept. It needs this package only.
"""

import argparse
from collections.abc import Callable, Sequence
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers import modes

from backupclient.keys.luks import opening
from backupclient.keys.luks import payloads
from backupclient.store import base

MIB = 1 << 20
PROMISED = 50e6
CASES = (
    ('aes-xts-plain64', 64, 512),
    ('aes-xts-plain64', 32, 512),
    ('aes-xts-plain64', 64, 4096),
    ('aes-cbc-essiv:sha256', 32, 512),
    ('aes-cbc-plain64', 32, 512),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Rate:
    """Bytes a second.

    :param clock: of the clock on the wall.
    :param processor: of the processor's time.
    """

    clock: float
    processor: float

    def __str__(self) -> str:
        """Write both in MB/s."""
        return (
            f'{self.clock / 1e6:7.0f} MB/s   {self.processor / 1e6:7.0f} MB/s '
            'of processor time'
        )


class Case(NamedTuple):
    """A disk.

    :param data: encrypted, whole sectors.
    """

    cipher: str
    key: bytes
    sector: int
    data: bytes


Work = Callable[[str, bytes, int, bytes], None]


def parse() -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--mib', type=int, default=64, help='of each disk')
    parser.add_argument('--rounds', type=int, default=3)
    return parser.parse_args()


def measure(works: Sequence[Work], case: Case, rounds: int) -> list[Rate]:
    """Return the best rate of each work, in rounds that take turns."""
    best = [Rate(0, 0)] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            started, before = time.monotonic(), time.process_time()
            work(*case)
            clock = len(case.data) / (time.monotonic() - started)
            processor = len(case.data) / (time.process_time() - before)
            best[number] = Rate(
                max(best[number].clock, clock),
                max(best[number].processor, processor),
            )
    return best


def opened(cipher: str, key: bytes, sector: int, data: bytes) -> None:
    """Decrypt as a restore does."""
    opener = opening.Opener(payloads.Payload(512, cipher, sector), key)
    opener.feed(bytes(512))
    for start in range(0, len(data), base.BLOCK):
        opener.feed(data[start : start + base.BLOCK])
    opener.end()


def one_by_one(cipher: str, key: bytes, sector: int, data: bytes) -> None:
    """Decrypt with a call for each sector."""
    algorithm = algorithms.AES(key)
    mode = modes.XTS if 'xts' in cipher else modes.CBC
    for start in range(0, len(data), sector):
        number = (start // 512).to_bytes(16, 'little')
        decryptor = ciphers.Cipher(algorithm, mode(number)).decryptor()
        decryptor.update(data[start : start + sector])


def of_qemu(data: bytes) -> float:
    """Return the rate of ``qemu-img convert``, by the clock."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / 'plain').write_bytes(data)
        (place / 'key').write_bytes(b'bench')
        secret = f'secret,id=s,format=raw,file={place}/key'
        made = f'{place}/disk'
        convert = ['qemu-img', 'convert', '--object', secret]
        encrypt(
            *(*convert, '-O', 'luks', '-o', 'key-secret=s,iter-time=10'),
            *(f'{place}/plain', made),
        )
        started = time.monotonic()
        subprocess.run(
            [
                *(*convert, '-O', 'raw', '--image-opts'),
                f'driver=luks,key-secret=s,file.filename={made}',
                f'{place}/opened',
            ],
            check=True,
        )
        return len(data) / (time.monotonic() - started)


def encrypt(*command: str) -> None:
    """Run ``qemu-img``, again where it could not measure the processor.

    It gives up when that took no time by the kernel's clock.
    """
    for _ in range(10):
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if 'accurate CPU usage' not in done.stderr:
            break
    if done.returncode:
        sys.exit(done.stderr)


def main() -> int:
    """Measure each case."""
    options = parse()
    data = os.urandom(options.mib * MIB)
    slowest = float('inf')
    for cipher, length, sector in CASES:
        case = Case(cipher, os.urandom(length), sector, data)
        rate, single = measure((opened, one_by_one), case, options.rounds)
        slowest = min(slowest, rate.processor)
        print(f'{cipher}, {length * 8} bits, sectors of {sector}')
        print(f'    opening        {rate}')
        print(f'    one by one     {single}')
    if shutil.which('qemu-img'):
        print(f'qemu-img           {of_qemu(data) / 1e6:7.0f} MB/s')
    print(
        f'the slowest: {slowest / 1e6:.0f} MB/s of processor time '
        f'(at least {PROMISED / 1e6:.0f})'
    )
    return 0 if slowest >= PROMISED else 1


if __name__ == '__main__':
    sys.exit(main())
