"""The app as the `flask` command loads it: logs go to stderr, and a wrong configuration is one line."""

from __future__ import annotations

from flask import Flask

import webapp
from extract.config.load import load
from extract.errors import HilalError
from extract.process import logs
from extract.runtime import open_runtime
from webapp.commands.output import Failed


def create_app() -> Flask:
    """The app, whatever schema the database has: each command checks what it needs."""
    try:
        config = load()
        logs.configure(config.log)
        return webapp.create_app(open_runtime(config, schema_must_match=False))
    except HilalError as error:
        raise Failed(error.sentence) from error
