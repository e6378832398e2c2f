"""How well and how fast search finds: hit@1, hit@5 and MRR@10 on questions with known answers; times at scale.

    python -m bench.search quality FOLDER [--database URL]    FOLDER holds NAME_docs.jsonl and NAME_queries.jsonl
    python -m bench.search speed [--chunks 100000] [--database URL]

A document is `{"id", "title", "text"}`, a question `{"id", "text", "doc_ids"}`; `lang`, where given, parts the
figures. Without a URL: an SQLite file that is thrown away; `--database embedded`: the tests' own PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from extract.search import find, index
from extract.store.db import database, is_postgres, open_database, upgrade
from extract.store.models import Chatbot, Connection, Document, Membership, Organisation, Source
from extract.values import PageReading, Passage, utc_now

DEPTH = 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("quality", "speed"))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--database", default="")
    parser.add_argument("--chunks", type=int, default=100_000)
    options = parser.parse_args()
    if options.what == "quality" and options.folder is None:
        parser.error("quality needs the folder of the questions")
    with opened(options.database):
        if options.what == "quality":
            quality(options.folder)
        else:
            speed(options.chunks)


@contextmanager
def opened(url: str) -> Iterator[None]:
    """The database to measure on, migrated and empty."""
    with tempfile.TemporaryDirectory() as folder:
        if url == "embedded":
            from tests import postgres

            with postgres.server("hilal_bench") as embedded:
                yield from _migrated(embedded)
        else:
            yield from _migrated(url or f"sqlite:///{folder}/bench.db")


def _migrated(url: str) -> Iterator[None]:
    target = open_database(url)
    upgrade()
    try:
        yield
    finally:
        target.close_all() if is_postgres() else target.close()


def quality(folder: Path) -> None:
    """A table of one line for each language of each set of questions."""
    print(f"{'questions':<12}{'n':>6}{'hit@1':>8}{'hit@5':>8}{'mrr@10':>8}{'p50 ms':>8}{'p95 ms':>8}")
    for path in sorted(folder.glob("*_docs.jsonl")):
        name = path.name.removesuffix("_docs.jsonl")
        chatbot_id, known = fill(name, _lines(path))
        ranks: dict[str, list[int]] = defaultdict(list)
        times: dict[str, list[float]] = defaultdict(list)
        for question in _lines(folder / f"{name}_queries.jsonl"):
            label = f"{name} {question['lang']}" if "lang" in question else name
            begun = time.perf_counter()
            hits = find.find(chatbot_id, question["text"], limit=DEPTH)
            times[label].append((time.perf_counter() - begun) * 1000)
            wanted = {known[given] for given in question["doc_ids"] if given in known}
            places = [place for place, hit in enumerate(hits, 1) if hit.document_id in wanted]
            ranks[label].append(places[0] if places else 0)
        for label in sorted(ranks):
            print(_line(label, ranks[label], times[label]))


def _line(label: str, ranks: Sequence[int], times: Sequence[float]) -> str:
    first = sum(rank == 1 for rank in ranks) / len(ranks)
    five = sum(1 <= rank <= 5 for rank in ranks) / len(ranks)
    mrr = sum(1 / rank for rank in ranks if rank) / len(ranks)
    return f"{label:<12}{len(ranks):>6}{first:>8.3f}{five:>8.3f}{mrr:>8.3f}{_percentiles(times)}"


def speed(chunks: int) -> None:
    """Times at `chunks` chunks of 82 words, drawn as words are in a language: few often, most seldom."""
    draw = random.Random(1)
    vocabulary = [_word(draw) for _ in range(50_000)]
    weights = [1 / (number + 3) for number in range(len(vocabulary))]
    documents = []
    for number in range(chunks // 10):
        chosen = draw.choices(vocabulary, weights, k=823)
        passages = [" ".join(chosen[3 + at : 85 + at]) for at in range(0, 820, 82)]
        documents.append({"id": str(number), "title": " ".join(chosen[:3]), "passages": passages})
    begun = time.perf_counter()
    chatbot_id, _ = fill("speed", documents)
    print(f"{chunks} chunks indexed in {time.perf_counter() - begun:.1f} s")
    if is_postgres():
        database.execute_sql("ANALYZE")
    kinds = {
        "two words": lambda: " ".join(draw.choices(vocabulary[50:20_000], k=2)),
        "common word": lambda: draw.choice(vocabulary[:20]) + " ",
        "two common": lambda: " ".join(draw.sample(vocabulary[:40], 2)) + " ",
        "beginning": lambda: draw.choice(vocabulary[:5_000])[:3],
        "question": lambda: " ".join(draw.choices(vocabulary, weights, k=10)) + "?",
    }
    print(f"{'query':<14}{'p50 ms':>8}{'p95 ms':>8}")
    for kind, make in kinds.items():
        times = []
        for _ in range(60):
            query = make()
            begun = time.perf_counter()
            find.find(chatbot_id, query)
            times.append((time.perf_counter() - begun) * 1000)
        print(f"{kind:<14}{_percentiles(times)}")


def _word(draw: random.Random) -> str:
    return "".join(draw.choice("bcdfghklmnprstvw") + draw.choice("aeiou") for _ in range(draw.randint(2, 5)))


def _percentiles(times: Sequence[float]) -> str:
    return f"{statistics.median(times):>8.1f}{sorted(times)[int(len(times) * 0.95)]:>8.1f}"


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def fill(name: str, documents: Sequence[dict[str, Any]]) -> tuple[int, dict[str, int]]:
    """A chatbot of its own that holds the documents; answers its id and the documents' ids by their names."""
    now = utc_now()
    known: dict[str, int] = {}
    with database.atomic():
        organisation = Organisation.create(name=name, created_at=now)
        chatbot = Chatbot.create(organisation=organisation, name=name, created_at=now)
        connection = Connection.create(
            organisation=organisation, bot_id=name, workspace_id=name, created_at=now
        )
        source = Source.create(
            chatbot=chatbot,
            connection=connection,
            kind="database",
            notion_id=name,
            title=name,
            created_at=now,
        )
        for given in documents:
            document = Document.create(
                chatbot=chatbot, connection=connection, notion_id=given["id"], created_at=now
            )
            Membership.create(source=source, document=document)
            known[given["id"]] = document.id
    for given in documents:
        texts = given.get("passages") or [given["text"]]
        index.put(known[given["id"]], _reading(given["title"].replace("_", " "), texts), now=now)
    return chatbot.id, known


def _reading(title: str, texts: Sequence[str]) -> PageReading:
    passages = tuple(Passage(text, (), sha256(text.encode()).hexdigest()) for text in texts)
    text = "\n\n".join([title, *texts])
    return PageReading(title, text, sha256(text.encode()).hexdigest(), (), (), passages)


if __name__ == "__main__":
    main()
