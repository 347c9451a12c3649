"""Long work, watched: what a person at a terminal, or the reader of a log, gets to know of it."""

from __future__ import annotations

from typing import Any

import pytest

from cli.conftest import Desk
from zsync.cli.output import Output
from zsync.cli.progress import Lines, Watch


class Looker:
    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def show(self, *told: Any) -> None:
        self.seen.append(told)


def test_a_pipe_gets_a_line_every_half_minute(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(Output(), lambda: now[0])

    for second, done in ((1, 10), (31, 300), (40, 390), (62, 600)):
        now[0] = second
        lines.show("writing", done, 2000, f"{done} calls")

    assert capsys.readouterr().err.splitlines() == ["writing: 300 of 2000, 300 calls", "writing: 600 of 2000, 600 calls"]


def test_a_pause_is_told_with_what_it_interrupts() -> None:
    looker = Looker()
    watch = Watch(looker)
    watch.calls = lambda: "80 calls"

    watch.waits(30)  # nothing was begun yet
    watch.progress("writing", 80, 500)
    watch.waits(43.2)
    watch.waits(0.3)

    assert looker.seen == [("writing", 80, 500, "80 calls"), ("writing", 80, 500, "80 calls, pausing 43 s")]


def test_what_has_nothing_to_do_is_not_told_of() -> None:
    looker = Looker()
    watch = Watch(looker)

    watch.progress("customers", 0, 0)

    assert looker.seen == []


def test_the_limit_of_a_minute_is_told_of_on_the_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.configure({"target": {"limits": {"calls_per_minute": 20, "calls_per_day": 10_000}}})
    desk.initialised()
    monkeypatch.setattr("zsync.cli.progress._LINE_EVERY_S", -1.0)  # every line is due
    monkeypatch.setattr("zsync.cli.timing.SystemClock.sleep", lambda clock, seconds: clock._on_wait(seconds))

    said = desk.zsync("run", "--max-calls", "30")

    assert "pausing" in said.err
