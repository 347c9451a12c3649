"""How many calls an organisation may make: in a minute, in a day, at once (facts, section 3).

A minute is a moving window. After too many, the organisation may stay blocked for a while. Calls that were refused count,
as the facts advise to assume. The day turns at midnight in the organisation's zone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from zsync.sandbox.web import Refusal

TOO_MANY_IN_A_MINUTE = Refusal(
    429,
    44,
    "For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute "
    "that can originate from an organization.",
)
TOO_MANY_AT_ONCE = Refusal(
    429, 1070, "You have reached the maximum number of in process requests allowed. Kindly try again after some time."
)


def day_used_up(per_day: int) -> Refusal:
    return Refusal(429, 45, f"The API call for this organization has exceeded the maximum call rate limit of {per_day}.")


@dataclass(frozen=True, slots=True)
class Limits:
    """None lifts a limit. `blocked_s`: how long code 44 lasts beyond the window (unsure in the facts)."""

    per_minute: int | None = 100
    per_day: int | None = 10_000
    at_once: int | None = 10
    blocked_s: float = 0.0


NO_LIMITS = Limits(None, None, None)


class Meter:
    """Counts the calls of one organisation. `limits` may be exchanged at any time."""

    def __init__(self, limits: Limits, clock: Callable[[], float], zone: tzinfo) -> None:
        self.limits = limits
        self.clock = clock
        self._zone = zone
        self._recent: deque[float] = deque()
        self._blocked_until = 0.0
        self._day = ""
        self.today = 0
        self.under_way = 0

    def check(self) -> None:
        """Count a call that arrives. Refusal if it is one too many."""
        now = self.clock()
        self._turn_day(now)
        self.today += 1
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        self._recent.append(now)
        limits = self.limits
        if limits.per_day is not None and self.today > limits.per_day:
            raise day_used_up(limits.per_day)
        if limits.per_minute is not None and (len(self._recent) > limits.per_minute or now < self._blocked_until):
            self._blocked_until = max(self._blocked_until, now + limits.blocked_s)
            raise TOO_MANY_IN_A_MINUTE
        if limits.at_once is not None and self.under_way > limits.at_once:
            raise TOO_MANY_AT_ONCE

    def headers(self) -> dict[str, str]:
        """What authenticated answers say about the day."""
        per_day = self.limits.per_day
        if per_day is None:
            return {}
        now = self.clock()
        self._turn_day(now)
        return {
            "X-Rate-Limit-Limit": str(per_day),
            "X-Rate-Limit-Remaining": str(max(0, per_day - self.today)),
            "X-Rate-Limit-Reset": str(self._left_of_day_s(now)),
        }

    def _turn_day(self, now: float) -> None:
        day = datetime.fromtimestamp(now, self._zone).date().isoformat()
        if day != self._day:
            self._day, self.today = day, 0

    def _left_of_day_s(self, now: float) -> int:
        here = datetime.fromtimestamp(now, self._zone)
        tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(1, int(tomorrow.timestamp() - now))
