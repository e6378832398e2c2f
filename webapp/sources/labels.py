"""The labels and sentences that pages show for sources, documents and runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from extract.rules.estimate import Estimate, minutes
from extract.store.models import Document, Run, Source
from extract.sync.runs import ONLY_EMBEDS
from webapp.formats import counted

PillStyle = Literal["empty", "failed", "re-training", "pending", "trained"]
"""The styles of a state's pill, as `parts.html` and the style sheet know them."""

TRIGGERS = {
    "import": "Import",
    "retrain": "Retrain",
    "schedule": "Schedule",
    "edit": "An edit in Notion",
    "verify": "Routine check",
}
OUTCOMES = {"trained": "Trained", "empty": "Empty", "failed": "Failed", "cancelled": "Stopped"}
SCHEDULES = {"live": "Live", "daily": "Daily", "weekly": "Weekly", "monthly": "Monthly", "off": "Off"}
ListKind = Literal["page", "tree", "database", "workspace"]
KINDS: Mapping[ListKind, str] = {
    "page": "Pages",
    "tree": "Pages with sub-pages",
    "database": "Databases",
    "workspace": "Workspaces",
}
"""The kinds that a list can be filtered by. A page with its sub-pages counts as a kind of its own here."""

CONNECTION_STATES = {"alive": "connected", "reconnect": "needs reconnecting", "disconnected": "disconnected"}

_SMALL = 30  # requests

_COLUMN_KINDS = {
    "rich_text": "Text",
    "select": "Select",
    "multi_select": "Multi-select",
    "files": "Files",
    "url": "Address",
    "email": "E-mail",
    "phone_number": "Phone",
    "created_time": "Created",
    "last_edited_time": "Last edited",
    "unique_id": "ID",
}


def column_kind(kind: str) -> str:
    """The type of a column as Notion shows it."""
    return _COLUMN_KINDS.get(kind, kind.replace("_", " ").capitalize())


def kind_label(source: Source, documents: int | None = None) -> str:
    """ "Page", "Page with sub-pages · 42 pages", "Database", "Workspace · 1,204 pages"."""
    if source.kind == "database":
        return "Database"
    if source.kind == "page" and not source.with_subpages:
        return "Page"
    label = "Workspace" if source.kind == "workspace" else "Page with sub-pages"
    return f"{label} · {counted(documents, 'page')}" if documents else label


def duration(period: timedelta) -> str:
    """ "under a minute", "about 4 min", "about 2 h"."""
    whole = minutes(period)
    if whole <= 1:
        return "about a minute" if whole else "under a minute"
    return f"about {whole} min" if whole < 90 else f"about {round(whole / 60)} h"


def estimate_sentence(estimate: Estimate) -> str | None:
    """How much an import will read; None for one so small that it is done before the sentence is read."""
    if estimate.requests <= _SMALL and not estimate.lasts and not estimate.is_least:
        return None
    least = "At least " if estimate.is_least else ""
    sentence = f"{least}{counted(estimate.requests, 'request')} to Notion, {duration(estimate.lasts)}"
    return f"{sentence}, behind what is being read already" if estimate.ahead else sentence


def settled_sentence(sources: Sequence[Source]) -> str:
    """What a page announces when these sources are no longer being read."""
    failed = sum(1 for source in sources if source.status == "failed")
    if len(sources) == 1:
        if sources[0].stopped_at is not None:
            return f"“{sources[0].title}” is stopped."
        outcome = {"trained": "is trained", "empty": "holds no text", "failed": "could not be synced"}
        return f"“{sources[0].title}” {outcome.get(sources[0].status, 'has settled')}."
    if failed:
        return f"{len(sources)} sources have settled; {failed} could not be synced."
    return f"{len(sources)} sources have settled."


def run_duration(run: Run) -> str:
    """How long a run took: "12 s", "3 min 5 s", "1 h 4 min"; empty while it runs."""
    if run.finished_at is None:
        return ""
    return _seconds(int((run.finished_at - run.started_at) / timedelta(seconds=1)))


def _seconds(seconds: int) -> str:
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def run_remarks(run: Run) -> list[str]:
    """What a person should know about a run beyond its counts."""
    remarks = []
    if run.failed:
        pages = "1 page" if run.failed == 1 else f"{run.failed:,} pages"
        remarks.append(f"{pages} could not be read")
    if run.unread_blocks:
        blocks = "1 block" if run.unread_blocks == 1 else f"{run.unread_blocks:,} blocks"
        remarks.append(f"{blocks} could not be read")
    if run.unknown_tags:
        remarks.append(f"kept as plain text: {', '.join(run.unknown_tags)}")
    if run.retries:
        remarks.append(f"{run.retries:,} {'request' if run.retries == 1 else 'requests'} repeated")
    if run.waited_seconds:
        remarks.append(f"waited {_seconds(run.waited_seconds)} for Notion")
    return remarks


def document_state(document: Document) -> tuple[PillStyle, str]:
    """The style and the text of the pill that shows the state of a document."""
    if document.removed_at is not None:
        return "empty", "removed"
    if document.error:
        return "failed", "failed"
    if document.requested_at is not None:
        return ("re-training", "updating") if document.hash else ("pending", "waiting")
    if not document.hash:
        return "pending", "not read yet"
    if not document.bytes:
        return "empty", "no text"
    return "trained", "trained"


TEMPLATE_GLOBALS: Mapping[str, Any] = {
    "kinds": KINDS,
    "kind_label": kind_label,
    "duration": duration,
    "estimate_sentence": estimate_sentence,
    "triggers": TRIGGERS,
    "outcomes": OUTCOMES,
    "schedules": SCHEDULES,
    "connection_states": CONNECTION_STATES,
    "run_duration": run_duration,
    "run_remarks": run_remarks,
    "document_state": document_state,
    "column_kind": column_kind,
    "only_embeds": ONLY_EMBEDS,
}
"""The names under which templates find these labels."""
