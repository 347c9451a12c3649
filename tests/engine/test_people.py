"""What people do between runs: commands in the inbox, edits and deletions at the remote, switches, and the brake."""

from __future__ import annotations

import dataclasses

import pytest

from engine.world import World, booking, customer, key
from zsync.engine.job import Options
from zsync.errors import ConfigError, RecordError, Refused
from zsync.model.intent import Ref
from zsync.ports import Switches
from zsync.state.desk import Inbox
from zsync.state.status import Status

CUSTOMER = Ref("contacts", key("customer", "1"))


def settled(**switches: Switches) -> World:
    """A world in which everything is written."""
    world = World(switches=switches)
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    world.run_to_rest()
    return world


def tell(world: World, verb: str, entity: str, id: str, **argument: str) -> None:
    Inbox(world.store).post(verb, world.clock.now(), entity, [id], argument)


def contact(world: World) -> str:
    (doc,) = world.remote.standing("contacts")
    return str(doc.body["name"])


def test_an_edit_made_at_the_remote_is_a_conflict_that_shows_both_versions() -> None:
    world = settled()
    world.remote.standing("contacts")[0].body["name"] = "Edited by hand"
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    row = world.journal.row(CUSTOMER)
    assert row is not None
    assert row.error is not None
    assert row.error.code == "conflict"
    assert "Ada Guest" in row.error.detail
    assert "Edited by hand" in row.error.detail
    assert contact(world) == "Edited by hand"


@pytest.mark.parametrize(("keep", "name"), [("zoho", "Edited by hand"), ("source", "Ada B. Guest"), ("ignore", "Edited by hand")])
def test_a_conflict_is_ended_as_the_person_says(keep: str, name: str) -> None:
    world = settled()
    world.remote.standing("contacts")[0].body["name"] = "Edited by hand"
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    tell(world, "resolve", "customers", "1", keep=keep, reason="as agreed")
    world.run_to_rest()
    assert contact(world) == name
    assert Status(world.store).problems() == []


def test_the_same_edit_on_both_sides_needs_no_call_and_no_person() -> None:
    world = settled()
    world.remote.standing("contacts")[0].body["name"] = "Ada B. Guest"
    world.hotel.put(customer(name="Ada B. Guest"))
    writes = world.remote.writes
    world.run_to_rest()
    assert world.remote.writes == writes
    assert Status(world.store).problems() == []


def test_what_was_accepted_is_kept_with_ids_so_that_a_deleted_customer_does_not_hurt_it() -> None:
    """The note was added on both sides; then the order changes its customer, and a person deletes the former one."""
    world = settled()
    for doc in world.remote.standing("salesorders"):
        doc.body["note"] = "late arrival"
    world.hotel.put(booking(note="late arrival"))
    world.run_to_rest()
    world.remote.docs.pop(world.remote.standing("contacts")[0].id)
    world.hotel.put(customer(name="Ada B. Guest"))
    world.hotel.put(customer("2", "Bo Guest"))
    world.run_to_rest()
    world.hotel.put(booking(note="early arrival", customer="2"))
    world.run_to_rest()
    assert {doc.body["note"] for doc in world.remote.standing("salesorders")} == {"early arrival"}
    assert [each.source_id for each in Status(world.store).records("customers", "held")] == ["1"]


def test_a_document_deleted_at_the_remote_is_held() -> None:
    world = settled()
    world.remote.docs.pop(world.remote.standing("contacts")[0].id)
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    found = Status(world.store).record("customers", "1")
    assert found is not None
    assert found.status == "held"
    assert world.remote.standing("contacts") == []


def test_only_queue_makes_what_was_deleted_at_the_remote_anew_and_once() -> None:
    world = settled()
    world.remote.docs.pop(world.remote.standing("contacts")[0].id)
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    world.hotel.put(booking(note="an edit"))
    world.run_to_rest()
    blocked = Status(world.store).record("orders", "1")
    assert blocked is not None
    assert (blocked.status, blocked.on) == ("blocked", key("customer", "1"))
    tell(world, "retry", "customers", "1")
    world.run_to_rest()
    assert world.remote.standing("contacts") == [], "a person deleted it: retry is for what failed"
    tell(world, "queue", "customers", "1")
    world.run_to_rest()
    assert contact(world) == "Ada B. Guest"
    assert {each.status for each in Status(world.store).records()} == {"synced"}
    assert {doc.body["customer_id"] for doc in world.remote.standing("salesorders")} == {world.remote.standing("contacts")[0].id}


def test_an_invoice_deleted_at_the_remote_and_made_anew_is_marked_sent_and_paid_again() -> None:
    world = settled()
    (invoice,) = [doc for doc in world.remote.standing("invoices") if doc.body["number"] == "#IN000002"]
    hanging = [
        doc.id for doc in world.remote.docs.values() if invoice.id in (doc.body.get("parent_id"), doc.body.get("invoice_id"))
    ]
    for id in (invoice.id, *hanging):
        del world.remote.docs[id]
    world.hotel.put(booking(totals=("300", "210")))
    world.run_to_rest()
    assert [each.source_id for each in Status(world.store).records("invoices", "held")] == ["2"]
    assert {each.source_id: each.status for each in Status(world.store).records("payments")} == {
        "1": "synced",
        "2": "blocked",
        "3": "blocked",
    }
    tell(world, "queue", "invoices", "2")
    world.run_to_rest()
    assert {each.status for each in Status(world.store).records()} == {"synced"}
    assert len(world.remote.standing("invoices.sent")) == 2
    assert [doc.body["amount"] for doc in world.remote.standing("applications")] == [250, 50, 100, 100]
    assert len(world.remote.standing("payments")) == 3


def test_queue_frees_what_was_ignored() -> None:
    world = settled()
    world.remote.standing("contacts")[0].body["name"] = "Edited by hand"
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    tell(world, "resolve", "customers", "1", keep="ignore", reason="as agreed")
    world.run_to_rest()
    world.remote.standing("contacts")[0].body["name"] = "Ada Guest"
    tell(world, "queue", "customers", "1")
    world.run_to_rest()
    assert contact(world) == "Ada B. Guest"


def test_to_keep_the_remotes_version_of_what_is_void_there_is_to_leave_it() -> None:
    """It was disabled, and taking it into use again was refused: nothing stands there that could be kept."""
    world = settled()
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    module = world.books.modules["contacts"]

    def refused(standing):  # type: ignore[no-untyped-def]
        raise Refused("not now")

    module.revive = refused  # type: ignore[method-assign]
    world.hotel.put(customer())
    world.run_to_rest()
    assert [each.source_id for each in Status(world.store).problems()] == ["1"]
    tell(world, "resolve", "customers", "1", keep="zoho")
    world.run_to_rest()
    found = Status(world.store).record("customers", "1")
    assert found is not None
    assert found.status == "held"


def test_retry_plans_a_failed_record_again() -> None:
    world = World()
    world.hotel.put(customer())
    world.books.refuse_docs[key("customer", "1")] = RecordError("it has no name")
    world.initialise()
    world.run_to_rest()
    assert [each.source_id for each in Status(world.store).problems()] == ["1"]
    world.books.refuse_docs.clear()
    tell(world, "retry", "customers", "1")
    world.run_to_rest()
    assert contact(world) == "Ada Guest"
    assert Status(world.store).problems() == []


def test_a_plan_error_that_was_ignored_stays_ended_until_the_record_changes() -> None:
    world = World()
    world.hotel.put(customer())
    world.books.refuse_docs[key("customer", "1")] = RecordError("it has no name")
    world.initialise()
    tell(world, "resolve", "customers", "1", keep="ignore", reason="entered by hand")
    world.run_to_rest()
    found = Status(world.store).record("customers", "1")
    assert found is not None
    assert (found.status, found.error.message if found.error else "") == ("held", "entered by hand")
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    assert [each.source_id for each in Status(world.store).problems()] == ["1"]


def test_a_command_is_carried_out_once() -> None:
    world = settled()
    tell(world, "retry", "customers", "1")
    world.run_to_rest()
    assert list(Inbox(world.store).take()) == []


def test_auto_create_off_keeps_new_customers_out_unless_an_order_needs_them() -> None:
    world = World(switches={"customers": Switches(create=False)})
    world.hotel.put(customer())
    world.hotel.put(customer("2", "Bo Guest"))
    world.hotel.put(booking())
    world.initialise()
    world.run_to_rest()
    assert contact(world) == "Ada Guest"
    found = Status(world.store).record("customers", "2")
    assert found is not None
    assert (found.status, found.error.message if found.error else "") == ("skipped", "auto_create is off for customers")


def test_auto_update_off_leaves_what_was_written() -> None:
    world = settled(customers=Switches(update=False))
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    assert contact(world) == "Ada Guest"


@pytest.mark.parametrize(("delete", "left"), [(True, 0), (False, 1)])
def test_a_customer_disabled_in_the_hotel_is_disabled_at_the_remote_if_the_switch_says_so(delete: bool, left: int) -> None:
    world = World(switches={"customers": Switches(delete=delete)})
    world.hotel.put(customer())
    world.initialise()
    world.run_to_rest()
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    assert len(world.remote.standing("contacts")) == left


def test_a_disabled_customer_is_taken_into_use_again_under_the_same_id() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.run_to_rest()
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    assert contact(world) == "Ada B. Guest"
    assert len(world.remote.docs) == 1


@pytest.mark.parametrize("fate", ["lost", "unanswered", "late"])
def test_a_lost_answer_when_taking_a_customer_into_use_again_is_asked_about(fate: str) -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.run_to_rest()
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    world.fate.on_call = {world.fate.calls + 1: fate}
    world.hotel.put(customer())
    world.run_to_rest()
    assert contact(world) == "Ada Guest"
    assert len(world.remote.docs) == 1


def test_too_many_changes_at_once_stop_until_a_person_accepts_them() -> None:
    world = World()
    for number in range(40):
        world.hotel.put(customer(str(number + 1), f"Guest {number}"))
    world.initialise()
    world.run_to_rest()
    for number in range(40):
        world.hotel.put(customer(str(number + 1), f"Renamed {number}"))
    report = world.run()
    assert report.exit_code == 3
    assert report.error is not None
    assert "40 of 40" in report.error.message
    assert "--accept-changes" in report.error.hint
    assert not any("Renamed" in str(doc.body["name"]) for doc in world.remote.standing("contacts"))
    world.run(Options(accept_changes=True))
    assert all("Renamed" in str(doc.body["name"]) for doc in world.remote.standing("contacts"))


def test_many_to_be_taken_back_at_once_stop_until_a_person_accepts_it() -> None:
    """Fewer than would stop a run were they changes."""
    world = World()
    for number in range(40):
        world.hotel.put(customer(str(number + 1), f"Guest {number}"))
    world.initialise()
    world.run_to_rest()
    for number in range(6):
        world.hotel.put(customer(str(number + 1), f"Guest {number}", active=False))
    report = world.run()
    assert report.exit_code == 3
    assert report.error is not None
    assert "6 be taken back" in report.error.message
    assert len(world.remote.standing("contacts")) == 40
    world.run(Options(accept_changes=True))
    assert len(world.remote.standing("contacts")) == 34


def test_equal_names_the_first_stays_bare_later_ones_carry_their_id() -> None:
    world = World()
    for id, name in (("1", "Juan Perez"), ("2", "juan  perez"), ("3", "Juan Perez")):
        world.hotel.put(customer(id, name))
    world.initialise()
    world.run_to_rest()
    assert sorted(str(doc.body["name"]) for doc in world.remote.standing("contacts")) == [
        "Juan Perez",
        "Juan Perez (3)",
        "juan  perez (2)",
    ]


def test_limit_and_max_calls_stop_between_calls_and_the_rest_goes_later() -> None:
    world = World()
    for number in range(6):
        world.hotel.put(customer(str(number + 1), f"Guest {number}"))
    world.initialise()
    world.run(Options(limit=2))
    assert len(world.remote.standing("contacts")) == 2
    report = world.run(Options(max_calls=world.books.calls + 1))
    assert report.outcome == "stopped"
    assert len(world.remote.standing("contacts")) == 3
    world.run_to_rest()
    assert len(world.remote.standing("contacts")) == 6


def test_a_question_that_the_budget_does_not_cover_stops_no_other_record() -> None:
    world = World()
    world.hotel.put(customer("1", "Ada"))
    world.initialise()
    world.fate.on_call = {1: "lost"}
    world.run()
    world.hotel.put(customer("2", "Bea"))

    # Asking about Ada may take three calls, writing Bea takes one.
    report = world.run(Options(max_calls=world.books.calls + 1), minutes=30)

    assert [doc.body["name"] for doc in world.remote.standing("contacts")] == ["Bea"]
    assert report.outcome == "stopped"
    world.run_to_rest()
    assert sorted(str(doc.body["name"]) for doc in world.remote.standing("contacts")) == ["Ada", "Bea"]


def test_max_calls_is_never_exceeded_however_wide_the_wave() -> None:
    for most in range(1, 9):
        world = World(concurrency=4)
        for number in range(12):
            world.hotel.put(customer(str(number + 1), f"Guest {number}"))
        world.initialise()
        world.run(Options(max_calls=most))
        assert world.remote.writes == most


def test_scopes_that_wait_for_each_other_rest_instead_of_turning_in_a_circle() -> None:
    world = World()
    world.hotel.put(customer("1", "Ada Guest"))
    world.hotel.put(customer("2", "Bo Guest"))
    plan = world.books.plan

    def circle(record, known, refused, facts):  # type: ignore[no-untyped-def]
        made = plan(record, known, refused, facts)
        other = Ref("contacts", key("customer", "2" if record.key.id == "1" else "1"))
        return dataclasses.replace(made, intents=tuple(dataclasses.replace(i, after=(other,)) for i in made.intents))

    world.books.plan = circle  # type: ignore[method-assign]
    world.initialise()
    assert world.run().outcome == "ok"
    assert world.remote.writes == 0
    assert Status(world.store).summary()["customers"] == {"pending": 2}


def test_a_payment_waits_for_its_invoice_and_takes_its_application_along() -> None:
    """The customer is not there yet: the payment does not run ahead as an advance, which would cost a call more."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(totals=("300",), payments=("300",)))
    world.initialise()
    world.run_to_rest()
    assert world.remote.writes == 1 + 4


def test_an_advance_is_applied_when_its_invoice_comes() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(totals=("300",), payments=("300",), invoiced=False))
    world.initialise()
    world.run_to_rest()
    assert len(world.remote.standing("payments")) == 1
    assert world.remote.standing("applications") == []
    world.hotel.put(booking(totals=("300",), payments=("300",)))
    world.run_to_rest()
    assert len(world.remote.standing("payments")) == 1
    assert [doc.body["amount"] for doc in world.remote.standing("applications")] == [300]


def refusing_order_2(world: World) -> None:
    """The remote takes order 1, never order 2."""
    module = world.books.modules["salesorders"]
    create = module.create

    def picky(writes):  # type: ignore[no-untyped-def]
        return [Refused("not this one")] if writes[0].body["number"] == "SO-2" else create(writes)

    module.create = picky  # type: ignore[method-assign]


def test_a_refused_order_keeps_no_payment_from_going_and_the_other_order_gets_its_share() -> None:
    """Payment 2 pays both orders, payment 3 only the refused one: it goes as an advance."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    refusing_order_2(world)
    world.initialise()
    world.run_to_rest()
    assert len(world.remote.standing("payments")) == 3
    assert [doc.body["amount"] for doc in world.remote.standing("applications")] == [250, 50]
    payments = {each.source_id: (each.status, each.on) for each in Status(world.store).records("payments")}
    assert payments == {"1": ("synced", ""), "2": ("blocked", key("order", "2")), "3": ("blocked", key("order", "2"))}


def test_a_customer_whom_an_open_booking_needs_is_disabled_after_it() -> None:
    world = World(switches={"orders": Switches(create=False)})
    world.hotel.put(customer())
    world.hotel.put(booking(invoiced=False, payments=()))
    world.initialise()
    world.run_to_rest()
    world.switches, world.fingerprint = {}, "settings-2"
    world.run(Options(max_calls=1))  # the first order only
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    assert len(world.remote.standing("salesorders")) == 2
    assert world.remote.standing("contacts") == []
    assert {each.status for each in Status(world.store).records("customers")} == {"disabled"}


def moved_payment(world: World) -> None:
    """Payment 2 leaves the booking AAAA for BBBB, which has an order 7 of its own."""
    other = booking(totals=("150",), payments=("250", "150"), reference="BBBB", invoiced=False)
    order, _, payment = other.documents
    order = dataclasses.replace(order, key=key("order", "7"), source_id="7")
    world.hotel.put(booking(payments=("250",)))
    world.hotel.put(dataclasses.replace(other, documents=(order, payment)))


def test_a_written_payment_that_changes_its_booking_is_left_to_a_person_and_stops_nothing_else() -> None:
    world = settled()
    moved_payment(world)
    world.run_to_rest()
    (found,) = Status(world.store).problems()
    assert (found.entity, found.source_id) == ("payments", "2")
    assert found.error is not None
    assert "hotel:booking:AAAA" in found.error.message
    assert len(world.remote.standing("payments")) == 3
    assert len(world.remote.standing("salesorders")) == 3


def test_a_payment_that_changes_its_booking_before_it_was_written_is_written_there() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    moved_payment(world)
    world.run_to_rest()
    assert Status(world.store).problems() == []
    assert len(world.remote.standing("payments")) == 2
    assert {each.status for each in Status(world.store).records("payments")} == {"synced"}


def test_init_refuses_an_organisation_that_knows_us_while_the_state_does_not() -> None:
    world = settled()
    lost = World()
    lost.books = world.books
    lost.hotel = world.hotel
    with pytest.raises(Exception, match="3 payments with our tag"):
        lost.initialise()


def test_run_is_refused_before_init() -> None:
    with pytest.raises(Exception, match="not initialised"):
        World().run()


def test_a_renamed_source_is_refused() -> None:
    world = settled()
    world.hotel.tag = "other"
    with pytest.raises(Exception, match="the tag `hotel`"):
        world.run()


def test_a_state_of_another_organisation_is_refused() -> None:
    world = settled()
    world.books.realm = "fake:2"
    with pytest.raises(ConfigError, match="belongs to `fake:1`"):
        world.run()
