"""The counter of steps tells quadratic from linear work, of Python, of strings and of patterns."""

from __future__ import annotations

import re

import pytest

from extract.reading import clean
from tests.steps import grows_linearly, steps_of

_WORK = {
    "one loop": (lambda text: [char + char for char in text], True),
    "a loop in a loop": (lambda text: [b for a in text for b in text], False),
    "the rest looked through each time": (lambda text: [text.find("b") for _ in text], False),
    "a pattern over the text": (lambda text: clean._LINE_ENDS.sub("", text), True),
    "a pattern over the rest each time": (
        lambda text: [clean._LINE_ENDS.search(text, at) for at in range(len(text))],
        False,
    ),
    "quadratic up to a limit": (lambda text: [b for a in text[:100] for b in text[:100]], True),
}


@pytest.mark.parametrize("name", _WORK)
def test_growth(name: str) -> None:
    """Each kind of work is judged by its steps."""
    work, is_linear = _WORK[name]

    assert grows_linearly(lambda size: "a" * size, work) is is_linear


def test_the_same_work_takes_the_same_steps() -> None:
    """The count does not depend on the machine, and patterns are as they were afterwards."""
    _, first, second = (
        steps_of(lambda: clean.clean("a\r\nb" * 50)) for _ in range(3)
    )  # the first fills caches

    assert first == second > 0
    assert isinstance(clean._LINE_ENDS, re.Pattern)
