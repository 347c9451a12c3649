"""Documents of money under their switches: made, changed, cancelled and deleted in the hotel, with the switch on and off."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import House
from zsync.engine.job import Options
from zsync.sandbox.hotel import demo

NOW = datetime.fromtimestamp(demo.NOW, UTC)

UNINVOICED, OWING, PAID, ADVANCED, CREDITED = 20, 9, 1, 8, 12
"""Orders of the demo: not invoiced, invoiced and not paid, invoiced and paid, not invoiced with an advance, paid and credited."""

MODULES = {"orders": "salesorders", "invoices": "invoices", "payments": "payments", "credit_notes": "creditnotes"}


def opened(folder: Path, *, slips: bool = True, **entities: Any) -> House:
    """The demo's hotel, with a credit slip, all written as these switches say."""
    folder.mkdir(exist_ok=True)
    house = House(demo.group(), folder, now=NOW, entities=entities)
    if slips:
        house.hotel.desk.slip(CREDITED, *house.hotel.desk.stays(CREDITED))
    assert house.initialise().outcome == "ok"
    house.run_to_rest()
    return house


def order_of(house: House, order: int) -> dict[str, Any]:
    (found,) = [row for row in house.books.all("salesorders").values() if row["salesorder_number"] == f"QLO-{order}"]
    return found


def documents_of(house: House, order: int) -> list[str]:
    """The sales order and the invoices of one order, with their statuses."""
    sold = order_of(house, order)
    lines = {line["line_item_id"] for line in sold["line_items"]}
    bills = [
        row["status"]
        for row in house.books.all("invoices").values()
        if any(line.get("salesorder_item_id") in lines for line in row["line_items"])
    ]
    return [f"order {sold['status']}", *(f"invoice {status}" for status in bills)]


def delete(house: House, order: int) -> None:
    """Somebody removes a booking from the hotel's tables, with all that belongs to it."""
    desk, tables = house.hotel.desk, house.hotel.tables
    reference = desk.reference(order)
    for name in ("order_details", "room_bookings", "order_invoices", "order_slip", "order_discounts"):
        for row in [each for each in tables[name] if str(each["id_order"]) == str(order)]:
            desk.remove(name, int(row["id"]))
    for row in [each for each in tables["order_payments"] if each["order_reference"] == reference]:
        desk.remove("order_payments", int(row["id"]))
    desk.remove("orders", order)


def let_it_be_seen(house: House) -> None:
    """Ids are compared once a day, and gone is believed in the second run."""
    house.run(minutes=24 * 60)
    house.run_to_rest()


@pytest.mark.parametrize("entity", MODULES)
def test_what_auto_create_keeps_out_is_skipped_and_made_when_it_is_turned_on(entity: str, tmp_path: Path) -> None:
    slips = entity != "payments"  # else the slip meets an open balance in the one hotel, and a paid invoice in the other
    house = opened(tmp_path / "switched", slips=slips, **{entity: {"auto_create": False}})
    assert set(house.status(entity).values()) == {"skipped"}
    assert not house.books.all(MODULES[entity])
    house.entities, house.fingerprint = {}, "switched on"
    house.run_to_rest()
    whole = opened(tmp_path / "whole", slips=slips)
    assert house.standing() == whole.standing()
    assert house.status(entity) == whole.status(entity)


@pytest.mark.parametrize("switch", [True, False])
def test_an_order_that_changes_is_written_again_where_auto_update_is_on(tmp_path: Path, *, switch: bool) -> None:
    house = opened(tmp_path, orders={"auto_update": switch})
    before = order_of(house, UNINVOICED)["total"]
    house.hotel.desk.change_price(house.hotel.desk.stays(UNINVOICED)[0], "10.000000")
    house.run_to_rest()
    assert (order_of(house, UNINVOICED)["total"] != before) is switch


@pytest.mark.parametrize("switch", [True, False])
def test_an_order_that_is_cancelled_is_voided_where_auto_update_is_on(tmp_path: Path, *, switch: bool) -> None:
    house = opened(tmp_path, orders={"auto_update": switch})
    house.hotel.desk.cancel(UNINVOICED)
    house.run_to_rest()
    assert documents_of(house, UNINVOICED) == (["order void"] if switch else ["order open"])


def test_by_default_nothing_of_money_is_taken_back_because_it_is_gone(tmp_path: Path) -> None:
    house = opened(tmp_path)
    before = {order: documents_of(house, order) for order in (UNINVOICED, OWING, PAID)}
    for order in before:
        delete(house, order)
    let_it_be_seen(house)
    house.run(Options(full=True, accept_changes=True))
    house.run_to_rest()
    assert {order: documents_of(house, order) for order in before} == before
    shown = house.status("orders")
    assert {shown[str(order)] for order in before} == {"held"}


@pytest.mark.parametrize(
    ("order", "switched", "documents", "status"),
    [
        (UNINVOICED, ("orders",), ["order void"], "canceled"),
        (OWING, ("orders", "invoices"), ["order void", "invoice void"], "canceled"),
        (OWING, ("orders",), ["order invoiced", "invoice overdue"], "held"),
        (OWING, ("invoices",), ["order open", "invoice void"], "held"),
        (PAID, ("orders", "invoices", "payments", "credit_notes"), ["order invoiced", "invoice paid"], "held"),
        (ADVANCED, ("orders", "invoices", "payments"), ["order void"], "canceled"),
    ],
)
def test_what_is_gone_is_voided_where_auto_delete_is_on_and_no_money_hangs_on_it(
    order: int, switched: tuple[str, ...], documents: list[str], status: str, tmp_path: Path
) -> None:
    switches: dict[str, Any] = {entity: {"auto_delete": True} for entity in switched}
    house = opened(tmp_path, **switches)
    money = house.standing()["payments"], len(house.books.creditnotes)
    delete(house, order)
    let_it_be_seen(house)
    assert documents_of(house, order) == documents
    assert house.status("orders")[str(order)] == status
    assert (house.standing()["payments"], len(house.books.creditnotes)) == money, "money is never taken back by absence"
    assert house.summary()[1] == []
