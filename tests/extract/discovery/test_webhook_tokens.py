"""The secret of the webhook subscription: pending until an admin confirms it, then the only one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from extract.discovery import webhook_tokens
from extract.errors import Refused, VaultError
from extract.runtime import Runtime
from extract.store.models import WebhookToken
from extract.store.vault import Vault
from tests.clock import StoppedClock

TOKEN = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"
OTHER = TOKEN[::-1]


def configured(runtime: Runtime, token: str = TOKEN) -> Runtime:
    notion = replace(runtime.config.notion, webhook_token=token)
    return replace(runtime, config=replace(runtime.config, notion=notion))


def pending(runtime: Runtime) -> list[str | None]:
    return [waiting.token for waiting in webhook_tokens.subscription_state(runtime).pending]


def test_a_token_signs_nothing_until_an_admin_confirms_it(offline: Runtime, clock: StoppedClock) -> None:
    webhook_tokens.keep_pending(offline, TOKEN)
    assert webhook_tokens.signing_tokens(offline) == []
    assert not webhook_tokens.subscription_state(offline).is_on

    webhook_tokens.accept(offline, WebhookToken.get().id)

    state = webhook_tokens.subscription_state(offline)
    assert webhook_tokens.signing_tokens(offline) == [TOKEN]
    assert (state.active, state.since, state.pending) == ("confirmed", clock(), ())


def test_the_configured_token_counts_alone(offline: Runtime) -> None:
    webhook_tokens.accept_text(offline, OTHER)
    runtime = configured(offline)

    webhook_tokens.keep_pending(runtime, TOKEN)

    assert webhook_tokens.signing_tokens(runtime) == [TOKEN]
    assert webhook_tokens.subscription_state(runtime).active == "configuration"
    assert pending(runtime) == []


def test_confirming_one_token_ends_all_others(offline: Runtime) -> None:
    webhook_tokens.accept_text(offline, TOKEN)
    webhook_tokens.accept_text(offline, OTHER)

    assert webhook_tokens.signing_tokens(offline) == [OTHER]
    assert WebhookToken.select().count() == 1


def test_a_handshake_never_touches_the_active_token(offline: Runtime) -> None:
    webhook_tokens.accept_text(offline, TOKEN)

    for number in range(9):
        webhook_tokens.keep_pending(offline, f"{OTHER}{number}")
    webhook_tokens.keep_pending(offline, TOKEN)

    assert webhook_tokens.signing_tokens(offline) == [TOKEN]
    assert len(pending(offline)) == webhook_tokens.MOST_PENDING


def test_the_newest_pending_tokens_stay_newest_first(offline: Runtime, clock: StoppedClock) -> None:
    for number in range(6):
        webhook_tokens.keep_pending(offline, f"{OTHER}{number}")
        clock.advance(seconds=1)
    webhook_tokens.keep_pending(offline, f"{OTHER}1")  # sent again

    assert pending(offline) == [f"{OTHER}{number}" for number in (1, 5, 4, 3, 2)]


def test_a_token_that_made_room_cannot_be_confirmed(offline: Runtime) -> None:
    with pytest.raises(Refused, match="newer one took its place"):
        webhook_tokens.accept(offline, 999)


@pytest.mark.parametrize("typed", ["", "short", TOKEN + " " + TOKEN, "x" * 201])
def test_what_is_no_token_is_refused(offline: Runtime, typed: str) -> None:
    with pytest.raises(Refused, match="not a verification token"):
        webhook_tokens.accept_text(offline, typed)


def test_a_token_may_be_typed_with_space_around_it(offline: Runtime) -> None:
    webhook_tokens.accept_text(offline, f" {TOKEN}\n")

    assert webhook_tokens.signing_tokens(offline) == [TOKEN]


def test_a_token_that_was_forgotten_signs_nothing(offline: Runtime) -> None:
    webhook_tokens.accept_text(offline, TOKEN)

    webhook_tokens.forget(WebhookToken.get().id)

    assert webhook_tokens.signing_tokens(offline) == []


def test_a_token_that_our_keys_do_not_open_is_shown_as_such_and_cannot_be_confirmed(offline: Runtime) -> None:
    webhook_tokens.keep_pending(offline, TOKEN)
    lost = replace(offline, vault=Vault([Fernet.generate_key().decode()]))

    assert pending(lost) == [None]
    with pytest.raises(VaultError):
        webhook_tokens.accept(lost, WebhookToken.get().id)
    assert webhook_tokens.signing_tokens(offline) == []


def test_events_go_to_the_public_address(offline: Runtime) -> None:
    assert webhook_tokens.address(offline) == f"{offline.config.public_url}/webhooks/notion"
