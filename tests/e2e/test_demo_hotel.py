"""Our own small hotel group, run whole, and then lived in: what happens at the desk arrives in the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from e2e import harness
from e2e.harness import CONTRACTS, House
from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.faults import Fault
from zsync.sandbox.hotel import demo
from zsync.state.desk import Inbox

NOW = datetime.fromtimestamp(demo.NOW, UTC)


def opened(folder: Path, **options: object) -> House:
    """The demo hotel with everything written."""
    house = House(demo.group(), folder, now=NOW, **options)  # type: ignore[arg-type]
    assert house.initialise().outcome == "ok"
    report = house.run()
    assert report.outcome == "ok", report.error or report.problems
    return house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Whatever a test lets happen in it, no request leaves that Zoho's documents do not know."""
    made = opened(tmp_path)
    yield made
    if CONTRACTS.is_dir():
        assert made.faults_by_contract() == []


def test_every_entity_ends_synced_or_says_what_it_waits_for(house: House) -> None:
    counts, problems = house.summary()
    assert problems == []
    allowed = {
        "customers": {"synced"},
        "room_types": {"synced"},
        "service_products": {"synced"},
        "orders": {"synced", "invoice_sync", "payment_sync", "canceled"},
        "invoices": {"synced"},
        "payments": {"synced"},
    }
    for entity, statuses in allowed.items():
        assert set(counts[entity]) <= statuses | {"skipped"}, (entity, counts[entity])
    assert set(counts["orders"]) == {"synced", "invoice_sync", "payment_sync", "canceled"}


def test_an_advance_waits_in_the_books_and_is_applied_when_the_invoice_comes(house: House) -> None:
    """Order 8 was paid ahead and is not invoiced yet."""
    assert house.status("orders")["8"] == "invoice_sync"
    before = house.standing()
    house.hotel.desk.invoice(8)
    house.run_to_rest()
    after = house.standing()
    assert after["payments"] == before["payments"], "no payment is written a second time"
    assert len(after["invoices"]) == len(before["invoices"]) + 1
    assert len(after["applications"]) == len(before["applications"]) + 1


def test_an_order_cancelled_before_its_invoice_is_voided(house: House) -> None:
    open_orders = [id for id, status in house.status("orders").items() if status == "invoice_sync"]
    paid = {row["order_reference"] for row in house.hotel.tables["order_payments"]}
    unpaid = next(id for id in open_orders if house.hotel.desk.reference(int(id)) not in paid)
    house.hotel.desk.cancel(int(unpaid))
    house.run_to_rest()
    assert house.status("orders")[unpaid] == "canceled"
    (order,) = [d for d in house.books.all("salesorders").values() if d["salesorder_number"] == f"QLO-{unpaid}"]
    assert order["status"] == "void"


def test_a_renamed_customer_is_renamed_in_the_books_without_touching_his_orders(house: House) -> None:
    house.sandbox.ledger.clear()
    house.hotel.desk.edit_customer(2, lastname="Newname")
    house.run_to_rest()
    assert [entry.path.split("/")[1] for entry in house.sandbox.ledger.writes()] == ["contacts"]
    assert any("Newname" in name for name in house.standing()["contacts"])


def test_a_replaced_address_updates_the_contact(house: House) -> None:
    address = next(
        row for row in house.hotel.tables["addresses"] if str(row["id_customer"]) == "2" and str(row["deleted"]) == "0"
    )
    house.hotel.desk.edit_address(int(address["id_customer"]), address1="1 New Street")
    house.run_to_rest()
    assert any(d["billing_address"]["address"] == "1 New Street" for d in house.books.all("contacts").values())


def test_a_paid_order_with_known_customer_and_items_costs_four_calls(house: House) -> None:
    template = next(row for row in house.hotel.tables["room_bookings"] if str(row["id_order"]) == "1")
    order = _book_like(house, template)
    house.hotel.desk.invoice(order)
    house.hotel.desk.pay(order, str(house.hotel.desk.total(order)))
    house.sandbox.ledger.clear()
    house.run()
    calls = [f"{entry.method} {_shape(entry.path)}" for entry in house.sandbox.ledger.entries("books")]
    assert calls == ["POST /salesorders", "POST /invoices", "POST /invoices/#/status/sent", "POST /customerpayments"]
    assert house.status("orders")[str(order)] == "synced"


def test_where_orders_start_as_drafts_it_costs_five(tmp_path: Path) -> None:
    house = opened(tmp_path, behaviour=Behaviour(salesorder_starts="draft", invoice_needs_open_order=True))
    template = next(row for row in house.hotel.tables["room_bookings"] if str(row["id_order"]) == "1")
    order = _book_like(house, template)
    house.hotel.desk.invoice(order)
    house.hotel.desk.pay(order, str(house.hotel.desk.total(order)))
    house.sandbox.ledger.clear()
    house.run()
    assert house.sandbox.ledger.calls("books") == 5


def test_an_order_sold_without_tax_stays_so_although_its_items_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sold before the hotel charged any tax; the organisation has no tax of 0 %."""
    monkeypatch.setattr(harness, "TAXES", {"10": "10", "20": "20"})
    tables = demo.group()
    for name in ("orders", "order_invoices", "order_details", "room_bookings"):
        for row in tables[name]:
            if str(row["id" if name == "orders" else "id_order"]) == "1":
                row |= {field: row[field.replace("_excl", "_incl")] for field in row if field.endswith("_tax_excl")}
    house = House(tables, tmp_path, now=NOW)
    assert house.initialise().outcome == "ok"
    assert house.run().outcome == "ok"
    (order,) = [d for d in house.books.salesorders.values() if d["salesorder_number"] == "QLO-1"]
    assert (order["tax_total"], str(order["total"])) == (0, "689.70")
    assert any(house.books.items[line["item_id"]]["tax_id"] for line in order["line_items"])


def test_invoices_left_as_drafts_leave_payments_as_advances(tmp_path: Path) -> None:
    house = opened(tmp_path, entities={"invoices": {"final": "draft"}})
    assert {d["status"] for d in house.books.all("invoices").values()} == {"draft"}
    assert house.standing()["applications"] == []
    assert "payment_sync" not in house.summary()[0]["orders"]


def test_history_before_the_start_date_is_left_alone(tmp_path: Path) -> None:
    house = opened(tmp_path, start_date=NOW.date().replace(day=1))
    statuses = house.status("orders")
    assert "skipped" in statuses.values()
    skipped = next(id for id, status in statuses.items() if status == "skipped")
    error = house.record("orders", skipped).error
    assert error is not None
    assert error.message.startswith("before the start date")
    assert f"QLO-{skipped}" not in {row.split()[0] for row in house.standing()["salesorders"]}


def test_what_is_switched_off_is_skipped_and_customers_go_on_demand(tmp_path: Path) -> None:
    house = opened(tmp_path, entities={"customers": {"auto_create": False}, "payments": {"auto_create": False}})
    assert set(house.status("payments").values()) == {"skipped"}
    assert house.standing()["payments"] == []
    assert set(house.status("customers").values()) == {"synced", "skipped"}


def test_an_id_that_zoho_refuses_is_looked_up_again_with_the_next_plan(tmp_path: Path) -> None:
    """Between `init` and the first run somebody deletes the taxes and makes them anew under the same names."""
    house = House(demo.group(), tmp_path, now=NOW)
    assert house.initialise().outcome == "ok"
    taxes = house.books.desk.settings.taxes
    for old in list(taxes):
        taxes.remove(old["tax_id"])
        house.books.add_tax(old["tax_name"], old["tax_percentage"])
    house.run()
    assert set(house.status("room_types").values()) == {"failed"}
    for _ in range(2):  # the items, then the orders that were planned with the old ids
        for problem in house.summary()[1]:
            Inbox(house.store).post("retry", house.clock.now(), problem.entity, [problem.source_id], {})
        house.run()
        house.run()
    assert house.summary()[1] == []
    assert house.open_rows() == []


def test_what_waits_for_a_failed_order_by_way_of_its_invoice_is_blocked_by_it(house: House) -> None:
    template = next(row for row in house.hotel.tables["room_bookings"] if str(row["id_order"]) == "1")
    order = _book_like(house, template)
    invoice = house.hotel.desk.invoice(order)
    payment = house.hotel.desk.pay(order, str(house.hotel.desk.total(order)))
    house.sandbox.faults.add(Fault("refuse", system="books", method="POST", path="^/salesorders$", code=4, message="no"))
    house.run()
    assert house.status("orders")[str(order)] == "failed"
    for entity, id in (("invoices", invoice), ("payments", payment)):
        found = house.record(entity, str(id))
        assert (found.status, found.on) == ("blocked", f"hotel:order:{order}"), entity


def test_other_settings_reach_the_collective_items_too(house: House) -> None:
    """No stream hands them out. Lines take the income account of their item."""
    other = house.books.add_account("Extras", "income")
    house.target = {"accounts": {"default": "Room sales", "demand": "Extras"}}
    house.fingerprint = "settings-2"
    house.run()
    demand = next(item for item in house.books.all("items").values() if item["sku"] == "DEMAND")
    assert demand["account_id"] == other


def _shape(path: str) -> str:
    return "/".join("#" if part.isdigit() else part for part in path.split("/"))


def _book_like(house: House, stay: dict[str, object]) -> int:
    """A booking by a customer, and of a room type, that the books know."""
    from zsync.sandbox.hotel.bookwork import Stay

    customer = next(int(row["id_customer"]) for row in house.hotel.tables["orders"] if str(row["id"]) == "1")
    return house.hotel.desk.book(customer, Stay(int(str(stay["id_product"])), "2026-05-01", 2))
