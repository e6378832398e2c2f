"""The verbs on databases and rows: create, add data sources, set values, rename."""

from collections.abc import Mapping
from typing import Any

from sandbox.content.simple_inline import parse_inline
from sandbox.editing.names import WorkspaceNames
from sandbox.editing.pages import add_child_block, create_page, touch
from sandbox.editing.schema import make_schema
from sandbox.editing.values import find_property, read_value
from sandbox.state.records import Database, DataSource, Json, Page
from sandbox.state.state import State


def create_database(
    state: State,
    workspace_id: str,
    title: str,
    schema: Mapping[str, Any],
    parent: Page | None = None,
    inline: bool = False,
) -> Database:
    """A database with one data source of the same title."""
    now = state.now()
    author = state.workspaces[workspace_id].owner_id
    database = Database(
        id=state.mint.new(),
        workspace_id=workspace_id,
        parent_type="workspace" if parent is None else "page",
        parent_id=workspace_id if parent is None else parent.id,
        title=parse_inline(title, WorkspaceNames(state, workspace_id)),
        created=now,
        edited=now,
        created_by=author,
        edited_by=author,
        is_inline=inline,
    )
    if parent is not None and parent.in_trash:
        database.in_trash, database.trashed_by = True, parent.trashed_by
    state.databases[database.id] = database
    state.attach(database.parent_id, database.id)
    if parent is not None:
        add_child_block(state, parent, database.id, "child_database", now)
    state.changed("database", database.id, "created")
    add_data_source(state, database, title, schema)
    return database


def add_data_source(state: State, database: Database, title: str, schema: Mapping[str, Any]) -> DataSource:
    """Another data source in a database."""
    now = state.now()
    source = DataSource(
        id=state.mint.new(),
        database_id=database.id,
        workspace_id=database.workspace_id,
        title=parse_inline(title, WorkspaceNames(state, database.workspace_id)),
        created=now,
        edited=now,
        created_by=database.created_by,
        edited_by=database.created_by,
        schema=make_schema(state.mint, schema),
        in_trash=database.in_trash,
        trashed_by=database.trashed_by,
    )
    state.data_sources[source.id] = source
    database.data_source_ids.append(source.id)
    state.attach(database.id, source.id)
    state.changed("database", database.id, "schema")
    state.changed("data_source", source.id, "created")
    return source


def rename_database(state: State, database: Database, title: str) -> None:
    """The container's new name, and its data source's where there is only one."""
    now = state.now()
    database.title = parse_inline(title, WorkspaceNames(state, database.workspace_id))
    database.edited = now
    if len(database.data_source_ids) == 1:
        source = state.data_sources[database.data_source_ids[0]]
        source.title, source.edited = database.title, now
        state.changed("data_source", source.id, "properties")
    state.changed("database", database.id, "properties")


def change_schema(state: State, source: DataSource, schema: Mapping[str, Any]) -> None:
    """Add properties, or (None) remove them."""
    for name, given in schema.items():
        if given is None:
            del source.schema[find_property(source, name).id]
            continue
        made = make_schema(state.mint, {"title": "title", name: given})
        for prop in made.values():
            if prop.type != "title":
                source.schema[prop.id] = prop
    source.edited = state.now()
    state.changed("data_source", source.id, "schema")


def rename_property(state: State, source: DataSource, name: str, new_name: str) -> None:
    """Give a property another name. Raises KeyError if there is none of this name or id."""
    find_property(source, name).name = new_name
    source.edited = state.now()
    state.changed("data_source", source.id, "schema")


def create_row(
    state: State, source: DataSource, title: str, values: Mapping[str, Any], text: str = ""
) -> Page:
    """A row: a page in a data source, with values by property name and a body in simple markdown."""
    page = create_page(state, source.workspace_id, title, text, source)
    for prop in source.schema.values():
        if prop.type == "unique_id":
            page.values[prop.id] = source.next_number
    source.next_number += 1
    if values:
        store_values(state, page, source, values)
    return page


def set_values(
    state: State, page: Page, source: DataSource, values: Mapping[str, Any], user_id: str | None = None
) -> None:
    """Edit properties. Formulas and rollups change without a new last_edited_time, as they do in Notion."""
    kinds = store_values(state, page, source, values)
    if kinds and kinds <= {"formula", "rollup"}:
        state.changed("page", page.id, "properties")
    else:
        touch(state, page, "properties", user_id)


def store_values(state: State, page: Page, source: DataSource, values: Mapping[str, Any]) -> set[str]:
    """Write values by property name without touching the page's time; the types of the properties written."""
    kinds: set[str] = set()
    options_before = sum(len(prop.config.get("options", ())) for prop in source.schema.values())
    for name, given in values.items():
        prop = find_property(source, name)
        kinds.add(prop.type)
        stored = read_value(state, source, prop, given)
        if prop.type == "title":
            page.title = stored or []
        elif stored is None:
            page.values.pop(prop.id, None)
        else:
            page.values[prop.id] = stored
    if sum(len(prop.config.get("options", ())) for prop in source.schema.values()) != options_before:
        state.changed("data_source", source.id, "schema")
    state.changed("page", page.id, "properties")
    return kinds


def set_row_values(state: State, page: Page, values: Mapping[str, Any]) -> None:
    """Edit the properties of a row. Raises TypeError for a page that is no row."""
    source = state.data_sources.get(page.parent_id)
    if source is None:
        raise TypeError("Only rows of a database have properties to set.")
    set_values(state, page, source, values)


def describe_database(state: State, database: Database, text: str, icon: Json | None) -> None:
    """Give a database a description, and an icon if there is one."""
    database.description = parse_inline(text, WorkspaceNames(state, database.workspace_id))
    database.icon = icon or database.icon
    database.edited = state.now()
    state.changed("database", database.id, "properties")
