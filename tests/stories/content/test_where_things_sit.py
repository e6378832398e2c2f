"""Rows that move, bodies and tables that are missing, sources nobody follows, two connections to one page."""

from __future__ import annotations

import pytest

from daemon.loop import start_daily_listings
from extract import actions
from extract.connections import connect as store_grant
from extract.connections import mark_reconnect
from extract.store.models import Connection, Document, Membership, Run, Source
from extract.sync import drain
from sandbox import World
from tests.knowledge import Knowledge, token_grant
from tests.stories.conftest import Notion


def test_a_row_that_moves_to_a_table_nobody_ticked_is_dropped(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    other = notion.workspace.database("Archive", {"Name": "title"})
    acme.grant.share(other)
    row = next(row for row in notion.terms.rows if row.title == "Lungo")
    row.move(other)
    row.append("moved now")
    acme.follow()

    assert [document.title for document in Document.select()] == ["Ristretto"]
    assert acme.source(notion.terms.id).status == "trained"


def test_an_archived_row_leaves_its_database_and_comes_back(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    row = next(row for row in notion.terms.rows if row.title == "Lungo")
    row.archive()
    acme.follow()
    acme.follow()

    assert acme.answers("espresso") == ["Ristretto"]
    row.unarchive()
    acme.follow()
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]


def test_an_archived_row_that_is_ticked_itself_goes_on_answering(acme: Knowledge, notion: Notion) -> None:
    row = next(row for row in notion.terms.rows if row.title == "Lungo")
    acme.tick(row.id, notion.terms.id)
    acme.work()
    row.archive()
    acme.follow(seconds=120)
    acme.follow(seconds=120)
    acme.spent()
    acme.follow(seconds=120)

    assert acme.answers("long espresso")[0] == "Lungo"
    assert acme.spent() == ["search", "search"]


def test_a_row_that_moves_between_two_ticked_tables_answers_all_the_time(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    other = notion.workspace.database("Archive", {"Name": "title"})
    acme.grant.share(other)
    acme.tick(notion.terms.id, other.id)
    acme.work()
    acme.follow(seconds=120)
    row = next(row for row in notion.terms.rows if row.title == "Ristretto")
    world.hide_from_search(row)
    row.move(other)

    # The listing of the table it left is the first to show that it has gone.
    actions.retrain(acme.runtime, [acme.source(notion.terms.id)], full=False)
    acme.work()

    assert acme.answers("half the water") == ["Ristretto"]
    [member] = Membership.select().where(Membership.document == acme.document(row.id).id)
    assert member.source_id == acme.source(other.id).id


def test_a_body_that_is_missing_while_the_page_is_there_removes_nothing(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)
    world.faults.fail("markdown", status=404, code="object_not_found", times=50)
    actions.retrain(acme.runtime, [acme.source(notion.handbook.id)], full=True)
    for _ in range(4):
        acme.follow(seconds=300)

    assert acme.answers("thirty days") == ["Handbook"]
    assert acme.source(notion.handbook.id).status == "trained"


def test_a_table_that_is_missing_while_the_database_is_there_removes_nothing(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    world.faults.fail("data_source", status=404, code="object_not_found", times=50)
    actions.retrain(acme.runtime, [acme.source(notion.terms.id)], full=True)
    for _ in range(4):
        acme.follow(seconds=300)

    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]


def test_a_scheduled_sync_of_a_page_that_did_not_move_is_one_request_and_says_when(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.handbook.id, schedule="daily")
    acme.work()
    acme.follow(seconds=120)
    acme.spent()

    acme.follow(seconds=24 * 3600)

    assert acme.spent() == ["page"]
    run = acme.runs(notion.handbook.id)[-1]
    assert (run.trigger, run.outcome, run.requests, run.unchanged) == ("schedule", "trained", 1, 1)
    assert acme.source(notion.handbook.id).last_synced_at == acme.clock()


@pytest.mark.parametrize("schedule", ["off", "monthly"])
def test_the_daily_look_at_what_nobody_follows_reads_no_edit_but_sees_it_leave(
    acme: Knowledge, notion: Notion, schedule: str
) -> None:
    acme.tick(notion.handbook.id, notion.terms.id, schedule=schedule)  # type: ignore[arg-type]
    acme.work()
    acme.follow(seconds=120)
    synced_at = acme.source(notion.handbook.id).last_synced_at
    notion.handbook.edit("Edited since.")
    lungo = next(row for row in notion.terms.rows if row.title == "Lungo")
    lungo.append("Edited since, too.")
    notion.terms.row("Cortado", {"Meaning": "Espresso cut with warm milk"})
    for _ in range(5):
        acme.follow(seconds=12 * 3600)

    assert acme.answers("thirty days") == ["Handbook"]
    assert acme.ask("edited since") == acme.ask("warm milk") == []
    assert acme.source(notion.handbook.id).last_synced_at == synced_at

    notion.handbook.trash()
    lungo.trash()
    for _ in range(5):
        acme.follow(seconds=12 * 3600)
    assert acme.ask("thirty days") == []
    assert acme.answers("espresso") == ["Ristretto"]

    actions.retrain(acme.runtime, [acme.source(notion.terms.id)], full=False)
    acme.work()
    assert acme.answers("warm milk") == ["Cortado"]


def test_a_daily_listing_that_finds_nothing_opens_no_run_and_reads_no_page(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    runs, synced_at = Run.select().count(), acme.source(notion.terms.id).last_synced_at
    acme.clock.advance(hours=25)
    acme.spent()
    start_daily_listings(acme.clock(), verify_hours=24)
    acme.work()

    assert acme.spent() == ["database", "data_source", "query"]
    assert Run.select().count() == runs
    assert acme.source(notion.terms.id).last_synced_at == synced_at


def second_connection(acme: Knowledge, notion: Notion, world: World) -> Connection:
    notion.workspace.user("Grace")
    grant = world.install(notion.workspace, user="Grace", share=[notion.handbook, notion.terms])
    assert grant.bot_id != acme.grant.bot_id
    return store_grant(
        acme.runtime,
        organisation_id=acme.chatbot.organisation_id,
        grant=token_grant(grant),
    )


def test_a_page_of_a_connection_that_waits_for_its_person_stays_whatever_another_is_shown(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    second = second_connection(acme, notion, world)
    actions.import_picks(
        acme.runtime,
        chatbot=acme.chatbot,
        connection=second,
        picks=[actions.workspace_pick(second)],
        schedule="live",
    )
    drain.drain(acme.runtime, second.id)
    mark_reconnect(Connection.get_by_id(acme.connection.id))
    world.grant(second.bot_id).unshare(notion.handbook)
    for _ in range(10):
        acme.clock.advance(hours=6)
        acme.watch()
        drain.drain(acme.runtime, second.id)
        assert acme.answers("thirty days") == ["Handbook"]

    assert acme.document(notion.handbook.id).connection_id == acme.connection.id


def test_a_page_is_followed_through_the_connection_that_is_left(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    acme.tick(notion.terms.id)
    acme.work()
    second = second_connection(acme, notion, world)
    pick = actions.find_pick(acme.runtime, second, ristretto.id)
    actions.import_picks(acme.runtime, chatbot=acme.chatbot, connection=second, picks=[pick], schedule="live")
    acme.work()
    drain.drain(acme.runtime, second.id)
    assert acme.source(ristretto.id).status == "trained"

    actions.disconnect(acme.runtime, Connection.get_by_id(acme.connection.id))
    acme.clock.advance(seconds=120)
    ristretto.edit("Half the water, edited.")
    acme.clock.advance(seconds=120)
    acme.watch()
    drain.drain(acme.runtime, second.id)

    assert acme.answers("half the water edited") == ["Ristretto"]


def test_a_page_that_one_connection_no_longer_sees_is_asked_of_the_other(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    second = second_connection(acme, notion, world)
    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    pick = actions.find_pick(acme.runtime, second, ristretto.id)
    actions.import_picks(acme.runtime, chatbot=acme.chatbot, connection=second, picks=[pick], schedule="live")
    acme.work()
    acme.grant.unshare(notion.terms)
    for _ in range(4):
        acme.follow(seconds=24 * 3600)
        drain.drain(acme.runtime, second.id)

    assert acme.answers("half the water") == ["Ristretto"]


def test_a_page_that_only_a_connection_without_a_source_sees_is_removed(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    acme.tick(notion.terms.id)
    acme.work()
    second = second_connection(acme, notion, world)
    pick = actions.find_pick(acme.runtime, second, ristretto.id)
    actions.import_picks(acme.runtime, chatbot=acme.chatbot, connection=second, picks=[pick], schedule="live")
    acme.work()
    private = notion.workspace.page("Private")
    acme.grant.share(private)
    ristretto.move(private)
    for _ in range(4):
        acme.follow(seconds=24 * 3600)
        drain.drain(acme.runtime, second.id)

    # The database has lost it, and the connection that it was ticked through does not see it there.
    assert acme.ask("half the water") == []


def test_a_source_ticked_through_another_connection_catches_up_with_what_moved(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    actions.disconnect(acme.runtime, Connection.get())
    acme.clock.advance(days=2)
    notion.handbook.edit("While nobody followed.")
    acme.clock.advance(days=2)
    second = second_connection(acme, notion, world)
    pick = actions.find_pick(acme.runtime, second, notion.handbook.id)
    actions.import_picks(acme.runtime, chatbot=acme.chatbot, connection=second, picks=[pick], schedule="live")
    drain.drain(acme.runtime, second.id)

    assert acme.answers("while nobody followed") == ["Handbook"]
    assert acme.source(notion.handbook.id).connection_id == second.id


def test_a_table_added_to_a_ticked_database_is_found_by_the_next_poll(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=300)
    table = notion.terms.add_data_source("Teas", {"Name": "title"})
    table.row("Oolong", body="Half-way between green and black.")
    acme.follow()
    assert acme.answers("green and black") == ["Oolong"]

    acme.follow(seconds=300)
    acme.spent()
    acme.follow()
    assert acme.spent() == ["search", "search"]


def test_what_a_connection_complained_of_is_forgotten_once_it_works_again(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    world.faults.fail("markdown", status=403, code="restricted_resource", times=1)
    acme.work()
    assert "Read content" in Connection.get().error

    acme.follow(seconds=16 * 60)
    assert Connection.get().error is None
    assert Source.get().status == "trained"


def test_a_row_shared_by_itself_stays_away_while_its_database_is_out_of_sight(
    acme: Knowledge, notion: Notion
) -> None:
    row = next(row for row in notion.terms.rows if row.title == "Lungo")
    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    acme.tick(notion.terms.id, ristretto.id)
    acme.work()
    acme.grant.unshare(notion.terms)
    acme.grant.share(row)
    acme.grant.share(ristretto)
    for _ in range(4):
        acme.follow(seconds=12 * 3600)
        acme.follow()
    # What is ticked itself goes on answering; the database says that it has left all the same.
    assert acme.source(notion.terms.id).status == "empty"
    assert acme.answers("espresso") == ["Ristretto"]
    acme.spent()
    acme.follow()
    assert acme.spent() == ["search", "search"]

    acme.grant.share(notion.terms)
    for _ in range(4):
        acme.follow(seconds=12 * 3600)
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]


def test_a_page_that_left_one_connection_returns_when_it_is_ticked_through_another(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    acme.tick(notion.terms.id)
    acme.work()
    acme.grant.unshare(notion.terms)
    for _ in range(4):
        acme.follow(seconds=24 * 3600)
    assert acme.ask("half the water") == []

    second = second_connection(acme, notion, world)
    pick = actions.find_pick(acme.runtime, second, ristretto.id)
    actions.import_picks(acme.runtime, chatbot=acme.chatbot, connection=second, picks=[pick], schedule="live")
    drain.drain(acme.runtime, second.id)

    assert acme.answers("half the water") == ["Ristretto"]
