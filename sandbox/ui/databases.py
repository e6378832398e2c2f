"""Views of databases: show, rename, add a row."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.editing import databases as database_verbs
from sandbox.state.records import DataSource
from sandbox.ui.shell import redirect_to, surroundings
from sandbox.ui.values import row_cells
from sandbox.world.world import World

_ROWS_SHOWN = 200


def database(world: World, database_id: str) -> ResponseReturnValue:
    """A database as one table for each of its data sources."""
    record = world.databases.get(database_id) or abort(404)
    tables = [_table(world, world.data_sources[identifier]) for identifier in record.data_source_ids]
    return render_template("database.html", database=record, tables=tables, **surroundings(world, record))


def _table(world: World, source: DataSource) -> dict[str, object]:
    children = list(world.children.get(source.id, {}))
    rows = [world.pages[identifier] for identifier in children[:_ROWS_SHOWN]]
    return {
        "source": source,
        "rows": [(row, row_cells(world, row)) for row in rows if not row.in_trash],
        "count": len(children),
    }


def add_row(world: World, source_id: str) -> ResponseReturnValue:
    """Make a row and open its form."""
    source = world.data_sources.get(source_id) or abort(404)
    title = request.form.get("title", "").strip() or "Untitled"
    made = database_verbs.create_row(world, source, title, {})
    return redirect(url_for("ui.edit", page_id=made.id), 303)


def rename_database(world: World, database_id: str) -> ResponseReturnValue:
    """Give a database another name."""
    record = world.databases.get(database_id) or abort(404)
    title = request.form.get("title", "").strip() or "Untitled"
    database_verbs.rename_database(world, record, title)
    return redirect_to(record)
