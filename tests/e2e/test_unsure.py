"""Where the facts are unsure the sandbox gives either answer, and the books are the same: written with lost answers, lived in."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import House
from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.faults import Fault, Verb
from zsync.sandbox.hotel import demo

CENT = Decimal("0.01")
NOW = datetime.fromtimestamp(demo.NOW, UTC)

EITHER = (
    Behaviour(salesorder_starts="draft"),
    Behaviour(salesorder_starts="draft", invoice_needs_open_order=True),
    Behaviour(open_orders="confirmed"),
    Behaviour(auto_sent=True),
    Behaviour(repeated_status="accepted"),
    Behaviour(paid_invoices_locked=True),
    Behaviour(overdue_before_partial=False),
    Behaviour(own_number_without_flag="ignored"),
    Behaviour(own_number_without_flag="accepted"),
    Behaviour(document_currency_free=False),
    Behaviour(item_tax_applies=False),
    Behaviour(tax_per_line=True),
    Behaviour(rate_decimals=2),
    Behaviour(credits_need_sent=False),
    Behaviour(payment_reference_max=100),
    Behaviour(payments_list_key="customer_payments"),
    Behaviour(contact_number_kept=False),
    Behaviour(duplicate_names=True),
    Behaviour(names_fold_case=False),
    Behaviour(put_replaces_contact=True),
    Behaviour(inactive_refused=False),
    Behaviour(email_checked=False),
    Behaviour(email_near=True),
    Behaviour(brackets_refused=False),
    Behaviour(duplicate_item_code=1000),
    Behaviour(sku_filter=True),
    Behaviour(portal=False),
    Behaviour(groups_among_taxes=False),
    Behaviour(lean=True),
    Behaviour(),
    Behaviour(lag_s=300, lag_in_sublists=True),
)
"""Every switch turned, one at a time, where the books must not change."""

ELSEWHERE = {"net_first", "whole_totals", "locked_until", "creditnote_starts", "own_rates"}
"""Switches that change totals or refuse documents, or are about slips: what they come to is said by tests of their own."""


def turned(behaviour: Behaviour) -> list[str]:
    return [
        f"{each.name}={getattr(behaviour, each.name)}"
        for each in fields(behaviour)
        if getattr(behaviour, each.name) != each.default
    ]


def lose(house: House, *methods: str, every: int = 5) -> None:
    """Of the writes to come, some take effect without an answer, and some land late."""
    verbs: tuple[Verb, ...] = ("cut_after", "late", "error_after")
    for method in methods:
        house.sandbox.faults.add(
            *(Fault(verbs[n % len(verbs)], system="books", method=method, nth=1 + n * every, seconds=600) for n in range(30))
        )


def opened(folder: Path, behaviour: Behaviour) -> House:
    house = House(demo.group(), folder, now=NOW, behaviour=behaviour)
    assert house.initialise().outcome == "ok"
    return house


def lived(house: House, *, disturbed: bool) -> House:
    """Everything written; then a guest renamed and moved, an advance invoiced, an order cancelled, another invoiced and paid."""
    if disturbed:
        lose(house, "POST")
    house.run_to_rest(minutes=9)
    desk = house.hotel.desk
    if disturbed:
        assert house.sandbox.faults.met() > 10
        house.sandbox.faults.clear()
        lose(house, "PUT", every=2)
        lose(house, "POST", every=3)
    desk.edit_customer(2, lastname="Newname")
    desk.edit_address(2, address1="1 New Street")
    desk.invoice(8)
    desk.cancel(19)
    desk.invoice(20)
    desk.pay(20, str(desk.total(20)))
    house.run_to_rest(minutes=9)
    assert not disturbed or house.sandbox.faults.met() > 1
    return house


def shown(house: House) -> dict[str, Any]:
    """What stands in the books, with what a customer's record says; without what the switches decide about."""
    standing = house.standing()
    contacts = sorted(
        (
            d["contact_name"],
            d["company_name"],
            d["notes"],
            str(d["billing_address"]),
            *sorted(p["email"] for p in d["contact_persons"]),
        )
        for d in house.books.contacts.values()
    )
    return {
        **standing,
        "contacts": contacts,
        "invoices": [row.rpartition(" ")[0] for row in standing["invoices"]],
        **statuses(house),
    }


def statuses(house: House) -> dict[str, Any]:
    counts, problems = house.summary()
    return {"counts": counts, "problems": problems}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return shown(lived(opened(tmp_path_factory.mktemp("undisturbed"), Behaviour()), disturbed=False))


def test_every_switch_is_turned_somewhere() -> None:
    names = {each.name for each in fields(Behaviour)}
    assert {word.partition("=")[0] for each in EITHER for word in turned(each)} | ELSEWHERE | {"lag_s"} == names


def test_the_undisturbed_hotel_lived_as_it_was_meant_to(undisturbed: dict[str, Any]) -> None:
    assert undisturbed["problems"] == []
    assert any("Newname" in row[0] and "1 New Street" in row[3] for row in undisturbed["contacts"])


@pytest.mark.parametrize("behaviour", EITHER, ids=lambda each: ",".join(turned(each)) or "as mostly seen")
def test_either_answer_gives_the_same_books(tmp_path: Path, undisturbed: dict[str, Any], behaviour: Behaviour) -> None:
    house = lived(opened(tmp_path, behaviour), disturbed=True)
    assert shown(house) == undisturbed
    assert house.books.mails == []


def settled(folder: Path, behaviour: Behaviour) -> House:
    """Run until nothing more happens by itself; what failed stays so."""
    house = opened(folder, behaviour)
    for _ in range(6):
        house.run()
    before = house.sandbox.ledger.calls("books")
    assert house.run().exit_code == 3
    assert house.sandbox.ledger.calls("books") == before
    return house


@pytest.mark.parametrize(
    "behaviour", [Behaviour(net_first=True), Behaviour(whole_totals=True)], ids=["a cent off", "whole units"]
)
def test_what_zoho_totals_otherwise_fails_and_nothing_is_built_on_it(tmp_path: Path, behaviour: Behaviour) -> None:
    house = settled(tmp_path, behaviour)
    due = {
        f"{row['reference']}/{row['id']}": Decimal(row["total_paid_tax_incl"]).quantize(CENT)
        for row in house.hotel.tables["orders"]
    }
    off = {d["reference_number"] for d in house.books.salesorders.values() if d["total"] != due[d["reference_number"]]}
    assert off
    failed = {id for id, status in house.status("orders").items() if status == "failed"}
    assert failed == {reference.partition("/")[2] for reference in off}
    for id in failed:
        error = house.record("orders", id).error
        assert error is not None
        assert error.code == "totals_disagree"
    for invoice in house.books.invoices.values():
        assert invoice["reference_number"] not in off
        assert (invoice["status"], invoice["total"]) != ("draft", due[invoice["reference_number"]])
    references = [each["reference_number"] for each in house.books.payments.values()]
    assert len(references) == len(set(references))


def test_a_locked_time_refuses_its_documents_and_no_others(tmp_path: Path) -> None:
    house = settled(tmp_path, Behaviour(locked_until="2026-01-31"))
    early = {str(row["id"]) for row in house.hotel.tables["orders"] if row["date_add"][:10] <= "2026-01-31"}
    statuses = house.status("orders")
    assert {id for id, status in statuses.items() if status == "failed"} == early - {
        id for id in early if statuses[id] == "canceled"
    }
    assert all(
        each["date"] > "2026-01-31" for kind in ("salesorders", "invoices", "payments") for each in house.books.all(kind).values()
    )
    for id, status in statuses.items():
        if status == "failed":
            error = house.record("orders", id).error
            assert error is not None
            assert "lock date" in error.message
