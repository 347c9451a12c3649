"""Periods of reports: which ones are read, and in which calls. Pure.

the last N months, quarters or years up to today  -->  windows of six months at most (a year is one window)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from zsync.sources.quickbooks.reports import BY_PERIOD, By

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_WINDOW_MONTHS = 6
"""QuickBooks asks to keep a report to six months a call."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    start: date
    end: date


def last_periods(by: By, count: int, today: date) -> list[Period]:
    """The last `count` periods, the one that holds today included, oldest first. Columns that are no periods go by months."""
    length = _MONTHS.get(by, 1)
    this = today.year * 12 + (today.month - 1) // length * length
    return [_period(this - length * back, length) for back in reversed(range(count))]


def windows(report: str, by: By, periods: Sequence[Period]) -> Iterator[list[Period]]:
    """The periods of each call: several where the report's columns are periods, else one."""
    length = _MONTHS.get(by, 0)
    several = max(1, _WINDOW_MONTHS // length) if length and report in BY_PERIOD else 1
    for first in range(0, len(periods), several):
        yield list(periods[first : first + several])


def period_from(start: date, by: By) -> Period:
    """The period that begins on this day."""
    return _period(start.year * 12 + start.month - 1, _MONTHS.get(by, 1))


def _period(month: int, length: int) -> Period:
    """`month` counts from year 0."""
    after = month + length
    return Period(date(month // 12, month % 12 + 1, 1), date(after // 12, after % 12 + 1, 1) - timedelta(days=1))
