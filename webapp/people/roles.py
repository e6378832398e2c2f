"""The three roles of a member, from least to most."""

from __future__ import annotations

from enum import IntEnum

from extract.values import ROLE_WORDS, RoleWord


class Role(IntEnum):
    """owner > admin > member; a member reads and searches only. The database holds the lower-case name."""

    MEMBER = 1
    ADMIN = 2
    OWNER = 3

    @property
    def word(self) -> RoleWord:
        return ROLE_WORDS[self - 1]

    @classmethod
    def of(cls, word: str) -> Role:
        """The role called `word`. Raises KeyError for anything else."""
        return cls[word.upper()]
