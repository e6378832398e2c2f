"""Logging of every process: one line an event, with ids; as text on a terminal, as JSON where machines read.

Our code logs with structlog. What libraries log with the standard library (rq, gunicorn, flask, peewee) goes through
the same processors, so that every line has a time, a level and an event.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from extract.config.schema import Log

_SECRET = re.compile(r"\b(ntn|nrt|secret|hk)_[A-Za-z0-9_-]{8,}|\bgAAAAA[A-Za-z0-9_=-]{20,}")


def configure(settings: Log, *, stream: TextIO | None = None) -> None:
    """Set up all logging of this process, once, at its start. Lines go to `stream`; standard error by default."""
    output = stream or sys.stderr
    level = getattr(logging, settings.level.upper())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[Processor] = [structlog.processors.format_exc_info, _without_secrets, _renderer(settings)]
    structlog.configure(
        processors=[*before, *after],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, structlog.stdlib.add_logger_name, _on_one_line],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    # Below warnings, libraries log each request with its URL. Some set the level of their loggers themselves.
    handler.setLevel(max(level, logging.WARNING))
    logging.basicConfig(level=handler.level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _renderer(settings: Log) -> Processor:
    if settings.format == "json":
        return structlog.processors.JSONRenderer()
    # The plain formatter: others print the values of local variables, and those may be secrets.
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)


def _without_secrets(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Remove tokens from a line, also those that a library put into the message of an exception."""
    return {
        name: _SECRET.sub("[secret]", value) if isinstance(value, str) else value
        for name, value in line.items()
    }


def _on_one_line(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Join a message of several lines, as some libraries log it."""
    line["event"] = " | ".join(str(line["event"]).split("\n"))
    return line


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical("process_failed", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        name = args.thread.name if args.thread else None
        structlog.get_logger(__name__).error("thread_failed", thread=name, exc_info=args.exc_value)
