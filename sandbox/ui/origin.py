"""Forms are accepted only from the server's own pages.

Browsers send the origin of every form they post. A request without one comes from a program,
not from a page of another site.
"""

from urllib.parse import urlsplit

from flask import Request


def same_origin(request: Request) -> bool:
    """Return False if a browser sent this form from a page of another site."""
    sent = request.headers.get("Origin") or request.headers.get("Referer")
    return sent is None or (sent != "null" and urlsplit(sent).netloc == request.host)
