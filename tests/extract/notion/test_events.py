"""Notion's webhook events: whether one is Notion's, and what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract.notion.events import event_id, event_of, handshake_token, is_signed, is_too_old, trimmed
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


def test_what_sees_a_page_is_the_bots_among_those_that_may_access_it() -> None:
    said = event(
        accessible_by=[{"id": BOT, "type": "bot"}, {"id": PAGE, "type": "person"}, {"type": "bot"}, 7]
    )

    assert event_of(said).bots == {BOT}


def test_ids_are_spelt_as_they_are_stored() -> None:
    said = event_of(event(entity=PAGE.replace("-", "").upper()))

    assert said.entity_id == PAGE


@pytest.mark.parametrize(
    "body", [None, [], {}, {"id": PAGE}, {"id": PAGE, "type": 7}, {"id": 7, "type": "x"}]
)
def test_what_is_no_event_has_no_id(body: object) -> None:
    assert event_id(body) is None
    assert event_id(event()) == "99999999-2222-4333-8444-555555555555"


def test_what_is_kept_of_an_event_means_the_same_and_names_nobody() -> None:
    said = event(
        accessible_by=[{"id": BOT, "type": "bot"}, {"id": PAGE, "type": "person"}],
        authors=[{"id": PAGE, "type": "person"}],
        data={"parent": {"id": BOT, "type": "page"}, "updated_blocks": [{"id": PAGE}]},
        subscription_id=BOT,
    )

    kept = trimmed(said)

    assert event_of(kept) == event_of(said)
    assert event_id(kept) == event_id(said)
    assert kept.keys() == {"id", "type", "timestamp", "workspace_id", "entity", "accessible_by", "data"}
    assert kept["data"] == {"parent": {"id": BOT, "type": "page"}}
