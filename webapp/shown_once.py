"""Secrets that are shown exactly once, on the page after the form; until then they are sealed in the session."""

from __future__ import annotations

from flask import session

from extract.errors import VaultError
from webapp.page import runtime


def show_once(name: str, secret: str) -> None:
    """Keep `secret` under `name` until `shown_once` takes it."""
    session[f"once_{name}"] = runtime().vault.seal(secret)


def shown_once(name: str) -> str | None:
    """Return the secret kept under `name` and forget it; None if there is none."""
    sealed = session.pop(f"once_{name}", None)
    if sealed is None:
        return None
    try:
        return runtime().vault.open(sealed)
    except VaultError:
        return None
