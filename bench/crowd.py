"""Many connections: organisations that share one workspace of the sandbox, each with its own chatbot and budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.bed import Bed
from extract.store.db import database
from extract.store.models import (
    Chatbot,
    Connection,
    DataSource,
    Document,
    Membership,
    Organisation,
    Row,
    Source,
)
from extract.values import utc_now

_BATCH = 200


def newcomers(notion: Bed, count: int) -> list[Bed]:
    """So many connections with nothing imported. Each counts as a workspace of its own in our budget."""
    now, shown = utc_now(), _columns(Connection, notion.connection.id)
    made = []
    with database.atomic():
        for number in range(count):
            organisation = Organisation.create(name=f"Bench {number}", created_at=now)
            chatbot = Chatbot.create(organisation=organisation, name="Bench", created_at=now)
            own = {"bot_id": f"bot-{number}", "workspace_id": f"{shown['workspace_id']}-{number}"}
            connection = Connection.create(**{**shown, **own, "organisation": organisation})
            made.append(replace(notion, chatbot=chatbot, connection=connection))
    return made


def copied(notion: Bed, beds: Sequence[Bed]) -> None:
    """Let each of these hold what `notion` holds, without passages."""
    sources = list(Source.select().where(Source.connection == notion.connection.id).dicts())
    documents = list(Document.select().where(Document.connection == notion.connection.id).dicts())
    with database.atomic():
        for bed in beds:
            own = {"chatbot": bed.chatbot.id, "connection": bed.connection.id}
            ids: dict[int, int] = {}
            for row in sources:
                ids[row["id"]] = Source.create(**{**_without_id(row), **own}).id
            tables = DataSource.select().where(DataSource.source.in_(list(ids))).dicts()
            _insert(DataSource, [{**_without_id(row), "source": ids[row["source"]]} for row in tables])
            _insert(Document, [{**_without_id(row), **own} for row in documents])
            rows = Document.select(Document.id, Document.notion_id).where(
                Document.connection == bed.connection.id
            )
            twins = {row.notion_id: row.id for row in rows}
            pages = {row["id"]: row["notion_id"] for row in documents}
            held = Membership.select().where(Membership.source.in_(list(ids))).dicts()
            _insert(
                Membership,
                [
                    {**row, "source": ids[row["source"]], "document": twins[pages[row["document"]]]}
                    for row in held
                ],
            )


def _columns(table: type[Row], identifier: int) -> dict[str, Any]:
    row: dict[str, Any] = table.select().where(table.id == identifier).dicts().get()
    return _without_id(row)


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def _insert(table: type[Row], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _BATCH):
        table.insert_many(rows[start : start + _BATCH]).execute()
