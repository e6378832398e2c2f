"""The app as gunicorn serves it; refuses a database that does not match this code.

`python -m webapp` runs gunicorn, which preloads this module. The refusal therefore ends gunicorn with status 1, instead
of starting one worker after the other.
"""

from __future__ import annotations

import sys

import structlog

from extract import __version__
from extract.config.load import load
from extract.errors import ConfigError, SchemaError
from extract.process import logs
from extract.runtime import open_runtime
from extract.store.db import database
from webapp import create_app

log = structlog.get_logger(__name__)

try:
    config = load()
    logs.configure(config.log)
    runtime = open_runtime(config)
    log.info("web_started", version=__version__)
    app = create_app(runtime)
except (ConfigError, SchemaError) as error:
    print(error.sentence, file=sys.stderr)
    sys.exit(1)
finally:
    if database.obj is not None:  # a connection must not be shared by the processes forked from here
        getattr(database.obj, "close_all", database.obj.close)()
