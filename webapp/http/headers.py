"""Security headers on every answer, and how long browsers and proxies may cache it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response, request

# No inline script or style. Icons of Notion pages come from other hosts, so `img-src` allows https.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' https: data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_YEAR = 365 * 24 * 3600


def _static_caching(status: int, fingerprints: Mapping[str, str]) -> str:
    """The Cache-Control of a static file: a year only if the address has the fingerprint of the served content.

    During a deployment a process of the old version may be asked for a file of the new one.
    """
    if status not in (200, 304):
        return "no-store"
    own = fingerprints.get((request.view_args or {}).get("filename", ""))
    return "public, max-age=31536000, immutable" if own and request.args.get("v") == own else "no-cache"


def init_app(app: Flask, *, production: bool) -> None:
    """Add the headers to every answer; HSTS only in production."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if production:
            headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}; includeSubDomains")
        if request.endpoint == "static":
            headers["Cache-Control"] = _static_caching(response.status_code, app.extensions["hilal_assets"])
        else:
            # A page and its fragment share an address; neither may be shown in place of the other.
            headers.setdefault("Cache-Control", "no-store")
            response.vary.add("HX-Request")
        return response
