"""What nobody does on purpose: time, faults of Notion's, death of our processes, clocks that differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from tests.simulation.oracle import in_doubt
from tests.simulation.stage.courier import WEATHERS
from tests.simulation.stage.processes import follow, run_for, watch, work
from tests.simulation.stage.scene import Scene, pick
from tests.simulation.verbs import notion, ours

Verb = Callable[[Scene, tuple[int, ...]], None]

MOST_SKEW = 18
"""Seconds by which the clocks may differ: what `watch.SKEW` allows for, less the time a request takes."""

_ENDPOINTS = (None, "search", "markdown", "page", "query", "database", "data_source")
_INJECTED = {"X-Injected": "1"}
_BLOCKED = {"rate_limit_reason": "public_api_request_blocked"}

MOST_AHEAD = 10
"""Minutes by which a clock of ours may be wrong until somebody sets it."""
_MEANWHILE = (
    notion.edit,
    notion.edit,
    notion.edit_twice,
    notion.rename,
    notion.add_row,
    notion.trash,
    notion.restore,
    notion.move_row,
    notion.set_property,
    notion.share,
    notion.archive,
    notion.unarchive,
)


def passes(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.clock.advance(seconds=(1, 5, 20, 45, 90)[numbers[0] % 5])


def hours(scene: Scene, numbers: tuple[int, ...]) -> None:
    run_for(scene, hours=1 + numbers[0] % 6, stride_hours=1)


def day(scene: Scene, numbers: tuple[int, ...]) -> None:
    run_for(scene, hours=24, stride_hours=6)


def down(scene: Scene, numbers: tuple[int, ...]) -> None:
    away = (0.5, 3, 30, 100, 170)[numbers[0] % 5]
    scene.clock.advance(hours=away)
    scene.say(f"nothing of ours runs for {away} hours")


def rate_limited(scene: Scene, numbers: tuple[int, ...]) -> None:
    seconds = (3, 20, 61, 400, 1500)[numbers[0] % 5]
    _fail(scene, numbers, status=429, times=1, headers={"Retry-After": str(seconds), **_INJECTED})
    scene.say(f"429 for {seconds} seconds")


def blocked(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.world.faults.fail(
        _endpoint(numbers), status=429, times=1, headers=_INJECTED, additional_data=_BLOCKED
    )
    scene.say("Notion blocks us")


def denied(scene: Scene, numbers: tuple[int, ...]) -> None:
    """Notion says once that something is not there, which is there: nothing may go for that."""
    endpoint = ("page", "markdown", "page", "database", "data_source", "query")[numbers[0] % 6]
    among = {"page": scene.pages(), "markdown": scene.pages(), "database": scene.databases()}
    thing = pick(among.get(endpoint, scene.tables()), numbers[1])
    if thing is None or thing.id in scene.denied or in_doubt(thing.id):
        return
    scene.denied.add(thing.id)
    scene.world.faults.fail(endpoint, status=404, times=1, page_id=thing.id)
    scene.say(f"{endpoint} of {thing.title} ({thing.id[:6]}) is denied once")


def overloaded(scene: Scene, numbers: tuple[int, ...]) -> None:
    headers = {"Retry-After": "30"} if numbers[0] % 2 else {}
    _fail(scene, numbers, status=529, times=1, headers={**headers, **_INJECTED})
    scene.say("529")


def server_errors(scene: Scene, numbers: tuple[int, ...]) -> None:
    status = (500, 502, 503, 504, 409)[numbers[0] % 5]
    _fail(scene, numbers, status=status, times=1 + numbers[2] % 9)
    scene.say(f"{1 + numbers[2] % 9} times {status}")


def html(scene: Scene, numbers: tuple[int, ...]) -> None:
    _fail(scene, numbers, status=(403, 502, 404)[numbers[0] % 3], times=1 + numbers[2] % 5, html=True)
    scene.say("an edge answers in HTML")


def half_json(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.world.faults.truncate_json(_endpoint(numbers), times=1 + numbers[2] % 5)
    scene.say("truncated answers")


def dropped(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.world.faults.drop(_endpoint(numbers), times=1 + numbers[2] % 6)
    scene.say("dropped connections")


def hanging(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.wire.hanging = 1 + numbers[0] % 5
    scene.say("Notion hangs")


def query_unavailable(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.world.faults.fail("query", status=503, times=1 + numbers[0] % 6)
    scene.say("query is unavailable")


def cursors_refused(scene: Scene, numbers: tuple[int, ...]) -> None:
    """The next request of a listing is answered as if its cursor had ended with a session of Notion's."""
    endpoint = ("search", "query")[numbers[0] % 2]
    scene.world.faults.fail(endpoint, status=400, times=1, message="The start_cursor provided is invalid.")
    scene.say(f"a refused cursor of {endpoint}")


def search_lags(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.world.search_lag_seconds = (30, 120, 400)[numbers[0] % 3]
    scene.say(f"search lags {scene.world.search_lag_seconds} seconds")


def search_is_quick(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.world.search_lag_seconds = 0


def killed(scene: Scene, numbers: tuple[int, ...]) -> None:
    """The next process of ours dies at some instruction."""
    what, most = (("statements", 400), ("commits", 40), ("requests", 30))[numbers[0] % 3]
    scene.power.fail_after(what, 1 + numbers[1] % most)
    scene.say(f"the next process dies at {what[:-1]} {1 + numbers[1] % most}")


def freezes(scene: Scene, numbers: tuple[int, ...]) -> None:
    """The next process stops in the middle of a request; others go on, and then it wakes as an orphan."""
    asleep = (10, 45, 300)[numbers[1] % 3]

    def meanwhile() -> None:
        scene.clock.advance(seconds=asleep)
        for each in range(2):
            notion.edit(scene, tuple(number + each for number in numbers))
        watch(scene)
        work(scene)

    scene.wire.meanwhile(1 + numbers[0] % 12, meanwhile)
    scene.say(f"the next process freezes for {asleep} seconds at request {1 + numbers[0] % 12}")


def edits_meanwhile(scene: Scene, numbers: tuple[int, ...]) -> None:
    """Somebody acts in Notion between an answer and its arrival."""
    verb = _MEANWHILE[numbers[1] % len(_MEANWHILE)]
    scene.wire.meanwhile(1 + numbers[0] % 12, lambda: verb(scene, numbers[2:] + numbers[:2]))


def ours_meanwhile(scene: Scene, numbers: tuple[int, ...]) -> None:
    """Somebody of ours, or the daemon, acts while another process waits for Notion."""
    verbs = (*ours.VERBS.values(), ours.VERBS["retrain"], ours.VERBS["tick"], lambda *given: watch(scene))
    verb = verbs[numbers[1] % len(verbs)]
    scene.wire.meanwhile(1 + numbers[0] % 12, lambda: verb(scene, numbers[2:] + numbers[:2]))


def redis_emptied(scene: Scene, numbers: tuple[int, ...]) -> None:
    scene.runtime.redis.flushall()
    scene.wire.emptied(window_seconds=scene.runtime.config.notion.window_seconds)
    scene.say("Redis is emptied")


def clocks_differ(scene: Scene, numbers: tuple[int, ...]) -> None:
    skew = numbers[0] % (2 * MOST_SKEW + 1) - MOST_SKEW
    scene.notion_clock.skew = timedelta(seconds=skew)
    scene.say(f"Notion's clock is {skew} seconds ahead")


def clock_is_set(scene: Scene, numbers: tuple[int, ...]) -> None:
    """Our clock jumps, by minutes; Notion's goes on as it went."""
    ahead = timedelta(minutes=numbers[0] % (2 * MOST_AHEAD + 1) - MOST_AHEAD)
    scene.clock.now += scene.notion_clock.ahead - ahead
    scene.notion_clock.ahead = ahead
    scene.wire.clock_was_set(window_seconds=scene.runtime.config.notion.window_seconds)
    scene.say(f"our clock is set, and Notion's is {ahead.total_seconds() / 60:.0f} minutes ahead")


def weather(scene: Scene, numbers: tuple[int, ...]) -> None:
    """How Notion's events arrive from now on."""
    if scene.courier is not None:
        scene.courier.weather = WEATHERS[numbers[0] % len(WEATHERS)]
        scene.say(f"the weather for events is {scene.courier.weather}")


def token_expires(scene: Scene, numbers: tuple[int, ...]) -> None:
    grant = pick(scene.grants, numbers[0])
    assert grant is not None
    scene.world.expire_token(grant)
    scene.say(f"the token of connection {scene.connections[grant.bot_id]} expires")


def token_revoked(scene: Scene, numbers: tuple[int, ...]) -> None:
    grant = pick(scene.grants, numbers[0])
    assert grant is not None
    grant.revoke()
    scene.say(f"connection {scene.connections[grant.bot_id]} is revoked in Notion")


def end(scene: Scene) -> None:
    """Fate leaves everybody alone from here on."""
    scene.world.faults.clear()
    scene.wire.forget_meanwhile()
    scene.wire.hanging = 0
    scene.power.spare()
    scene.world.search_lag_seconds = 0
    if scene.courier is not None:
        scene.courier.weather = "fair"


def _fail(
    scene: Scene,
    numbers: tuple[int, ...],
    *,
    status: int,
    times: int,
    headers: Mapping[str, str] | None = None,
    html: bool = False,
) -> None:
    scene.world.faults.fail(_endpoint(numbers), status=status, times=times, headers=headers, html=html)


def _endpoint(numbers: tuple[int, ...]) -> str | None:
    return _ENDPOINTS[numbers[1] % len(_ENDPOINTS)]


VERBS: Mapping[str, Verb] = {
    "follow": lambda scene, numbers: follow(scene),
    "the daemon ticks": lambda scene, numbers: watch(scene),
    "a worker works": lambda scene, numbers: work(scene),
    "a moment passes": passes,
    "hours pass": hours,
    "a day passes": day,
    "the daemon is down": down,
    "rate limited": rate_limited,
    "Notion blocks us": blocked,
    "something is denied once": denied,
    "overloaded": overloaded,
    "server errors": server_errors,
    "an edge answers in HTML": html,
    "half a JSON": half_json,
    "dropped connections": dropped,
    "Notion hangs": hanging,
    "query is unavailable": query_unavailable,
    "cursors are refused": cursors_refused,
    "search lags": search_lags,
    "search is quick": search_is_quick,
    "a worker is killed": killed,
    "a worker freezes": freezes,
    "edits meanwhile": edits_meanwhile,
    "our people act meanwhile": ours_meanwhile,
    "Redis is emptied": redis_emptied,
    "clocks differ": clocks_differ,
    "our clock is set": clock_is_set,
    "the weather for events": weather,
    "the token expires": token_expires,
    "the token is revoked": token_revoked,
}
