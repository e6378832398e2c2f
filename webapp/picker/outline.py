"""What the picker listed of a workspace, as a tree: how much there is to read in what somebody ticks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Literal

from extract.rules.estimate import LISTED_AT_ONCE, Load, table_load

Kind = Literal["page", "data_source", "database"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed thing: its title, where it sits as a person sees it, and the container of a data source."""

    title: str
    parent_id: str | None
    kind: Kind
    database_id: str | None = None


@dataclass(frozen=True)
class Outline:
    """What is known. `pages_complete`: every page was listed; `is_fresh`: so lately that none need be asked first."""

    entries: Mapping[str, Entry]
    pages_complete: bool
    is_fresh: bool

    @cached_property
    def _below(self) -> Mapping[str, list[str]]:
        """Id -> what sits right below it: the tables of a database, the rows of a table, the sub-pages of a page."""
        below: dict[str, list[str]] = defaultdict(list)
        for identifier, entry in self.entries.items():
            above = entry.database_id if entry.kind == "data_source" else entry.parent_id
            if above:
                below[above].append(identifier)
        return below

    def load(self, ticked: Iterable[str], with_subpages: Iterable[str], *, everything: bool = False) -> Load:
        """What reading these pages and databases takes, each page once. What was never listed counts as a page."""
        if everything:
            return self._whole()
        seen: set[str] = set()
        trees = set(with_subpages)
        load = Load()
        # Trees first: what is inside them is found from them, also where it was ticked by itself.
        for identifier in sorted(ticked, key=lambda each: each not in trees):
            entry = self.entries.get(identifier)
            if entry is not None and entry.kind == "database":
                load += self._database(identifier, seen)
            elif identifier in trees:
                load += self._tree(identifier, seen)
            else:
                load += self._page(identifier, seen)
        return load

    def _whole(self) -> Load:
        """A workspace: one walk through everything that search shows, and every database."""
        seen: set[str] = set()
        load = Load(listings=ceil(len(self.entries) / LISTED_AT_ONCE) + 1, is_least=not self.pages_complete)
        for identifier, entry in self.entries.items():
            if entry.kind == "database":
                load += self._database(identifier, seen)
        for identifier, entry in self.entries.items():
            if entry.kind == "page":
                load += self._page(identifier, seen)
        return load

    def _page(self, identifier: str, seen: set[str]) -> Load:
        if identifier in seen:
            return Load()
        seen.add(identifier)
        return Load(pages=1, unlisted=0 if self.is_fresh and identifier in self.entries else 1)

    def _database(self, identifier: str, seen: set[str]) -> Load:
        if identifier in seen:
            return Load()
        seen.add(identifier)
        tables = self._below.get(identifier, [])
        rows = [row for table in tables for row in self._below.get(table, [])]
        new = [row for row in rows if row not in seen]
        seen.update(new)
        return table_load(len(new), tables=len(tables), is_least=not self.pages_complete)

    def _tree(self, root: str, seen: set[str]) -> Load:
        return self._page(root, seen) + self._inside(root, seen) + Load(is_least=not self.pages_complete)

    def _inside(self, root: str, seen: set[str]) -> Load:
        """Everything below a page. Not recursive: trees of Notion's may be deep."""
        load, waiting = Load(), [root]
        while waiting:
            for identifier in self._below.get(waiting.pop(), []):
                if identifier in seen:
                    continue
                if self.entries[identifier].kind == "database":
                    load += self._database(identifier, seen)
                    waiting += [
                        row for table in self._below.get(identifier, []) for row in self._below.get(table, [])
                    ]
                else:
                    load += self._page(identifier, seen)
                    waiting.append(identifier)
        return load
