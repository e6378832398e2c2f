"""What the picker listed of a workspace, as a tree, to estimate how much an import reads. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Literal

from extract.rules.estimate import LISTED_AT_ONCE, Load, table_load

EntryKind = Literal["page", "data_source", "database"]


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """One listed page, database or data source; `parent_id` is the parent that Notion shows in its sidebar."""

    title: str
    parent_id: str | None
    kind: EntryKind
    database_id: str | None = None


@dataclass(frozen=True)
class WorkspaceOutline:
    """The listed entries by id.

    `pages_complete`: every page of the workspace is listed. `is_fresh`: the listing is so recent that an import needs
    no request to check its pages.
    """

    entries: Mapping[str, OutlineEntry]
    pages_complete: bool
    is_fresh: bool

    @cached_property
    def _below(self) -> Mapping[str, list[str]]:
        """Id -> its children: the tables of a database, the rows of a table, the sub-pages of a page."""
        below: dict[str, list[str]] = defaultdict(list)
        for notion_id, entry in self.entries.items():
            parent = entry.database_id if entry.kind == "data_source" else entry.parent_id
            if parent:
                below[parent].append(notion_id)
        return below

    def load(self, ticked: Iterable[str], with_subpages: Iterable[str], *, everything: bool = False) -> Load:
        """What reading these pages and databases takes, each page once. An id that is not listed counts as a page."""
        if everything:
            return self._workspace()
        seen: set[str] = set()
        trees = set(with_subpages)
        load = Load()
        # Trees first: a page inside a tree is found with the tree, even if it was ticked as well.
        for notion_id in sorted(ticked, key=lambda notion_id: notion_id not in trees):
            entry = self.entries.get(notion_id)
            if entry is not None and entry.kind == "database":
                load += self._database(notion_id, seen)
            elif notion_id in trees:
                load += self._tree(notion_id, seen)
            else:
                load += self._page(notion_id, seen)
        return load

    def _workspace(self) -> Load:
        """A workspace: everything that search lists, and every database."""
        seen: set[str] = set()
        load = Load(listings=ceil(len(self.entries) / LISTED_AT_ONCE) + 1, is_least=not self.pages_complete)
        for notion_id, entry in self.entries.items():
            if entry.kind == "database":
                load += self._database(notion_id, seen)
        for notion_id, entry in self.entries.items():
            if entry.kind == "page":
                load += self._page(notion_id, seen)
        return load

    def _page(self, notion_id: str, seen: set[str]) -> Load:
        if notion_id in seen:
            return Load()
        seen.add(notion_id)
        return Load(pages=1, unlisted=0 if self.is_fresh and notion_id in self.entries else 1)

    def _database(self, notion_id: str, seen: set[str]) -> Load:
        if notion_id in seen:
            return Load()
        seen.add(notion_id)
        tables = self._below.get(notion_id, [])
        rows = [row for table in tables for row in self._below.get(table, [])]
        new = [row for row in rows if row not in seen]
        seen.update(new)
        return table_load(len(new), tables=len(tables), is_least=not self.pages_complete)

    def _tree(self, root: str, seen: set[str]) -> Load:
        return self._page(root, seen) + self._inside(root, seen) + Load(is_least=not self.pages_complete)

    def _inside(self, root: str, seen: set[str]) -> Load:
        """Everything below a page. Not recursive, because trees in Notion may be deep."""
        load, waiting = Load(), [root]
        while waiting:
            for notion_id in self._below.get(waiting.pop(), []):
                if notion_id in seen:
                    continue
                if self.entries[notion_id].kind == "database":
                    load += self._database(notion_id, seen)
                    waiting += [
                        row for table in self._below.get(notion_id, []) for row in self._below.get(table, [])
                    ]
                else:
                    load += self._page(notion_id, seen)
                    waiting.append(notion_id)
        return load
