"""The verbs on pages: create, write, rename, move, trash, restore, archive, purge."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.content.blocks import OWN_DOCUMENTS, Forming, walk
from sandbox.content.simple_inline import parse_inline
from sandbox.content.simple_markdown import read_simple
from sandbox.editing.names import WorkspaceNames
from sandbox.state.records import Block, Database, DataSource, Page
from sandbox.state.rich_text import text_items
from sandbox.state.state import State
from sandbox.state.times import print_minute


def create_page(
    state: State,
    workspace_id: str,
    title: str,
    text: str = "",
    parent: Page | DataSource | None = None,
    user_id: str | None = None,
) -> Page:
    """A page at the top of the workspace, below a page, or as a row of a data source."""
    now = state.now()
    author = user_id or state.workspaces[workspace_id].owner_id
    parent_type = "workspace" if parent is None else "page" if isinstance(parent, Page) else "data_source"
    page = Page(
        id=state.mint.new(),
        workspace_id=workspace_id,
        parent_type=parent_type,
        parent_id=workspace_id if parent is None else parent.id,
        title=text_items(title)
        if title.isalnum()
        else parse_inline(title, WorkspaceNames(state, workspace_id)),
        created=now,
        edited=now,
        created_by=author,
        edited_by=author,
    )
    if parent is not None and parent.in_trash:
        page.in_trash, page.trashed_by = True, parent.trashed_by
    state.pages[page.id] = page
    state.attach(page.parent_id, page.id)
    if "[[" in text or "@" in text:
        _write(state, page, read_simple(text, WorkspaceNames(state, workspace_id)), now)
    else:
        page.unread_text = text or None
    if isinstance(parent, Page):
        add_child_block(state, parent, page.id, "child_page", now)
    state.changed("page", page.id, "created")
    return page


def blocks_of(state: State, page: Page) -> list[Block]:
    """The body of a page. A body given as text is parsed at the first call."""
    if page.unread_text is not None:
        text, page.unread_text = page.unread_text, None
        blocks = read_simple(text, WorkspaceNames(state, page.workspace_id))
        _write(state, page, [*blocks, *page.blocks], page.created)
    return page.blocks


def write_text(state: State, page: Page, text: str, user_id: str | None = None) -> None:
    """Replace the body by simple markdown; blocks that it only names are kept as they are."""
    known = {block["id"]: block for block in walk(blocks_of(state, page))}
    write_blocks(state, page, read_simple(text, WorkspaceNames(state, page.workspace_id), known), user_id)


def append_text(state: State, page: Page, text: str, user_id: str | None = None) -> None:
    """Add simple markdown at the end of the body."""
    more = read_simple(text, WorkspaceNames(state, page.workspace_id))
    write_blocks(state, page, [*blocks_of(state, page), *more], user_id)


def write_blocks(
    state: State, page: Page, blocks: Iterable[Mapping[str, Any]], user_id: str | None = None
) -> None:
    """Replace the body by block JSON. Child pages and databases stay, at the end if they are not in it."""
    before = blocks_of(state, page)
    given = list(blocks)
    named = {block.get("id") for block in walk(dict(block) for block in given)}
    kept = [block for block in walk(before) if block["type"] in OWN_DOCUMENTS and block["id"] not in named]
    page.revision += 1
    _write(state, page, [*given, *kept], state.now())
    touch(state, page, "content", user_id)


def rename(state: State, page: Page, title: str, user_id: str | None = None) -> None:
    """Give a page another title."""
    page.title = parse_inline(title, WorkspaceNames(state, page.workspace_id))
    touch(state, page, "properties", user_id)


def set_icon(state: State, page: Page, emoji: str | None) -> None:
    """Give the page an emoji as its icon, or (None) none."""
    page.icon = {"type": "emoji", "emoji": emoji} if emoji else None
    touch(state, page, "properties")


def touch(state: State, page: Page, action: str, user_id: str | None = None) -> None:
    """Record an edit: set last_edited_time, and tell the listeners."""
    page.edited = state.now()
    page.edited_by = user_id or page.edited_by
    state.changed("page", page.id, action)


def set_archived(state: State, page: Page, archived: bool) -> None:
    """Archive a page, or take it out of the archive."""
    page.archived = archived
    touch(state, page, "archived")


def trash(state: State, record: Page | Database | DataSource) -> None:
    """Move to the trash with everything below; only the record itself gets a new time."""
    record.edited = state.now()
    for identifier in list(state.descendants(record.id)):
        node = state.node(identifier)
        if node is not None and not node.in_trash:
            node.in_trash, node.trashed_by = True, record.id
            state.changed(kind_name(node), node.id, "trashed")
    state.changed(kind_name(record), record.id, "trashed")


def restore(state: State, record: Page | Database | DataSource) -> None:
    """Take out of the trash, with everything that was trashed together with it."""
    root = record.trashed_by
    if root is None:
        return
    record.edited = state.now()
    for identifier in list(state.descendants(record.id)):
        node = state.node(identifier)
        if node is not None and node.trashed_by == root:
            node.in_trash, node.trashed_by = False, None
            state.changed(kind_name(node), node.id, "restored")


def move(state: State, record: Page | Database, target: Page | DataSource | None) -> None:
    """Move below another page, into a data source, or (None) to the top. Does not change last_edited_time."""
    if target is not None and record.id in state.lineage(target.id):
        raise ValueError("A page cannot be moved below itself.")
    kind = "child_page" if isinstance(record, Page) else "child_database"
    remove_child_block(state, record)
    if isinstance(record, Page) and record.parent_type == "data_source":
        state.forget_row(record.parent_id, record.id)
    state.detach(record.parent_id, record.id)
    if target is None:
        record.parent_type, record.parent_id = "workspace", record.workspace_id
    elif isinstance(target, Page):
        record.parent_type, record.parent_id = "page", target.id
        add_child_block(state, target, record.id, kind, state.now())
    else:
        record.parent_type, record.parent_id = "data_source", target.id
    record.parent_block = None
    state.attach(record.parent_id, record.id)
    state.access_version += 1
    state.changed(kind_name(record), record.id, "moved")


def purge(state: State, record: Page | Database) -> None:
    """Delete for good, with everything below."""
    remove_child_block(state, record)
    state.detach(record.parent_id, record.id)
    for identifier in list(state.descendants(record.id)):
        page = state.pages.get(identifier)
        if page is not None:
            for block in walk(page.blocks):
                state.page_of_block.pop(block["id"], None)
            if page.parent_type == "data_source":
                state.forget_row(page.parent_id, page.id)
        node = state.node(identifier)
        if node is None:
            continue
        for records in (state.pages, state.databases, state.data_sources):
            records.pop(identifier, None)
        state.children.pop(identifier, None)
        state.index_for(node.workspace_id).touch(identifier, state.now(), state.search_lag_seconds)
        state.changed(kind_name(node), identifier, "purged")
    state.access_version += 1


def kind_name(record: Page | Database | DataSource) -> str:
    """What the state calls this kind of record."""
    return (
        "page" if isinstance(record, Page) else "database" if isinstance(record, Database) else "data_source"
    )


def remove_child_block(state: State, record: Page | Database) -> None:
    """Remove the child_page or child_database block from the body of the parent."""
    parent = state.pages.get(record.parent_id)
    if parent is not None:
        _remove_block(blocks_of(state, parent), record.id)
        state.changed("page", parent.id, "content")


def _remove_block(blocks: list[Block], identifier: str) -> None:
    blocks[:] = [block for block in blocks if block["id"] != identifier]
    for block in blocks:
        _remove_block(block.get("children") or [], identifier)


def add_child_block(state: State, parent: Page, child_id: str, kind: str, now: datetime) -> None:
    """Add a child_page or child_database block to the body of the parent, which counts as an edit."""
    time = print_minute(now)
    blocks = parent.blocks if parent.unread_text is not None else blocks_of(state, parent)
    blocks.append(
        {"id": child_id, "type": kind, kind: {}, "created_time": time, "last_edited_time": time},
    )
    touch(state, parent, "content")


def _write(state: State, page: Page, blocks: list[Any], now: datetime) -> None:
    for block in walk(page.blocks):
        if block["type"] not in OWN_DOCUMENTS:
            state.page_of_block.pop(block["id"], None)
    page.blocks = Forming(page.id, page.revision, print_minute(now), page.blocks).form(blocks)
    page.unread_text = None
    register_blocks(state, page, page.blocks, None)


def register_blocks(state: State, page: Page, blocks: list[Block], container: str | None) -> None:
    """Index blocks by id, and set the `parent_block` of child pages and databases."""
    for block in blocks:
        if block["type"] in OWN_DOCUMENTS:
            child = state.pages.get(block["id"]) or state.databases.get(block["id"])
            if child is not None:
                child.parent_block = container
        else:
            state.page_of_block[block["id"]] = page.id
            register_blocks(state, page, block.get("children") or [], block["id"])
