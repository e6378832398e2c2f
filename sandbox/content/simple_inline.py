"""The simple markdown of one line, both ways: text a person types ↔ rich text items."""

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Protocol

from sandbox.content.blocks import longest_backtick_run
from sandbox.content.marks import Leaf, Marked, leaves, nest
from sandbox.state.records import Json, RichText
from sandbox.state.rich_text import equation_item, mention_item, text_items
from sandbox.state.times import read_moment

_PUNCTUATION = r"\\`*~\[\]$@!#>|<{}"
_TOKEN = re.compile(
    rf"""\\(?P<escaped>[{_PUNCTUATION}+\-.\d])
    |(?P<code>`++)
    |(?P<bold>\*\*)
    |(?P<italic>\*)(?=\\|[^*\s])
    |(?P<strikethrough>~~)
    |(?P<underline><u>)
    |<color\ (?P<color>[a-z_]++)>
    |\$(?P<math>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?!\d)
    |\[\[(?P<page>[^\[\]\n]++)\]\]
    |\[(?P<label>(?:\\.|[^\\\]\[])*+)\]\((?P<url>[^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+)\)
    |(?<![\w.])@(?P<date>\d{{4}}-\d{{2}}-\d{{2}})
    |(?<![\w.])@(?P<user>\w[\w'-]*+(?:\ [A-Z][\w'-]*+)?)
    """,
    re.VERBOSE | re.DOTALL,
)
# What follows an opening token: the marked text, as group 1, and the closing token.
REST_OF_MARK = {
    "bold": re.compile(r"((?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL),
    "italic": re.compile(
        r"((?:\\.|[^\\*\s])(?:(?:\\.|\*\*(?:\\.|[^\\*])++\*\*|[^\\*])*?(?:\\.|[^\\*\s]|(?<=\*)\*))?)\*",
        re.DOTALL,
    ),
    "strikethrough": re.compile(r"((?:\\.|[^\\])+?)~~", re.DOTALL),
    "underline": re.compile(r"(.+?)</u>", re.DOTALL),
    "color": re.compile(r"(.+?)</color>", re.DOTALL),
}
_BACKTICKS = re.compile(r"`++")
_MARKS_TEXT = re.compile(r"([\\`*~\[\]$])")
_REFERS = re.compile(r"(@(?=\w)|<(?=u>|color |/u>|/color>))")


class Names(Protocol):
    """Finds what inline text refers to by name."""

    def page_named(self, title: str) -> tuple[str, str] | None:
        """(page or database, id) of the thing with this title."""

    def user_named(self, name: str) -> Json | None:
        """The user JSON of the person with this name or first name."""


class NoNames:
    """Knows no names, so that mentions stay text."""

    def page_named(self, title: str) -> tuple[str, str] | None:
        """Find nothing."""
        return None

    def user_named(self, name: str) -> Json | None:
        """Find nobody."""
        return None


def parse_inline(text: str, names: Names, **marks: Any) -> RichText:
    """Rich text for a piece of simple markdown. What does not parse stays text."""
    items: RichText = []
    plain: list[str] = []
    ends = _Ends(text)
    at = 0
    while token := _TOKEN.search(text, at):
        plain.append(text[at : token.start()])
        if token["escaped"] is not None:
            plain.append(token["escaped"])
            at = token.end()
            continue
        found, at = _items_at(token, ends, names, marks)
        if found is None:
            plain.append(text[token.start() : at])
            continue
        items.extend(text_items("".join(plain), **marks))
        plain.clear()
        items.extend(found)
    items.extend(text_items("".join([*plain, text[at:]]), **marks))
    return items


class _Ends:
    """Finds where marks end. It looks once for an end that does not come, so that a text takes linear time."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._missing: set[str] = set()
        self._backticks: dict[int, list[int]] | None = None

    def rest(self, kind: str, start: int) -> re.Match[str] | None:
        """What follows an opening token of this kind, its end included; None if there is no end."""
        if kind in self._missing:
            return None
        found = REST_OF_MARK[kind].match(self._text, start)
        if found is None and kind != "italic":  # the search for the end of italics stops at the next asterisk
            self._missing.add(kind)
        return found

    def backticks(self, length: int, start: int) -> int | None:
        """Where the next run of so many backticks begins."""
        if self._backticks is None:
            self._backticks = {}
            for run in _BACKTICKS.finditer(self._text):
                self._backticks.setdefault(run.end() - run.start(), []).append(run.start())
        runs = self._backticks.get(length, [])
        position = bisect_left(runs, start)
        return runs[position] if position < len(runs) else None


def _items_at(
    token: re.Match[str], ends: _Ends, names: Names, marks: dict[str, Any]
) -> tuple[RichText | None, int]:
    """The items that begin with a token and where they end; None and the end of what is plain text instead."""
    kind = str(token.lastgroup)
    if kind == "code":
        return _code(token, ends, marks)
    if kind not in REST_OF_MARK:
        return _reference(token, names, marks), token.end()
    rest = None if kind in marks else ends.rest(kind, token.end())
    if rest is None:
        return None, token.start() + 1
    mark = token["color"] if kind == "color" else True
    return parse_inline(rest[1], names, **{**marks, kind: mark}), rest.end()


def _code(token: re.Match[str], ends: _Ends, marks: dict[str, Any]) -> tuple[RichText | None, int]:
    """Code ends at the next run of as many backticks; spaces beside backticks at its edges are not part of it."""
    end = ends.backticks(len(token["code"]), token.end())
    if end is None:
        return None, token.end()
    code = token.string[token.end() : end]
    padded = len(code) > 2 and code[0] == code[-1] == " " and "`" in code
    return text_items(code[1:-1] if padded else code, **marks, code=True), end + len(token["code"])


def _reference(token: re.Match[str], names: Names, marks: dict[str, Any]) -> RichText | None:
    """An equation, link, date, page or person; None for a page or person that nobody is called."""
    if token["math"] is not None:
        return [equation_item(token["math"], **marks)]
    if token["label"] is not None:
        return _link(token["label"], token["url"], names, marks)
    if token["date"] is not None:
        return [date_mention(token["date"], **marks)]
    if token["page"] is not None:
        found = names.page_named(token["page"])
        return [mention_item(found[0], {"id": found[1]}, token["page"], **marks)] if found else None
    return _user(token["user"], names, marks)


def _link(label: str, url: str, names: Names, marks: dict[str, Any]) -> RichText:
    items = parse_inline(label, names, **marks)
    for item in items:
        if item["type"] == "text":
            item["text"]["link"] = {"url": url}
            item["href"] = url
    return items


def _user(name: str, names: Names, marks: dict[str, Any]) -> RichText | None:
    whole = names.user_named(name)
    if whole is not None:
        return [mention_item("user", whole, f"@{whole['name']}", **marks)]
    first, _, rest = name.partition(" ")
    user = names.user_named(first) if rest else None
    if user is None:
        return None
    return [mention_item("user", user, f"@{user['name']}", **marks), *text_items(f" {rest}", **marks)]


def date_mention(start: str, end: str | None = None, time_zone: str | None = None, **marks: Any) -> Json:
    """A date mention from ISO dates or times. Raises ValueError if `start` is none."""
    read_moment(start)
    shown = start if end is None else f"{start} → {end}"
    return mention_item("date", {"start": start, "end": end, "time_zone": time_zone}, shown, **marks)


_MARKS = {
    "bold": ("**", "**"),
    "italic": ("*", "*"),
    "strikethrough": ("~~", "~~"),
    "underline": ("<u>", "</u>"),
}


def write_inline(items: RichText, title_of: Callable[[str], str] = lambda _: "") -> str:
    """The simple markdown that parses back to these items."""
    return "".join(_write(node, title_of) for node in nest(leaves(items, hoist_spaces=False)))


def _write(node: Leaf | Marked, title_of: Callable[[str], str]) -> str:
    if isinstance(node, Leaf):
        if node.item["type"] == "equation":
            return f"${node.item['equation']['expression']}$"
        if node.item["type"] == "mention":
            return _write_mention(node.item, title_of)
        return escape(node.text)
    if node.kind == "code":
        content = "".join(leaf.text for leaf in node.inside if isinstance(leaf, Leaf))
        fence = "`" * (longest_backtick_run(content) + 1)
        return f"{fence} {content} {fence}" if "`" in content else f"{fence}{content}{fence}"
    body = "".join(_write(child, title_of) for child in node.inside)
    if node.kind == "link":
        return f"[{body}]({node.value})"
    if node.kind == "color":
        color = node.value.removesuffix("_bg") + "_background" if node.value.endswith("_bg") else node.value
        return f"<color {color}>{body}</color>"
    opening, closing = _MARKS[node.kind]
    return f"{opening}{body}{closing}"


def _write_mention(item: Json, title_of: Callable[[str], str]) -> str:
    mention = item["mention"]
    kind = mention["type"]
    if kind in ("page", "database"):
        return f"[[{title_of(mention[kind]['id']) or item['plain_text']}]]"
    if kind == "date" and not mention["date"].get("end") and len(mention["date"]["start"]) == 10:
        return f"@{mention['date']['start']}"
    if kind == "user":
        return f"@{mention['user'].get('name') or 'someone'}"
    return escape(item["plain_text"])


def escape(text: str) -> str:
    """Text with a backslash before whatever would be read as a mark, a mention or a link."""
    return _REFERS.sub(r"\\\1", _MARKS_TEXT.sub(r"\\\1", text))
