"""How gunicorn serves the web process; read by `python -m webapp` from the project's root."""

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
    """Gunicorn's own lines, in the form of all others."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        logs.configure(_config.log)


# Behind a platform's router every interface is asked for; on a person's machine only the machine itself.
bind = f"{'0.0.0.0' if _config.production else '127.0.0.1'}:{_config.web.port}"
workers = _config.web_processes
# The app is built before workers fork: a database that does not match stops the start with one line.
preload_app = True
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 8
keepalive = 5
# The most that gunicorn allows: a question in the address takes up to 12 bytes a character.
limit_request_line = 8190
accesslog = None
loglevel = "warning"
logger_class = _Logger
