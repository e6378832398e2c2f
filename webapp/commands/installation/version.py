"""`flask version`: the version of this code."""

from __future__ import annotations

import click

from extract import __version__
from webapp.commands.output import command, show


@click.command("version")
@command(schema=False)
def version(as_json: bool) -> None:
    """Print the version."""
    show({"version": __version__}, f"Hilal {__version__}", as_json=as_json)
