"""What people do at the desk moves the dates that it moves in a real shop, and no others."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from zsync.sandbox.hotel import Desk, Hotel, Stay, demo

LATER = "2026-03-25 12:00:00"


@pytest.fixture
def desk() -> Desk:
    return Desk(demo.group(), clock=lambda: demo.NOW).at(LATER)


def moved(desk: Desk, resource: str) -> list[int]:
    """The rows of a table whose date says that they were changed just now."""
    return [int(row["id"]) for row in desk.ledger.tables[resource] if row["date_upd"] == LATER]


@pytest.mark.parametrize(
    "act",
    [
        lambda desk: desk.pay(10, "10.00"),
        lambda desk: desk.pay_back(10, "10.00"),
        lambda desk: desk.advance(10, "10.00"),
        lambda desk: desk.set_state(10, 2),
        lambda desk: desk.touch(10),
        lambda desk: desk.change_price(desk.stays(10)[0], "100.00"),
        lambda desk: desk.add_service(10, 15, 1),
        lambda desk: desk.slip(10),
    ],
)
def test_payments_states_and_saves_move_the_order(desk: Desk, act: Callable[[Desk], object]) -> None:
    act(desk)
    assert moved(desk, "orders") == [10]


@pytest.mark.parametrize(
    "act",
    [
        lambda desk: desk.slip(2, desk.stays(2)[0]),
        lambda desk: desk.check_in(desk.stays(2)[0]),
        lambda desk: desk.check_out(desk.stays(2)[0]),
        lambda desk: desk.edit_customer(5, lastname="Other"),
        lambda desk: desk.edit_address(5, city="Hall"),
        lambda desk: desk.edit("room_types", 2, price="120.000000"),
        lambda desk: desk.edit("currencies", 2, conversion_rate="0.950000"),
    ],
)
def test_partial_refunds_check_in_and_edits_of_people_and_things_move_no_order(desk: Desk, act: Callable[[Desk], object]) -> None:
    act(desk)
    assert moved(desk, "orders") == []


def test_a_partial_refund_shows_in_the_slip_the_line_and_the_stay(desk: Desk) -> None:
    stay = desk.stays(2)[0]
    slip = desk.slip(2, stay)
    assert moved(desk, "order_slip") == [slip]
    assert moved(desk, "room_bookings") == [stay]
    (line,) = desk.ledger.where("order_details", id_order=2, is_booking_product=1)
    assert (line["product_quantity"], line["product_quantity_refunded"]) == ("4", "2")
    assert desk.ledger.row("orders", 2)["current_state"] == "2"


def test_a_complete_refund_moves_the_order_to_refunded_and_leaves_its_sums(desk: Desk) -> None:
    before = desk.total(14)
    desk.slip(14)
    order = desk.ledger.row("orders", 14)
    assert (order["current_state"], order["valid"], desk.total(14)) == ("5", "0", before)


def test_an_address_that_an_order_uses_is_replaced_and_kept_as_deleted(desk: Desk) -> None:
    old = desk.ledger.row("orders", 1)["id_address_invoice"]
    new = desk.edit_address(1, city="Hallein")
    assert str(new) != old
    assert desk.ledger.row("addresses", old)["deleted"] == "1"
    assert desk.ledger.row("orders", 1)["id_address_invoice"] == old
    assert [row["city"] for row in desk.ledger.where("addresses", id_customer=1, deleted=0)] == ["Hallein"]
    assert desk.edit_address(1, city="Oberalm") == new


def test_a_customer_has_one_current_address(desk: Desk) -> None:
    with pytest.raises(ValueError, match="one current address"):
        desk.address(1, city="Second")


def test_cancelling_by_hand_marks_the_stays_without_moving_them(desk: Desk) -> None:
    desk.set_state(20, 4)
    assert [row["is_cancelled"] for row in desk.ledger.where("room_bookings", id_order=20)] == ["1"]
    assert moved(desk, "room_bookings") == []
    assert desk.total(20) == Decimal("1133.29")


def test_cancelling_an_unpaid_order_leaves_nothing_but_what_was_booked(desk: Desk) -> None:
    desk.cancel(20)
    order = desk.ledger.row("orders", 20)
    assert (order["current_state"], order["total_paid"], order["advance_paid_amount"]) == ("4", "0.000000", "1133.290000")
    assert {row["product_quantity"] for row in desk.ledger.where("order_details", id_order=20)} == {"7", "14"}
    assert moved(desk, "room_bookings") == desk.stays(20)


def test_a_paid_or_invoiced_order_is_not_cancelled(desk: Desk) -> None:
    for order in (1, 8, 9):
        with pytest.raises(ValueError, match="refunded"):
            desk.cancel(order)


def test_the_last_room_goes_with_its_order(desk: Desk) -> None:
    with pytest.raises(ValueError, match="last room"):
        desk.cancel_room(desk.stays(20)[0])


def test_a_state_that_asks_for_an_invoice_makes_one_and_only_one(desk: Desk) -> None:
    desk.set_state(8, 8)
    desk.set_state(8, 2)
    (invoice,) = desk.ledger.where("order_invoices", id_order=8)
    assert desk.ledger.row("orders", 8)["invoice_number"] == invoice["number"] == "20"
    with pytest.raises(ValueError, match="already"):
        desk.invoice(8)


def test_shares_of_a_payment_must_add_up_within_one_reference(desk: Desk) -> None:
    for over in ({2: "10.00"}, {2: "10.00", 9: "10.00"}):
        with pytest.raises(ValueError, match="add up"):
            desk.pay(2, "20.00", over=over)


def test_an_order_in_another_currency_has_all_of_its_prices_in_it(desk: Desk) -> None:
    order = desk.book(1, Stay(2, "2026-07-01", 2), services={12: 1}, demands=[1], voucher=2, currency="CHF")
    row = desk.ledger.row("orders", order)
    room, garage = desk.ledger.where("order_details", id_order=order)
    (off,) = desk.ledger.where("order_discounts", id_order=order)
    (cot,) = desk.ledger.where("booking_extra_demands", id_htl_booking=desk.stays(order)[0])
    assert (row["id_currency"], row["conversion_rate"]) == ("2", "0.943100")
    assert (room["product_price"], room["original_product_price"]) == ("85.736364", "85.736364")  # 90.909091 euros
    assert (room["total_price_tax_excl"], room["total_price_tax_incl"]) == ("171.470000", "188.620000")
    assert garage["total_price_tax_incl"] == "28.290000"  # 12.50 euros, two nights, 20 %
    assert cot["total_price_tax_incl"] == "17.280000"  # 8.33 euros, two nights, 10 %
    assert off["value"] == "23.58"  # 25 euros
    assert desk.total(order) == Decimal("188.62") + Decimal("28.29") + Decimal("17.28") - Decimal("23.58")


def test_an_order_s_rate_is_the_average_of_its_payments(desk: Desk) -> None:
    order = desk.book(1, Stay(2, "2026-07-01", 2), currency="CHF")
    desk.pay(order, "100.00")
    desk.edit("currencies", 2, conversion_rate="0.963100")
    last = desk.pay(order, desk.total(order) - 100)
    assert desk.ledger.row("order_payments", last)["conversion_rate"] == "0.963100"
    assert desk.ledger.row("orders", order)["conversion_rate"] == "0.953100"
    assert desk.ledger.row("orders", 1)["conversion_rate"] == "1.000000"


def test_a_payment_in_another_currency_counts_at_the_two_rates(desk: Desk) -> None:
    francs, euros = desk.book(1, Stay(2, "2026-07-01", 2), currency="CHF"), desk.book(1, Stay(2, "2026-07-01", 2))
    paid = desk.pay(francs, "100.00", currency="EUR", transaction="T1")
    desk.pay(euros, "94.31", currency="CHF")
    desk.pay_back(euros, "9.43", currency="CHF")
    row = desk.ledger.row("order_payments", paid)
    assert (row["id_currency"], row["conversion_rate"], row["transaction_id"]) == ("1", "1.000000", "T1")
    assert desk.ledger.row("orders", francs)["total_paid_real"] == "94.310000"
    assert desk.ledger.row("orders", euros)["total_paid_real"] == "90.000000"
    assert [desk.ledger.row("orders", order)["conversion_rate"] for order in (francs, euros)] == ["0.943100", "1.000000"]


def test_a_currency_that_was_deleted_and_made_anew_is_booked_in_its_new_row(desk: Desk) -> None:
    desk.edit("currencies", 2, deleted=1)
    desk.ledger.add("currencies", iso_code="CHF", conversion_rate="0.990000", active=1)
    assert desk.ledger.row("orders", desk.book(1, Stay(2, "2026-07-01", 1), currency="CHF"))["id_currency"] == "3"


def test_a_slip_of_an_order_in_another_currency_has_its_rate(desk: Desk) -> None:
    order = desk.book(1, Stay(2, "2026-07-01", 2), currency="CHF")
    desk.pay(order, desk.total(order), state=2)
    slip = desk.ledger.row("order_slip", desk.slip(order))
    assert (slip["conversion_rate"], slip["amount"]) == ("0.943100", "188.62")


def test_a_hotel_that_closes_moves_no_order(desk: Desk) -> None:
    desk.edit("hotels", 2, active=0)
    assert moved(desk, "hotels") == [2]
    assert moved(desk, "orders") == []


def test_an_order_has_one_hotel(desk: Desk) -> None:
    with pytest.raises(ValueError, match="one hotel"):
        desk.book(1, Stay(1, "2026-07-01", 1), Stay(4, "2026-07-01", 1))


def test_a_house_that_is_full_takes_nobody(desk: Desk) -> None:
    desk.book(1, Stay(3, "2026-07-01", 2, rooms=2))
    with pytest.raises(ValueError, match="free"):
        desk.book(1, Stay(3, "2026-07-02", 1))
    desk.book(1, Stay(3, "2026-07-03", 1))


def test_the_desk_writes_the_shops_wall_clock_time() -> None:
    tables = demo.group()
    summer = Desk(tables, clock=lambda: 1782900000.0)  # 1 July 2026, 10:00 UTC
    assert summer.ledger.now() == "2026-07-01 12:00:00"


def test_the_hour_that_comes_twice_is_written_twice() -> None:
    moments = iter([1792888200.0, 1792891800.0])  # 25 October 2026, 00:30 and 01:30 UTC
    desk = Desk(demo.group(), clock=lambda: next(moments))
    assert [desk.ledger.now(), desk.ledger.now()] == ["2026-10-25 02:30:00"] * 2


def test_ids_of_removed_rows_are_not_given_again(desk: Desk) -> None:
    first = desk.customer("One", "Time", "once@mail.example")
    desk.remove("customers", first)
    assert desk.customer("Next", "Time", "next@mail.example") == first + 1
    with pytest.raises(KeyError):
        desk.ledger.row("customers", first)


def test_a_hidden_table_comes_back_whole(desk: Desk) -> None:
    before = list(desk.ledger.tables["orders"])
    desk.hide("orders")
    assert desk.ledger.tables["orders"] == []
    desk.show("orders")
    assert desk.ledger.tables["orders"] == before


def test_a_live_hotel_has_a_desk_over_its_own_tables() -> None:
    tables: dict[str, list[dict[str, Any]]] = demo.group()
    hotel = Hotel(tables, clock=lambda: demo.NOW)
    order = hotel.desk.book(6, Stay(2, "2026-08-01", 2))
    assert order == 25
    assert tables["orders"][-1]["date_add"] == "2026-03-20 20:00:00"
