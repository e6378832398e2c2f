"""What Notion's answer about one page means for the document."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from extract.rules.answers import Decision, decide, decide_missing, is_forgotten, title_change
from tests import rows
from tests.clock import START

STUB = rows.stub(title="Plan", url="u", edited_at=START.replace(second=0))
PAUSE = timedelta(minutes=1)


def decided(
    *, skew: timedelta = timedelta(0), read_at: datetime = START, body_read: bool = True, **said: object
) -> Decision:
    stub = replace(STUB, **said)  # type: ignore[arg-type]
    return decide(stub, known_as=("Plan", "u", None), body_read=body_read, read_at=read_at, skew=skew)


@pytest.mark.parametrize(
    ("said", "body_read", "action"),
    [
        ({}, True, "index"),
        ({}, False, "confirm"),
        ({"in_trash": True}, False, "remove"),
        ({"in_trash": True}, True, "remove"),
    ],
)
def test_a_page_that_was_found_is_indexed_confirmed_or_removed(
    said: dict[str, object], body_read: bool, action: str
) -> None:
    assert decided(body_read=body_read, **said).action == action


@pytest.mark.parametrize("said", [{"title": "Plan B"}, {"url": "v"}, {"icon": "x"}])
def test_a_page_is_renamed_when_title_url_or_icon_differ(said: dict[str, object]) -> None:
    assert decided(**said).renamed
    assert not decided().renamed


def test_only_a_body_that_was_read_in_its_open_minute_is_read_once_more() -> None:
    assert decided().recheck_at == START.replace(second=0) + timedelta(seconds=80)
    assert decided(body_read=False).recheck_at is None
    assert decided(read_at=START + timedelta(hours=1)).recheck_at is None


def test_the_minute_closes_by_notions_clock_and_is_told_by_ours() -> None:
    ahead = timedelta(seconds=30)

    assert decided(skew=ahead).recheck_at == START.replace(second=0) + timedelta(seconds=50)
    assert decided(skew=timedelta(minutes=5)).recheck_at is None


@pytest.mark.parametrize(
    ("removed", "doubted_for", "means"),
    [
        (False, None, "doubt"),
        (False, PAUSE - timedelta(seconds=1), "doubt"),
        (False, PAUSE, "gone"),
        (True, PAUSE, "still removed"),
        (True, None, "still removed"),
    ],
)
def test_a_404_proves_nothing_until_a_second_one_after_a_pause(
    removed: bool, doubted_for: timedelta | None, means: str
) -> None:
    doubted_at = None if doubted_for is None else START - doubted_for

    assert decide_missing(removed=removed, doubted_at=doubted_at, now=START, pause=PAUSE) == means


@pytest.mark.parametrize(("days", "forgotten"), [(None, False), (59, False), (60, True)])
def test_a_tombstone_is_checked_for_sixty_days(days: int | None, forgotten: bool) -> None:
    removed_at = None if days is None else START - timedelta(days=days)

    assert is_forgotten(removed_at, now=START) == forgotten


@pytest.mark.parametrize(
    ("held", "title", "read_before", "change"),
    [
        ("Plan", "Plan B", True, "renamed"),
        ("Plan", "Plan B", False, "renamed"),
        ("Plan", "Plan", True, None),
        ("Plan", "Plan", False, "arrived"),
        (" The  plan", "The plan ", True, None),  # white space shows no difference
    ],
)
def test_what_a_page_that_was_read_means_for_those_that_name_it(
    held: str, title: str, read_before: bool, change: str | None
) -> None:
    assert title_change(held_title=held, title=title, read_before=read_before) == change
