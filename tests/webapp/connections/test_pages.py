"""The list of Notion connections, and disconnecting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.store.models import Connection, Source
from tests.webapp.conftest import Browser, Cast

if TYPE_CHECKING:
    from sandbox import World


def test_the_list_shows_state_and_sources(cast: Cast, ada: Browser, source: Source) -> None:
    page = ada.get("/settings/connections").text

    assert f'id="connection-{source.connection_id}" data-state="alive"' in page
    assert "connected" in page
    assert '<td class="number">1<' in page


def test_a_connection_to_mend_says_why_and_offers_it(
    cast: Cast, ada: Browser, connection: Connection
) -> None:
    Connection.update(state="reconnect", error="Notion no longer accepts our access to Acme.").execute()

    page = ada.get("/settings/connections").text

    assert "Notion no longer accepts our access to Acme." in page
    assert "Reconnect</a>" in page


def test_without_a_connection_the_list_invites_to_connect(cast: Cast, ada: Browser) -> None:
    assert "No workspace is connected" in ada.get("/settings/connections").text


def test_disconnecting_asks_first_and_says_what_stays(cast: Cast, ada: Browser, source: Source) -> None:
    page = ada.get(f"/notion/connections/{source.connection_id}/disconnect").text

    assert "Disconnect" in page
    assert "<strong>1 source</strong>" in page
    assert "answering" in page
    assert Connection.get().state == "alive"


def test_disconnecting_forgets_the_tokens_and_keeps_the_sources(
    cast: Cast, ada: Browser, source: Source, world: World
) -> None:
    answer = ada.post(f"/notion/connections/{source.connection_id}/disconnect")

    connection = Connection.get()
    assert (connection.state, connection.access_token, connection.refresh_token) == (
        "disconnected",
        None,
        None,
    )
    assert world.grants[connection.bot_id].revoked
    assert Source.select().count() == 1
    page = ada.get(answer.location).text
    assert "What was imported still answers." in page
    assert "disconnected: will not re-sync" in page
