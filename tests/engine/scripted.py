"""A remote that answers as it was told to beforehand, on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable

from engine.world import Remote, StillClock, T, World
from zsync.errors import ContractBroken, OutOfReach, SignInNeeded, Throttled, Unavailable

ANSWERS = ("", "late", "lost", "unanswered", "down", "throttled", "signed out", "garbled")
READINGS = ("", "down", "throttled", "silent")


class Scripted(Remote):
    """A remote that answers the next writes and reads as it was told to. Its clock is its own: ours may be set back.

    No write may leave but of a row that says `sending` on disk.
    """

    def __init__(self, world: World) -> None:
        self.true_time = StillClock(world.clock.moment)
        super().__init__(self.true_time, world.fate)
        self.world = world
        self.answers: list[str] = []
        self.readings: list[str] = []

    def write(self, effect: Callable[[], T]) -> T:
        assert not self.world.store.db.in_transaction, "a call left inside a transaction"
        assert self.world.doubtful(), "a call left for a row that is not `sending`"
        answer = self.answers.pop(0) if self.answers else ""
        match answer:
            case "" | "late" | "lost" | "unanswered" | "died":
                self.fate.on_call = {self.fate.calls + 1: answer}
                return super().write(effect)
            case "down":
                self.tick()
                raise Unavailable("down")
            case "throttled":
                self.tick()
                raise Throttled("slow down", after_s=30)
            case "signed out":
                self.tick()
                raise SignInNeeded("sign in")
            case _:
                self.tick()
                effect()
                raise ContractBroken("not JSON")

    def read(self) -> None:
        super().read()
        match self.readings.pop(0) if self.readings else "":
            case "down":
                raise Unavailable("down")
            case "throttled":
                raise Throttled("slow down", after_s=30)
            case "silent":
                raise OutOfReach("silent")
            case _:
                return

    def calls(self) -> int:
        return self.reads + self.writes
