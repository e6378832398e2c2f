"""Which grant can see what. The nearest shared or unshared ancestor decides."""

from sandbox.state.records import Grant
from sandbox.state.state import State


class Access:
    """Decides what grants can see, and caches the decisions until sharing or a parent changes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._version = -1
        self._known: dict[str, dict[str, bool]] = {}
        self._sets: dict[str, tuple[set[str], set[str]]] = {}

    def can_see(self, grant: Grant, identifier: str) -> bool:
        """Return True if this grant can see a page, database or data source."""
        if self._version != self._state.access_version:
            self._known.clear()
            self._sets.clear()
            self._version = self._state.access_version
        known = self._known.setdefault(grant.bot_id, {})
        answer = known.get(identifier)
        if answer is None:
            answer = self._decide(grant, identifier)
            known[identifier] = answer
        return answer

    def _decide(self, grant: Grant, identifier: str) -> bool:
        if grant.bot_id not in self._sets:
            self._sets[grant.bot_id] = (set(grant.shares), set(grant.denied))
        shares, denied = self._sets[grant.bot_id]
        for node in self._state.lineage(identifier):
            if node in denied:
                return False
            if node in shares:
                return True
            if node in self._state.workspaces:
                return grant.everything and node == grant.workspace_id
        return False

    def by_token(self, token: str) -> Grant | None:
        """The grant with this access token; None if it is unknown, revoked or expired."""
        for grant in self._state.grants.values():
            if grant.access_token == token:
                return grant if not grant.revoked and not grant.expired else None
        return None


def share(state: State, grant: Grant, identifier: str) -> None:
    """Give access to a page or database and, with it, to everything below."""
    if identifier in grant.denied:
        grant.denied.remove(identifier)
    if identifier not in grant.shares:
        grant.shares.append(identifier)
    _access_changed(state, grant)


def unshare(state: State, grant: Grant, identifier: str) -> None:
    """Take access away, even if a parent is shared."""
    if identifier in grant.shares:
        grant.shares.remove(identifier)
    state.access_version += 1
    if Access(state).can_see(grant, identifier):
        grant.denied.append(identifier)
    _access_changed(state, grant)


def set_shares(state: State, grant: Grant, identifiers: list[str]) -> None:
    """Replace the shared pages by those that a person ticked on the consent screen."""
    grant.everything = False
    grant.shares = list(dict.fromkeys(identifiers))
    grant.denied = [identifier for identifier in grant.denied if identifier not in grant.shares]
    _access_changed(state, grant)


def authorise(
    state: State, workspace_id: str, user_id: str, shares: list[str] | None, everything: bool = False
) -> Grant:
    """A new grant, or the person's existing one with a new pair of tokens."""
    for grant in state.grants.values():
        if (grant.workspace_id, grant.user_id) == (workspace_id, user_id):
            break
    else:
        grant = Grant(state.mint.new(), workspace_id, user_id, "", "", state.now())
        state.grants[grant.bot_id] = grant
    renew_tokens(state, grant)
    grant.revoked = False
    set_shares(state, grant, shares or [])
    if everything:
        grant.everything = True
        grant.denied = []
        _access_changed(state, grant)
    return grant


def renew_tokens(state: State, grant: Grant) -> None:
    """A new pair; the old one stops working."""
    grant.access_token = state.mint.token("ntn")
    grant.refresh_token = state.mint.token("nrt")
    grant.issued = state.now()
    grant.expired = False
    state.changed("grant", grant.bot_id, "access")


def revoke(state: State, grant: Grant) -> None:
    """End a grant: none of its tokens work any more."""
    grant.revoked = True
    _access_changed(state, grant)


def _access_changed(state: State, grant: Grant) -> None:
    state.access_version += 1
    state.changed("grant", grant.bot_id, "access")
