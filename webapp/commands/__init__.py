"""The `flask …` commands: one file per group, the same functions behind them as behind the pages."""

from __future__ import annotations

from flask import Flask

from webapp.commands import chatbots, connections, keys, search, users, webhooks
from webapp.commands.installation import db, doctor, vault, version
from webapp.commands.sources import group as sources


def register(app: Flask) -> None:
    """Add every command to `app`."""
    groups = (db.group, users.group, chatbots.group, keys.group, connections.group, sources.group)
    for group in (*groups, webhooks.group, vault.group):
        app.cli.add_command(group)
    app.cli.add_command(search.search)
    app.cli.add_command(doctor.doctor)
    app.cli.add_command(version.version)
