"""Admission, rule by rule: which documents of a record may not go, and what people read about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.world import booking, customer, euro, key
from zsync.engine.admit import admit, admit_unreadable
from zsync.errors import RecordError
from zsync.model.documents import Contact, Credit, Currency, Document, Entry, Hotel, Invoice, Item, Kind, Payment, Sale
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable
from zsync.ports import Switches

OFF = Switches(create=False)
NOBODY: Mapping[str, Switches] = dict.fromkeys(("orders", "invoices", "payments", "credit_notes"), OFF)
FEBRUARY_2 = date(2026, 2, 2)
TOO_OLD = "before the start date 2026-02-02"
SLIP = Credit(key("slip", "1"), "1", key("order", "1"), "S1", date(2026, 2, 9), euro("5"), euro("5"), Decimal(1))
ORDERS, INVOICES = [key("order", id) for id in "12"], [key("invoice", id) for id in "12"]
PAYMENT = key("payment", "1")
STAY = booking(payments=("250",))
"""Two orders of the first two days of February, each with its invoice of that day, and one payment; a slip of the first."""
STAY = replace(STAY, documents=(*STAY.documents, SLIP))


def refused(
    record: Record = STAY,
    switches: Mapping[str, Switches] | None = None,
    start: date | None = None,
    written: Collection[Key] = (),
    *,
    demanded: bool = False,
    wished: Collection[Key] = (),
    early: Collection[Key] = (),
) -> dict[str, str]:
    """What may not go, by `entity:id`."""
    found = admit(record, switches or {}, start, written, demanded=demanded, wished=wished, before_start=early)
    return {f"{each.entity}:{each.id}": reason for each, reason in found.items()}


def with_invoices(*days: date) -> Record:
    """The first order alone, with an invoice of each of these days."""
    sale = next(each for each in STAY.documents if isinstance(each, Sale))
    first = next(each for each in STAY.documents if isinstance(each, Invoice))
    invoices = [replace(first, key=key("invoice", str(number)), day=day) for number, day in enumerate(days, 1)]
    return replace(STAY, documents=(sale, *invoices))


def record(document: Document) -> Record:
    return Record(document.key, (document,), "1", datetime(2026, 3, 1, tzinfo=UTC))


def test_everything_goes_where_nothing_says_no() -> None:
    assert refused() == {}


# --- the start date -----------------------------------------------------------------------------------------------------------


def test_an_order_before_the_start_date_stays_out_with_its_documents_and_the_payment_goes_for_the_other() -> None:
    assert refused(start=FEBRUARY_2) == dict.fromkeys(("order:1", "invoice:1", "slip:1"), TOO_OLD)


def test_where_all_orders_are_too_old_so_is_their_payment() -> None:
    assert refused(start=date(2026, 2, 3))["payment:1"] == "before the start date 2026-02-03"


@pytest.mark.parametrize(
    ("days", "goes"),
    [
        ((FEBRUARY_2,), True),
        ((date(2026, 2, 1),), False),
        ((date(2026, 2, 9), FEBRUARY_2), True),
        ((date(2026, 2, 9), date(2026, 1, 31)), False),
        ((date(2026, 1, 31), date(2026, 2, 9)), False),
    ],
)
def test_an_order_counts_as_of_its_first_invoice(days: tuple[date, ...], goes: bool) -> None:
    assert (refused(with_invoices(*days), start=FEBRUARY_2) == {}) is goes


def test_an_order_that_has_no_invoice_counts_as_of_its_own_day() -> None:
    assert refused(booking(invoiced=False, payments=()), start=FEBRUARY_2) == {"order:1": TOO_OLD}


def test_a_payment_stays_out_for_the_reason_of_its_first_order() -> None:
    said = refused(switches={"orders": OFF}, start=FEBRUARY_2)
    assert (said["order:1"], said["order:2"], said["payment:1"]) == (TOO_OLD, "auto_create is off for orders", TOO_OLD)


@pytest.mark.parametrize(
    ("day", "said"), [(date(2026, 2, 1), {"invoices:7": TOO_OLD}), (FEBRUARY_2, {}), (date(2026, 2, 3), {}), (None, {})]
)
def test_a_record_of_the_user_s_counts_by_its_day_where_it_has_one(day: date | None, said: dict[str, str]) -> None:
    entry = record(Entry(Key("qbo:invoices:7"), "7", "invoices", "1001", day))
    assert refused(entry, start=FEBRUARY_2) == said
    assert refused(entry, start=FEBRUARY_2, demanded=True) == said


# --- switches -----------------------------------------------------------------------------------------------------------------


def test_a_switch_keeps_out_its_own_entity_and_an_order_what_is_of_it() -> None:
    off = "auto_create is off for "
    assert refused(switches={"orders": OFF}) == dict.fromkeys(
        ("order:1", "order:2", "invoice:1", "invoice:2", "slip:1", "payment:1"), f"{off}orders"
    )
    assert refused(switches={"invoices": OFF}) == dict.fromkeys(("invoice:1", "invoice:2"), f"{off}invoices")
    assert refused(switches={"payments": OFF}) == {"payment:1": f"{off}payments"}
    assert refused(switches={"credit_notes": OFF}) == {"slip:1": f"{off}credit_notes"}


def test_a_payment_without_an_order_goes_by_its_own_switch() -> None:
    alone = record(next(each for each in STAY.documents if isinstance(each, Payment)))
    assert refused(alone, {"orders": OFF}) == {}
    assert refused(alone, {"payments": OFF}) == {"payment:1": "auto_create is off for payments"}


THINGS: list[Contact | Item | Currency | Hotel] = [
    Contact(key("customer", "1"), "1", "Ada Guest", "EUR"),
    Item(key("room_type", "1"), "1", Kind.ROOM, "Double"),
    Currency(key("currency", "EUR"), "EUR", "EUR", "€", 2, Decimal(1)),
    Hotel(key("hotel", "1"), "1", "Harbour House"),
]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.entity)
def test_what_is_disabled_or_switched_off_goes_only_where_another_record_needs_it(
    thing: Contact | Item | Currency | Hotel,
) -> None:
    switches = {thing.entity: OFF}
    disabled = record(replace(thing, active=False))
    name = f"{thing.key.entity}:{thing.key.id}"
    assert refused(record(thing)) == {}
    assert refused(disabled) == {name: "disabled in the source"}
    assert refused(record(thing), switches) == {name: f"auto_create is off for {thing.entity}"}
    assert refused(disabled, switches) == {name: f"auto_create is off for {thing.entity}"}
    assert refused(disabled, switches, demanded=True) == {}
    assert refused(disabled, switches, wished=[thing.key]) == {}


def test_another_record_that_needs_an_order_does_not_make_it_younger() -> None:
    assert refused(switches=NOBODY, demanded=True) == {}
    assert refused(start=FEBRUARY_2, demanded=True)["order:1"] == TOO_OLD


# --- what was written, what people asked for ----------------------------------------------------------------------------------


def test_what_was_ever_written_stays_in_and_so_does_what_is_of_it() -> None:
    assert refused(start=FEBRUARY_2, written=[ORDERS[0]]) == {}
    assert refused(switches={"orders": OFF}, written=ORDERS) == {}
    assert refused(switches={"invoices": OFF}, written=[INVOICES[0]]) == {"invoice:2": "auto_create is off for invoices"}


def test_an_order_that_a_person_asks_for_takes_its_documents_along() -> None:
    assert refused(switches=NOBODY, wished=[ORDERS[0]]) == {
        "order:2": "auto_create is off for orders",
        "invoice:2": "auto_create is off for orders",
    }


def test_asking_for_an_order_does_not_make_it_younger_unless_that_is_said() -> None:
    assert refused(start=FEBRUARY_2, wished=[ORDERS[0]]) == dict.fromkeys(("order:1", "invoice:1", "slip:1"), TOO_OLD)
    assert refused(switches=NOBODY, start=date(2026, 3, 1), early=ORDERS) == {}


@pytest.mark.parametrize(
    ("asked", "stays_out"),
    [
        (INVOICES[1], {"order:1", "invoice:1", "slip:1", "payment:1"}),
        (SLIP.key, {"order:2", "invoice:2", "payment:1"}),
        (PAYMENT, {"invoice:1", "invoice:2", "slip:1"}),
    ],
    ids=["an invoice", "a slip", "a payment"],
)
def test_a_document_that_a_person_asks_for_takes_along_what_it_cannot_be_without(asked: Key, stays_out: set[str]) -> None:
    """An invoice its order, a slip its order and the invoices of it, a payment all orders of its booking."""
    assert set(refused(switches=NOBODY, wished=[asked])) == stays_out
    assert set(refused(switches=NOBODY, start=date(2026, 3, 1), early=[asked])) == stays_out


@pytest.mark.parametrize(
    ("asked", "stays_out"),
    [
        ([ORDERS[0], INVOICES[1]], set()),
        ([INVOICES[1], SLIP.key], {"payment:1"}),
        ([SLIP.key, PAYMENT], {"invoice:2"}),
    ],
    ids=["an order and an invoice", "an invoice and a slip", "a slip and a payment"],
)
@pytest.mark.parametrize("order", [1, -1], ids=["as they come", "the other way round"])
def test_of_several_that_are_asked_for_each_takes_its_own_along(asked: list[Key], stays_out: set[str], order: int) -> None:
    stay = replace(STAY, documents=STAY.documents[::order])
    assert set(refused(stay, NOBODY, wished=asked)) == stays_out


def test_nobody_needs_a_record_unless_that_is_said() -> None:
    broken = Unreadable(key("booking", "AAAA"), "orders", "1", "1", RecordError("no amount"))
    assert list(admit(customer("1"), {"customers": OFF}, None, ())) == [key("customer", "1")]
    assert admit_unreadable(broken, {"orders": OFF}, None) == "auto_create is off for orders"


def test_a_customer_is_not_asked_for_with_another() -> None:
    assert refused(customer("1"), {"customers": OFF}, wished=[key("customer", "2")]) != {}


# --- what cannot be read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "off", "demanded", "said"),
    [
        (None, False, False, ""),
        (None, True, False, "auto_create is off for orders"),
        (None, True, True, ""),
        (date(2026, 2, 1), False, False, TOO_OLD),
        (date(2026, 2, 1), True, True, TOO_OLD),
        (FEBRUARY_2, False, False, ""),
        (FEBRUARY_2, True, False, "auto_create is off for orders"),
    ],
)
def test_what_cannot_be_read_would_not_go_anyway_if_it_is_too_old_or_switched_off(
    day: date | None, off: bool, demanded: bool, said: str
) -> None:
    broken = Unreadable(key("booking", "AAAA"), "orders", "1", "1", RecordError("no amount"), day)
    switches = {"orders": OFF} if off else {}
    assert admit_unreadable(broken, switches, FEBRUARY_2, demanded=demanded) == said
    assert admit_unreadable(broken, {}, None) == ""
