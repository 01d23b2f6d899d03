# SPDX-License-Identifier: Apache-2.0

import testtools

from backupclient import errors
from backupclient.model import plans
from backupclient.model import requests
from backupclient.model import tasks
from backupclient.planner import backup
from backupclient.tests.unit.planner import samples

KEYS = {'plaintext_keys': True}


class TestCase(testtools.TestCase):
    """Plans, and looks at the items."""

    def plan(self, *records, cloud=None, **options):
        """Plan for records.

        :param cloud: fields of the inventory.
        :param options: fields of the request, ``--all`` if there are none
            that select.
        """
        selectors = {'servers', 'volumes', 'images', 'secrets', 'match'}
        if not selectors & options.keys():
            options.setdefault('everything', True)
        return backup.plan(
            requests.Request(**options),
            samples.inventory(*records, **(cloud or {})),
        )

    def item(self, record, *others, cloud=None, **options):
        """Plan, and give the item of the first record."""
        made = self.plan(record, *others, cloud=cloud, **options)
        found = [i for i in made.items if i.resource == record.resource]
        self.assertEqual(1, len(found), made.items)
        return found[0]

    def names(self, *records, **options):
        """Plan, and give the names of what is selected, in order."""
        made = self.plan(*records, **options)
        return [item.resource.name for item in made.items]

    def refuses(self, item, *words):
        """Check that there is no procedure, and that it says why."""
        self.assertIs(plans.Procedure.NONE, item.procedure)
        self.assertFalse(item.possible)
        self.assertEqual('', item.result)
        self.assertEqual(tasks.Nothing(), item.task)
        self.says(item.reason, *words)

    def says(self, text, *words):
        for word in words:
            self.assertIn(word, text)

    def usage_error(self, *records, **options):
        """Plan in vain, and give the text of the error."""
        error = self.assertRaises(
            errors.UsageError, self.plan, *records, **options
        )
        return str(error)
