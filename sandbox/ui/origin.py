"""Forms are accepted only from the server's own pages.

Browsers name the origin of every form they post; a request that names none comes from a program,
which no foreign page can steer.
"""

from urllib.parse import urlsplit

from flask import Request


def same_origin(request: Request) -> bool:
    sent = request.headers.get("Origin") or request.headers.get("Referer")
    return sent is None or (sent != "null" and urlsplit(sent).netloc == request.host)
