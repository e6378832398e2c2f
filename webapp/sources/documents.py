"""The page of one document: its text, its last change, its sources and the documents it is linked with."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from markupsafe import Markup

from extract.reading import preview_html
from extract.store.models import Chunk, Document, Membership, Source
from extract.values import Passage
from webapp.access import needs, own_document
from webapp.page import in_notion, page_or_fragment
from webapp.queries import document_ids_by_notion_id
from webapp.roles import Role
from webapp.sources.differences import Difference, difference
from webapp.sources.linked_documents import linked_from, linked_to

blueprint = Blueprint("documents", __name__)


@blueprint.get("/documents/<int:document_id>")
@needs(Role.MEMBER)
def show(document_id: int) -> str:
    """Show the text of a document; with `chunks=1`, also where the passages begin that search answers with."""
    document = own_document(document_id)
    with_chunks = request.args.get("chunks") == "1"
    chunks = (
        list(Chunk.select().where(Chunk.document == document).order_by(Chunk.position))
        if with_chunks
        else None
    )
    holders = Source.select().join(Membership).where(Membership.document == document).order_by(Source.id)
    return page_or_fragment(
        "documents/show.html",
        "documents/_show.html",
        document=document,
        connection=document.connection,
        holders=list(holders),
        with_chunks=with_chunks,
        chunks=chunks,
        preview=_preview(document, chunks),
        change=_last_change(document),
        linked_to=linked_to(document),
        linked_from=linked_from(document),
    )


def _last_change(document: Document) -> Difference | None:
    """How the text differs from the text before; None if that is not known."""
    if document.previous_text is None or document.changed_at is None:
        return None
    return difference(document.previous_text, document.text)


def _preview(document: Document, chunks: list[Chunk] | None) -> Markup:
    """Safe HTML of the text; links to pages that are in the same knowledge base lead to their document here."""
    ids = document_ids_by_notion_id(document)
    ours = {link["url"]: ids[link["notion_id"]] for link in document.links if link.get("notion_id") in ids}
    passages = None
    if chunks is not None:
        passages = [Passage(chunk.text, tuple(chunk.heading_path), chunk.digest) for chunk in chunks]

    def href(url: str) -> str:
        return url_for(".show", document_id=ours[url]) if url in ours else in_notion(url) or url

    # `preview_html` escapes everything itself.
    return Markup(preview_html(document.text, passages=passages, href=href))
