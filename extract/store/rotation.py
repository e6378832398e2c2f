"""Rotates the encryption keys: seals every sealed value again with the first key, while the product runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from extract.errors import VaultError
from extract.store.db import BATCH
from extract.store.models import Connection, WebhookToken
from extract.store.vault import Vault

log = structlog.get_logger(__name__)

SEALED: tuple[tuple[type[Any], str], ...] = (
    (Connection, "access_token"),
    (Connection, "refresh_token"),
    (WebhookToken, "sealed"),
)
"""Every column that the vault seals. A new one has to be added here."""

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value that none of the configured keys opens. A person has to reconnect, or confirm a webhook token again."""

    table: str
    id: int
    column: str


@dataclass(slots=True)
class Seals:
    """How many values the first key opens, how many only an older key, and which values none of our keys opens."""

    current: int = 0
    old: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)


def seals(vault: Vault) -> Seals:
    """Count the stored values by the key that opens them."""
    found = Seals()
    for model, column, row_id, sealed in _values():
        if vault.is_current(sealed):
            found.current += 1
        elif vault.opens(sealed):
            found.old += 1
        else:
            found.unreadable.append(Unreadable(_table(model), row_id, column))
    return found


def rotate(vault: Vault) -> int:
    """Seal every value that an older key sealed with the first key. Return how many values that were.

    A value that another process replaces in the meantime is kept as that process wrote it, and examined again.
    """
    resealed = 0
    for model, column, row_id, _ in _values():
        try:
            resealed += _reseal(vault, model, column, row_id)
        except VaultError:
            log.warning("seal_not_opened", table=_table(model), id=row_id, column=column)
    return resealed


def _reseal(vault: Vault, model: type[Any], column: str, row_id: int) -> bool:
    field_ = getattr(model, column)
    for _ in range(_ATTEMPTS):
        sealed = model.select(field_).where(model.id == row_id).scalar()
        if sealed is None or vault.is_current(sealed):
            return False
        changed = model.update({field_: vault.reseal(sealed)}).where(model.id == row_id, field_ == sealed)
        if changed.execute() == 1:
            return True
    return False


def _values() -> Iterator[tuple[type[Any], str, int, str]]:
    """Yield each sealed value with its model, column and row id: a batch of rows at a time, outside a transaction."""
    for model, column in SEALED:
        field_, last = getattr(model, column), 0
        while True:
            batch = list(
                model.select(model.id, field_)
                .where(model.id > last, field_.is_null(False))
                .order_by(model.id)
                .limit(BATCH)
                .tuples()
            )
            yield from ((model, column, row_id, sealed) for row_id, sealed in batch)
            if not batch:
                break
            last = batch[-1][0]


def _table(model: type[Any]) -> str:
    return str(model._meta.table_name)
