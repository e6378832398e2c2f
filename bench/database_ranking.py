"""How well the database's own full text ranks the questions of `bench.search quality`, for comparison.

    python -m bench.database_ranking FOLDER [--database URL]

SQLite: FTS5 with `porter unicode61`, ordered by `bm25`. PostgreSQL: `to_tsvector('english', …)`, ordered by `ts_rank`.
A text is found by any word of the question.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.search import DEPTH, lines, opened, summary
from extract.store.db import database, is_postgres

_WORD = re.compile(r"\w+")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    with opened(options.database):
        print(f"{'questions':<12}{'n':>6}{'hit@1':>8}{'hit@5':>8}{'mrr@10':>8}{'p50 ms':>8}{'p95 ms':>8}")
        for path in sorted(options.folder.glob("*_docs.jsonl")):
            _measure(path, path.with_name(path.name.replace("_docs.", "_queries.")))


def _measure(documents: Path, questions: Path) -> None:
    name = documents.name.removesuffix("_docs.jsonl")
    _fill(lines(documents))
    ranks: dict[str, list[int]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    for question in lines(questions):
        label = f"{name} {question['lang']}" if "lang" in question else name
        begun = time.perf_counter()
        found = _find(question["text"])
        times[label].append((time.perf_counter() - begun) * 1000)
        places = [place for place, given in enumerate(found, 1) if given in question["doc_ids"]]
        ranks[label].append(places[0] if places else 0)
    for label in sorted(ranks):
        print(summary(label, ranks[label], times[label]))


def _fill(documents: list[dict[str, Any]]) -> None:
    database.execute_sql("DROP TABLE IF EXISTS own_ranking")
    if is_postgres():
        database.execute_sql("CREATE TABLE own_ranking (name TEXT, terms TSVECTOR)")
        insert = "INSERT INTO own_ranking VALUES (%s, to_tsvector('english', %s))"
    else:
        database.execute_sql(
            "CREATE VIRTUAL TABLE own_ranking USING fts5(name UNINDEXED, body, tokenize='porter unicode61')"
        )
        insert = "INSERT INTO own_ranking VALUES (?, ?)"
    with database.atomic():
        for given in documents:
            database.execute_sql(
                insert, (given["id"], f"{given['title'].replace('_', ' ')}\n{given['text']}")
            )
    if is_postgres():
        database.execute_sql("CREATE INDEX own_ranking_terms ON own_ranking USING gin (terms)")


def _find(question: str) -> list[str]:
    words = [word for word in _WORD.findall(question) if word.strip("_")]
    if is_postgres():
        sql = (
            "SELECT name FROM own_ranking, to_tsquery('english', %s) AS query WHERE terms @@ query"
            " ORDER BY ts_rank(terms, query, 1) DESC, name LIMIT %s"
        )
        asked = " | ".join(f"'{word}'" for word in words)
    else:
        sql = (
            "SELECT name FROM own_ranking WHERE own_ranking MATCH ? ORDER BY bm25(own_ranking), name LIMIT ?"
        )
        asked = " OR ".join(f'"{word}"' for word in words)
    return [row[0] for row in database.execute_sql(sql, (asked, DEPTH))]


if __name__ == "__main__":
    main()
