"""The app as the `flask` command loads it: logs go to stderr, a configuration that is no good is one line."""

from __future__ import annotations

from flask import Flask

import webapp
from extract.config.load import load
from extract.errors import HilalError
from extract.process import logs
from extract.runtime import open_runtime
from webapp.commands.output import Failed


def create_app() -> Flask:
    """The app, on whatever state the database is in: each command says for itself what it needs."""
    try:
        config = load()
        logs.configure(config.log)
        return webapp.create_app(open_runtime(config, schema_must_match=False))
    except HilalError as error:
        raise Failed(error.sentence) from error
