"""Which links are Notion pages, which are media that expire, and which may be shown at all."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_HEX32 = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")
_DASHED = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-fA-F])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SAFE_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_MEDIA_HOSTS = (
    "prod-files-secure.s3.us-west-2.amazonaws.com",
    "s3.us-west-2.amazonaws.com",
    "s3-us-west-2.amazonaws.com",
    "file.notion.so",
    "file.notion.com",
    "img.notionusercontent.com",
    "prod-files-secure.s3.amazonaws.com",
)
_SIGNED = ("x-amz-signature=", "x-amz-credential=", "expirationtimestamp=", "x-amz-algorithm=")
_ENCODED = {ord(char): f"%{ord(char):02X}" for char in ' "<>`\\'}
_MAX_URL = 10_000


def notion_id_of(link_or_id: str) -> str | None:
    """The id in a pasted Notion link, or in a bare id: dashed and lower-case; None when there is none.

    The last run of 32 hex digits of the path counts; `?v=` (a view) and `#` (a block) do not. Hosts other
    than
    Notion's give None. https://developers.notion.com/guides/data-apis/working-with-page-content
    """
    text = link_or_id.strip().strip("<>{}")
    if len(text) > _MAX_URL:
        return None
    if _SCHEME.match(text) or text.startswith("//"):
        host = _host(text)
        if text.lower().startswith("notion:"):
            pass
        elif host is None or not is_notion_host(host):
            return None
        path = _path(text)
    elif "/" in text and not text.startswith("/"):
        first = text.split("/", 1)[0]
        if not is_notion_host(first.lower()):
            return None
        path = text.split("/", 1)[1]
    else:
        path = text
    return _last_id(path.split("?", 1)[0].split("#", 1)[0])


def block_id_of(url: str) -> str | None:
    """The block id in a link's fragment (`…/p/<page>#<block>`), dashed and lower-case."""
    return _last_id(url.split("#", 1)[1]) if "#" in url else None


def is_notion_host(host: str) -> bool:
    """Whether pages live there: app.notion.com, notion.so, www.notion.so, *.notion.site and their kin."""
    host = host.rsplit("@", 1)[-1].split(":", 1)[0].rstrip(".")
    return any(
        host == name or host.endswith("." + name) for name in ("notion.com", "notion.so", "notion.site")
    )


def is_notion_media(url: str) -> bool:
    """Whether the URL is a file that Notion hosts: signed, expiring, public while alive."""
    lowered = url[:_MAX_URL].lower()
    if lowered.startswith(("attachment:", "file://", "data:", "blob:")):
        return True
    host = _host(lowered) or ""
    if (
        host in _MEDIA_HOSTS
        or host.endswith(".notionusercontent.com")
        or "secure.notion-static.com" in lowered
    ):
        return True
    if is_notion_host(host) and ("/signed/" in lowered or "/image/" in lowered):
        return True
    query = lowered.partition("?")[2]
    return any(mark in query for mark in _SIGNED)


def file_name(url: str) -> str:
    """The last part of the URL's path, decoded: a name to show for a file without a caption."""
    name = unquote(_path(url).rstrip("/").rsplit("/", 1)[-1])
    return name if "." in name and len(name) <= 200 else ""


def target_of(href: str) -> str:
    """The URL as we keep it: braces of Notion's examples removed, relative Notion links made whole.

    Empty for anything that is not a plain web, mail or telephone link, and for media that Notion signs.
    """
    url = href.strip().strip("{}").strip()
    if url.startswith("/") and not url.startswith("//") and _last_id(url.split("?")[0].split("#")[0]):
        return "https://app.notion.com" + ("/p" if not url.startswith("/p/") else "") + url
    url = url.translate(_ENCODED)
    return url if is_safe(url) and not is_notion_media(url) else ""


def is_safe(url: str) -> bool:
    """Whether a browser may be given this link: http, https, mailto or tel, and nothing hidden in it."""
    lowered = url[:16].lower()
    if not lowered.startswith(_SAFE_SCHEMES) or len(url) > _MAX_URL:
        return False
    return (
        not any(char <= " " or char in '<>"`\\' or char == "\x7f" for char in url) and _host(url) is not None
    )


def _last_id(path: str) -> str | None:
    found = [(match.end(), match.group()) for match in _DASHED.finditer(path)]
    found += [(match.end(), match.group()) for match in _HEX32.finditer(path)]
    if not found:
        return None
    digits = max(found)[1].replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _host(url: str) -> str | None:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return None


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return url.split("?", 1)[0].split("#", 1)[0]
