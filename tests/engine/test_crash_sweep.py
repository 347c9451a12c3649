"""The crash sweep: the process dies at every commit and every call, then at every pair of them.

The remote has no unique key for payments and applications and an index that lags; the booking has two orders and three
payments. Between the crashes the world goes on: an edit, a cancellation, requests that land late, a refused application
inside a fused payment. Afterwards each document stands there exactly once, with the contents last wanted.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from engine.world import World, booking, customer

Meanwhile = Callable[[World], None]


def nothing(world: World) -> None:
    """The hotel is quiet."""


def an_edit(world: World) -> None:
    """A note is added to the orders, and the customer's name is corrected."""
    world.hotel.put(booking(note="late arrival"))
    world.hotel.put(customer(name="Ada K. Guest"))


def a_cancellation(world: World) -> None:
    """The booking is cancelled; it was never invoiced."""
    world.hotel.put(booking(invoiced=False, cancelled=True, payments=()))


def begun(first: Meanwhile = nothing, *, invoiced: bool = True) -> World:
    """A world that is initialised and has everything still to write."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(invoiced=invoiced, payments=("250", "150", "100") if invoiced else ()))
    world.initialise()
    return world


def outcome(world: World) -> dict[str, list[str]]:
    """What stands in the end, by module. Void documents do not stand."""
    world.run_to_rest()
    return world.ledger()


def undisturbed(meanwhile: Meanwhile, *, invoiced: bool = True) -> dict[str, list[str]]:
    """What stands if nothing goes wrong, and the world changes before the first run."""
    world = begun(invoiced=invoiced)
    meanwhile(world)
    return outcome(world)


def points(*, invoiced: bool = True) -> int:
    """At how many points one run can die."""
    world = begun(invoiced=invoiced)
    world.run()
    return world.fate.passed


def die_at(deaths: list[int], meanwhile: Meanwhile, *, invoiced: bool = True) -> World:
    """Die at the first point, let the world change, die again so many points later."""
    world = begun(invoiced=invoiced)
    world.fate.deaths = list(deaths)
    try:
        world.run()
    except BaseException as err:
        if type(err).__name__ != "Crash":
            raise
        _reboot(world)
    meanwhile(world)
    return world


def _reboot(world: World) -> None:
    if world.store.db.in_transaction:
        world.store.db.execute("ROLLBACK")


STORIES = [
    pytest.param(nothing, True, id="quiet"),
    pytest.param(an_edit, True, id="edit"),
    pytest.param(a_cancellation, False, id="cancellation"),
]


@pytest.mark.parametrize(("meanwhile", "invoiced"), STORIES)
def test_after_a_death_at_any_point_everything_stands_once(meanwhile: Meanwhile, invoiced: bool) -> None:
    expected = undisturbed(meanwhile, invoiced=invoiced)
    wrong = {}
    for point in range(1, points(invoiced=invoiced) + 1):
        found = outcome(die_at([point], meanwhile, invoiced=invoiced))
        if found != expected:
            wrong[point] = found
    assert not wrong


@pytest.mark.parametrize(("meanwhile", "invoiced"), STORIES)
def test_after_deaths_at_any_pair_of_points_everything_stands_once(meanwhile: Meanwhile, invoiced: bool) -> None:
    expected = undisturbed(meanwhile, invoiced=invoiced)
    last = points(invoiced=invoiced)
    wrong = {}
    for first in range(1, last + 1):
        for second in range(1, last + 1):
            found = outcome(die_at([first, second], meanwhile, invoiced=invoiced))
            if found != expected:
                wrong[first, second] = found
    assert not wrong


UNANSWERED = ("lost", "unanswered", "late")
"""What may become of a write whose answer never came: nothing, its effect at once, or its effect twelve minutes later."""


def writes_of_a_first_run() -> int:
    world = begun()
    world.run()
    return world.fate.calls


@pytest.mark.parametrize("fate", UNANSWERED)
@pytest.mark.parametrize("meanwhile", [nothing, an_edit])
def test_after_any_lost_answer_and_a_death_everything_stands_once(fate: str, meanwhile: Meanwhile) -> None:
    expected = undisturbed(meanwhile)
    wrong = {}
    for call in range(1, writes_of_a_first_run() + 1):
        for death in (0, *range(1, points() + 1, 3)):
            world = begun()
            world.fate.on_call = {call: fate}
            world.run()
            meanwhile(world)
            world.fate.deaths = [death] if death else []
            world.fate.passed = 0
            found = outcome(world)
            if found != expected:
                wrong[call, death] = found
    assert not wrong


@pytest.mark.parametrize("fate", UNANSWERED)
def test_a_late_old_update_does_not_land_on_a_newer_one(fate: str) -> None:
    """First version A stands. B is sent and lost; C comes while B is in doubt; B lands late. C stands in the end."""
    expected = _edited_twice(World())
    wrong = {}
    for call in (1, 2, 3):
        for death in (0, *range(1, 40)):
            world = World()
            found = _edited_twice(world, call, fate, death)
            if found != expected:
                wrong[call, death] = found
    assert not wrong


def _edited_twice(world: World, call: int = 0, fate: str = "", death: int = 0) -> dict[str, list[str]]:
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    world.run_to_rest()
    world.fate.on_call = {world.fate.calls + call: fate} if call else {}
    world.hotel.put(booking(note="version B"))
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run()
    world.hotel.put(booking(note="version C"))
    world.hotel.put(customer(name="Ada C. Guest"))
    world.fate.passed = 0
    world.fate.deaths = [death] if death else []
    return outcome(world)


def test_a_lost_withdrawal_that_lands_late_is_one_withdrawal() -> None:
    wrong = {}
    for fate in UNANSWERED:
        for death in (0, *range(1, 40)):
            world = begun(invoiced=False)
            world.run_to_rest()
            a_cancellation(world)
            world.fate.on_call = {world.fate.calls + 1: fate}
            world.run()
            world.fate.passed = 0
            world.fate.deaths = [death] if death else []
            found = outcome(world)
            if "salesorders" in found:
                wrong[fate, death] = found
    assert not wrong


def test_an_application_refused_inside_a_fused_payment_leaves_the_payment_once() -> None:
    """The payment goes alone, as an advance; the other applications stand; only the refused one fails (J9)."""
    wrong = {}
    for death in (0, *range(1, points() + 20)):
        world = begun()
        _refuse_second_invoice(world)
        world.fate.deaths = [death] if death else []
        found = outcome(world)
        failed = [name for name, state in world.states().items() if state.startswith("failed")]
        if len(found["payments"]) != 3 or len(found["applications"]) != 2 or len(failed) != 2:
            wrong[death] = (found, failed)
    assert not wrong


def _refuse_second_invoice(world: World) -> None:
    """Whatever id the second invoice gets, nothing may be applied to it."""
    add = world.remote.add

    def adding(module: str, body: dict) -> object:  # type: ignore[type-arg]
        doc = add(module, body)
        if module == "invoices" and str(body["number"]).endswith("2"):
            world.remote.refuse_application.add(doc.id)
        return doc

    world.remote.add = adding  # type: ignore[method-assign,assignment]


def test_a_seeded_storm_of_deaths_and_lost_answers_ends_with_everything_once() -> None:
    expected = undisturbed(an_edit)
    wrong = {}
    for seed in range(300):
        chance = random.Random(seed)  # noqa: S311 - a storm that can be repeated
        world = begun()
        world.concurrency = chance.choice((1, 1, 4))
        calls = chance.sample(range(1, 30), 4)
        world.fate.on_call = {call: chance.choice(UNANSWERED) for call in calls}
        world.fate.deaths = [chance.randint(1, 60) for _ in range(3)] if world.concurrency == 1 else []
        for _ in range(2):
            try:
                world.run(minutes=chance.choice((1, 5, 30)))
            except BaseException as err:
                if type(err).__name__ != "Crash":
                    raise
                _reboot(world)
        an_edit(world)
        found = outcome(world)
        if found != expected:
            wrong[seed] = found
    assert not wrong
