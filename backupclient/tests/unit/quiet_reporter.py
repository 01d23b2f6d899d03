# SPDX-License-Identifier: Apache-2.0
"""A reporter that only remembers."""


class Quiet:
    """Remembers what it was told."""

    def __init__(self):
        self.said = []
        self.steps = []
        self.moved = []
        self.outcomes = []
        self.finished = []

    def say(self, text):
        self.said.append(text)

    def warn(self, text):
        self.say(text)

    def leave(self, text):
        self.said.append(text)

    def step(self, resource, text):
        self.steps.append((resource.id, text))

    def progress(self, resource, done, total):
        self.moved.append((resource.id, done, total))

    def ended(self, outcome):
        self.outcomes.append(outcome)

    def done(self, resource, text):
        self.finished.append((resource.id, text))
