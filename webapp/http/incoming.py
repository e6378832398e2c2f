"""Checks the texts and ids of every request before a view reads them.

Texts must be short enough and storable in a database. Ids in addresses are numbers that a row can have.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from extract.foreign_json import UNSTORABLE
from webapp.http.error_pages import answer
from webapp.http.safe_methods import PROGRAMS

LONGEST = 4_000
"""The most characters of one field or argument. The longest that people send are links and searches."""

MOST_DIGITS = 18
"""Of a whole number: SQLite and PostgreSQL store up to 9,223,372,036,854,775,807."""

_UNREADABLE = (
    "That text cannot be stored",
    "It holds characters that are no text, or it is far too long, so nothing was changed. Shorten it or type it again.",
)


def whole_number(text: str) -> int:
    """The number from 0 that `text` writes in ASCII digits. Raises ValueError, also for one that no row can have."""
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise ValueError("not a whole number")
    return int(text)


def is_storable(text: str) -> bool:
    """Return True if every supported database can store `text` and it is not longer than `LONGEST`."""
    return len(text) <= LONGEST and not UNSTORABLE.search(text)


class RowIdConverter(BaseConverter):
    """`<int:…>` in an address: a number that a row can have; anything else is not found."""

    regex = rf"[0-9]{{1,{MOST_DIGITS}}}"

    def to_python(self, value: str) -> int:
        """The number in an address."""
        return int(value)

    def to_url(self, value: int) -> str:
        """The number as an address writes it."""
        return str(value)


def init_app(app: Flask) -> None:
    """Refuse other texts with 400 and a sentence. Must run before routes are registered."""
    app.url_map.converters["int"] = RowIdConverter

    @app.before_request
    def check() -> ResponseReturnValue | None:
        if not all(map(is_storable, _texts())):
            return answer(400, *_UNREADABLE)
        return None


def _texts() -> Iterator[str]:
    yield request.path
    # Programs send no form; reading one would use up the body that a signature is checked against.
    forms = [] if request.blueprint in PROGRAMS else [request.form]
    for fields in [request.args, *forms]:
        for name, values in fields.lists():
            yield name
            yield from values
