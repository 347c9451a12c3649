"""The pace over a slow wire, in virtual time: the configured rate is used, and the remote never sees more than it allows.

The remote counts calls as they arrive, which is any moment between a call's departure and its answer.
"""

from __future__ import annotations

import heapq
import random
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from zsync.net.pace import Limits, Pace
from zsync.ports import Quota

MINUTES = 10


class Wire:
    """A clock whose time passes only by waiting; calls that are under way end when their time has come."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        self.out: list[tuple[datetime, int, AbstractContextManager[None]]] = []
        self.arrivals: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        until = self.moment + timedelta(seconds=seconds)
        while self.out and self.out[0][0] <= until:
            self.answer()
        self.moment = until

    def answer(self) -> None:
        """The next answer comes in."""
        self.moment, _, slot = heapq.heappop(self.out)
        slot.__exit__(None, None, None)

    def call(self, pace: Pace, latency_s: float, chance: random.Random) -> None:
        slot = pace.slot(reserved=False)
        slot.__enter__()
        self.arrivals.append(self.moment.timestamp() + chance.random() * latency_s)
        heapq.heappush(self.out, (self.moment + timedelta(seconds=latency_s), len(self.arrivals), slot))

    def most_in_a_minute(self) -> int:
        """The most arrivals in any sixty seconds."""
        arrivals, most, first = sorted(self.arrivals), 0, 0
        for last, moment in enumerate(arrivals):
            while arrivals[first] <= moment - 60:
                first += 1
            most = max(most, last - first + 1)
        return most


def played(latency_s: float, spread_s: float, *, seed: int, concurrency: int = 4) -> Wire:
    """A backlog for some minutes; each call takes `latency_s`, more or less by `spread_s`."""
    wire, chance = Wire(), random.Random(seed)  # noqa: S311 - repeatable
    limits = Limits(calls_per_minute=100, calls_per_day=None, reserve=Decimal(0), concurrency=concurrency)
    pace = Pace("Zoho Books", limits, Quota(), wire, ZoneInfo("UTC"))
    end = wire.moment + timedelta(minutes=MINUTES)
    while wire.moment < end:
        while len(wire.out) >= concurrency:
            wire.answer()
        wire.call(pace, latency_s + chance.uniform(-spread_s, spread_s), chance)
    return wire


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("latency_s", "spread_s"), [(0.8, 0.0), (0.8, 0.7), (0.1, 0.05), (5.0, 4.9)])
def test_a_hundred_a_minute_are_never_exceeded_wherever_in_its_call_a_request_arrives(
    latency_s: float, spread_s: float, seed: int
) -> None:
    assert played(latency_s, spread_s, seed=seed).most_in_a_minute() <= 100


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("spread_s", [0.0, 0.7])
def test_a_backlog_over_a_wire_of_800_ms_uses_at_least_95_percent_of_what_is_configured(spread_s: float, seed: int) -> None:
    wire = played(0.8, spread_s, seed=seed)

    in_time = [each for each in wire.arrivals if each < wire.arrivals[0] + MINUTES * 60]
    assert len(in_time) >= 0.95 * 100 * MINUTES
