"""The engine on a small world, when nothing goes wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

import pytest

from engine.world import World, booking, customer
from zsync.engine import run as engine
from zsync.engine.job import Options, Stopped
from zsync.errors import ConfigError, ZsyncError

T = TypeVar("T")


def test_a_booking_with_two_orders_and_three_payments_arrives_once() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    report = world.run()
    assert report.outcome == "ok", world.states()
    assert {m: len(v) for m, v in world.ledger().items()} == {
        "applications": 4,
        "contacts": 1,
        "invoices": 2,
        "invoices.sent": 2,
        "payments": 3,
        "salesorders": 2,
    }
    assert world.remote.writes == 1 + 2 + 2 + 2 + 3  # a payment takes its applications along
    assert world.remote.reads == 0


def test_a_second_run_makes_no_call_to_the_target() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    world.run()
    before = world.books.calls
    world.run()
    assert world.books.calls == before


def test_a_slot_of_the_pace_is_reserved_for_each_write_and_for_no_question() -> None:
    world = World(concurrency=4)
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    world.fate.on_call[2] = "unanswered"
    world.run_to_rest()
    assert world.remote.reads > 0
    assert world.books.reserved == world.remote.writes


def test_no_more_begins_at_once_than_the_remote_bears_now() -> None:
    """A call that waits for another to end would wait with its row `sending` (J2)."""
    world = World(concurrency=4)
    for number in range(1, 9):
        world.hotel.put(customer(str(number)))
    world.initialise()
    begun: list[int] = []
    inner = world.remote.write

    def write(effect: Callable[[], T]) -> T:
        begun.append(len(world.store.db.execute("SELECT 1 FROM journal WHERE state = 'sending'").fetchall()))
        world.books.concurrency = 2  # it complains
        return inner(effect)

    world.remote.write = write  # type: ignore[method-assign]
    world.run()
    assert begun == [4, 4, 4, 4, 2, 2, 2, 2]


@pytest.mark.parametrize("error", [ConfigError("no such organisation"), Stopped("stopped while waiting")])
def test_a_write_that_was_turned_away_before_it_could_do_anything_leaves_no_doubt(
    error: ZsyncError, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()

    def turned_away(effect: Callable[[], T]) -> T:
        raise error

    with monkeypatch.context() as mistaken:
        mistaken.setattr(world.remote, "write", turned_away)
        report = world.run()
    assert report.error is error
    assert not world.doubtful()
    assert world.run().outcome == "ok"
    assert (world.remote.writes, world.remote.reads) == (1, 0)


def test_progress_counts_what_is_through_up_to_all_that_was_open() -> None:
    """Fourteen rows in ten calls: applications leave in the call of their payment."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    told: list[tuple[str, int, int | None]] = []
    job = dataclasses.replace(world.job(), progress=lambda what, done, of: told.append((what, done, of)))
    engine.run(job, Options(), lambda: ({}, ()))
    writing = [(done, of) for what, done, of in told if what == "writing"]
    assert [of for _, of in writing] == [14] * 10
    assert [done for done, _ in writing] == [1, 2, 3, 4, 5, 6, 7, 9, 12, 14]
