"""`flask connections …`: list them, disconnect one, answer its brake."""

from __future__ import annotations

import click

from extract import actions
from webapp.api.serializers import all_connections
from webapp.commands import rows
from webapp.commands.output import ROW_ID, command, show, table
from webapp.formats import counted
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime
from webapp.sources.brake import all_questions, pages_of


@click.group("connections")
def group() -> None:
    """Connections: Notion workspaces that gave us access."""


@group.command("list")
@command()
def list_connections(as_json: bool) -> None:
    """Every connection with its state and how many sources it feeds."""
    connections = all_connections()
    lines = [
        (
            item["id"],
            item["workspace_name"],
            item["state"],
            item["sources"],
            item["organisation_id"],
            item["created_at"],
        )
        for item in connections
    ]
    head = ("id", "workspace", "state", "sources", "organisation", "created")
    text = table(head, lines, right=("id", "sources", "organisation")) if lines else "No connections yet."
    questions = [
        f"Connection {question.connection.id}: {question.sentence} {question.command}"
        for question in all_questions()
    ]
    show(connections, "\n\n".join([text, *questions]), as_json=as_json)


@group.command("disconnect")
@click.argument("connection_id", type=ROW_ID, metavar="ID")
@command()
def disconnect(connection_id: int, as_json: bool) -> None:
    """End our access at Notion and forget its tokens. What was imported stays and still answers."""
    connection = rows.connection(connection_id)
    actions.disconnect(runtime(), connection)
    record(SecurityEvent.NOTION_DISCONNECTED, connection_id=connection.id)
    after = rows.connection(connection_id)
    name = after.workspace_name or f"connection {after.id}"
    show(
        {"id": after.id, "state": after.state},
        f"{name} is disconnected. Its sources stay and answer, but will not re-sync.",
        as_json=as_json,
    )


@group.command("confirm-removal")
@click.argument("connection_id", type=ROW_ID, metavar="ID")
@command()
def confirm_removal(connection_id: int, as_json: bool) -> None:
    """Say that the pages Notion no longer shows were taken away on purpose. Each is asked for once more, then goes."""
    connection = rows.connection(connection_id)
    pages = pages_of(connection)
    actions.confirm_removal(runtime(), connection)
    record(SecurityEvent.REMOVAL_CONFIRMED, connection_id=connection.id, pages=pages)
    text = f"{counted(pages, 'page')} will be removed, unless Notion shows them again."
    show({"id": connection.id, "pages": pages}, text, as_json=as_json)
