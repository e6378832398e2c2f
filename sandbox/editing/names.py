"""Finds what [[page titles]] and @people in a workspace's texts refer to."""

from sandbox.state.records import Json, User
from sandbox.state.rich_text import plain_text
from sandbox.state.state import State
from sandbox.state.users import present_user


class WorkspaceNames:
    """Finds pages, databases and people of one workspace by name."""

    def __init__(self, state: State, workspace_id: str) -> None:
        self._state = state
        self._workspace_id = workspace_id

    def page_named(self, title: str) -> tuple[str, str] | None:
        """(page or database, id) of what has this title, ignoring case; None if nothing has."""
        wanted = title.strip().lower()
        titles = self._state.index_for(self._workspace_id).titles
        for identifier, known in titles.items():
            if known == wanted and identifier in self._state.pages:
                return "page", identifier
        for database in self._state.databases.values():
            if database.workspace_id == self._workspace_id and plain_text(database.title).lower() == wanted:
                return "database", database.id
        return None

    def user_named(self, name: str) -> Json | None:
        """The user JSON of the person with this name; None if there is nobody."""
        user = self.person(name)
        return present_user(user) if user else None

    def person(self, name: str) -> User | None:
        """The person with this name, email, id or first name, ignoring case."""
        wanted = name.strip().lower()
        people = [
            self._state.users[user_id] for user_id in self._state.workspaces[self._workspace_id].user_ids
        ]
        for user in people:
            if wanted in (user.name.lower(), user.email.lower(), user.id):
                return user
        return next((user for user in people if user.name.lower().split(" ")[0] == wanted), None)
