"""Our import beside other readers of Notion, on the same pages over HTTP: requests, seconds, text found.

    python -m bench.peers [SCENE ...]    scenes: company mixed 1000 5000; all of them where none is named

The other readers are installed by name into environments of their own (bench/.peers). They are given the ids of the
pages for nothing; ours asks for its listings. Every piece of text carries a word of its own, so that what was found
is counted, not judged. One run measures all readers on one sandbox: compare within a run.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.bed import Bed, bed
from bench.peers import venvs
from bench.peers.tokens import Pieces
from bench.reading import reading_time
from extract.config.schema import Log
from extract.process import logs
from extract.store.models import Chunk, Document

SCENES = ("company", "mixed", "1000", "5000")
NAMES = {"company": "practice company", "mixed": "a page of every kind"}
LATENCY_MS = 100
OURS = "this product"
KINDS = ("title", "properties", "text", "table cells", "captions", "code", "equations", "mentions")


@dataclass(slots=True)
class Result:
    """One reader on one scene."""

    requests: int = 0
    seconds: list[float] = field(default_factory=list)  # without latency, with it
    found: Counter[str] = field(default_factory=Counter)
    note: str = ""


def main() -> None:
    logs.configure(Log(level="error"))
    wanted = sys.argv[1:] or SCENES
    usable = {peer: venvs.install(peer) for peer in venvs.PEERS}
    for peer, problem in usable.items():
        if problem:
            print(f"{peer.label} {problem}")
    peers = [peer for peer, problem in usable.items() if not problem]
    for scene in wanted:
        _scene(scene, peers)


def _scene(scene: str, peers: list[venvs.Peer]) -> None:
    results: dict[str, Result] = {OURS: Result(), **{peer.label: Result() for peer in peers}}
    reading = 0.0
    for latency in (0, LATENCY_MS):
        with bed(scene=scene, latency_ms=latency) as notion:
            asked = _json(f"{notion.url}/_pieces")
            _ours(notion, asked["words"], results[OURS])
            job = {"url": notion.url, "token": notion.token, **asked}
            for peer in peers:
                _theirs(notion, peer, job, results[peer.label])
            if not latency:
                reading = sum(reading_time(text, 0.05) for text in _markdown(notion, list(asked["words"])))
    _print(scene, asked["words"], results, reading)


def _ours(notion: Bed, words: Mapping[str, Pieces], result: Result) -> None:
    began = time.perf_counter()
    notion.tick_all()
    notion.drain()
    result.seconds.append(time.perf_counter() - began)
    result.requests = sum(notion.requests().values())
    texts: dict[str, list[str]] = {}
    for document in Document.select():
        chunks = Chunk.select().where(Chunk.document == document)
        texts[_bare(document.notion_id)] = [" ".join([*chunk.heading_path, chunk.text]) for chunk in chunks]
    result.found = _found(words, {page: "\n".join(parts) for page, parts in texts.items()})


def _theirs(notion: Bed, peer: venvs.Peer, job: Mapping[str, Any], result: Result) -> None:
    answer = venvs.run(peer, dict(job))
    result.requests = sum(notion.requests().values())
    if isinstance(answer, str):
        result.note = answer
        return
    result.seconds.append(answer["seconds"])
    result.found = _found(job["words"], {_bare(page): text for page, text in answer["texts"].items()})
    result.note = answer["version"]
    if answer["failed"]:
        result.note += f"; {len(answer['failed'])} pages failed: {answer['failed'][0][:120]}"


def _found(words: Mapping[str, Pieces], texts: Mapping[str, str]) -> Counter[str]:
    """How many of each page's words stand in its own text, by kind."""
    counted: Counter[str] = Counter()
    for page, kinds in words.items():
        text = texts.get(_bare(page), "")
        for kind, expected in kinds.items():
            counted[kind] += sum(word in text for word in expected)
    return counted


def _print(scene: str, words: Mapping[str, Pieces], results: Mapping[str, Result], reading: float) -> None:
    total: Counter[str] = Counter()
    for kinds in words.values():
        total.update({kind: len(expected) for kind, expected in kinds.items()})
    name = NAMES.get(scene, f"a page of about {scene} blocks")
    print(f"\n{name}: pages {len(words)}, pieces of text {total.total()}")
    shown = [kind for kind in KINDS if total[kind]]
    head = "".join(f"{kind:>12}" for kind in ("found", *shown))
    print(f"{'':<28}{'requests':>9}{'s':>8}{f's, {LATENCY_MS} ms':>10}{head}")
    for label, result in results.items():
        shares = [result.found.total() / total.total(), *(result.found[kind] / total[kind] for kind in shown)]
        cells = "".join(f"{share:>12.1%}" for share in shares)
        times = [f"{second:.2f}" for second in result.seconds] + ["-", "-"]
        print(f"{label:<28}{result.requests:>9}{times[0]:>8}{times[1]:>10}{cells}  {result.note}")
    ours = results[OURS]
    print(f"{'its reading alone':<28}{'':>9}{reading:>8.2f}")
    for label, result in results.items():
        if label != OURS and len(result.seconds) == len(ours.seconds):
            parts = [second / own for second, own in zip(result.seconds, ours.seconds, strict=True)]
            print(
                f"{label}: {result.requests / ours.requests:.1f} times the requests, "
                f"{parts[0]:.1f} times the seconds, {parts[1]:.1f} times with {LATENCY_MS} ms latency"
            )


def _markdown(notion: Bed, pages: list[str]) -> list[str]:
    headers = {"Authorization": f"Bearer {notion.token}", "Notion-Version": "2026-03-11"}
    urls = (f"{notion.url}/v1/pages/{page}/markdown?markdown_version=v2" for page in pages)
    return [_json(url, headers)["markdown"] for url in urls]


def _json(url: str, headers: Mapping[str, str] | None = None) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {}))) as answer:
        return json.load(answer)


def _bare(identifier: str) -> str:
    return identifier.replace("-", "")


if __name__ == "__main__":
    main()
