"""A handful of stories, always the same; `make simulate` plays many. A failure tells its seed and a shrunken story."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.__main__ import shortest, tell
from tests.simulation.broken import Broken
from tests.simulation.play import play
from tests.simulation.shrink import shrink
from tests.simulation.stage.stage import Stage
from tests.simulation.steps import Step, story

STEPS = 60


@pytest.fixture
def stage(tmp_path: Path, redis_url: str) -> Stage:
    return Stage(tmp_path, redis_url)


@pytest.mark.parametrize("seed", [1, 2])
def test_at_quiet_the_knowledge_base_equals_notion(stage: Stage, seed: int) -> None:
    ending = play(stage, seed, story(seed, STEPS))
    if ending.invariant is not None:
        pytest.fail(tell(shortest(stage, ending), of=STEPS), pytrace=False)


def test_at_quiet_the_knowledge_base_equals_notion_on_postgresql(
    tmp_path: Path, redis_url: str, postgres_url: str
) -> None:
    stage = Stage(tmp_path, redis_url, postgres_url)
    ending = play(stage, 4, story(4, STEPS))
    if ending.invariant is not None:
        pytest.fail(tell(shortest(stage, ending), of=STEPS), pytrace=False)


def test_the_same_seed_tells_the_same_story(stage: Stage) -> None:
    first = play(stage, 5, story(5, 40), to_quiet=False)
    again = play(stage, 5, story(5, 40), to_quiet=False)

    assert first == again
    assert first.told != play(stage, 6, story(6, 40), to_quiet=False).told


def test_an_edit_that_nobody_reads_is_noticed_by_the_oracle(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulation can fail: here the polls are deaf, and the daily looks believe that nothing moves."""
    monkeypatch.setattr("daemon.loop.poll_one", lambda *arguments, **named: False)
    monkeypatch.setattr("extract.sync.claims.compare_listing", lambda *arguments, **named: "same")
    monkeypatch.setattr(
        "extract.discovery.changes_listed.compare_listing", lambda *arguments, **named: "same"
    )
    told = [Step(1, "tick", (0, 0, 0, 0, 1, 0)), Step(2, "follow", (0,) * 6)]
    edits = [Step(3 + each, "edit a page", (each, 0, 0, 0, 0, 0)) for each in range(40)]

    ending = play(stage, 7, [*told, *edits])

    assert ending.invariant == "stale body"


def test_a_failing_story_is_told_in_as_few_steps_as_it_takes() -> None:
    steps = story(8, 64)
    culprits = {steps[9], steps[40]}

    assert set(shrink(steps, lambda some: culprits <= set(some))) == culprits


def test_what_breaks_carries_its_name() -> None:
    assert str(Broken("a page is missing", "Plan")) == "a page is missing: Plan"
