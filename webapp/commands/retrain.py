"""`flask sources retrain`: ask for a sync of chosen sources, and wait for what comes of it if told to."""

from __future__ import annotations

import click

from extract import actions
from extract.store.models import Source
from extract.values import SOURCE_STATUSES, SourceStatus
from webapp.api.serializers import JsonObject, source_objects, sources_with_connection
from webapp.commands import rows
from webapp.commands.output import ROW_ID, Failed, command, one_line, show
from webapp.commands.waiting import settled
from webapp.page import runtime


@click.command("retrain")
@click.argument("source_ids", type=ROW_ID, nargs=-1, metavar="[ID…]")
@click.option("--all", "everything", is_flag=True, help="Every source (of --chatbot, with --status).")
@click.option("--chatbot", "chatbot_id", type=ROW_ID, metavar="ID", help="Only the sources of this chatbot.")
@click.option("--status", type=click.Choice(SOURCE_STATUSES))
@click.option("--full", is_flag=True, help="Read every page again, not only what moved.")
@click.option("--wait", is_flag=True, help="Until they have settled; exit 1 if any failed.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), default=3600, show_default=True, help="Seconds to wait."
)
@command()
def retrain_sources(
    source_ids: tuple[int, ...],
    everything: bool,
    chatbot_id: int | None,
    status: SourceStatus | None,
    full: bool,
    wait: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Sync sources now: those of the numbers given, or those that the options choose."""
    if not (source_ids or everything or chatbot_id is not None or status):
        raise click.UsageError("Say which: numbers of sources, --all, --chatbot or --status.")
    if source_ids and everything:
        raise click.UsageError("Give numbers of sources or --all, not both.")
    chosen = _chosen(source_ids, chatbot_id, status)
    if (
        not source_ids
    ):  # a choice by options takes what can be retrained; one by number is to be obeyed or refused
        asleep = [source for source in chosen if source.connection.state != "alive"]
        chosen = [source for source in chosen if source.connection.state == "alive"]
        if asleep:
            click.echo(f"Left out {len(asleep)} whose connection to Notion is not active.", err=True)
    if chosen:
        actions.retrain(runtime(), chosen, full=full)
    ids = [source.id for source in chosen]
    if wait:
        _wait(ids, timeout, as_json)
        return
    word = "source" if len(ids) == 1 else "sources"
    text = f"{len(ids)} {word} will be retrained." if ids else "No source matches: nothing to retrain."
    show({"retrained": ids}, text, as_json=as_json)


def _chosen(source_ids: tuple[int, ...], chatbot_id: int | None, status: SourceStatus | None) -> list[Source]:
    chosen = rows.sources(source_ids) if source_ids else list(sources_with_connection().order_by(Source.id))
    if chatbot_id is not None:
        chatbot = rows.chatbot(chatbot_id)
        chosen = [source for source in chosen if source.chatbot_id == chatbot.id]
    if status:
        chosen = [source for source in chosen if source.status == status]
    return chosen


def _wait(ids: list[int], timeout: float, as_json: bool) -> None:
    """Print each outcome as it comes; exit 1 when any source failed or is not done in time."""
    outcomes: list[JsonObject] = []
    late = 0
    try:
        for source in settled(ids, clock=runtime().clock, timeout=timeout):
            outcomes.append(
                {"id": source.id, "title": source.title, "status": source.status, "error": source.error}
            )
            if not as_json:
                said = f": {source.error}" if source.error else ""
                click.echo(f"{source.status:<8} " + one_line(f"{source.id} {source.title}{said}"))
    except TimeoutError as error:
        late = error.args[0]
    after = source_objects(list(sources_with_connection().where(Source.id.in_(ids)).order_by(Source.id)))
    if as_json:
        show({"retrained": ids, "sources": after}, "", as_json=True)
    failed = sum(1 for outcome in outcomes if outcome["status"] == "failed")
    if late:
        raise Failed(f"{late} of {len(ids)} had not settled after {timeout:g} seconds; they go on.")
    if failed:
        raise Failed(f"{failed} of {len(ids)} failed.")
