"""Secrets that a page shows exactly once, on the page after the form: sealed in the session until then."""

from __future__ import annotations

from flask import session

from extract.errors import VaultError
from webapp.page import runtime


def show_once(name: str, secret: str) -> None:
    """Keep `secret` for the next page that asks for it."""
    session[f"once_{name}"] = runtime().vault.seal(secret)


def shown_once(name: str) -> str | None:
    """The secret kept under `name`; gone afterwards."""
    sealed = session.pop(f"once_{name}", None)
    if sealed is None:
        return None
    try:
        return runtime().vault.open(sealed)
    except VaultError:
        return None
