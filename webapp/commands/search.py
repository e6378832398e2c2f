"""`flask search`: ask a knowledge base what the chatbot would find."""

from __future__ import annotations

import click

from extract.search.find import find
from webapp.api.serializers import hit_object
from webapp.commands import rows
from webapp.commands.output import ROW_ID, command, one_line, short, show


@click.command("search")
@click.option("--chatbot", "chatbot_id", type=ROW_ID, required=True, metavar="ID")
@click.option("--limit", type=click.IntRange(1, 50), default=8, show_default=True)
@click.argument("words", nargs=-1, required=True)
@command()
def search(chatbot_id: int, limit: int, words: tuple[str, ...], as_json: bool) -> None:
    """What the knowledge base of a chatbot answers to WORDS, best first."""
    query = one_line(" ".join(words))
    if not query:
        raise click.BadParameter("Say what to search for.", param_hint="WORDS")
    hits = find(rows.chatbot(chatbot_id).id, query, limit=limit)
    lines = []
    for place, hit in enumerate(hits, 1):
        where = " › ".join([hit.title, *hit.heading_path])
        lines.append(f"{place:>2}. {one_line(where)}\n    {short(hit.text, 100)}\n    {hit.url}")
    text = "\n\n".join(lines) or "Nothing found."
    show({"query": query, "hits": [hit_object(hit) for hit in hits]}, text, as_json=as_json)
