"""Row values as filters and sorts compare them."""

from typing import Any

from sandbox.editing.values import find_property
from sandbox.present.errors import validation_error
from sandbox.present.filters import Values
from sandbox.present.values import bare_value, related_ids
from sandbox.present.viewer import Viewer
from sandbox.state.records import DataSource, Json, Page, Property
from sandbox.state.rich_text import plain_text
from sandbox.state.times import floor_minute, read_moment


class RowValues:
    """Comparable values of the rows of one data source, for one viewer."""

    def __init__(self, viewer: Viewer, source: DataSource) -> None:
        self._viewer = viewer
        self._source = source
        self._found: dict[str, Property] = {}

    def of(self, page: Page) -> Values:
        """The comparable values of one row, by property name or id."""
        return lambda name: self.value(page, name)

    def value(self, page: Page, name: str) -> Any:
        """One comparable value; "@created_time" and "@last_edited_time" name the row's own times."""
        if name == "@last_edited_time":
            return floor_minute(page.edited)
        if name == "@created_time":
            return floor_minute(page.created)
        prop = self._found.get(name) or self.property(name)
        return self._comparable(page, prop)

    def property(self, name: str) -> Property:
        """A property by name or id. Raises ApiError if there is none."""
        try:
            prop = find_property(self._source, name)
        except KeyError:
            raise validation_error(f"Could not find property with name or id: {name}") from None
        self._found[name] = prop
        return prop

    def check(self, given: Any) -> None:
        """Raise ApiError unless each property in a filter exists and has the type of its condition."""
        if not isinstance(given, dict):
            return
        for word in ("and", "or"):
            for part in given.get(word) or ():
                self.check(part)
        if "property" in given:
            prop = self.property(str(given["property"]))
            kinds = [key for key in given if key not in ("property", "type")]
            if kinds and kinds[0] != prop.type and not (prop.type == "rollup" or kinds[0] == "title"):
                raise validation_error(
                    f"database property {prop.type} does not match filter {kinds[0]}",
                )

    def _comparable(self, page: Page, prop: Property) -> Any:
        kind = prop.type
        stored = page.values.get(prop.id)
        if kind == "title":
            return plain_text(page.title)
        if kind == "rich_text":
            return plain_text(stored or [])
        if kind in ("number", "url", "email", "phone_number", "unique_id"):
            return stored
        if kind == "checkbox":
            return bool(stored)
        if kind == "date":
            return read_moment(stored["start"]) if stored and stored.get("start") else None
        if kind == "relation":
            return related_ids(self._viewer, page, prop)
        if kind in ("created_time", "last_edited_time"):
            return floor_minute(page.created if kind == "created_time" else page.edited)
        return _plain(kind, bare_value(self._viewer, page, self._source, prop))


def _plain(kind: str, shown: Any) -> Any:
    if kind in ("select", "status"):
        return shown["name"] if shown else None
    if kind == "multi_select":
        return [option["name"] for option in shown]
    if kind == "people":
        return [person["id"] for person in shown]
    if kind in ("created_by", "last_edited_by"):
        return [shown["id"]]
    if kind in ("formula", "rollup"):
        inner = shown.get(shown["type"])
        if shown["type"] == "date":
            return read_moment(inner["start"]) if inner else None
        return inner if not isinstance(inner, dict) else None
    return shown


def sort_rows(rows: list[Page], sorts: list[Json], values: RowValues) -> list[Page]:
    """Rows sorted by the first sort, then the second, and so on; empty values last."""
    for sort in reversed(sorts):
        name = f"@{sort['timestamp']}" if "timestamp" in sort else str(sort["property"])
        descending = sort.get("direction") == "descending"
        keyed = [(values.value(row, name), row) for row in rows]
        filled = [(_sortable(value), row) for value, row in keyed if value not in (None, "", [])]
        empty = [row for value, row in keyed if value in (None, "", [])]
        filled.sort(key=lambda pair: pair[0], reverse=descending)
        rows = [row for _, row in filled] + empty
    return rows


def _sortable(value: Any) -> Any:
    if isinstance(value, str):
        return value.lower()
    return tuple(str(item).lower() for item in value) if isinstance(value, list) else value
