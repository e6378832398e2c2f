"""GET /v1/blocks/{id} and /v1/blocks/{id}/children."""

from collections.abc import Iterator

from flask import Blueprint, request

from sandbox.api.checks import not_visible, visible_id
from sandbox.api.endpoint import endpoint
from sandbox.api.paging import list_body, slice_list
from sandbox.editing.pages import blocks_of
from sandbox.markdown.body import original_children
from sandbox.present.objects import present_block
from sandbox.present.viewer import Viewer
from sandbox.state.records import Block, Json, Page
from sandbox.state.times import print_minute

blueprint = Blueprint("blocks", __name__)


@blueprint.get("/v1/blocks/<block_id>")
@endpoint("block")
def block(viewer: Viewer, block_id: str) -> Json:
    """One block; a page or database is answered as its child_page or child_database block."""
    identifier = visible_id(viewer, "block", block_id)
    page, found, container = _locate(viewer, identifier)
    return present_block(viewer, page, found, container)


@blueprint.get("/v1/blocks/<block_id>/children")
@endpoint("block_children")
def children(viewer: Viewer, block_id: str) -> Json:
    """The direct children of a block or page, without pages and databases that are hidden or trashed."""
    identifier = visible_id(viewer, "block", block_id)
    state = viewer.state
    page, found = _children_of(viewer, identifier)
    in_sight = [
        block
        for block in found
        if block["type"] not in ("child_page", "child_database")
        or (
            (node := state.node(block["id"])) is not None
            and not node.in_trash
            and viewer.can_see(block["id"])
        )
    ]
    piece, cursor = slice_list(f"children:{identifier}", in_sight, request.args)
    container = None if identifier in state.pages else identifier
    return list_body("block", [present_block(viewer, page, block, container) for block in piece], cursor)


def _children_of(viewer: Viewer, identifier: str) -> tuple[Page, list[Block]]:
    state = viewer.state
    if identifier in state.pages:
        page = state.pages[identifier]
        return page, blocks_of(state, page)
    page, found, _ = _locate(viewer, identifier)
    if found["type"] == "synced_block" and (origin := found["synced_block"].get("synced_from")):
        home = state.page_of_block.get(origin["block_id"])
        if home is None or not viewer.can_see(home):
            raise not_visible("block", origin["block_id"])
        return page, original_children(viewer, origin["block_id"])
    return page, found.get("children") or []


def _locate(viewer: Viewer, identifier: str) -> tuple[Page, Block, str | None]:
    """The page that contains a block, the block, and the block around it. Pages and databases count as blocks."""
    state = viewer.state
    node = state.pages.get(identifier) or state.databases.get(identifier)
    home = (
        state.pages.get(node.parent_id) if node is not None else state.pages[state.page_of_block[identifier]]
    )
    if home is not None:
        for block, container in with_containers(blocks_of(state, home)):
            if block["id"] == identifier:
                return home, block, container
    assert node is not None
    kind = "child_page" if isinstance(node, Page) else "child_database"
    stand_in: Block = {
        "id": identifier,
        "type": kind,
        kind: {},
        "created_time": print_minute(node.created),
        "last_edited_time": print_minute(node.edited),
    }
    return node if isinstance(node, Page) else next(iter(state.pages.values())), stand_in, None


def with_containers(blocks: list[Block], container: str | None = None) -> Iterator[tuple[Block, str | None]]:
    """Every block of a tree with the id of the block around it."""
    for block in blocks:
        yield block, container
        yield from with_containers(block.get("children") or [], block["id"])
