"""How gunicorn serves the web process; read by `gunicorn webapp.wsgi:app` from the project's root."""

import os

from extract.config import load

_config = load()

# Behind a platform's router every interface is asked for; on a person's machine only the machine itself.
bind = f"{'0.0.0.0' if _config.production else '127.0.0.1'}:{_config.web.port}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2" if _config.production else "1"))
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
