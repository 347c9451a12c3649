"""The number of a sales order: prefix and id when it is first written, kept for as long as it stands."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from books.bodies import key
from zsync.model.documents import Sale
from zsync.model.intent import Body, Known, Written
from zsync.model.money import Money
from zsync.model.record import Record
from zsync.targets.books.booking import plan_booking
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts


def number(known: Known | None, prefix: str = "QLO-") -> str:
    """The number that order 41 is planned with."""
    nothing = Money.zero("EUR")
    sale = Sale(
        key=key("order:41"),
        source_id="41",
        reference="YQWLUONEF",
        day=date(2026, 3, 1),
        customer=key("customer:8"),
        total=nothing,
        total_net=nothing,
        received=nothing,
        conversion=Decimal(1),
        lines=(),
    )
    record = Record(key("booking:YQWLUONEF"), (sale,), "1", datetime(2026, 3, 1, tzinfo=UTC))
    rows = {("salesorders", sale.key): known} if known is not None else {}
    plan = plan_booking(record, rows, {}, Facts("EUR", (), (), ()), Rules(tag="hotel", order_prefix=prefix))
    return next(intent.number for intent in plan.intents if intent.module == "salesorders")


def standing(state: str, sent: str, *, there: bool = True) -> Known:
    """Order 41 as the journal knows it, last written under the number `sent`."""
    body: Body = {"salesorder_number": sent, "customer_id": "1"}
    written = None if state == "sending" else Written("5", sent)
    return Known("salesorders", key("order:41"), state, body if there else None, None, written)


def test_a_new_order_has_the_prefix_and_its_id() -> None:
    assert number(None) == "QLO-41"


@pytest.mark.parametrize("state", ["settled", "wanted", "sending"])
def test_another_prefix_does_not_rename_an_order_that_was_sent(state: str) -> None:
    assert number(standing(state, "QLO-41"), prefix="HOTEL-") == "QLO-41"


def test_a_voided_order_that_is_wanted_again_gets_the_next_number() -> None:
    assert number(standing("settled", "QLO-41", there=False)) == "QLO-41-2"
    assert number(standing("settled", "QLO-41-2", there=False)) == "QLO-41-3"


def test_an_order_made_anew_keeps_its_second_number_when_it_changes() -> None:
    assert number(standing("settled", "QLO-41-2")) == "QLO-41-2"
