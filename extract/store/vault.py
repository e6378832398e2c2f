"""Seals and opens tokens with Fernet keys: the first key seals, all of them open."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from extract.errors import VaultError


class Vault:
    """Seals secrets before they reach the database. https://cryptography.io/en/latest/fernet/"""

    def __init__(self, keys: Sequence[str]) -> None:
        fernets = [Fernet(key) for key in keys]
        self._first, self._fernet = fernets[0], MultiFernet(fernets)

    def seal(self, secret: str) -> str:
        """Return `secret` as text that only our keys open."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the secret in `sealed`. Raises VaultError when no key opens it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise VaultError() from error

    def reseal(self, sealed: str) -> str:
        """Return the secret in `sealed`, sealed with the first key. Raises VaultError when no key opens it."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise VaultError() from error

    def is_current(self, sealed: str) -> bool:
        """Return True if the first key opens `sealed`."""
        try:
            self._first.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def opens(self, sealed: str) -> bool:
        """Return True if any of our keys opens `sealed`."""
        try:
            self._fernet.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True
