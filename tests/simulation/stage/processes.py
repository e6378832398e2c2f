"""Our processes: the daemon's tick, a worker that takes jobs from the queue, and time that passes with both running."""

from __future__ import annotations

from daemon.loop import tick
from extract import jobs
from extract.sync import drain
from extract.worklist import due
from tests.simulation.broken import Broken
from tests.simulation.stage.scene import Scene

ROUNDS = 40
"""More slices than this in a row without an end would be a drain that works in circles."""


def watch(scene: Scene) -> None:
    """What Notion tells arrives, and the daemon ticks once; or a process dies doing it."""
    if scene.courier is not None:
        scene.courier.carry()
    with scene.power.process():
        tick(scene.runtime)
    scene.wire.forget_meanwhile()


def work(scene: Scene) -> None:
    """A worker takes what is on the queue until it is empty, or dies doing it."""
    for _ in range(ROUNDS):
        jobs_waiting = _taken(scene)
        if not jobs_waiting:
            return
        for connection_id in jobs_waiting:
            if drain_one(scene, connection_id) is drain.Ended.SLICE:
                jobs.wake(scene.runtime, connection_id)
    raise Broken("a worker goes round in circles")


def drain_one(scene: Scene, connection_id: int) -> drain.Ended | None:
    """One drain of one connection; None when its process was killed."""
    ended = None
    with scene.power.process():
        ended = drain.drain(scene.runtime, connection_id)
    scene.wire.forget_meanwhile()
    return ended


def follow(scene: Scene, *, seconds: float = 61) -> None:
    """Time passes, the daemon ticks, a worker works."""
    scene.clock.advance(seconds=seconds)
    watch(scene)
    work(scene)


def run_for(scene: Scene, *, hours: float, stride_hours: float) -> None:
    """Hours with everything running, seen at strides: at each the daemon ticks until nothing is due, three times."""
    left, day = hours, 0.0
    while left > 0:
        stride = min(stride_hours, left)
        left, day = left - stride, day + stride
        scene.clock.advance(hours=stride)
        if day >= 24:
            _forget_names(scene)
            day = 0
        for _ in range(3):
            follow(scene)


def until_nothing_is_due(scene: Scene, *, patience: int = 60) -> None:
    """Follow until no alive connection has anything due now; resting ones are waited for."""
    for _ in range(patience):
        follow(scene)
        if not due.connections_with_work(now=scene.clock()):
            return


def _taken(scene: Scene) -> list[int]:
    """The connections that jobs on the queue name; the queue is empty then."""
    queue = jobs.sync_queue(scene.runtime.redis)
    found: list[int] = []
    for job_id in queue.get_job_ids():
        job = queue.fetch_job(job_id)
        if job is None:
            continue
        connection_id = job.args[0]
        scene.runtime.redis.delete(f"hilal:waking:{connection_id}")
        if connection_id not in found:
            found.append(connection_id)
        job.delete()
    queue.empty()
    return found


def _forget_names(scene: Scene) -> None:
    """Redis counts a real day for what it remembers of names; here the day is ours."""
    keys = scene.runtime.redis.keys("hilal:name:*")
    if keys:
        scene.runtime.redis.delete(*keys)
