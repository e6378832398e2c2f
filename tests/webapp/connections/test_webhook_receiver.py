"""Receiving webhook events, and the page on which an admin sets them up."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from extract.discovery.webhook_tokens import MOST_PENDING
from extract.runtime import Runtime
from extract.store.models import Connection, Member, WebhookEvent, WebhookToken
from extract.store.vault import Vault
from tests.clock import StoppedClock
from tests.extract.notion.test_events import BODY, SIGNATURE, TOKEN, event
from tests.webapp.commands.test_chatbots_and_users import run
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection
from webapp import create_app
from webapp.extensions import limiter

ADDRESS = "/webhooks/notion"
OTHER = "secret_0000000000000000000000000000"


def shake(client: FlaskClient, token: str, *, address: str = "127.0.0.1") -> TestResponse:
    return client.post(ADDRESS, json={"verification_token": token}, environ_base={"REMOTE_ADDR": address})


def tell(client: FlaskClient, body: Any, *, token: str = TOKEN) -> TestResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    made = hmac.new(token.encode(), raw, hashlib.sha256).hexdigest()
    return client.post(ADDRESS, data=raw, headers={"X-Notion-Signature": f"sha256={made}"})


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    """Of an app whose token is the configured one."""
    notion = replace(runtime.config.notion, webhook_token=TOKEN)
    return create_app(replace(runtime, config=replace(runtime.config, notion=notion))).test_client()


def test_a_signed_event_is_kept_for_the_daemon(client: FlaskClient, clock: StoppedClock) -> None:
    answer = tell(client, event(workspace_name="Größe 日本"))

    assert answer.status_code == 200
    [row] = WebhookEvent.select()
    assert (row.event_id, row.body["type"]) == (event()["id"], "page.content_updated")
    assert (row.received_at, row.processed_at) == (clock(), None)


def test_an_event_that_comes_again_is_kept_once(client: FlaskClient) -> None:
    answers = [tell(client, event(attempt_number=attempt)).status_code for attempt in (1, 2)]

    assert answers == [200, 200]
    assert WebhookEvent.select().count() == 1


def test_an_old_event_is_a_replay(client: FlaskClient, clock: StoppedClock) -> None:
    clock.advance(hours=25, seconds=1)

    assert tell(client, event()).status_code == 200
    assert WebhookEvent.select().count() == 0


@pytest.mark.parametrize("signature", ["", SIGNATURE, f"sha256={SIGNATURE}", "sha256=größe"])
def test_an_event_without_the_right_signature_is_refused(client: FlaskClient, signature: str) -> None:
    answer = client.post(
        ADDRESS,
        json=event(),
        headers={"X-Notion-Signature": signature.encode("latin-1", "replace").decode("latin-1")},
    )

    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"]["code"] == "unauthorized"
    assert WebhookEvent.select().count() == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b"7", b'{"type":"page.moved"}', b'{"id":"x","type":"page.moved"}']
)
def test_what_is_no_event_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = tell(client, body)

    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["message"] == "This is not an event of Notion's."


def test_a_deeply_nested_body_is_refused(client: FlaskClient) -> None:
    assert tell(client, b"[" * 100_000).status_code == 400


def test_a_body_too_large_is_refused(client: FlaskClient) -> None:
    answer = tell(client, b"x" * (256 * 1024 + 1))

    assert (answer.status_code, answer.is_json) == (413, True)


def test_without_a_subscription_no_event_is_believed(app: Flask) -> None:
    client = app.test_client()
    shake(client, TOKEN)

    assert tell(client, event()).status_code == 401, "a pending token signs nothing"
    assert tell(client, event(), token="").status_code == 401


def test_a_handshake_is_kept_sealed_until_it_is_confirmed(app: Flask, clock: StoppedClock) -> None:
    answer = shake(app.test_client(), TOKEN)

    assert answer.status_code == 200
    [row] = WebhookToken.select()
    assert (row.received_at, row.active_since) == (clock(), None)
    assert TOKEN not in row.sealed


def test_a_handshake_may_be_signed_with_its_own_token(app: Flask) -> None:
    signed = {"X-Notion-Signature": f"sha256={SIGNATURE}"}
    assert app.test_client().post(ADDRESS, data=BODY, headers=signed).status_code == 200

    forged = BODY.replace(b"secret_", b"sekret_")
    assert app.test_client().post(ADDRESS, data=forged, headers=signed).status_code == 401
    assert WebhookToken.select().count() == 1


def test_a_handshake_that_comes_again_is_one_row(app: Flask, clock: StoppedClock) -> None:
    client = app.test_client()
    for _ in range(2):
        shake(client, TOKEN)
        clock.advance(minutes=5)

    [row] = WebhookToken.select()
    assert row.received_at == clock() - timedelta(minutes=5)


def test_only_the_newest_tokens_wait(app: Flask, clock: StoppedClock) -> None:
    for number in range(MOST_PENDING + 2):
        shake(app.test_client(), f"{OTHER}{number}", address=f"10.0.0.{number}")
        clock.advance(minutes=1)

    kept = list(WebhookToken.select().order_by(WebhookToken.id))
    assert [row.id for row in kept] == [3, 4, 5, 6, 7]


def test_one_address_shakes_hands_a_few_times_only(app: Flask) -> None:
    answers = [shake(app.test_client(), f"{OTHER}{number}") for number in range(8)]

    assert {answer.status_code for answer in answers[:6]} == {200}
    assert (answers[7].status_code, answers[7].is_json) == (429, True)
    assert shake(app.test_client(), TOKEN, address="10.0.0.9").status_code == 200
    limiter.reset()


def test_events_are_not_counted_against_an_address(client: FlaskClient) -> None:
    assert {tell(client, event()).status_code for _ in range(40)} == {200}


def test_a_handshake_does_not_make_events_count_against_its_address(client: FlaskClient) -> None:
    for _ in range(7):
        shake(client, OTHER)
    limiter_says = shake(client, OTHER).status_code

    assert limiter_says == 429
    assert {tell(client, event()).status_code for _ in range(10)} == {200}
    limiter.reset()


def test_an_active_token_is_touched_by_no_handshake(app: Flask, clock: StoppedClock) -> None:
    client = app.test_client()
    run(app, "webhooks", "accept", "--token", TOKEN)
    since = WebhookToken.get().active_since
    clock.advance(hours=1)

    for number in range(MOST_PENDING + 2):
        shake(client, f"{OTHER}{number}", address=f"10.0.0.{number}")
    shake(client, TOKEN)

    active = WebhookToken.get(WebhookToken.active_since.is_null(False))
    assert (active.active_since, active.received_at) == (since, since)
    assert tell(client, event()).status_code == 200
    assert tell(client, event(), token=f"{OTHER}6").status_code == 401


def test_a_token_under_lost_keys_says_so(app: Flask, runtime: Runtime, client: FlaskClient) -> None:
    run(app, "webhooks", "accept", "--token", TOKEN)
    lost = replace(runtime, vault=Vault(["bG9zdCBrZXlzIGxvc3Qga2V5cyBsb3N0IGtleXMhISE="]))

    answer = tell(create_app(lost).test_client(), event())

    assert (answer.status_code, answer.is_json) == (503, True)


def test_only_posts_are_taken(client: FlaskClient) -> None:
    answer = client.get(ADDRESS)

    assert (answer.status_code, answer.is_json) == (405, True)


# The page


def test_an_admin_copies_the_token_and_confirms_it(app: Flask, cast: Cast, ada: Browser) -> None:
    page = ada.get("/settings/webhooks").text
    assert f'value="http://127.0.0.1:5000{ADDRESS}"' in page
    assert "Not set up." in page

    shake(app.test_client(), OTHER)
    shake(app.test_client(), TOKEN)
    page = ada.get("/settings/webhooks").text
    assert f'value="{TOKEN}"' in page
    assert page.index(TOKEN) < page.index(OTHER), "newest first"

    token = WebhookToken.select().order_by(WebhookToken.id.desc()).get()
    answer = ada.post(f"/settings/webhooks/tokens/{token.id}/accept")
    page = ada.get(answer.location).text
    assert "On, with the token confirmed" in page
    assert TOKEN not in page
    assert OTHER not in page
    assert [row.id for row in WebhookToken.select()] == [token.id]
    assert tell(app.test_client(), event()).status_code == 200


def test_a_new_token_replaces_the_active_one_when_it_is_confirmed(
    app: Flask, cast: Cast, ada: Browser
) -> None:
    run(app, "webhooks", "accept", "--token", OTHER)

    ada.post("/settings/webhooks/tokens", {"token": f"  {TOKEN} "})

    assert tell(app.test_client(), event()).status_code == 200
    assert tell(app.test_client(), event(), token=OTHER).status_code == 401


def test_a_pasted_token_must_look_like_one(cast: Cast, ada: Browser) -> None:
    ada.post("/settings/webhooks/tokens", {"token": "my password"})

    assert "That is not a verification token." in ada.get("/settings/webhooks").text
    assert WebhookToken.select().count() == 0


def test_a_token_that_nobody_asked_for_is_forgotten(app: Flask, cast: Cast, ada: Browser) -> None:
    shake(app.test_client(), TOKEN)

    ada.post(f"/settings/webhooks/tokens/{WebhookToken.get().id}/forget")

    assert WebhookToken.select().count() == 0


def test_a_pending_token_under_lost_keys_can_only_be_forgotten(app: Flask, cast: Cast, ada: Browser) -> None:
    shake(app.test_client(), TOKEN)
    WebhookToken.update(sealed="gibberish").execute()

    page = ada.get("/settings/webhooks").text

    assert "cannot be opened with the configured encryption keys" in page
    assert "/accept" not in page
    ada.post(f"/settings/webhooks/tokens/{WebhookToken.get().id}/accept")
    assert "cannot be opened" in ada.get("/settings/webhooks").text
    assert WebhookToken.get().active_since is None


def test_the_page_says_for_which_connections_webhooks_prove_alive(
    app: Flask, cast: Cast, ada: Browser, clock: StoppedClock
) -> None:
    run(app, "webhooks", "accept", "--token", TOKEN)
    hour = timedelta(hours=1)
    told, missed, silent = (
        make_connection(cast.acme, clock(), name=name) for name in ("Told", "Missed", "Silent")
    )
    foreign = make_connection(cast.other, clock())
    Connection.update(event_at=clock() - hour).where(Connection.id.in_([told.id, missed.id])).execute()
    Connection.update(event_missed_at=clock()).where(Connection.id == missed.id).execute()
    tell(app.test_client(), event())

    page = ada.get("/settings/webhooks").text

    assert f'id="connection-{told.id}" data-webhooks="alive"' in page
    assert f'id="connection-{missed.id}" data-webhooks="unproven"' in page
    assert "An edit was not told" in page
    assert f'id="connection-{silent.id}" data-webhooks="unproven"' in page
    assert "No event in the last 24 hours" in page
    assert f"connection-{foreign.id}" not in page
    assert "Last event: <time" in page


def test_a_configured_token_goes_first(client: FlaskClient, app: Flask, cast: Cast) -> None:
    run(app, "webhooks", "accept", "--token", OTHER)

    assert tell(client, event()).status_code == 200
    assert tell(client, event(), token=OTHER).status_code == 401
    assert shake(client, TOKEN).status_code == 200
    assert WebhookToken.select().count() == 1, "it is no news"


def test_the_page_is_for_who_runs_the_installation(
    app: Flask, cast: Cast, ada: Browser, login: Callable[[Member], Browser]
) -> None:
    shake(app.test_client(), TOKEN)
    mallory, cleo = login(cast.mallory), login(cast.cleo)

    assert mallory.get("/settings/webhooks").status_code == 404
    assert "/settings/webhooks" not in mallory.get("/settings").text
    assert mallory.post("/settings/webhooks/tokens", {"token": OTHER}).status_code == 404
    assert cleo.get("/settings/webhooks").status_code == 403
    assert "/settings/webhooks" in ada.get("/settings").text
    assert WebhookToken.get().active_since is None


# The command line


def test_the_command_line_shows_and_confirms(app: Flask, clock: StoppedClock) -> None:
    assert "No token waits" in run(app, "webhooks", "accept").stderr
    shake(app.test_client(), OTHER)
    clock.advance(minutes=1)
    shake(app.test_client(), TOKEN)

    shown = json.loads(run(app, "webhooks", "show", "--json").stdout)
    assert shown == {
        "address": f"http://127.0.0.1:5000{ADDRESS}",
        "active": "none",
        "since": None,
        "last_event_at": None,
        "pending": [
            {"id": 2, "token": TOKEN, "received_at": "2026-11-22T09:01:30Z"},
            {"id": 1, "token": OTHER, "received_at": "2026-11-22T09:00:30Z"},
        ],
    }
    assert TOKEN in run(app, "webhooks", "show").stdout
    assert "Several tokens wait" in run(app, "webhooks", "accept").stderr
    assert run(app, "webhooks", "accept", 2, "--token", TOKEN).exit_code == 2
    assert run(app, "webhooks", "accept", 77).exit_code == 1

    accepted = run(app, "webhooks", "accept", 2)
    assert "Webhooks are on since 22 Nov 2026, 09:01 UTC." in accepted.stdout
    assert json.loads(run(app, "webhooks", "show", "--json").stdout)["active"] == "confirmed"
    tell(app.test_client(), event())
    assert "2026-11-22 09:01" in run(app, "webhooks", "show").stdout


def test_the_only_token_that_waits_need_not_be_named(app: Flask) -> None:
    shake(app.test_client(), TOKEN)

    assert json.loads(run(app, "webhooks", "accept", "--json").stdout) == {"active": "confirmed"}
    assert tell(app.test_client(), event()).status_code == 200


# Watching it


def test_doctor_shows_the_state_of_the_webhooks(app: Flask, clock: StoppedClock) -> None:
    def said() -> dict[str, str]:
        found = json.loads(run(app, "doctor", "--json").stdout)
        return next(item for item in found if item["check"] == "webhooks")

    assert (said()["state"], said()["says"]) == ("ok", "not set up; edits are found by polling")
    shake(app.test_client(), TOKEN)
    assert said()["state"] == "warn"
    run(app, "webhooks", "accept")
    assert said()["says"] == "on; no event in the last two days"
    tell(app.test_client(), event())
    clock.advance(minutes=4)
    assert said()["says"] == "on; last event 4 min ago"


def test_events_are_among_the_figures(client: FlaskClient, clock: StoppedClock) -> None:
    tell(client, event())
    tell(client, event(id="88888888-2222-4333-8444-555555555555"))
    WebhookEvent.update(processed_at=clock()).where(WebhookEvent.id == 1).execute()

    lines = client.get("/metrics").text.splitlines()

    assert "hilal_webhook_events_waiting 1.0" in lines
    assert "hilal_webhook_events_kept 2.0" in lines


def test_no_token_is_in_any_log_line(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    client = app.test_client()
    shake(client, TOKEN)
    run(app, "webhooks", "accept")
    tell(client, event())
    tell(client, event(), token=OTHER)

    said = capfd.readouterr()
    assert TOKEN not in said.out + said.err
