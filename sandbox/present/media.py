"""Hosted files: each read gets a newly signed URL that is valid for an hour, as in Notion."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import quote

from sandbox.state.records import Json
from sandbox.state.times import print_instant

HOST = "https://prod-files-secure.s3.us-west-2.amazonaws.com/"
LIFETIME = timedelta(hours=1)


def signed_url(path: str, now: datetime) -> str:
    """A pre-signed URL that differs at every call."""
    bare = path.split("?")[0].removeprefix(HOST)
    return (
        f"{HOST}{quote(bare, safe='/%')}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={now:%Y%m%dT%H%M%SZ}"
        f"&X-Amz-Expires={int(LIFETIME.total_seconds())}&X-Amz-Signature={secrets.token_hex(32)}"
    )


def signed_file(payload: Json, now: datetime) -> Json:
    """A file object (or the payload of a media block) with a fresh URL where Notion hosts the file."""
    if payload.get("type") != "file" or "file" not in payload:
        return payload
    return {
        **payload,
        "file": {
            "url": signed_url(payload["file"]["url"], now),
            "expiry_time": print_instant(now + LIFETIME),
        },
    }
