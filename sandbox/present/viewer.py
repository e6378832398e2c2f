"""What one request can see: its grant, the API version, and texts with mentions as this grant sees them."""

from dataclasses import dataclass

from sandbox.state.access import Access
from sandbox.state.ids import page_url
from sandbox.state.records import Grant, Json, RichText
from sandbox.state.state import State
from sandbox.state.users import partial_user, present_bot, present_user


@dataclass
class Viewer:
    """State as one grant sees it."""

    state: State
    access: Access
    grant: Grant
    integration_name: str = ""
    names_users: bool = True  # the user-information capability
    legacy: bool = False  # a Notion-Version before 2026-03-11

    def can_see(self, identifier: str) -> bool:
        """Return True if the grant can see this page, database or data source."""
        return self.access.can_see(self.grant, identifier)

    def title(self, identifier: str) -> str | None:
        """The title; None if the viewer cannot see the thing or it does not exist."""
        if self.state.node(identifier) is None or not self.can_see(identifier):
            return None
        return self.state.title_of(identifier)

    def url(self, identifier: str) -> str:
        """The address of a page or database; its title is part of it only if the viewer can see it."""
        title = self.title(identifier) if identifier in self.state.pages else None
        return page_url(identifier, title or "")

    def user(self, identifier: str) -> Json:
        """A user in full, or only the id without the user-information capability."""
        user = self.state.users.get(identifier)
        if user is not None and self.names_users:
            return present_user(user)
        if identifier == self.grant.bot_id and self.names_users:
            owner = self.state.users[self.grant.user_id]
            workspace = self.state.workspaces[self.grant.workspace_id]
            return present_bot(self.grant, owner, workspace, self.integration_name)
        return partial_user(identifier)

    def rich_text(self, items: RichText) -> RichText:
        """Items with the present titles and names in mentions; a title that the viewer cannot see is Untitled."""
        if not any(item["type"] == "mention" for item in items):
            return items
        return [self._mention(item) if item["type"] == "mention" else item for item in items]

    def _mention(self, item: Json) -> Json:
        mention = item["mention"]
        kind = mention["type"]
        if kind in ("page", "database"):
            identifier = mention[kind]["id"]
            title = self.title(identifier)
            shown = title or "Untitled"
            return {**item, "plain_text": shown, "href": self.url(identifier)}
        if kind == "user":
            user = self.user(mention["user"]["id"])
            name = user.get("name")
            return {
                **item,
                "mention": {"type": "user", "user": user},
                "plain_text": f"@{name}" if name else "@Anonymous",
            }
        return item
