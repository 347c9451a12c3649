"""The demo hotel group and its winter: customers, and some two dozen orders that show what can happen to a booking.

`SHOWS` says what each order is there for; the story below is told in the order of the bookings, each to its end. The last
thing happens on the evening of LAST_DAY, and nothing depends on the day on which it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from zsync.sandbox.hotel.bookwork import CANCELED, ERROR, PAID, PARTIAL, PROCESSING, Stay
from zsync.sandbox.hotel.desk import Desk
from zsync.sandbox.hotel.house import (
    ATTIC,
    BREAKFAST,
    CABIN,
    CITY_TAX,
    CLEANING,
    COT,
    DOUBLE,
    FAMILY,
    LAKE,
    PARKING,
    SAUNA,
    SUITE,
    TENTH_OFF,
    TWENTY_FIVE_OFF,
    empty_tables,
    furnish,
)

LAST_DAY = "2026-03-20"
"""The day on whose evening the story ends; `NOW` is 20:00 of it in Vienna, as Unix seconds, a fitting start for a clock."""

NOW = 1774033200.0

SHOWS: Mapping[int, str] = MappingProxyType(
    {
        1: "simple, paid",
        2: "two hotels, one payment over both orders: the house in town",
        3: "two hotels, one payment over both orders: the house on the lake",
        4: "three orders of one reference, three payments across them: town",
        5: "three orders of one reference, three payments across them: lake",
        6: "three orders of one reference, three payments across them: a room added in town",
        7: "an advance, invoiced later, and the rest paid then",
        8: "an advance, not invoiced yet",
        9: "invoiced, unpaid",
        10: "partly paid in two payments",
        11: "overpaid",
        12: "voucher in percent over lines of three rates",
        13: "voucher of an amount over lines of two rates",
        14: "extra demand: a cot",
        15: "a price whose nights do not divide",
        16: "three rooms with cents, each rounded by itself",
        17: "cancelled unpaid, all sums zero",
        18: "cancelled by hand, sums unchanged",
        19: "payment error",
        20: "not invoiced, not paid",
        21: "nothing to pay, invoiced",
        22: "one of two rooms cancelled before it was paid",
        23: "paid; the customer moved house afterwards",
        24: "paid by a guest who uses another customer's e-mail",
    }
)


def group() -> dict[str, list[dict[str, Any]]]:
    """Fresh tables of the demo group, the same at every call; changing them changes nobody else's."""
    tables = empty_tables()
    desk = Desk(tables, clock=lambda: NOW)
    furnish(desk.ledger)
    _customers(desk.at("2025-12-10 10:00:00"))
    _january(desk)
    _february(desk)
    _march(desk)
    return tables


def _customers(desk: Desk) -> None:
    """Twelve of them: two of one name, blanks and other scripts, a guest with another's e-mail, one without an address."""
    people: tuple[tuple[str, str, str, dict[str, object]], ...] = (
        ("Anna", "Berger", "anna.berger@mail.example", {"phone": "+43664555001"}),
        ("Anna", "Berger", "a.berger@post.example", {}),
        ("  Łukasz", "Żółkiewski ", "lukasz@poczta.example", {}),
        ("Anna", "Berger-Gast", "anna.berger@mail.example", {"is_guest": 1}),
        ("Renate", "Alpenrad", "buero@alpenrad.example", {"company": "Alpenrad GmbH", "website": "https://alpenrad.example"}),
        ("Mira", "Novak", "mira.novak@mail.example", {}),
        ("美咲", "佐藤", "misaki@mail.example", {}),
        ("Seán", "O'Brien", "Sean.OBrien@Mail.example", {"note": 'late arrival; "quiet room" <please>'}),
        ("Former", "Guest", "anonymous-9@hotel.example", {"deleted": 2}),
        ("Jonas", "Stiller", "jonas@mail.example", {"active": 0}),
        ("Maximiliane-Alexandra-Theodora-K", "von und zu Hohenbrunn-Liechtent", "maxi@mail.example", {}),
        ("Paul", "Vermonter", "paul@mail.example", {"company": "Maple & Sons, Inc.", "birthday": "1980-02-29"}),
    )
    for firstname, lastname, email, fields in people:
        desk.customer(firstname, lastname, email, **fields)
    for number, country, postcode, city, street in (
        (1, 2, "5020", "Salzburg", "Linzer Gasse 1"),
        (2, 2, "8010", "Graz", "Herrengasse 20/4"),
        (3, 3, "31-044", "Kraków", "ul. Grodzka 5"),
        (4, 2, "5020", "Salzburg", "Linzer Gasse 1"),
        (5, 2, "6020", "Innsbruck", "Radweg 12"),
        (7, 5, "150-0001", "東京", "神宮前 1-2-3"),
        (8, 4, "D01", "Dublin", "1 Quay"),
        (9, 1, "80331", "München", "Tal 9"),
        (10, 1, "10115", "Berlin", "Invalidenstraße 7"),
        (11, 2, "1010", "Wien", "Ring 1, Stiege 2, Tür 34"),
        (12, 6, "05401", "Burlington", "12 Maple Street"),
    ):
        desk.address(number, id_country=country, postcode=postcode, city=city, address1=street)
    (paul,) = desk.ledger.where("addresses", id_customer=12)
    desk.ledger.change("addresses", paul, id_state=1, company="Maple & Sons, Inc.", vat_number="US-12345")


def _january(desk: Desk) -> None:
    simple = desk.at("2026-01-05 09:15:00").book(1, Stay(SUITE, "2026-01-09", 3), services={BREAKFAST: 2}, reference="SIMPLEONE")
    desk.at("2026-01-06 08:00:00").pay(simple, desk.total(simple), state=PAID, transaction="BW-1001")

    desk.at("2026-01-07 11:20:00")
    town = desk.book(5, Stay(DOUBLE, "2026-01-16", 2, rooms=2), services={BREAKFAST: 2, PARKING: 1}, reference="TWOHOUSES")
    lake = desk.book(5, Stay(LAKE, "2026-01-18", 2, rooms=2), services={BREAKFAST: 2}, reference="TWOHOUSES")
    shares = {town: str(desk.total(town)), lake: str(desk.total(lake))}
    desk.at("2026-01-08 09:00:00").pay(town, desk.total(town) + desk.total(lake), over=shares, state=PAID, method="Credit card")

    _three_orders(desk)

    advance = desk.at("2026-01-12 17:45:00").book(8, Stay(FAMILY, "2026-02-20", 4), services={CLEANING: 1}, reference="INADVANCE")
    desk.at("2026-01-13 10:00:00").advance(advance, "200.00", method="Credit card")
    rest = desk.total(advance) - 200
    desk.at("2026-02-20 16:00:00").pay(advance, rest, state=PAID, method="Credit card")

    early = desk.at("2026-01-15 12:00:00").book(7, Stay(LAKE, "2026-04-03", 5), services={BREAKFAST: 2}, reference="EARLYBIRD")
    desk.at("2026-01-15 12:30:00").advance(early, "150.00")

    owing = desk.at("2026-01-20 08:05:00").book(12, Stay(DOUBLE, "2026-02-02", 4), services={PARKING: 1}, reference="OWINGALLX")
    desk.at("2026-02-06 11:00:00").set_state(owing, PROCESSING)

    partly = desk.at("2026-01-22 19:30:00").book(2, Stay(LAKE, "2026-02-10", 6), services={BREAKFAST: 2}, reference="INTWOPART")
    desk.at("2026-01-23 09:00:00").pay(partly, "300.00", state=PARTIAL)
    desk.at("2026-02-10 15:10:00").pay(partly, "250.50", method="Cash", on="2026-02-09 00:00:00")


def _three_orders(desk: Desk) -> None:
    """A family in two houses and, later, one more room: three payments that do not follow the orders' borders."""
    desk.at("2026-01-10 14:00:00")
    town = desk.book(3, Stay(ATTIC, "2026-01-24", 2), reference="FAMILYTRI")
    lake = desk.book(3, Stay(FAMILY, "2026-01-26", 3), services={CITY_TAX: 4, CLEANING: 1}, reference="FAMILYTRI")
    more = desk.at("2026-01-11 10:30:00").book(3, Stay(DOUBLE, "2026-01-24", 2), services={BREAKFAST: 2}, reference="FAMILYTRI")
    first = desk.total(town) + 100
    third = desk.total(more)
    second = desk.total(lake) - 100
    desk.at("2026-01-12 08:00:00").pay(town, first, over={town: str(desk.total(town)), lake: "100.00"}, transaction="BW-1003")
    desk.at("2026-01-19 08:00:00").pay(lake, second, over={lake: str(second)}, transaction="BW-1004")
    desk.at("2026-01-19 08:01:00").pay(more, third, over={more: str(third)}, method="Credit card")
    for order in (town, lake, more):
        desk.set_state(order, PAID)


def _february(desk: Desk) -> None:
    over = desk.at("2026-02-01 10:00:00").book(10, Stay(CABIN, "2026-02-03", 1), reference="OVERPAIDX")
    desk.at("2026-02-03 09:00:00").pay(over, "80.00", state=PAID, method="Cash")

    services = {BREAKFAST: 2, PARKING: 1, CITY_TAX: 2}
    tenth = desk.at("2026-02-04 13:00:00").book(
        1, Stay(DOUBLE, "2026-02-13", 3), services=services, voucher=TENTH_OFF, reference="TENTHOFFX"
    )
    desk.at("2026-02-05 09:00:00").pay(tenth, desk.total(tenth), state=PAID)

    gift = desk.at("2026-02-06 18:00:00").book(
        6, Stay(CABIN, "2026-02-14", 2), services={SAUNA: 2}, voucher=TWENTY_FIVE_OFF, reference="GIFTCARDX"
    )
    desk.at("2026-02-14 15:30:00").pay(gift, desk.total(gift), state=PAID, method="Credit card")

    cot = desk.at("2026-02-08 20:00:00").book(11, Stay(SUITE, "2026-02-21", 2, children=1), demands=[COT], reference="WITHACOTX")
    desk.at("2026-02-21 15:00:00").pay(cot, desk.total(cot), state=PAID, method="Credit card")

    odd = desk.at("2026-02-11 07:50:00").book(
        8, Stay(DOUBLE, "2026-02-27", 3, price="30.303030"), services={PARKING: 1}, reference="NOTDIVIDE"
    )
    desk.at("2026-02-12 09:00:00").pay(odd, desk.total(odd), state=PAID)

    rooms = (Stay(CABIN, "2026-03-02", 1, rooms=3, price="33.335000"),)
    cents = desk.at("2026-02-16 16:16:16").book(5, *rooms, services={BREAKFAST: 1}, reference="THREECENT")
    desk.at("2026-02-17 09:00:00").pay(cents, desk.total(cents), state=PAID)

    gone = desk.at("2026-02-18 09:00:00").book(
        2, Stay(LAKE, "2026-03-06", 2), services={BREAKFAST: 2}, demands=[COT], reference="GONEUNPAY"
    )
    desk.at("2026-02-19 09:00:00").cancel(gone)

    by_hand = desk.at("2026-02-18 10:00:00").book(9, Stay(SUITE, "2026-03-08", 2), reference="BYHANDGON")
    desk.at("2026-02-20 10:00:00").set_state(by_hand, CANCELED)


def _march(desk: Desk) -> None:
    failed = desk.at("2026-03-01 22:10:00").book(10, Stay(ATTIC, "2026-03-12", 1), reference="CARDERROR", method="Credit card")
    desk.at("2026-03-01 22:11:30").set_state(failed, ERROR)

    desk.at("2026-03-03 12:00:00").book(7, Stay(LAKE, "2026-05-01", 7), services={BREAKFAST: 2}, reference="NOTYETDUE")

    free = desk.at("2026-03-04 09:00:00").book(12, Stay(ATTIC, "2026-03-10", 1, price="0"), reference="ONTHEHOUS")
    desk.at("2026-03-10 11:00:00").set_state(free, PAID)

    fewer = desk.at("2026-03-05 09:30:00").book(
        1, Stay(LAKE, "2026-03-13", 2, rooms=2), services={BREAKFAST: 2}, reference="ONEROOMOF"
    )
    desk.at("2026-03-06 09:30:00").cancel_room(desk.stays(fewer)[1])
    desk.at("2026-03-13 15:00:00").pay(fewer, desk.total(fewer), state=PAID, method="Credit card")

    moved = desk.at("2026-03-09 15:00:00").book(11, Stay(DOUBLE, "2026-03-16", 2), services={BREAKFAST: 2}, reference="MOVEHOUSE")
    desk.at("2026-03-10 09:00:00").pay(moved, desk.total(moved), state=PAID)
    desk.at("2026-03-11 18:20:00").edit_address(11, postcode="6900", city="Bregenz", address1="Seestraße 5")

    guest = desk.at("2026-03-14 21:05:00").book(4, Stay(ATTIC, "2026-03-20", 1), services={BREAKFAST: 1}, reference="GUESTMAIL")
    desk.at(f"{LAST_DAY} 18:00:00").pay(guest, desk.total(guest), state=PAID, method="Cash")
