"""The package and its tests have one layout: each module has a test file, and the map in the docstring is true."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import extract

_LINES = [line for line in (extract.__doc__ or "").splitlines() if line.startswith("    ")]
NAMED = [name for line in _LINES for name in re.split(r",\s*", re.split(r"\s{2,}", line.strip())[0])]

PACKAGE = Path(extract.__path__[0])
TESTS = Path(__file__).parent
READ_AS_A_WHOLE = (
    "reading/test_vocabulary.py and its neighbours: what a page shows, through all steps of reading"
)
LISTED_AS_A_WHOLE = "../stories/content: a listing is its requests to Notion, in their order"
DRAINED_AS_A_WHOLE = "../stories and ../simulation: a drain is what its parts do together"

WITHOUT_TESTS_OF_THEIR_OWN = {
    "config/schema.py": "config/test_load.py: the schema is what is loaded",
    "errors.py": "values: sentences and fields, without a decision",
    "notion/answers.py": "notion/test_http.py and notion/test_client.py: an answer is read where it is asked for",
    "notion/fields.py": "notion/test_stubs.py: fields are read as part of an object",
    "notion/limits/lanes.py": "notion/limits/test_budget.py: the share of each lane in a window",
    "notion/search.py": "notion/test_client.py: a search as it is asked and answered",
    "reading/": READ_AS_A_WHOLE,
    "search/fulltext.py": "search/test_find.py: one search on both databases",
    "search/query.py": "search/test_search_steps.py: each step of a search",
    "search/ranking.py": "search/test_search_steps.py: each step of a search",
    "search/stems.py": "search/test_words.py: words and their stems",
    "store/models.py": "store/test_db.py and store/test_upgrade.py: columns, without a decision",
    "sync/drain.py": DRAINED_AS_A_WHOLE,
    "sync/fetching/fetches.py": DRAINED_AS_A_WHOLE,
    "sync/listing/": LISTED_AS_A_WHOLE,
    "sync/session.py": DRAINED_AS_A_WHOLE,
    "sync/task.py": "values: what is asked and what came, without a decision",
    "sync/writing.py": DRAINED_AS_A_WHOLE,
    "values.py": "values: frozen dataclasses, without a decision",
}
"""Modules, or packages with a slash at the end, and where their behaviour is tested instead."""


def _modules() -> list[str]:
    paths = (path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")))
    return [str(path) for path in paths if path.name != "__init__.py" and "migrations" not in path.parts]


def _test_of(module: str) -> Path:
    path = Path(module)
    return TESTS / path.parent / f"test_{path.name}"


def _excepted(module: str) -> str | None:
    return next(
        (name for name in WITHOUT_TESTS_OF_THEIR_OWN if module == name or _is_within(module, name)), None
    )


def _is_within(module: str, name: str) -> bool:
    return name.endswith("/") and module.startswith(name)


def test_the_way_of_an_edit_has_ten_steps() -> None:
    assert len(_LINES) == 10


@pytest.mark.parametrize("name", NAMED)
def test_a_module_that_the_map_names_exists(name: str) -> None:
    assert find_spec(f"extract.{name}") is not None


def test_each_module_has_a_test_file_beside_the_layout_of_the_code() -> None:
    missing = [module for module in _modules() if not _excepted(module) and not _test_of(module).exists()]

    assert missing == [], "write tests/extract/<package>/test_<module>.py, or name the reason here"


def test_each_exception_is_still_needed() -> None:
    modules = {module for module in _modules() if not _test_of(module).exists()}

    unneeded = [
        name
        for name in WITHOUT_TESTS_OF_THEIR_OWN
        if not any(module == name or _is_within(module, name) for module in modules)
    ]
    assert unneeded == []


@pytest.mark.parametrize("reason", sorted(set(WITHOUT_TESTS_OF_THEIR_OWN.values())))
def test_each_exception_names_tests_that_exist(reason: str) -> None:
    named = [word.rstrip(":") for word in reason.split() if "/" in word]

    assert named or reason.startswith("values:")
    for name in named:
        assert (TESTS / name).exists()
