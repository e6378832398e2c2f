"""Actions on a page or database (trash, restore, archive, delete for good, share), and the trash itself."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.editing import pages as page_verbs
from sandbox.state import access
from sandbox.state.records import Database, Page
from sandbox.ui.shell import redirect_to, sidebar
from sandbox.world.world import World


def act(world: World, thing_id: str, action: str) -> ResponseReturnValue:
    """Trash, restore, archive, unarchive or purge. Only what is in the trash can be purged."""
    record = _page_or_database(world, thing_id)
    if action == "trash":
        page_verbs.trash(world, record)
    elif action == "restore":
        page_verbs.restore(world, record)
    elif action in ("archive", "unarchive") and isinstance(record, Page):
        page_verbs.set_archived(world, record, action == "archive")
    elif action == "purge" and record.in_trash:
        page_verbs.purge(world, record)
        return redirect(url_for("ui.trash_bin", workspace_id=record.workspace_id), 303)
    else:
        abort(404)
    return redirect_to(record)


def share(world: World, thing_id: str, bot_id: str) -> ResponseReturnValue:
    """Share with an installed integration, or stop sharing."""
    record = _page_or_database(world, thing_id)
    grant = world.grants.get(bot_id) or abort(404)
    change = access.share if request.form.get("share") == "yes" else access.unshare
    change(world, grant, thing_id)
    return redirect_to(record)


def trash_bin(world: World, workspace_id: str) -> ResponseReturnValue:
    """What a person moved to the trash; what went there with its parent is not listed."""
    if workspace_id not in world.workspaces:
        abort(404)
    records: list[Page | Database] = [*world.pages.values(), *world.databases.values()]
    thrown = [
        (record, world.title_of(record.id))
        for record in records
        if record.workspace_id == workspace_id and record.trashed_by == record.id
    ]
    return render_template("trash.html", thrown=thrown, **sidebar(world, workspace_id))


def _page_or_database(world: World, identifier: str) -> Page | Database:
    return world.pages.get(identifier) or world.databases.get(identifier) or abort(404)
