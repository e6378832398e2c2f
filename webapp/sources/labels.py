"""How sources, documents and runs are put into words on the pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from extract.rules.estimate import Estimate, minutes
from extract.store.models import Document, Run, Source
from extract.sync.runs import ONLY_EMBEDS
from webapp.formats import counted

TRIGGERS = {
    "import": "Import",
    "retrain": "Retrain",
    "schedule": "Schedule",
    "edit": "An edit in Notion",
    "verify": "Routine check",
}
OUTCOMES = {"trained": "Trained", "empty": "Empty", "failed": "Failed", "cancelled": "Stopped"}
SCHEDULES = {"live": "Live", "daily": "Daily", "weekly": "Weekly", "monthly": "Monthly", "off": "Off"}
KINDS = {
    "page": "Pages",
    "tree": "Pages with sub-pages",
    "database": "Databases",
    "workspace": "Workspaces",
}
"""What a list can be narrowed to; a page with its sub-pages is a kind of its own here."""

CONNECTION_STATES = {"alive": "connected", "reconnect": "needs reconnecting", "disconnected": "disconnected"}

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


def kind_word(source: Source, documents: int | None = None) -> str:
    """ "Page", "Page with sub-pages · 42 pages", "Database", "Workspace · 1,204 pages"."""
    if source.kind == "database":
        return "Database"
    if source.kind == "page" and not source.with_subpages:
        return "Page"
    word = "Workspace" if source.kind == "workspace" else "Page with sub-pages"
    return f"{word} · {counted(documents, 'page')}" if documents else word


def duration(lasts: timedelta) -> str:
    """ "under a minute", "about 4 min", "about 2 h"."""
    whole = minutes(lasts)
    if whole <= 1:
        return "about a minute" if whole else "under a minute"
    return f"about {whole} min" if whole < 90 else f"about {round(whole / 60)} h"


def estimate_sentence(found: Estimate) -> str | None:
    """What is said before an import; None where it is read before anybody has read the sentence."""
    if found.requests <= _SMALL and not found.lasts and not found.is_least:
        return None
    least = "At least " if found.is_least else ""
    said = f"{least}{counted(found.requests, 'request')} to Notion, {duration(found.lasts)}"
    return f"{said}, behind what is being read already" if found.ahead else said


_SMALL = 30  # requests


def settled_sentence(sources: Sequence[Source]) -> str:
    """What to announce when sources have settled."""
    failed = sum(1 for source in sources if source.status == "failed")
    if len(sources) == 1:
        if sources[0].stopped_at is not None:
            return f"“{sources[0].title}” is stopped."
        word = {"trained": "is trained", "empty": "holds no text", "failed": "could not be synced"}
        return f"“{sources[0].title}” {word.get(sources[0].status, 'has settled')}."
    if failed:
        return f"{len(sources)} sources have settled; {failed} could not be synced."
    return f"{len(sources)} sources have settled."


def lasting(run: Run) -> str:
    """How long a run took: "12 s", "3 min 5 s", "1 h 4 min"; empty while it runs."""
    if run.finished_at is None:
        return ""
    return _span(int((run.finished_at - run.started_at) / timedelta(seconds=1)))


def _span(seconds: int) -> str:
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def remarks(run: Run) -> list[str]:
    """What a person should know about a run beyond its counts."""
    said = []
    if run.failed:
        pages = "1 page" if run.failed == 1 else f"{run.failed:,} pages"
        said.append(f"{pages} could not be read")
    if run.unread_blocks:
        blocks = "1 block" if run.unread_blocks == 1 else f"{run.unread_blocks:,} blocks"
        said.append(f"{blocks} could not be read")
    if run.unknown_tags:
        said.append(f"kept as plain text: {', '.join(run.unknown_tags)}")
    if run.retries:
        said.append(f"{run.retries:,} {'request' if run.retries == 1 else 'requests'} repeated")
    if run.waited_seconds:
        said.append(f"waited {_span(run.waited_seconds)} for Notion")
    return said


def standing(document: Document) -> tuple[str, str]:
    """How a document stands: the look of its pill, and the word in it."""
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


VOCABULARY: Mapping[str, Any] = {
    "kinds": KINDS,
    "kind_word": kind_word,
    "duration": duration,
    "estimate_sentence": estimate_sentence,
    "triggers": TRIGGERS,
    "outcomes": OUTCOMES,
    "schedules": SCHEDULES,
    "connection_states": CONNECTION_STATES,
    "lasting": lasting,
    "remarks": remarks,
    "standing": standing,
    "column_kind": column_kind,
    "only_embeds": ONLY_EMBEDS,
}
"""What the templates of sources, documents and health call these things."""
