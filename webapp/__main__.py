"""python -m webapp: serves the app with gunicorn, after the configuration was found to be good.

Gunicorn reads WEB_CONCURRENCY while it is imported, and a wrong value there is a traceback.
"""

from __future__ import annotations

import sys

from extract.config.load import load
from extract.errors import HilalError


def main() -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Further arguments are gunicorn's."""
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
