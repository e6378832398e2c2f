"""mypy rejects a column or a word that does not exist, and knows what a column holds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

SNIPPET = """
from datetime import datetime

from extract.store.models import Connection, Document, Source


def columns(source: Source) -> None:
    source.status = "trained"
    source.statos = "trained"  # rejected
    Source.select().where(Source.statos == "trained")  # rejected
    source.connection_id = 3
    source.connexion_id = 3  # rejected


def words(source: Source, connection: Connection) -> bool:
    source.status = "traind"  # rejected
    Source.select().where(Source.status.in_(("trained", "empty")))
    Source.select().where(Source.status.in_(("trained", "emty")))  # rejected
    if source.kind == "databse":  # rejected
        return False
    return connection.state == "alive"


def moments(document: Document) -> datetime:
    document.created_at = None  # rejected
    if document.requested_at is not None:
        return document.requested_at
    return document.check_at  # rejected
"""


def test_a_misspelt_column_and_a_misspelt_word_do_not_type_check(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--no-pretty", str(snippet)]

    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    expected = [number for number, line in enumerate(SNIPPET.splitlines(), 1) if "# rejected" in line]
    found = [int(number) for number in re.findall(r"snippet\.py:(\d+): error", told.stdout)]
    assert found == expected, told.stdout + told.stderr
