"""What of a source was not read, and why: one sentence for each reason, with some of the pages it applies to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import Case, fn

from extract.store.models import Document, Membership, Source
from extract.sync.runs import ONLY_EMBEDS
from webapp.formats import counted

PAGES = 5
SENTENCES = 3  # different errors that get a sentence each


@dataclass(frozen=True, slots=True)
class UnreadReason:
    """One reason; `pages` are the first of `count`."""

    sentence: str
    pages: Sequence[Document]
    count: int

    @property
    def more(self) -> int:
        """How many pages are not listed."""
        return self.count - len(self.pages)


def unread_report(source: Source) -> list[UnreadReason]:
    """The reasons that apply to this source now, the most serious first."""
    reasons = _failed(source)
    for condition, amount, sentence in _REASONS:
        count, total = (
            _pages(source)
            .select(_count(condition), fn.SUM(Case(None, ((condition, amount),), 0)))
            .tuples()
            .get()
        )
        if count:
            reasons.append(UnreadReason(sentence(int(total)), _first(source, condition), int(count)))
    return reasons


def _only_embeds(pages: int) -> str:
    if pages == 1:
        return ONLY_EMBEDS
    return (
        f"{pages:,} pages hold only embeds (Figma, Loom …) without captions, "
        "so there is no text to learn from."
    )


_EMPTY = (Document.hash != "") & (Document.bytes == 0)
_REASONS: Sequence[tuple[Any, Any, Any]] = (
    (
        Document.unread_blocks > 0,
        Document.unread_blocks,
        lambda n: (
            f"{counted(n, 'block')} could not be read: Notion would not open {'it' if n == 1 else 'them'}."
        ),
    ),
    (
        Document.characters_left_out > 0,
        Document.characters_left_out,
        lambda n: (
            f"{counted(n, 'character')} at the end of very long pages {'is' if n == 1 else 'are'} left out. "
            "Split such a page in Notion, and all of it can be read."
        ),
    ),
    (
        Document.read_as_plain_text,
        1,
        lambda n: (
            f"{counted(n, 'page')} {'has' if n == 1 else 'have'} more formatting than can be read, so "
            f"{'its' if n == 1 else 'their'} text was read without headings, lists and tables. "
            f"Split {'it' if n == 1 else 'them'} into smaller pages in Notion."
        ),
    ),
    (_EMPTY & (Document.embeds_without_caption > 0), 1, _only_embeds),
    (
        _EMPTY & (Document.embeds_without_caption == 0),
        1,
        lambda n: f"{counted(n, 'page')} {'holds' if n == 1 else 'hold'} no text.",
    ),
    (
        Document.images_without_caption > 0,
        Document.images_without_caption,
        lambda n: (
            f"{counted(n, 'image')} without {'a caption' if n == 1 else 'captions'}: "
            "what they show is not known to the chatbot."
        ),
    ),
    (
        (Document.embeds_without_caption > 0) & (Document.bytes > 0),
        Document.embeds_without_caption,
        lambda n: f"{counted(n, 'embed')} without {'a caption' if n == 1 else 'captions'}.",
    ),
)
"""When, what is counted, and the sentence for that many."""


def _failed(source: Source) -> list[UnreadReason]:
    """Pages whose last attempt failed, by what went wrong."""
    number = fn.COUNT(Document.id)
    errors = (
        _pages(source)
        .select(Document.error, number)
        .where(Document.error.is_null(False))
        .group_by(Document.error)
        .order_by(number.desc(), Document.error)
        .limit(SENTENCES)
        .tuples()
    )
    return [
        UnreadReason(
            f"{counted(count, 'page')} could not be read. {error}",
            _first(source, Document.error == error),
            count,
        )
        for error, count in errors
    ]


def _pages(source: Source) -> Any:
    """The documents of the source that have not been removed."""
    return (
        Document.select().join(Membership).where(Membership.source == source, Document.removed_at.is_null())
    )


def _first(source: Source, condition: Any) -> list[Document]:
    chosen = _pages(source).select(Document.id, Document.title).where(condition)
    return list(chosen.order_by(fn.LOWER(Document.title), Document.id).limit(PAGES))


def _count(condition: Any) -> Any:
    return fn.SUM(Case(None, ((condition, 1),), 0))
