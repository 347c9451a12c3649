"""Status is a query: what people see of records in each situation that the journal can be in."""

from __future__ import annotations

import pytest

from engine.world import World, booking, customer, key
from zsync.engine.job import Options
from zsync.errors import RecordError, Refused
from zsync.ports import Switches
from zsync.state.standing import RecordStatus
from zsync.state.status import STATUSES, Status


def hotel(**of_booking: object) -> World:
    """One customer, and a booking of one order, its invoice and a payment; nothing is written yet."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(**{"totals": ("300",), "payments": ("300",)} | of_booking))  # type: ignore[arg-type]
    world.initialise()
    return world


def one(world: World, entity: str, id: str = "1") -> RecordStatus:
    found = Status(world.store).record(entity, id)
    assert found is not None
    return found


def one_call(world: World) -> None:
    """A run that may make one call to the target."""
    world.run(Options(max_calls=world.books.calls + 1))


def refusing(world: World, module_name: str) -> None:
    """The remote says no to every new document of this module."""

    def refused(writes: object) -> list[Refused]:
        return [Refused("no")]

    world.books.modules[module_name].create = refused  # type: ignore[method-assign]


def test_an_order_passes_from_pending_over_its_invoice_and_its_payment_to_synced() -> None:
    world = hotel()
    seen = [one(world, "orders").status]
    for _ in range(5):
        one_call(world)
        seen.append(one(world, "orders").status)
    assert seen == ["pending", "pending", "invoice_sync", "invoice_sync", "payment_sync", "synced"]


def test_what_was_never_tried_is_pending_whatever_it_needs() -> None:
    world = hotel()
    assert {each.status for each in Status(world.store).records()} == {"pending"}


def test_what_waits_for_a_record_in_doubt_says_for_which_and_until_when() -> None:
    world = hotel()
    world.fate.on_call = {1: "lost"}
    world.run()
    doubtful, order, invoice, payment = (one(world, entity) for entity in ("customers", "orders", "invoices", "payments"))
    assert (doubtful.status, doubtful.on) == ("waiting", "an answer")
    for each in (order, invoice, payment):
        assert (each.status, each.on, each.until) == ("waiting", key("customer", "1"), doubtful.until)


def test_an_update_in_doubt_lets_nobody_wait_who_needs_the_id_only() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.run()
    world.hotel.put(customer(name="Ada B. Guest"))
    world.fate.on_call = {2: "lost"}
    world.run()
    world.hotel.put(booking(totals=("300",), payments=()))
    one_call(world)
    assert one(world, "customers").status == "waiting"
    assert one(world, "orders").status == "invoice_sync"


@pytest.mark.parametrize(
    ("module", "blocker", "blocked"),
    [
        ("contacts", ("customers", key("customer", "1")), ["orders", "invoices", "payments"]),
        ("salesorders", ("orders", key("order", "1")), ["invoices", "payments"]),
        ("invoices", ("invoices", key("invoice", "1")), ["payments"]),
    ],
)
def test_blocked_names_the_record_that_failed_however_long_the_chain(
    module: str, blocker: tuple[str, str], blocked: list[str]
) -> None:
    world = hotel()
    refusing(world, module)
    world.run_to_rest()
    assert one(world, blocker[0]).status == "failed"
    for entity in blocked:
        found = one(world, entity)
        assert (found.status, found.on) == ("blocked", blocker[1]), entity
        assert found.error is not None
        assert found.error.message == f"waits for {blocker[1]}, which failed"


def test_blocked_by_a_record_that_could_not_be_planned() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(totals=("300",), payments=()))
    world.books.refuse_docs[key("customer", "1")] = RecordError("it has no name")
    world.initialise()
    world.run_to_rest()
    assert (one(world, "orders").status, one(world, "orders").on) == ("blocked", key("customer", "1"))


def test_blocked_by_a_record_that_is_gone_from_the_source() -> None:
    world = World()
    world.hotel.put(booking(totals=("300",), payments=()))
    world.initialise()
    world.run_to_rest()
    assert (one(world, "orders").status, one(world, "orders").on) == ("blocked", key("customer", "1"))


def test_blocked_by_what_was_deleted_at_the_remote() -> None:
    world = hotel(payments=(), invoiced=False)
    world.run_to_rest()
    world.remote.docs.pop(world.remote.standing("contacts")[0].id)
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    world.hotel.put(booking(totals=("300",), payments=(), invoiced=False, note="an edit"))
    world.run_to_rest()
    found = one(world, "orders")
    assert (found.status, found.error.message if found.error else "") == (
        "blocked",
        "waits for hotel:customer:1, which is held",
    )


def test_what_was_wanted_and_never_written_before_it_was_disabled_is_not_synced() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.fate.on_call = {1: "lost"}
    world.run()
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    assert one(world, "customers").status == "disabled"


def test_skipped_says_which_switch_and_what_hangs_on_it_is_skipped_too() -> None:
    world = World(switches={"orders": Switches(create=False)})
    world.hotel.put(customer())
    world.hotel.put(booking(totals=("300",), payments=("300",)))
    world.initialise()
    world.run_to_rest()
    for entity in ("orders", "invoices", "payments"):
        found = one(world, entity)
        assert found.status == "skipped"
        assert found.error is not None
        assert found.error.message == "auto_create is off for orders"


@pytest.mark.parametrize("fate", ["", "lost", "late"])
def test_one_record_is_as_it_stands_in_the_list(fate: str) -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    world.remote.refuse_application = {"#IN000002"}
    world.fate.on_call = {6: fate} if fate else {}
    status = Status(world.store)
    for _ in range(3):
        world.run()
        for entity in status.summary():
            for each in status.records(entity):
                assert each == status.record(entity, each.source_id)
                assert each.status in STATUSES


def test_counts_and_problems_are_those_of_the_list() -> None:
    world = hotel()
    refusing(world, "invoices")
    world.run_to_rest()
    status = Status(world.store)
    counts, problems = status.standing()
    assert counts == {
        "customers": {"synced": 1},
        "orders": {"failed": 1},
        "invoices": {"failed": 1},
        "payments": {"blocked": 1},
    }
    assert [(each.entity, each.source_id) for each in problems] == [("invoices", "1"), ("orders", "1")]
