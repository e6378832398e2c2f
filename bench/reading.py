"""Processor seconds to read pages: 50 and 5,000 blocks in both formats, and 1, 2, 4 MB of text.

Run: .venv/bin/python -m bench.reading
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from extract.reading import parse, preview_html, read_page

_WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
]
_STYLED = ("**nu**", "*xi*", "[omicron](https://example.com/a)", "`pi`", "~~rho~~")
_HOSTILE = [
    "<callout>",
    "</callout>",
    "<details>\n",
    "<summary>",
    "\n",
    "\t",
    "\t\t\t",
    "- ",
    "1. ",
    "> ",
    "```",
    "$$",
    "$",
    "*",
    "**",
    "_",
    "~~",
    "[",
    "](",
    ")",
    "![",
    "`",
    "``",
    "<",
    ">",
    "&lt;",
    "\\",
    "|",
    "| --- |",
    "<table>",
    "<tr>",
    "<td>",
    "</td>",
    '<mention-user url="',
    "<date start=",
    '{color="',
    "<p>",
    "<li>",
    "<ol>",
    "text ",
    "é",
    "漢字",
    "🇩🇪",
    "a",
    " ",
    "<b>",
    "</b>",
    "<script>",
    "<!--",
    "javascript:",
    "\x00",
    "\u202e",
    '<unknown url="x#y" alt="bookmark"/>',
    "<column>",
    "# ",
    "## ",
]
REPEATS = {
    "[": "[",
    "](": "](",
    "*a ": "*a ",
    "**a*": "**a*",
    "`": "`",
    "` ``": "` ``",
    "<": "<",
    "<p ": "<p ",
    '<p a="': '<p a="',
    "> ": "> ",
    "- ": "- ",
    "<callout>": "<callout>",
    "<callout>\\n": "<callout>\n",
    "<quote>\\n": "<quote>\n",
    "</callout>": "</callout>",
    "<b>": "<b>",
    "<x>": "<x>",
    "<mention-user>": "<mention-user>",
    "$": "$",
    "$a ": "$a ",
    "|": "|",
    "|\\n": "|\n",
    "<td>": "<td>",
    "<table>\\n": "<table>\n",
    "$$\\n": "$$\n",
    "```\\n": "```\n",
    "&": "&",
    "\\\\": "\\",
    "_a": "_a",
    "~~a": "~~a",
    "<!--": "<!--",
    "![": "![",
    "[^": "[^",
    '{a="': '{a="',
    ":::": ":::\n",
    "e\u0301": "e\u0301",
    "\u0301": "\u0301",
    "a": "a",
    "a b": "a b ",
    '<date start="1">': '<date start="1">',
    "<equation>\\n": "<equation>\n",
    "<li>\\n": "<li>\n",
    "<unknown/>": "<unknown/>\n",
    "# a\\n": "# a\n",
    "> a\\n": "> a\n",
    "<summary>\\n": "<summary>\n",
    "<script>\\n": "<script>\n",
    "a_": "a_",
    "(": "[a](" + "(" * 50,
    "<a>b</a>": "<a>b</a>",
    "- - ": "- a\n  - b\n",
    "| a |": "| a | b |\n| --- | --- |\n",
    "<tab>": "<tabs>\n<tab>x\n",
    "</b>": "<b></i>",
}


def _sentence(rng: random.Random) -> str:
    """Eighteen words, every second sentence with one of them styled."""
    words = rng.choices(_WORDS, k=18)
    if rng.random() < 0.5:
        words[rng.randrange(18)] = rng.choice(_STYLED)
    return " ".join(words)


def page_v1(blocks: int) -> str:
    """An ordinary page in enhanced markdown."""
    rng = random.Random(blocks)
    lines = []
    for at in range(blocks):
        text = _sentence(rng)
        form = at % 10
        if form == 0:
            lines.append(f"## Section {at}")
        elif form in (1, 2, 3):
            lines.append(f"- {text}" if form < 3 else f"\t- {text}")
        elif form == 4:
            lines.append(f'<callout icon="💡">\n\t{text}\n</callout>')
        elif form == 5:
            lines.append(f"- [x] {text}")
        elif form == 6:
            lines.append(
                '<table header-row="true">\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n'
                "<tr>\n<td>c</td>\n<td>d</td>\n</tr>\n</table>"
            )
        else:
            lines.append(f'{text} <mention-user url="user://1">Ada</mention-user>' if form == 7 else text)
    return "\n".join(lines)


def page_v2(blocks: int) -> str:
    """The same kind of page in Notion-flavored Markdown."""
    rng = random.Random(blocks)
    parts = []
    for at in range(blocks):
        text = _sentence(rng)
        form = at % 10
        if form == 0:
            parts.append(f"## Section {at}")
        elif form == 1:
            parts.append(f"- {text}\n- {text}\n\t- {text}")
        elif form == 4:
            parts.append(f'<callout icon="💡">\n{text}\n</callout>')
        elif form == 5:
            parts.append(f"- [x] {text}")
        elif form == 6:
            parts.append("| a | b |\n| --- | --- |\n| c | d |")
        else:
            parts.append(f'{text} <mention url="user://1">Ada</mention>' if form == 7 else text)
    return "\n\n".join(parts)


def hostile(size: int, seed: int = 1) -> str:
    """Random fragments of both vocabularies, with no regard for order."""
    rng = random.Random(seed)
    out: list[str] = []
    length = 0
    while length < size:
        out.append(rng.choice(_HOSTILE))
        length += len(out[-1])
    return "".join(out)[:size]


def read(markdown: str) -> None:
    """What a sync does with a page."""
    read_page(title="Bench", url="", properties=(), tree=parse(markdown))


def seconds(work: Callable[[], object], least: float = 0.5) -> float:
    """Processor seconds of one call: the best of as many as fit into `least`, at least one."""
    best = float("inf")
    end = time.process_time() + least
    while True:
        start = time.process_time()
        work()
        now = time.process_time()
        best = min(best, now - start)
        if now >= end:
            return best


def reading_time(text: str, least: float = 0) -> float:
    """Processor seconds to read one text."""
    return seconds(lambda: read(text), least)


def main(largest: int = 4_000_000) -> None:
    """Print the table; long texts have up to `largest` characters."""
    for name, page in (("v1", page_v1), ("v2", page_v2)):
        for blocks in (50, 5_000):
            text = page(blocks)
            took = reading_time(text, 0.5)
            speed = f"{1 / took:8.1f} pages/s  {len(text.encode()) / took / 1e6:6.2f} MB/s"
            print(f"{name} {blocks:>6} blocks  {took * 1000:9.2f} ms  {speed}")
    makers: tuple[tuple[str, Callable[[int], str]], ...] = (
        ("ordinary v1", lambda size: page_v1(size // 102)),
        ("ordinary v2", lambda size: page_v2(size // 118)),
        ("hostile", hostile),
    )
    for name, make in makers:
        texts = [make(largest // part) for part in (4, 2, 1)]
        cells = [f"{len(text.encode()) / 1e6:.1f} MB {reading_time(text):6.2f} s" for text in texts]
        print(f"{name:<12} " + "  ".join(cells))
    worst = []
    for name, unit in REPEATS.items():
        small, large = ((unit * (size // len(unit) + 1))[:size] for size in (largest // 16, largest // 4))
        worst.append((reading_time(large), reading_time(small), name))
    print(f"slowest single patterns, {largest / 4e6:.2g} MB (a quarter of it):")
    for second, first, name in sorted(worst, reverse=True)[:12]:
        print(f"  {name!r:<22} {second:6.2f} s ({first:5.2f} s)")
    text = page_v2(5_000)
    print(f"preview of 5,000 blocks {seconds(lambda: preview_html(text), 0):6.2f} s")


if __name__ == "__main__":
    main()
