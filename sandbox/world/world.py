"""A world: workspaces, the grants of one integration, and the settings of its API."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.editing import databases as database_verbs
from sandbox.editing import pages as page_verbs
from sandbox.editing.names import WorkspaceNames
from sandbox.state import access
from sandbox.state.access import Access
from sandbox.state.records import Grant, User, Workspace
from sandbox.state.state import Clock, State
from sandbox.world.faults import Faults
from sandbox.world.handles import DatabaseHandle, Handle, PageHandle
from sandbox.world.limits import RateLimit
from sandbox.world.request_log import Request

CAPABILITIES = frozenset({"read_content", "read_users"})


class World(State):
    """All that a test sets up: content, grants, and how the API behaves. One lock guards the records."""

    def __init__(self, clock: Clock | None = None, seed: int | str | None = None) -> None:
        super().__init__(clock, seed)
        self.access = Access(self)
        self.client_id = self.mint.new()
        self.client_secret = self.mint.token("secret")
        self.redirect_uris: list[str] = []
        self.integration_name = "Hilal Chatbot"
        self.integration_id = self.mint.new()
        self.capabilities: set[str] = set(CAPABILITIES)
        self.requests: list[Request] = []
        self.keep_requests: int | None = None
        self.rate_limit: RateLimit | None = RateLimit()
        self.faults = Faults()
        self.latency_seconds: float = 0.0
        self.query_cap = 10_000
        self.markdown_record_limit = 20_000
        self.oauth_error_field = "error"  # or "code": Notion's pages describe both bodies
        self.v2_link_tags = False
        self.unsupported_in_unknown_ids = False

    def workspace(self, name: str, user: str = "Ada Lovelace", icon: str | None = None) -> "WorkspaceHandle":
        """A new workspace, owned by a new person."""
        with self.lock:
            owner = self._person(user)
            made = Workspace(self.mint.new(), name, owner.id, icon, [owner.id])
            self.workspaces[made.id] = made
            self.changed("workspace", made.id, "created")
            return WorkspaceHandle(self, made.id)

    def workspace_named(self, name: str) -> "WorkspaceHandle":
        """The workspace of this name. Raises StopIteration if there is none."""
        found = next(workspace for workspace in self.workspaces.values() if workspace.name == name)
        return WorkspaceHandle(self, found.id)

    def install(
        self,
        workspace: "WorkspaceHandle",
        share: Iterable[Handle] | None = None,
        user: str | None = None,
    ) -> "GrantHandle":
        """Authorise the integration without the consent screen; share=None shares all top-level content."""
        with self.lock:
            record = self.workspaces[workspace.id]
            person = WorkspaceNames(self, workspace.id).person(user) if user else None
            shares = [thing.id for thing in share] if share is not None else None
            grant = access.authorise(
                self, workspace.id, person.id if person else record.owner_id, shares, everything=share is None
            )
            return GrantHandle(self, grant.bot_id)

    def grant(self, bot_id: str) -> "GrantHandle":
        """The grant of this bot. Raises KeyError if there is none."""
        return GrantHandle(self, self.grants[bot_id].bot_id)

    def page(self, identifier: str) -> PageHandle:
        """The page with this id. Raises KeyError if there is none."""
        return PageHandle(self, self.pages[identifier].id)

    def database(self, identifier: str) -> DatabaseHandle:
        """The database with this id. Raises KeyError if there is none."""
        return DatabaseHandle(self, self.databases[identifier].id)

    def expire_token(self, grant: "GrantHandle") -> None:
        """The access token stops working; the refresh token still does."""
        with self.lock:
            self.grants[grant.bot_id].expired = True
            self.changed("grant", grant.bot_id, "access")

    def hide_from_search(self, thing: Handle) -> None:
        """Leave a page or database out of search, as Notion's index is not complete."""
        with self.lock:
            node = self.node(thing.id)
            if node is None:
                raise KeyError(thing.id)
            self.index_for(node.workspace_id).hidden.add(thing.id)

    def log(self, request: Request) -> None:
        """Add a request to the log; with `keep_requests` set, the oldest are dropped."""
        self.requests.append(request)
        if self.keep_requests is not None and len(self.requests) > 2 * self.keep_requests:
            del self.requests[: -self.keep_requests]

    def _person(self, name: str, email: str | None = None) -> User:
        made = User(self.mint.new(), name, email or f"{name.lower().replace(' ', '.')}@example.test")
        self.users[made.id] = made
        self.changed("user", made.id, "created")
        return made


class WorkspaceHandle:
    """One workspace: where pages and databases are made."""

    def __init__(self, world: World, identifier: str) -> None:
        self._world = world
        self.id = identifier

    @property
    def record(self) -> Workspace:
        """The record behind the handle."""
        return self._world.workspaces[self.id]

    @property
    def name(self) -> str:
        """The name of the workspace."""
        return self.record.name

    @property
    def owner(self) -> User:
        """The person who made the workspace."""
        return self._world.users[self.record.owner_id]

    def user(self, name: str, email: str | None = None) -> User:
        """Another member of the workspace."""
        with self._world.lock:
            made = self._world._person(name, email)
            self.record.user_ids.append(made.id)
            self._world.changed("workspace", self.id, "content")
            return made

    def page(
        self,
        title: str,
        text: str = "",
        parent: PageHandle | None = None,
        icon: str | None = None,
    ) -> PageHandle:
        """A page with a body in simple markdown."""
        with self._world.lock:
            record = page_verbs.create_page(
                self._world, self.id, title, text, parent.record if parent else None
            )
            if icon:
                record.icon = {"type": "emoji", "emoji": icon}
            return PageHandle(self._world, record.id)

    def database(
        self,
        title: str,
        schema: Mapping[str, Any] | None = None,
        parent: PageHandle | None = None,
        icon: str | None = None,
        inline: bool = False,
    ) -> DatabaseHandle:
        """A database with one data source."""
        with self._world.lock:
            record = database_verbs.create_database(
                self._world, self.id, title, schema or {}, parent.record if parent else None, inline
            )
            if icon:
                record.icon = {"type": "emoji", "emoji": icon}
            return DatabaseHandle(self._world, record.id)

    def find(self, title: str) -> Any:
        """The page or database with this title, as its handle."""
        with self._world.lock:
            found = WorkspaceNames(self._world, self.id).page_named(title)
        if found is None:
            raise KeyError(f"Nothing here is called {title!r}.")
        return (PageHandle if found[0] == "page" else DatabaseHandle)(self._world, found[1])


class GrantHandle:
    """One authorisation of the integration."""

    def __init__(self, world: World, bot_id: str) -> None:
        self._world = world
        self.bot_id = bot_id

    @property
    def record(self) -> Grant:
        """The record behind the handle."""
        return self._world.grants[self.bot_id]

    @property
    def access_token(self) -> str:
        """The current access token."""
        return self.record.access_token

    @property
    def refresh_token(self) -> str:
        """The current refresh token."""
        return self.record.refresh_token

    @property
    def workspace_id(self) -> str:
        """The workspace that the grant gives access to."""
        return self.record.workspace_id

    def can_see(self, thing: Handle) -> bool:
        """Return True if the grant can see this page or database."""
        with self._world.lock:
            return self._world.access.can_see(self.record, thing.id)

    def share(self, thing: Handle) -> "GrantHandle":
        """Share a page or database, and everything below it."""
        with self._world.lock:
            access.share(self._world, self.record, thing.id)
        return self

    def unshare(self, thing: Handle) -> "GrantHandle":
        """Stop sharing a page or database, even where its parent is shared."""
        with self._world.lock:
            access.unshare(self._world, self.record, thing.id)
        return self

    def revoke(self) -> None:
        """The person removes the integration from the workspace."""
        with self._world.lock:
            access.revoke(self._world, self.record)
