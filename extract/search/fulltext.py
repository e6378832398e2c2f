"""One chatbot's full text, in the SQL of both databases: which chunks contain a word, and the terms of chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from extract.search.index import TITLED, scope
from extract.search.query import Phrase, Unit
from extract.search.ranking import Candidate
from extract.store.db import database, is_postgres

_AT_MOST = 6_000  # matching chunks that the database orders for us: keeps common words quick
_ALL_READ = 4_000_000  # characters of all candidates together ...
_LEAST_READ = 20_000  # ... but of one never less than this, more than the largest passage of the usual size


class FullText:
    """One chatbot's full text; with `source_ids`, that of the documents of these sources."""

    def __init__(self, chatbot_id: int, source_ids: Sequence[int] | None) -> None:
        self._chatbot_id = chatbot_id
        self._source_ids = None if source_ids is None else list(dict.fromkeys(source_ids))
        self._postgres = is_postgres()
        self._mark = "%s" if self._postgres else "?"
        self._id = "chunk_id" if self._postgres else "rowid"
        self._matches = "terms @@ %s::tsquery" if self._postgres else "chunk_text MATCH ?"

    def size(self, at_most: int) -> int:
        """Return how many chunks the chatbot has; counting stops at `at_most`."""
        sql = (
            "SELECT COUNT(*) FROM (SELECT 1 FROM document AS d JOIN chunk AS c ON c.document_id = d.id"
            f" WHERE d.chatbot_id = {self._mark} LIMIT {self._mark}) AS found"
        )
        return int(self._rows(sql, [self._chatbot_id, at_most])[0][0])

    def postings(self, units: Sequence[Unit], at_most: int) -> dict[int, list[int]]:
        """Return the place of each unit -> ids of chunks that contain it, `at_most` of them."""
        parts, values = [], list[Any]()
        narrowed, narrowed_values = self._narrowed()
        for unit in units:
            parts.append(
                f"SELECT {unit.place} AS place, {self._id} AS chunk FROM (SELECT {self._id} FROM chunk_text"
                f" WHERE {self._matches}{narrowed} LIMIT {self._mark}) AS found"
            )
            values += [self._query([unit]), *narrowed_values, at_most]
        found: dict[int, list[int]] = {unit.place: [] for unit in units}
        for place, chunk_id in self._rows(" UNION ALL ".join(parts), values):
            found[place].append(chunk_id)
        return found

    def best(self, units: Sequence[Unit], limit: int) -> list[int]:
        """Return the ids of the chunks that the database ranks highest.

        Chunks with all the units in their title come first, then those that contain all units, then any of them.
        """
        found = dict.fromkeys(self._some(self._titled(units), limit // 2))
        found |= dict.fromkeys(self._ranked(self._query(units, every=True), limit))
        if len(found) < limit and len(units) > 1:
            found |= dict.fromkeys(self._ranked(self._query(units), limit - len(found)))
        return list(found)

    def _some(self, query: str, limit: int) -> list[int]:
        narrowed, values = self._narrowed()
        sql = f"SELECT {self._id} FROM chunk_text WHERE {self._matches}{narrowed} LIMIT {self._mark}"
        return [row[0] for row in self._rows(sql, [query, *values, limit])]

    def _ranked(self, query: str, limit: int) -> list[int]:
        narrowed, values = self._narrowed()
        worth, given = "bm25(chunk_text, 0, 2.0, 1.5, 1.0)", list[Any]()
        if self._postgres:
            worth, given = "-ts_rank('{0.1, 0.4, 0.6, 1.0}', terms, %s::tsquery, 1)", [query]
        sql = (
            f"SELECT {self._id} FROM (SELECT {self._id}, {worth} AS worth FROM chunk_text"
            f" WHERE {self._matches}{narrowed} LIMIT {self._mark}) AS found"
            f" ORDER BY worth, {self._id} LIMIT {self._mark}"
        )
        return [row[0] for row in self._rows(sql, [*given, query, *values, _AT_MOST, limit])]

    def candidates(self, chunk_ids: Sequence[int]) -> list[Candidate]:
        """Return the terms of those chunks that the chatbot may show now; of many long chunks, the first ones."""
        most = max(_LEAST_READ, _ALL_READ // len(chunk_ids))
        field = f"SUBSTR(t.{{}}, 1, {most})"
        columns = ", ".join(field.format(name) for name in ("title", "headings", "body"))
        held, values = self._held("c.document_id")
        marks = ", ".join([self._mark] * len(chunk_ids))
        sql = (
            f"SELECT c.id, c.document_id, {columns}"
            f" FROM chunk AS c JOIN chunk_text AS t ON t.{self._id} = c.id"
            " JOIN document AS d ON d.id = c.document_id"
            f" WHERE c.id IN ({marks}) AND d.chatbot_id + 0 = {self._mark} AND d.removed_at IS NULL AND {held}"
        )
        rows = self._rows(sql, [*chunk_ids, self._chatbot_id, *values])
        return [
            Candidate(chunk, document, title.split(), headings.split(), body.split())
            for chunk, document, title, headings, body in rows
        ]

    def _rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return list(database.execute_sql(sql, tuple(values)))

    def _held(self, document: str) -> tuple[str, list[int]]:
        """Return SQL for the condition that a source, one of `source_ids` if given, holds the document."""
        sql = f"EXISTS (SELECT 1 FROM membership AS m WHERE m.document_id = {document}"
        if self._source_ids is None:
            return f"{sql})", []
        marks = ", ".join([self._mark] * len(self._source_ids))
        return f"{sql} AND m.source_id IN ({marks}))", self._source_ids

    def _narrowed(self) -> tuple[str, list[int]]:
        if self._source_ids is None:
            return "", []
        held, values = self._held("c.document_id")
        sql = f" AND {self._id} IN (SELECT c.id FROM chunk AS c WHERE {held})"
        return sql, values

    def _query(self, units: Sequence[Unit], *, every: bool = False) -> str:
        """Return a query for this chatbot's chunks with all units, or any of them; always with all required ones."""
        chosen = units if every else [unit for unit in units if unit.required] or units
        both, either = (" & ", " | ") if self._postgres else (" AND ", " OR ")
        strict = every or any(unit.required for unit in units)
        condition = (both if strict else either).join(self._unit(unit) for unit in chosen)
        return self._scoped(condition, "{title headings body}")

    def _titled(self, units: Sequence[Unit]) -> str:
        """Return a query for this chatbot's chunks whose title contains the first form of every unit."""
        terms = [term for unit in units for term in unit.forms[0].terms]
        if self._postgres:
            return self._scoped(" & ".join(f"'{TITLED}{term}'" for term in terms), "")
        return self._scoped(" AND ".join(f'"{term}"' for term in terms), "title")

    def _scoped(self, condition: str, columns: str) -> str:
        scoped = scope(self._chatbot_id)
        if self._postgres:
            return f"'{scoped}' & ({condition})"
        return f"scope : {scoped} AND {columns} : ({condition})"

    def _unit(self, unit: Unit) -> str:
        write = _tsquery if self._postgres else _fts5
        return "(" + (" | " if self._postgres else " OR ").join(write(form) for form in unit.forms) + ")"


def _tsquery(phrase: Phrase) -> str:
    return " <-> ".join(f"'{term}'" for term in phrase.terms) + (":*" if phrase.prefix else "")


def _fts5(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.terms)}"' + (" *" if phrase.prefix else "")
