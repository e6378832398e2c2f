"""The source of the templates, of the product and of the practice workspace, is laid out to be read."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 140
TEMPLATES = sorted(ROOT.glob("*/templates/**/*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_line_of_a_template_is_too_long_to_read(template: Path) -> None:
    lines = template.read_text(encoding="utf-8").splitlines()
    too_long = [number for number, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE]
    assert not too_long, f"lines {too_long} have more than {LONGEST_LINE} characters"
