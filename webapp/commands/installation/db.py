"""`flask db …`: bring the database up to this code, or ask whether it is."""

from __future__ import annotations

import click

from extract.store.db import check_schema, upgrade
from webapp.commands.output import command, show


@click.group("db")
def group() -> None:
    """The database: upgrade it, check it."""


@group.command("upgrade")
@command(schema=False)
def upgrade_database(as_json: bool) -> None:
    """Apply every pending migration. Safe to run twice, and from several machines at once."""
    applied = upgrade()
    lines = [f"Applied {name}." for name in applied] or ["Nothing to do: the database is up to date."]
    show({"applied": applied}, "\n".join(lines), as_json=as_json)


@group.command("check")
@command(schema=False)
def check_database(as_json: bool) -> None:
    """Exit 0 when the database matches this code, else 1 with the command that mends it."""
    check_schema()
    show({"ok": True}, "The database matches this code.", as_json=as_json)
