"""Long work, watched: a bar with rate, calls used and time left on a terminal; now and then a plain line in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from zsync.cli.output import Output, clean, console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from zsync.cli.session import Session
    from zsync.ports import Progressed

_SPEED_OVER_S = 120.0
"""The rate is taken over this long, so that the pauses of a limit per minute are in it."""

_WORTH_TELLING_S = 2.0
"""A shorter pause passes unnoticed."""

_LINE_EVERY_S = 30.0


class _Viewer(Protocol):
    def show(self, what: str, done: int, of: int | None, remark: str) -> None: ...


class Watch:
    """What the engine tells its progress to. `calls` is asked for the calls used so far."""

    def __init__(self, viewer: _Viewer | None) -> None:
        self._viewer = viewer
        self._last: tuple[str, int, int | None] | None = None
        self.calls: Callable[[], str] = str

    @property
    def progress(self) -> Progressed:
        return self._told

    def waits(self, seconds: float) -> None:
        """The work rests for so long: a limit wants it, or a remote."""
        if self._last is not None and seconds >= _WORTH_TELLING_S:
            self._show(*self._last, f"{self.calls()}, pausing {seconds:.0f} s")

    def _told(self, what: str, done: int, of: int | None) -> None:
        if done or of:
            self._last = (what, done, of)
            self._show(what, done, of, self.calls())

    def _show(self, what: str, done: int, of: int | None, remark: str) -> None:
        if self._viewer is not None:
            self._viewer.show(what, done, of, remark)


@contextmanager
def watched(session: Session) -> Iterator[Watch]:
    """Progress on stderr while this lasts, unless under --quiet."""
    with _viewer(session.out) as viewer:
        watch = Watch(viewer)
        session.on_wait = watch.waits
        yield watch


@contextmanager
def _viewer(out: Output) -> Iterator[_Viewer | None]:
    if out.quiet:
        yield None
    elif not out.watched:
        yield Lines(out)
    else:
        with _progress() as bars:
            yield Bars(bars)


def _progress() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[remark]}"),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
        speed_estimate_period=_SPEED_OVER_S,
    )


class Bars:
    """One bar for each thing that is told of."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, what: str, done: int, of: int | None, remark: str) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(clean(what.replace("_", " ")), total=of, rate="", remark="")
        task = self._tasks[what]
        speed = next((each.speed for each in self._bars.tasks if each.id == task), None)
        rate = f"{speed:.1f}/s" if speed else ""
        self._bars.update(task, completed=done, total=of, rate=rate, remark=remark)


class Lines:
    """A line on stderr every half minute: who reads a log wants to know that it goes on, and how far it is."""

    def __init__(self, out: Output, seconds: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._seconds = seconds
        self._due = seconds() + _LINE_EVERY_S

    def show(self, what: str, done: int, of: int | None, remark: str) -> None:
        now = self._seconds()
        if now >= self._due:
            self._due = now + _LINE_EVERY_S
            self._out.remark(f"{what.replace('_', ' ')}: {done}{'' if of is None else f' of {of}'}, {remark}")
