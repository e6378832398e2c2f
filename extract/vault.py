"""Seals and opens tokens with Fernet keys: the first key seals, all of them open."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .errors import VaultError


class Vault:
    """Seals secrets before they reach the database. https://cryptography.io/en/latest/fernet/"""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: str) -> str:
        """`secret` as text that only our keys open."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret in `sealed`. Raises VaultError when no key opens it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise VaultError() from error

    def reseal(self, sealed: str) -> str:
        """`sealed` under the first key, for key rotation. Raises VaultError."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise VaultError() from error
