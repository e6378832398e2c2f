"""Killing a process of ours at any instruction: from then on its database, its Redis and its Notion are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis
from peewee import Database

from tests.simulation.broken import Broken, Killed


class Power:
    """Of the process that runs now. `fail_after` arms it; `process` is one life."""

    def __init__(self) -> None:
        self.dead = False
        self._left: dict[str, int] = {}
        self._lives = 0

    def fail_after(self, what: str, count: int) -> None:
        """The next process dies at its `count`th statement, commit or request."""
        self._left = {what: count}

    def spare(self) -> None:
        """Nobody is to die any more."""
        self._left = {}

    @contextmanager
    def process(self) -> Iterator[None]:
        """One process, from its start to its end or its death; what dies with it is rolled back."""
        self._lives += 1
        try:
            yield
        except Killed:
            pass
        finally:
            self._lives -= 1
            self.dead, self._left = False, {}

    def spend(self, what: str) -> None:
        """Called at every instruction that can be the last. Raises Killed; harmless outside a process."""
        if self.dead:
            raise Killed()
        if self._lives and what in self._left:
            self._left[what] -= 1
            if self._left[what] <= 0:
                self.dead = True
                raise Killed()

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """What other processes do while this one is stopped in the middle of something."""
        before, self._left = self._left, {}
        try:
            yield
        finally:
            self._left = before


def wire_database(opened: Database, power: Power) -> None:
    """Let statements and commits of this database be what a process dies at."""
    execute, begin, commit, rollback = opened.execute_sql, opened.begin, opened.commit, opened.rollback

    def execute_sql(sql: str, params: Any = None) -> Any:
        power.spend("statements")
        return execute(sql, params)

    def begin_(*args: Any, **kwargs: Any) -> Any:
        power.spend("statements")
        return begin(*args, **kwargs)

    def commit_() -> None:
        try:
            power.spend("commits")
        except Killed:
            rollback()
            opened._clear_commit_callbacks()
            raise
        commit()

    opened.execute_sql, opened.begin, opened.commit = execute_sql, begin_, commit_


class MortalRedis(redis.Redis):
    """A client that does nothing more once its process is dead."""

    power: Power

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self.power.spend("redis")
        return super().execute_command(*args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        self.power.spend("redis")
        return super().pipeline(transaction=transaction, shard_hint=shard_hint)


def must_not_be_in_transaction(opened: Database, doing: str) -> None:
    """A request to Notion inside a transaction would hold the database for as long as Notion likes."""
    if opened.in_transaction():
        raise Broken("a request inside a transaction", doing)


Happening = Callable[[], None]
