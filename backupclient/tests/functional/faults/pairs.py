# SPDX-License-Identifier: Apache-2.0
"""Which fault befalls which request: all of them, or some for every day.

``FAULTS=all`` in the environment asks for the full product.
"""

from collections import Counter
import difflib
import itertools
import os

from backupclient.tests.functional.faults import fault


def chosen(seen, common):
    """Choose pairs of a request and a fault.

    :param seen: the requests of a run without faults.
    :param common: those of a cheaper run, which has a test of its own: what
        both do is tried there.
    :raises ValueError: ``FAULTS`` is something else.
    """
    match os.environ.get('FAULTS'):
        case None:
            return some(_without(seen, common))
        case 'all':
            return everything(seen)
        case which:
            raise ValueError(f'FAULTS={which}: only all is known')


def trips(pairs):
    """Group pairs by what one run goes through.

    What a run gets over befalls one run together; what ends it is alone. The
    kills befall a single run, that is resumed after each. Of all pairs, those
    at a change are alone instead, each with nothing but a resume after it.

    :param pairs: as :func:`chosen` gives them.
    :returns: lists of pairs; either all of a list kill or none does.
    """
    alone, over, kills = [], [], []
    for request, one in pairs:
        if one.kills and not ('FAULTS' in os.environ and request.changes):
            kills.append((request, one))
        elif one.is_survived_at(request):
            over.append((request, one))
        else:
            alone.append([(request, one)])
    # Those first that end a run: the next one shows that nothing is in its
    # way.
    return [*alone, *_dealt(over), *([kills] if kills else [])]


def everything(seen):
    """Each request with each fault that makes sense."""
    return [
        (each.request, one)
        for each in seen
        for one in fault.ALL
        if one.fits(each)
    ]


def some(seen):
    """Some kills, and another fault for each kind of request.

    Kills are after what makes something, before or after the other changes in
    turn, and in the middle of data. Each upload also arrives with a flipped
    bit: only that shows that what arrived is compared. The other fault is the
    one that was used least so far, and of these the one that fits the fewest
    requests: so that each is used.
    """
    others = []
    used = Counter()
    rare = Counter(one.name for each in seen for one in _others(each))
    for each in {each.request.kind: each for each in seen}.values():
        one = min(_others(each), key=lambda it: (used[it.name], rare[it.name]))
        used[one.name] += 1
        others.append((each.request, one))
    wrong = [
        (each.request, fault.WRONG_UPLOAD)
        for each in {each.request.kind: each for each in seen}.values()
        if each.request.sends_data
    ]
    return others + wrong + [*_kills(seen)]


def _kills(seen):
    sides = itertools.cycle((fault.KILLED_BEFORE, fault.KILLED_AFTER))
    for request in (each.request for each in seen):
        if request.sends_data:
            yield request, fault.KILLED_IN_UPLOAD
        elif request.brings_data:
            yield request, fault.KILLED_AFTER
        elif request.changes:
            makes = request.method == 'POST'
            yield request, fault.KILLED_AFTER if makes else next(sides)


def _dealt(pairs):
    """Deal pairs to trips, as few as can be: no request twice.

    Requests that are alike are told apart by their order. After a new login
    the same request is taken for the next one like it: so nothing else befalls
    those in its trip.
    """
    dealt = []
    for request, one in pairs:
        for trip in dealt:
            alike = [it for it in trip if it.kind == request.kind]
            if not any(
                one.logs_in or trip[it].logs_in or it == request
                for it in alike
            ):
                trip[request] = one
                break
        else:
            dealt.append({request: one})
    return [[*trip.items()] for trip in dealt]


def _without(seen, common):
    """Leave out what a run has in common with another one."""
    seen, common = _in_order(seen), _in_order(common)
    mine, others = (
        [each.request.kind for each in requests] for requests in (seen, common)
    )
    matcher = difflib.SequenceMatcher(None, mine, others, autojunk=False)
    alike = {
        place
        for block in matcher.get_matching_blocks()
        for place in range(block.a, block.a + block.size)
    }
    return [each for place, each in enumerate(seen) if place not in alike]


def _in_order(seen):
    """Sort what is read at first: the lists come in any order."""
    first = next(
        (place for place, each in enumerate(seen) if each.request.changes),
        len(seen),
    )
    return [
        *sorted(seen[:first], key=lambda each: each.request),
        *seen[first:],
    ]


def _others(seen):
    return [
        one
        for one in fault.ALL
        if not one.kills and one.fits(seen) and one is not fault.WRONG_UPLOAD
    ]
