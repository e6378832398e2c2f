"""Sync health: connections, failures, and what a person must do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from bs4 import BeautifulSoup

from extract.process.beats import Beat, write_beat
from extract.runtime import Runtime
from extract.store.models import Run
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast, logged_in
from tests.webapp.rows import make_connection, make_document, make_source
from webapp import create_app


def health(browser: Browser, cast: Cast) -> BeautifulSoup:
    answer = browser.get(f"/chatbots/{cast.chatbot.id}/health")
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


@pytest.fixture
def beating(redis_server: redis.Redis, clock: StoppedClock) -> None:
    for process in ("worker", "daemon"):
        redis_server.set(f"hilal:beat:{process}:here:7", clock().isoformat())


def test_without_sources_there_is_nothing_to_follow(ada: Browser, cast: Cast) -> None:
    assert health(ada, cast).select_one(".empty h2").text == "Nothing to follow yet"


@pytest.mark.usefixtures("beating")
def test_when_all_is_well_it_says_so(ada: Browser, cast: Cast, clock: StoppedClock) -> None:
    connection = make_connection(cast.acme, clock())
    connection.polled_at = clock() - timedelta(minutes=2)
    connection.save()
    source = make_source(cast.chatbot, connection, "Handbook", clock())
    Run.create(source=source, trigger="schedule", outcome="trained", started_at=clock(), finished_at=clock())

    page = health(ada, cast)

    assert page.select_one(".notice.good").text.strip() == "Everything follows Notion."
    row = " ".join(page.select_one(f"#connection-{connection.id}").text.split())
    for word in ("Acme", "1 source", "connected", "2 min ago", "0 of 180 in 60 s"):
        assert word in row
    assert "Handbook" in page.select_one(".runs").text
    assert "hx-trigger" not in page.select_one("#health").attrs


@pytest.mark.usefixtures("beating")
def test_what_waits_and_what_fails_is_listed_with_its_sentence(
    ada: Browser, cast: Cast, clock: StoppedClock
) -> None:
    connection = make_connection(cast.acme, clock())
    source = make_source(cast.chatbot, connection, "Handbook", clock(), status="training")
    make_source(cast.chatbot, connection, "Embeds", clock(), status="empty", error="Only embeds here.")
    make_document(source, "Waiting", clock(), requested_at=clock())
    failing = make_document(
        source, "Broken", clock(), error="Notion was away.", retry_after=clock() + timedelta(minutes=8)
    )

    page = health(ada, cast)

    assert page.select_one("#health")["hx-trigger"] == "every 5s"
    cells = [cell.text for cell in page.select(f"#connection-{connection.id} td.number")]
    assert cells == ["1 at work", "1 waiting"]
    said = " ".join(page.text.split())
    for word in ("Only embeds here.", "Notion was away.", "in Handbook", "next attempt in 8 min"):
        assert word in said
    assert page.select_one(f'a[href="/documents/{failing.id}"]').text == "Broken"
    assert page.select(".notice.good") == []


@pytest.mark.usefixtures("beating")
def test_where_the_share_of_looks_is_too_small_the_real_period_is_said(
    ada: Browser, cast: Cast, clock: StoppedClock, runtime: Runtime
) -> None:
    connection = make_connection(cast.acme, clock())
    source = make_source(cast.chatbot, connection, "Handbook", clock())
    for number in range(3):
        make_document(source, f"Page {number}", clock(), check_at=clock())
    assert "is checked every" not in health(ada, cast).text

    notion = replace(runtime.config.notion, window_seconds=86_400)
    watch = replace(runtime.config.watch, verify_share=0.001)
    slow = create_app(replace(runtime, config=replace(runtime.config, notion=notion, watch=watch)))
    assert "At this budget each page is checked every 3 days." in health(logged_in(slow, cast.ada), cast).text


def test_silence_of_ours_is_told_in_a_persons_words(
    ada: Browser, cast: Cast, clock: StoppedClock, redis_server: redis.Redis
) -> None:
    make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())

    assert "Nothing is syncing right now" in health(ada, cast).select_one(".notice.attention").text
    redis_server.set("hilal:beat:worker:here:7", clock().isoformat())
    assert "Edits in Notion are not noticed" in health(ada, cast).select_one(".notice.attention").text


def test_a_connection_that_rests_asks_for_someone(ada: Browser, cast: Cast, clock: StoppedClock) -> None:
    make_source(cast.chatbot, make_connection(cast.acme, clock(), state="reconnect"), "Handbook", clock())

    page = health(ada, cast)

    assert "needs reconnecting" in page.select_one(".pill-reconnect").text
    assert any("no longer accepts our access" in notice.text for notice in page.select(".notice.attention"))


def test_members_read_no_word_of_the_machinery(
    cast: Cast, login: Callable[..., Browser], clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())
    Run.create(source=source, trigger="verify", started_at=clock())

    text = health(login(cast.cleo), cast).select_one("#content").text

    for word in ("job", "queue", "worker", "token", "daemon", "redis", "lease"):
        assert not re.search(rf"\b{word}s?\b", text, re.IGNORECASE), word


def test_it_shows_only_this_chatbot(cast: Cast, login: Callable[..., Browser], clock: StoppedClock) -> None:
    make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())
    mallory = login(cast.mallory)

    assert mallory.get(f"/chatbots/{cast.chatbot.id}/health").status_code == 404
    assert "Handbook" not in mallory.get(f"/chatbots/{cast.other_chatbot.id}/health").text


@pytest.mark.usefixtures("beating")
def test_a_workspace_whose_reading_is_stuck_is_named_to_its_own_people_only(
    ada: Browser, cast: Cast, clock: StoppedClock, redis_server: redis.Redis
) -> None:
    mine, theirs = make_connection(cast.acme, clock()), make_connection(cast.other, clock(), name="Secret")
    make_source(cast.chatbot, mine, "Handbook", clock())
    for number, connection in enumerate((mine, theirs)):
        write_beat(redis_server, "worker", Beat(f"here:{number}", clock(), connection.id, clock()))
    clock.advance(minutes=2)

    page = health(ada, cast)

    [notice] = page.select(".notice")
    assert f"Reading Acme (connection {mine.id}) has made no progress since 2 min ago" in " ".join(
        notice.text.split()
    )
