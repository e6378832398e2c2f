"""Views of pages: show, edit, add."""

from collections.abc import Iterable

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.content.simple_source import write_simple
from sandbox.editing import databases as database_verbs
from sandbox.editing import pages as page_verbs
from sandbox.state.ids import read_id
from sandbox.state.records import Page
from sandbox.state.rich_text import plain_text
from sandbox.ui.shell import redirect_to, sidebar, surroundings
from sandbox.ui.values import edited_values, fields_of, row_cells
from sandbox.world.world import World


def home(world: World) -> ResponseReturnValue:
    """The first page of the first workspace that has one."""
    top = (page for page in world.pages.values() if page.parent_type == "workspace")
    first = _first_live(top)
    if first is None:
        workspaces = list(world.workspaces.values())
        return render_template("empty.html", **{**sidebar(world, None), "workspaces": workspaces})
    return redirect_to(first)


def workspace(world: World, workspace_id: str) -> ResponseReturnValue:
    """The first page of a workspace."""
    if workspace_id not in world.workspaces:
        abort(404)
    inside = world.children.get(workspace_id, {})
    first = _first_live(world.pages[child] for child in inside if child in world.pages)
    if first is None:
        return render_template("empty.html", **sidebar(world, workspace_id))
    return redirect_to(first)


def link(world: World, slug: str) -> ResponseReturnValue:
    """The target of a link in Notion's own form, whose last 32 characters are the id."""
    identifier = read_id(slug[-32:]) or ""
    if identifier in world.databases:
        return redirect(url_for("ui.database", database_id=identifier), 302)
    return redirect(url_for("ui.page", page_id=identifier), 302)


def page(world: World, page_id: str) -> ResponseReturnValue:
    """One page to read."""
    record = _page(world, page_id)
    return render_template(
        "page.html",
        page=record,
        blocks=page_verbs.blocks_of(world, record),
        cells=row_cells(world, record),
        **surroundings(world, record),
    )


def edit(world: World, page_id: str) -> ResponseReturnValue:
    """The form that edits a page: title, icon, properties, and the body in simple markdown."""
    record = _page(world, page_id)
    return _form(world, record, _source(world, record))


def save(world: World, page_id: str) -> ResponseReturnValue:
    """Save the form. A value that cannot be read brings the form back; the rest is saved."""
    record = _page(world, page_id)
    text = request.form.get("text", "").replace("\r\n", "\n")
    problem = _save_values(world, record)
    title = request.form.get("title", "").strip()
    if title != plain_text(record.title):
        page_verbs.rename(world, record, title)
    icon = request.form.get("icon", "").strip()
    if icon != ((record.icon or {}).get("emoji") or ""):
        page_verbs.set_icon(world, record, icon or None)
    if text.strip() != _source(world, record).strip():
        page_verbs.write_text(world, record, text)
    if problem is not None:
        return make_response(_form(world, record, text, problem), 400)
    return redirect_to(record)


def add(world: World) -> ResponseReturnValue:
    """Make a page, below another one or at the top, and open its form."""
    workspace_id = request.form.get("workspace_id", "")
    parent = world.pages.get(request.form.get("parent_id", ""))
    if workspace_id not in world.workspaces:
        abort(404)
    title = request.form.get("title", "").strip() or "Untitled"
    made = page_verbs.create_page(world, workspace_id, title, "", parent)
    return redirect(url_for("ui.edit", page_id=made.id), 303)


def _page(world: World, page_id: str) -> Page:
    return world.pages.get(page_id) or abort(404)


def _first_live(pages: Iterable[Page]) -> Page | None:
    return next((page for page in pages if not page.in_trash), None)


def _source(world: World, record: Page) -> str:
    return write_simple(page_verbs.blocks_of(world, record), world.title_of)


def _form(world: World, record: Page, source: str, problem: str | None = None) -> str:
    return render_template(
        "edit.html",
        page=record,
        source=source,
        fields=fields_of(world, record),
        problem=problem,
        **surroundings(world, record),
    )


def _save_values(world: World, record: Page) -> str | None:
    """Set the properties that the form changes; a sentence about the one that cannot be read."""
    try:
        values = edited_values(world, record, request.form)
        if values:
            database_verbs.set_row_values(world, record, values)
    except (KeyError, ValueError) as error:
        return str(error.args[0]) if error.args else "One of the values cannot be read."
    return None
