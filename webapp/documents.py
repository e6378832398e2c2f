"""The page of one document: what the bot sees of it, and where it came from."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from markupsafe import Markup

from extract.models import Chunk, Document, Membership, Source
from extract.reading import preview_html
from extract.shapes import Passage

from .frame import in_notion, page_or_fragment
from .guards import needs, own_document
from .objects import document_ids_by_notion_id
from .roles import Role

blueprint = Blueprint("documents", __name__)


@blueprint.get("/documents/<int:document_id>")
@needs(Role.MEMBER)
def show(document_id: int) -> str:
    """The canonical text, rendered; with `chunks=1`, the borders of the passages the search answers with."""
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
    )


def _preview(document: Document, chunks: list[Chunk] | None) -> Markup:
    """Safe HTML of the text; links to pages that are in the same knowledge base lead to their document here."""
    here = document_ids_by_notion_id(document)
    ours = {link["url"]: here[link["notion_id"]] for link in document.links if link.get("notion_id") in here}
    passages = None
    if chunks is not None:
        passages = [Passage(chunk.text, tuple(chunk.heading_path), chunk.digest) for chunk in chunks]

    def href(url: str) -> str:
        return url_for(".show", document_id=ours[url]) if url in ours else in_notion(url) or url

    return Markup(preview_html(document.text, passages=passages, href=href))  # made to be safe: its own job
