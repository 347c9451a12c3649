"""The demo hotel group and its winter: customers, and some two dozen orders that show what can happen to a booking.

`SHOWS` says what each order is there for. Each booking is a story of its own, and they are run side by side, so that numbers
of invoices and payments rise with time. The last thing happens on the evening of LAST_DAY, and nothing depends on the day on
which it is read.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
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

Story = Iterator[str]
"""One booking's story: it gives the moment at which its next step happens (the shop's local time) and is resumed then."""

LAST_DAY = "2026-03-20"
"""The day on whose evening the story ends; `NOW` is 20:00 of it in Vienna, as Unix seconds, a fitting start for a clock."""

NOW = 1774033200.0
_WEEK_S = 7 * 86400.0

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
    _tell(desk, [story(desk) for story in _STORIES])
    return tables


def whole() -> dict[str, list[dict[str, Any]]]:
    """The group and the week after: what is cancelled late, refunded, and booked in another currency."""
    tables = group()
    desk = Desk(tables, clock=lambda: NOW + _WEEK_S)
    _tell(desk, [story(desk) for story in _LATER_STORIES])
    return tables


def _tell(desk: Desk, stories: Sequence[Story]) -> None:
    """Run the stories side by side, always the one whose next moment comes first, with the desk's clock at that moment."""
    waiting = [(next(story), number) for number, story in enumerate(stories)]
    heapq.heapify(waiting)
    while waiting:
        moment, number = heapq.heappop(waiting)
        desk.at(moment)
        following = next(stories[number], None)
        if following is not None:
            heapq.heappush(waiting, (following, number))


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


def _simple(desk: Desk) -> Story:
    yield "2026-01-05 09:15:00"
    order = desk.book(1, Stay(SUITE, "2026-01-09", 3), services={BREAKFAST: 2}, reference="SIMPLEONE")
    yield "2026-01-06 08:00:00"
    desk.pay(order, desk.total(order), state=PAID, transaction="BW-1001")


def _two_houses(desk: Desk) -> Story:
    yield "2026-01-07 11:20:00"
    town = desk.book(5, Stay(DOUBLE, "2026-01-16", 2, rooms=2), services={BREAKFAST: 2, PARKING: 1}, reference="TWOHOUSES")
    lake = desk.book(5, Stay(LAKE, "2026-01-18", 2, rooms=2), services={BREAKFAST: 2}, reference="TWOHOUSES")
    yield "2026-01-08 09:00:00"
    shares = {town: str(desk.total(town)), lake: str(desk.total(lake))}
    desk.pay(town, desk.total(town) + desk.total(lake), over=shares, state=PAID, method="Credit card")


def _family(desk: Desk) -> Story:
    """Two houses and, later, one more room: three payments that do not follow the orders' borders."""
    yield "2026-01-10 14:00:00"
    town = desk.book(3, Stay(ATTIC, "2026-01-24", 2), reference="FAMILYTRI")
    lake = desk.book(3, Stay(FAMILY, "2026-01-26", 3), services={CITY_TAX: 4, CLEANING: 1}, reference="FAMILYTRI")
    yield "2026-01-11 10:30:00"
    more = desk.book(3, Stay(DOUBLE, "2026-01-24", 2), services={BREAKFAST: 2}, reference="FAMILYTRI")
    yield "2026-01-12 08:00:00"
    desk.pay(town, desk.total(town) + 100, over={town: str(desk.total(town)), lake: "100.00"}, transaction="BW-1003")
    yield "2026-01-19 08:00:00"
    desk.pay(lake, desk.total(lake) - 100, transaction="BW-1004")
    yield "2026-01-19 08:01:00"
    desk.pay(more, desk.total(more), method="Credit card")
    for order in (town, lake, more):
        desk.set_state(order, PAID)


def _advance(desk: Desk) -> Story:
    yield "2026-01-12 17:45:00"
    order = desk.book(8, Stay(FAMILY, "2026-02-20", 4), services={CLEANING: 1}, reference="INADVANCE")
    yield "2026-01-13 10:00:00"
    desk.advance(order, "200.00", method="Credit card")
    yield "2026-02-20 16:00:00"
    desk.pay(order, desk.total(order) - 200, state=PAID, method="Credit card")


def _early_bird(desk: Desk) -> Story:
    yield "2026-01-15 12:00:00"
    order = desk.book(7, Stay(LAKE, "2026-04-03", 5), services={BREAKFAST: 2}, reference="EARLYBIRD")
    yield "2026-01-15 12:30:00"
    desk.advance(order, "150.00")


def _owing(desk: Desk) -> Story:
    yield "2026-01-20 08:05:00"
    order = desk.book(12, Stay(DOUBLE, "2026-02-02", 4), services={PARKING: 1}, reference="OWINGALLX")
    yield "2026-02-06 11:00:00"
    desk.set_state(order, PROCESSING)


def _in_two_parts(desk: Desk) -> Story:
    """The second payment was typed in a day late, with the day on which it was made."""
    yield "2026-01-22 19:30:00"
    order = desk.book(2, Stay(LAKE, "2026-02-10", 6), services={BREAKFAST: 2}, reference="INTWOPART")
    yield "2026-01-23 09:00:00"
    desk.pay(order, "300.00", state=PARTIAL)
    yield "2026-02-10 15:10:00"
    desk.pay(order, "250.50", method="Cash", on="2026-02-09 00:00:00")


def _overpaid(desk: Desk) -> Story:
    yield "2026-02-01 10:00:00"
    order = desk.book(10, Stay(CABIN, "2026-02-03", 1), reference="OVERPAIDX")
    yield "2026-02-03 09:00:00"
    desk.pay(order, "80.00", state=PAID, method="Cash")


def _tenth_off(desk: Desk) -> Story:
    yield "2026-02-04 13:00:00"
    services = {BREAKFAST: 2, PARKING: 1, CITY_TAX: 2}
    order = desk.book(1, Stay(DOUBLE, "2026-02-13", 3), services=services, voucher=TENTH_OFF, reference="TENTHOFFX")
    yield "2026-02-05 09:00:00"
    desk.pay(order, desk.total(order), state=PAID)


def _gift_card(desk: Desk) -> Story:
    yield "2026-02-06 18:00:00"
    order = desk.book(6, Stay(CABIN, "2026-02-14", 2), services={SAUNA: 2}, voucher=TWENTY_FIVE_OFF, reference="GIFTCARDX")
    yield "2026-02-14 15:30:00"
    desk.pay(order, desk.total(order), state=PAID, method="Credit card")


def _cot(desk: Desk) -> Story:
    yield "2026-02-08 20:00:00"
    order = desk.book(11, Stay(SUITE, "2026-02-21", 2, children=1), demands=[COT], reference="WITHACOTX")
    yield "2026-02-21 15:00:00"
    desk.pay(order, desk.total(order), state=PAID, method="Credit card")


def _not_divisible(desk: Desk) -> Story:
    """Three nights for 100.00: a third of it is no amount."""
    yield "2026-02-11 07:50:00"
    stay = Stay(DOUBLE, "2026-02-27", 3, price="30.303030")
    order = desk.book(8, stay, services={PARKING: 1}, reference="NOTDIVIDE")
    yield "2026-02-12 09:00:00"
    desk.pay(order, desk.total(order), state=PAID)


def _three_rooms(desk: Desk) -> Story:
    """33.335 each, without tax: rounded room by room 100.02, rounded once 100.01."""
    yield "2026-02-16 16:16:16"
    stay = Stay(CABIN, "2026-03-02", 1, rooms=3, price="33.335000")
    order = desk.book(5, stay, services={BREAKFAST: 1}, reference="THREECENT")
    yield "2026-02-17 09:00:00"
    desk.pay(order, desk.total(order), state=PAID)


def _cancelled(desk: Desk) -> Story:
    yield "2026-02-18 09:00:00"
    order = desk.book(2, Stay(LAKE, "2026-03-06", 2), services={BREAKFAST: 2}, demands=[COT], reference="GONEUNPAY")
    yield "2026-02-19 09:00:00"
    desk.cancel(order)


def _cancelled_by_hand(desk: Desk) -> Story:
    yield "2026-02-18 10:00:00"
    order = desk.book(9, Stay(SUITE, "2026-03-08", 2), reference="BYHANDGON")
    yield "2026-02-20 10:00:00"
    desk.set_state(order, CANCELED)


def _card_error(desk: Desk) -> Story:
    yield "2026-03-01 22:10:00"
    order = desk.book(10, Stay(ATTIC, "2026-03-12", 1), reference="CARDERROR", method="Credit card")
    yield "2026-03-01 22:11:30"
    desk.set_state(order, ERROR)


def _not_yet_due(desk: Desk) -> Story:
    yield "2026-03-03 12:00:00"
    desk.book(7, Stay(LAKE, "2026-05-01", 7), services={BREAKFAST: 2}, reference="NOTYETDUE")


def _on_the_house(desk: Desk) -> Story:
    yield "2026-03-04 09:00:00"
    order = desk.book(12, Stay(ATTIC, "2026-03-10", 1, price="0"), reference="ONTHEHOUS")
    yield "2026-03-10 11:00:00"
    desk.set_state(order, PAID)


def _one_room_fewer(desk: Desk) -> Story:
    yield "2026-03-05 09:30:00"
    order = desk.book(1, Stay(LAKE, "2026-03-13", 2, rooms=2), services={BREAKFAST: 2}, reference="ONEROOMOF")
    yield "2026-03-06 09:30:00"
    desk.cancel_room(desk.stays(order)[1])
    yield "2026-03-13 15:00:00"
    desk.pay(order, desk.total(order), state=PAID, method="Credit card")


def _moved(desk: Desk) -> Story:
    yield "2026-03-09 15:00:00"
    order = desk.book(11, Stay(DOUBLE, "2026-03-16", 2), services={BREAKFAST: 2}, reference="MOVEHOUSE")
    yield "2026-03-10 09:00:00"
    desk.pay(order, desk.total(order), state=PAID)
    yield "2026-03-11 18:20:00"
    desk.edit_address(11, postcode="6900", city="Bregenz", address1="Seestraße 5")


def _guest(desk: Desk) -> Story:
    yield "2026-03-14 21:05:00"
    order = desk.book(4, Stay(ATTIC, "2026-03-20", 1), services={BREAKFAST: 1}, reference="GUESTMAIL")
    yield f"{LAST_DAY} 18:00:00"
    desk.pay(order, desk.total(order), state=PAID, method="Cash")


_STORIES: tuple[Callable[[Desk], Story], ...] = (
    _simple,
    _two_houses,
    _family,
    _advance,
    _early_bird,
    _owing,
    _in_two_parts,
    _overpaid,
    _tenth_off,
    _gift_card,
    _cot,
    _not_divisible,
    _three_rooms,
    _cancelled,
    _cancelled_by_hand,
    _card_error,
    _not_yet_due,
    _on_the_house,
    _one_room_fewer,
    _moved,
    _guest,
)


# --- the week after -------------------------------------------------------------------------------------------------------------


def _refunded(desk: Desk) -> Story:
    """Paid, given up, credited and paid back."""
    yield "2026-03-21 09:00:00"
    order = desk.book(9, Stay(DOUBLE, "2026-04-10", 2), services={BREAKFAST: 2}, reference="REFUNDEDX")
    desk.pay(order, desk.total(order), state=PAID)
    yield "2026-03-23 10:00:00"
    desk.slip(order)
    back = sum(Decimal(row["total_price_tax_incl"]) for row in desk.ledger.where("room_bookings", id_order=order))
    desk.pay_back(order, str(back))


def _refunded_in_part(desk: Desk) -> Story:
    """One of two rooms is credited; nothing is paid back yet."""
    yield "2026-03-21 11:00:00"
    order = desk.book(12, Stay(LAKE, "2026-04-12", 1, rooms=2), reference="PARTBACKX")
    desk.pay(order, desk.total(order), state=PAID, method="Credit card")
    yield "2026-03-24 09:00:00"
    desk.slip(order, desk.stays(order)[0])


def _cancelled_late(desk: Desk) -> Story:
    """Invoiced and never paid: the invoice is void."""
    yield "2026-03-21 14:00:00"
    order = desk.book(7, Stay(ATTIC, "2026-04-14", 1), reference="LATEGONEX")
    desk.set_state(order, PROCESSING)
    yield "2026-03-25 16:00:00"
    desk.set_state(order, CANCELED)


def _in_francs(desk: Desk) -> Story:
    yield "2026-03-22 09:00:00"
    order = desk.book(4, Stay(SUITE, "2026-04-16", 2), services={BREAKFAST: 2}, reference="INFRANCSX", currency="CHF")
    yield "2026-03-22 09:05:00"
    desk.pay(order, desk.total(order), state=PAID)


def _in_francs_paid_in_euros(desk: Desk) -> Story:
    """Booked in francs, the half of it paid in euros at the desk."""
    yield "2026-03-22 10:00:00"
    order = desk.book(4, Stay(CABIN, "2026-04-20", 2), reference="EUROSPAID", currency="CHF")
    yield "2026-03-22 10:05:00"
    desk.pay(order, "50.00", currency="EUR", method="Cash")
    left = desk.total(order) - Decimal(desk.ledger.row("orders", order)["total_paid_real"])
    desk.pay(order, left, state=PAID)


_LATER_STORIES: tuple[Callable[[Desk], Story], ...] = (
    _refunded,
    _refunded_in_part,
    _cancelled_late,
    _in_francs,
    _in_francs_paid_in_euros,
)
