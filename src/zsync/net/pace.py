"""The pace: how many calls may leave, now and today.

    minute   a moving window over the last 60 seconds, kept between runs
    at once  the wave of the engine is as wide as `concurrency`; 1070 lowers it for this run by making a pause
    day      counted in the organisation's zone; what the answers say is left goes before the configured number; a share
             is left to people and other programs
    blocked  after code 45: nothing leaves before `blocked_until`, which is kept on disk

Every request that is sent counts, refused ones, too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from zsync.errors import QuotaUsedUp
from zsync.ports import Clock, Quota

_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """`None` lifts a limit. `reserve` is the share of the day that is left to others (0.2: a fifth)."""

    calls_per_minute: int | None = 80
    calls_per_day: int | None = 1000
    reserve: Decimal = Decimal("0.2")


class Pace:
    """Counts and waits; thread-safe. `quota()` is what must be kept for the next run."""

    def __init__(self, remote: str, limits: Limits, quota: Quota, clock: Clock, zone: ZoneInfo) -> None:
        self._remote = remote
        self._limits = limits
        self._clock = clock
        self._zone = zone
        self._lock = threading.Lock()
        self._day, self._calls = quota.day, quota.calls
        self._limit, self._remaining, self._resets_at = quota.limit, quota.remaining, quota.resets_at
        self._blocked_until = quota.blocked_until
        now = clock.now().timestamp()
        self._recent: deque[float] = deque(t for t in sorted(quota.recent) if now - _WINDOW_S < t <= now)
        self._reserved = 0

    def reserve(self, calls: int) -> None:
        """Take `calls` slots at once: the calls that follow use them up without waiting."""
        for _ in range(calls):
            self._wait_for_slot()
        with self._lock:
            self._reserved += calls

    def take(self) -> None:
        """A slot for one call: a reserved one if there is one left, else wait for it. Raises QuotaUsedUp."""
        with self._lock:
            if self._reserved:
                self._reserved -= 1
                return
        self._wait_for_slot()

    def release(self) -> None:
        """Forget reserved slots that were not used: the wave is over."""
        with self._lock:
            self._reserved = 0

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take what an answer says about the day: limit, remaining, seconds until it resets."""
        limit, remaining = _number(headers.get("x-rate-limit-limit")), _number(headers.get("x-rate-limit-remaining"))
        reset = _number(headers.get("x-rate-limit-reset"))
        with self._lock:
            if remaining is not None:
                self._limit, self._remaining = limit, remaining
                self._resets_at = self._clock.now() + timedelta(seconds=reset) if reset is not None else None

    def fill_minute(self) -> None:
        """Told that the minute is full: behave as if it were."""
        now = self._clock.now().timestamp()
        with self._lock:
            missing = (self._limits.calls_per_minute or 0) - len(self._recent)
            self._recent.extend([now] * max(missing, 0))

    def block_day(self) -> datetime:
        """Told that the day is used up: nothing leaves until the reset (the answers', else the next midnight there)."""
        now = self._clock.now()
        with self._lock:
            until = self._resets_at if self._resets_at is not None and self._resets_at > now else self._midnight(now)
            self._blocked_until = until
            return until

    def quota(self) -> Quota:
        """What is known now, to be kept."""
        with self._lock:
            self._roll(self._clock.now())
            return Quota(
                self._day,
                self._calls,
                self._limit if self._limit is not None else self._limits.calls_per_day,
                self._remaining,
                self._resets_at,
                self._blocked_until,
                tuple(self._recent),
            )

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _wait_for_slot(self) -> None:
        while True:
            with self._lock:
                pause = self._slot_in()
            if pause <= 0:
                return
            self._clock.sleep(pause)

    def _slot_in(self) -> float:
        """Seconds until a slot is free; 0: it was taken."""
        now = self._clock.now()
        self._roll(now)
        self._check_day(now)
        moment = now.timestamp()
        while self._recent and self._recent[0] <= moment - _WINDOW_S:
            self._recent.popleft()
        per_minute = self._limits.calls_per_minute
        if per_minute is not None and len(self._recent) >= per_minute:
            return self._recent[0] + _WINDOW_S - moment + 0.01
        self._recent.append(moment)
        self._calls += 1
        if self._remaining is not None:
            self._remaining -= 1
        return 0.0

    def _check_day(self, now: datetime) -> None:
        if self._blocked_until is not None and now < self._blocked_until:
            raise self._used_up(self._blocked_until, "said that today's calls are used up")
        limit = self._limit if self._limit is not None else self._limits.calls_per_day
        if limit is None:
            return
        kept = int(limit * self._limits.reserve)
        if self._remaining is not None and (self._resets_at is None or now < self._resets_at) and self._remaining <= kept:
            raise self._used_up(
                self._resets_at or self._midnight(now), f"has {self._remaining} calls left today, kept for others"
            )
        configured = self._limits.calls_per_day
        if configured is not None and self._calls >= configured - int(configured * self._limits.reserve):
            raise self._used_up(
                self._midnight(now), f"got {self._calls} of {configured} calls today; the rest is kept for others"
            )

    def _used_up(self, until: datetime, why: str) -> QuotaUsedUp:
        return QuotaUsedUp(
            f"{self._remote} {why}",
            until=until,
            hint=f"the rest goes by itself after {until.strftime('%Y-%m-%d %H:%M')} UTC; [target.limits] sets the numbers",
            remote=self._remote,
        )

    def _roll(self, now: datetime) -> None:
        """A new day in the organisation's zone starts at zero."""
        today = now.astimezone(self._zone).date()
        if self._day != today:
            self._day, self._calls, self._remaining, self._resets_at, self._limit = today, 0, None, None, None

    def _midnight(self, now: datetime) -> datetime:
        local = now.astimezone(self._zone)
        tomorrow = datetime.combine(local.date() + timedelta(days=1), time(0, 0), self._zone)
        return tomorrow.astimezone(now.tzinfo)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdigit() else None
