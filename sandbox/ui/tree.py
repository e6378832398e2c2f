"""The tree of pages and databases, for the consent screen and the sidebar."""

from collections.abc import Container
from dataclasses import dataclass, field

from sandbox.content.blocks import walk
from sandbox.editing.pages import blocks_of
from sandbox.state.records import Json, Page
from sandbox.state.state import State


@dataclass(slots=True)
class Branch:
    """A page or database with everything below it, except for rows of databases."""

    id: str
    kind: str  # page | database
    title: str
    icon: str
    parent_id: str | None = None
    open: bool = False
    children: list["Branch"] = field(default_factory=list)


def workspace_tree(state: State, workspace_id: str, opened: Container[str] = ()) -> list[Branch]:
    """The pages and databases of a workspace; branches with an id in `opened` are shown open."""
    return _below(state, workspace_id, None, opened)


def _below(state: State, parent_id: str, branch_id: str | None, opened: Container[str]) -> list[Branch]:
    branches = []
    for identifier in _in_order(state, parent_id):
        record = state.pages.get(identifier) or state.databases.get(identifier)
        if record is None or record.in_trash:
            continue
        kind = "page" if isinstance(record, Page) else "database"
        title = state.title_of(identifier) or "Untitled"
        branch = Branch(identifier, kind, title, emoji_of(record.icon, kind), branch_id, identifier in opened)
        branch.children = _below(state, identifier, identifier, opened) if kind == "page" else []
        branches.append(branch)
    return branches


def _in_order(state: State, parent_id: str) -> list[str]:
    """Children in the order of the parent's body; at the top, in the order they were made."""
    children = state.children.get(parent_id, {})
    page = state.pages.get(parent_id)
    if page is None or not children:
        return list(children)
    listed = [block["id"] for block in walk(blocks_of(state, page)) if block["id"] in children]
    return list(dict.fromkeys([*listed, *children]))


def emoji_of(icon: Json | None, kind: str) -> str:
    """The emoji to show for an icon, or the one of its kind."""
    if icon and icon.get("type") == "emoji":
        return str(icon["emoji"])
    return "📄" if kind == "page" else "🗂️"
