"""Faults that a test sets: the next requests to an endpoint fail, lose the connection, or get half an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_CODES = {
    400: ("validation_error", "body failed validation."),
    401: ("unauthorized", "API token is invalid."),
    403: ("restricted_resource", "API token does not have access to this resource."),
    404: ("object_not_found", "Could not find the object. Make sure it is shared with your integration."),
    409: ("conflict_error", "Conflict occurred while saving. Please try again."),
    429: ("rate_limited", "You have been rate limited. Please try again in a few minutes."),
    500: ("internal_server_error", "Unexpected error occurred."),
    502: ("bad_gateway", "Bad Gateway"),
    503: ("service_unavailable", "Notion is unavailable, please try again later."),
    504: ("gateway_timeout", "Gateway Timeout"),
    529: ("service_overload", "Notion is overloaded, please try again later."),
}


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` matching requests."""

    endpoint: str | None
    times: int
    kind: str = "status"  # status | drop | truncate
    status: int = 503
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    additional_data: Mapping[str, str] = field(default_factory=dict)
    html: bool = False
    page_id: str | None = None

    def matches(self, endpoint: str, target: str | None) -> bool:
        """Return True if this fault applies to a request; dashes in ids do not matter."""
        return (
            self.times > 0
            and self.endpoint in (None, "*", endpoint)
            and (self.page_id is None or self.page_id.replace("-", "") == (target or "").replace("-", ""))
        )


class Faults:
    """The faults that still wait for requests, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def fail(  # noqa: PLR0913 - each argument is one part of the answer; tests name the few that they need
        self,
        endpoint: str | None = None,
        status: int = 503,
        times: int = 1,
        code: str | None = None,
        message: str | None = None,
        headers: Mapping[str, str] | None = None,
        additional_data: Mapping[str, str] | None = None,
        html: bool = False,
        page_id: object = None,
    ) -> None:
        """The next requests get an error; with `html` an HTML page such as Notion's CDN sends, without a request_id."""
        default_code, default_message = DEFAULT_CODES.get(
            status, ("internal_server_error", "Unexpected error.")
        )
        self._waiting.append(
            Fault(
                endpoint=endpoint,
                times=times,
                status=status,
                code=code or default_code,
                message=message or default_message,
                headers=dict(headers or {}),
                additional_data=dict(additional_data or {}),
                html=html,
                page_id=_identifier(page_id),
            )
        )

    def drop(self, endpoint: str | None = None, times: int = 1, page_id: object = None) -> None:
        """The connection breaks before an answer comes."""
        self._waiting.append(Fault(endpoint, times, "drop", page_id=_identifier(page_id)))

    def truncate_json(self, endpoint: str | None = None, times: int = 1, page_id: object = None) -> None:
        """The answer is cut in the middle of its JSON."""
        self._waiting.append(Fault(endpoint, times, "truncate", page_id=_identifier(page_id)))

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()

    def take(self, endpoint: str, target: str | None) -> Fault | None:
        """The oldest fault that applies to a request, if any; takes one off its `times`."""
        for fault in self._waiting:
            if fault.matches(endpoint, target):
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.remove(fault)
                return fault
        return None


def _identifier(given: object) -> str | None:
    return None if given is None else str(getattr(given, "id", given))
