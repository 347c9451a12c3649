"""A hotel of our own with four orders, made to hold one of each thing that a reader must get right.

AAAAAAAAA   order 1 (two rooms, a service, an extra demand, a voucher, invoiced, paid) and order 4 of the same reference
BBBBBBBBB   order 2, one room, unpaid
CCCCCCCCC   order 3, one room, cancelled by hand
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]

ADDRESS_OF_HOTEL = "50"
NEVER = "0000-00-00 00:00:00"


def order(id: int, reference: str, **other: object) -> Row:
    row: Row = {
        "id": id,
        "reference": reference,
        "id_customer": "8",
        "id_currency": "1",
        "conversion_rate": "1.000000",
        "id_lang": "1",
        "id_address_invoice": "9",
        "id_address_tax": ADDRESS_OF_HOTEL,
        "current_state": "1",
        "valid": "0",
        "payment": "Bank wire",
        "source": "localhost",
        "invoice_number": "0",
        "invoice_date": NEVER,
        "total_discounts_tax_incl": "0.000000",
        "total_discounts_tax_excl": "0.000000",
        "total_paid_tax_incl": "110.000000",
        "total_paid_tax_excl": "100.000000",
        "total_paid_real": "0.000000",
        "total_products": "100.000000",
        "total_products_wt": "110.000000",
        "date_add": "2026-03-01 23:30:00",
        "date_upd": "2026-03-01 23:30:00",
        "secure_key": "a key that nobody asked for",
    }
    return {**row, **other}


def detail(id: int, order: int, product: int, incl: str, excl: str, *, room: bool = True, **other: object) -> Row:
    row: Row = {
        "id": id,
        "id_order": str(order),
        "id_order_invoice": "0",
        "product_id": str(product),
        "product_name": "Double" if room else "Breakfast",
        "product_quantity": "2",
        "product_quantity_refunded": "0",
        "is_booking_product": "1" if room else "0",
        "total_price_tax_incl": incl,
        "total_price_tax_excl": excl,
        "id_tax_rules_group": "1",
    }
    return {**row, **other}


def room(id: int, order: int, detail: int, incl: str, excl: str, **other: object) -> Row:
    row: Row = {
        "id": str(id),
        "id_order": str(order),
        "id_order_detail": str(detail),
        "id_product": "2",
        "id_hotel": "1",
        "room_num": f"10{id}",
        "room_type_name": "Double",
        "hotel_name": "Seaside",
        "date_from": "2026-05-01 00:00:00",
        "date_to": "2026-05-03 00:00:00",
        "adults": "2",
        "children": "1",
        "total_price_tax_incl": incl,
        "total_price_tax_excl": excl,
        "id_status": "1",
        "is_refunded": "0",
        "is_cancelled": "0",
        "date_upd": "2026-03-01 23:30:00",
    }
    return {**row, **other}


def customer(id: int, **other: object) -> Row:
    row: Row = {
        "id": id,
        "firstname": " Ann ",
        "lastname": "Example",
        "email": "Ann@Example.com",
        "company": None,
        "phone": "",
        "website": None,
        "siret": None,
        "ape": None,
        "note": None,
        "id_lang": "2",
        "active": "1",
        "deleted": "0",
        "is_guest": "0",
        "date_add": "2026-01-01 10:00:00",
        "date_upd": "2026-01-01 10:00:00",
        "passwd": "a hash that nobody asked for",
        "secure_key": "a key that nobody asked for",
    }
    return {**row, **other}


def address(id: int, customer: int, **other: object) -> Row:
    row: Row = {
        "id": id,
        "id_customer": str(customer),
        "company": "",
        "firstname": "Ann",
        "lastname": "Example",
        "vat_number": "",
        "dni": "",
        "address1": "1 Quay",
        "address2": "",
        "postcode": "1000",
        "city": "Port",
        "other": "",
        "phone": "+1",
        "phone_mobile": "+2",
        "id_country": "10",
        "id_state": "0",
        "deleted": "0",
        "date_upd": "2026-01-01 10:00:00",
    }
    return {**row, **other}


def product(id: int, name: str, price: str) -> Row:
    return {
        "id": id,
        "name": _both(name),
        "reference": "",
        "price": price,
        "id_tax_rules_group": "1",
        "active": "1",
        "date_upd": "2026-01-01 10:00:00",
    }


def tables(**changed: list[Row]) -> dict[str, list[Row]]:
    """The hotel's tables, new each time."""
    return {**_shop(), **_people(), **_bookings(), **changed}


def _shop() -> dict[str, list[Row]]:
    settings: Mapping[str, str] = {
        "PS_LANG_DEFAULT": "1",
        "PS_TIMEZONE": "Europe/Vienna",
        "PS_CURRENCY_DEFAULT": "1",
        "PS_OS_CANCELED": "4",
        "PS_WEBSERVICE": "1",
    }
    return {
        "configurations": [{"id": n, "name": name, "value": value} for n, (name, value) in enumerate(settings.items(), 1)],
        "translated_configurations": [{"id": 9, "name": "PS_INVOICE_PREFIX", "value": _both("#IN")}],
        "currencies": [currency(1, "EUR", "1.000000"), currency(2, "USD", "1.084200")],
        "countries": [{"id": 10, "iso_code": "AT", "name": _both("Austria")}],
        "states": [{"id": 7, "iso_code": "W", "name": "Wien"}],
        "languages": [{"id": 1, "iso_code": "en"}, {"id": 2, "iso_code": "de"}],
        "taxes": [{"id": 1, "rate": "10.000", "active": "1", "deleted": "0"}],
        "tax_rules": [tax_rule(1, 1, 1)],
        "tax_rule_groups": [{"id": 1, "name": "AT reduced"}],
        "hotels": [house(1, "Seaside")],
        "room_types": [product(2, "Double", "50.000000")],
        "services": [product(3, "Breakfast", "9.090909")],
    }


def currency(id: int, code: str, conversion: str, **other: object) -> Row:
    row = {"id": id, "iso_code": code, "sign": code, "decimals": "1", "conversion_rate": conversion}
    return {**row, "deleted": "0", "active": "1", **other}


def house(id: int, name: str, **other: object) -> Row:
    row: Row = {"id": str(id), "hotel_name": _both(name), "email": "desk@seaside.example", "phone": "+43 1", "address": "Quay 1"}
    row |= {"city": "Wien", "zipcode": "1010", "id_country": "10", "id_state": "0", "active": "1", "date_upd": NEVER}
    return {**row, **other}


def tax_rule(id: int, group: int, tax: int, **other: object) -> Row:
    row = {"id": id, "id_tax_rules_group": str(group), "id_country": "10", "id_state": "0", "id_tax": str(tax)}
    return {**row, "zipcode_from": "0", "zipcode_to": "0", "behavior": "0", **other}


def _people() -> dict[str, list[Row]]:
    return {
        "customers": [customer(8), customer(11, firstname="Bo", company=" Example  Ltd ")],
        "addresses": [
            address(int(ADDRESS_OF_HOTEL), 0, firstname="Seaside", lastname="Seaside"),
            address(9, 8, deleted="1", city="Old Port"),
            address(10, 8),
        ],
    }


def _bookings() -> dict[str, list[Row]]:
    paid = {"total_paid_real": "225.500000", "invoice_number": "1", "invoice_date": "2026-03-02 08:00:00", "current_state": "2"}
    sums = {
        "total_paid_tax_incl": "225.500000",
        "total_paid_tax_excl": "205.000000",
        "total_products_wt": "231.000000",
        "total_products": "210.000000",
        "total_discounts_tax_incl": "11.000000",
        "total_discounts_tax_excl": "10.000000",
    }
    return {
        "orders": [
            order(1, "AAAAAAAAA", **paid, **sums),
            order(2, "BBBBBBBBB"),
            order(3, "CCCCCCCCC", current_state="4"),
            order(4, "AAAAAAAAA"),
        ],
        "order_details": [
            detail(1, 1, 2, "220.000000", "200.000000", product_quantity="4", id_order_invoice="1"),
            detail(2, 1, 3, "11.000000", "10.000000", room=False, id_order_invoice="1"),
            detail(3, 2, 2, "110.000000", "100.000000"),
            detail(4, 3, 2, "110.000000", "100.000000"),
            detail(5, 4, 2, "110.000000", "100.000000"),
        ],
        "room_bookings": [
            room(1, 1, 1, "110.000000", "100.000000"),
            room(2, 1, 1, "110.000000", "100.000000"),
            room(3, 2, 3, "110.000000", "100.000000"),
            room(4, 3, 4, "110.000000", "100.000000", is_cancelled="1", is_refunded="1"),
            room(5, 4, 5, "110.000000", "100.000000"),
        ],
        "booking_extra_demands": [
            {
                "id": 1,
                "id_htl_booking": "2",
                "name": "Cot",
                "total_price_tax_incl": "5.500000",
                "total_price_tax_excl": "5.000000",
                "id_tax_rules_group": "1",
                "date_upd": "2026-03-01 23:30:00",
            }
        ],
        "order_discounts": [
            {
                "id": 1,
                "id_order": "1",
                "id_order_invoice": "1",
                "id_cart_rule": "6",
                "name": "Friend",
                "value": "11.00",
                "value_tax_excl": "10.00",
            }
        ],
        "order_invoices": [
            {
                "id": 1,
                "id_order": "1",
                "number": "42",
                "total_paid_tax_incl": "225.500000",
                "total_paid_tax_excl": "205.000000",
                "date_add": "2026-03-02 08:00:00",
            }
        ],
        "order_payments": [payment(1, "AAAAAAAAA", "225.50")],
        "order_slip": [],
    }


def payment(id: int, reference: str, amount: str, **other: object) -> Row:
    row = {"id": id, "order_reference": reference, "id_currency": "1", "amount": amount, "payment_method": "Bank wire"}
    more = {"payment_type": "3", "conversion_rate": "1.000000", "transaction_id": "T 1", "date_add": "2026-03-02 08:00:00"}
    return {**row, **more, **other}


def slip(id: int, order: int, detail: int, incl: str, excl: str, **other: object) -> Row:
    line = {"id": "1", "id_order_detail": str(detail), "product_quantity": "1", "amount_tax_incl": incl, "amount_tax_excl": excl}
    row: Row = {
        "id": id,
        "id_order": str(order),
        "id_customer": "8",
        "conversion_rate": "1.000000",
        "total_products_tax_incl": incl,
        "total_products_tax_excl": excl,
        "amount": incl,
        "shipping_cost": "1",
        "date_add": "2026-03-05 09:00:00",
        "date_upd": "2026-03-05 09:00:00",
        "associations": {"order_slip_details": [line]},
    }
    return {**row, **other}


def _both(words: str) -> list[dict[str, str]]:
    return [{"id": "1", "value": words}, {"id": "2", "value": f"{words} (de)"}]
