"""Canonical text shown in a browser: markdown-it without raw HTML, every link checked."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping, Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from extract.reading.clean import clean
from extract.reading.links import is_safe
from extract.values import Passage

_REL = "noopener noreferrer nofollow"
_MATH = re.compile(r"\$((?:[^$\\\n]|\\[^\n])++)\$")
# Labels of ours hold no bare brackets; markdown-it's own rule recurses into "[[[[…"
_LABEL = re.compile(r"\[((?:\\.|[^\[\]\\])++)\](?=\()", re.DOTALL)
_TASK = re.compile(r"\[([ xX])\](?:\s++|$)")
_BREAK = re.compile(r"<br\s?/?>")
# Lists may nest MAX_DEPTH deep and cost two levels each; what markdown-it finds deeper than this it would
# drop
_MAX_NESTING = 400
# text that nests so deep that it cannot be ours is shown as it is
_DEEP = re.compile(r"^(?:[ \t]*(?:>|[-*+][ \t]|[0-9]{1,9}[.)][ \t])){120}|^[ \t]{400}", re.MULTILINE)
_SECTION = re.compile(r"\n\n(?=#{1,6} )|\n(`{3,}+)[^`\n]*+\n(?:(?!\1)[^\n]*+\n)*+")
# markdown-it copies what it has of a paragraph for each literal character: a longer section is shown as it is
_MOST = 20_000
_MOST_RENDERED = 300_000  # characters of one preview, for a person waits for it
_NOT_IN_PATH = re.compile(r"[\s<>\"\\]")


def preview_html(
    text: str,
    *,
    passages: Sequence[Passage] | None = None,
    href: Callable[[str], str] | None = None,
) -> str:
    """Canonical text as HTML that is safe to put into a page: no raw HTML, no images, only safe links.

    With `passages`, each of them becomes a `<section class="passage" data-passage="n">`, and `text` is not
    looked at.
    `href` may give another target for a link (a document of ours, say); its answer is checked as well, and
    may be a
    path of our own site.
    """
    if passages is None:
        return _Preview(href).html(text)
    preview = _Preview(href)
    return "\n".join(
        f'<section class="passage" data-passage="{number}">\n{preview.html(passage.text)}</section>'
        for number, passage in enumerate(passages, 1)
    )


class _Preview:
    """One preview: what is beyond the first part of a very long document is shown as it is."""

    def __init__(self, href: Callable[[str], str] | None) -> None:
        self._href = href
        self._left = _MOST_RENDERED

    def html(self, text: str) -> str:
        """The next part of the document."""
        text = clean(text)
        if _DEEP.search(text) is not None:
            return _as_it_is(text)
        return "".join([self._part(part) for part in _parts(text)])

    def _part(self, part: str) -> str:
        if len(part) > min(_MOST, self._left):
            return _as_it_is(part)
        self._left -= len(part)
        env: MutableMapping[str, Any] = {"href": self._href}
        return str(_parser().render(part, env))


def _as_it_is(text: str) -> str:
    return f"<pre>{escape(text)}</pre>\n"


def _parts(text: str) -> list[str]:
    """A long text in sections, so that the parser never sees all of it; fences stay whole."""
    if len(text) <= _MOST:
        return [text]
    parts = []
    start = 0
    for match in _SECTION.finditer(text):
        if match.group(1) is None:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


@cache
def _parser() -> MarkdownIt:
    """The one parser; what it keeps of a text is in the state of that rendering."""
    parser = MarkdownIt(
        "commonmark",
        {"html": False, "breaks": True, "linkify": False, "maxNesting": _MAX_NESTING},
        renderer_cls=_Renderer,
    )
    parser.enable(["table", "strikethrough"]).disable(
        ["html_block", "html_inline", "image", "reference", "code", "lheading"]
    )
    # the renderer checks every link, so that what is not safe still shows its words
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # the way markdown-it documents
    parser.inline.ruler.at("link", _link)
    parser.inline.ruler.before("escape", "math", _math)
    parser.inline.ruler.before("escape", "cell_break", _cell_break)
    parser.block.ruler.before(
        "fence", "math_block", _math_block, {"alt": ["paragraph", "blockquote", "list"]}
    )
    parser.core.ruler.after("inline", "tasks", _tasks)
    return parser


class _Renderer(RendererHTML):
    """Links that are safe, and nothing that loads anything."""

    def link_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        target = str(tokens[idx].attrGet("href") or "")
        rewrite = env.get("href")
        shown = str(rewrite(target)) if rewrite is not None and is_safe(target) else target
        own = shown.startswith("/") and not shown.startswith(("//", "/\\")) and not _NOT_IN_PATH.search(shown)
        if is_safe(shown) or (own and shown != target):
            return f'<a href="{escape(shown)}" rel="{_REL}">'
        return "<a>"

    def math(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return f'<code class="math">{escape(tokens[idx].content)}</code>'

    def math_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return f'<pre class="math">{escape(tokens[idx].content)}</pre>\n'

    def task(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return f'<input type="checkbox" disabled{" checked" if tokens[idx].meta["done"] else ""}> '


def _link(state: StateInline, silent: bool) -> bool:
    match = _LABEL.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "[" else None
    if match is None:
        return False
    target = state.md.helpers.parseLinkDestination(state.src, match.end() + 1, state.posMax)
    if not target.ok or state.src[target.pos : target.pos + 1] != ")":
        return False
    if not silent:
        limit = state.posMax
        state.pos, state.posMax = match.span(1)
        state.push("link_open", "a", 1).attrs = {"href": target.str}
        state.md.inline.tokenize(state)
        state.push("link_close", "a", -1)
        state.posMax = limit
    state.pos = target.pos + 1
    return True


def _math(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "$":
        return False
    match = _MATH.match(state.src, state.pos, state.posMax)
    if match is None or match.group(1)[0].isspace() or match.group(1)[-1].isspace():
        return False
    if not silent:
        state.push("math", "code", 0).content = match.group(1)
    state.pos = match.end()
    return True


def _cell_break(state: StateInline, silent: bool) -> bool:
    match = _BREAK.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True


def _math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    def line(number: int) -> str:
        return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].strip()

    if line(start) != "$$":
        return False
    for number in range(start + 1, end):
        if state.sCount[number] < state.blkIndent and not state.isEmpty(number):
            return False  # the list item ends here
        if line(number) == "$$":
            if not silent:
                token = state.push("math_block", "pre", 0)
                token.content = "\n".join(line(inside) for inside in range(start + 1, number))
                state.line = number + 1
            return True
    return False


def _tasks(state: StateCore) -> None:
    """A list item that begins with `[ ]` or `[x]` gets a box, as in GFM."""
    tokens = state.tokens
    for at in range(2, len(tokens)):
        if tokens[at].type != "inline" or tokens[at - 2].type != "list_item_open":
            continue
        children = tokens[at].children or []
        match = _TASK.match(children[0].content) if children and children[0].type == "text" else None
        if match is not None:
            children[0].content = children[0].content[match.end() :]
            children.insert(0, Token("task", "", 0, meta={"done": match.group(1) in "xX"}))
