"""The recorded hotel: 61 orders read through the stand-in, held against the sums that were worked out on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from qloapps.front import StillClock, read, recorded_hotel, source
from qloapps.recorded import needs_recordings, recorded_customers, recorded_records, table
from zsync.model.documents import Contact, Credit, Currency, Invoice, Kind, Line, Payment, Sale
from zsync.model.documents import Hotel as House
from zsync.model.money import round_half_up
from zsync.model.record import Record, Unreadable
from zsync.sandbox.hotel import Hotel
from zsync.sandbox.hotel.desk import Desk

pytestmark = needs_recordings()

STREAMS = ("currencies", "hotels", "customers", "room_types", "service_products", "bookings")
ZERO = Decimal(0)


def sales() -> dict[int, Sale]:
    return {int(d.source_id): d for record in recorded_records() for d in record.documents if isinstance(d, Sale)}


def invoices() -> dict[int, Invoice]:
    return {int(d.source_id): d for record in recorded_records() for d in record.documents if isinstance(d, Invoice)}


def gross(lines: list[Line] | tuple[Line, ...]) -> Decimal:
    return sum((line.gross for line in lines), ZERO)


# --- read through the webservice ------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def hotel(clock: StillClock) -> Hotel:
    return recorded_hotel(clock)


@pytest.mark.parametrize("page_size", [10, 500])
def test_the_stream_hands_out_what_the_tables_hold(hotel: Hotel, clock: StillClock, page_size: int) -> None:
    records, _ = read(source(hotel, clock, page_size=page_size), "bookings")
    expected = {record.key: record.documents for record in recorded_records()}
    assert {record.key: record.documents for record in records if isinstance(record, Record)} == expected
    assert len(records) == len(expected) == 57


def test_every_customer_is_readable(hotel: Hotel, clock: StillClock) -> None:
    records, _ = read(source(hotel, clock), "customers")
    assert [type(record) for record in records] == [Record] * 29
    assert len(recorded_customers()) == 29


def test_the_hotels_and_the_currencies_are_as_the_facts_say(hotel: Hotel, clock: StillClock) -> None:
    of = source(hotel, clock)
    hotels = [document for record in read(of, "hotels")[0] if isinstance(record, Record) for document in record.documents]
    currencies = [document for record in read(of, "currencies")[0] if isinstance(record, Record) for document in record.documents]
    assert [(each.label, each.active) for each in hotels if isinstance(each, House)] == [
        ("The Hotel Prime", True),
        ("Jaipur Haveli", True),
        ("O'Connell Quay & Sons", True),
        ("Closed Lodge", False),
    ]
    assert [
        (each.code, each.decimals, str(each.conversion), each.active) for each in currencies if isinstance(each, Currency)
    ] == [
        ("EUR", 2, "1", True),
        ("INR", 2, "97.100000", True),
        ("JPY", 0, "163.270000", False),
        ("USD", 2, "1.102300", True),
    ]


def test_some_customers_trade_in_two_currencies(hotel: Hotel, clock: StillClock) -> None:
    told = {each.key: each.documents for each in read(source(hotel, clock), "customers")[0] if isinstance(each, Record)}
    assert told == {record.key: record.documents for record in recorded_customers()}
    contacts = [document for found in told.values() for document in found if isinstance(document, Contact)]
    assert {each.source_id: each.trades for each in contacts if len(each.trades) > 1} == {
        "4": (("EUR", date(2025, 10, 26)), ("USD", date(2026, 3, 25))),
        "8": (("INR", date(2026, 7, 23)), ("USD", date(2025, 10, 7))),
        "23": (("EUR", date(2026, 3, 29)), ("USD", date(2025, 11, 13))),
        "25": (("EUR", date(2025, 10, 26)), ("USD", date(2026, 2, 24))),
    }


def test_the_first_reading_of_it_all_takes_61_requests(hotel: Hotel, clock: StillClock) -> None:
    of = source(hotel, clock)
    for stream in STREAMS:
        read(of, stream)
    assert of.calls == 61


_Does = Callable[[Desk], object]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (lambda desk: desk.slip(2, desk.stays(2)[0]), ["booking of 2"]),
        (lambda desk: desk.check_in(desk.stays(48)[0]), ["booking of 48"]),
        (lambda desk: desk.check_out(desk.stays(2)[0]), ["booking of 2"]),
        (lambda desk: desk.pay(48, "10.00", on="2025-01-01 00:00:00"), ["booking of 48"]),
        (lambda desk: desk.pay_back(2, "10.00"), ["booking of 2"]),
        (lambda desk: desk.invoice(48), ["booking of 48"]),
        (lambda desk: desk.set_state(48, 4), ["booking of 48"]),
        (lambda desk: desk.touch(13), ["booking of 13"]),
        (lambda desk: desk.edit_customer(3, phone="+43"), ["customer 3"]),
        (lambda desk: desk.edit_address(3, city="Graz"), ["customer 3"]),
        (lambda desk: desk.edit("room_types", 2, price="1.000000"), ["room type 2"]),
        (lambda desk: desk.edit("services", 6, active="0"), ["service 6"]),
        (lambda desk: desk.edit("hotels", 3, active="0"), ["hotel 3"]),
        (lambda desk: desk.edit("currencies", 2, conversion_rate="1.200000"), ["currency USD"]),
        (lambda desk: desk.edit("currencies", 3, deleted="1"), ["currency INR"]),
        (lambda desk: None, []),
    ],
)
def test_what_people_do_at_the_desk_marks_what_it_touches_and_nothing_else(
    hotel: Hotel, clock: StillClock, what: _Does, expected: list[str]
) -> None:
    of = source(hotel, clock)
    known = {stream: read(of, stream)[1] for stream in STREAMS}
    clock.pass_(days=1)
    what(hotel.desk)
    clock.pass_(minutes=5)
    of = source(hotel, clock)
    found = [record for stream in STREAMS for record in read(of, stream, known[stream])[0]]
    assert [_words(record) for record in found] == expected


def _words(record: Record | Unreadable) -> str:
    assert isinstance(record, Record)
    if record.key.entity == "booking":
        return f"booking of {record.documents[0].source_id}"
    return f"{record.key.entity.replace('_', ' ')} {record.key.id}"


# --- sums (facts, section 7) ------------------------------------------------------------------------------------------------


def test_lines_less_discounts_make_the_order_but_for_two() -> None:
    wrong = {
        id
        for id, sale in sales().items()
        if gross(sale.lines) - sum((each.gross for each in sale.discounts), ZERO) != sale.total.amount
    }
    assert wrong == {19, 59}


def test_order_19_contradicts_itself_by_the_services_of_a_cancelled_room() -> None:
    sale = sales()[19]
    assert (sale.total.amount, gross(sale.lines)) == (Decimal("5934.37"), Decimal("4000.70"))
    assert not sale.cancelled


def test_every_room_line_is_replaced_by_its_stays() -> None:
    kinds = Counter(line.id.partition(":")[0] for sale in sales().values() for line in sale.lines)
    rooms = [line for sale in sales().values() for line in sale.lines if line.kind is Kind.ROOM]
    assert all(line.id.startswith("stay:") for line in rooms)
    assert kinds == {"stay": 82, "detail": 170 - 63, "demand": 4}


def test_nights_of_stays_are_the_quantity_of_their_line() -> None:
    nights = sum((line.quantity for sale in sales().values() for line in sale.lines if line.kind is Kind.ROOM), ZERO)
    assert nights == sum(Decimal(row["product_quantity"]) for row in table("order_details") if row["is_booking_product"] == "1")


def test_invoices_equal_their_orders_but_for_one() -> None:
    of_sale = {sale.key: sale for sale in sales().values()}
    found = invoices()
    assert len(found) == 46
    assert {of_sale[each.sale].source_id for each in found.values() if each.total != of_sale[each.sale].total} == {"59"}
    assert found[2].number == "#IN000002"


def test_payments_of_a_reference_make_what_its_orders_received_but_for_one() -> None:
    wrong = []
    for record in recorded_records():
        paid = sum((each.amount.amount for each in record.documents if isinstance(each, Payment)), ZERO)
        received = sum((each.received.amount for each in record.documents if isinstance(each, Sale)), ZERO)
        if paid != received:
            wrong += [each.source_id for each in record.documents if isinstance(each, Sale)]
    assert wrong == ["31"]  # one of its payments is in another currency


def test_slips_add_up() -> None:
    slips = [each for record in recorded_records() for each in record.documents if isinstance(each, Credit)]
    assert len(slips) == 5
    assert all(each.amount.amount == sum(line.gross for line in each.lines) for each in slips)


def test_only_what_is_cancelled_counts_as_cancelled() -> None:
    assert {id for id, sale in sales().items() if sale.cancelled} == {18, 20}
    assert [line.id for line in sales()[19].lines if line.cancelled] != []


def test_a_payment_over_three_orders_stays_one_payment() -> None:
    (record,) = [each for each in recorded_records() if any(d.key == "hotel:payment:13" for d in each.documents)]
    assert [each.source_id for each in record.documents if isinstance(each, Sale)] == ["13", "14", "15"]
    assert [each.amount.amount for each in record.documents if isinstance(each, Payment)] == [Decimal("5497.66")]


def test_rates_of_lines_are_those_of_the_hotels_taxes() -> None:
    rates = {line.rate for sale in sales().values() for line in sale.lines if line.rate_sure and line.gross}
    # 14.0454: 6 and 6 and 1.5 percent, one after another.
    assert rates == {Decimal(0), Decimal(9), Decimal(12), Decimal("13.5"), Decimal("14.0454"), Decimal(23)}


def test_the_lines_whose_amounts_no_rate_explains_are_a_channels() -> None:
    unsure = {id for id, sale in sales().items() for line in sale.lines if not line.rate_sure}
    assert unsure == {61}


def test_products_that_a_channel_made_and_deleted_have_no_item() -> None:
    gone = {id for id, sale in sales().items() for line in sale.lines if line.item is None and line.kind is not Kind.DEMAND}
    assert gone <= {58, 59, 60, 61}
    assert 61 in gone


def test_channel_amounts_keep_their_decimals() -> None:
    found = sales()
    assert [found[id].total.amount for id in (58, 59, 61)] == [Decimal("115.005"), Decimal("450.003"), Decimal("234.9809")]
    assert round_half_up(found[58].total.amount, 2) == Decimal("115.01")


def test_two_orders_of_the_hour_that_comes_twice_have_the_same_day() -> None:
    assert sales()[29].day == sales()[30].day


def test_the_customers_are_as_the_facts_say() -> None:
    found = {record.key.id: record.documents[0] for record in recorded_customers()}
    trimmed = [contact for contact in found.values() if isinstance(contact, Contact) and contact.name != contact.name.strip()]
    without = [id for id, contact in found.items() if isinstance(contact, Contact) and contact.address is None]
    assert trimmed == []
    assert {"14", "15"} <= set(without)
    current = found["3"]
    assert isinstance(current, Contact)
    assert current.name == "ACME Travel Group Ltd"
