"""The crash sweep: the process dies at every commit and every call, then at every pair of them.

The remote has no unique key for payments and applications and an index that lags; the booking has two orders and three
payments. Between the crashes the world goes on: an edit, a cancellation, requests that land late, a refused application
inside a fused payment. Afterwards each document stands there exactly once, with the contents last wanted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from engine.world import World, booking, customer
from zsync.engine.job import Options
from zsync.errors import ConfigError

Ledger = dict[str, list[str]]
"""What stands at the remote in the end, by module, without ids. Void documents do not stand."""


@dataclass(frozen=True)
class Story:
    """A world at its beginning, and what happens between the deaths of the process."""

    name: str
    begin: Callable[[], World]
    meanwhile: Callable[[World], None]

    def started(self) -> World:
        """The world at its beginning, each time anew."""
        world = _beginning(self.begin).fork()
        world.fate.passed = 0
        return world

    def undisturbed(self) -> Ledger:
        """What stands if nothing goes wrong, and the world changes before the first run."""
        world = self.started()
        self.meanwhile(world)
        world.run_to_rest()
        return world.ledger()


@cache
def _beginning(begin: Callable[[], World]) -> World:
    return begin()


def nothing(world: World) -> None:
    """The hotel is quiet."""


def an_edit(world: World) -> None:
    """A note is added to the orders, and the customer's name is corrected."""
    world.hotel.put(booking(note="late arrival"))
    world.hotel.put(customer(name="Ada K. Guest"))


def a_cancellation(world: World) -> None:
    """The booking is cancelled; it was never invoiced."""
    world.hotel.put(booking(invoiced=False, cancelled=True, payments=()))


def another_edit(world: World) -> None:
    """A third version, while the second may be in doubt."""
    world.hotel.put(booking(note="version C"))
    world.hotel.put(customer(name="Ada C. Guest"))


def begun() -> World:
    """Everything is still to write."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    return world


def not_invoiced() -> World:
    """Two orders without invoices and payments are still to write."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(invoiced=False, payments=()))
    world.initialise()
    return world


def edited() -> World:
    """Everything stands; a second version of orders and customer is to be written over the first."""
    world = begun()
    world.run_to_rest()
    world.hotel.put(booking(note="version B"))
    world.hotel.put(customer(name="Ada B. Guest"))
    return world


def cancelled() -> World:
    """Two orders stand, and are to be voided."""
    world = not_invoiced()
    world.run_to_rest()
    a_cancellation(world)
    return world


def before_its_payments() -> World:
    """All but the payments stands, and nothing may be applied to the second invoice: two fused payments are refused."""
    world = begun()
    world.remote.refuse_application = {"#IN000002"}
    world.run(Options(max_calls=7))
    return world


STORIES = [
    Story("quiet", begun, nothing),
    Story("edit", begun, an_edit),
    Story("cancellation", not_invoiced, a_cancellation),
    Story("edit of what stands", edited, another_edit),
    Story("withdrawal", cancelled, nothing),
    Story("refused application", before_its_payments, nothing),
]
each_story = pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])


def deaths(story: Story, first: int = 0) -> Iterator[int]:
    """Points to die at: every one that the run passes, if it does not die before (at its point `first`)."""
    world = story.started()
    world.fate.deaths = [first] if first else []
    world.run_or_die()
    yield from range(1, world.fate.passed + 1)


@each_story
def test_after_a_death_at_any_point_everything_stands_once(story: Story) -> None:
    expected, wrong = story.undisturbed(), {}
    world = story.started()
    world.fate.thorough = True
    world.run()
    for point in range(1, world.fate.passed + 1):
        world = story.started()
        world.fate.thorough, world.fate.deaths = True, [point]
        assert not world.run_or_die()
        story.meanwhile(world)
        world.run_to_rest()
        if world.ledger() != expected:
            wrong[point] = world.ledger()
    assert not wrong


@each_story
def test_after_deaths_at_any_pair_of_points_everything_stands_once(story: Story, thorough: bool) -> None:
    """The second death comes in the run after the first, or in any later one, until nothing is left to do.

    Every second of the pairs, in turn, so that two first deaths beside each other take all the second ones.
    """
    expected, wrong = story.undisturbed(), {}
    step = 1 if thorough else 2
    for first in deaths(story):
        second = -(first % step)
        while True:
            second += step
            world = story.started()
            world.fate.deaths = [first, second]
            assert not world.run_or_die()
            story.meanwhile(world)
            world.run_to_rest(minutes=9)
            if world.ledger() != expected:
                wrong[first, second] = world.ledger()
            if world.fate.deaths:  # it came to rest before
                break
    assert not wrong


@each_story
def test_after_a_full_disk_at_any_commit_everything_stands_once(story: Story) -> None:
    """The run says so (exit code 2) and stops; when there is room again, the next one goes on."""
    expected, wrong, commit = story.undisturbed(), {}, 0
    while True:
        commit += 1
        world = story.started()
        world.fate.full_at = commit
        try:
            report = world.run()
            error: BaseException | None = report.error
        except ConfigError as err:
            error = err
        if world.fate.full_at > 0:  # it was through before
            break
        assert isinstance(error, ConfigError)
        assert "make room" in error.hint
        story.meanwhile(world)
        world.run_to_rest()
        if world.ledger() != expected:
            wrong[commit] = world.ledger()
    assert commit > 10
    assert not wrong


FATES = ("lost", "unanswered", "late", "died")
"""What may become of a write whose answer never came: nothing, its effect at once, or its effect twelve minutes later; or
the process is killed while its request is on the way, to land twelve minutes later."""


@pytest.mark.parametrize("fate", FATES)
@each_story
def test_after_any_lost_answer_and_a_death_everything_stands_once(story: Story, fate: str, thorough: bool) -> None:
    """A write loses its answer; then the world changes; then the process dies at any point until nothing is left to do.

    At every second point, in turn, so that two calls beside each other take all of them.
    """
    step = 1 if thorough else 2
    expected, wrong = story.undisturbed(), {}
    world = story.started()
    before = world.fate.calls
    world.run()
    for call in range(before + 1, world.fate.calls + 1):
        death = -step + call % step
        while True:
            death += step
            world = story.started()
            world.fate.on_call = {call: fate}
            world.run_or_die()
            story.meanwhile(world)
            world.fate.passed = 0
            world.fate.deaths = [death] if death else []
            world.run_to_rest(minutes=9)
            if world.ledger() != expected:
                wrong[call, death] = world.ledger()
            if world.fate.deaths:
                break
    assert not wrong


def test_of_a_refused_application_only_that_application_fails() -> None:
    """The payments go alone, as advances; the other applications stand (J9)."""
    world = before_its_payments()
    world.run_to_rest()
    failed = [name for name, state in world.states().items() if state.startswith("failed")]
    assert failed == ["applications hotel:payment:2/2", "applications hotel:payment:3/2"]
    assert {module: len(found) for module, found in world.ledger().items()}["payments"] == 3
    assert [str(doc.body["amount"]) for doc in world.remote.standing("applications")] == ["250", "50"]


def test_a_seeded_storm_of_deaths_and_lost_answers_ends_with_everything_once() -> None:
    story = STORIES[1]
    expected, wrong = story.undisturbed(), {}
    for seed in range(200):
        chance = random.Random(seed)  # noqa: S311 - a storm that can be repeated
        world = story.started()
        world.concurrency = chance.choice((1, 1, 4))
        world.fate.on_call = {call: chance.choice(FATES) for call in chance.sample(range(1, 30), 4)}
        world.fate.deaths = [chance.randint(1, 30) for _ in range(3)] if world.concurrency == 1 else []
        for _ in range(2):
            world.run_or_die(minutes=chance.choice((1, 5, 30)))
        story.meanwhile(world)
        world.run_to_rest()
        if world.ledger() != expected:
            wrong[seed] = world.ledger()
    assert not wrong
