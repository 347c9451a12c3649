"""A job: everything one invocation works with, put together by the command line (or a test) and handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from zsync.errors import ZsyncError
from zsync.ports import Clock, Progressed, Source, Switches, Target
from zsync.ports.state import Inbox, Journal, Meters, Records, Runs, Store

DOUBTFUL_FACTS = "facts_doubtful"
"""Name of the note that the target refused something: an id that was learnt may be no good any more (Quiet, architecture)."""


class Stopped(ZsyncError):
    """Asked to stop (a signal, a budget): everything is consistent, the rest goes in the next run."""

    exit_code = 130


def _quiet(_what: str, _done: int, _of: int | None) -> None:
    """The progress of one who does not watch."""


@dataclass(frozen=True, slots=True)
class State:
    """The parts of the state file that the engine works on."""

    store: Store
    journal: Journal
    records: Records
    inbox: Inbox
    meters: Meters
    runs: Runs


@dataclass(frozen=True, slots=True)
class Job:
    """One source, one target, what is kept between runs, and how careful to be.

    `call_s` is the longest life of one call, `grace_s` how much longer a lost write may still land and be found.
    `deletions_s` is how often the source is asked which records it does not have any more; None: never.
    `fingerprint` is a digest of all settings that change plans. `stop` says whether a signal has come.
    """

    source: Source
    target: Target
    state: State
    clock: Clock
    switches: Mapping[str, Switches]
    fingerprint: str
    start_date: date | None = None
    call_s: float = 60.0
    grace_s: float = 17 * 60.0
    concurrency: int = 4
    stop: Callable[[], bool] = field(default=lambda: False)
    progress: Progressed = _quiet
    host: str | None = None
    deletions_s: float | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked of this run."""

    entities: tuple[str, ...] = ()
    full: bool = False
    limit: int | None = None
    max_calls: int | None = None
    accept_changes: bool = False
