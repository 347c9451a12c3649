"""What is done to the runs: one Case for each disturbance, or pair, or storm. A case is data, so that it can be repeated.

`stage`: "init" disturbs the reading of everything, "first" the run that writes everything, "later" the one that follows changes
at the source.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import get_args

from zsync.sandbox.faults import Verb

STAGES = ("init", "first", "later")
VERBS: tuple[Verb, ...] = tuple(verb for verb in get_args(Verb) if verb != "slow")
STORM_VERBS: tuple[Verb, ...] = tuple(verb for verb in VERBS if verb not in ("refuse", "throttle_day"))
"""A storm ends by itself: what a person must end, or midnight, has families of its own."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What happens to one run.

    kind                 at                    how
    kill, signal         call                  before | after, TERM | INT
    commit               commit                kill_before | kill_after | full | readonly
    fault                call                  a verb of the sandbox
    storm                seed                  -
    together             how many at once      seed
    clock                call                  seconds that zsync's clock is set to be off
    asleep               call                  seconds that the machine sleeps
    revoked              call                  -
    file                 -                     what becomes of the state or the tokens
    source               call                  half | empty | older
    """

    kind: str
    at: int = 0
    how: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.kind, str(self.at) if self.at else "", self.how)))


@dataclass(frozen=True, slots=True)
class Case:
    """`harms[i]` happens to the i-th run. `concurrency`: calls under way at once."""

    world: str
    stage: str
    family: str
    harms: tuple[Harm, ...]
    concurrency: int = 1

    @property
    def name(self) -> str:
        return f"{self.world}, {self.stage}: {' then '.join(str(each) for each in self.harms)}"


@dataclass(frozen=True, slots=True)
class Extent:
    """How many calls and commits an undisturbed run makes: the points to strike at."""

    calls: int
    commits: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of each family. `step` 1 takes every point, 7 every seventh (each verb and way at others)."""

    step: int = 1
    pairs: int = 1500
    storms: int = 50
    together: int = 20
    signals: int = 40
    seed: int = 1
    families: frozenset[str] = field(default_factory=frozenset)

    def wants(self, family: str) -> bool:
        return not self.families or family in self.families


FILES = (
    "state deleted",
    "state truncated",
    "state garbage",
    "state older",
    "state newer",
    "tokens deleted",
    "tokens garbage",
    "tokens expired",
)
JUMPS = (-86_400, -3_600, -600, 600, 3_600, 86_400)
ALL_FAMILIES = (
    *("kill at a call", "kill at a commit", "kills in pairs", "fault at a call", "storm", "runs at once"),
    *("signal", "clock set", "machine asleep", "disk", "files", "access revoked", "source astray"),
    "killed, then told less",
)


def cases(world: str, stage: str, extent: Extent, plan: Plan) -> Iterator[Case]:
    """Every case of one world and stage, the same for the same plan."""
    chance = random.Random(f"{plan.seed} {world} {stage}")  # noqa: S311 - a sample that can be repeated

    def case(family: str, *harms: Harm, concurrency: int = 1) -> Iterator[Case]:
        if plan.wants(family):
            yield Case(world, stage, family, harms, concurrency)

    for way, when in enumerate(("before", "after")):
        for call in _every(extent.calls, plan.step, way):
            yield from case("kill at a call", Harm("kill", call, when))
    for way, how in enumerate(("kill_before", "kill_after")):
        for commit in _every(extent.commits, plan.step, way):
            yield from case("kill at a commit", Harm("commit", commit, how))
    for _ in range(plan.pairs):
        harms = tuple(_a_kill(chance, extent) for _ in range(2))
        yield from case("kills in pairs", *harms, concurrency=chance.choice((1, 4)))
    for way, verb in enumerate(VERBS):
        for call in _every(extent.calls, plan.step, way):
            yield from case("fault at a call", Harm("fault", call, verb))
    for seed in range(1, plan.storms + 1):
        yield from case("storm", Harm("storm", plan.seed * 1000 + seed), concurrency=4)
    for seed in range(1, plan.together + 1 if stage != "init" else 1):
        for count in (2, 5):
            yield from case("runs at once", Harm("together", count, str(seed)), concurrency=4)
    for number in range(plan.signals):
        how = ("TERM", "INT")[number % 2]
        yield from case("signal", Harm("signal", chance.randint(1, extent.calls), how), concurrency=chance.choice((1, 4)))
    for way, jump in enumerate(JUMPS):
        for call in _every(extent.calls, 3 * plan.step, way):
            yield from case("clock set", Harm("clock", call, str(jump)))
    for way, nap in enumerate((600, 30_000, 200_000)):
        for call in _every(extent.calls, 3 * plan.step, way):
            yield from case("machine asleep", Harm("asleep", call, str(nap)))
    for way, how in enumerate(("full", "readonly")):
        for commit in _every(extent.commits, plan.step, way):
            yield from case("disk", Harm("commit", commit, how))
    for what in FILES if stage != "init" else ():
        yield from case("files", Harm("file", how=what))
    for call in _every(extent.calls, plan.step, 0):
        yield from case("access revoked", Harm("revoked", call))
    for way, how in enumerate(("half", "empty")):
        for call in _every(extent.calls, plan.step, way):
            yield from case("source astray", Harm("source", call, how))
    if stage == "later":
        for call in _every(extent.calls, plan.step, 0):
            yield from case("source astray", Harm("source", call, "older"))
    for _ in range(plan.pairs // 5):  # what is in doubt is asked about, and the answer is not whole
        less = Harm("source", chance.randint(1, extent.calls), chance.choice(("half", "empty")))
        yield from case("killed, then told less", _a_kill(chance, extent), less)


def sample(whole: Sequence[Case], count: int, seed: int) -> list[Case]:
    """So many of them, or as many as there are families in worlds: of each at least one."""
    chance = random.Random(seed)  # noqa: S311
    shuffled = chance.sample(whole, len(whole))
    first = {(each.family, each.world): each for each in shuffled}
    rest = [each for each in shuffled if first[each.family, each.world] is not each]
    return [*first.values(), *rest[: max(0, count - len(first))]]


def _every(count: int, step: int, way: int) -> Sequence[int]:
    return range(1 + way % step, count + 1, step)


def _a_kill(chance: random.Random, extent: Extent) -> Harm:
    if chance.random() < 0.5:
        return Harm("kill", chance.randint(1, extent.calls), chance.choice(("before", "after")))
    return Harm("commit", chance.randint(1, extent.commits), chance.choice(("kill_before", "kill_after")))
