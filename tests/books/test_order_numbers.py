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


def again(wanted: str, written: str | None, state: str = "wanted") -> Known:
    """Order 41 voided and wanted again: planned under `wanted`, nothing stands yet, `written` is what the row remembers."""
    body: Body = {"salesorder_number": wanted}
    return Known("salesorders", key("order:41"), state, None, body, Written("5", written) if written else None)


@pytest.mark.parametrize("written", ["QLO-41", None], ids=["before it begins anew", "after"])
def test_an_order_made_anew_keeps_its_number_when_it_is_planned_again_before_it_went(written: str | None) -> None:
    """Between the void and the new order a run may end: the voided one still has the first number."""
    assert number(again("QLO-41-2", written)) == "QLO-41-2"


def test_a_number_that_never_went_through_follows_the_prefix() -> None:
    assert number(again("QLO-41", None, "failed"), prefix="HOTEL-") == "HOTEL-41"


def test_wanted_again_while_its_void_is_in_doubt_an_order_takes_the_next_number() -> None:
    """Were the void done, the first number would be taken for good, and nothing of ours found under it."""
    voiding = Known("salesorders", key("order:41"), "sending", None, None, Written("5", "QLO-41"))
    assert number(voiding) == "QLO-41-2"
