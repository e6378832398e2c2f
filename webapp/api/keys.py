"""API keys: making one, and finding the valid key for the text that a request sends."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256

from extract.store.models import ApiKey, Chatbot

_PREFIX_LENGTH = 9
_LONGEST_NAME = 120
_LONGEST_KEY = 128  # ours have 46 characters; nothing longer is hashed or looked up


def make_key(chatbot: Chatbot, name: str, now: datetime) -> tuple[ApiKey, str]:
    """Create a key of `chatbot`; return it with its text. Only the hash of the text is stored."""
    secret = f"hk_{secrets.token_urlsafe(32)}"
    key = ApiKey.create(
        chatbot=chatbot,
        name=name.strip()[:_LONGEST_NAME],
        prefix=secret[:_PREFIX_LENGTH],
        key_hash=key_hash(secret),
        created_at=now,
    )
    return key, secret


def find_key(secret: str) -> ApiKey | None:
    """The valid key with this text, with its chatbot; None if there is none or it was revoked."""
    if len(secret) > _LONGEST_KEY:
        return None
    found: ApiKey | None = (
        ApiKey.select(ApiKey, Chatbot)
        .join(Chatbot)
        .where(ApiKey.key_hash == key_hash(secret), ApiKey.revoked_at.is_null())
        .get_or_none()
    )
    return found


def key_hash(secret: str) -> str:
    """The hash that is stored. An unsalted one is enough: the text is 256 random bits, not a password."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
