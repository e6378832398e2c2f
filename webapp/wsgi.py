"""The app as gunicorn serves it; refuses a database that does not match this code.

`python -m webapp` runs gunicorn, which preloads this: that lets the refusal end gunicorn with status 1, where it would
otherwise start worker after worker.
"""

from __future__ import annotations

import sys

from extract.config.load import load
from extract.errors import ConfigError, SchemaError
from extract.process import logs
from extract.runtime import open_runtime
from extract.store.db import database
from webapp import create_app

try:
    config = load()
    logs.configure(config.log)
    app = create_app(open_runtime(config))
except (ConfigError, SchemaError) as error:
    print(error.sentence, file=sys.stderr)
    sys.exit(1)
finally:
    if database.obj is not None:  # a connection must not be shared by the processes forked from here
        getattr(database.obj, "close_all", database.obj.close)()
