"""`flask sources retrain`: request a sync of the chosen sources, and wait for the outcomes with `--wait`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from extract import actions
from extract.rules.timing import AT_WORK, SETTLED
from extract.store.models import Source
from webapp.api.serializers import JsonObject, source_objects
from webapp.commands import rows
from webapp.commands.output import ROW_ID, Failed, command, one_line, show
from webapp.commands.sources.waiting import settled
from webapp.page import runtime
from webapp.queries import sources_with_connection


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which sources the arguments and options choose."""

    source_ids: tuple[int, ...]
    everything: bool
    chatbot_id: int | None
    status: str | None


@click.command("retrain")
@click.argument("source_ids", type=ROW_ID, nargs=-1, metavar="[ID…]")
@click.option("--all", "everything", is_flag=True, help="Every source (of --chatbot, with --status).")
@click.option("--chatbot", "chatbot_id", type=ROW_ID, metavar="ID", help="Only the sources of this chatbot.")
@click.option("--status", type=click.Choice((*AT_WORK, *SETTLED)))
@click.option("--full", is_flag=True, help="Read every page again, not only what moved.")
@click.option("--wait", is_flag=True, help="Until they have settled; exit 1 if any failed.")
@click.option(
    "--timeout", type=click.FloatRange(min=0), default=3600, show_default=True, help="Seconds to wait."
)
@command()
def retrain_sources(full: bool, wait: bool, timeout: float, as_json: bool, **choice: Any) -> None:
    """Sync sources now: those of the numbers given, or those that the options choose."""
    sources = _chosen_sources(_Choice(**choice))
    if sources:
        actions.retrain(runtime(), sources, full=full)
    ids = [source.id for source in sources]
    if wait:
        _wait(ids, timeout, as_json)
        return
    word = "source" if len(ids) == 1 else "sources"
    text = f"{len(ids)} {word} will be retrained." if ids else "No source matches: nothing to retrain."
    show({"retrained": ids}, text, as_json=as_json)


def _chosen_sources(choice: _Choice) -> list[Source]:
    """The sources to retrain. Raises UsageError for no choice or two, and Refused for an id without a row."""
    if not (choice.source_ids or choice.everything or choice.chatbot_id is not None or choice.status):
        raise click.UsageError("Say which: numbers of sources, --all, --chatbot or --status.")
    if choice.source_ids and choice.everything:
        raise click.UsageError("Give numbers of sources or --all, not both.")
    if choice.source_ids:
        sources = rows.sources(choice.source_ids)
    else:
        sources = list(sources_with_connection().order_by(Source.id))
    if choice.chatbot_id is not None:
        chatbot = rows.chatbot(choice.chatbot_id)
        sources = [source for source in sources if source.chatbot_id == chatbot.id]
    if choice.status:
        sources = [source for source in sources if source.status == choice.status]
    # `actions.retrain` refuses sources without a working connection; only those named by their id reach it.
    return sources if choice.source_ids else _with_working_connection(sources)


def _with_working_connection(sources: list[Source]) -> list[Source]:
    working = [source for source in sources if source.connection.state == "alive"]
    left_out = len(sources) - len(working)
    if left_out:
        click.echo(f"Left out {left_out} whose connection to Notion is not active.", err=True)
    return working


def _wait(ids: list[int], timeout: float, as_json: bool) -> None:
    """Print each outcome as it comes; exit 1 if any source failed or is not done in time."""
    outcomes: list[JsonObject] = []
    late = 0
    try:
        for source in settled(ids, clock=runtime().clock, timeout=timeout):
            outcomes.append(
                {"id": source.id, "title": source.title, "status": source.status, "error": source.error}
            )
            if not as_json:
                error = f": {source.error}" if source.error else ""
                click.echo(f"{source.status:<8} " + one_line(f"{source.id} {source.title}{error}"))
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
