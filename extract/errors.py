"""Everything that can go wrong and that a caller can act upon, as one tree.

::

    HilalError                      has a `sentence` a person can read and act on
      ConfigError                   a key is unknown, of the wrong type, or missing
      SchemaError                   the database is older (or newer) than this code
      VaultError                    a sealed token does not open with the keys we have
      Refused                       a person asked for something that cannot be done; says what to do
      LeaseLost                     another worker took this connection over; write nothing more
      NotionError                   Notion, or the way to it, said no
        Unauthorized                401: the access token is not accepted
          ReconnectNeeded           ... and refreshing did not help: only the person can mend it
        Forbidden                   403: a capability is missing, for the whole connection
        NotFound                    404: not shared, deleted, or never there; Notion does not say which
        InvalidRequest              400: our call was wrong (WrongKind: the id is of another object)
          AnswerTooLarge            what comes back is more than we read
        NeedsRoom                   what comes back is more than we read beside others; ask again, alone
        Later                       nothing is wrong with the request: ask again at `resume_at`
          BudgetSpent               our own window is used up
            ChecksSpent             ... only the share of routine checks
          RateLimited               429 or 529
        Blocked                     429 public_api_request_blocked: never retried, the operator must act
        Transient                   5xx, time-out, broken connection, truncated or non-JSON body
        OAuthRefused                the token endpoint refused a code or a refresh token

Foreign exceptions become these at one border (`notion/http.py`); bugs pass through.
"""

from __future__ import annotations

from datetime import datetime


class HilalError(Exception):
    """Root of the tree. `sentence` is what a person reads; it never carries a token or page text."""

    sentence = "Something went wrong on our side. Try again; if it keeps happening, tell the operator."

    def __init__(self, sentence: str | None = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        super().__init__(self.sentence)


class ConfigError(HilalError):
    """The configuration cannot be used; the sentence names the key and where it was read."""


class SchemaError(HilalError):
    """The database does not match this code; the sentence says which command mends it."""


class VaultError(HilalError):
    """A sealed value opens with none of the configured keys."""

    sentence = "A stored token cannot be opened with the configured encryption keys. Reconnect to Notion."


class Refused(HilalError):
    """What a person asked for cannot be done as asked."""


class LeaseLost(HilalError):
    """The lease of this drain was taken over; whatever it still holds must not be written."""

    sentence = "Another worker has taken over this connection."


class NotionError(HilalError):
    """Notion, or the way to it, answered with a failure. Ids only: never a token, never page text."""

    sentence = "Notion answered with an error. We will try again by ourselves."

    def __init__(
        self,
        sentence: str | None = None,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        endpoint: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.endpoint = endpoint

    def __str__(self) -> str:
        facts = [f"{self.endpoint}" if self.endpoint else "", f"status={self.status}", f"code={self.code}"]
        facts.append(f"request_id={self.request_id}")
        return " ".join(fact for fact in [type(self).__name__, *facts] if fact)


class Unauthorized(NotionError):
    """401: the access token is not accepted."""

    sentence = "Notion no longer accepts our access. Reconnect to Notion to go on."


class ReconnectNeeded(Unauthorized):
    """401 that a refresh could not mend, or a connection that is not alive."""


class Forbidden(NotionError):
    """403: the integration lacks a capability; concerns the whole connection."""

    sentence = (
        "Notion does not let this integration read content. "
        "Ask the operator to enable “Read content” for it in Notion's developer portal, then reconnect."
    )


class NotFound(NotionError):
    """404: not shared with us, deleted for good, or never there. The API cannot tell them apart."""

    sentence = (
        "Notion no longer shares this page with the integration, or it was deleted. "
        "Share it again in Notion, or delete this source."
    )


class InvalidRequest(NotionError):
    """400: Notion does not understand the request as we sent it."""

    sentence = "Notion refused the request. This is a fault on our side; the operator finds it in the log."


class WrongKind(InvalidRequest):
    """400: the id belongs to another kind of object (a database where a page was asked for, or the reverse)."""


class AnswerTooLarge(InvalidRequest):
    """An answer larger than `notion.largest_answer_mb`."""

    def __init__(self, largest: int, *, status: int | None = None, endpoint: str | None = None) -> None:
        """`largest` is in bytes."""
        super().__init__(
            f"What Notion holds here is larger than {largest >> 20} MB, more than can be read at once. "
            "Split the page into several pages in Notion.",
            status=status,
            code="answer_too_large",
            endpoint=endpoint,
        )


class NeedsRoom(NotionError):
    """An answer for which there is no room in memory beside those under way; it is asked for again, alone."""


class Later(NotionError):
    """The same request will work at `resume_at` (UTC); until then the connection rests."""

    sentence = "Notion asks us to slow down. The sync goes on by itself in a moment."

    def __init__(self, *, resume_at: datetime, endpoint: str | None = None, code: str | None = None) -> None:
        super().__init__(endpoint=endpoint, code=code)
        self.resume_at = resume_at


class BudgetSpent(Later):
    """Our own request window for this workspace is used up."""


class ChecksSpent(BudgetSpent):
    """Routine checks have used their share of the window; everything else goes on."""


class RateLimited(Later):
    """429 or 529, with the pause Notion asked for."""


class Blocked(NotionError):
    """429 `public_api_request_blocked`: retrying is forbidden; the operator has to talk to Notion.

    Nobody asks for the workspace before `resume_at`; then one request finds out whether the block is gone.
    """

    sentence = "Notion has blocked requests of this integration. The operator has to contact Notion."

    def __init__(
        self,
        *,
        resume_at: datetime,
        status: int | None = None,
        request_id: str | None = None,
        endpoint: str | None = None,
    ) -> None:
        super().__init__(
            status=status, code="public_api_request_blocked", request_id=request_id, endpoint=endpoint
        )
        self.resume_at = resume_at


class Transient(NotionError):
    """5xx, a time-out, a broken connection, or a body that is not the JSON it should be."""

    sentence = (
        "Notion could not be reached, or answered with a passing error. We will try again by ourselves."
    )


class OAuthRefused(NotionError):
    """The token endpoint refused a code or a refresh token (`code` is e.g. `invalid_grant`)."""

    sentence = "Notion did not accept the sign-in. Start again with Connect to Notion."
