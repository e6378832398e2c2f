"""The simple markdown of one line, both ways: text a person types ↔ rich text items."""

import re
from collections.abc import Callable
from typing import Any, Protocol

from sandbox.content.marks import Leaf, Marked, leaves, nest
from sandbox.state.records import Json, RichText
from sandbox.state.rich_text import equation_item, mention_item, text_items
from sandbox.state.times import read_moment

PUNCTUATION = r"\\`*~\[\]$@!#>|<{}"
_TOKEN = re.compile(
    rf"""\\(?P<escaped>[{PUNCTUATION}+\-.\d])
    |(?P<fence>`+)(?P<code>(?:(?!(?P=fence)).)+)(?P=fence)
    |\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*(?!\*)
    |\*(?P<italic>(?:\\.|[^\\*\s])(?:(?:\\.|\*\*(?:\\.|[^\\*])+\*\*|[^\\*])*?(?:\\.|[^\\*\s]|(?<=\*)\*))?)\*
    |~~(?P<strike>(?:\\.|[^\\])+?)~~
    |<u>(?P<underline>.+?)</u>
    |<color\ (?P<color>[a-z_]+)>(?P<coloured>.+?)</color>
    |\$(?P<math>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?!\d)
    |\[\[(?P<page>[^\[\]\n]+)\]\]
    |\[(?P<label>(?:\\.|[^\\\]\[])*)\]\((?P<url>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)
    |(?<![\w.])@(?P<date>\d{{4}}-\d{{2}}-\d{{2}})
    |(?<![\w.])@(?P<user>\w[\w'-]*(?:\ [A-Z][\w'-]*)?)
    """,
    re.VERBOSE | re.DOTALL,
)


class Names(Protocol):
    """What inline text may refer to by name."""

    def page_named(self, title: str) -> tuple[str, str] | None:
        """(page or database, id) of the thing with this title."""

    def user_named(self, name: str) -> Json | None:
        """The user JSON of the person with this name or first name."""


class NoNames:
    """Nothing to refer to: mentions stay text."""

    def page_named(self, title: str) -> tuple[str, str] | None:
        return None

    def user_named(self, name: str) -> Json | None:
        return None


def parse_inline(text: str, names: Names, **marks: Any) -> RichText:
    """Rich text for a piece of simple markdown."""
    items: RichText = []
    plain: list[str] = []
    position = 0

    def flush() -> None:
        if plain:
            items.extend(text_items("".join(plain), **marks))
            plain.clear()

    for match in _TOKEN.finditer(text):
        plain.append(text[position : match.start()])
        position = match.end()
        if match["escaped"] is not None:
            plain.append(match["escaped"])
            continue
        found = _items_for(match, names, marks)
        if found is None:
            plain.append(match[0])
        else:
            flush()
            items.extend(found)
    plain.append(text[position:])
    plain[:] = ["".join(plain)] if any(plain) else []
    flush()
    return items


def _items_for(match: re.Match[str], names: Names, marks: dict[str, Any]) -> RichText | None:
    if match["code"] is not None:
        code = match["code"]
        padded = len(code) > 2 and code[0] == code[-1] == " " and "`" in code
        return text_items(code[1:-1] if padded else code, **marks, code=True)
    if match["math"] is not None:
        return [equation_item(match["math"], **marks)]
    if match["label"] is not None:
        return _link(match["label"], match["url"], names, marks)
    if match["page"] is not None:
        found = names.page_named(match["page"])
        return [mention_item(found[0], {"id": found[1]}, match["page"], **marks)] if found else None
    if match["date"] is not None:
        return [date_mention(match["date"], **marks)]
    if match["user"] is not None:
        return _user(match["user"], names, marks)
    for group, mark in (
        ("bold", "bold"),
        ("italic", "italic"),
        ("strike", "strikethrough"),
        ("underline", "underline"),
    ):
        if match[group] is not None:
            return parse_inline(match[group], names, **{**marks, mark: True})
    return parse_inline(match["coloured"], names, **{**marks, "color": match["color"]})


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
        fence = "`" * (max((len(run) for run in re.findall("`+", content)), default=0) + 1)
        return f"{fence} {content} {fence}" if "`" in content else f"{fence}{content}{fence}"
    body = "".join(_write(each, title_of) for each in node.inside)
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
    text = re.sub(r"([\\`*~\[\]$])", r"\\\1", text)
    return re.sub(r"(@(?=\w)|<(?=u>|color |/u>|/color>))", r"\\\1", text)
