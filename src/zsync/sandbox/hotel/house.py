"""The demo shop before its first guest: two houses in Austria, six room types, what else is sold, and how it is taxed.

Written for this project; any likeness to a real house is chance. Euro is the base, Swiss francs are known; two languages.
"""

from __future__ import annotations

from typing import Any

from zsync.sandbox.hotel.ledger import Ledger, Row
from zsync.sandbox.hotel.tables import RESOURCES

OPENED = "2025-12-01 08:00:00"

LODGING, STANDARD, EXEMPT = 1, 2, 3
"""Tax groups: 10 %, 20 % and 0 %."""

ATTIC, DOUBLE, SUITE, CABIN, LAKE, FAMILY = 1, 2, 3, 4, 5, 6
"""Room types: three of the house in town, three of the house on the lake."""

BREAKFAST, PARKING, CLEANING, CITY_TAX, SAUNA = 11, 12, 13, 14, 15
COT = 1
TENTH_OFF, TWENTY_FIVE_OFF = 1, 2
"""Vouchers: 10 percent, and 25 euro with tax."""

EN, DE = "en", "de"

_SETTINGS = {
    "PS_LANG_DEFAULT": "1",
    "PS_CURRENCY_DEFAULT": "1",
    "PS_COUNTRY_DEFAULT": "2",
    "PS_TIMEZONE": "Europe/Vienna",
    "PS_SHOP_NAME": "Kastanie & Seehaus",
    "PS_SHOP_DOMAIN": "hotel.example",
    "PS_SHOP_EMAIL": "office@hotel.example",
    "PS_VERSION_DB": "1.6.1.23",
    "PS_WEBSERVICE": "1",
    "PS_TAX": "1",
    "PS_TAX_ADDRESS_TYPE": "id_address_invoice",
    "PS_USE_ECOTAX": "0",
    "PS_GUEST_CHECKOUT_ENABLED": "1",
    "PS_INVOICE": "1",
    "PS_INVOICE_START_NUMBER": "0",
    "PS_INVOICE_USE_YEAR": "0",
    "PS_PRICE_DISPLAY_PRECISION": "2",
    "PS_PRICE_ROUND_MODE": "2",
    "PS_ROUND_TYPE": "1",
    "PS_OS_AWAITING_PAYMENT": "1",
    "PS_OS_PAYMENT_ACCEPTED": "2",
    "PS_OS_PROCESSING": "3",
    "PS_OS_CANCELED": "4",
    "PS_OS_REFUND": "5",
    "PS_OS_ERROR": "6",
    "PS_OS_OVERBOOKING_PAID": "7",
    "PS_OS_PARTIAL_PAYMENT_ACCEPTED": "8",
    "PS_OS_AWAITING_REMOTE_PAYMENT": "9",
    "PS_OS_REMOTE_PAYMENT_ACCEPTED": "10",
    "PS_OS_OVERBOOKING_UNPAID": "11",
    "PS_OS_OVERBOOKING_PARTIAL_PAID": "12",
    "WK_ALLOW_ADVANCED_PAYMENT": "1",
}

# Name of the state; then whether it counts as a sale (logable), as paid, and makes an invoice.
_STATES = (
    ("Awaiting payment", "Zahlung ausstehend", 0, 0, 0),
    ("Complete payment received", "Vollständig bezahlt", 1, 1, 1),
    ("Processing in progress", "In Bearbeitung", 0, 0, 1),
    ("Canceled", "Storniert", 0, 0, 0),
    ("Refunded", "Erstattet", 0, 0, 1),
    ("Payment error", "Zahlungsfehler", 0, 0, 0),
    ("Overbooking (Paid)", "Überbucht (bezahlt)", 0, 1, 1),
    ("Partial payment received", "Teilweise bezahlt", 1, 0, 1),
    ("Awaiting remote payment", "Warten auf Zahlungsdienst", 0, 0, 0),
    ("Remote payment accepted", "Zahlungsdienst bestätigt", 1, 0, 1),
    ("Overbooking (Not paid)", "Überbucht (nicht bezahlt)", 0, 0, 0),
    ("Overbooking (Partial payment)", "Überbucht (teilweise bezahlt)", 0, 0, 0),
)

_TAXES = ((LODGING, "10.000", "Lodging 10 %"), (STANDARD, "20.000", "Standard 20 %"), (EXEMPT, "0.000", "Exempt"))

_COUNTRIES = ((1, "DE", "Germany", "Deutschland"), (2, "AT", "Austria", "Österreich"), (3, "PL", "Poland", "Polen"))
_COUNTRIES_FAR = ((4, "IE", "Ireland", "Irland"), (5, "JP", "Japan", "Japan"), (6, "US", "United States", "USA"))

# Number, house, English and German name, price per night without tax, rooms.
_ROOM_TYPES = (
    (ATTIC, 1, "Attic Single", "Dachkammer", "62.000000", 3),
    (DOUBLE, 1, "Courtyard Double", "Hofzimmer", "90.909091", 4),
    (SUITE, 1, "Chestnut Suite", "Kastaniensuite", "180.000000", 2),
    (CABIN, 2, "Boat Cabin", "Bootskammer", "54.545455", 4),
    (LAKE, 2, "Lake Double", "Seezimmer", "118.180000", 5),
    (FAMILY, 2, "Family Loft", "Familienloft", "149.990000", 2),
)

# Number, names, price without tax, tax group, by the night, added to every booking.
_SERVICES = (
    (BREAKFAST, "Breakfast", "Frühstück", "14.500000", LODGING, True, False),
    (PARKING, "Garage", "Garage", "12.500000", STANDARD, True, False),
    (CLEANING, "Final cleaning", "Endreinigung", "30.000000", STANDARD, False, True),
    (CITY_TAX, "Local tax", "Ortstaxe", "2.350000", EXEMPT, True, False),
    (SAUNA, "Sauna evening", "Saunaabend", "19.990000", STANDARD, False, False),
)


def furnish(ledger: Ledger) -> None:
    """Fill an empty ledger with the shop as it is on its opening day."""
    ledger.at(OPENED)
    _settle(ledger)
    _tax(ledger)
    _build(ledger)
    _offer(ledger)


def empty_tables() -> dict[str, list[dict[str, Any]]]:
    """A table for each resource that is served, all without rows."""
    return {name: [] for name in RESOURCES}


def _settle(ledger: Ledger) -> None:
    ledger.add("shops", id_shop_group=1, id_category=2, id_theme=1, active=1, name=_SETTINGS["PS_SHOP_NAME"])
    for iso, name in ((EN, "English (English)"), (DE, "Deutsch (German)")):
        ledger.add("languages", name=name, iso_code=iso, language_code=iso, active=1)
    for name, value in _SETTINGS.items():
        ledger.add("configurations", name=name, value=value)
    ledger.add("translated_configurations", id=101, name="PS_INVOICE_PREFIX", value={EN: "#IN", DE: "#RE"})
    ledger.add("translated_configurations", id=102, name="PS_CREDIT_SLIP_PREFIX", value={EN: "#CS", DE: "#GS"})
    for name, iso, code, sign, rate in (("Euro", "EUR", 978, "€", "1.000000"), ("Swiss Franc", "CHF", 756, "CHF", "0.943100")):
        money = {"name": name, "iso_code": iso, "iso_code_num": code, "sign": sign, "conversion_rate": rate}
        ledger.add("currencies", decimals=1, active=1, **money)
    for number, iso, english, german in _COUNTRIES + _COUNTRIES_FAR:
        ledger.add("countries", id=number, id_zone=1, iso_code=iso, active=1, name={EN: english, DE: german})
    ledger.add("states", id_zone=2, id_country=6, iso_code="VT", name="Vermont", active=1)
    for name in ("Visitor", "Guest", "Customer"):
        ledger.add("groups", show_prices=1, name=name)
    for english, german, sale, paid, invoice in _STATES:
        flags = {"logable": sale, "paid": paid, "invoice": invoice, "unremovable": 1, "send_email": 1}
        ledger.add("order_states", name={EN: english, DE: german}, template="", color="#808080", **flags)


def _tax(ledger: Ledger) -> None:
    for group, rate, name in _TAXES:
        ledger.add("taxes", id=group, rate=rate, active=1, name=name)
        ledger.add("tax_rule_groups", id=group, name=f"AT {name}", active=1)
        ledger.add("tax_rules", id_tax_rules_group=group, id_country=2, id_tax=group, zipcode_from=0, zipcode_to=0)


def _build(ledger: Ledger) -> None:
    town = {"address": "Lindengasse 7", "zipcode": "1070", "city": "Wien", "phone": "+431555010", "email": "stadt@hotel.example"}
    lake = {"address": "Uferweg 3", "zipcode": "4810", "city": "Gmunden", "phone": "+437612555020", "email": "see@hotel.example"}
    for name, where in (("Hotel Kastanie", town), ("Seehaus Gmunden", lake)):
        house = {"id_country": 2, "check_in": "15:00", "check_out": "11:00", "active": 1, "rating": 4, "active_refund": 1}
        hotel = ledger.add("hotels", hotel_name=name, policies="", description="", short_description="", **house, **where)
        hotel["id_default_image"] = False
        hotel["associations"] = {"room_types": [{"id": str(row[0])} for row in _ROOM_TYPES if str(row[1]) == hotel["id"]]}
        names = {"alias": name, "firstname": name, "lastname": name, "address1": where["address"], "postcode": where["zipcode"]}
        ledger.add("addresses", id_customer=0, id_country=2, city=where["city"], phone=where["phone"], **names)


def _offer(ledger: Ledger) -> None:
    for room_type, hotel, english, german, price, rooms in _ROOM_TYPES:
        product = _product(LODGING, f"RT-{room_type}")
        row = ledger.add("room_types", id=room_type, name={EN: english, DE: german}, price=price, **product)
        ledger.change("room_types", row, id_hotel=hotel, adults=2, children=1)
        row["id_default_image"] = False
        _add_rooms(ledger, row, rooms)
    for service, english, german, price, group, nightly, always in _SERVICES:
        row = ledger.add("services", id=service, name={EN: english, DE: german}, price=price, **_product(group, f"SV-{service}"))
        ledger.change("services", row, price_calculation_method=2 if nightly else 1, service_product_type=1)
        ledger.change("services", row, auto_add_to_cart=always, price_addition_type=2 if always else 1)
        row["id_default_image"] = False
    cot = {"name": {EN: "Cot", DE: "Kinderbett"}, "price": "8.330000", "price_calc_method": 1, "id_tax_rules_group": LODGING}
    ledger.add("extra_demands", id=COT, **cot)
    tenth = {"name": "Regular guest", "code": "REGULAR", "reduction_percent": "10.00"}
    amount = {"name": "Gift card", "code": "GIFT25", "reduction_amount": "25.00", "reduction_tax": 1, "reduction_currency": 1}
    for voucher, what in ((TENTH_OFF, tenth), (TWENTY_FIVE_OFF, amount)):
        row = ledger.add("cart_rules", id=voucher, **what)
        ledger.change("cart_rules", row, date_from=OPENED, date_to="2027-12-31 00:00:00", quantity=99, active=1)


def _add_rooms(ledger: Ledger, room_type: Row, rooms: int) -> None:
    """The rooms of a room type, and its place in its hotel."""
    product, hotel = room_type["id"], room_type["id_hotel"]
    made = []
    for number in range(1, rooms + 1):
        name = f"{'KS'[int(hotel) - 1]}{product}{number:02}"
        made.append(ledger.add("hotel_rooms", id_product=product, id_hotel=hotel, room_num=name, id_status=1, floor=product))
    link = ledger.add("hotel_room_types", id_product=product, id_hotel=hotel, adults=2, children=1, max_guests=4, min_los=1)
    for row in (room_type, link):
        row["associations"] = {"hotel_rooms": [{"id": room["id"]} for room in made]}


def _product(group: int, reference: str) -> dict[str, object]:
    """What room types and services have in common."""
    texts = ("meta_description", "meta_keywords", "meta_title", "link_rewrite", "description", "description_short")
    nothing: dict[str, object] = dict.fromkeys((*texts, "available_now", "available_later"), "")
    return {
        **nothing,
        "id_tax_rules_group": group,
        "reference": reference,
        "type": "virtual",
        "is_virtual": 1,
        "minimal_quantity": 1,
        "active": 1,
        "available_for_order": 1,
        "condition": "new",
        "show_price": 1,
        "visibility": "both",
    }
