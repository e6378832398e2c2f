"""Retrain, auto-retrain and delete, for one source and for many, with and without htmx."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from extract.store.models import Connection, Document, Source
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection, make_document, make_source

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def wire(cast: Cast, clock: StoppedClock) -> Connection:
    return make_connection(cast.acme, clock())


@pytest.fixture
def handbook(cast: Cast, wire: Connection, clock: StoppedClock) -> Source:
    return make_source(cast.chatbot, wire, "Handbook", clock())


def test_retrain_marks_the_source_and_goes_back_to_the_list(
    ada: Browser, handbook: Source, clock: StoppedClock
) -> None:
    answer = ada.post(f"/sources/{handbook.id}/retrain?status=trained")

    after = Source.get_by_id(handbook.id)
    assert (answer.status_code, answer.location) == (
        303,
        f"/chatbots/{handbook.chatbot_id}/sources?status=trained",
    )
    assert (after.status, after.requested_at, after.full_requested) == ("re-training", clock(), True)
    assert "“Handbook” will be retrained." in ada.get(answer.location).text


def test_retrain_under_htmx_brings_the_row_and_asks_for_news(ada: Browser, handbook: Source) -> None:
    answer = ada.post(f"/sources/{handbook.id}/retrain", headers=HTMX)

    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 200
    assert page.select_one(f"#source-{handbook.id}")["data-status"] == "re-training"
    assert page.select_one("#watch")["hx-swap-oob"] == "outerHTML"
    assert page.select_one("#watch")["hx-trigger"] == "every 2s"
    assert "will be retrained" in page.select_one("#toasts").text
    assert page.select("html") == []


def test_retrain_from_the_source_page_returns_there(ada: Browser, handbook: Source) -> None:
    assert ada.post(f"/sources/{handbook.id}/retrain?from=source").location == f"/sources/{handbook.id}"


def test_a_refusal_stays_on_the_page_as_a_sentence(ada: Browser, cast: Cast, clock: StoppedClock) -> None:
    asleep = make_source(cast.chatbot, make_connection(cast.acme, clock(), state="reconnect"), "Old", clock())

    plain = ada.get(ada.post(f"/sources/{asleep.id}/retrain").location)
    htmx = ada.post(f"/sources/{asleep.id}/retrain", headers=HTMX)

    for answer in (plain, htmx):
        notice = BeautifulSoup(answer.text, "html.parser").select_one(".notice.problem")
        assert "Reconnect first." in notice.text
    assert Source.get_by_id(asleep.id).status == "trained"


def test_auto_retrain_is_saved(ada: Browser, handbook: Source) -> None:
    assert ada.post(f"/sources/{handbook.id}/auto-retrain", {"schedule": "weekly"}).status_code == 303

    after = Source.get_by_id(handbook.id)
    assert after.auto_retrain == "weekly"
    assert after.next_sync_at.isoformat() == "2026-11-29T09:00:30+00:00"
    assert after.requested_at is None


@pytest.mark.parametrize("schedule", ["", "hourly"])
def test_an_unknown_schedule_is_refused(ada: Browser, handbook: Source, schedule: str) -> None:
    answer = ada.post(f"/sources/{handbook.id}/auto-retrain", {"schedule": schedule})

    assert Source.get_by_id(handbook.id).auto_retrain == "live"
    assert "is none of them" in ada.get(answer.location).text


def test_deleting_asks_first(ada: Browser, handbook: Source, clock: StoppedClock) -> None:
    make_document(handbook, "Leave", clock(), "Thirty days.")

    page = ada.get(f"/sources/{handbook.id}/delete")
    dialog = BeautifulSoup(ada.fragment(f"/sources/{handbook.id}/delete").text, "html.parser").select_one(
        "dialog"
    )

    assert "The chatbot forgets 1 document" in page.text
    assert "Delete “Handbook”?" in dialog.text
    assert dialog.select_one("#delete-form")["action"] == f"/sources/{handbook.id}/delete"
    assert Source.select().count() == 1


def test_deleting_takes_the_content_along(ada: Browser, handbook: Source, clock: StoppedClock) -> None:
    make_document(handbook, "Leave", clock(), "Thirty days.")

    answer = ada.post(f"/sources/{handbook.id}/delete")

    assert answer.status_code == 303
    assert (Source.select().count(), Document.select().count()) == (0, 0)


def test_many_are_retrained_at_once_without_those_that_rest(
    ada: Browser, cast: Cast, wire: Connection, handbook: Source, clock: StoppedClock
) -> None:
    asleep = make_connection(cast.acme, clock(), state="disconnected")
    other = make_source(cast.chatbot, wire, "Plans", clock())
    resting = make_source(cast.chatbot, asleep, "Old", clock())
    untouched = make_source(cast.chatbot, wire, "Untouched", clock())

    answer = ada.post(
        f"/chatbots/{cast.chatbot.id}/sources/retrain", {"source_id": [handbook.id, other.id, resting.id]}
    )

    states = {row.id: row.status for row in Source.select()}
    assert states == {
        handbook.id: "re-training",
        other.id: "re-training",
        resting.id: "trained",
        untouched.id: "trained",
    }
    said = ada.get(answer.location).text
    assert "2 sources will be retrained." in said
    assert "1 source stayed as it was" in said


def test_all_that_match_the_filter_can_be_deleted(
    ada: Browser, cast: Cast, wire: Connection, handbook: Source, clock: StoppedClock
) -> None:
    for n in range(120):
        make_source(cast.chatbot, wire, f"Draft {n}", clock())
    here = f"/chatbots/{cast.chatbot.id}/sources/delete"

    asked = ada.get(f"{here}?every=1&q=draft")
    answer = ada.post(here, {"every": "1", "q": "draft"})

    assert "Delete 120 sources?" in asked.text
    assert answer.status_code == 303
    assert [source.title for source in Source.select()] == ["Handbook"]


@pytest.mark.parametrize("what", ["retrain", "delete"])
def test_nothing_ticked_is_said(ada: Browser, cast: Cast, handbook: Source, what: str) -> None:
    answer = ada.post(f"/chatbots/{cast.chatbot.id}/sources/{what}")

    assert answer.status_code == 303
    assert f"Tick the sources to {what} first." in ada.get(answer.location).text
    assert Source.get_by_id(handbook.id).status == "trained"


def test_sources_of_others_are_out_of_reach(
    cast: Cast, login: Callable[..., Browser], handbook: Source, clock: StoppedClock
) -> None:
    mallory = login(cast.mallory)

    for what in ("retrain", "auto-retrain", "delete"):
        assert mallory.post(f"/sources/{handbook.id}/{what}", {"schedule": "off"}).status_code == 404
    mallory.post(f"/chatbots/{cast.other_chatbot.id}/sources/delete", {"source_id": handbook.id})
    mallory.post(f"/chatbots/{cast.other_chatbot.id}/sources/retrain", {"source_id": handbook.id})

    after = Source.get_by_id(handbook.id)
    assert (after.status, after.auto_retrain) == ("trained", "live")


def test_members_may_not_change_anything(cast: Cast, login: Callable[..., Browser], handbook: Source) -> None:
    cleo = login(cast.cleo)

    for path in (
        f"/sources/{handbook.id}/retrain",
        f"/sources/{handbook.id}/auto-retrain",
        f"/sources/{handbook.id}/delete",
        f"/chatbots/{cast.chatbot.id}/sources/retrain",
        f"/chatbots/{cast.chatbot.id}/sources/delete",
    ):
        assert cleo.post(path, {"source_id": handbook.id, "schedule": "off"}).status_code == 403
    assert Source.get_by_id(handbook.id).auto_retrain == "live"


def test_stopping_and_resuming_go_back_to_where_the_person_was(
    ada: Browser, handbook: Source, clock: StoppedClock
) -> None:
    make_document(handbook, "Leave", clock(), "Thirty days.")
    Source.update(status="re-training").execute()

    stopped = ada.post(f"/sources/{handbook.id}/stop?status=at-work")
    after = Source.get_by_id(handbook.id)
    assert stopped.location == f"/chatbots/{handbook.chatbot_id}/sources?status=at-work"
    assert (after.status, after.stopped_at) == ("trained", clock())
    assert "“Handbook” is stopped." in ada.get(stopped.location).text

    resumed = ada.post(f"/sources/{handbook.id}/resume?from=source")
    after = Source.get_by_id(handbook.id)
    assert resumed.location == f"/sources/{handbook.id}"
    assert (after.status, after.stopped_at, after.requested_at) == ("re-training", None, clock())


def test_stopping_under_htmx_brings_the_row_as_it_is_now(ada: Browser, handbook: Source) -> None:
    Source.update(status="re-training").execute()

    page = BeautifulSoup(ada.post(f"/sources/{handbook.id}/stop", headers=HTMX).text, "html.parser")

    assert page.select_one(f"#source-{handbook.id} .pill").text == "stopped"
    assert "is stopped" in page.select_one("#toasts").text


def test_a_source_without_its_connection_does_not_resume(
    ada: Browser, cast: Cast, wire: Connection, handbook: Source, clock: StoppedClock
) -> None:
    Source.update(stopped_at=clock()).execute()
    Connection.update(state="reconnect").execute()

    answer = ada.post(f"/sources/{handbook.id}/resume")

    assert "Reconnect first." in ada.get(answer.location).text
    assert Source.get_by_id(handbook.id).stopped_at is not None


def test_a_page_is_widened_to_its_sub_pages_and_narrowed_again(
    ada: Browser, handbook: Source, clock: StoppedClock
) -> None:
    here = f"/sources/{handbook.id}"
    assert "Include its sub-pages" in ada.get(here).text

    ada.post(f"{here}/subpages?from=source", {"with_subpages": "1"})
    wide = Source.get_by_id(handbook.id)
    assert (wide.with_subpages, wide.status, wide.requested_at, wide.full_requested) == (
        True,
        "re-training",
        clock(),
        False,
    )
    assert "Only this page" in ada.get(here).text

    Source.update(status="trained", requested_at=None).execute()
    ada.post(f"{here}/subpages?from=source", {"with_subpages": "0"})
    narrow = Source.get_by_id(handbook.id)
    assert (narrow.with_subpages, narrow.requested_at) == (False, clock())


def test_sub_pages_of_a_database_or_of_a_stopped_page_cannot_be_chosen(
    ada: Browser, cast: Cast, wire: Connection, handbook: Source, clock: StoppedClock
) -> None:
    bugs = make_source(cast.chatbot, wire, "Bugs", clock(), kind="database")
    Source.update(stopped_at=clock()).where(Source.id == handbook.id).execute()

    for source, sentence in ((bugs, "Only a page can be taken"), (handbook, "Resume it first.")):
        answer = ada.post(f"/sources/{source.id}/subpages?from=source", {"with_subpages": "1"})
        assert sentence in ada.get(answer.location).text
    assert not Source.select().where(Source.with_subpages).exists()
