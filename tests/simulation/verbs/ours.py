"""What our people do: tick, delete, retrain, stop, hide columns, disconnect. What is refused is simply not done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from extract import actions
from extract.errors import HilalError
from extract.membership.columns import columns_of
from extract.removal import brake
from extract.store.models import Connection, Source
from extract.values import Schedule
from sandbox.state import access
from tests.simulation.stage.scene import Scene, connection_of, grant_of, paste, pick

Verb = Callable[[Scene, tuple[int, ...]], None]

SCHEDULES: tuple[Schedule, ...] = ("live", "live", "live", "live", "daily", "weekly", "off")

# Turn on what the product has learnt; the oracle knows both already.
WITH_SUBPAGES = True
WHOLE_WORKSPACES = True


def tick(scene: Scene, numbers: tuple[int, ...]) -> None:
    """A person pastes the link of a page or a database that the connection sees, mostly of one nearer the top."""
    chatbot = pick(scene.chatbots, numbers[0])
    assert chatbot is not None
    connection = _connection_of(chatbot.organisation_id, numbers[1])
    if connection is None:
        return
    grant = grant_of(scene, connection.id)
    seen = [
        each
        for each in (*scene.databases(), *scene.databases(), *scene.pages())
        if grant.can_see(each) and each.record.workspace_id == grant.workspace_id
    ]
    thing = pick(seen, numbers[2])
    if thing is None:
        return

    def door() -> None:
        if WHOLE_WORKSPACES and numbers[4] % 11 == 0:
            name = connection.workspace_name
            found = actions.Pick(kind="workspace", notion_id=connection.workspace_id, title=name, url="")
        else:
            found = paste(scene, connection, thing.id)
        if WITH_SUBPAGES and found.kind == "page" and numbers[4] % 3 == 0:
            found = replace(found, with_subpages=True)
        schedule = SCHEDULES[numbers[3] % len(SCHEDULES)]
        actions.import_picks(
            scene.runtime, chatbot=chatbot, connection=connection, picks=[found], schedule=schedule
        )
        scene.say(
            f"{chatbot.name} ticks {found.kind} {found.title} ({thing.id[:6]}) "
            f"by connection {connection.id}, {schedule}"
        )

    _try(scene, door)


def delete(scene: Scene, numbers: tuple[int, ...]) -> None:
    source = _source(numbers[0])
    if source is not None:
        _try(scene, lambda: actions.delete(scene.runtime, [source]))
        scene.say(f"deleted source {source.title}")


def retrain(scene: Scene, numbers: tuple[int, ...]) -> None:
    source = _source(numbers[0])
    if source is not None:
        _try(scene, lambda: actions.retrain(scene.runtime, [source], full=bool(numbers[1] % 2)))
        scene.say(f"retrain of {source.title}")


def schedule(scene: Scene, numbers: tuple[int, ...]) -> None:
    source = _source(numbers[0])
    if source is not None:
        chosen = SCHEDULES[numbers[1] % len(SCHEDULES)]
        _try(scene, lambda: actions.set_schedule(scene.runtime, source, chosen))
        scene.say(f"source {source.title} is synced {chosen}")


def stop(scene: Scene, numbers: tuple[int, ...]) -> None:
    source = _source(numbers[0])
    if source is not None:
        _try(scene, lambda: actions.stop(scene.runtime, [source]))
        scene.say(f"stopped source {source.title}")


def resume(scene: Scene, numbers: tuple[int, ...]) -> None:
    stopped = Source.select().where(Source.stopped_at.is_null(False)).order_by(Source.id)
    source = pick(list(stopped), numbers[0])
    if source is not None:
        _try(scene, lambda: actions.resume(scene.runtime, [source]))
        scene.say(f"resumed source {source.title}")


def subpages(scene: Scene, numbers: tuple[int, ...]) -> None:
    """A page is taken with its sub-pages, or no longer."""
    pages = Source.select().where(Source.kind == "page").order_by(Source.id)
    source = pick(list(pages), numbers[0])
    if source is not None and (WITH_SUBPAGES or source.with_subpages):
        chosen = not source.with_subpages
        _try(scene, lambda: actions.set_subpages(scene.runtime, source, chosen))
        scene.say(f"source {source.title} is {'widened' if chosen else 'narrowed'}")


def columns(scene: Scene, numbers: tuple[int, ...]) -> None:
    """Some columns of a database are hidden, and all others shown."""
    source = pick(list(Source.select().where(Source.kind == "database").order_by(Source.id)), numbers[0])
    if source is None:
        return
    listed = [column for column in columns_of(source) if column.kind != "title"]
    chosen = [column for place, column in enumerate(listed) if numbers[1] >> place & 1]
    _try(scene, lambda: actions.set_columns(scene.runtime, source, [column.id for column in chosen]))
    scene.say(f"of {source.title} are hidden: {', '.join(column.name for column in chosen) or 'none'}")


def answer(scene: Scene, numbers: tuple[int, ...]) -> None:
    """Somebody answers the brake: what vanished went on purpose."""
    asking = [each for each in Connection.select().order_by(Connection.id) if brake.pages_asked_about(each)]
    connection = pick(asking, numbers[0])
    if connection is not None:
        _try(scene, lambda: actions.confirm_removal(scene.runtime, connection))
        scene.say(f"what vanished from connection {connection.id} went on purpose")


def disconnect(scene: Scene, numbers: tuple[int, ...]) -> None:
    connection = pick(list(Connection.select().order_by(Connection.id)), numbers[0])
    if connection is not None and connection.state == "alive":
        _try(scene, lambda: actions.disconnect(scene.runtime, connection))
        scene.say(f"disconnected connection {connection.id}")


def reconnect(scene: Scene, numbers: tuple[int, ...]) -> None:
    lost = Connection.select().where(Connection.state != "alive").order_by(Connection.id)
    connection = pick(list(lost), numbers[0])
    if connection is not None:
        consent(scene, connection)


def consent(scene: Scene, connection: Connection) -> None:
    """The person goes through Notion's consent screen once more, and shares the same pages."""
    grant = grant_of(scene, connection.id)
    with scene.world.lock:
        grant.record.revoked = False
        access.renew_tokens(scene.world, grant.record)
        scene.world.access_version += 1
    _try(scene, lambda: connection_of(scene, grant, connection.organisation_id))
    scene.say(f"reconnected connection {connection.id}")


def mend(scene: Scene) -> None:
    """People do what only they can: reconnect what is lost, and say that what has gone at once went on purpose."""
    for connection in Connection.select().order_by(Connection.id):
        if connection.state != "alive" or grant_of(scene, connection.id).record.revoked:
            consent(scene, connection)
        elif brake.pages_asked_about(connection):
            _try(scene, lambda asked=connection: actions.confirm_removal(scene.runtime, asked))
            scene.say(f"what vanished from connection {connection.id} went on purpose")


def _try(scene: Scene, door: Callable[[], object]) -> None:
    """A web process does it; what it is refused, by us or by Notion, a person reads and leaves."""
    with scene.power.process():
        try:
            door()
        except HilalError as error:
            scene.say(f"refused: {type(error).__name__}")
    scene.wire.forget_meanwhile()


def _connection_of(organisation_id: int, number: int) -> Connection | None:
    mine = (Connection.organisation == organisation_id) & (Connection.state == "alive")
    return pick(list(Connection.select().where(mine).order_by(Connection.id)), number)


def _source(number: int) -> Source | None:
    return pick(list(Source.select().order_by(Source.id)), number)


VERBS: Mapping[str, Verb] = {
    "tick": tick,
    "delete a source": delete,
    "retrain": retrain,
    "change a schedule": schedule,
    "stop a source": stop,
    "resume a source": resume,
    "widen or narrow": subpages,
    "hide columns": columns,
    "answer the brake": answer,
    "disconnect": disconnect,
    "reconnect": reconnect,
}
