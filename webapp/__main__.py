"""python -m webapp: checks the configuration, then serves the app with gunicorn.

Gunicorn reads WEB_CONCURRENCY when it is imported, and fails with a traceback on a wrong value.
"""

from __future__ import annotations

import sys

from extract.config.load import load
from extract.errors import HilalError


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. Further arguments go to gunicorn."""
    try:
        load()
    except HilalError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    from gunicorn.app.wsgiapp import run

    sys.argv = ["gunicorn", "webapp.wsgi:app", *sys.argv[1:]]
    run(prog="gunicorn")
    return 0


if __name__ == "__main__":
    sys.exit(main())
