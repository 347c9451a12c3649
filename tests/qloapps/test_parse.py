"""Rows to documents: each rule on rows of our own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from qloapps import small
from zsync.errors import ConfigError, ContractBroken, RecordError
from zsync.model.documents import (
    Address,
    Contact,
    Credit,
    Currency,
    Discount,
    Document,
    Hotel,
    Invoice,
    Item,
    Kind,
    Line,
    Payment,
    Sale,
)
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.model.record import Record, Unreadable
from zsync.sources.qloapps import parse, parse_masters
from zsync.sources.qloapps.parse import BookingRows
from zsync.sources.qloapps.shop import Shop, shop
from zsync.sources.qloapps.values import day, flag, ident, local_text, maybe_day, number, rate, text, wall_clock

READ_AT = datetime(2026, 3, 10, tzinfo=UTC)
TABLES = ("configurations", "translated_configurations", "currencies", "countries", "states", "languages")
TAXES = ("taxes", "tax_rules", "tax_rule_groups")
Rows = dict[str, list[dict[str, Any]]]


def small_shop(rows: Rows | None = None) -> Shop:
    found = rows or small.tables()
    hotels = [row for row in found["addresses"] if row["id_customer"] == "0"]
    return shop({**{name: found[name] for name in (*TABLES, *TAXES)}, "hotel_addresses": hotels})


def booking(rows: Rows, reference: str = "AAAAAAAAA", products: frozenset[str] = frozenset("23")) -> Record | Unreadable:
    orders = [row for row in rows["orders"] if row["reference"] == reference]
    ids = {str(row["id"]) for row in orders}

    def of(table: str) -> list[Mapping[str, Any]]:
        return [row for row in rows[table] if row["id_order"] in ids]

    rooms = of("room_bookings")
    stays = {row["id"] for row in rooms}
    return parse.booking(
        BookingRows(
            reference,
            orders,
            details=of("order_details"),
            rooms=rooms,
            demands=[row for row in rows["booking_extra_demands"] if row["id_htl_booking"] in stays],
            discounts=of("order_discounts"),
            invoices=of("order_invoices"),
            payments=[row for row in rows["order_payments"] if row["order_reference"] == reference],
            slips=of("order_slip"),
            products=products,
        ),
        small_shop(rows),
        "hotel",
        READ_AT,
    )


def documents(rows: Rows, reference: str = "AAAAAAAAA", products: frozenset[str] = frozenset("23")) -> tuple[Document, ...]:
    found = booking(rows, reference, products)
    assert isinstance(found, Record), found
    return found.documents


def first_sale(rows: Rows, reference: str = "AAAAAAAAA", products: frozenset[str] = frozenset("23")) -> Sale:
    return next(each for each in documents(rows, reference, products) if isinstance(each, Sale))


def line(sale: Sale, id: str) -> Line:
    return next(each for each in sale.lines if each.id == id)


# --- a booking whole -----------------------------------------------------------------------------------------------------


def test_a_reference_becomes_one_record_with_all_of_its_documents() -> None:
    found = booking(small.tables())
    assert isinstance(found, Record)
    assert found.key == "hotel:booking:AAAAAAAAA"
    assert [str(each.key) for each in found.documents] == [
        "hotel:order:1",
        "hotel:order:4",
        "hotel:invoice:1",
        "hotel:payment:1",
    ]
    assert found.fields[found.documents[0].key]["reference"] == "AAAAAAAAA"


def test_a_room_line_is_replaced_by_its_stays_which_say_what_they_are() -> None:
    sale = first_sale(small.tables())
    assert [each.id for each in sale.lines] == ["stay:1", "stay:2", "detail:2", "demand:1"]
    stay = line(sale, "stay:1")
    assert (stay.kind, stay.item, stay.quantity) == (Kind.ROOM, "hotel:room_type:2", Decimal(2))
    assert (stay.gross, stay.net, stay.rate, stay.rate_sure) == (Decimal(110), Decimal(100), Decimal(10), True)
    assert stay.tax_group == "AT reduced"
    assert stay.description == "Seaside, room 101, 2026-05-01 to 2026-05-03, 2 nights, 2 adults and 1 child"
    assert sale.hotel == "Seaside"
    assert sale.arrival == date(2026, 5, 1)


def test_lines_and_discounts_name_the_invoice_that_they_stand_on() -> None:
    rows = small.tables()
    sale = first_sale(rows)
    assert {each.invoice for each in sale.lines} == {"hotel:invoice:1"}
    assert sale.discounts == (
        Discount("discount:1", "Friend", Decimal("11.00"), Decimal("10.00"), next(iter({each.invoice for each in sale.lines}))),
    )
    assert {each.invoice for each in first_sale(rows, "BBBBBBBBB").lines} == {None}


def test_stays_that_do_not_add_up_leave_the_line_as_it_is() -> None:
    rows = small.tables()
    rows["room_bookings"][0]["total_price_tax_incl"] = "109.990000"
    kept = line(first_sale(rows), "detail:1")
    assert (kept.kind, kept.gross, kept.quantity) == (Kind.ROOM, Decimal(220), Decimal(4))


def test_a_product_that_is_gone_leaves_a_line_without_an_item() -> None:
    sale = first_sale(small.tables(), products=frozenset("2"))
    assert line(sale, "detail:2").item is None
    assert line(sale, "stay:1").item == "hotel:room_type:2"


def test_amounts_stay_as_the_shop_has_them() -> None:
    rows = small.tables()
    rows["orders"][1].update(total_paid_tax_incl="115.005000", total_paid_tax_excl="104.55")
    assert first_sale(rows, "BBBBBBBBB").total == Money(Decimal("115.005"), "EUR")


def test_an_order_day_is_the_local_day_of_the_shop() -> None:
    assert first_sale(small.tables()).day == date(2026, 3, 1)  # 23:30 in Vienna


def test_an_order_in_another_currency_keeps_its_currency_and_rate() -> None:
    rows = small.tables()
    rows["orders"][1].update(id_currency="2", conversion_rate="1.084200")
    sale = first_sale(rows, "BBBBBBBBB")
    assert (sale.total.currency, sale.conversion) == ("USD", Decimal("1.0842"))


@pytest.mark.parametrize(
    ("state", "rooms", "cancelled"), [("4", "0", True), ("1", "1", True), ("6", "0", False), ("5", "0", False), ("1", "0", False)]
)
def test_cancelled_is_the_state_or_all_rooms_and_not_a_payment_error(state: str, rooms: str, cancelled: bool) -> None:
    rows = small.tables()
    rows["orders"][1]["current_state"] = state
    rows["room_bookings"][2].update(is_cancelled=rooms, is_refunded="1")
    assert first_sale(rows, "BBBBBBBBB").cancelled is cancelled


def test_one_cancelled_room_of_two_is_marked_on_its_lines_only() -> None:
    rows = small.tables()
    rows["room_bookings"][1].update(is_cancelled="1")
    sale = first_sale(rows)
    assert [each.id for each in sale.lines if each.cancelled] == ["stay:2", "demand:1"]
    assert not sale.cancelled


def test_an_invoice_has_the_number_that_the_shop_shows() -> None:
    (invoice,) = [each for each in documents(small.tables()) if isinstance(each, Invoice)]
    assert (invoice.number, invoice.day, invoice.sale) == ("#IN000042", date(2026, 3, 2), "hotel:order:1")
    assert invoice.total == Money(Decimal("225.5"), "EUR")


def test_a_payment_belongs_to_the_reference_and_keeps_its_own_currency() -> None:
    rows = small.tables()
    rows["order_payments"].append(small.payment(2, "AAAAAAAAA", "-5.00", id_currency="2", conversion_rate="1.084200"))
    payments = [each for each in documents(rows) if isinstance(each, Payment)]
    assert [(each.amount.amount, each.amount.currency) for each in payments] == [
        (Decimal("225.50"), "EUR"),
        (Decimal("-5.00"), "USD"),
    ]
    assert payments[0].transaction == "T 1"


def test_a_slip_is_a_credit_of_its_order_in_the_orders_currency() -> None:
    rows = small.tables(order_slip=[small.slip(1, 1, 1, "55.000000", "50.000000")])
    (credit,) = [each for each in documents(rows) if isinstance(each, Credit)]
    assert (credit.sale, credit.amount, credit.day) == ("hotel:order:1", Money(Decimal(55), "EUR"), date(2026, 3, 5))
    assert [(each.id, each.quantity, each.gross, each.net) for each in credit.lines] == [
        ("detail:1", Decimal(1), Decimal(55), Decimal(50))
    ]


def test_a_record_that_was_merely_saved_again_has_the_same_revision() -> None:
    rows = small.tables()
    before = booking(rows)
    rows["orders"][0]["date_upd"] = "2026-03-09 12:00:00"
    after = booking(rows)
    rows["orders"][0]["payment"] = "Cash"
    changed = booking(rows)
    assert isinstance(before, Record)
    assert isinstance(after, Record)
    assert isinstance(changed, Record)
    assert before.revision == after.revision != changed.revision


# --- what cannot be made sense of -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("orders", "total_paid_tax_incl", "a lot"),
        ("orders", "total_paid_tax_incl", "1e5"),
        ("orders", "total_paid_tax_incl", "NaN"),
        ("orders", "total_paid_real", "9" * 40),
        ("orders", "conversion_rate", "-1.0"),
        ("orders", "conversion_rate", ""),
        ("orders", "date_add", "0000-00-00 00:00:00"),
        ("orders", "date_add", "2026-13-01 00:00:00"),
        ("orders", "id_customer", "eight"),
        ("order_details", "product_quantity", "two"),
        ("room_bookings", "date_from", "soon"),
        ("booking_extra_demands", "total_price_tax_incl", "5,50"),
        ("order_discounts", "value", "free"),
        ("order_invoices", "number", "A1"),
        ("order_payments", "amount", ["225.50"]),
        ("order_payments", "date_add", ""),
    ],
)
def test_a_value_that_makes_no_sense_names_its_field_and_not_the_value(table: str, field: str, value: object) -> None:
    rows = small.tables()
    rows[table][0][field] = value
    found = booking(rows)
    assert isinstance(found, Unreadable)
    assert f"`{field}`" in found.error.message
    assert str(value) not in found.error.message or not value
    assert (found.entity, found.source_id, found.label) == ("orders", "1", "AAAAAAAAA / 1")


def test_an_unknown_currency_is_no_crash() -> None:
    rows = small.tables()
    rows["orders"][0]["id_currency"] = "77"
    found = booking(rows)
    assert isinstance(found, Unreadable)
    assert "currency" in found.error.message


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, date(2026, 3, 2)),  # order 1 counts by its invoice, order 4 by its own day, 1 March
        ({"order_invoices": []}, date(2026, 3, 2)),  # the order knows the date of its invoice
        ({"orders": {"date_add": "2026-03-09 10:00:00"}}, date(2026, 3, 9)),
        ({"orders": {"date_add": "soon"}}, None),
    ],
)
def test_an_unreadable_booking_tells_the_latest_day_that_it_counts_by(changed: dict[str, Any], expected: date | None) -> None:
    rows = small.tables(order_invoices=changed.get("order_invoices", small.tables()["order_invoices"]))
    rows["orders"][0]["total_paid_tax_incl"] = "x"
    rows["orders"][3].update(changed.get("orders", {}))
    found = booking(rows)
    assert isinstance(found, Unreadable)
    assert found.day == expected


# --- customers and items ------------------------------------------------------------------------------------------------------


def contact(row: dict[str, Any], address: dict[str, Any] | None, *orders: dict[str, Any]) -> Contact:
    found = parse_masters.customer(row, address, orders, small_shop(), "hotel", READ_AT)
    assert isinstance(found, Record)
    (document,) = found.documents
    assert isinstance(document, Contact)
    return document


def test_a_person_is_called_by_both_names_with_single_blanks() -> None:
    found = contact(small.customer(8, lastname="van  Example "), None)
    assert (found.name, found.first_name, found.last_name, found.company) == ("Ann van Example", "Ann", "van Example", "")
    assert (found.language, found.currency, found.since, found.active) == ("de", "EUR", date(2026, 1, 1), True)


def test_a_company_is_called_by_its_name_also_if_only_the_address_has_it() -> None:
    assert contact(small.customer(8, company=" Example  Ltd "), None).name == "Example Ltd"
    assert contact(small.customer(8), small.address(10, 8, company="Example Ltd")).name == "Example Ltd"


def test_a_customer_without_any_name_still_has_one() -> None:
    assert contact(small.customer(8, firstname=" ", lastname=""), None).name == "Guest 8"


def test_an_address_names_country_and_state() -> None:
    found = contact(small.customer(8), small.address(10, 8, id_state="7", vat_number="ATU1")).address
    assert found is not None
    assert (found.country_code, found.country, found.state_code, found.state) == ("AT", "Austria", "W", "Wien")


@pytest.mark.parametrize("other", [{"active": "0"}, {"deleted": "1"}, {"deleted": "2"}])
def test_banned_deleted_and_inactive_customers_are_not_active(other: dict[str, str]) -> None:
    assert contact(small.customer(8, **other), None).active is False


def test_a_customer_trades_in_the_currencies_of_his_orders_with_the_newest_day_of_each() -> None:
    orders = [
        small.order(1, "A", id_currency="2", date_add="2026-02-01 23:59:59", invoice_date="2026-03-31 08:00:00"),
        small.order(2, "B", id_currency="2", date_add="2026-03-30 10:00:00"),
        small.order(3, "C", id_currency="1", date_add="2025-12-31 10:00:00"),
    ]
    assert contact(small.customer(8), None, *orders).trades == (("EUR", date(2025, 12, 31)), ("USD", date(2026, 3, 31)))
    assert contact(small.customer(8), None).trades == ()


@pytest.mark.parametrize("odd", [{"id_currency": "77"}, {"id_currency": "x"}, {"date_add": "yesterday"}, {"invoice_date": "x"}])
def test_an_order_that_makes_no_sense_does_not_make_its_customer_unreadable(odd: dict[str, str]) -> None:
    orders = [small.order(1, "A", **odd), small.order(2, "B")]
    assert contact(small.customer(8), None, *orders).trades == (("EUR", date(2026, 3, 1)),)


def test_a_newer_order_in_a_new_currency_makes_another_revision() -> None:
    def revision(*orders: dict[str, Any]) -> str:
        found = parse_masters.customer(small.customer(8), None, orders, small_shop(), "hotel", READ_AT)
        assert isinstance(found, Record)
        return found.revision

    once = revision(small.order(1, "A"))
    assert revision(small.order(1, "A"), small.order(2, "B", date_add="2026-03-01 01:00:00")) == once
    assert revision(small.order(1, "A"), small.order(2, "B", id_currency="2")) != once


def test_templates_see_the_shops_fields_and_no_secret() -> None:
    found = parse_masters.customer(small.customer(8), small.address(10, 8), (), small_shop(), "hotel", READ_AT)
    assert isinstance(found, Record)
    fields = found.fields[found.key]
    assert (fields["email"], fields["address_city"], fields["company"]) == ("Ann@Example.com", "Port", "")
    assert not {"passwd", "secure_key"} & set(fields)


def test_a_room_type_is_an_item_with_its_list_price_and_the_rate_of_its_group() -> None:
    found = parse_masters.item(small.product(2, "Double", "50.000000"), small_shop(), "hotel", READ_AT, room=True)
    assert isinstance(found, Record)
    (document,) = found.documents
    assert isinstance(document, Item)
    assert (document.key, document.kind, document.name) == ("hotel:room_type:2", Kind.ROOM, "Double")
    assert document.price == Money(Decimal(50), "EUR")
    assert document.tax_rate == Decimal(10)


def test_an_item_whose_price_makes_no_sense_is_unreadable() -> None:
    found = parse_masters.item(small.product(3, "Breakfast", "free"), small_shop(), "hotel", READ_AT, room=False)
    assert isinstance(found, Unreadable)
    assert (found.key, found.entity) == ("hotel:service:3", "service_products")


# --- the shop -------------------------------------------------------------------------------------------------------------------


def taxed(rules: list[dict[str, Any]], **place: str) -> Decimal | None:
    rates = [{"id": n, "rate": f"{n}.000", "active": "1", "deleted": "0"} for n in (1, 2, 9, 10)]
    hotel = small.address(50, 0, **place)
    rows = small.tables(taxes=rates, tax_rules=rules, addresses=[hotel])
    return small_shop(rows).group_rate("1", "50")


def test_a_group_without_a_rule_in_the_country_is_free_of_tax() -> None:
    assert taxed([small.tax_rule(1, 1, 9, id_country="99")]) == 0


def test_a_group_has_the_rate_of_the_hotels_country() -> None:
    assert taxed([small.tax_rule(1, 1, 9, id_country="99"), small.tax_rule(2, 1, 10)]) == 10


def test_a_rule_of_the_state_stands_before_that_of_the_country() -> None:
    rules = [small.tax_rule(1, 1, 9), small.tax_rule(2, 1, 10, id_state="7")]
    assert taxed(rules, id_state="7") == 10
    assert taxed(rules) == 9


def test_rules_that_combine_add_up_or_follow_one_another() -> None:
    added = [small.tax_rule(1, 1, 10, behavior="1"), small.tax_rule(2, 1, 2, behavior="1")]
    followed = [small.tax_rule(1, 1, 10, behavior="2"), small.tax_rule(2, 1, 2, behavior="2")]
    assert taxed(added) == 12
    assert taxed(followed) == Decimal("12.2")


def test_a_rule_of_some_postcodes_holds_there_only() -> None:
    rules = [small.tax_rule(1, 1, 9), small.tax_rule(2, 1, 10, zipcode_from="1000", zipcode_to="1999")]
    assert taxed(rules, postcode="1500") == 10
    assert taxed(rules, postcode="2500") == 9


def test_no_group_has_no_rate() -> None:
    assert small_shop().group_rate("0", small.ADDRESS_OF_HOTEL) is None


@pytest.mark.parametrize(
    ("group", "gross", "net", "expected"),
    [
        ("1", "110", "100", (Decimal(10), True)),
        ("0", "110", "100", (Decimal(10), True)),  # a channel's line: taxed, and without a group
        ("1", "100", "100", (Decimal(0), True)),
        ("1", "104.09", "100", (Decimal(10), False)),
        ("0", "104.09", "100", (Decimal(0), False)),
        ("1", "0", "0", (Decimal(10), True)),
        ("1", "36.90", "33.5509", (Decimal(10), True)),  # 36.906: a cent off when it is rounded
    ],
)
def test_a_line_has_its_groups_rate_if_that_explains_it_else_one_that_does(
    group: str, gross: str, net: str, expected: tuple[Decimal, bool]
) -> None:
    found = small_shop().line_rate(group, small.ADDRESS_OF_HOTEL, Decimal(gross), Decimal(net), Decimal(2))
    assert found == expected


def test_a_retired_rate_still_explains_an_old_line() -> None:
    rows = small.tables()
    rows["taxes"].append({"id": 2, "rate": "13.000", "active": "0", "deleted": "1"})
    found = small_shop(rows).line_rate("1", small.ADDRESS_OF_HOTEL, Decimal(113), Decimal(100), Decimal(1))
    assert found == (Decimal(13), True)


@pytest.mark.parametrize(
    ("use", "position", "expected"), [("0", "0", "#IN000042"), ("1", "0", "#IN000042/2026"), ("1", "1", "#IN2026/000042")]
)
def test_the_year_stands_in_invoice_numbers_where_the_shop_puts_it(use: str, position: str, expected: str) -> None:
    rows = small.tables()
    rows["configurations"] += [
        {"id": 90, "name": "PS_INVOICE_USE_YEAR", "value": use},
        {"id": 91, "name": "PS_INVOICE_YEAR_POS", "value": position},
    ]
    assert small_shop(rows).invoice_number(42, date(2026, 3, 2)) == expected


@pytest.mark.parametrize("name", ["PS_LANG_DEFAULT", "PS_TIMEZONE", "PS_CURRENCY_DEFAULT"])
def test_a_shop_that_does_not_tell_a_setting_is_not_guessed_at(name: str) -> None:
    rows = small.tables()
    rows["configurations"] = [row for row in rows["configurations"] if row["name"] != name]
    with pytest.raises(ConfigError):
        small_shop(rows)


def test_a_currency_that_nobody_uses_may_be_without_a_rate() -> None:
    rows = small.tables()
    rows["currencies"].append(small.currency(3, "JPY", "0.000000", deleted="1"))
    assert small_shop(rows).currency("3").code == "JPY"


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("taxes", "rate", "a lot"),
        ("currencies", "conversion_rate", "x"),
        ("tax_rules", "id_tax", "one"),
        ("countries", "iso_code", {}),
        ("translated_configurations", "value", {}),
    ],
)
def test_a_row_of_the_shop_that_makes_no_sense_is_named(table: str, field: str, value: object) -> None:
    rows = small.tables()
    rows[table][0][field] = value
    with pytest.raises(ContractBroken, match=f"row {rows[table][0]['id']} of the shop's `{table}` makes no sense.*`{field}`"):
        small_shop(rows)


# --- fields ---------------------------------------------------------------------------------------------------------------------


def test_fields_are_read_as_the_webservice_gives_them() -> None:
    row = {"a": None, "b": False, "c": " x\x0by ", "d": 7, "e": "007", "f": "12.340000", "g": "1", "h": "0000-00-00 00:00:00"}
    assert [text(row, name) for name in "abcd"] == ["", "", "x y", "7"]
    assert (ident(row, "d"), ident(row, "e"), ident(row, "a")) == ("7", "7", "0")
    assert (number(row, "f"), number(row, "a")) == (Decimal("12.34"), Decimal(0))
    assert (flag(row, "g"), flag(row, "a"), maybe_day(row, "h"), maybe_day(row, "a")) == (True, False, None, None)


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (ident, "²"),
        (ident, "-1"),
        (ident, "1" * 20),
        (number, "1_000"),
        (number, "1,5"),
        (number, "Infinity"),
        (rate, "0"),
        (text, []),
    ],
)
def test_values_that_are_none_are_refused(reader: Any, value: object) -> None:
    with pytest.raises(RecordError, match="`x`"):
        reader({"x": value}, "x")


def test_a_day_is_needed_where_a_day_is_needed() -> None:
    with pytest.raises(RecordError, match="`x` is no date"):
        day({"x": "0000-00-00"}, "x")


def test_multilingual_text_comes_in_the_language_else_in_any() -> None:
    both = {"name": [{"id": "1", "value": "Room"}, {"id": "2", "value": "Zimmer"}]}
    assert (local_text(both, "name", "2"), local_text(both, "name", "3"), local_text({"name": "Room"}, "name", "2")) == (
        "Zimmer",
        "Room",
        "Room",
    )
    assert local_text({"name": [{"id": "1", "value": "#IN"}, {"id": "2", "value": None}]}, "name", "2") == "#IN"


def test_the_hour_that_comes_twice_is_the_same_text_twice() -> None:
    zone = small_shop().zone
    first, second = (wall_clock(datetime(2025, 10, 26, hour, 30, 1, tzinfo=UTC), zone) for hour in (0, 1))
    assert first == second == "2025-10-26 02:30:01"


# --- currencies and hotels ----------------------------------------------------------------------------------------------------


def currencies(*rows: dict[str, Any]) -> Shop:
    """A shop with these currencies, and the euro."""
    every = rows if any(row["id"] == 1 for row in rows) else (small.currency(1, "EUR", "1.000001"), *rows)
    return shop({**small.tables(), "hotel_addresses": [], "currencies": list(every)})


def currency(code: str, at: Shop) -> Currency:
    (found,) = [each for each in at.known_currencies() if each.code == code]
    (document,) = parse_masters.currency(found, at, "hotel", READ_AT).documents
    assert isinstance(document, Currency)
    return document


def test_a_currency_goes_by_its_iso_code_and_has_iso_decimals() -> None:
    found = currency("JPY", currencies(small.currency(2, "jpy", "163.270000", sign="¥", decimals="1")))
    assert found == Currency(Key("hotel:currency:JPY"), "JPY", "JPY", symbol="¥", decimals=0, conversion=Decimal("163.27"))


@pytest.mark.parametrize("other", [{"active": "0"}, {"deleted": "1"}])
def test_deleted_and_inactive_currencies_are_not_active(other: dict[str, str]) -> None:
    assert currency("USD", currencies(small.currency(2, "USD", "1.084200", **other))).active is False


def test_the_default_currency_is_worth_one_of_itself() -> None:
    assert currency("EUR", currencies()).conversion == 1


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([small.currency(2, "USD", "1.1", deleted="1"), small.currency(3, "usd", "1.2")], "3"),
        ([small.currency(2, "USD", "1.1"), small.currency(3, "USD", "1.2", deleted="1")], "2"),
        ([small.currency(2, "USD", "1.1", active="0"), small.currency(3, "USD", "1.2", active="0")], "3"),
        ([small.currency(1, "EUR", "1", active="0"), small.currency(3, "EUR", "1")], "1"),
    ],
)
def test_of_two_rows_of_one_code_the_default_counts_else_the_one_in_use_else_the_newest(
    rows: list[dict[str, Any]], expected: str
) -> None:
    found = {each.code: each.id for each in currencies(*rows).known_currencies()}
    assert found[str(rows[0]["iso_code"]).upper()] == expected


def test_rates_are_those_of_the_currencies_in_use() -> None:
    found = currencies(
        small.currency(2, "USD", "1.084200"),
        small.currency(3, "INR", "97.1", active="0"),
        small.currency(4, "JPY", "163.27", deleted="1"),
        small.currency(5, "CHF", "0.000000"),
        small.currency(6, "??", "2"),
    )
    assert found.rates == {"EUR": Decimal(1), "USD": Decimal("1.0842")}
    assert [each.code for each in found.known_currencies()] == ["CHF", "EUR", "INR", "JPY", "USD"]


def test_a_hotel_has_its_name_in_the_shops_language_and_its_own_address() -> None:
    found = parse_masters.hotel(small.house(1, "Seaside"), small_shop(), "hotel", READ_AT)
    assert isinstance(found, Record)
    where = Address(street="Quay 1", city="Wien", zip="1010", country="Austria", country_code="AT", phone="+43 1")
    assert found.documents == (Hotel(Key("hotel:hotel:1"), "1", "Seaside", "desk@seaside.example", where),)


def test_a_hotel_without_a_name_still_has_one_and_a_closed_one_is_not_active() -> None:
    found = parse_masters.hotel(small.house(4, "", hotel_name="", active="0", id_country="0"), small_shop(), "hotel", READ_AT)
    assert isinstance(found, Record)
    (document,) = found.documents
    assert isinstance(document, Hotel)
    assert (document.name, document.active) == ("Hotel 4", False)


def test_a_hotel_that_makes_no_sense_says_which_field() -> None:
    found = parse_masters.hotel(small.house(1, "Seaside", id_country="x"), small_shop(), "hotel", READ_AT)
    assert isinstance(found, Unreadable)
    assert (found.entity, found.source_id, found.key) == ("hotels", "1", "hotel:hotel:1")


def test_bookings_customers_and_currencies_know_the_shops_rates_and_their_revision_does_not() -> None:
    def read(rate: str) -> list[Record]:
        at = currencies(small.currency(2, "USD", rate))
        found = [
            parse.booking(parse.BookingRows("R", [small.order(2, "R", total_products_wt="0")]), at, "hotel", READ_AT),
            parse_masters.customer(small.customer(8), None, (), at, "hotel", READ_AT),
            parse_masters.currency(at.known_currencies()[0], at, "hotel", READ_AT),
        ]
        records = [each for each in found if isinstance(each, Record)]
        assert len(records) == 3
        return records

    once, again = read("1.084200"), read("1.090000")
    assert [each.rates for each in once] == [{"EUR": Decimal(1), "USD": Decimal("1.0842")}] * 3
    assert [each.rates["USD"] for each in again] == [Decimal("1.09")] * 3
    assert [each.revision for each in once] == [each.revision for each in again]
