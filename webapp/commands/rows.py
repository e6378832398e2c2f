"""Fetches the rows that a command names by their id; an id without a row is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from extract.errors import Refused
from extract.store.models import Chatbot, Connection, Organisation, Source
from webapp.http.incoming import whole_number
from webapp.queries import sources_with_connection

R = TypeVar("R")


def chatbot(number: int) -> Chatbot:
    """The chatbot with this id. Raises Refused if there is none."""
    found: Chatbot | None = Chatbot.get_or_none(Chatbot.id == number)
    return _found(found, f"There is no chatbot {number}.")


def connection(number: int) -> Connection:
    """The connection with this id. Raises Refused if there is none."""
    found: Connection | None = Connection.get_or_none(Connection.id == number)
    return _found(found, f"There is no connection {number}.")


def source(number: int) -> Any:
    """The source with this id, with its connection. Raises Refused if there is none."""
    return sources([number])[0]


def sources(numbers: Sequence[int]) -> list[Any]:
    """The sources with these ids, with their connections, in the order given. Raises Refused if one does not exist."""
    rows = {row.id: row for row in sources_with_connection().where(Source.id.in_(numbers))}
    missing = [str(number) for number in dict.fromkeys(numbers) if number not in rows]
    if missing:
        raise Refused(f"There is no source {' or '.join(missing)}.")
    return [rows[number] for number in dict.fromkeys(numbers)]


def organisation(name_or_number: str) -> Organisation | None:
    """The organisation with this exact name, else with this id, else None. Raises Refused if several have the name."""
    named: list[Organisation] = list(
        Organisation.select().where(Organisation.name == name_or_number).limit(2)
    )
    if len(named) > 1:
        raise Refused(
            f"Several organisations are called {name_or_number}: give the number of the one you mean."
        )
    if named:
        return named[0]
    try:
        number = whole_number(name_or_number)
    except ValueError:
        return None
    numbered: Organisation | None = Organisation.get_or_none(Organisation.id == number)
    return numbered


def _found(row: R | None, sentence: str) -> R:
    if row is None:
        raise Refused(sentence)
    return row
