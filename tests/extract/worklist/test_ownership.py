"""Only `worklist` writes the columns that say what is requested, claimed, in doubt or removed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from extract.config.load import ROOT

OWNED = {
    "requested_at",
    "request_rank",
    "full_requested",
    "retry_after",
    "attempts",
    "recheck_at",
    "check_at",
    "doubted_at",
    "removed_at",
    "removed_because",
    "stopped_at",
    "status",
}
_WRITING = ("update", "insert", "insert_many", "create", "get_or_create")

NOT_STATE = {
    ("extract/membership/documents.py", "check_at"): "the first check of a row that is being made",
    ("extract/errors.py", "status"): "the HTTP status of an answer",
    ("extract/notion/verdict.py", "status"): "the HTTP status of an answer",
}


def writes(source: str) -> Iterator[str]:
    """The owned columns that a module assigns on a row, or names as keys of a writing query."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                names = ast.walk(target)
                yield from (
                    name.attr
                    for name in names
                    if isinstance(name, ast.Attribute)
                    and isinstance(name.ctx, ast.Store)
                    and name.attr in OWNED
                )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _WRITING:
            yield from (keyword.arg for keyword in node.keywords if keyword.arg in OWNED)
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Attribute) and key.attr in OWNED:
                    yield key.attr


def test_no_other_module_writes_the_columns_of_state() -> None:
    others = [
        path
        for package in ("extract", "daemon", "webapp")
        for path in (ROOT / package).rglob("*.py")
        if not {"worklist", "migrations"} & set(path.parts)
    ]
    found = {(str(path.relative_to(ROOT)), column) for path in others for column in writes(path.read_text())}

    assert found == set(NOT_STATE)


@pytest.mark.parametrize(
    "code",
    [
        "document.removed_at = now",
        "source.doubted_at = document.removed_at = None",
        "source.attempts += 1",
        "Document.update(requested_at=None).where(ours).execute()",
        "Document.update({Document.check_at: now}).where(ours).execute()",
        "Source.insert(status='trained').execute()",
    ],
)
def test_the_search_sees_each_way_to_write_a_column(code: str) -> None:
    assert list(writes(code))


def test_reading_a_column_is_no_write() -> None:
    assert list(writes("if document.removed_at is None and Document.requested_at <= now: pass")) == []
