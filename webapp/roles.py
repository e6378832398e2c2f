"""The three roles of a member, from least to most."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """owner > admin > member. A member may only read and search."""

    MEMBER = 1
    ADMIN = 2
    OWNER = 3

    @property
    def word(self) -> str:
        """The name as the database stores it and as people read it."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Role:
        """The role called `word`. Raises KeyError for anything else."""
        return cls[word.upper()]


ROLE_WORDS: tuple[str, ...] = tuple(role.word for role in sorted(Role, reverse=True))
