"""Faults on order: the next requests to an endpoint fail, break off, or answer half a JSON."""

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
    """One order: what happens to the next `times` matching requests."""

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
        return (
            self.times > 0
            and self.endpoint in (None, "*", endpoint)
            and (self.page_id is None or self.page_id.replace("-", "") == (target or "").replace("-", ""))
        )


class Faults:
    """The orders not yet carried out, oldest first."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def fail(
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
        """The next requests answer with an error; `html` makes it an edge's page without request_id."""
        default_code, default_message = DEFAULT_CODES.get(
            status, ("internal_server_error", "Unexpected error.")
        )
        self._orders.append(
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
        self._orders.append(Fault(endpoint, times, "drop", page_id=_identifier(page_id)))

    def truncate_json(self, endpoint: str | None = None, times: int = 1, page_id: object = None) -> None:
        """The answer is cut in the middle of its JSON."""
        self._orders.append(Fault(endpoint, times, "truncate", page_id=_identifier(page_id)))

    def clear(self) -> None:
        self._orders.clear()

    def take(self, endpoint: str, target: str | None) -> Fault | None:
        """The fault that this request meets, if any; it is then one closer to being over."""
        for order in self._orders:
            if order.matches(endpoint, target):
                order.times -= 1
                if order.times == 0:
                    self._orders.remove(order)
                return order
        return None


def _identifier(given: object) -> str | None:
    return None if given is None else str(getattr(given, "id", given))
