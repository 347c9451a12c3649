"""The engine on a small world, when nothing goes wrong."""

from __future__ import annotations

from engine.world import World, booking, customer


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
