"""At quiet the knowledge base equals Notion: fate is over, people have mended, and enough time has passed."""

from __future__ import annotations

from dataclasses import replace

from peewee import fn

from extract import actions
from extract.rules.timing import AT_WORK
from extract.search import find
from extract.store.models import Chatbot, Connection, Document, Organisation, Run, Source
from tests.simulation.broken import Broken
from tests.simulation.oracle import Key, Oracle, alive, can_be_found, hidden, kept, wanted, words_of
from tests.simulation.stage.processes import drain_one, run_for, until_nothing_is_due, watch, work
from tests.simulation.stage.scene import Scene, connection_of, grant_of, paste
from tests.simulation.verbs import fate, ours

REREADS = True
"""Whether the product reads each page again after some days; else a person's Retrain stands in for it."""


def quiet(scene: Scene, oracle: Oracle) -> None:
    """Let a day and more pass and compare what moves a time; then what the rest may take, and compare all."""
    fate.end(scene)
    scene.clock.advance(minutes=10)
    ours.mend(scene)
    _everything_live(scene)
    until_nothing_is_due(scene)
    for _ in range(5):
        run_for(scene, hours=8, stride_hours=4)
        ours.mend(scene)
        oracle.look()
    until_nothing_is_due(scene)
    oracle.look()
    _nothing_is_stuck()
    _same_pages(scene)
    _same_words(scene, "btp")
    if REREADS:
        run_for(scene, hours=8 * 24, stride_hours=12)
    else:
        actions.retrain(scene.runtime, list(Source.select()), full=True)
        run_for(scene, hours=25, stride_hours=12)
    until_nothing_is_due(scene)
    oracle.look()
    _nothing_is_stuck()
    _same_pages(scene)
    _same_words(scene, "btpf")
    _found_by_their_words(scene)
    _idle_polls_cost_two(scene)
    _same_as_a_fresh_import(scene)


def _everything_live(scene: Scene) -> None:
    actions.resume(scene.runtime, list(Source.select()))
    for source in Source.select().where(Source.auto_retrain != "live"):
        actions.set_schedule(scene.runtime, source, "live")


def _nothing_is_stuck() -> None:
    wishes = Document.select().where(Document.requested_at.is_null(False))
    for document in wishes:
        raise Broken(
            "a page is wanted for ever", f"{document.title}: {document.error}, {document.retry_after}"
        )
    for source in Source.select().where(Source.requested_at.is_null(False) | Source.status.in_(AT_WORK)):
        raise Broken("a source is at work for ever", f"{source.title}: {source.status}, {source.error}")
    for run in Run.select().where(Run.finished_at.is_null()):
        raise Broken("a run never ended", f"of {run.source.title}")
    for connection in Connection.select():
        if connection.state != "alive" or connection.error:
            raise Broken("a connection complains for ever", f"{connection.state}: {connection.error}")


def _same_pages(scene: Scene) -> None:
    here, there = kept(), wanted(scene)
    for key in sorted(there.keys() - here.keys()):
        if not _told_of(scene, key, there[key]):
            continue
        title = words_of(scene, key[1])["t"]
        raise Broken("a page is missing", f"{title} ({key[1][:6]}) in chatbot {key[0]}")
    for key in sorted(here.keys() - there.keys()):
        raise Broken("a page is too much", f"{here[key].title} ({key[1][:6]}) in chatbot {key[0]}")


def _told_of(scene: Scene, key: Key, source_ids: set[int]) -> bool:
    """Whether Notion tells one of the sources of a page that is wanted for them."""
    sources = Source.select().where(Source.id.in_(source_ids))
    return any(can_be_found(scene, source, key[1]) for source in sources)


def _same_words(scene: Scene, kinds: str) -> None:
    holders = wanted(scene)
    for key, holds in kept().items():
        truth = words_of(scene, key[1], hidden(holders[key]))
        for kind in kinds:
            shown = {holds.title} if kind == "t" else holds.words(kind)
            if shown != truth[kind]:
                raise Broken(
                    f"stale {_KINDS[kind]}", f"{holds.title} ({key[1][:6]}): {shown}, not {truth[kind]}"
                )


_KINDS = {"b": "body", "t": "title", "p": "property", "f": "formula"}


def _found_by_their_words(scene: Scene) -> None:
    """Each chatbot finds a page by the word of its body, and nothing by the words of what it does not hold."""
    here = kept()
    for chatbot in scene.chatbots:
        for page_id, versions in scene.bodies.items():
            expected = 1 if (chatbot.id, page_id) in here else 0
            for word, count in (
                (versions[-1], expected),
                (versions[0], expected if len(versions) == 1 else 0),
            ):
                hits = {hit.document_id for hit in find.find(chatbot.id, word)}
                if len(hits) != count:
                    raise Broken("search does not answer as it should", f"{word}: {len(hits)}, not {count}")


def _idle_polls_cost_two(scene: Scene) -> None:
    for _ in range(4):  # what the last minutes brought is let by
        scene.clock.advance(minutes=5)
        watch(scene)
        work(scene)
    scene.clock.advance(seconds=61)
    before = len(scene.world.requests)
    watch(scene)
    asked = [request.endpoint for request in scene.world.requests[before:]]
    live = Source.select(fn.COUNT(Source.connection.distinct())).where(Source.auto_retrain == "live").scalar()
    if asked != ["search", "search"] * live:
        raise Broken("an idle poll costs more than two requests", f"{asked} for {live} connections")


def _picked_again(scene: Scene, source: Source, connection: Connection) -> actions.Pick | None:
    """What a source was made of, picked anew; None when nobody sees it any more."""
    if source.kind == "workspace":
        return actions.workspace_pick(connection)
    grant = grant_of(scene, source.connection_id)
    node = scene.world.node(source.notion_id)
    if node is None or node.in_trash or not scene.world.access.can_see(grant.record, node.id):
        return None
    scene.clock.advance(seconds=5)
    return replace(paste(scene, connection, source.notion_id), with_subpages=source.with_subpages)


def _same_as_a_fresh_import(scene: Scene) -> None:
    """Another organisation imports the same sources from nothing; its texts are what ours should be."""
    scene.clock.advance(minutes=5)
    now = scene.clock()
    fresh = Organisation.create(name="Fresh", created_at=now)
    twins = {
        chatbot.id: Chatbot.create(organisation=fresh, name="Twin", created_at=now)
        for chatbot in scene.chatbots
    }
    connections = {each.id: connection_of(scene, grant_of(scene, each.id), fresh.id) for each in alive()}
    for source in list(Source.select().order_by(Source.id)):
        found = _picked_again(scene, source, connections[source.connection_id])
        if found is None:
            continue
        actions.import_picks(
            scene.runtime,
            chatbot=twins[source.chatbot_id],
            connection=connections[source.connection_id],
            picks=[found],
            schedule="off",
        )
        Source.update(hidden_columns=source.hidden_columns).where(
            (Source.chatbot == twins[source.chatbot_id]) & (Source.notion_id == source.notion_id)
        ).execute()
    for _ in range(20):
        scene.clock.advance(seconds=61)
        for connection in connections.values():
            drain_one(scene, connection.id)
    here, by_connection = kept(), {source.id: source.connection_id for source in Source.select()}
    several = {key for key, by in wanted(scene).items() if len({by_connection[each] for each in by}) > 1}
    for (chatbot_id, page_id), holds in here.items():
        twin = twins.get(chatbot_id)
        if twin is None or (chatbot_id, page_id) in several:
            continue  # of those that several connections reach, each shows what its one may see
        other = here.get((twin.id, page_id))
        if other is None and not _told_of(scene, (chatbot_id, page_id), wanted(scene)[chatbot_id, page_id]):
            continue
        if other is None:
            raise Broken("a fresh import does not hold a page", f"{holds.title} ({page_id[:6]})")
        if other.text != holds.text or other.title != holds.title:
            raise Broken("a text is not that of a fresh import", f"{holds.text!r}, not {other.text!r}")
