"""What an event means for a page, and what events mean for the pace of the polls: pure decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract.discovery.events import EntityHint, group_by_entity
from extract.notion.events import event_of, handshake_token, is_signed, is_too_old
from extract.rules.changes import compare_event
from extract.rules.timing import poll_pause, relist_pause, was_missed, webhooks_prove_alive
from extract.values import Parent
from tests.clock import START

# From the documentation: https://developers.notion.com/reference/webhooks
TOKEN = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"
BODY = b'{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}'
SIGNATURE = "461e8cbcba8a75c3edd866f0e71280f5a85cbf21eff040ebd10fe266df38a735"

PAGE = "0c7ce8f0-4788-4447-a9b9-a38f4b399f2c"
BOT = "11111111-2222-4333-8444-555555555555"


def event(kind: str = "page.content_updated", entity: str | None = PAGE, **said: object) -> dict[str, object]:
    return {
        "id": "99999999-2222-4333-8444-555555555555",
        "type": kind,
        "timestamp": "2026-11-22T09:00:30.000Z",
        "workspace_id": "aaaaaaaa-2222-4333-8444-555555555555",
        "entity": {"id": entity, "type": kind.partition(".")[0]},
        **said,
    }


@pytest.mark.parametrize("signature", [f"sha256={SIGNATURE}", f"sha256={SIGNATURE.upper()}"])
def test_the_documented_signature_is_accepted(signature: str) -> None:
    assert is_signed(BODY, signature, ["another token", TOKEN])


@pytest.mark.parametrize(
    "signature",
    ["", SIGNATURE, f"sha1={SIGNATURE}", f"sha256={SIGNATURE[:-1]}", "sha256=", "sha256=größe", "sha256"],
)
def test_any_other_signature_is_refused(signature: str) -> None:
    assert not is_signed(BODY, signature, [TOKEN])
    assert not is_signed(BODY + b" ", f"sha256={SIGNATURE}", [TOKEN])
    assert not is_signed(BODY, f"sha256={SIGNATURE}", [])


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {}, {"verification_token": 7}, {"verification_token": "short"}]
    + [{"verification_token": TOKEN + " "}, {"verification_token": TOKEN * 9}]
    + [{"verification_token": TOKEN, "type": "page.created"}],
)
def test_only_a_plausible_token_alone_is_a_handshake(body: object) -> None:
    assert handshake_token(body) is None
    assert handshake_token({"verification_token": TOKEN}) == TOKEN


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("page.created", "page"),
        ("page.deleted", "gone"),
        ("page.locked", "nothing"),
        ("page.transcription_block.transcript_deleted", "page"),
        ("data_source.content_updated", "rows"),
        ("database.schema_updated", "table"),
        ("comment.created", "nothing"),
        ("view.updated", "nothing"),
        ("file_upload.complete", "nothing"),
        ("page.levitated", "unknown"),
    ],
)
def test_what_each_type_asks(kind: str, meaning: str) -> None:
    assert event_of(event(kind)).meaning == meaning


@pytest.mark.parametrize(
    "body", [None, [], {"type": 7}, {"entity": []}, {"entity": {"id": "not an id"}}, {"data": 1}]
)
def test_an_event_that_makes_no_sense_asks_nothing(body: object) -> None:
    assert event_of(body).meaning == "nothing"


@pytest.mark.parametrize(
    ("parent", "said"),
    [
        ({"id": BOT, "type": "database", "data_source_id": PAGE}, Parent("data_source_id", PAGE, BOT)),
        ({"id": BOT, "type": "database"}, Parent("database_id", BOT)),
        ({"id": BOT, "type": "page"}, Parent("page_id", BOT)),
        ({"id": BOT, "type": "space"}, Parent("workspace")),
        ({"id": BOT, "type": "team"}, Parent("unknown", BOT)),
        (None, Parent("unknown")),
    ],
)
def test_the_parent_is_said_in_the_words_of_a_stub(parent: object, said: Parent) -> None:
    assert event_of(event(data={"parent": parent})).parent == said


def test_an_event_is_too_old_after_twenty_five_hours() -> None:
    assert not is_too_old(event(), now=START + timedelta(hours=25))
    assert is_too_old(event(), now=START + timedelta(hours=25, seconds=1))
    assert not is_too_old(event(timestamp="soon"), now=START + timedelta(days=9))


def seconds(after: float | None) -> timedelta | None:
    return None if after is None else timedelta(seconds=after)


@pytest.mark.parametrize(
    ("synced", "look", "wanted", "asks"),
    [
        (None, None, None, "read"),  # never read
        (-60, None, None, "read"),  # read before
        (10, None, None, "read"),  # read so soon after that the clocks may differ
        (90, None, None, "known"),  # read after, its minute closed
        (5, 50, None, "look"),  # the coming look reads the body, and now the page too
        (30, 50, None, "known"),  # read after; the coming look makes sure of its minute
        (-60, 5, None, "read"),  # the coming look was meant for an earlier minute
        (-60, None, 25, "known"),  # wanted since, not read yet
        (-60, None, 5, "read"),  # wanted at about that time
    ],
)
def test_what_an_event_asks_for_a_page(
    synced: float | None, look: float | None, wanted: float | None, asks: str
) -> None:
    def moment(after: float | None) -> object:
        return None if after is None else START + timedelta(seconds=after)

    facts = {"synced_at": moment(synced), "recheck_at": moment(look), "requested_at": moment(wanted)}

    assert compare_event(START, **facts) == asks  # type: ignore[arg-type]
    assert compare_event(None, **facts) == "read"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event_ago", "missed_ago", "pause"),
    [
        (None, None, 60),
        (timedelta(hours=24), None, 600),
        (timedelta(hours=25), None, 60),
        (timedelta(hours=1), timedelta(hours=2), 600),
        (timedelta(hours=2), timedelta(hours=1), 60),
        (timedelta(hours=-2), None, 60),  # written under a wrong clock
        (timedelta(hours=1), timedelta(hours=-2), 600),
    ],
)
def test_polls_rest_while_webhooks_prove_alive(
    event_ago: timedelta | None, missed_ago: timedelta | None, pause: int
) -> None:
    event_at = START - event_ago if event_ago else None
    missed_at = START - missed_ago if missed_ago else None

    asked = poll_pause(event_at, missed_at, now=START, seconds=60, seconds_with_webhooks=600)

    assert asked == timedelta(seconds=pause)
    assert webhooks_prove_alive(event_at, missed_at, now=START) == (pause == 600)


def test_webhooks_never_make_polls_come_more_often() -> None:
    pause = poll_pause(START, None, now=START, seconds=3600, seconds_with_webhooks=600)

    assert pause == timedelta(hours=1)


@pytest.mark.parametrize(
    ("minutes_ago", "missed"), [(5, False), (6, True), (19, True), (20, True), (21, False), (9999, False)]
)
def test_an_edit_was_missed_when_it_should_have_been_told_and_could_not_be_found_before(
    minutes_ago: int, missed: bool
) -> None:
    edited = START - timedelta(minutes=minutes_ago)

    assert was_missed(edited, polled_at=START - timedelta(minutes=10), now=START) == missed
    assert not was_missed(edited, polled_at=None, now=START)


def test_a_large_table_is_not_listed_more_often_than_it_is_worth() -> None:
    assert relist_pause(99) == timedelta(0)
    assert relist_pause(10_000) == timedelta(minutes=100)


def test_a_burst_is_one_hint() -> None:
    first = event_of(event("page.created"))
    later = event_of(event("page.content_updated", timestamp="2026-11-22T09:00:50.000Z"))
    undated = event_of(event("page.moved", timestamp=None))
    gone = event_of(event("page.deleted", entity=BOT))

    hints = group_by_entity([later, first, gone], {first: [1], later: [1, 2], gone: [1]})

    assert hints == [
        EntityHint(1, later, rows_only=False, gone=False),
        EntityHint(2, later, rows_only=False, gone=False),
        EntityHint(1, gone, rows_only=False, gone=True),
    ]
    assert group_by_entity([undated, later], {undated: [1], later: [1]})[0].latest == undated
    assert group_by_entity([first], {}) == []
