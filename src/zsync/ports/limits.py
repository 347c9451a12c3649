"""What is known of a remote's limits, and how much of them is ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Quota:
    """What is known of a remote's limits; kept in the state between runs.

    `day` is the day (in the remote's zone) that `calls` were counted on. `remaining` and `resets_at` are what the last
    answer said. `recent` are the moments (epoch seconds) of the last minute's calls. Until `blocked_until` nothing leaves.
    """

    day: date | None = None
    calls: int = 0
    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None
    blocked_until: datetime | None = None
    recent: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls to a remote that are ours, less what is kept for others: what is left of `today`, and of each day that follows.

    None: no limit is known. A day has at least one.
    """

    today: int | None = None
    a_day: int | None = None

    def days(self, calls: int) -> int:
        """On how many days so many calls leave, today among them if it has room."""
        if self.today is None or self.a_day is None or calls <= self.today:
            return 1 if calls else 0
        return -(-(calls - self.today) // self.a_day) + (1 if self.today > 0 else 0)
