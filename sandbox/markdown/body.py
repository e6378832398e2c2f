"""A page's body as one grant may read it: without trashed children, with placeholders for what is left out."""

from functools import partial

from sandbox.content.blocks import walk
from sandbox.editing.pages import blocks_of
from sandbox.markdown.context import DatabaseTag, RenderContext, icon_of, unknown_alt
from sandbox.present.media import signed_url
from sandbox.present.viewer import Viewer
from sandbox.state.ids import compact, page_url
from sandbox.state.records import Block, Json
from sandbox.state.rich_text import plain_text
from sandbox.world.world import World

_WITHHELD = "This content is not shared with the connection."


class Body:
    """The blocks of a page, or of one block, ready to render, and the ids of those left out."""

    def __init__(
        self, world: World, viewer: Viewer, identifier: str, include_transcript: bool = False
    ) -> None:
        self._world = world
        self._viewer = viewer
        self._left = world.markdown_record_limit
        self.unknown_ids: list[str] = []
        self.truncated = False
        state = viewer.state
        page = state.pages[state.page_of_block.get(identifier, identifier)]
        blocks = blocks_of(state, page)
        if identifier != page.id:
            blocks = [block for block in walk(blocks) if block["id"] == identifier]
        self.blocks = self._readable(blocks)
        now = state.now()
        self.context = RenderContext(
            page_url=page_url(page.id),
            title=viewer.title,
            url=self._url,
            database=self._database,
            sign=partial(signed_url, now=now),
            user_name=self._user_name,
            include_transcript=include_transcript,
            link_tags=world.v2_link_tags,
        )

    def _readable(self, blocks: list[Block]) -> list[Block]:
        readable: list[Block] = []
        for block in blocks:
            kind = block["type"]
            if kind in ("child_page", "child_database"):
                node = self._viewer.state.node(block["id"])
                if node is None or node.in_trash:
                    continue
                if not self._viewer.can_see(block["id"]):
                    readable.append(self._hole(block, kind.removeprefix("child_")))
                    continue
            if self._left <= 0:
                readable.append(self._hole(block, kind))
                continue
            self._left -= 1
            if self._world.unsupported_in_unknown_ids and unknown_alt(block) is not None:
                self.unknown_ids.append(block["id"])
            readable.append(self._with_children(block))
        return readable

    def _with_children(self, block: Block) -> Block:
        if block["type"] == "synced_block" and (origin := block["synced_block"].get("synced_from")):
            return self._copy(block, origin["block_id"])
        children = block.get("children")
        return {**block, "children": self._readable(children)} if children else block

    def _copy(self, block: Block, origin_id: str) -> Block:
        """A synced copy with the content of its original; without content if the viewer cannot see that."""
        state = self._viewer.state
        home = state.page_of_block.get(origin_id)
        if home is None or not self._viewer.can_see(home):
            self.truncated = True
            self.unknown_ids.append(block["id"])
            return {**block, "synced_block": {**block["synced_block"], "notice": _WITHHELD}, "children": []}
        url = f"{page_url(home)}#{compact(origin_id)}"
        return {
            **block,
            "synced_block": {**block["synced_block"], "origin_url": url},
            "children": self._readable(original_children(self._viewer, origin_id)),
        }

    def _hole(self, block: Block, alt: str) -> Block:
        self.truncated = True
        self.unknown_ids.append(block["id"])
        return {"id": block["id"], "type": "hole", "hole": {"alt": alt}}

    def _url(self, identifier: str) -> str:
        home = self._viewer.state.page_of_block.get(identifier)
        return f"{page_url(home)}#{compact(identifier)}" if home else page_url(identifier)

    def _database(self, identifier: str) -> DatabaseTag:
        database = self._viewer.state.databases[identifier]
        source = database.data_source_ids[0] if len(database.data_source_ids) == 1 else None
        icon = icon_of({"icon": database.icon})
        return DatabaseTag(plain_text(database.title) or "Untitled", source, database.is_inline, icon)

    def _user_name(self, user: Json) -> str | None:
        name: str | None = self._viewer.user(user["id"]).get("name")
        return name


def original_children(viewer: Viewer, origin_id: str) -> list[Block]:
    """The children of the synced block that a copy shows; none if it is gone."""
    state = viewer.state
    page = state.pages[state.page_of_block[origin_id]]
    found = next((block for block in walk(blocks_of(state, page)) if block["id"] == origin_id), None)
    return list(found.get("children") or ()) if found else []
