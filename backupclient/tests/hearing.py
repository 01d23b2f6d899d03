# SPDX-License-Identifier: Apache-2.0
"""Signals, for tests that may have been started in the background."""

import signal

import fixtures


class Hearing(fixtures.Fixture):
    """Programs that are started now hear the signals that end them.

    Below ``nohup``, and behind ``&`` in a script, they are ignored, and who
    is started inherits that.
    """

    def _setUp(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
                self.addCleanup(signal.signal, number, signal.SIG_IGN)
