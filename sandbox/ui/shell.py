"""What surrounds every practice page: the sidebar, the trail of parents, the sharing panel."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from flask import redirect, url_for
from werkzeug import Response

from sandbox.state.records import Block, Database, Page
from sandbox.ui.tree import emoji_of, workspace_tree
from sandbox.ui.values import sharing_of
from sandbox.world.world import World


def sidebar(world: World, workspace_id: str | None, current: str | None = None) -> dict[str, Any]:
    """Template variables of the sidebar, opened down to the current page or database."""
    chosen = world.workspaces.get(workspace_id or "") or next(iter(world.workspaces.values()), None)
    opened = set(world.lineage(current)) if current else set()
    return {
        "workspaces": list(world.workspaces.values()),
        "workspace": chosen,
        "tree": workspace_tree(world, chosen.id, opened) if chosen else [],
        "current": current,
        "emoji_of": emoji_of,
        "title_of": lambda identifier: world.title_of(identifier) or "Untitled",
        "kind_of": world.kind_of,
        "address_of": lambda identifier: _address(identifier, world.kind_of(identifier)),
    }


def surroundings(world: World, record: Page | Database) -> dict[str, Any]:
    """Template variables for one page or database: the sidebar, its parents and its sharing."""
    parents = list(world.lineage(record.id))[1:]
    trail = [parent for parent in parents if parent in world.pages or parent in world.databases]
    return {
        **sidebar(world, record.workspace_id, record.id),
        "trail": trail[::-1],
        "sharing": sharing_of(world, record.id, record.workspace_id),
    }


def redirect_to(record: Page | Database) -> Response:
    """The answer to a form: show this page or database."""
    return redirect(_address(record.id, "page" if isinstance(record, Page) else "database"), 303)


def _address(identifier: str, kind: str | None) -> str:
    """The address of a database, or of a page where it is none."""
    if kind == "database":
        return url_for("ui.database", database_id=identifier)
    return url_for("ui.page", page_id=identifier)


def runs_of_one_type(blocks: Iterable[Block]) -> list[tuple[str, list[Block]]]:
    """Neighbouring blocks of one type together, so that list items make one list."""
    return [(kind, list(run)) for kind, run in groupby(blocks, key=lambda block: str(block["type"]))]
