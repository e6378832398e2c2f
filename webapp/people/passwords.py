"""Passwords: hashing, checking as slowly for unknown people as for known ones, and which are accepted."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 8  # https://pages.nist.gov/800-63-4/sp800-63b.html; logins are rate limited besides
MAXIMUM_LENGTH = 1000

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 iterations, 1 lane.
# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return _hasher.hash(password)


def matches(password: str, password_hash: str | None) -> bool:
    """Return True if the password is right. For an unknown person (None) it takes as long and returns False.

    A password longer than `MAXIMUM_LENGTH` is wrong and is not hashed.
    """
    if len(password) > MAXIMUM_LENGTH:
        return False
    try:
        _hasher.verify(password_hash if password_hash is not None else _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Return True if the hash was made with other parameters than the present ones."""
    return _hasher.check_needs_rehash(password_hash)


def problem_with(password: str) -> str | None:
    """A sentence on why this password is not accepted; None if it is."""
    if len(password) < MINIMUM_LENGTH:
        return f"Choose a password of at least {MINIMUM_LENGTH} characters. A short sentence works well."
    if len(password) > MAXIMUM_LENGTH:
        return f"Choose a password of at most {MAXIMUM_LENGTH} characters."
    return None


@cache
def _nobody() -> str:
    return _hasher.hash("the password of nobody")
