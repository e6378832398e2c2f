"""Walking lists: to the end, once, and never taking a list that broke off for a short one."""

from __future__ import annotations

from typing import Any

import pytest

from extract.errors import InvalidRequest, Transient, WrongKind
from extract.notion.pagination import Listed, listed, walk


class Asked:
    """Answers by cursor and remembers the cursors; an exception is raised once."""

    def __init__(self, answers: dict[str | None, Any]) -> None:
        self.answers = answers
        self.cursors: list[str | None] = []

    def __call__(self, cursor: str | None) -> Listed:
        self.cursors.append(cursor)
        answer = self.answers[cursor]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def page(*results: Any, cursor: str | None = None, broken: bool = False) -> Listed:
    return Listed(tuple(results), cursor, broken, capped=False)


def results(asked: Asked, **more: int) -> list[Any]:
    return [item for page in walk(asked, "x", **more) for item in page.results]


def test_every_page_is_read_in_order() -> None:
    asked = Asked({None: page(1, 2, cursor="a"), "a": page(3, cursor="b"), "b": page(4)})

    assert results(asked) == [1, 2, 3, 4]
    assert asked.cursors == [None, "a", "b"]


def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    assert results(Asked({None: page(1, cursor="a"), "a": page(cursor="b"), "b": page(2)})) == [1, 2]


@pytest.mark.parametrize(
    ("answers", "read"),
    [
        ({None: page(1, cursor="a"), "a": page(2, cursor="a")}, [1, 2]),
        ({None: page(1, cursor="a"), "a": page(2, cursor="b"), "b": page(3, cursor="a")}, [1, 2, 3]),
        ({None: page(1, broken=True)}, [1]),
    ],
    ids=["the same cursor again", "a circle of cursors", "more, but no cursor"],
)
def test_a_list_that_breaks_off_is_an_error_after_what_it_gave(
    answers: dict[Any, Any], read: list[int]
) -> None:
    got: list[Any] = []

    with pytest.raises(Transient) as failure:
        got.extend(item for listed in walk(Asked(answers), "x") for item in _keep(listed, got))

    assert got == read
    assert failure.value.code == "listing_broke_off"


def _keep(listed: Listed, got: list[Any]) -> list[Any]:
    got.extend(listed.results)
    return []


def test_a_refused_cursor_starts_the_list_again_once() -> None:
    asked = Asked({None: page(1, cursor="a"), "a": [InvalidRequest(), page(2)]})

    assert results(asked) == [1, 1, 2]
    assert asked.cursors == [None, "a", None, "a"]


def test_a_cursor_refused_twice_is_an_error() -> None:
    with pytest.raises(InvalidRequest):
        results(Asked({None: page(1, cursor="a"), "a": InvalidRequest()}))


def test_a_list_may_forbid_starting_again() -> None:
    with pytest.raises(InvalidRequest):
        results(Asked({None: page(1, cursor="a"), "a": [InvalidRequest(), page(2)]}), restarts=0)


@pytest.mark.parametrize("refusal", [InvalidRequest(), WrongKind()])
def test_a_refused_list_is_not_asked_again(refusal: Exception) -> None:
    asked = Asked({None: refusal})

    with pytest.raises(type(refusal)):
        results(asked)

    assert asked.cursors == [None]


@pytest.mark.parametrize(
    ("body", "cursor", "broken"),
    [
        ({"results": [], "has_more": False, "next_cursor": None}, None, False),
        ({"results": [], "has_more": True, "next_cursor": "a"}, "a", False),
        ({"results": [], "has_more": True, "next_cursor": None}, None, True),
        ({"results": [], "has_more": True}, None, True),
        ({"results": [], "has_more": True, "next_cursor": ""}, None, True),
        ({"results": [], "has_more": False, "next_cursor": "a"}, None, False),
        ({"results": []}, None, False),
    ],
)
def test_only_has_more_with_a_cursor_goes_on(body: dict[str, Any], cursor: str | None, broken: bool) -> None:
    page = listed(body, "x")

    assert (page.next_cursor, page.broken) == (cursor, broken)


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {"a": 1}}])
def test_an_answer_without_results_is_no_empty_list(body: dict[str, Any]) -> None:
    with pytest.raises(Transient):
        listed(body, "x")


@pytest.mark.parametrize(
    ("status", "capped"),
    [(None, False), ({"type": "complete"}, False), ({"type": "incomplete"}, True), ("incomplete", False)],
)
def test_a_cap_is_noticed_by_its_type_not_by_its_presence(status: object, capped: bool) -> None:
    assert listed({"results": [], "request_status": status}, "x").capped is capped
