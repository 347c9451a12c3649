"""What adoption left to a person stays his to decide, also when the record is out of the plan for a while."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.world import World, booking, customer, key
from zsync.engine import run as engine
from zsync.errors import RecordError
from zsync.model.documents import Payment
from zsync.model.intent import Ref
from zsync.ports import Switches
from zsync.state.desk import Inbox
from zsync.state.status import Status

PAYMENT = Ref("payments", key("payment", "1"))


def unclear() -> World:
    """Adoption saw what may be the first payment, and all else stands."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.remote.add("contacts", {"name": "Ada Guest"})
    world.remote.add("payments", {"reference": str(PAYMENT.key), "key": "a person's", "amount": Decimal(250)})
    world.clock.sleep(3600)
    engine.initialise(world.job(), lambda: ({}, ()), adopting=True)
    world.run_to_rest()
    assert how_it_stands(world) == "failed"
    return world


def how_it_stands(world: World) -> str:
    found = Status(world.store).record("payments", "1")
    assert found is not None
    return found.status


def out_of_the_plan(world: World, how: str) -> None:
    """For one run the payment cannot be planned, or may not go; then it may again."""
    match how:
        case "not planned":
            world.books.refuse_docs[PAYMENT.key] = RecordError("no payment method")
        case _:
            world.switches = {"payments": Switches(create=False)}
    world.fingerprint = "settings-2"
    world.run()
    world.books.refuse_docs.clear()
    world.switches, world.fingerprint = {}, "settings-3"
    world.run_to_rest()


@pytest.mark.parametrize("how", ["not planned", "switched off"])
@pytest.mark.parametrize("word", ["", "ignore"])
def test_what_may_stand_there_already_is_not_written_because_it_was_out_of_the_plan(how: str, word: str) -> None:
    world = unclear()
    if word:
        Inbox(world.store).post("resolve", world.clock.now(), "payments", ["1"], {"keep": word, "reason": "as agreed"})
        world.run()
    out_of_the_plan(world, how)
    assert [doc.body["reference"] for doc in world.remote.standing("payments")].count(str(PAYMENT.key)) == 1
    assert how_it_stands(world) == ("held" if word else "failed")


def test_a_person_who_retries_what_was_out_of_the_plan_has_it_written() -> None:
    world = unclear()
    out_of_the_plan(world, "not planned")
    Inbox(world.store).post("retry", world.clock.now(), "payments", ["1"])
    world.run_to_rest()
    assert world.states()["payments hotel:payment:1"].startswith("settled")


def test_what_may_stand_there_already_and_changed_its_booking_is_for_a_person_too() -> None:
    """Its row belongs to the first booking for life (J9): it is neither written nor a defect."""
    world = unclear()
    moved = next(doc for doc in booking().documents if isinstance(doc, Payment) and doc.key == PAYMENT.key)
    other = booking(reference="BBBB", first=11, payments=())
    world.hotel.put(replace(other, documents=(*other.documents, replace(moved, reference="BBBB"))))
    world.run_to_rest()
    assert [doc.body["reference"] for doc in world.remote.standing("payments")].count(str(PAYMENT.key)) == 1
    assert how_it_stands(world) == "failed"
