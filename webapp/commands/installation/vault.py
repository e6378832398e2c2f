"""`flask vault …`: seal everything with the first encryption key."""

from __future__ import annotations

from dataclasses import asdict

import click

from extract.store import rotation
from webapp.commands.output import Failed, command, show
from webapp.formats import counted
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime


@click.group("vault")
def group() -> None:
    """The encryption keys (ENCRYPTION_KEYS)."""


@group.command("rotate")
@command()
def rotate(as_json: bool) -> None:
    """Seal all tokens with the first key, so that the older keys may be removed. Safe while everything runs."""
    vault = runtime().vault
    resealed = rotation.rotate(vault)
    after = rotation.seals(vault)
    record(SecurityEvent.KEYS_ROTATED, resealed=resealed)
    data = {
        "resealed": resealed,
        "current": after.current,
        "old": after.old,
        "unreadable": [asdict(value) for value in after.unreadable],
        "old_keys_may_go": after.old == 0,
    }
    lines = [f"{counted(resealed, 'token')} sealed again; {after.current} in all have the first key."]
    lines += [
        f"{value.table} {value.id}: {value.column} opens with none of the keys." for value in after.unreadable
    ]
    if after.old == 0:
        lines.append("The first key opens all that can be opened: the older keys may be removed.")
    show(data, "\n".join(lines), as_json=as_json)
    if after.old:
        raise Failed(
            f"{after.old} still have an older key: a process runs with the old order of keys. "
            "Restart all of them with the new key first, then run this again."
        )
    if after.unreadable:
        raise Failed(
            f"{len(after.unreadable)} cannot be opened: put the key back that sealed them, or reconnect to Notion "
            "and confirm the webhook token again."
        )
