"""Long work, watched: a bar with rate, calls used and time left on a terminal; nothing in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zsync.cli.output import Output, clean, console

if TYPE_CHECKING:
    from rich.progress import TaskID

    from zsync.ports import Progressed


@contextmanager
def watched(out: Output) -> Iterator[Watch]:
    """Progress on stderr while this lasts, if somebody looks on."""
    if not out.watched:
        yield Watch(None)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[calls]}"),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
    )
    with bars:
        yield Watch(_Bars(bars))


class Watch:
    """What the engine tells its progress to. `calls` is asked for the calls used so far."""

    def __init__(self, bars: _Bars | None) -> None:
        self._bars = bars
        self.calls: Callable[[], str] = str

    @property
    def progress(self) -> Progressed:
        return self._told

    def _told(self, what: str, done: int, of: int | None) -> None:
        if self._bars is not None:
            self._bars.show(what, done, of, self.calls())


class _Bars:
    """One bar for each thing that is told of."""

    def __init__(self, bars: object) -> None:
        from rich.progress import Progress

        assert isinstance(bars, Progress)
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, what: str, done: int, of: int | None, calls: str) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(clean(what.replace("_", " ")), total=of, rate="", calls="")
        task = self._tasks[what]
        speed = next((each.speed for each in self._bars.tasks if each.id == task), None)
        rate = f"{speed:.1f}/s" if speed else ""
        self._bars.update(task, completed=done, total=of, rate=rate, calls=calls)
