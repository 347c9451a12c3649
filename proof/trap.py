"""What happens on the way: the sandbox, with a hand that strikes at the n-th call of a run, before its effect or after it."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from werkzeug.wrappers import Response

from proof.scenes import World
from zsync.sandbox import Sandbox
from zsync.sandbox.faults import Fault, Verb
from zsync.sandbox.web import ConnectionCut

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

When = Literal["before", "after"]

LATE_S = 300.0
"""So long after its client has given up a late request takes effect; the grace is 17 minutes."""


@dataclass(slots=True)
class Strike:
    """`act` at the `call`-th call of the run, before or after its effect (0: never)."""

    call: int
    when: When
    act: Callable[[], None]
    done: bool = False


@dataclass(slots=True)
class Storm:
    """Each call is at fault with this likelihood; the seed decides which, and how. One fault in ten is the process's death."""

    chance: random.Random
    verbs: tuple[Verb, ...]
    kill: Callable[[], None]
    likelihood: float = 0.2
    death: float = 0.1


@dataclass(slots=True)
class Trap:
    """The application that the server runs. `calls` counts since `arm`, `disturbed` how often something happened."""

    world: World | None = None
    calls: int = 0
    disturbed: int = 0
    strikes: list[Strike] = field(default_factory=list)
    faults: dict[int, Verb] = field(default_factory=dict)
    storm: Storm | None = None
    spoilt: str = ""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def arm(self, *strikes: Strike, faults: dict[int, Verb] | None = None, storm: Storm | None = None) -> None:
        with self._lock:
            self.calls, self.strikes, self.faults, self.storm = 0, list(strikes), dict(faults or {}), storm
            self.spoilt = ""

    def disarm(self) -> None:
        self.arm()
        assert self.world is not None
        self.world.sandbox.faults.clear()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert self.world is not None
        sandbox = self.world.sandbox
        with self._lock:
            self.calls += 1
            due = [each for each in self.strikes if each.call == self.calls and not each.done]
            verb = self.faults.pop(self.calls, None) or self._from_the_storm()
            if verb is not None:
                self.disturbed += 1
                sandbox.faults.add(Fault(verb, seconds=LATE_S))
            self._strike(due, "before")
            if due:  # nobody else's call comes between a strike and the effect that it belongs to
                answer = self._answered(environ, start_response)
                self._strike(due, "after")
                return answer
            if verb is not None:
                return self._answered(environ, start_response)
        return self._answered(environ, start_response)

    def _answered(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert self.world is not None
        try:
            if self.spoilt:
                how, self.spoilt = self.spoilt, ""
                if how == "older":
                    with self.world.older():
                        return list(self.world.sandbox(environ, start_response))
                return _spoilt(self.world.sandbox, environ, how)(environ, start_response)
            return self.world.sandbox(environ, start_response)
        except ConnectionCut as cut:
            raise ConnectionCut("cut") from cut  # a client that waits for its time-out tells nothing new, and takes its time

    def spoil(self, how: str) -> None:
        """The answer to the call under way tells less than there is: `half` of a list, an `empty` one, or an `older` copy."""
        self.spoilt = how

    def _strike(self, due: list[Strike], when: When) -> None:
        for each in due:
            if each.when == when:
                each.done = True
                self.disturbed += 1
                each.act()

    def _from_the_storm(self) -> Verb | None:
        storm = self.storm
        if storm is None or storm.chance.random() >= storm.likelihood:
            return None
        if storm.chance.random() < storm.death:
            self.disturbed += 1
            storm.kill()
        return storm.chance.choice(storm.verbs)


_ENVELOPES = frozenset({"BatchItemResponse", "CDCResponse", "QueryResponse"})
"""Members of QuickBooks' answers that hold answers."""
_HEADS = frozenset({"Column", "Option"})
"""What a report says of itself before its rows."""


def _spoilt(sandbox: Sandbox, environ: WSGIEnvironment, how: str) -> Response:
    response = Response.from_app(sandbox, environ)
    try:
        answer = json.loads(response.get_data())
    except ValueError:
        return response
    _cut(answer, how)
    response.set_data(json.dumps(answer))
    return response


def _cut(node: object, how: str) -> None:
    """Every list of rows tells less, and what counts the rows beside it agrees; what is in a row stays as it is."""
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if name in _ENVELOPES:
            for each in value if isinstance(value, list) else [value]:
                _cut(each, how)
        elif isinstance(value, dict):
            _cut(value, how)
        elif isinstance(value, list) and value and name not in _HEADS:
            node[name] = value[: len(value) // 2] if how == "half" else []
            if "maxResults" in node:
                node["maxResults"] = len(node[name])


def killing(pid: Callable[[], int]) -> Callable[[], None]:
    """SIGKILL, and no answer."""

    def act() -> None:
        os.kill(pid(), signal.SIGKILL)
        raise ConnectionCut("cut")

    return act


def signalling(pid: Callable[[], int], number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(pid(), number)
