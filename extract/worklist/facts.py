"""What a row means: whether a document waits, is present or in doubt, whether a source is gone or follows edits."""

from __future__ import annotations

from peewee import Expression

from extract.rules.changes import Held
from extract.rules.timing import Rank
from extract.store.models import Document, Source
from extract.values import Parent, Stub


def is_present(document: Document) -> bool:
    """Return True unless the document was removed."""
    return document.removed_at is None


def is_waiting(document: Document) -> bool:
    """Return True if the document is requested and its last attempt did not fail."""
    return document.requested_at is not None and document.error is None


def is_in_doubt(document: Document) -> bool:
    """Return True if Notion answered 404 for the page and nothing has shown it since."""
    return document.doubted_at is not None


def rank_of(document: Document) -> Rank:
    """Return the rank that the document is fetched under: that of its request, else that of a routine check."""
    return Rank(document.request_rank) if document.requested_at is not None else Rank.CHECK


def stored_stub(document: Document) -> Stub | None:
    """Return the page as the newest listing showed it; None when the page itself has to be fetched."""
    if document.stub is None or is_in_doubt(document) or not is_present(document):
        return None
    table, page = document.data_source_id, document.parent_page_id
    place = (
        Parent("data_source_id", table) if table else Parent("page_id", page) if page else Parent("unknown")
    )
    return Stub(
        kind="page",
        id=document.notion_id,
        title=document.stub["title"],
        url=document.stub["url"],
        icon=document.stub["icon"],
        parent=place,
        edited_at=document.noticed_at,
        created_at=None,
        in_trash=False,
        is_archived=False,
        properties=document.stub["properties"],
    )


def held_facts(document: Document) -> Held:
    """The facts of a row that `judging.compare_listing` decides on."""
    return Held(
        edited_at=document.edited_at,
        noticed_at=document.noticed_at,
        stub_digest=document.stub_digest,
        wanted=document.requested_at is not None,
        removed=not is_present(document),
        computed_digest=document.computed_digest,
    )


def gone() -> Expression:
    """Of a source: its database has left, and so have its rows, until it is listed again. As `is_gone`."""
    return Source.doubted_at.is_null(False) & (Source.listed_at >= Source.doubted_at)


def is_gone(source: Source) -> bool:
    """Whether a listing has confirmed that the database of a source left, and none has shown it since."""
    return bool(source.doubted_at and source.listed_at and source.listed_at >= source.doubted_at)


def follows() -> Expression:
    """That a source follows edits: live, not stopped, and not gone."""
    return (Source.auto_retrain == "live") & Source.stopped_at.is_null() & ~gone()
