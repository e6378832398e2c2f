"""Processor seconds of searching and showing hostile passages: one endless line each. `python -m bench.hostile_search`

Each passage is the only one of its chatbot. It is written to the full text, found, cut to a snippet, marked as a
whole, and compared with the same text of which every tenth word is another.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping

from bench.search import fill, opened
from extract.search import find
from extract.search.snippets import highlight_spans, snippet
from webapp.sources.differences import difference

SIZES = (20_000, 50_000, 100_000, 200_000)  # characters
QUERY = "k v"

TEXTS: Mapping[str, Callable[[int], str]] = {
    "k v k v": lambda size: "k v " * (size // 4),
    "minified JSON": lambda size: json.dumps(
        [{"id": number, "k": f"name{number % 97}", "v": number * 7} for number in range(size // 36)],
        separators=(",", ":"),
    ),
    "one word": lambda size: "A" * size + "1 k v",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    print(f"{'passage':<16}{'kB':>5}{'index':>9}{'find':>9}{'snippet':>9}{'marks':>9}{'change':>9}")
    with opened(options.database):
        for name, make in TEXTS.items():
            for size in map(int, options.sizes.split(",")):
                print(_line(name, make(size)), flush=True)


def _line(name: str, text: str) -> str:
    name = f"{name} {len(text)}"
    held: list[int] = []
    document = {"id": "1", "title": "Hostile", "passages": [text]}
    words = text.split(" ")
    changed = " ".join("other" if number % 10 == 0 else word for number, word in enumerate(words))
    times = [
        _seconds(lambda: held.append(fill(name, [document])[0])),
        _seconds(lambda: find.find(held[0], QUERY)),
        _seconds(lambda: snippet(text, QUERY)),
        _seconds(lambda: highlight_spans(text, QUERY)),
        _seconds(lambda: difference(text, changed)),
    ]
    return f"{name.rsplit(' ', 1)[0]:<16}{len(text) // 1000:>5}" + "".join(f"{each:>9.3f}" for each in times)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
