"""What people change at the hotel and in Zoho once everything stands: who wins, what is told, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import House
from zsync.sandbox.hotel import demo
from zsync.state.desk import Inbox

NOW = datetime.fromtimestamp(demo.NOW, UTC)
UNINVOICED, OWING, PAID = 20, 9, 1
"""Orders of the demo: not invoiced; invoiced and not paid; invoiced and paid."""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """The demo's hotel, all written."""
    made = House(demo.group(), tmp_path, now=NOW)
    assert made.initialise().outcome == "ok"
    made.run_to_rest()
    return made


def contact(house: House, customer: int) -> dict[str, Any]:
    (found,) = [row for row in house.books.contacts.values() if row["contact_number"] == f"hotel:customer:{customer}"]
    return found


def item(house: House, sku: str) -> dict[str, Any]:
    (found,) = [row for row in house.books.items.values() if row["sku"] == sku]
    return found


def order(house: House, id: int) -> dict[str, Any]:
    (found,) = [row for row in house.books.all("salesorders").values() if row["salesorder_number"] == f"QLO-{id}"]
    return found


def invoice(house: House, id: int) -> dict[str, Any]:
    number = next(row["number"] for row in house.hotel.tables["order_invoices"] if str(row["id_order"]) == str(id))
    (found,) = [row for row in house.books.all("invoices").values() if row["invoice_number"] == f"#IN{int(number):06}"]
    return found


def by_hand(house: House, table: str, id_field: str, document: dict[str, Any], **changes: Any) -> None:
    """A person edits a document in Zoho's own pages."""
    kept = getattr(house.books.desk, table).table
    kept.touch(kept.get(document[id_field])).update(changes)


def resolve(house: House, entity: str, id: int | str, keep: str) -> None:
    Inbox(house.store).post("resolve", house.clock.now(), entity, [str(id)], {"keep": keep, "reason": "as agreed"})
    house.run_to_rest()


# --- names --------------------------------------------------------------------------------------------------------------------


def test_a_customer_who_takes_another_s_name_carries_his_id_and_the_first_keeps_it_bare(house: House) -> None:
    first = contact(house, 3)["contact_name"]
    row = next(row for row in house.hotel.tables["customers"] if str(row["id"]) == "3")
    house.hotel.desk.edit_customer(8, firstname=row["firstname"], lastname=row["lastname"], company=row.get("company", ""))
    house.run_to_rest()
    assert contact(house, 3)["contact_name"] == first
    assert contact(house, 8)["contact_name"] == f"{first} (8)"
    assert house.summary()[1] == []


def test_room_types_of_one_name_stay_apart_by_their_skus(house: House) -> None:
    house.hotel.desk.edit("room_types", 2, name={"en": "Attic Single", "de": "Dachkammer"})
    house.run_to_rest()
    assert item(house, "ROOM-1")["name"] != item(house, "ROOM-2")["name"]
    assert "Attic Single" in item(house, "ROOM-2")["name"]
    assert house.summary()[1] == []


def test_a_room_type_that_is_merged_into_another_goes_out_of_use_and_its_orders_keep_their_lines(house: House) -> None:
    """The hotel sells what was the one as the other from now on, and disables the one."""
    before = {each["salesorder_number"]: each["total"] for each in house.books.all("salesorders").values()}
    house.hotel.desk.edit("room_types", 3, active=0)
    house.run_to_rest()
    assert item(house, "ROOM-3")["status"] == "inactive"
    assert {each["salesorder_number"]: each["total"] for each in house.books.all("salesorders").values()} == before
    assert house.summary()[1] == []


# --- orders -------------------------------------------------------------------------------------------------------------------


def test_an_order_that_is_edited_before_its_invoice_is_written_again_under_its_number(house: House) -> None:
    id, before = order(house, UNINVOICED)["salesorder_id"], order(house, UNINVOICED)["total"]
    house.hotel.desk.change_price(house.hotel.desk.stays(UNINVOICED)[0], "77.000000")
    house.hotel.desk.add_service(UNINVOICED, 15, 2)
    house.run_to_rest()
    after = order(house, UNINVOICED)
    assert after["salesorder_id"] == id
    assert after["total"] != before
    assert after["total"] == house.hotel.desk.total(UNINVOICED)
    assert house.status("orders")[str(UNINVOICED)] == "invoice_sync"


@pytest.mark.parametrize("edited", [OWING, PAID])
def test_an_order_that_is_edited_after_its_invoice_stays_as_it_was_invoiced(house: House, edited: int) -> None:
    """The hotel's invoice does not move with its order, and so does nothing in the books."""
    before = order(house, edited), invoice(house, edited)
    house.hotel.desk.change_price(house.hotel.desk.stays(edited)[0], "77.000000")
    house.run_to_rest()
    assert (order(house, edited), invoice(house, edited)) == before
    assert house.summary()[1] == []


@pytest.mark.parametrize("edited", [OWING, PAID])
def test_an_invoice_that_changes_at_the_hotel_is_one_failure_that_a_person_ends(house: House, edited: int) -> None:
    """Paid or not: what was sent stays as it is."""
    before = invoice(house, edited)
    row = next(row for row in house.hotel.tables["order_invoices"] if str(row["id_order"]) == str(edited))
    house.hotel.desk.edit("order_invoices", int(row["id"]), total_paid_tax_incl="1.10", total_paid_tax_excl="1.00")
    house.hotel.desk.touch(edited)
    house.run_to_rest()
    assert invoice(house, edited) == before
    problems = house.summary()[1]
    assert {(each.entity, each.source_id) for each in problems} == {("invoices", str(row["id"])), ("orders", str(edited))}
    (hint,) = {each.hint for each in problems}
    assert "1.10 EUR in the source now" in problems[0].message
    assert f"`zsync resolve invoices {row['id']} --keep zoho`" in hint
    for _ in range(3):
        house.run()
    assert house.summary()[1] == problems, "told once, however many runs"
    resolve(house, "invoices", str(row["id"]), "zoho")
    assert house.summary()[1] == []
    assert invoice(house, edited) == before


# --- Zoho ---------------------------------------------------------------------------------------------------------------------


def test_an_edit_in_zoho_meets_a_change_at_the_hotel_and_a_person_decides(house: House) -> None:
    for keep in ("zoho", "source"):
        by_hand(house, "contacts", "contact_id", contact(house, 8), notes=f"typed in ({keep})")
        house.hotel.desk.edit_customer(8, lastname=f"Changed{keep}")
        house.run_to_rest()
        (problem,) = house.summary()[1]
        assert (problem.entity, problem.source_id, problem.code) == ("customers", "8", "conflict")
        shown = house.record("customers", "8").error
        assert shown is not None
        assert f"typed in ({keep})" in shown.detail
        resolve(house, "customers", "8", keep)
        assert house.summary()[1] == []
    assert "Changedsource" in contact(house, 8)["contact_name"]


def test_an_edit_in_zoho_of_what_the_hotel_leaves_alone_is_nobody_s_business(house: House) -> None:
    by_hand(house, "contacts", "contact_id", contact(house, 8), notes="typed in")
    before = house.sandbox.ledger.calls("books")
    house.run_to_rest()
    assert house.sandbox.ledger.calls("books") == before
    assert contact(house, 8)["notes"] == "typed in"


def test_a_document_that_a_person_deleted_in_zoho_is_held_when_it_should_change(house: House) -> None:
    found = order(house, UNINVOICED)
    house.books.desk.salesorders.table.remove(found["salesorder_id"])
    house.hotel.desk.change_price(house.hotel.desk.stays(UNINVOICED)[0], "77.000000")
    for _ in range(4):
        house.run(minutes=20)
    assert house.status("orders")[str(UNINVOICED)] == "held"
    assert not [row for row in house.books.salesorders.values() if row["salesorder_number"] == f"QLO-{UNINVOICED}"]


# --- settings -----------------------------------------------------------------------------------------------------------------


def test_a_mapping_that_changes_is_found_and_planned(house: House) -> None:
    house.entities = {"customers": {"map": {"notes": "{{ lastname }}"}}, "orders": {"map": {"notes": "Order {{ reference }}"}}}
    house.fingerprint = "settings-2"
    report = house.run()
    changed = sum(each["updated"] for each in report.entities.values())
    assert report.error is None
    assert changed > 0
    house.run_to_rest()
    assert order(house, UNINVOICED)["notes"] == f"Order {house.hotel.desk.reference(UNINVOICED)}"
    assert order(house, UNINVOICED)["total"] == Decimal(house.hotel.desk.total(UNINVOICED))
