"""Sends the requests of Authlib's Flask client with the HTTP client that all other calls to Notion use.

Authlib's Flask client is built on requests; everything else uses httpx, with one configured client (time-outs, version
header, and in tests the sandbox in the same process). Authlib's own httpx client is deprecated, and a second HTTP stack
would need its own time-outs, so this adapter translates between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import requests
from requests.adapters import BaseAdapter

from extract.connections import http_for
from extract.notion.http import MAPPED, translated
from extract.runtime import Runtime


class NotionAdapter(BaseAdapter):
    """Sends a prepared request with our httpx client. Raises NotionError when no answer came."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: None | float | tuple[float, float] | tuple[float, None] = None,
        verify: bool | str = True,
        cert: None | bytes | str | tuple[bytes | str, bytes | str] = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer to `request`; the other arguments are ignored, since the client has its own settings."""
        headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
        try:
            with http_for(self._runtime) as http:
                answer = http.request(
                    request.method or "GET", request.url or "", content=request.body, headers=headers
                )
        except tuple(MAPPED) as error:
            raise translated(error, "POST /v1/oauth/token") from error
        return _as_response(answer, request)

    def close(self) -> None:
        """Nothing is kept open between requests."""


def _as_response(answer: httpx.Response, request: requests.PreparedRequest) -> requests.Response:
    response: Any = requests.Response()
    response.status_code = answer.status_code
    response.headers.update(answer.headers)
    response.url = request.url
    response.request = request
    response._content = answer.content  # not documented, but the way in which adapters set the body
    response.encoding = "utf-8"
    return response  # type: ignore[no-any-return]
