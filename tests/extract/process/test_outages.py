"""A part that is away: one log line when it goes, one when it is back, growing pauses between."""

from __future__ import annotations

from structlog.testing import capture_logs

from extract.process.outages import Outage


def test_pauses_grow_up_to_a_few_seconds_and_begin_again_afterwards() -> None:
    outage = Outage("redis")

    assert [outage.failed("down") for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]

    outage.over()
    assert outage.failed("down") == 0.5


def test_one_outage_is_logged_once_and_its_end_once() -> None:
    outage = Outage("redis")

    with capture_logs() as logged:
        outage.over()
        for _ in range(3):
            outage.failed("down")
        for _ in range(3):
            outage.over()

    assert [line["event"] for line in logged] == ["redis_away", "redis_back"]
    assert logged[0]["cause"] == "down"
