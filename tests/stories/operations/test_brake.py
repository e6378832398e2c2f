"""Much vanishes within a day: nothing more is removed, a person is asked, and what is shared again mends itself."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from extract import actions
from extract.connections import connect
from extract.errors import Refused
from extract.removal import brake
from extract.store.models import Connection, Document
from sandbox import World
from sandbox.world.handles import PageHandle
from tests.knowledge import Knowledge, token_grant
from tests.stories.conftest import Notion


def shared_guides(acme: Knowledge, notion: Notion, count: int) -> list[PageHandle]:
    """So many pages, ticked one by one and read."""
    pages = [notion.workspace.page(f"Guide {number}", f"Step {number}") for number in range(count)]
    for page in pages:
        acme.grant.share(page)
    acme.clock.advance(hours=1)
    acme.tick(*[page.id for page in pages])
    acme.work()
    acme.follow(seconds=120)
    return pages


def unshare(acme: Knowledge, pages: list[PageHandle]) -> None:
    for page in pages:
        acme.grant.unshare(page)


def a_day(acme: Knowledge, *, hours: int = 24) -> None:
    """The daemon and a worker, looking in often enough to ask twice between two daily looks."""
    for _ in range(hours * 2):
        acme.follow(seconds=29 * 60)
        acme.follow(seconds=60)


def spread_looks(acme: Knowledge) -> None:
    """Each page's daily look at a moment of its own, as chance would have it."""
    draw = random.Random(1)
    for document in Document.select().order_by(Document.id):
        at = acme.clock() + timedelta(minutes=draw.randrange(10, 23 * 60))
        Document.update(check_at=at).where(Document.id == document.id).execute()


def held() -> int:
    return Document.select().where(Document.removed_at.is_null()).count()


def asked() -> bool:
    return Connection.get().brake_at is not None


def test_pages_unshared_together_but_noticed_one_by_one_meet_the_brake(
    acme: Knowledge, notion: Notion
) -> None:
    pages = shared_guides(acme, notion, 30)
    spread_looks(acme)

    unshare(acme, pages)
    a_day(acme, hours=30)

    assert asked()
    assert held() == 20  # ten went before it was clear that so many would
    assert brake.pages_asked_about(Connection.get()) == 20
    assert len(acme.ask("step")) > 0

    actions.confirm_removal(acme.runtime, Connection.get())
    acme.work()
    assert held() == 0
    assert not asked()
    assert {row.removed_because for row in Document.select()} == {"confirmed"}  # those before, too


def test_time_alone_does_not_answer_the_question(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 14)
    spread_looks(acme)

    unshare(acme, pages)
    a_day(acme, hours=72)

    assert asked()
    assert held() == 4


def test_pages_vanishing_at_once_are_all_kept_and_keep_answering(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 14)

    unshare(acme, pages)
    acme.clock.advance(hours=24)
    acme.watch()
    acme.work()
    a_day(acme, hours=6)

    assert asked()
    assert held() == 14
    assert acme.source(pages[0].id).status == "trained"
    assert "was kept" in acme.document(pages[0].id).error


def test_what_is_in_doubt_is_asked_again_ever_more_rarely(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 12)
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=24)
    acme.spent()

    a_day(acme, hours=24)

    assert acme.spent().count("page") <= 12 * 6


def test_pages_shared_again_lift_the_brake_by_themselves(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 14)
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=12)
    assert asked()

    for page in pages:
        acme.grant.share(page)
    acme.follow()  # the poll lists them again: they need not wait for their long pauses
    acme.follow()

    assert not asked()
    assert held() == 14
    assert Document.select().where(Document.error.is_null(False)).count() == 0


def test_one_page_that_came_back_lets_the_others_be_asked_although_search_shows_none(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    pages = shared_guides(acme, notion, 14)
    for page in pages:
        world.hide_from_search(page)
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=24)
    assert asked()

    for page in pages:
        acme.grant.share(page)
    Document.update(retry_after=acme.clock()).where(Document.notion_id == pages[0].id).execute()
    acme.follow()

    assert not asked()


def test_a_person_confirms_and_each_page_goes_after_one_more_look(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 14)
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=6)

    acme.grant.share(pages[3])  # meanwhile
    actions.confirm_removal(acme.runtime, Connection.get())
    acme.work()

    assert [row.notion_id for row in Document.select().where(Document.removed_at.is_null())] == [pages[3].id]
    assert {row.removed_because for row in Document.select()} == {"confirmed", None}
    assert not asked()
    assert acme.source(pages[0].id).status == "empty"
    assert acme.answers("step") == ["Guide 3"]


def test_what_came_into_doubt_after_the_question_was_read_is_not_answered_by_it(
    acme: Knowledge, notion: Notion
) -> None:
    pages = shared_guides(acme, notion, 14)
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=6)
    late = acme.document(pages[0].id)
    late.doubted_at = acme.clock() - timedelta(minutes=1)
    late.save()

    actions.confirm_removal(acme.runtime, Connection.get(), shown_at=acme.clock() - timedelta(minutes=2))
    acme.work()

    assert acme.document(pages[0].id).removed_at is None
    assert held() == 1


def test_pages_that_a_person_confirmed_do_not_put_the_question_again(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 20)
    unshare(acme, pages[:14])
    acme.clock.advance(hours=24)
    a_day(acme, hours=6)
    actions.confirm_removal(acme.runtime, Connection.get())
    acme.work()
    assert held() == 6

    unshare(acme, pages[14:15])
    acme.clock.advance(hours=24)
    a_day(acme, hours=2)

    assert held() == 5
    assert not asked()


def test_there_is_nothing_to_confirm_where_nothing_is_asked(acme: Knowledge, notion: Notion) -> None:
    shared_guides(acme, notion, 2)

    with pytest.raises(Refused, match="nothing to remove"):
        actions.confirm_removal(acme.runtime, Connection.get())


def test_retrain_answers_for_its_source_and_leaves_the_others(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 14)
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=6)

    actions.retrain(acme.runtime, [acme.source(pages[0].id)], full=True)
    acme.work()

    assert acme.source(pages[0].id).status == "empty"
    assert held() == 13
    assert asked()


def test_retraining_everything_before_anybody_was_asked_removes_nothing(
    acme: Knowledge, notion: Notion
) -> None:
    pages = shared_guides(acme, notion, 14)
    unshare(acme, pages)

    actions.retrain(acme.runtime, [acme.source(page.id) for page in pages], full=True)
    for _ in range(4):
        acme.follow()

    assert asked()
    assert held() == 14


def test_a_large_database_that_is_missing_twice_is_kept_until_a_person_says_so(
    acme: Knowledge, notion: Notion
) -> None:
    for number in range(12):
        notion.terms.row(f"Term {number}", {"Meaning": f"Meaning number {number}"})
    acme.clock.advance(hours=1)
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)

    acme.grant.unshare(notion.terms)
    acme.clock.advance(hours=24)
    a_day(acme, hours=6)

    assert asked()
    assert held() == 14
    assert brake.pages_asked_about(Connection.get()) == 14
    assert acme.source(notion.terms.id).status == "trained"
    assert "no longer shares this database" in acme.source(notion.terms.id).error

    actions.confirm_removal(acme.runtime, Connection.get())
    for _ in range(3):
        acme.follow()
    assert held() == 0
    assert not asked()
    assert acme.source(notion.terms.id).status == "empty"


def test_a_small_database_that_is_missing_twice_goes_and_returns_by_itself(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)

    acme.grant.unshare(notion.terms)
    acme.clock.advance(hours=24)
    a_day(acme, hours=2)
    assert acme.ask("espresso") == []
    assert {row.removed_because for row in Document.select()} <= {"database", "missing"}

    acme.grant.share(notion.terms)
    acme.clock.advance(hours=24)
    a_day(acme, hours=2)
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]
    assert {row.removed_because for row in Document.select()} == {None}


def test_the_trash_is_never_braked(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 14)

    for page in pages:
        page.trash()
    acme.follow()

    assert held() == 0
    assert not asked()


def test_deleting_the_sources_leaves_no_question_behind(acme: Knowledge, notion: Notion) -> None:
    pages = shared_guides(acme, notion, 14)
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=6)
    assert asked()

    actions.delete(acme.runtime, [acme.source(page.id) for page in pages])

    assert not asked()


def test_reconnecting_begins_every_doubt_anew_and_looks_for_what_was_missing(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    pages = shared_guides(acme, notion, 16)
    unshare(acme, pages[:2])
    acme.clock.advance(hours=24)
    a_day(acme, hours=2)
    assert held() == 14
    unshare(acme, pages)
    acme.clock.advance(hours=24)
    a_day(acme, hours=6)
    assert asked()

    actions.disconnect(acme.runtime, Connection.get())
    assert not asked()
    grant = world.install(notion.workspace, share=pages)
    connect(
        acme.runtime,
        organisation_id=acme.chatbot.organisation_id,
        grant=token_grant(grant),
    )
    assert Document.select().where(Document.doubted_at.is_null(False)).count() == 0
    acme.follow(seconds=61)

    assert held() == 16
    assert not asked()
