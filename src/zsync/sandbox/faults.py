"""What can go wrong on the way, ordered by a test or by a person: each fault waits for the requests that it matches.

before the effect: refuse, throttle_*, expired_token, error_before, cut_before, refused_connection
after the effect:  error_after, cut_after, twice (over a socket the same answer comes two times)
either (`after`):  html, truncated
its own time:      slow (answers after `seconds`), late (takes effect `seconds` after the client was cut off)
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal, get_args

Verb = Literal[
    "refuse",
    "throttle_minute",
    "throttle_day",
    "throttle_concurrent",
    "expired_token",
    "error_before",
    "error_after",
    "cut_before",
    "cut_after",
    "refused_connection",
    "late",
    "twice",
    "slow",
    "html",
    "truncated",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """`verb` happens to the `nth` request that matches, and to the `times - 1` after it (0: to all that follow).

    `system` (books, accounts, hotel), `method` and `path` (a regular expression, searched in what stands after the
    system's prefix) match anything when empty. `status` (400), `code`, `message` are what `refuse` answers, `status` (200)
    also that of `html`; `seconds` belong to `slow` and `late`; with `after`, html and truncated take effect before they
    spoil the answer.
    """

    verb: Verb
    system: str = ""
    method: str = ""
    path: str = ""
    nth: int = 1
    times: int = 1
    status: int | None = None
    code: int = 2
    message: str = "Invalid value passed"
    seconds: float = 0.0
    after: bool = True

    def __post_init__(self) -> None:
        if self.verb not in get_args(Verb):
            raise ValueError(f"no such fault: {self.verb}")
        if self.nth < 1 or self.times < 0:
            raise ValueError("nth counts from 1; times 0 means for ever")
        re.compile(self.path)

    def matches(self, system: str, method: str, path: str) -> bool:
        return self.system in ("", system) and self.method.upper() in ("", method) and re.search(self.path, path) is not None


@dataclass(slots=True)
class _Waiting:
    fault: Fault
    seen: int = 0
    met: int = field(default=0)


class Faults:
    """The faults that wait. Each matching request is counted by each of them; the first that is due happens."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._waiting += [_Waiting(fault) for fault in faults]

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def met(self) -> int:
        """How often a fault has happened."""
        with self._lock:
            return sum(each.met for each in self._waiting)

    def take(self, system: str, method: str, path: str) -> Fault | None:
        """The fault that happens to this request."""
        with self._lock:
            due = None
            for each in self._waiting:
                if not each.fault.matches(system, method, path):
                    continue
                each.seen += 1
                if due is None and _is_due(each):
                    each.met += 1
                    due = each.fault
            return due


def _is_due(waiting: _Waiting) -> bool:
    fault = waiting.fault
    return waiting.seen >= fault.nth and (fault.times == 0 or waiting.seen < fault.nth + fault.times)
