"""The documents name what exists: files, modules, functions, columns, transitions, links.

What counts as a name, of all that stands in backticks:

- a path: it ends in a known suffix or in a slash. With a slash inside, it is looked up from the root, from the folder
  of the document and from the folder that a table is about; a file name alone must be the name of some file.
- a dotted name: a module (from the root, or within `extract`), a name within one, a member of a class, a column of a
  table, or a key of the configuration.
- a word with an underscore: some code must contain it as a word.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from extract.config.load import ROOT
from extract.store.models import TABLES

CODE = ("extract", "webapp", "daemon", "sandbox", "bench", "tests")
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("docs/*.md"),
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "bench/README.md")),
    )
)
SUFFIXES = (
    ".py",
    ".md",
    ".toml",
    ".conf",
    ".css",
    ".js",
    ".lua",
    ".html",
    ".json",
    ".jsonl",
    ".importlinter",
    ".flaskenv",
)
MADE_ELSEWHERE = {
    "config.toml": "the operator's copy of config.example.toml",
    "instance/": "made on the first start",
    "instance/logs/": "made on the first start",
    "NAME_docs.jsonl": "the reader's own questions",
    "NAME_queries.jsonl": "the reader's own questions",
}
OTHERS_WORDS = {
    "template_mention": "Notion's kind of mention, which reads as its plain text like any other",
}

_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"^ {4}.*$", re.MULTILINE)
_TICKED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(\))?")
_SNAKE = re.compile(r"_?[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?:\(\))?")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_LABEL = re.compile(r"^\s*\S+ --> \S+ : ([\w.]+)(?: \(([^)]*)\))?(?: .*)?$", re.MULTILINE)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def ticked(document: str) -> list[str]:
    """What stands in backticks, outside of blocks of code."""
    return sorted(set(_TICKED.findall(_INDENTED.sub("", _FENCE.sub("", text_of(document))))))


@cache
def files() -> frozenset[str]:
    kept = (
        path for top in (*CODE, "docs") for path in (ROOT / top).rglob("*") if "__pycache__" not in path.parts
    )
    return frozenset(path.relative_to(ROOT).as_posix() for path in (*kept, *ROOT.glob("*")) if path.is_file())


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file. Modules of `extract` also without its name, since the documents leave it out."""
    found = {}
    for path in files():
        if path.endswith(".py") and "/" in path:
            name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            found[name] = ROOT / path
            found.setdefault(name.removeprefix("extract."), ROOT / path)
    return found


@cache
def names_in(module: str) -> frozenset[str]:
    """What a module defines, with the members of its classes as `Class.member`."""
    found = set()
    for node in ast.parse(modules()[module].read_text(encoding="utf-8")).body:
        defined = _defined(node)
        found.update(defined)
        if isinstance(node, ast.ClassDef):
            found.update(f"{node.name}.{member}" for part in node.body for member in _defined(part))
    return frozenset(found)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


@cache
def words() -> frozenset[str]:
    sources = [
        path
        for path in files()
        if path.endswith((".py", ".html", ".js", ".css")) and path != "tests/test_docs.py"
    ]
    texts = [
        (ROOT / path).read_text(encoding="utf-8") for path in (*sources, "config.example.toml", "Makefile")
    ]
    found = {word for text in texts for word in re.findall(r"\w+", text)}
    return frozenset(
        found | {word.lower() for word in found}
    )  # the members of a StrEnum are written in capitals


@cache
def columns() -> dict[str, frozenset[str]]:
    return {
        table._meta.table_name: frozenset(field.column_name for field in table._meta.sorted_fields)
        for table in TABLES
    }


@cache
def configuration() -> frozenset[str]:
    found, section = set(), ""
    for line in text_of("config.example.toml").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif key := re.match(r"(\w+) =", line):
            found.add(f"{section}.{key[1]}")
    return frozenset(found)


def is_defined(name: str) -> bool:
    """Whether a dotted name is a module, something in one, a member, a column or a key of the configuration."""
    if name in modules() or name in configuration():
        return True
    parts = name.split(".")
    if len(parts) == 2 and parts[1] in columns().get(re.sub(r"(?<!^)(?=[A-Z])", "_", parts[0]).lower(), ()):
        return True
    return any(
        ".".join(parts[cut:]) in names_in(".".join(parts[:cut]))
        for cut in range(1, len(parts))
        if ".".join(parts[:cut]) in modules()
    )


def is_path(name: str) -> bool:
    return (
        bool(re.fullmatch(r"[\w./-]+", name)) and not name.startswith("/") and name.endswith((*SUFFIXES, "/"))
    )


def exists(name: str, document: str) -> bool:
    if "/" not in name:
        near = ("extract/reading/", "tests/extract/reading/") if document == "docs/reading.md" else ("",)
        return any(path.rsplit("/", 1)[-1] == name and path.startswith(near) for path in files())
    bases = [ROOT, (ROOT / document).parent]
    if document == "docs/reading.md":
        bases.append(ROOT / "extract/reading")
    if document == "docs/architecture.md":  # its tables of packages say in which folder they are
        bases += [ROOT / "extract", ROOT / "webapp"]
    return any((base / name).exists() for base in bases)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document: str) -> None:
    paths = [name for name in ticked(document) if is_path(name) and name not in MADE_ELSEWHERE]
    assert [path for path in paths if not exists(path, document)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_and_function_that_a_document_names_exists(document: str) -> None:
    dotted = [
        name.removesuffix("()") for name in ticked(document) if _DOTTED.fullmatch(name) and not is_path(name)
    ]
    assert [name for name in dotted if not is_defined(name)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_word_of_code_that_a_document_names_is_in_the_code(document: str) -> None:
    named = [name.removesuffix("()") for name in ticked(document) if _SNAKE.fullmatch(name)]
    assert [name for name in named if name not in words() and name not in OTHERS_WORDS] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_leads_to_a_file_and_a_heading(document: str) -> None:
    wrong = []
    for target in _LINK.findall(_TICKED.sub("", _INDENTED.sub("", _FENCE.sub("", text_of(document))))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        found = (ROOT / document).parent / path if path else ROOT / document
        if not found.exists() or (heading and heading not in headings(found)):
            wrong.append(target)
    assert wrong == []


def headings(path: Path) -> set[str]:
    """The anchors of a document, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", _FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def documented_columns() -> dict[str, list[str]]:
    """Table -> the columns that its first table in the data model lists."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^##+ ", text_of("docs/data-model.md"), flags=re.MULTILINE)[1:]:
        title = section.splitlines()[0].strip("` ").lower()
        rows = re.search(
            r"^\| columns \| meaning \| written by \|\n\|.*\n((?:\|.*\n?)+)", section, re.MULTILINE
        )
        if rows is not None:
            cells = [row.split("|")[1] for row in rows[1].splitlines()]
            found[title] = [name for cell in cells for name in _TICKED.findall(cell)]
    return found


@pytest.mark.parametrize("table", sorted(columns()))
def test_the_data_model_lists_every_column_of_a_table_once_and_no_other(table: str) -> None:
    assert sorted(documented_columns().get(table, [])) == sorted(columns()[table])


def test_the_data_model_knows_no_other_table() -> None:
    assert documented_columns().keys() == columns().keys()


def test_every_column_in_a_combination_exists() -> None:
    known = {name for names in columns().values() for name in names}
    text = text_of("docs/data-model.md")
    tables = re.findall(r"^\| columns \| meaning \|\n\|.*\n((?:\|.*\n?)+)", text, re.MULTILINE)
    cells = [row.split("|")[1] for rows in tables for row in rows.splitlines()]
    named = {name for cell in cells for name in _TICKED.findall(cell) if re.fullmatch(r"[a-z_]+", name)}
    assert len(tables) == 3
    assert named <= known


def transitions() -> list[tuple[str, str]]:
    """The function of every labelled transition, in full, and who calls it."""
    found = []
    for section in re.split(r"^## ", text_of("docs/data-model.md"), flags=re.MULTILINE):
        owner = {"Document": "worklist.documents", "Source": "worklist.sources"}.get(
            section.splitlines()[0], ""
        )
        for diagram in re.findall(
            r"^```mermaid\nstateDiagram-v2\n(.*?)^```", section, re.DOTALL | re.MULTILINE
        ):
            for function, callers in _LABEL.findall(diagram):
                found.append((function if "." in function else f"{owner}.{function}", callers))
    return found


def test_three_diagrams_show_the_states_and_label_every_transition() -> None:
    text = text_of("docs/data-model.md")
    arrows = [line for line in text.splitlines() if "-->" in line]
    starts = [line for line in arrows if line.strip().startswith("[*] -->") and " : " not in line]
    assert text.count("\nstateDiagram-v2\n") == 3
    assert len(arrows) - len(starts) == len(transitions())


@pytest.mark.parametrize(("function", "callers"), sorted(set(transitions())))
def test_a_transition_is_a_function_that_its_callers_name(function: str, callers: str) -> None:
    assert is_defined(function)
    assert callers, "who calls it is in parentheses"
    last = function.rsplit(".", 1)[-1]
    for caller in callers.split(", "):
        assert is_defined(caller)
        module = next(
            ".".join(caller.split(".")[:cut])
            for cut in range(len(caller.split(".")), 0, -1)
            if ".".join(caller.split(".")[:cut]) in modules()
        )
        assert re.search(rf"\b{last}\b", modules()[module].read_text(encoding="utf-8")), (
            f"{caller} calls no {last}"
        )


def test_every_transition_of_the_worklist_is_in_a_diagram_or_named_below_it() -> None:
    text = text_of("docs/data-model.md")
    shown = {function for function, _ in transitions()}
    missing = []
    for module in ("worklist.documents", "worklist.sources"):
        tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
        public = [
            node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"
        ]
        missing += [
            f"{module}.{name}"
            for name in public
            if f"{module}.{name}" not in shown and f"`{module}.{name}`" not in text
        ]
    assert set(missing) <= {"worklist.documents.is_overtaken"}  # a question, no transition


def test_the_glossary_has_at_most_forty_entries() -> None:
    rows = [line for line in text_of("docs/glossary.md").splitlines() if line.startswith("| ")]
    assert 0 < len(rows) - 1 <= 40


def test_the_packages_of_extract_are_listed_in_the_order_of_the_import_contract() -> None:
    table = text_of("docs/architecture.md").split("| in `extract/` | does |", 1)[1].split("\n\n", 1)[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    listed = [{re.sub(r"(\.py|/)$", "", name) for name in _TICKED.findall(cell)} for cell in cells]
    contract = (
        text_of(".importlinter")
        .split("[importlinter:contract:inside-extract]", 1)[1]
        .split("[importlinter:", 1)[0]
    )
    layers = [
        set(re.findall(r"extract\.(\w+)", line)) for line in contract.splitlines() if "    extract." in line
    ]
    place = {name: number for number, names in enumerate(layers) for name in names}
    order = [place[name] for names in listed for name in sorted(names)]
    assert order == sorted(order)
    assert {name for names in listed for name in names} == place.keys()
