"""Lets requests, which Authlib's Flask client speaks, go through the product's one door to Notion.

Authlib's Flask client is built on requests; everything else here is httpx, with one configured client (time-outs,
version header, and in tests the practice Notion in the same process). Authlib's own httpx client is marked as
deprecated, and a second HTTP stack would be a second set of time-outs to get right; an adapter of a few lines is the
smaller thing.
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
    response._content = answer.content  # documented nowhere, used by every adapter: the body as read
    response.encoding = "utf-8"
    return response  # type: ignore[no-any-return]
