"""Fetches the rows that a command names by their number, and refuses numbers that name none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from extract.errors import Refused
from extract.store.models import Chatbot, Connection, Organisation, Source
from webapp.api.serializers import sources_with_connection
from webapp.http.incoming import whole_number

R = TypeVar("R")


def chatbot(number: int) -> Chatbot:
    found: Chatbot | None = Chatbot.get_or_none(Chatbot.id == number)
    return _found(found, f"There is no chatbot {number}.")


def connection(number: int) -> Connection:
    found: Connection | None = Connection.get_or_none(Connection.id == number)
    return _found(found, f"There is no connection {number}.")


def source(number: int) -> Any:
    return sources([number])[0]


def sources(numbers: Sequence[int]) -> list[Source]:
    """The sources of these numbers with their connections, in the order given."""
    rows = {row.id: row for row in sources_with_connection().where(Source.id.in_(numbers))}
    missing = [str(number) for number in dict.fromkeys(numbers) if number not in rows]
    if missing:
        raise Refused(f"There is no source {' or '.join(missing)}.")
    return [rows[number] for number in dict.fromkeys(numbers)]


def organisation(name_or_number: str) -> Organisation | None:
    """The organisation of that exact name, else of that number; None when there is none."""
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
