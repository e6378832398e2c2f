"""The three roles of a member, from least to most."""

from __future__ import annotations

from enum import IntEnum

from extract.values import ROLE_WORDS, RoleWord


class Role(IntEnum):
    """owner > admin > member. A member may only read and search."""

    MEMBER = 1
    ADMIN = 2
    OWNER = 3

    @property
    def word(self) -> RoleWord:
        """The name as the database stores it and as people read it."""
        return ROLE_WORDS[self - 1]

    @classmethod
    def of(cls, word: str) -> Role:
        """The role called `word`. Raises KeyError for anything else."""
        return cls[word.upper()]
