# SPDX-License-Identifier: Apache-2.0
"""What hostile names, files and answers are made of."""

import copy
import json
import unicodedata

from hypothesis import strategies as st

NAMES = (
    'title \x1b]0;owned\x07',
    'red \x1b[31m csi \x9b31m',
    'two\nlines\r\nand\ttabs',
    'right\u202eleft\u2066',
    'nul\0',
    '../../etc/passwd',
    '/etc/passwd',
    '$(touch x)',
    '`touch x`; touch x | touch x & touch x',
    '"\'\\',
    '--force',
    '-rf *',
    '~/.ssh',
    '| a | b |\n|---|---|',
    '# title',
    '[red]markup[/red] :bomb: %s {0}',
    '\U0001f4a3\U0001f468\u200d\U0001f469',
    '\u6771\u4eac' * 127,
    'x' * 255,
    'e\u0301' * 127,
    ' ',
)
PATHS = (
    '',
    '.',
    '..',
    '../../x',
    '/etc/x',
    'volumes/../../x.raw',
    'keys/../../../x.key',
    'a/b',
    'a?b',
    'a#b',
    '%2e%2e%2fx',
    'a\0b',
    'a\nb',
    '-rf',
    '\ud800',
    'x' * 300,
)
# Of the right form, but of something else.
IDS = ('00000001-volume', '00000002-volume', '00000001-server', 'x', 'detail')

texts = (
    st.sampled_from(NAMES)
    | st.sampled_from(PATHS)
    | st.sampled_from(IDS)
    | st.text(st.characters(exclude_categories=()), max_size=20)
)
numbers = st.sampled_from(
    (0, -1, 1, 255, 1 << 31, 1 << 63, -(1 << 63), 10**30, 10**400)
) | st.sampled_from((0.5, 1e300, float('nan'), float('inf'), -0.0))
scalars = st.none() | st.booleans() | numbers | texts
anything = (
    scalars
    | st.lists(scalars, max_size=3)
    | st.dictionaries(texts, scalars, max_size=3)
)


def obeys(text):
    """Tell whether a terminal may do something about a text."""
    return any(
        unicodedata.category(char) in ('Cc', 'Cf', 'Cs', 'Zl', 'Zp')
        for char in text
        if char != '\n'
    )


def places(value):
    """Give each place in a JSON value: what it is in, and where there."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from places(value[key])


@st.composite
def changed(draw, value):
    """Change a JSON value in one to three places."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(value))
        if not found:
            break
        inside, key = draw(st.sampled_from(found))
        how = draw(st.sampled_from(('replace', 'copy', 'drop', 'add')))
        if how == 'drop':
            del inside[key]
        elif how == 'add' and isinstance(inside, dict):
            inside[draw(texts)] = draw(anything)
        elif how == 'add':
            inside.insert(key, draw(anything))
        elif how == 'copy':
            other, where = draw(st.sampled_from(found))
            inside[key] = copy.deepcopy(other[where])
        elif isinstance(inside[key], str):
            inside[key] = draw(texts | anything)
        else:
            inside[key] = draw(anything)
    return value


@st.composite
def damaged(draw, data):
    """Cut bytes off, or put others in their place."""
    # In thousandths: the length of some files is not always the same.
    where = draw(st.integers(0, 1000)) * len(data) // 1000
    junk = draw(st.binary(max_size=4) | st.just(b'[' * 100_000))
    after = {'put': 0, 'replace': len(junk), 'cut': len(data)}
    rest = after[draw(st.sampled_from(sorted(after)))]
    return data[:where] + junk + data[where + rest :]


@st.composite
def files(draw, text):
    """Change a file with JSON: its values, or its bytes."""
    if draw(st.integers(0, 3)):
        value = draw(changed(json.loads(text)))
        return json.dumps(value).encode()
    return draw(damaged(text.encode()))
