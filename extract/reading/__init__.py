"""Pure reading: Notion's markdown and property values in, canonical text, passages and links out. No I/O.

::

    parse ── holes ── fill ──┐
    read_properties ─────────┴── read_page ── Reading(text, digest, links, passages)
    page_title · stub_digest · capped_properties · relation_ids      what a listing tells
    preview_html                                                      canonical text for a browser
"""

from __future__ import annotations

from extract.reading.blocks import Block, Hole, Inline, Tree
from extract.reading.cut.chunks import Chunking
from extract.reading.limits import ReadingLimits, parse
from extract.reading.links import notion_id_of
from extract.reading.page import has_text, read_page
from extract.reading.parse.api_blocks import block_tree
from extract.reading.parse.detect import detect
from extract.reading.parse.holes import fill, holes
from extract.reading.parse.markdown_v1.reader import parse_v1
from extract.reading.parse.markdown_v2.reader import parse_v2
from extract.reading.properties.listed import capped_properties, page_title, relation_ids, stub_digest
from extract.reading.properties.values import read_properties
from extract.reading.rich_text import plain_text
from extract.reading.write.canonical import body_text
from extract.reading.write.preview import preview_html

__all__ = [
    "Block",
    "ReadingLimits",
    "Chunking",
    "Hole",
    "Inline",
    "Tree",
    "block_tree",
    "body_text",
    "capped_properties",
    "detect",
    "fill",
    "has_text",
    "holes",
    "notion_id_of",
    "page_title",
    "parse",
    "parse_v1",
    "parse_v2",
    "plain_text",
    "preview_html",
    "read_page",
    "read_properties",
    "relation_ids",
    "stub_digest",
]
