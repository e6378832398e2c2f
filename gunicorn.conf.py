"""The settings of gunicorn, which serves the web process. `python -m webapp` reads them."""

import sys

from gunicorn.config import Config
from gunicorn.glogging import Logger

from extract.config.load import load
from extract.errors import HilalError
from extract.process import logs

try:
    _config = load()
except HilalError as error:
    print(error.sentence, file=sys.stderr)
    sys.exit(1)


class _Logger(Logger):
    """Passes Gunicorn's own log lines on to our logging, so that they have the same format as all others."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        logs.configure(_config.log)


# In production a router reaches the process from outside; a development server is for its own machine only.
bind = f"{'0.0.0.0' if _config.production else '127.0.0.1'}:{_config.web.port}"
workers = _config.web_processes
# Build the app before the workers fork, so that a schema that does not match ends the start with one line.
preload_app = True
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 8
keepalive = 5
# The maximum of gunicorn: the retrieval API takes a question in the URL, with up to 12 bytes a character.
limit_request_line = 8190
accesslog = None
loglevel = "warning"
logger_class = _Logger
