"""`flask version`, and the version that the change log describes."""

from __future__ import annotations

import json

from flask import Flask

from extract import __version__
from extract.config.load import ROOT
from extract.store.db import database
from tests.webapp.commands.test_chatbots_and_users import run


def test_the_version_is_printed_whatever_schema_the_database_has(app: Flask) -> None:
    database.execute_sql("DELETE FROM schema_migration")

    assert run(app, "version").stdout == f"Hilal {__version__}\n"
    assert json.loads(run(app, "version", "--json").stdout) == {"version": __version__}


def test_the_newest_release_in_the_change_log_is_this_version() -> None:
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]

    assert headings[0] == "## Unreleased"
    assert headings[1].startswith(f"## {__version__} ")
