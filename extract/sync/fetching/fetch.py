"""Fetches one page from Notion: its page object if needed, its body, what fills the holes. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from extract.errors import InvalidRequest, NotFound, Transient
from extract.notion.client import NotionClient
from extract.reading import Hole, ReadingLimits, Tree, capped_properties, fill, holes
from extract.sync.fetching.related_titles import RelatedTitles
from extract.sync.task import Fetched, Task
from extract.values import Clock, Json, PageMarkdown, Stub

MOST_REFETCHES = 40
"""How many further requests one page may cost; what is left is counted as unread."""


def fetch(client: NotionClient, task: Task, *, names: RelatedTitles, clock: Clock) -> Fetched:
    """Fetch everything of one page: one request if a stub is given and Notion reports no holes. Raises NotionError.

    `client` serves this task alone, so that it counts the requests of the task, also of one that fails.
    """
    stub, asked = task.stub, False
    if stub is None:
        stub, asked = client.get_page(task.notion_id), True
        if task.unplaced and stub.parent.kind == "block_id" and stub.parent.id:
            stub = replace(stub, parent=client.place_of_block(stub.parent.id))
        client.use_lane("sync")  # the check ends here: a change that it found is an edit
    if stub.in_trash or (task.only_if is not None and not task.only_if(stub)):
        return Fetched(stub=stub, asked_page=asked, tree=None, read_at=clock())
    related_names = names.of(client, task.unnamed(stub))
    read_at = clock()
    try:
        page = client.get_markdown(task.notion_id)
    except NotFound as error:
        if not asked:
            raise
        # Notion has just returned the page object, so a 404 for the body proves nothing about the page.
        raise Transient(status=error.status, code=error.code, request_id=error.request_id) from error
    client.use_lane("sync")
    tree, unread = _filled_tree(client, page)
    return Fetched(
        stub=stub,
        asked_page=asked,
        tree=tree,
        completed=_completed(client, task, stub),
        related_names=related_names,
        unread_blocks=unread,
        read_at=read_at,
        skew=client.skew,
    )


def _filled_tree(client: NotionClient, page: PageMarkdown) -> tuple[Tree, int]:
    """Return the tree of a page, with its holes filled as far as possible, and how many were not."""
    limits = ReadingLimits()
    tree = limits.parse(page.markdown)
    found = holes(tree, page.unknown_block_ids)
    if not found:
        return tree, 0
    return _filled(client, tree, found, page_id=page.page_id, limits=limits)


def _completed(client: NotionClient, task: Task, stub: Stub) -> dict[str, Sequence[Json]]:
    """Return the complete lists of properties that Notion had capped. One that it refuses stays capped."""
    completed: dict[str, Sequence[Json]] = {}
    for property_id in capped_properties(stub.properties):
        if property_id not in task.hidden:
            with suppress(NotFound, InvalidRequest):
                completed[property_id] = client.property_items(task.notion_id, property_id)
    return completed


def _children(client: NotionClient, page_id: str) -> Sequence[Json]:
    try:
        return client.list_children(page_id)
    except (NotFound, InvalidRequest):
        return ()  # each hole is fetched by itself, then


def _filled(
    client: NotionClient, tree: Tree, found: Sequence[Hole], *, page_id: str, limits: ReadingLimits
) -> tuple[Tree, int]:
    blocks: dict[str, Json] = {}
    subtrees: dict[str, Tree] = {}
    unread = 0
    single = [hole.block_id for hole in found if hole.reason == "unsupported" and hole.block_id]
    truncated = [hole.block_id for hole in found if hole.reason == "truncated" and hole.block_id]
    if len(single) > 1:
        # Several holes are usually children of the page: one listing instead of one request each.
        listed = {str(block.get("id")): block for block in _children(client, page_id)}
        blocks.update({block_id: listed[block_id] for block_id in single if block_id in listed})
    requests_left = MOST_REFETCHES
    for block_id in single:
        if block_id in blocks:
            continue
        if requests_left == 0:
            unread += 1
            continue
        requests_left -= 1
        try:
            blocks[block_id] = client.get_block(block_id)
        except (NotFound, InvalidRequest):
            unread += 1
    queue = list(dict.fromkeys(truncated))
    asked = set(queue)
    while queue:
        block_id = queue.pop(0)
        if requests_left == 0:
            unread += 1
            continue
        requests_left -= 1
        try:
            part = client.get_markdown(block_id)
        except (NotFound, InvalidRequest):
            unread += 1
            continue
        subtrees[block_id] = limits.parse(part.markdown)
        for hole in holes(subtrees[block_id], part.unknown_block_ids):
            if hole.block_id and hole.block_id not in asked:
                asked.add(hole.block_id)
                queue.append(hole.block_id)
    return fill(tree, blocks=blocks, subtrees=subtrees), unread
