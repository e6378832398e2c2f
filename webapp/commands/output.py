"""The output of every command: `--json` or aligned text on stdout, errors as one line on stderr, exit codes."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

import click
from flask.cli import with_appcontext
from peewee import OperationalError
from redis.exceptions import RedisError

from extract.errors import HilalError
from extract.process.redis_clients import why
from extract.store.db import check_schema
from webapp.http.incoming import MOST_DIGITS, is_storable

ROW_ID = click.IntRange(1, 10**MOST_DIGITS - 1)
"""An argument that names a row."""


class Failed(click.ClickException):
    """Refused or failed: one line on stderr, exit 1."""

    def show(self, file: Any = None) -> None:
        """Print the error on one line."""
        click.echo(f"Error: {one_line(self.format_message())}", err=True, file=file)


def command(
    *, schema: bool = True, as_json: str = "Print JSON."
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a command: add `--json`, check the schema first, and turn failures into one line."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                _check_texts(kwargs.values())
                if schema:
                    check_schema()
                return function(*args, **kwargs)
            except HilalError as error:
                raise Failed(error.sentence) from error
            except RedisError as error:
                raise Failed(f"Redis cannot be used: {why(error)}.") from error
            except OperationalError as error:
                raise Failed(f"The database cannot be used: {error}.") from error

        return click.option("--json", "as_json", is_flag=True, help=as_json)(with_appcontext(run))

    return decorate


def _check_texts(values: Iterable[object]) -> None:
    """Raise UsageError for a text that no database can store: NUL, bytes that are no text, or far too long."""
    for value in values:
        if isinstance(value, tuple):
            _check_texts(value)
        elif isinstance(value, str) and not is_storable(value):
            raise click.UsageError("An argument holds characters that are no text, or it is far too long.")


def show(data: Any, text: str, *, as_json: bool) -> None:
    """Print `data` as JSON where that was asked for, else `text`."""
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    elif text:
        click.echo(text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> str:
    """Aligned columns, as wide as their widest cell; the columns named in `right` are flush right."""
    cells = [[cell(value) for value in row] for row in rows]
    widths = [max(_width(row[column]) for row in [list(head), *cells]) for column in range(len(head))]
    lines = []
    for row in [[name.upper() for name in head], *cells]:
        padded = [
            _pad(value, width, flush_right=name in right)
            for name, value, width in zip(head, row, widths, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """`name  value` lines, the values aligned."""
    listed = [(name, cell(value)) for name, value in pairs]
    width = max((_width(name) for name, _ in listed), default=0)
    return "\n".join(f"{_pad(name, width)}  {value}".rstrip() for name, value in listed)


def cell(value: object) -> str:
    """One value as text for a terminal, without control characters and line breaks."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return one_line(str(value))


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, which a terminal would interpret."""
    flat = " ".join(text.split())
    return "".join(letter for letter in flat if unicodedata.category(letter) != "Cc")


def short(text: str, width: int) -> str:
    """`text` cut to `width` columns."""
    flat = one_line(text)
    if _width(flat) <= width:
        return flat
    kept = ""
    for letter in flat:
        if _width(kept + letter) > width - 1:
            break
        kept += letter
    return f"{kept}…"


def _width(text: str) -> int:
    """Columns in a terminal: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _pad(text: str, width: int, *, flush_right: bool = False) -> str:
    space = " " * (width - _width(text))
    return space + text if flush_right else text + space
