"""Notion connections: their tokens, clients for the API, and which connection serves a document."""

from extract.connections.grants import (
    blocked_by_notion,
    budget_for,
    client_for,
    connect,
    forget_tokens,
    http_for,
)
from extract.connections.tokens import ConnectionTokens, mark_reconnect, reconnect_sentence

__all__ = [
    "ConnectionTokens",
    "blocked_by_notion",
    "budget_for",
    "client_for",
    "connect",
    "forget_tokens",
    "http_for",
    "mark_reconnect",
    "reconnect_sentence",
]
