"""The app as gunicorn loads it."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from extract import __version__
from extract.config.load import ROOT


def start(tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Load the app in a process of its own, as gunicorn does."""
    settings = {"HILAL_INSTANCE": str(tmp_path), "PATH": os.environ["PATH"]} | environ
    return subprocess.run(
        [sys.executable, "-c", "import webapp.wsgi; print(webapp.wsgi.app.name)"],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_empty_database_is_refused_with_one_line(tmp_path: Path) -> None:
    ended = start(tmp_path)

    assert ended.returncode == 1
    assert ended.stderr == "The database is empty: run `flask db upgrade`.\n"


def test_a_wrong_setting_is_refused_with_one_line(tmp_path: Path) -> None:
    ended = start(tmp_path, PORT="many")

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "web.port" in ended.stderr


def test_a_database_that_matches_is_served(tmp_path: Path, sqlite_template: Path) -> None:
    ended = start(tmp_path, DATABASE_URL=f"sqlite:///{sqlite_template}")

    assert (ended.returncode, ended.stdout) == (0, "webapp\n"), ended.stderr
    first_line = ended.stderr.splitlines()[0]
    assert "web_started" in first_line
    assert f"version={__version__}" in first_line


def test_a_wrong_number_of_processes_is_refused_with_one_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "webapp"],
        cwd=ROOT,
        env={"HILAL_INSTANCE": str(tmp_path), "PATH": os.environ["PATH"], "WEB_CONCURRENCY": "many"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "WEB_CONCURRENCY" in ended.stderr


def test_gunicorns_own_lines_have_the_configured_form(tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text('[log]\nformat = "json"\n')
    code = """
import runpy
from gunicorn.config import Config
runpy.run_path("gunicorn.conf.py")["logger_class"](Config()).error("Worker (pid:%s) was sent SIGKILL!", 7)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"HILAL_INSTANCE": str(tmp_path), "HILAL_CONFIG": str(settings), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    line = json.loads(ended.stderr)
    assert (line["event"], line["level"]) == ("Worker (pid:7) was sent SIGKILL!", "error")
    assert line["logger"] == "gunicorn.error"


def test_a_question_as_long_as_documented_fits_into_the_address() -> None:
    room = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["limit_request_line"]

    for question in ("字" * 880, "س " * 500, "я" * 1_000):
        assert len(f"GET /api/v1/search?q={quote(question)}&limit=50 HTTP/1.1\r\n") < room
