"""What is gone from the source: found by comparing ids now and then, believed when `get` says so in two runs, never of money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.world import World, booking, customer, key
from zsync.engine.job import Options
from zsync.errors import SuspiciousChange
from zsync.model.intent import Ref
from zsync.model.record import Page
from zsync.ports import Switches
from zsync.state.desk import Inbox
from zsync.state.status import Status

DAY = 24 * 60

ALL = {name: Switches() for name in ("customers", "orders", "invoices", "payments")}
"""Every switch on: also documents of money may be taken back."""


def settled(world: World, *, invoiced: bool = True, payments: Sequence[str] = ("250", "150", "100")) -> World:
    """A booking of two orders, its customer and another guest, all written; ids are compared once a day."""
    world.deletions_s = 86_400.0
    world.hotel.put(customer())
    world.hotel.put(customer("2", "Bob Guest"))
    world.hotel.put(booking(invoiced=invoiced, payments=payments))
    world.initialise()
    world.run_to_rest()
    return world


def status(world: World, entity: str) -> dict[str, str]:
    return {each.source_id: each.status for each in Status(world.store).records(entity)}


def voided(world: World) -> list[str]:
    """What was taken back, by module; a status goes with its document."""
    return sorted(doc.module for doc in world.remote.docs.values() if doc.void and "." not in doc.module)


def test_a_customer_who_is_gone_is_disabled_in_the_second_run_that_sees_so() -> None:
    world = settled(World(switches=ALL))
    world.hotel.remove(key("customer", "2"))
    world.run(minutes=DAY)
    assert voided(world) == []
    world.run()
    assert voided(world) == ["contacts"]
    assert status(world, "customers") == {"1": "synced", "2": "disabled"}


def test_between_two_comparisons_nobody_is_asked() -> None:
    world = settled(World(switches=ALL))
    before = world.hotel.listed
    for _ in range(12):
        world.run()
    assert world.hotel.listed == before
    world.run(minutes=DAY)
    assert world.hotel.listed > before


def test_a_clock_that_was_set_back_does_not_put_the_comparison_off_for_ever() -> None:
    world = settled(World(switches=ALL))
    world.run(minutes=DAY)
    before = world.hotel.listed
    world.clock.moment -= timedelta(days=400)
    world.run()
    assert world.hotel.listed > before


def test_never_means_never_unless_everything_is_read_again() -> None:
    world = settled(World(switches=ALL))
    world.deletions_s = None
    world.hotel.remove(key("customer", "2"))
    before = world.hotel.listed
    for _ in range(3):
        world.run(minutes=DAY)
    assert world.hotel.listed == before
    world.run(Options(full=True))
    world.run()
    assert status(world, "customers")["2"] == "disabled"


def test_one_who_was_only_missing_from_the_list_stays() -> None:
    world = settled(World(switches=ALL))
    world.hotel.unlisted.add(key("customer", "2"))
    for _ in range(3):
        world.run(minutes=DAY)
    assert voided(world) == []
    assert status(world, "customers")["2"] == "synced"


def test_one_who_comes_back_before_the_second_run_stays_and_later_is_taken_into_use_again() -> None:
    world = settled(World(switches=ALL))
    world.hotel.remove(key("customer", "2"))
    world.run(minutes=DAY)
    world.hotel.put(customer("2", "Bob Guest"))
    world.run()
    world.run(minutes=DAY)
    assert voided(world) == []
    world.hotel.remove(key("customer", "2"))
    world.run(minutes=DAY)
    world.run()
    assert status(world, "customers")["2"] == "disabled"
    world.hotel.put(customer("2", "Bob Guest"))
    world.run_to_rest()
    assert status(world, "customers")["2"] == "synced"
    assert voided(world) == []
    assert len(world.remote.standing("contacts")) == 2


def test_a_stream_of_which_nothing_may_be_taken_back_is_not_asked_for() -> None:
    world = settled(World(switches={**ALL, "customers": Switches(delete=False)}))
    world.hotel.remove(key("customer", "2"))
    world.hotel.listed = 0
    for _ in range(3):
        world.run(minutes=DAY)
    assert voided(world) == []
    assert status(world, "customers")["2"] == "synced"
    assert world.hotel.listed == 3, "bookings only"


def test_documents_of_money_stay_whatever_is_gone_unless_their_switch_is_on() -> None:
    off = Switches(delete=False)
    world = settled(World(switches=dict.fromkeys(("orders", "invoices", "payments"), off)))
    world.hotel.remove(booking().key)
    for _ in range(3):
        world.run(Options(full=True))
    assert voided(world) == []
    assert status(world, "orders") == {"1": "held", "2": "held"}
    assert status(world, "payments") == dict.fromkeys("123", "held")
    found = Status(world.store).record("orders", "1")
    assert found is not None
    assert found.error is not None
    assert found.error.message == "gone from the source"


def test_with_the_switches_on_orders_and_invoices_that_nothing_hangs_on_are_voided() -> None:
    world = settled(World(switches=ALL), payments=())
    world.hotel.remove(booking().key)
    for _ in range(3):
        world.run(Options(accept_changes=True), minutes=DAY)
    assert voided(world) == ["invoices", "invoices", "salesorders", "salesorders"]
    assert status(world, "orders") == {"1": "canceled", "2": "canceled"}


def test_orders_and_invoices_that_nothing_hangs_on_stay_while_their_switch_is_off() -> None:
    off = dict.fromkeys(("orders", "invoices"), Switches(delete=False))
    world = settled(World(switches={**ALL, **off}), payments=())
    world.hotel.remove(booking().key)
    for _ in range(3):
        world.run(Options(full=True, accept_changes=True), minutes=DAY)
    assert voided(world) == []
    assert status(world, "orders") == {"1": "held", "2": "held"}


def test_where_deletions_may_have_passed_unseen_ids_are_compared_in_the_same_run() -> None:
    """Long before a comparison is due."""
    world = settled(World(switches=ALL))
    read = world.hotel.read

    def torn(stream: str, cursor: str | None) -> Iterator[Page]:
        yield from (replace(page, torn=True) for page in read(stream, cursor))

    world.hotel.remove(key("customer", "2"))
    world.run()
    world.run()
    assert voided(world) == []
    world.hotel.read = torn  # type: ignore[method-assign]
    world.run()
    world.run()
    assert voided(world) == ["contacts"]


def test_money_that_came_for_orders_that_are_gone_stays_and_is_listed() -> None:
    world = settled(World(switches=ALL), invoiced=False)
    world.hotel.remove(booking().key)
    for _ in range(3):
        world.run(minutes=DAY)
    assert voided(world) == ["salesorders", "salesorders"]
    assert len(world.remote.standing("payments")) == 3
    assert status(world, "payments") == dict.fromkeys("123", "held")


def test_an_invoice_to_which_something_is_applied_stays_and_so_does_its_order() -> None:
    world = settled(World(switches=ALL))
    world.hotel.remove(booking().key)
    for _ in range(3):
        world.run(minutes=DAY)
    assert voided(world) == []
    assert status(world, "orders") == {"1": "held", "2": "held"}


def test_what_never_left_is_dropped_and_not_listed_any_more() -> None:
    world = World(switches=ALL)
    world.deletions_s = 86_400.0
    world.hotel.put(customer())
    world.hotel.put(customer("2", "Bob Guest"))
    world.hotel.put(booking())
    world.initialise()
    world.hotel.remove(booking().key)
    world.hotel.remove(key("customer", "2"))
    world.clock.sleep(86_400)
    world.run(Options(max_calls=1))
    world.run_to_rest()
    assert status(world, "orders") == {}
    assert status(world, "customers") == {"1": "synced"}
    assert world.ledger().keys() == {"contacts"}


def test_a_customer_whom_an_open_booking_needs_goes_after_it() -> None:
    world = settled(World(switches=ALL))
    world.hotel.put(booking(reference="LATER", first=3, payments=()))
    world.hotel.remove(key("customer", "1"))
    world.run(Options(max_calls=1), minutes=DAY)
    world.run_to_rest()
    assert status(world, "customers")["1"] == "disabled"
    begun = world.store.db.execute("SELECT module, key, verb FROM attempts WHERE event = 'begin' ORDER BY id").fetchall()
    left = [(row["module"], row["key"], row["verb"]) for row in begun]
    gone = left.index(("contacts", "hotel:customer:1", "withdraw"))
    assert all(left.index(("invoices", f"hotel:invoice:{id}", "create")) < gone for id in (3, 4))
    assert all(not state.startswith("failed") for state in world.states().values())


def test_many_that_are_gone_at_once_stop_the_run_until_a_person_has_looked() -> None:
    world = World(switches=ALL)
    world.deletions_s = 86_400.0
    for number in range(1, 41):
        world.hotel.put(customer(str(number), f"Guest {number}"))
    world.initialise()
    world.run_to_rest()
    for number in range(1, 21):
        world.hotel.remove(key("customer", str(number)))
    report = world.run(minutes=DAY)
    assert isinstance(report.error, SuspiciousChange)
    assert "20 of 40" in report.error.message
    assert world.run().exit_code == 3
    world.run(Options(accept_changes=True))
    world.run(Options(accept_changes=True))
    assert sum(status == "disabled" for status in status_values(world)) == 20


def status_values(world: World) -> list[str]:
    return list(status(world, "customers").values())


def test_a_death_at_any_point_of_it_takes_back_what_is_gone_and_nothing_else() -> None:
    """In the run that misses it, in the one that believes it, or in a later one: at each point until none is left."""
    point = 0
    while True:
        point += 1
        world = settled(World(switches=ALL))
        world.hotel.remove(key("customer", "2"))
        world.fate.passed, world.fate.deaths = 0, [point]
        world.run_or_die(minutes=DAY)
        for _ in range(3):  # an idle run is no rest yet: gone is believed in the run after
            world.run_or_die()
        world.run_to_rest()
        died = not world.fate.deaths
        assert status(world, "customers") == {"1": "synced", "2": "disabled"}, point
        assert voided(world) == ["contacts"], point
        row = world.journal.row(Ref("contacts", key("customer", "2")))
        assert row is not None
        assert not row.there
        if not died:
            break
    assert point > 5


def test_a_customer_who_was_disabled_before_he_was_written_goes_with_the_booking_that_needs_him() -> None:
    """Nobody reads the booking again: it is the customer who must know that he is needed."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    assert [doc.body["number"] for doc in world.remote.standing("salesorders")] == ["SO-1", "SO-2"]
    assert Status(world.store).summary()["orders"] == {"synced": 2}


@pytest.mark.parametrize("detour", ["none", "refused", "settings"])
def test_a_disabled_customer_whom_a_booking_took_along_stays_in_use_whatever_way_his_changes_come(detour: str) -> None:
    world = taken_along()
    if detour == "refused":
        world.fate.on_call = {world.fate.calls + 1: "refused"}
    world.hotel.put(customer(name="Ada B. Guest", active=False))
    world.run_to_rest()
    if detour == "refused":
        assert status(world, "customers") == {"1": "failed"}
        Inbox(world.store).post("retry", world.clock.now(), "customers", ["1"])
    if detour == "settings":
        world.fingerprint = "settings-2"
    world.run_to_rest()
    assert [doc.body["name"] for doc in world.remote.standing("contacts")] == ["Ada B. Guest"]
    assert status(world, "customers") == {"1": "synced"}


def test_a_customer_who_was_taken_along_goes_out_of_use_when_the_hotel_disables_him_anew() -> None:
    world = taken_along()
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    assert status(world, "customers") == {"1": "synced"}
    world.hotel.put(customer(name="Ada B. Guest", active=False))
    world.run_to_rest()
    assert world.remote.standing("contacts") == []
    assert status(world, "customers") == {"1": "disabled"}


def taken_along() -> World:
    """A booking is written, and its customer with it, though the hotel had disabled him before."""
    world = World()
    world.hotel.put(customer(active=False))
    world.hotel.put(booking())
    world.initialise()
    world.run_to_rest()
    assert len(world.remote.standing("contacts")) == 1
    return world
