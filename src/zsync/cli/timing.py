"""The clock of the real world, and how a signal stops it: `zsync` is asked to stop once, and told to the second time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

from zsync.engine.job import Stopped


def now() -> datetime:
    """What time it is: the one place of the program that asks the machine."""
    return datetime.now(UTC)


def unix_s() -> float:
    """The same in Unix seconds, for the sandbox that plays beside the program."""
    return now().timestamp()


class Stop:
    """Whether SIGINT or SIGTERM has come. Calling it answers."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._told = False

    def __call__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        return self._event.wait(seconds)

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Signals ask for an orderly end while this lasts; the second one ends at once (the journal survives that, too)."""
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, self._asked)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        """The second signal may come while the first is still in here: an Event's own lock would then wait for itself."""
        if self._told:
            raise KeyboardInterrupt
        self._told = True
        self._event.set()


class SystemClock:
    """Implements `zsync.ports.Clock`. `on_wait` is told before it waits, and for how many seconds."""

    def __init__(self, stop: Stop, on_wait: Callable[[float], None]) -> None:
        self._stop = stop
        self._on_wait = on_wait

    def now(self) -> datetime:
        return now()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Stopped when the program is asked to stop: who waits has nothing under way."""
        self._on_wait(seconds)
        if self._stop.wait(seconds):
            raise Stopped("stopped as asked while waiting; the rest goes in the next run")
