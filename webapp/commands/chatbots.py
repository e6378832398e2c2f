"""`flask chatbots …`: list them, make one."""

from __future__ import annotations

import click

from extract.errors import Refused
from extract.store.models import Chatbot
from webapp import clean_text
from webapp.api.serializers import all_chatbots, chatbot_object
from webapp.commands import rows
from webapp.commands.output import command, show, table
from webapp.page import runtime


@click.group("chatbots")
def group() -> None:
    """Chatbots: each owns one knowledge base."""


@group.command("list")
@command()
def list_chatbots(as_json: bool) -> None:
    """Every chatbot with its organisation."""
    chatbots = all_chatbots()
    lines = [(item["id"], item["name"], item["organisation"]) for item in chatbots]
    text = table(("id", "name", "organisation"), lines, right=("id",)) if lines else "No chatbots yet."
    show(chatbots, text, as_json=as_json)


@group.command("create")
@click.option("--organisation", required=True, metavar="O", help="Name or number of the organisation.")
@click.argument("name")
@command()
def create_chatbot(organisation: str, name: str, as_json: bool) -> None:
    """Make a chatbot with an empty knowledge base."""
    owner = rows.organisation(organisation)
    if owner is None:
        raise Refused(f"There is no organisation {organisation}.")
    name = clean_text.clean_name(name, "A chatbot needs a name.")
    chatbot = Chatbot.create(organisation=owner, name=name, created_at=runtime().clock())
    show(chatbot_object(chatbot), f"Chatbot {chatbot.id} of {owner.name} is ready.", as_json=as_json)
