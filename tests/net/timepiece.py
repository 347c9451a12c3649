"""A clock that moves only when told to, for the tests of the network."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class Timepiece:
    """`slept` are the pauses that were asked for. `hasty`: told to stop, it does not sleep at all."""

    moment: datetime = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)
    hasty: bool = False

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self.hasty:
            self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return self.moment.timestamp()
