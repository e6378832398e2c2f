"""The API's error bodies, as exceptions that any code behind an endpoint may raise."""

from sandbox.state.records import Json


class ApiError(Exception):
    """An answer other than 200."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        additional_data: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.additional_data = additional_data
        self.headers = headers or {}

    def body(self) -> Json:
        """The JSON of the answer, but for the id of the request."""
        body: Json = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        if self.additional_data is not None:
            body["additional_data"] = self.additional_data
        return body


def validation_error(message: str) -> ApiError:
    """400: a part of the request has the wrong form."""
    return ApiError(400, "validation_error", message)


def not_found(kind: str, identifier: str, integration_name: str, integration_id: str) -> ApiError:
    """404: the thing does not exist, or is not shared with the integration."""
    return ApiError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {identifier}. Make sure the relevant pages and databases are shared "
        f'with your integration "{integration_name}".',
        {"integration_id": integration_id},
    )


def rate_limited(seconds: int) -> ApiError:
    """429: the request budget is spent for so many seconds."""
    return ApiError(
        429,
        "rate_limited",
        "You have been rate limited. Please try again in a few minutes.",
        {"rate_limit_reason": "public_api_request_rate_limit", "retry_after": str(seconds)},
        {"Retry-After": str(seconds)},
    )
