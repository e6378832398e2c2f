"""Processor seconds per megabyte of texts made to be slow: reading as v1 and v2, cutting and preview.

Run: .venv/bin/python -m bench.hostile [--size 250000] [--most 20]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

from bench.reading import REPEATS
from extract.reading import Chunking, Tree, parse_v1, parse_v2, preview_html, read_page
from extract.reading.cut.chunks import passages
from extract.reading.write.canonical import pieces

Make = Callable[[int], str]
"""The text with a pattern repeated so many times."""


def _repeated(unit: str) -> Make:
    return lambda times: unit * times


_LONG_RUNS: Mapping[str, Make] = {
    "~ … `": lambda times: "~" * times + "`",
    "~~~ ` lines": _repeated("~" * 100 + "`\n"),
    "- [ ] … newlines": lambda times: "- [ ] " * times + "\n" * times,
    "- … newlines": lambda times: "- " * times + "a" + "\n" * times,
    "> … newlines": lambda times: "> " * times + "a" + "\n" * times,
    "- > … newlines": lambda times: "- > " * times + "a" + "\n" * times,
    "- - - x lines": _repeated("- " * 30 + "x\n"),
    "$$ - lines": _repeated("$$\n- "),
    "- $$ lines": _repeated("- $$\n"),
    "blanks, word, pages": lambda times: "<callout>" + " " * times + "a" + "<page>" * times,
    "callouts on a line": _repeated("<callout>x"),
    "broken tag of blanks": lambda times: "a <mention" + " " * times + "\n",
    "broken tags of blanks": _repeated("a <mention" + " " * 300 + ">"),
    "broken attributes": _repeated("<mention " + 'a" ' * 100 + ">"),
    "codes beside each other": _repeated("`a`<u></u>`b`<u></u>"),
    "item of dividers": lambda times: "- \n" + "  ---\n\n" * times,
    "unclosed targets": lambda times: "[" * times + "](a" * times,
    "unclosed targets, pairs": lambda times: "[" * times + ("](" + "()" * 120) * times,
    "ticks of all lengths": _repeated(" ".join("`" * length for length in range(1, 20)) + " "),
    "stars of all lengths": _repeated(" ".join("*" * length + "a" for length in range(1, 20)) + " "),
    "strong and not": _repeated("**a *b _c_ "),
    "stars, then stars": lambda times: "*" * times + "a" + "*" * times,
    "openers, then closers": lambda times: "*a _b " * times + "c_ d* " * times,
    "links in links": lambda times: "[a" * times + "](b)" * times,
    "styles in a link": lambda times: "[" + "**a** b " * times + "](https://example.com/)",
    "tags in tags": lambda times: "<b><i>" * times + "a" + "</s>" * times,
    "unknown tags in tags": lambda times: "<x1 a='b'>" * times + "</x1>" * times,
    "quoted <": _repeated("<p a='<p b=\"'"),
    "attributes without end": lambda times: "<p" + ' a="b"' * times,
    "braces": lambda times: "a {" + 'b="c" ' * times + "d",
    "entities": _repeated("&amp"),
    "escapes": _repeated("\\*"),
    "escaped dollars": lambda times: "$" + "\\$" * times,
    "bars": lambda times: "|" * times + "\n" + "|-" * times,
    "delimiter row with a word": lambda times: "|a\n" + "| - " * times + "x",
    "wide table": lambda times: "|a" * 10 + "|\n" + "|-" * 10 + "|\n" + "|b|\n" * times,
    "tables of tags": _repeated("<table><tr><td>a</table>"),
    "lists in lists": _repeated("".join("  " * depth + "- a\n" for depth in range(12))),
    "tabs": _repeated("".join("\t" * depth + "- a\n" for depth in range(20))),
    "code on one line": lambda times: "```\n" + "k v " * times + "\n```",
    "code without blanks": lambda times: "```\n" + "k" * 4 * times + "\n```",
    "code of ticks": lambda times: "~~~\n" + ("`" * times + "\na\n") + "a\n" * times + "~~~",
    "language": lambda times: "~~~" + "l" * times + "\n" + "a\n" * times + "~~~",
    "a long heading, sections": lambda times: "# " + "h " * times + "\n\n" + "## a\n\nb\n\n" * times,
    "a long head of a table": lambda times: "|" + "h " * times + "|\n|-|\n" + "|a|\n" * times,
    "equation on one line": lambda times: "$$\n" + "x + " * times + "\n$$",
    "one long word": lambda times: "w" * 4 * times,
    "marks on a letter": lambda times: "a" + "\u0301" * times,
    "flags": lambda times: "\U0001f1e9" * times,
    "attributes of a page": lambda times: '<page url="' + "u" * times + '">t</page>\n',
    "::: in :::": _repeated("::: callout {a=\"b\"}\n"),
    "closing hashes": lambda times: "# " + "# " * times + "x",
}  # fmt: skip
PATTERNS: Mapping[str, Make] = {**{name: _repeated(unit) for name, unit in REPEATS.items()}, **_LONG_RUNS}


def of_size(make: Make, size: int) -> str:
    """The pattern, repeated until the text has about so many characters."""
    return make(max(1, size * 1_000 // len(make(1_000))))


def _page(tree: Tree) -> object:
    return read_page(title="Bench", url="", properties=(), tree=tree)


def _works(text: str) -> dict[str, Callable[[], object]]:
    """What is measured. The preview is that of our own canonical text, passage by passage, as the page shows it."""
    body = pieces(parse_v2(text).blocks)
    shown = read_page(title="Bench", url="", properties=(), tree=parse_v2(text)).passages
    return {
        "v1": lambda: _page(parse_v1(text)),
        "v2": lambda: _page(parse_v2(text)),
        "cutting": lambda: passages("# Bench", body, Chunking()),
        "preview": lambda: preview_html("", passages=shown),
        "preview of the raw text": lambda: preview_html(text),
    }


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", type=int, default=250_000, help="characters of the longer text")
    arguments.add_argument(
        "--most", type=int, default=12, help="how many of the slowest are shown for each work"
    )
    given = arguments.parse_args()
    found: dict[str, list[tuple[float, float, str]]] = {}
    for name, make in PATTERNS.items():
        half, whole = (_works(of_size(make, size)) for size in (given.size // 2, given.size))
        for work, run in whole.items():
            rates = [
                _seconds(one) / size * 1e6 for one, size in ((half[work], given.size / 2), (run, given.size))
            ]
            found.setdefault(work, []).append((rates[1], rates[0], name))
    print(f"seconds per megabyte of {len(PATTERNS)} patterns, at {given.size} characters (at half of it)")
    for work, rates_of in found.items():
        print(work)
        for whole_rate, half_rate, name in sorted(rates_of, reverse=True)[: given.most]:
            print(f"  {name:<28} {whole_rate:7.2f} ({half_rate:7.2f})")


if __name__ == "__main__":
    main()
