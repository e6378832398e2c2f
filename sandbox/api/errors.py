"""The API's error bodies."""

from typing import Any

from flask import Response, g, jsonify

from sandbox.world.records import Json


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

    def response(self) -> Response:
        body: dict[str, Any] = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        if self.additional_data is not None:
            body["additional_data"] = self.additional_data
        body["request_id"] = g.request_id
        response = jsonify(body)
        response.status_code = self.status
        response.headers.update(self.headers)
        return response


def validation_error(message: str) -> ApiError:
    return ApiError(400, "validation_error", message)


def not_found(kind: str, identifier: str, integration_name: str, integration_id: str) -> ApiError:
    return ApiError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {identifier}. Make sure the relevant pages and databases are shared "
        f'with your integration "{integration_name}".',
        {"integration_id": integration_id},
    )


def rate_limited(seconds: int) -> ApiError:
    return ApiError(
        429,
        "rate_limited",
        "You have been rate limited. Please try again in a few minutes.",
        {"rate_limit_reason": "public_api_request_rate_limit", "retry_after": str(seconds)},
        {"Retry-After": str(seconds)},
    )
