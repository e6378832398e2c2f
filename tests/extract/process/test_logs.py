"""Every line has a time, a level, an event and ids, in the configured form, whoever logs it; no secret is in one."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from extract.config.schema import Log
from extract.process import logs

Configure = Callable[..., io.StringIO]


@pytest.fixture
def configured() -> Iterator[Configure]:
    """Sets logging up as a process does; afterwards it is as before."""
    root = logging.getLogger()
    kept = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    sink = io.StringIO()

    def configure(**settings: Any) -> io.StringIO:
        logs.configure(Log(**settings), stream=sink)
        return sink

    yield configure
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = kept
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(sink: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def test_our_lines_and_those_of_libraries_have_the_same_form(configured: Configure) -> None:
    sink = configured(format="json")

    structlog.get_logger("extract.jobs").info("job_done", connection_id=7)
    logging.getLogger("rq.worker").warning("Worker %s: lost", "w")

    ours, theirs = lines(sink)
    assert (ours["event"], ours["level"], ours["connection_id"]) == ("job_done", "info", 7)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("Worker w: lost", "warning", "rq.worker")
    assert ours["timestamp"].endswith("Z")
    assert theirs["timestamp"].endswith("Z")


def test_the_level_counts_for_both(configured: Configure) -> None:
    sink = configured(format="json", level="error")

    structlog.get_logger().warning("ours")
    logging.getLogger("gunicorn.error").warning("theirs")
    structlog.get_logger().error("heard")

    assert [line["event"] for line in lines(sink)] == ["heard"]


def test_what_libraries_tell_of_each_request_is_left_out(configured: Configure) -> None:
    sink = configured(format="json", level="debug")
    loud = logging.getLogger("a.loud.library")
    loud.setLevel(logging.DEBUG)

    loud.info("GET https://api.notion.com/…")
    structlog.get_logger().debug("ours")

    assert [line["event"] for line in lines(sink)] == ["ours"]


def test_an_exception_is_one_line_with_its_traceback_inside(configured: Configure) -> None:
    sink = configured(format="json")
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("job_failed", connection_id=7)
        logging.getLogger("rq.worker").exception("also")

    for line in lines(sink):
        assert line["exception"].startswith("Traceback")
        assert line["exception"].endswith("ValueError: broken")


def test_uncaught_exceptions_and_warnings_have_the_form_too(configured: Configure) -> None:
    sink = configured(format="json")

    sys.excepthook(ValueError, ValueError("unforeseen"), None)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("an old habit", stacklevel=1)

    failed, warned = lines(sink)
    assert failed["event"] == "process_failed"
    assert "unforeseen" in failed["exception"]
    assert "an old habit" in warned["event"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_token_never_reaches_a_line(configured: Configure, form: str) -> None:
    sink = configured(format=form)
    tokens = ("ntn_1234567890abcdef", "secret_0123456789abcdef", "hk_" + "a" * 43, "gAAAAAB" + "x" * 60)
    for token in tokens:
        structlog.get_logger().info("careless", error=f"refused {token}.")
        logging.getLogger("library").error("url %s", token)
        try:
            raise ValueError(f"bad {token}")
        except ValueError:
            structlog.get_logger().exception("careless")

    assert "[secret]" in sink.getvalue()
    assert [token for token in tokens if token in sink.getvalue()] == []


def test_as_text_a_line_stays_a_line(configured: Configure) -> None:
    sink = configured(format="text")

    logging.getLogger("library").error("first\nsecond")
    structlog.get_logger().info("request_refused", path="/a\nb")

    assert len(sink.getvalue().splitlines()) == 2
