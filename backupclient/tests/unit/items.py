# SPDX-License-Identifier: Apache-2.0
"""Items of plans, put together from the fields that a saved plan has."""

from backupclient.model import saved_plans


def item(resource, procedure, reason='because', *, fallback=None, **fields):
    """Give an item.

    :param fallback: an item as well.
    """
    instead = saved_plans.of_item(fallback) if fallback else None
    return saved_plans.item(
        saved_plans.Item(
            resource, procedure, reason, fallback=instead, **fields
        )
    )


def changed(one, **fields):
    """Give an item with other values of fields of a saved plan."""
    saved = saved_plans.of_item(one)
    kept = {name: getattr(saved, name) for name in saved.__slots__}
    if fields.get('fallback'):
        fields['fallback'] = saved_plans.of_item(fields['fallback'])
    return saved_plans.item(saved_plans.Item(**kept | fields))
