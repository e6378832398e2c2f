"""Ids: makes them (the same ones for the same seed), derives block ids, reads ids that clients send."""

import hashlib
import random
import re
import secrets

_HEX32 = re.compile(r"[0-9a-f]{32}")
_NO_SLUG = re.compile(r"[^A-Za-z0-9]+")
_WEB = "https://app.notion.com/p/"


def dashed(hex32: str) -> str:
    """32 hex digits as Notion prints ids."""
    return f"{hex32[:8]}-{hex32[8:12]}-{hex32[12:16]}-{hex32[16:20]}-{hex32[20:]}"


def compact(identifier: str) -> str:
    """An id as it appears in URLs."""
    return identifier.replace("-", "")


def page_url(identifier: str, title: str = "") -> str:
    """The address at which Notion shows a page or database."""
    slug = _NO_SLUG.sub("-", title).strip("-")
    return f"{_WEB}{slug}-{compact(identifier)}" if slug else f"{_WEB}{compact(identifier)}"


def read_id(text: str) -> str | None:
    """The dashed id for an id that a client sent with or without dashes; None if it is no id."""
    hex32 = text.replace("-", "").lower()
    return dashed(hex32) if _HEX32.fullmatch(hex32) else None


def derived_id(*parts: object) -> str:
    """An id that depends on its parts only, so that a body gets the same block ids whenever it is parsed."""
    key = "\x1f".join(str(part) for part in parts).encode()
    digest = hashlib.blake2b(key, digest_size=16).hexdigest()
    return dashed(digest[:12] + "8" + digest[13:16] + "9" + digest[17:])


class IdMint:
    """Makes ids and tokens; the same seed makes the same sequence."""

    def __init__(self, seed: int | str | None = None) -> None:
        self._random: random.Random = (
            random.SystemRandom() if seed is None else random.Random(f"sandbox-{seed}")
        )
        self._seeded = seed is not None

    def new(self) -> str:
        """A new id."""
        digits = f"{self._random.getrandbits(128):032x}"
        return dashed(digits[:12] + "8" + digits[13:16] + "a" + digits[17:])

    def token(self, prefix: str) -> str:
        """A new secret with this prefix."""
        body = f"{self._random.getrandbits(240):060x}" if self._seeded else secrets.token_hex(30)
        return f"{prefix}_{body}"

    def short(self) -> str:
        """Four characters in the style of Notion's property ids, some of which need URL encoding."""
        alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789~;^<>=@:?`|_"
        return "".join(self._random.choice(alphabet) for _ in range(4))
