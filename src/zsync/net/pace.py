"""The pace: how many calls may leave, now and today.

    at once  `concurrency` calls are under way; one less each time the remote says it was too many, one more
             after each minute without such an answer, which no next run knows of: it starts with all
    minute   a moving window over the last 60 seconds, kept between runs. A call takes up its place until 60 seconds after its
             answer: it may have reached the remote, which counts arrivals, at any moment up to then
    day      counted in the organisation's zone; whatever is lower of the configured number and what the answers say is
             left ends it; a share of it is left to people and other programs
    pause    the remote asked for one: nothing leaves before it is over
    blocked  the day is used up, or the pause is long: nothing leaves before `blocked_until`, which is kept on disk

Every request that is sent counts, refused ones, too. What is kept are moments of a clock that may be set: no block, pause
or reset is taken for longer than the remote could have meant, and a day that comes again goes on counting.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from zsync.errors import QuotaUsedUp, Throttled
from zsync.ports import Budget, Clock, Quota

_WINDOW_S = 60.0
_LONGEST_PAUSE_S = 90.0
"""A pause that a run sits out; a longer one is a block."""
_LONGEST_DAY_S = 2 * 86400
"""No block lasts longer, and no reset is further away."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`None` lifts a limit. `reserve` is the share of the day that is left to others (0.2: a fifth)."""

    calls_per_minute: int | None = 80
    calls_per_day: int | None = 1000
    reserve: Decimal = Decimal("0.2")
    concurrency: int = 4


class Pace:
    """Counts and waits; thread-safe. `quota()` is what must be kept for the next run."""

    def __init__(self, remote: str, limits: Limits, quota: Quota, clock: Clock, zone: ZoneInfo) -> None:
        self._remote = remote
        self._limits = limits
        self._clock = clock
        self._zone = zone
        self._lock = threading.Condition()
        self._day, self._calls = quota.day, quota.calls
        self._limit = quota.limit if quota.remaining is not None else None  # else it is what was configured then
        self._remaining, self._resets_at = quota.remaining, quota.resets_at
        self._blocked_until = quota.blocked_until
        self._paused_until = 0.0
        self._recent: deque[float] = deque(sorted(quota.recent))
        self._reserved: deque[float] = deque()
        self._width = limits.concurrency
        self._width_since = 0.0
        self._under_way = 0

    @property
    def concurrency(self) -> int:
        """How many calls may be under way at once, now."""
        return self._width

    # --- before a call --------------------------------------------------------------------------------------------------

    def reserve(self, calls: int) -> None:
        """Take `calls` slots at once: the writes that follow use them up without waiting. Raises QuotaUsedUp.

        Returns early, with fewer slots, where the clock's sleep does: the program is asked to stop.
        """
        for _ in range(calls):
            left, moment = self._wait_for_room()
            if left > 0:
                return
            with self._lock:
                self._reserved.append(moment)

    def release(self) -> None:
        """Give back reserved slots that were not used: nothing was sent in them."""
        with self._lock:
            while self._reserved:
                self._give_back(self._reserved.popleft())

    @contextmanager
    def slot(self, *, reserved: bool = True) -> Iterator[None]:
        """Held while a call is under way: waits for room at once, in the minute and in the day.

        Not `reserved`: those that were reserved are not for it (a read must not leave a write waiting).
        Raises QuotaUsedUp, and Throttled if the wait was cut short because the program is asked to stop.
        """
        with self._lock:
            self._lock.wait_for(lambda: self._under_way < self._width)
            self._under_way += 1
        moment: float | None = None
        try:
            moment = self._take_reserved() if reserved else None
            if moment is None:
                moment = self._take()
            yield
            self._widen()
        finally:
            with self._lock:
                if moment is not None:
                    self._has_arrived(moment)
                self._under_way -= 1
                self._lock.notify_all()

    def count(self) -> None:
        """One request more has left inside a slot (repeated with a new token)."""
        with self._lock:
            now = self._clock.now()
            self._roll(now)
            self._recent.append(now.timestamp())
            self._sent()

    # --- after an answer ------------------------------------------------------------------------------------------------

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take what an answer says about the day: limit, remaining, seconds until it resets."""
        remaining = _number(headers.get("x-rate-limit-remaining"))
        if remaining is None:
            return
        reset = _number(headers.get("x-rate-limit-reset"))
        known = reset is not None and reset <= _LONGEST_DAY_S
        with self._lock:
            self._roll(self._clock.now())
            self._limit, self._remaining = _number(headers.get("x-rate-limit-limit")), remaining
            self._resets_at = self._clock.now() + timedelta(seconds=reset or 0) if known else None

    def fill_minute(self) -> None:
        """Told that the minute is full: behave as if it were, in the next run, too."""
        now = self._clock.now().timestamp()
        with self._lock:
            missing = (self._limits.calls_per_minute or 0) - len(self._recent)
            self._recent.extend([now] * max(missing, 0))
        self.pause(_WINDOW_S)

    def narrow(self) -> None:
        """Told that too many were under way at once: one less, never none, until a quiet minute has passed."""
        with self._lock:
            self._width = max(self._width - 1, 1)
            self._width_since = self._clock.now().timestamp()

    def pause(self, seconds: float) -> None:
        """Told to wait: nothing leaves before. A pause too long to sit out is a block."""
        now = self._clock.now()
        if seconds > _LONGEST_PAUSE_S:
            self.block(now + timedelta(seconds=min(seconds, _LONGEST_DAY_S)))
            return
        with self._lock:
            self._paused_until = max(self._paused_until, now.timestamp() + seconds)

    def block(self, until: datetime) -> None:
        """Nothing leaves before `until`, in the next runs, too."""
        with self._lock:
            self._blocked_until = max(self._block_in_force(self._clock.now()) or until, until)

    def block_day(self, asked_s: float | None = None) -> datetime:
        """Told that the day is used up: nothing leaves for as long as the answer asks (`asked_s`).

        Where it does not ask: until the reset (the answers', else the next midnight there).
        """
        now = self._clock.now()
        if asked_s is not None:
            until = now + timedelta(seconds=min(asked_s, _LONGEST_DAY_S))
        else:
            with self._lock:
                until = self._resets_at if self._resets_at is not None and self._resets_at > now else self._midnight(now)
        self.block(until)
        return until

    def quota(self) -> Quota:
        """What is known now, to be kept."""
        with self._lock:
            now = self._clock.now()
            self._roll(now)
            self._forget(now.timestamp())
            return Quota(
                self._day,
                self._calls,
                self._limit if self._limit is not None else self._limits.calls_per_day,
                self._remaining,
                self._resets_at,
                self._blocked_until,
                tuple(self._recent),
            )

    def budget(self) -> Budget:
        """What is ours today, and on each day that follows: of the day's limit less what is kept for others."""
        with self._lock:
            now = self._clock.now()
            self._roll(now)
            limits = [each for each in (self._limits.calls_per_day, self._limit) if each is not None]
            a_day = min((self._without_reserve(limit) for limit in limits), default=None)
            if self._block_in_force(now) is not None:
                return Budget(0, a_day)
            left = [each for each in self._left() if each is not None]
            return Budget(max(min(left), 0) if left else None, a_day)

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _widen(self) -> None:
        """A call has ended well: one more at once if the last change is a minute ago, never more than configured."""
        with self._lock:
            moment = self._clock.now().timestamp()
            self._width_since = min(self._width_since, moment)  # the clock was set back: a minute from here
            if self._width < self._limits.concurrency and moment - self._width_since >= _WINDOW_S:
                self._width += 1
                self._width_since = moment

    def _has_arrived(self, departure: float) -> None:
        """A call has ended: its place in the minute is taken for a minute from now."""
        self._give_back(departure)
        self._recent.append(max(self._clock.now().timestamp(), departure))

    def _take_reserved(self) -> float | None:
        """Use up a reserved slot; the moment of departure, or None if none is left."""
        with self._lock:
            now = self._clock.now()
            self._roll(now)
            self._check_block(now)
            if self._reserved and (left := self._pause_left(now.timestamp())) > 0:
                # Its row says `sending`: better come back later than wait in between.
                raise Throttled(f"{self._remote} asked for a pause", after_s=left, remote=self._remote)
            while self._reserved:
                moment = self._reserved.popleft()
                if self._give_back(moment) and moment > now.timestamp() - _WINDOW_S:
                    self._recent.append(now.timestamp())
                    self._sent()
                    return now.timestamp()
            return None

    def _take(self) -> float:
        """A slot for one call, waited for; the moment of departure."""
        left, moment = self._wait_for_room()
        if left > 0:
            raise Throttled(f"the wait for {self._remote}'s limit was cut short", after_s=left, remote=self._remote)
        with self._lock:
            self._sent()
        return moment

    def _give_back(self, moment: float) -> bool:
        """Take a reserved moment out of the window; False if it has left it already."""
        if moment not in self._recent:
            return False
        self._recent.remove(moment)
        return True

    def _sent(self) -> None:
        self._calls += 1
        if self._remaining is not None:
            self._remaining = max(self._remaining - 1, 0)

    def _wait_for_room(self) -> tuple[float, float]:
        """(0, its moment) once the minute has room and one place of it is taken; seconds that were still to wait, and the moment,
        if the sleep was cut."""
        while True:
            with self._lock:
                pause, moment = self._room_in()
            if pause <= 0:
                return 0.0, moment
            asleep = self._clock.now()
            self._clock.sleep(pause)
            left = pause - (self._clock.now() - asleep).total_seconds()
            if 0.5 < left <= pause:  # less is the clock's own grain; more, and it was set back meanwhile: look again
                return left, moment

    def _room_in(self) -> tuple[float, float]:
        """Seconds until there is room in the minute, and the moment it is; 0: there was, and it is taken. Raises QuotaUsedUp."""
        now = self._clock.now()
        self._roll(now)
        self._check_block(now)
        self._check_day(now)
        moment = now.timestamp()
        if (pause := self._pause_left(moment)) > 0:
            return pause, moment
        self._forget(moment)
        per_minute = self._limits.calls_per_minute
        if per_minute is not None and len(self._recent) >= per_minute:
            return self._recent[0] + _WINDOW_S - moment + 0.01, moment
        self._recent.append(moment)
        return 0.0, moment

    def _forget(self, moment: float) -> None:
        """Drop what is older than the window. What seems to lie ahead (the clock was set back) counts as just now."""
        self._recent = deque(sorted(min(each, moment) for each in self._recent if each > moment - _WINDOW_S))

    def _pause_left(self, moment: float) -> float:
        """Seconds of the pause that are left. A clock that was set back does not make it longer."""
        self._paused_until = min(self._paused_until, moment + _LONGEST_PAUSE_S)
        return self._paused_until - moment

    def _block_in_force(self, now: datetime) -> datetime | None:
        """Until when, if something blocks now."""
        until = self._blocked_until
        return until if until is not None and now < until <= now + timedelta(seconds=_LONGEST_DAY_S) else None

    def _check_block(self, now: datetime) -> None:
        until = self._block_in_force(now)
        if until is not None:
            raise self._used_up(until, "asked to be left alone: its limit of calls is reached")

    def _check_day(self, now: datetime) -> None:
        """The lower of what is configured and what the answers said; reserved slots count as used."""
        told, configured = self._left()
        if told is not None and told <= 0:
            raise self._used_up(
                self._resets_at or self._midnight(now), f"has {self._remaining} calls left today, kept for others"
            )
        if configured is not None and configured <= 0:
            raise self._used_up(
                self._midnight(now),
                f"got {self._calls} of {self._limits.calls_per_day} calls today; the rest is kept for others",
            )

    def _left(self) -> tuple[int | None, int | None]:
        """What is ours of today by what the answers said, and by what is configured."""
        promised, limit = len(self._reserved), self._limits.calls_per_day
        told = None
        if self._remaining is not None:
            told = self._remaining - promised - self._kept(self._limit or limit or 0)
        return told, None if limit is None else self._without_reserve(limit) - self._calls - promised

    def _kept(self, limit: int) -> int:
        """Of a day's limit the share that is left to others."""
        return int(limit * self._limits.reserve)

    def _without_reserve(self, limit: int) -> int:
        return limit - self._kept(limit)

    def _used_up(self, until: datetime, why: str) -> QuotaUsedUp:
        return QuotaUsedUp(
            f"{self._remote} {why}",
            until=until,
            hint=f"the rest goes by itself after {until.strftime('%Y-%m-%d %H:%M')} UTC; [target.limits] sets the numbers",
            remote=self._remote,
        )

    def _roll(self, now: datetime) -> None:
        """A new day in the organisation's zone starts at zero; what the answers said holds until the reset they named."""
        today = now.astimezone(self._zone).date()
        if self._remaining is not None and self._is_over(now, today):
            self._remaining = self._resets_at = self._limit = None
        if self._day is None or today > self._day:
            self._calls = 0
        self._day = today  # an earlier one: the clock was set back, or the zone is known now; these calls may be today's

    def _is_over(self, now: datetime, today: date) -> bool:
        """Whether the day that the answers spoke of has ended."""
        if self._resets_at is None:
            return self._day != today
        return not now < self._resets_at <= now + timedelta(seconds=_LONGEST_DAY_S)

    def _midnight(self, now: datetime) -> datetime:
        local = now.astimezone(self._zone)
        tomorrow = datetime.combine(local.date() + timedelta(days=1), time(0, 0), self._zone)
        return tomorrow.astimezone(UTC)


def _number(text: str | None) -> int | None:
    plain = (text or "").strip().replace(",", "")
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 10 else None
