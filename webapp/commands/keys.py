"""`flask keys …`: make a key of the retrieval API."""

from __future__ import annotations

import click

from webapp.api.keys import make_key
from webapp.commands import rows
from webapp.commands.output import ROW_ID, command, show
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime


@click.group("keys")
def group() -> None:
    """Keys of the retrieval API: each belongs to one chatbot."""


@group.command("create")
@click.option(
    "--chatbot", "chatbot_id", type=ROW_ID, required=True, metavar="ID", help="Whose knowledge base it opens."
)
@click.option("--name", default="", metavar="N", help="What the key is for.")
@command()
def create_key(chatbot_id: int, name: str, as_json: bool) -> None:
    """Make a key and print it, once: only a hash of it is kept."""
    row, key = make_key(rows.chatbot(chatbot_id), name, runtime().clock())
    record(SecurityEvent.KEY_MADE, key_id=row.id, chatbot_id=chatbot_id)
    show({"id": row.id, "key": key}, key, as_json=as_json)
    if not as_json:
        click.echo("Keep it now: it is not shown again.", err=True)
