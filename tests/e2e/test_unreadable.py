"""Records of the hotel that cannot be made sense of: shown with the reason, left to a person, and no concern of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import House
from zsync.sandbox.hotel import demo
from zsync.state.desk import Inbox

NOW = datetime.fromtimestamp(demo.NOW, UTC)
ORDER = "9"
"""Of 20 January, invoiced on 6 February 2026, unpaid."""


def row(tables: dict[str, list[dict[str, Any]]], table: str, id: str) -> dict[str, Any]:
    (found,) = [each for each in tables[table] if str(each["id"]) == id]
    return found


def opened(folder: Path, table: str = "orders", id: str = ORDER, field: str = "conversion_rate", **options: Any) -> House:
    """The demo hotel, initialised, with a value that makes no sense in one row."""
    tables = demo.group()
    row(tables, table, id)[field] = "none"
    house = House(tables, folder, now=NOW, **options)
    assert house.initialise().error is None
    return house


def tell(house: House, verb: str, id: str = ORDER, **argument: str) -> None:
    Inbox(house.store).post(verb, house.clock.now(), "orders", [id], argument)


def mend(house: House) -> None:
    house.hotel.desk.edit("orders", int(ORDER), conversion_rate="1.000000")


def test_it_fails_alone_and_is_written_once_it_is_mended(tmp_path: Path) -> None:
    house = opened(tmp_path)
    report = house.run()
    assert report.exit_code == 3
    assert [(each.entity, each.source_id, each.message) for each in report.problems] == [
        ("orders", ORDER, "the field `conversion_rate` is no amount that can be")
    ]
    assert house.summary()[0]["orders"]["failed"] == 1
    mend(house)
    house.run_to_rest()
    assert house.status("orders")[ORDER] == "payment_sync"
    assert house.summary()[1] == []


def test_retry_reads_it_again_under_its_own_number(tmp_path: Path) -> None:
    house = opened(tmp_path)
    before = house.status("orders")
    tell(house, "retry")
    house.run()
    assert set(house.status("orders")) == set(before)
    assert house.status("orders")[ORDER] == "failed"
    row(house.tables, "orders", ORDER)["conversion_rate"] = "1.000000"  # without a date: only `retry` sees it
    tell(house, "retry")
    house.run_to_rest()
    assert house.status("orders")[ORDER] == "payment_sync"


def test_a_person_may_leave_it_and_the_ruling_holds_as_long_as_the_reason_does(tmp_path: Path) -> None:
    house = opened(tmp_path)
    tell(house, "resolve", keep="ignore", reason="a test of the desk")
    for _ in range(2):
        report = house.run()
        house.hotel.desk.touch(int(ORDER))
        assert (report.exit_code, house.status("orders")[ORDER]) == (0, "held")
    house.hotel.desk.edit("orders", int(ORDER), id_customer="nobody")
    assert house.run().exit_code == 3
    assert house.status("orders")[ORDER] == "failed"


@pytest.mark.parametrize(("start", "status"), [(date(2026, 2, 6), "failed"), (date(2026, 2, 7), "skipped")])
def test_history_before_the_start_date_is_left_alone(tmp_path: Path, start: date, status: str) -> None:
    house = opened(tmp_path, start_date=start)
    assert house.run().exit_code == (3 if status == "failed" else 0)
    assert house.status("orders")[ORDER] == status


def test_what_has_no_date_cannot_be_history(tmp_path: Path) -> None:
    house = opened(tmp_path, field="date_add", start_date=date(2026, 12, 31))
    invoice = next(each for each in house.tables["order_invoices"] if str(each["id_order"]) == ORDER)
    house.tables["order_invoices"].remove(invoice)
    row(house.tables, "orders", ORDER).update(invoice_number="0", invoice_date="0000-00-00 00:00:00")
    tell(house, "retry")
    assert house.run().exit_code == 3


def test_a_switch_that_is_off_keeps_it_out(tmp_path: Path) -> None:
    house = opened(tmp_path, entities={"orders": {"auto_create": False}})
    assert house.run().exit_code == 0
    assert house.status("orders")[ORDER] == "skipped"


def test_one_that_was_written_before_is_shown_whatever_the_start_date_says(tmp_path: Path) -> None:
    house = opened(tmp_path)
    mend(house)
    house.run_to_rest()
    house.hotel.desk.edit("orders", int(ORDER), id_customer="nobody")
    house.start_date = date(2026, 12, 31)
    assert house.run().exit_code == 3
    assert house.status("orders")[ORDER] == "failed"
    number = row(house.tables, "orders", "1")["id_customer"]
    house.hotel.desk.edit("orders", int(ORDER), id_customer=number)
    house.run_to_rest()
    assert house.status("orders")[ORDER] != "failed"


def test_a_customer_who_cannot_be_read_holds_up_his_own_orders_only(tmp_path: Path) -> None:
    customer = str(row(demo.group(), "orders", ORDER)["id_customer"])
    house = opened(tmp_path, "customers", customer, "date_add")
    for _ in range(3):
        assert house.run().exit_code == 3
    statuses = house.status("orders")
    blocked = {id for id, status in statuses.items() if status == "blocked"}
    assert house.status("customers")[customer] == "failed"
    assert ORDER in blocked
    assert blocked == {
        str(each["id"])
        for each in house.tables["orders"]
        if str(each["id_customer"]) == customer and statuses[str(each["id"])] != "canceled"
    }


def test_a_customer_whom_the_hotel_does_not_have_is_named(tmp_path: Path) -> None:
    tables = demo.group()
    row(tables, "orders", ORDER)["id_customer"] = "77"
    house = House(tables, tmp_path, now=NOW)
    house.initialise()
    for _ in range(3):
        report = house.run()
        assert report.exit_code == 3
        assert [(each.entity, each.source_id, each.message) for each in report.problems] == [
            ("customers", "77", "the source does not have it, and another record refers to it")
        ]
        assert house.status("orders")[ORDER] == "blocked"
    house.hotel.desk.customer("Late", "Comer", "late@mail.example")
    found = house.tables["customers"][-1]
    found["id"] = 77
    house.run_to_rest()
    assert house.status("customers")["77"] == "synced"
    assert house.status("orders")[ORDER] == "payment_sync"
