"""The demo group obeys the sums of a real shop, and shows what it says it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from zsync.model.money import round_half_up
from zsync.sandbox.hotel import Stay, demo
from zsync.sandbox.hotel.desk import Desk
from zsync.sandbox.hotel.tables import RESOURCES

Tables = dict[str, list[dict[str, Any]]]


def changed(tables: Tables) -> Tables:
    """The group after a busy day at the desk: every verb that touches sums."""
    desk = Desk(tables, clock=lambda: demo.NOW + 86400)
    desk.change_price(desk.stays(20)[0], "99.990000")
    desk.add_service(20, 15, 3)
    desk.cancel_room(desk.stays(desk.book(2, Stay(4, "2026-06-01", 3, rooms=3), services={11: 2}, demands=[1]))[2])
    desk.slip(3, desk.stays(3)[0])
    desk.pay_back(3, "130.00")
    desk.slip(14)
    desk.cancel(desk.book(6, Stay(1, "2026-06-01", 2), voucher=1))
    return tables


@pytest.fixture(
    params=[demo.group, lambda: changed(demo.group()), demo.whole], ids=["as told", "after a busy day", "and the week after"]
)
def tables(request: pytest.FixtureRequest) -> Tables:
    told: Callable[[], Tables] = request.param
    return told()


def added(rows: list[dict[str, Any]], field: str) -> Decimal:
    return sum((Decimal(row[field]) for row in rows), Decimal(0))


def day(stamp: str) -> int:
    return date.fromisoformat(stamp[:10]).toordinal()


def worth_in(rate: str, payment: dict[str, Any]) -> dict[str, Any]:
    """A payment as it counts for an order in another currency."""
    amount = Decimal(payment["amount"]) * Decimal(rate) / Decimal(payment["conversion_rate"])
    return {**payment, "amount": round_half_up(amount, 2)}


def of(tables: Tables, resource: str, order: object, field: str = "id_order") -> list[dict[str, Any]]:
    return [row for row in tables[resource] if row[field] == str(order)]


def test_each_order_is_its_lines_and_extra_demands_less_its_discounts(tables: Tables) -> None:
    for order in tables["orders"]:
        lines, discounts = of(tables, "order_details", order["id"]), of(tables, "order_discounts", order["id"])
        rooms = {row["id"] for row in of(tables, "room_bookings", order["id"])}
        demands = [row for row in tables["booking_extra_demands"] if row["id_htl_booking"] in rooms]
        for side, off in (("incl", "value"), ("excl", "value_tax_excl")):
            total = added(lines, f"total_price_tax_{side}") + added(demands, f"total_price_tax_{side}") - added(discounts, off)
            assert Decimal(order[f"total_paid_tax_{side}"]) == total
            assert Decimal(order[f"total_discounts_tax_{side}"]) == added(discounts, off)
        assert order["total_paid"] == order["total_paid_tax_incl"]
        assert order["total_discounts"] == order["total_discounts_tax_incl"]
        assert Decimal(order["total_products_wt"]) == added(lines, "total_price_tax_incl")
        assert Decimal(order["total_products"]) == added(lines, "total_price_tax_excl")


def test_each_room_line_is_the_sum_of_its_stays_and_counts_their_nights(tables: Tables) -> None:
    for line in tables["order_details"]:
        stays = of(tables, "room_bookings", line["id"], "id_order_detail")
        assert bool(stays) == (line["is_booking_product"] == "1")
        if stays:
            for side in ("incl", "excl"):
                assert Decimal(line[f"total_price_tax_{side}"]) == added(stays, f"total_price_tax_{side}")
            assert {stay["id_order"] for stay in stays} == {line["id_order"]}
            assert {stay["id_product"] for stay in stays} == {line["product_id"]}


def test_payments_of_a_reference_are_what_its_orders_have_received(tables: Tables) -> None:
    for reference in {order["reference"] for order in tables["orders"]}:
        received = of(tables, "orders", reference, "reference")
        paid = of(tables, "order_payments", reference, "order_reference")
        own, rate = received[0]["id_currency"], received[0]["conversion_rate"]
        worth = [row if row["id_currency"] == own else worth_in(rate, row) for row in paid]
        assert added(worth, "amount") == added(received, "total_paid_real")


def test_each_invoice_is_a_copy_of_its_order(tables: Tables) -> None:
    numbers = [int(invoice["number"]) for invoice in sorted(tables["order_invoices"], key=lambda row: row["date_add"])]
    assert numbers == list(range(1, len(numbers) + 1))
    for invoice in tables["order_invoices"]:
        (order,) = (row for row in tables["orders"] if str(row["id"]) == invoice["id_order"])
        assert order["invoice_number"] == invoice["number"]
        for field in ("total_paid_tax_incl", "total_paid_tax_excl", "total_products", "total_products_wt"):
            assert invoice[field] == order[field]


def test_slips_are_the_sum_of_their_details(tables: Tables) -> None:
    for slip in tables["order_slip"]:
        details = slip["associations"]["order_slip_details"]
        assert Decimal(slip["amount"]) == Decimal(slip["total_products_tax_incl"]) == added(details, "amount_tax_incl")


def test_money_has_six_decimals_but_payments_discounts_and_slips_two(tables: Tables) -> None:
    two = {
        ("order_payments", "amount"),
        ("order_discounts", "value"),
        ("order_discounts", "value_tax_excl"),
        ("order_slip", "amount"),
    }
    for name, rows in tables.items():
        for row in rows:
            for field, spec in RESOURCES[name].fields.items():
                if spec.kind in ("$", "%"):
                    decimals = len(row[field].partition(".")[2])
                    assert decimals == (2 if (name, field) in two or spec.kind == "%" else 6), (name, field, row[field])


def test_every_row_has_every_field_as_text_or_null(tables: Tables) -> None:
    for name, rows in tables.items():
        spec = RESOURCES[name]
        assert len({str(row["id"]) for row in rows}) == len(rows)
        for row in rows:
            assert set(row) - {"associations"} == set(spec.fields)
            assert isinstance(row["id"], str if spec.text_id else int)
            for field in spec.fields.values():
                value = row[field.name]
                assert field.name == "id" or isinstance(value, (str, list)) or value in (None, False)
                assert isinstance(value, list) == field.multilingual or value is None


def test_each_order_has_one_hotel_and_no_room_is_let_twice(tables: Tables) -> None:
    for order in tables["orders"]:
        assert len({stay["id_hotel"] for stay in of(tables, "room_bookings", order["id"])}) == 1
    nights = Counter(
        (stay["id_room"], night)
        for stay in tables["room_bookings"]
        if stay["is_refunded"] == "0"
        for night in range(day(stay["date_from"]), day(stay["date_to"]))
    )
    assert not [night for night, times in nights.items() if times > 1]


def test_the_group_is_as_large_as_it_says() -> None:
    tables = demo.group()
    sizes = {name: len(tables[name]) for name in ("hotels", "room_types", "services", "customers", "orders", "order_invoices")}
    assert sizes == {"hotels": 2, "room_types": 6, "services": 5, "customers": 12, "orders": 24, "order_invoices": 19}
    assert set(demo.SHOWS) == {order["id"] for order in tables["orders"]}
    assert [row["iso_code"] for row in tables["currencies"]] == ["EUR", "CHF"]
    assert sorted(row["rate"] for row in tables["taxes"]) == ["0.000", "10.000", "20.000"]
    assert max(row["date_add"] for rows in tables.values() for row in rows if "date_add" in row) <= f"{demo.LAST_DAY} 20:00:00"


def test_the_same_group_is_told_every_time_and_shared_with_nobody() -> None:
    first, second = demo.group(), demo.group()
    assert first == second
    first["orders"][0]["reference"] = "CHANGED"
    first["orders"].clear()
    assert demo.group() == second


def test_the_customers_have_what_makes_customers_hard() -> None:
    tables = demo.group()
    names = [(row["firstname"], row["lastname"]) for row in tables["customers"]]
    assert len(set(names)) == len(names) - 1
    assert any(first != first.strip() for first, _ in names)
    assert all(len(first) <= 32 and len(last) <= 32 for first, last in names)
    emails = [row["email"] for row in tables["customers"] if row["is_guest"] == "1"]
    assert emails == ["anna.berger@mail.example"] == [tables["customers"][0]["email"]]
    with_address = {row["id_customer"] for row in tables["addresses"] if row["deleted"] == "0"}
    assert [row["id"] for row in tables["customers"] if str(row["id"]) not in with_address] == [6]


def test_the_orders_show_what_they_say() -> None:
    tables = demo.group()
    order = {row["id"]: row for row in tables["orders"]}
    cents = {number: Decimal(row["total_paid_tax_incl"]) for number, row in order.items()}
    received = {number: Decimal(row["total_paid_real"]) for number, row in order.items()}
    assert cents[1] == received[1] == Decimal("689.70")  # 3 x 180 + 2 x 3 x 14.50 = 627.00, with 10 %
    assert order[2]["reference"] == order[3]["reference"]
    assert len(of(tables, "order_payments", "TWOHOUSES", "order_reference")) == 1
    assert {order[n]["reference"] for n in (4, 5, 6)} == {"FAMILYTRI"}
    assert len(of(tables, "order_payments", "FAMILYTRI", "order_reference")) == 3
    first_paid = min(row["date_add"] for row in of(tables, "order_payments", "INADVANCE", "order_reference"))
    assert first_paid < order[7]["invoice_date"]
    assert (order[8]["invoice_number"], received[8]) == ("0", Decimal(150))
    assert order[9]["invoice_number"] != "0"
    assert received[9] == 0
    assert 0 < received[10] < cents[10]
    assert received[11] - cents[11] == 20
    assert {row["id_tax_rules_group"] for row in of(tables, "order_details", 12)} == {"1", "2", "3"}
    assert cents[12] + Decimal(order[12]["total_discounts"]) == Decimal("454.80")
    assert order[13]["total_discounts"] == "25.000000"
    assert cents[14] - Decimal(order[14]["total_products_wt"]) == Decimal("18.33")
    assert [row["total_price_tax_incl"] for row in of(tables, "room_bookings", 15)] == ["100.000000"]
    assert of(tables, "order_details", 16)[0]["total_price_tax_excl"] == "100.020000"
    assert (order[17]["current_state"], cents[17]) == ("4", Decimal(0))
    assert (order[18]["current_state"], cents[18]) == ("4", Decimal(396))
    assert order[19]["current_state"] == "6"
    assert (order[20]["current_state"], order[20]["invoice_number"]) == ("1", "0")
    assert cents[21] == 0
    assert order[21]["invoice_number"] != "0"
    assert [row["is_cancelled"] for row in of(tables, "room_bookings", 22)] == ["0", "1"]
    assert cents[22] == received[22]
    (used,) = (row for row in tables["addresses"] if str(row["id"]) == order[23]["id_address_invoice"])
    assert (used["deleted"], used["city"]) == ("1", "Wien")


def test_the_week_after_shows_refunds_a_late_cancellation_and_another_currency() -> None:
    tables = demo.whole()
    assert tables["orders"][: len(demo.SHOWS)] == demo.group()["orders"]
    later = {row["id"]: row for row in tables["orders"][len(demo.SHOWS) :]}
    told = {
        id: (row["current_state"], row["id_currency"], Decimal(row["total_paid_tax_incl"]), Decimal(row["total_paid_real"]))
        for id, row in later.items()
    }
    assert told == {
        25: ("5", "1", Decimal("263.80"), Decimal("63.80")),
        26: ("2", "1", Decimal("260.00"), Decimal("260.00")),
        27: ("4", "1", Decimal("68.20"), Decimal(0)),
        28: ("2", "2", Decimal("433.64"), Decimal("433.64")),
        29: ("2", "2", Decimal("113.17"), Decimal("113.17")),
    }
    assert all(row["invoice_number"] != "0" for row in later.values())
    assert [(row["id_order"], row["amount"]) for row in tables["order_slip"]] == [("25", "200.00"), ("26", "130.00")]
    assert [row["amount"] for row in of(tables, "order_payments", "REFUNDEDX", "order_reference")] == ["263.80", "-200.00"]
    in_euros = [
        row["amount"] for row in of(tables, "order_payments", "EUROSPAID", "order_reference") if row["id_currency"] == "1"
    ]
    assert in_euros == ["50.00"]
