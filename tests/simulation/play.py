"""Playing a story: each step is acted, then the oracle looks; at the end comes quiet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from structlog.testing import capture_logs

from tests.simulation.broken import Broken
from tests.simulation.oracle import Oracle
from tests.simulation.quiet import quiet
from tests.simulation.stage.scene import Scene
from tests.simulation.stage.stage import Stage
from tests.simulation.steps import Step
from tests.simulation.verbs import fate, notion, ours

VERBS: Mapping[str, Callable[[Scene, tuple[int, ...]], None]] = {**notion.VERBS, **ours.VERBS, **fate.VERBS}
FAULTS_OF_OURS = ("document_broken", "listing_broken", "poll_broken")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a story ended. `invariant` is None when nothing broke; `steps` are those up to where it did."""

    seed: int
    steps: tuple[Step, ...]
    invariant: str | None
    detail: str
    told: tuple[str, ...]
    requests: int
    at_quiet: bool = False


def play(stage: Stage, seed: int, steps: Sequence[Step], *, to_quiet: bool = True) -> Ending:
    """Play a story to its end, or to the first invariant that breaks; without `to_quiet` it may end in uproar."""
    acted = 0
    told: list[str] = []
    with stage.scene(seed) as scene, capture_logs() as logged:
        oracle = Oracle(scene)
        scene.wire.after_meanwhile = oracle.meanwhile
        broken = None
        try:
            oracle.begin()
            for step in steps:
                acted += 1
                _act(scene, oracle, step)
                told.extend(_told(scene, step))
                _no_faults_of_ours(logged)
            acted = len(steps) + 1
            if to_quiet:
                oracle.begin()
                quiet(scene, oracle)
                _no_faults_of_ours(logged)
        except Broken as error:
            broken = (error.invariant, str(error))
        except Exception as error:
            broken = (f"an exception escaped: {type(error).__name__}", repr(error))
            log.error("escaped", exc_info=error)
        if broken is not None and acted <= len(steps):
            told.extend(_told(scene, steps[acted - 1]))
        told.extend(f"        {note}" for note in scene.notes)
        requests = scene.wire.requests
    invariant, detail = broken or (None, "")
    return Ending(
        seed, tuple(steps[:acted]), invariant, detail, tuple(told), requests, at_quiet=acted > len(steps)
    )


def _act(scene: Scene, oracle: Oracle, step: Step) -> None:
    oracle.begin()
    VERBS[step.verb](scene, step.numbers)
    oracle.look()


def _told(scene: Scene, step: Step) -> list[str]:
    lines = [f"{step}  {scene.clock.now:%d %H:%M:%S}  {'; '.join(scene.notes)}".rstrip()]
    scene.notes.clear()
    return lines


def _no_faults_of_ours(logged: list[dict[str, object]]) -> None:  # type: ignore[type-arg]
    for entry in logged:
        if entry["event"] in FAULTS_OF_OURS:
            raise Broken(f"the log says {entry['event']}", repr(entry.get("exc_info") or entry))
    logged.clear()
