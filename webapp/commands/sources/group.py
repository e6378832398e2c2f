"""`flask sources …`: list, show, import, stop, resume, schedule and delete sources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import click

from extract import actions
from extract.errors import HilalError
from extract.rules.timing import AT_WORK, SETTLED
from extract.store.models import Connection, Run, Source
from extract.values import SCHEDULES, Schedule
from webapp.api.serializers import JsonObject, run_object, source_objects
from webapp.commands import rows
from webapp.commands.output import ROW_ID, Failed, command, facts, short, show, table
from webapp.commands.sources.retrain import retrain_sources
from webapp.http.security_log import SecurityEvent, record_sources
from webapp.page import runtime
from webapp.queries import sources_with_connection

STATUSES = (*AT_WORK, *SETTLED)


@click.group("sources")
def group() -> None:
    """Sources: the pages, databases and workspaces a knowledge base was made from."""


group.add_command(retrain_sources)


@group.command("list")
@click.option("--chatbot", "chatbot_id", type=ROW_ID, metavar="ID")
@click.option("--status", type=click.Choice(STATUSES))
@command()
def list_sources(chatbot_id: int | None, status: str | None, as_json: bool) -> None:
    """The sources, all of them or those of one chatbot or status."""
    chosen = sources_with_connection().order_by(Source.id)
    if chatbot_id is not None:
        chosen = chosen.where(Source.chatbot == rows.chatbot(chatbot_id))
    if status:
        chosen = chosen.where(Source.status == status)
    found = source_objects(list(chosen))
    lines = [_list_row(item) for item in found]
    head = ("id", "status", "kind", "documents", "kB", "auto", "last synced", "title")
    text = table(head, lines, right=("id", "documents", "kB")) if lines else "No sources."
    show(found, text, as_json=as_json)


@group.command("show")
@click.argument("source_id", type=ROW_ID, metavar="ID")
@command()
def show_source(source_id: int, as_json: bool) -> None:
    """One source with its latest runs."""
    item = source_objects([rows.source(source_id)])[0]
    runs = [
        run_object(run)
        for run in Run.select()
        .where(Run.source == source_id)
        .order_by(Run.started_at.desc(), Run.id.desc())
        .limit(10)
    ]
    text = facts((name.replace("_", " "), value) for name, value in item.items())
    if runs:
        counts = ("requests", "retries", "waited_seconds", "fetched", "changed", "failed")
        names = ("started_at", "trigger", "outcome", *counts)
        head = ("started", "trigger", "outcome", "requests", "repeated", "waited s", *counts[3:])
        lines = [[run[name] for name in names] for run in runs]
        text += "\n\n" + table(head, lines, right=head[3:])
    show({**item, "runs": runs}, text, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _ImportChoice:
    """What the arguments and options choose to import."""

    picks: tuple[str, ...]
    with_subpages: bool
    workspace: bool


@group.command("import")
@click.option("--chatbot", "chatbot_id", type=ROW_ID, required=True, metavar="ID")
@click.option("--connection", "connection_id", type=ROW_ID, required=True, metavar="ID")
@click.option("--schedule", type=click.Choice(SCHEDULES), help="Default: the organisation's.")
@click.option("--with-subpages", is_flag=True, help="Of each page, everything below it as well.")
@click.option("--workspace", is_flag=True, help="Everything shared with the integration, now and later.")
@click.argument("picks", nargs=-1, metavar="NOTION_ID_OR_LINK…")
@command()
def import_sources(
    chatbot_id: int, connection_id: int, schedule: Schedule | None, as_json: bool, **choice: Any
) -> None:
    """Add pages, databases or a whole workspace to a knowledge base. What is in it already stays as it is."""
    asked = _ImportChoice(**choice)
    if not asked.picks and not asked.workspace:
        raise click.UsageError("Say what to import: ids or links of Notion's, or --workspace.")
    chatbot, connection = rows.chatbot(chatbot_id), rows.connection(connection_id)
    found, outcomes = _find_picks(connection, asked)
    if found:
        imported = actions.import_picks(
            runtime(),
            chatbot=chatbot,
            connection=connection,
            picks=list({pick.notion_id: pick for pick in found.values()}.values()),
            schedule=schedule or chatbot.organisation.default_schedule,
        )
        outcomes += _imported(found, imported)
    show(outcomes, "\n".join(map(_outcome, outcomes)), as_json=as_json)
    failed = sum(1 for outcome in outcomes if outcome["error"])
    if failed:
        raise Failed(f"{failed} of {len(outcomes)} could not be imported.")


@group.command("stop")
@click.argument("source_ids", type=ROW_ID, nargs=-1, required=True, metavar="ID…")
@command()
def stop_sources(source_ids: tuple[int, ...], as_json: bool) -> None:
    """Leave sources alone, in the middle of a sync or not, until they are resumed. What was read answers."""
    actions.stop(runtime(), rows.sources(source_ids))
    _show_state(source_ids, "stopped", as_json)


@group.command("resume")
@click.argument("source_ids", type=ROW_ID, nargs=-1, required=True, metavar="ID…")
@command()
def resume_sources(source_ids: tuple[int, ...], as_json: bool) -> None:
    """Let stopped sources go on where they were."""
    actions.resume(runtime(), rows.sources(source_ids))
    _show_state(source_ids, "goes on", as_json)


@group.command("schedule")
@click.argument("source_id", type=ROW_ID, metavar="ID")
@click.argument("schedule", type=click.Choice(SCHEDULES))
@command()
def schedule_source(source_id: int, schedule: str, as_json: bool) -> None:
    """How a source follows Notion: off, live, or every day, week or month from now."""
    actions.set_schedule(runtime(), rows.source(source_id), schedule)
    item = source_objects([rows.source(source_id)])[0]
    following = f", next sync {item['next_sync_at']}" if item["next_sync_at"] else ""
    show(item, f"{item['title']}: auto-retrain {item['auto_retrain']}{following}.", as_json=as_json)


@group.command("delete")
@click.argument("source_ids", type=ROW_ID, nargs=-1, required=True, metavar="ID…")
@click.option("--yes", is_flag=True, help="Really: the content goes from the knowledge base.")
@command()
def delete_sources(source_ids: tuple[int, ...], yes: bool, as_json: bool) -> None:
    """Delete sources and what the chatbot learned from them. Notion is not touched."""
    if not yes:
        raise click.UsageError("Deleting cannot be undone: add --yes if you mean it.")
    chosen = rows.sources(source_ids)
    actions.delete(runtime(), chosen)
    record_sources(SecurityEvent.SOURCE_DELETED, chosen)
    lines = [f"Deleted {source.id}: {source.title}." for source in chosen]
    show({"deleted": [source.id for source in chosen]}, "\n".join(lines), as_json=as_json)


def _find_picks(
    connection: Connection, asked: _ImportChoice
) -> tuple[dict[str, actions.Pick], list[JsonObject]]:
    """What is to be imported, by the id or link as typed, and the outcomes of those that lead nowhere."""
    found: dict[str, actions.Pick] = {}
    outcomes: list[JsonObject] = []
    if asked.workspace:
        found[connection.workspace_id] = actions.workspace_pick(connection)
    for typed in dict.fromkeys(asked.picks):
        try:
            pick = actions.find_pick(runtime(), connection, typed)
            found[typed] = replace(pick, with_subpages=asked.with_subpages and pick.kind == "page")
        except HilalError as error:
            outcomes.append(
                {"pick": typed, "source_id": None, "title": None, "new": False, "error": error.sentence}
            )
    return found, outcomes


def _show_state(source_ids: tuple[int, ...], state: str, as_json: bool) -> None:
    items = source_objects(rows.sources(source_ids))
    show(items, "\n".join(f"{item['id']}: {item['title']}: {state}." for item in items), as_json=as_json)


def _list_row(item: JsonObject) -> tuple[object, ...]:
    state = item["status"]
    if item["stopped"]:
        state += " (stopped)"
    if item["connection_state"] != "alive":
        state += f" ({item['connection_state']})"
    kilobytes = f"{item['bytes'] / 1000:.1f}"
    title = short(item["title"], 60)
    return (
        item["id"],
        state,
        f"{item['kind']}+" if item["with_subpages"] else item["kind"],
        item["documents"],
        kilobytes,
        item["auto_retrain"],
        item["last_synced_at"],
        title,
    )


def _imported(found: dict[str, actions.Pick], imported: actions.Imported) -> list[JsonObject]:
    """The outcome of each id or link that was found."""
    created = {source.notion_id: source.id for source in imported.created}
    ids = created | {source.notion_id: source.id for source in imported.known}
    return [
        {
            "pick": typed,
            "source_id": ids[pick.notion_id],
            "title": pick.title,
            "new": pick.notion_id in created,
            "error": None,
        }
        for typed, pick in found.items()
    ]


def _outcome(outcome: JsonObject) -> str:
    if outcome["error"]:
        return f"failed    {outcome['pick']}: {outcome['error']}"
    word = "imported" if outcome["new"] else "known   "
    return f"{word}  {outcome['source_id']}: {outcome['title']}"
