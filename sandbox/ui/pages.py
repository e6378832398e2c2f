"""The practice workspace's own pages: read, edit, share. Forms only, each answered with a redirect."""

from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for

from sandbox.api.origin import same_origin
from sandbox.api.viewer import page_title
from sandbox.editing import databases as tables
from sandbox.editing import pages as editing_pages
from sandbox.ui.tree import emoji_of, workspace_tree
from sandbox.ui.values import edited_values, fields_of, row_cells, sharing_of
from sandbox.world import access
from sandbox.world.ids import read_id
from sandbox.world.records import Block, Database, Page
from sandbox.world.world import World

_ROWS_SHOWN = 200


def practice_pages(world: World) -> Blueprint:
    ui = Blueprint("ui", __name__)
    ui.add_app_template_filter(_runs, "groupby_runs")

    @ui.before_request
    def guard() -> Response | None:
        if request.method == "POST" and not same_origin(request):
            return make_response("This form came from another site.", 403)
        return None

    @ui.get("/")
    def home() -> Any:
        with world.lock:
            first = next(
                (
                    page
                    for page in world.pages.values()
                    if page.parent_type == "workspace" and not page.in_trash
                ),
                None,
            )
            if first is None:
                return render_template(
                    "empty.html", workspaces=list(world.workspaces.values()), **_frame(world, None)
                )
            return redirect(url_for("ui.page", page_id=first.id), 303)

    @ui.get("/workspaces/<workspace_id>")
    def workspace(workspace_id: str) -> Any:
        with world.lock:
            if workspace_id not in world.workspaces:
                abort(404)
            inside = world.children.get(workspace_id, {})
            first = next(
                (each for each in inside if each in world.pages and not world.pages[each].in_trash), None
            )
            if first is not None:
                return redirect(url_for("ui.page", page_id=first), 303)
            return render_template("empty.html", **_frame(world, workspace_id))

    @ui.get("/p/<slug>")
    def link(slug: str) -> Any:
        """Where a link of Notion's own form leads: its last 32 characters are the id."""
        identifier = read_id(slug[-32:]) or ""
        if identifier in world.databases:
            return redirect(url_for("ui.database", database_id=identifier), 302)
        return redirect(url_for("ui.page", page_id=identifier), 302)

    @ui.get("/pages/<page_id>")
    def page(page_id: str) -> Any:
        with world.lock:
            record = _page(world, page_id)
            return render_template(
                "page.html",
                page=record,
                blocks=editing_pages.blocks_of(world, record),
                cells=row_cells(world, record),
                **_about(world, record),
            )

    @ui.get("/pages/<page_id>/edit")
    def edit(page_id: str) -> Any:
        with world.lock:
            record = _page(world, page_id)
            handle = world.page(page_id)
            return render_template(
                "edit.html",
                page=record,
                source=handle.source,
                fields=fields_of(world, record),
                **_about(world, record),
            )

    @ui.post("/pages/<page_id>/edit")
    def save(page_id: str) -> Any:
        with world.lock:
            record = _page(world, page_id)
            handle = world.page(page_id)
            title, text = (
                request.form.get("title", "").strip(),
                request.form.get("text", "").replace("\r\n", "\n"),
            )
            problem = None
            try:
                values = edited_values(world, record, request.form)
                if values:
                    handle.set(values)
            except (KeyError, ValueError) as error:
                problem = str(error.args[0]) if error.args else "One of the values cannot be read."
            if title != page_title(record):
                handle.rename(title)
            icon = request.form.get("icon", "").strip()
            if icon != ((record.icon or {}).get("emoji") or ""):
                handle.set_icon(icon or None)
            if text.strip() != handle.source.strip():
                handle.edit(text)
            if problem:
                return make_response(
                    render_template(
                        "edit.html",
                        page=record,
                        source=text,
                        fields=fields_of(world, record),
                        problem=problem,
                        **_about(world, record),
                    ),
                    400,
                )
            return redirect(url_for("ui.page", page_id=page_id), 303)

    @ui.post("/pages")
    def add() -> Any:
        with world.lock:
            workspace_id = request.form.get("workspace_id", "")
            parent = world.pages.get(request.form.get("parent_id", ""))
            if workspace_id not in world.workspaces:
                abort(404)
            title = request.form.get("title", "").strip() or "Untitled"
            made = editing_pages.create_page(world, workspace_id, title, "", parent)
            return redirect(url_for("ui.edit", page_id=made.id), 303)

    @ui.get("/databases/<database_id>")
    def database(database_id: str) -> Any:
        with world.lock:
            record = world.databases.get(database_id) or abort(404)
            sources = [world.data_sources[each] for each in record.data_source_ids]
            tables_shown = [
                {
                    "source": source,
                    "rows": [
                        (row, row_cells(world, row))
                        for each in list(world.children.get(source.id, {}))[:_ROWS_SHOWN]
                        if not (row := world.pages[each]).in_trash
                    ],
                    "count": len(world.children.get(source.id, {})),
                }
                for source in sources
            ]
            return render_template(
                "database.html", database=record, tables=tables_shown, **_about(world, record)
            )

    @ui.post("/data-sources/<source_id>/rows")
    def add_row(source_id: str) -> Any:
        with world.lock:
            source = world.data_sources.get(source_id) or abort(404)
            made = tables.create_row(world, source, request.form.get("title", "").strip() or "Untitled", {})
            return redirect(url_for("ui.edit", page_id=made.id), 303)

    @ui.post("/databases/<database_id>/rename")
    def rename_database(database_id: str) -> Any:
        with world.lock:
            record = world.databases.get(database_id) or abort(404)
            tables.rename_database(world, record, request.form.get("title", "").strip() or "Untitled")
            return redirect(url_for("ui.database", database_id=database_id), 303)

    @ui.post("/things/<thing_id>/<action>")
    def act(thing_id: str, action: str) -> Any:
        with world.lock:
            record = world.pages.get(thing_id) or world.databases.get(thing_id) or abort(404)
            if action == "trash":
                editing_pages.trash(world, record)
            elif action == "restore":
                editing_pages.restore(world, record)
            elif action in ("archive", "unarchive") and isinstance(record, Page):
                editing_pages.set_archived(world, record, action == "archive")
            elif action == "purge" and record.in_trash:
                editing_pages.purge(world, record)
                return redirect(url_for("ui.trash_bin", workspace_id=record.workspace_id), 303)
            else:
                abort(404)
            return _to(record)

    @ui.post("/things/<thing_id>/sharing/<bot_id>")
    def share(thing_id: str, bot_id: str) -> Any:
        with world.lock:
            record = world.pages.get(thing_id) or world.databases.get(thing_id) or abort(404)
            grant = world.grants.get(bot_id) or abort(404)
            change = access.share if request.form.get("share") == "yes" else access.unshare
            change(world, grant, thing_id)
            return _to(record)

    @ui.get("/workspaces/<workspace_id>/trash")
    def trash_bin(workspace_id: str) -> Any:
        with world.lock:
            if workspace_id not in world.workspaces:
                abort(404)
            everything: list[Page | Database] = [*world.pages.values(), *world.databases.values()]
            thrown = [
                (each, world.title_of(each.id))
                for each in everything
                if each.workspace_id == workspace_id and each.in_trash and each.trashed_by == each.id
            ]
            return render_template("trash.html", thrown=thrown, **_frame(world, workspace_id))

    return ui


def _runs(blocks: list[Block]) -> list[tuple[str, list[Block]]]:
    """Neighbours of one type together, so that list items make one list."""
    return [(kind, list(run)) for kind, run in groupby(blocks, key=lambda block: str(block["type"]))]


def _page(world: World, page_id: str) -> Page:
    record = world.pages.get(page_id)
    return record if record is not None else abort(404)


def _to(record: Page | Database) -> Any:
    return redirect(_address(record.id, "page" if isinstance(record, Page) else "database"), 303)


def _address(identifier: str, kind: str | None) -> str:
    if kind == "database":
        return url_for("ui.database", database_id=identifier)
    return url_for("ui.page", page_id=identifier)


def _frame(world: World, workspace_id: str | None, current: str | None = None) -> dict[str, Any]:
    """What the sidebar shows."""
    chosen = world.workspaces.get(workspace_id or "") or next(iter(world.workspaces.values()), None)
    opened = set(world.lineage(current)) if current else set()
    return {
        "workspaces": list(world.workspaces.values()),
        "workspace": chosen,
        "tree": workspace_tree(world, chosen.id, opened) if chosen else [],
        "current": current,
        "emoji_of": emoji_of,
        "title_of": lambda each: world.title_of(each) or "Untitled",
        "kind_of": world.kind_of,
        "address_of": lambda each: _address(each, world.kind_of(each)),
    }


def _about(world: World, record: Page | Database) -> dict[str, Any]:
    """The sidebar, the way here and the sharing of one page or database."""
    trail = [
        each for each in list(world.lineage(record.id))[1:] if each in world.pages or each in world.databases
    ]
    return {
        **_frame(world, record.workspace_id, record.id),
        "trail": trail[::-1],
        "sharing": sharing_of(world, record.id, record.workspace_id),
    }
