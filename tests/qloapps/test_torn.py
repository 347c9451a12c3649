"""The hotel at work while it is read: rows change between two requests, and orders are written down row by row."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from werkzeug import Request, Response

from qloapps.front import StillClock, read, source
from zsync.model.documents import Invoice, Sale
from zsync.model.record import Record, Unreadable
from zsync.sandbox.hotel import Desk, Hotel, Stay, demo
from zsync.sandbox.hotel.bookwork import PROCESSING
from zsync.sandbox.hotel.house import BREAKFAST, DOUBLE, PARKING

ORDER = 20
"""Not invoiced, not paid: everything can still happen to it."""

Does = Callable[[Desk], object]


class Busy(Hotel):
    """Somebody does something right before the request whose number is told, or as soon as the clock has come so far."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]], clock: StillClock) -> None:
        super().__init__(tables, clock=lambda: clock.moment.timestamp(), sleep=clock.sleep)
        self.due: Callable[[], bool] = lambda: False
        self.does: Does = lambda desk: None
        self.done = False

    def handle(self, request: Request) -> Response:
        if not self.done and self.due():
            self.done = True
            self.does(self.desk)
        return super().handle(request)


@cache
def group() -> dict[str, list[dict[str, Any]]]:
    return demo.group()


def opened() -> StillClock:
    return StillClock(datetime.fromtimestamp(demo.NOW, UTC))


@cache
def known() -> str | None:
    """The cursor of a finished first reading."""
    clock = opened()
    return read(source(Busy(deepcopy(group()), clock), clock), "bookings")[1]


@pytest.fixture
def clock() -> StillClock:
    return opened()


@pytest.fixture
def hotel(clock: StillClock) -> Busy:
    hotel = Busy(deepcopy(group()), clock)
    known()
    clock.pass_(hours=12)
    return hotel


def at_request(hotel: Busy, number: int) -> Callable[[], bool]:
    begun = len(hotel.asked)
    return lambda: len(hotel.asked) - begun == number


def adds_up(record: Record | Unreadable) -> bool:
    """Each order is the sum of its lines, each invoice of this hotel's equals its order."""
    assert isinstance(record, Record), record
    sales = {document.key: document for document in record.documents if isinstance(document, Sale)}
    whole = [
        sum((line.gross for line in sale.lines), Decimal(0)) - sum((each.gross for each in sale.discounts), Decimal(0))
        == sale.total.amount
        for sale in sales.values()
    ]
    return all(whole) and all(sales[each.sale].total == each.total for each in record.documents if isinstance(each, Invoice))


def add_a_service(desk: Desk) -> None:
    desk.add_service(ORDER, PARKING, 2)


def reprice_a_room(desk: Desk) -> None:
    desk.change_price(desk.stays(ORDER)[0], "77.770000")


def invoice_and_pay(desk: Desk) -> None:
    desk.set_state(ORDER, PROCESSING)
    desk.pay(ORDER, desk.total(ORDER))


def cancel(desk: Desk) -> None:
    desk.cancel(ORDER)


def add_a_room(desk: Desk) -> None:
    desk.book(3, Stay(DOUBLE, "2026-09-01", 2), services={BREAKFAST: 1}, reference=desk.reference(ORDER))


ACTIONS = [add_a_service, reprice_a_room, invoice_and_pay, cancel, add_a_room]


@pytest.mark.parametrize("does", ACTIONS, ids=lambda does: does.__name__)
def test_a_booking_that_changes_between_any_two_requests_is_handed_out_whole(does: Does) -> None:
    for number in range(60):
        clock = opened()
        hotel = Busy(deepcopy(group()), clock)
        cursor = known()
        clock.pass_(hours=12)
        hotel.desk.touch(ORDER)
        clock.pass_(minutes=5)
        hotel.does, hotel.due = does, at_request(hotel, number)
        records, cursor = read(source(hotel, clock), "bookings", cursor)
        if not hotel.done:
            assert number > 15
            return
        assert [adds_up(record) for record in records] == [True] * len(records)
        now = {record.key: record for record in records}
        clock.pass_(minutes=5)
        now |= {record.key: record for record in read(source(hotel, clock), "bookings", cursor)[0]}
        (found,) = [record for key, record in now.items() if key.id == hotel.desk.reference(ORDER)]
        assert isinstance(found, Record)
        again = source(hotel, clock).get(found.key)
        assert isinstance(again, Record)
        assert again.revision == found.revision
    pytest.fail("the reading never ended")


def put_away(hotel: Busy, table: str, **fields: object) -> list[dict[str, Any]]:
    """Take the rows of a table that are not written yet."""
    rows = [row for row in hotel.tables[table] if all(str(row[name]) == str(value) for name, value in fields.items())]
    assert rows
    for row in rows:
        hotel.tables[table].remove(row)
    return rows


@pytest.mark.parametrize("table", ["order_details", "room_bookings"])
def test_an_order_that_is_still_being_written_is_waited_for(hotel: Busy, clock: StillClock, table: str) -> None:
    order = hotel.desk.book(3, Stay(DOUBLE, "2026-09-01", 2))
    rows = put_away(hotel, table, id_order=order)
    begun = clock.now()
    hotel.due, hotel.does = lambda: clock.now() > begun, lambda desk: hotel.tables[table].extend(rows)
    (found,) = read(source(hotel, clock), "bookings", known())[0]
    assert adds_up(found)


@pytest.mark.parametrize(("table", "fields"), [("order_details", {"is_booking_product": 0}), ("room_bookings", {"id_room": 5})])
def test_a_young_order_with_some_of_its_rows_is_waited_for(
    hotel: Busy, clock: StillClock, table: str, fields: dict[str, object]
) -> None:
    order = hotel.desk.book(3, Stay(DOUBLE, "2026-09-01", 2, rooms=2), services={BREAKFAST: 1})
    rows = put_away(hotel, table, id_order=order, **fields)
    begun = clock.now()
    hotel.due, hotel.does = lambda: clock.now() > begun, lambda desk: hotel.tables[table].extend(rows)
    (found,) = read(source(hotel, clock), "bookings", known())[0]
    assert adds_up(found)
    assert isinstance(found, Record)
    (sale,) = found.documents
    assert isinstance(sale, Sale)
    assert [line.id.partition(":")[0] for line in sale.lines] == ["stay", "stay", "detail"]


def test_an_old_order_whose_sums_never_agree_is_not_waited_for(hotel: Busy, clock: StillClock) -> None:
    hotel.desk.edit("order_details", 1, total_price_tax_incl="1.000000")
    hotel.desk.touch(1)
    clock.pass_(minutes=5)
    begun = clock.now()
    (found,) = read(source(hotel, clock), "bookings", known())[0]
    assert isinstance(found, Record)
    assert clock.now() == begun


def test_what_never_settles_is_handed_out_as_it_is(hotel: Busy, clock: StillClock) -> None:
    order = hotel.desk.book(3, Stay(DOUBLE, "2026-09-01", 2))
    put_away(hotel, "order_details", id_order=order)
    begun = clock.now()
    (found,) = read(source(hotel, clock), "bookings", known())[0]
    assert isinstance(found, Unreadable)
    assert "lines" in found.error.message
    assert (clock.now() - begun).total_seconds() == 7
