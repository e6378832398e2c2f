"""Security headers on every answer, and what browsers and proxies may keep of it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response, request

# No inline script or style anywhere. Icons of Notion pages are pictures from elsewhere, hence img-src.
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


def _kept(status: int, fingerprints: Mapping[str, str]) -> str:
    """How long a static file may be kept: for ever only under the fingerprint of what is in it.

    While a new version is deployed, a process of the old one may be asked for a file of the new one.
    """
    if status not in (200, 304):
        return "no-store"
    own = fingerprints.get((request.view_args or {}).get("filename", ""))
    return "public, max-age=31536000, immutable" if own and request.args.get("v") == own else "no-cache"


def init_app(app: Flask, *, production: bool) -> None:
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
            headers["Cache-Control"] = _kept(response.status_code, app.extensions["hilal_assets"])
        else:
            # A page and its fragment share an address; neither may be shown in place of the other.
            headers.setdefault("Cache-Control", "no-store")
            response.vary.add("HX-Request")
        return response
