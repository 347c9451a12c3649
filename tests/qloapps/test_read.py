"""Streams and cursors: a first reading, what changed since, and the empty lists that are not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from werkzeug import Request, Response

from qloapps import small
from qloapps.front import StillClock, read, small_hotel, source, wall
from zsync.errors import ConfigError, ContractBroken, OutOfReach, RecordError, RunError, SuspiciousChange
from zsync.model.documents import Contact, Currency, Item, Sale
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable
from zsync.sandbox.hotel import Hotel
from zsync.sandbox.hotel.faults import Fault
from zsync.sources.qloapps.feeds import Cursor

STREAMS = ("currencies", "hotels", "customers", "room_types", "service_products", "bookings")
ALL = ["hotel:booking:AAAAAAAAA", "hotel:booking:BBBBBBBBB", "hotel:booking:CCCCCCCCC"]


@pytest.fixture
def clock() -> StillClock:
    return StillClock(datetime(2026, 3, 10, 8, 0, tzinfo=UTC))


@pytest.fixture
def hotel(clock: StillClock) -> Hotel:
    return small_hotel(clock)


def cursors(hotel: Hotel, clock: StillClock) -> dict[str, str | None]:
    """What a finished first reading leaves."""
    of = source(hotel, clock)
    return {stream: read(of, stream)[1] for stream in STREAMS}


def keys(records: list[Record | Unreadable]) -> list[str]:
    return [str(record.key) for record in records]


def change(hotel: Hotel, table: str, id: int, clock: StillClock | None, **fields: object) -> None:
    """Change a row; with a clock its date moves, too."""
    (row,) = [row for row in hotel.tables[table] if str(row["id"]) == str(id)]
    row.update({name: str(value) for name, value in fields.items()})
    if clock is not None:
        row["date_upd"] = wall(clock)


def marked(hotel: Hotel, clock: StillClock, what: Callable[[], None]) -> list[str]:
    """What the next reading of everything hands out after `what` has happened half a day later."""
    known = cursors(hotel, clock)
    clock.pass_(hours=12)
    what()
    clock.pass_(minutes=5)
    of = source(hotel, clock)
    return [key for stream in STREAMS for key in keys(read(of, stream, known[stream])[0])]


# --- the first reading ------------------------------------------------------------------------------------------------


def test_a_first_reading_hands_out_everything_by_lowest_id(hotel: Hotel, clock: StillClock) -> None:
    of = source(hotel, clock)
    assert keys(read(of, "currencies")[0]) == ["hotel:currency:EUR", "hotel:currency:USD"]
    assert keys(read(of, "hotels")[0]) == ["hotel:hotel:1"]
    assert keys(read(of, "customers")[0]) == ["hotel:customer:8", "hotel:customer:11"]
    assert keys(read(of, "room_types")[0]) == ["hotel:room_type:2"]
    assert keys(read(of, "service_products")[0]) == ["hotel:service:3"]
    assert keys(read(of, "bookings")[0]) == ALL


def test_an_interrupted_first_reading_goes_on_where_it_was(clock: StillClock) -> None:
    hotel = small_hotel(clock)
    hotel.tables["orders"] = [small.order(n, f"R{n:08d}", total_products_wt="0") for n in range(1, 451)]
    pages = source(hotel, clock).read("bookings", None)
    first = next(pages)
    clock.pass_(hours=3)
    rest, cursor = read(source(hotel, clock), "bookings", first.cursor)
    assert first.total == 450
    assert keys([*first.records, *rest]) == [f"hotel:booking:R{n:08d}" for n in range(1, 451)]
    assert cursor is not None
    begun = Cursor.parse(cursor)
    assert begun is not None
    assert begun.since == int(datetime(2026, 3, 10, 8, 0, tzinfo=UTC).timestamp())  # when it began, not when it ended


def test_a_reference_over_two_pages_comes_once_and_whole(clock: StillClock) -> None:
    hotel = small_hotel(clock)
    hotel.tables["orders"] = [small.order(n, f"R{n % 300:08d}", total_products_wt="0") for n in range(1, 351)]
    records, _ = read(source(hotel, clock), "bookings")
    assert len(keys(records)) == len(set(keys(records))) == 300
    (shared,) = [record for record in records if record.key == "hotel:booking:R00000010"]
    assert isinstance(shared, Record)
    assert [document.source_id for document in shared.documents] == ["10", "310"]


def test_what_changes_while_the_first_reading_lasts_is_not_lost(hotel: Hotel, clock: StillClock) -> None:
    pages = source(hotel, clock).read("bookings", None)
    last = list(pages)[-1]
    hotel.tables["order_payments"].append(small.payment(2, "BBBBBBBBB", "5.00", date_add="2025-01-01 00:00:00"))
    assert keys(read(source(hotel, clock), "bookings", last.cursor)[0]) == ["hotel:booking:BBBBBBBBB"]


# --- what has changed ---------------------------------------------------------------------------------------------------


def test_nothing_comes_when_nothing_has_changed(hotel: Hotel, clock: StillClock) -> None:
    assert marked(hotel, clock, lambda: None) == []


def test_an_idle_reading_of_everything_takes_23_requests(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["order_slip"].append(small.slip(1, 1, 1, "55.000000", "50.000000"))
    known = cursors(hotel, clock)
    clock.pass_(hours=12)
    of = source(hotel, clock)
    for stream in STREAMS:
        assert read(of, stream, known[stream])[0] == []
    assert of.calls == 23


def test_a_table_without_rows_is_asked_twice(hotel: Hotel, clock: StillClock) -> None:
    known = cursors(hotel, clock)
    of = source(hotel, clock)
    for stream in STREAMS:
        read(of, stream, known[stream])
    assert of.calls == 23 + 1  # nobody has a slip


WHOLE = 10
"""Requests that tell whether the shop's tables are whole."""


def test_a_changed_booking_takes_28_requests_more(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["order_slip"].append(small.slip(1, 1, 1, "55.000000", "50.000000"))
    known = cursors(hotel, clock)
    clock.pass_(hours=12)
    change(hotel, "orders", 2, clock)
    of = source(hotel, clock)
    for stream in STREAMS:
        read(of, stream, known[stream])
    # Orders to reference; orders; discounts twice, because the booking has none; lines, rooms, invoices, slips, payments and
    # extra demands, each after a question for the last row; the room type; orders once more. Then whether the shop is whole.
    assert of.calls == 23 + 2 + 2 + 6 * 2 + 2 + WHOLE


def test_a_changed_customer_takes_15_requests_more(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["order_slip"].append(small.slip(1, 1, 1, "55.000000", "50.000000"))
    known = cursors(hotel, clock)
    clock.pass_(hours=12)
    change(hotel, "customers", 8, clock)
    of = source(hotel, clock)
    for stream in STREAMS:
        read(of, stream, known[stream])
    assert of.calls == 23 + 1 + 2 + 2 + WHOLE  # the customer; the last address, his; the last order, his


@pytest.mark.parametrize(
    ("table", "id", "expected"),
    [
        ("orders", 2, "BBBBBBBBB"),
        ("orders", 4, "AAAAAAAAA"),
        ("room_bookings", 3, "BBBBBBBBB"),
        ("room_bookings", 5, "AAAAAAAAA"),
        ("booking_extra_demands", 1, "AAAAAAAAA"),
    ],
)
def test_a_change_of_a_dated_row_marks_its_booking_only(
    hotel: Hotel, clock: StillClock, table: str, id: int, expected: str
) -> None:
    assert marked(hotel, clock, lambda: change(hotel, table, id, clock)) == [f"hotel:booking:{expected}"]


def test_a_partial_refund_is_seen_though_the_order_does_not_move(hotel: Hotel, clock: StillClock) -> None:
    def refund() -> None:
        row = small.slip(1, 1, 1, "55.000000", "50.000000", date_upd=wall(clock))
        hotel.tables["order_slip"].append(row)

    assert marked(hotel, clock, refund) == ["hotel:booking:AAAAAAAAA"]


def test_a_payment_dated_back_by_staff_is_seen(hotel: Hotel, clock: StillClock) -> None:
    row = small.payment(2, "BBBBBBBBB", "10.00", date_add="2025-12-24 00:00:00")
    assert marked(hotel, clock, lambda: hotel.tables["order_payments"].append(row)) == ["hotel:booking:BBBBBBBBB"]


def test_a_new_invoice_is_seen(hotel: Hotel, clock: StillClock) -> None:
    row = {**hotel.tables["order_invoices"][0], "id": 2, "id_order": "2"}
    assert marked(hotel, clock, lambda: hotel.tables["order_invoices"].append(row)) == ["hotel:booking:BBBBBBBBB"]


def test_a_new_order_is_seen_whatever_its_dates_say(hotel: Hotel, clock: StillClock) -> None:
    def book() -> None:
        hotel.tables["orders"].append(small.order(5, "EEEEEEEEE", date_add="2020-01-01 00:00:00", date_upd="2020-01-01 00:00:00"))
        hotel.tables["order_details"].append(small.detail(9, 5, 3, "110.000000", "100.000000", room=False))

    assert marked(hotel, clock, book) == ["hotel:booking:EEEEEEEEE"]


@pytest.mark.parametrize(("table", "id"), [("customers", 8), ("addresses", 10)])
def test_a_change_of_a_customer_or_an_address_marks_the_customer_only(
    hotel: Hotel, clock: StillClock, table: str, id: int
) -> None:
    assert marked(hotel, clock, lambda: change(hotel, table, id, clock)) == ["hotel:customer:8"]


def test_an_address_of_a_hotel_marks_nobody(hotel: Hotel, clock: StillClock) -> None:
    assert marked(hotel, clock, lambda: change(hotel, "addresses", 50, clock)) == []


def test_a_room_type_and_a_service_are_seen_by_value(hotel: Hotel, clock: StillClock) -> None:
    def reprice() -> None:
        change(hotel, "room_types", 2, None, price="60.000000")
        change(hotel, "services", 3, None, active=0)

    assert marked(hotel, clock, reprice) == ["hotel:room_type:2", "hotel:service:3"]


def test_a_hotel_and_a_currency_are_seen_by_value(hotel: Hotel, clock: StillClock) -> None:
    def close() -> None:
        change(hotel, "hotels", 1, None, active=0)
        change(hotel, "currencies", 2, None, conversion_rate="1.090000")

    assert marked(hotel, clock, close) == ["hotel:currency:USD", "hotel:hotel:1"]


def test_a_currency_that_was_deleted_and_made_anew_is_one(hotel: Hotel, clock: StillClock) -> None:
    def make_anew() -> None:
        change(hotel, "currencies", 2, None, deleted=1)
        hotel.tables["currencies"].append(small.currency(3, "USD", "1.090000"))

    assert marked(hotel, clock, make_anew) == ["hotel:currency:USD"]
    (found,) = [record for record in read(source(hotel, clock), "currencies")[0] if record.key.id == "USD"]
    assert isinstance(found, Record)
    (document,) = found.documents
    assert isinstance(document, Currency)
    assert document.active is True


def test_what_has_no_iso_code_is_no_currency(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["currencies"].append(small.currency(3, "POINTS", "10.000000"))
    assert keys(read(source(hotel, clock), "currencies")[0]) == ["hotel:currency:EUR", "hotel:currency:USD"]


def test_a_customer_comes_with_the_currencies_of_his_orders(hotel: Hotel, clock: StillClock) -> None:
    change(hotel, "orders", 2, None, id_currency=2)
    first, second = read(source(hotel, clock), "customers")[0]
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert isinstance(first.documents[0], Contact)
    assert isinstance(second.documents[0], Contact)
    assert first.documents[0].trades == (("EUR", date(2026, 3, 2)), ("USD", date(2026, 3, 1)))
    assert second.documents[0].trades == ()


def test_customers_without_orders_are_not_taken_for_it_because_a_query_fails(hotel: Hotel, clock: StillClock) -> None:
    hotel.behave("empty_list", resource="orders", times=2)  # who buys at all: asked twice
    with pytest.raises(SuspiciousChange, match="orders"):
        read(source(hotel, clock), "customers")
    hotel.behave("empty_list", resource="orders", after=1, times=2)
    with pytest.raises(SuspiciousChange, match="orders"):
        read(source(hotel, clock), "customers")


def test_a_hotel_without_any_order_has_customers_all_the_same(clock: StillClock) -> None:
    hotel = small_hotel(clock)
    hotel.tables["orders"].clear()
    assert keys(read(source(hotel, clock), "customers")[0]) == ["hotel:customer:8", "hotel:customer:11"]


def test_a_tax_rate_that_changes_without_a_date_changes_the_items(hotel: Hotel, clock: StillClock) -> None:
    assert marked(hotel, clock, lambda: change(hotel, "taxes", 1, None, rate="13.000")) == [
        "hotel:room_type:2",
        "hotel:service:3",
    ]


def test_a_change_is_seen_again_within_the_overlap_with_the_same_revision(hotel: Hotel, clock: StillClock) -> None:
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(hours=12)
    change(hotel, "orders", 2, clock)
    clock.pass_(minutes=5)
    first, cursor = read(source(hotel, clock), "bookings", known)
    clock.pass_(minutes=5)
    again, cursor = read(source(hotel, clock), "bookings", cursor)
    clock.pass_(hours=2)
    later, _ = read(source(hotel, clock), "bookings", cursor)
    clock.pass_(hours=2)
    assert keys(first) == keys(again) == keys(later) == ["hotel:booking:BBBBBBBBB"]
    assert isinstance(first[0], Record)
    assert isinstance(again[0], Record)
    assert first[0].revision == again[0].revision


def test_a_page_that_is_not_the_last_keeps_the_old_cursor(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["orders"] = [small.order(n, f"R{n:08d}", total_products_wt="0") for n in range(1, 451)]
    known = cursors(hotel, clock)["bookings"]
    assert known is not None
    clock.pass_(hours=12)
    for row in hotel.tables["orders"]:
        row["date_upd"] = wall(clock)
    pages = list(source(hotel, clock).read("bookings", known))
    assert [len(page.records) for page in pages] == [200, 200, 50]
    assert [Cursor.parse(page.cursor) == Cursor.parse(known) for page in pages] == [True, True, False]


# --- time ---------------------------------------------------------------------------------------------------------------


def test_a_change_in_the_hour_that_comes_twice_is_seen(hotel: Hotel) -> None:
    # 25 October 2026: at 01:00 UTC the clocks in Vienna go from 03:00 back to 02:00.
    clock = StillClock(datetime(2026, 10, 25, 0, 55, tzinfo=UTC))  # 02:55, the first time
    hotel = small_hotel(clock)
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(minutes=10)
    change(hotel, "orders", 2, clock)
    assert hotel.tables["orders"][1]["date_upd"] == "2026-10-25 02:05:00"  # earlier than the reading, as texts go
    records, cursor = read(source(hotel, clock), "bookings", known)
    assert keys(records) == ["hotel:booking:BBBBBBBBB"]
    clock.pass_(hours=1)
    change(hotel, "orders", 3, clock)
    assert "hotel:booking:CCCCCCCCC" in keys(read(source(hotel, clock), "bookings", cursor)[0])


def test_a_cursor_never_lies_beyond_the_start_of_its_reading(hotel: Hotel, clock: StillClock) -> None:
    known = Cursor.parse(cursors(hotel, clock)["bookings"] or "")
    assert known is not None
    assert known.since == int(clock.now().timestamp())


def test_a_server_clock_that_was_ahead_loses_nothing(hotel: Hotel, clock: StillClock) -> None:
    clock.pass_(days=30)
    known = cursors(hotel, clock)["bookings"]  # the server believed in a day to come
    clock.pass_(days=-30, hours=5)
    change(hotel, "orders", 2, clock)
    assert keys(read(source(hotel, clock), "bookings", known)[0]) == ["hotel:booking:BBBBBBBBB"]


# --- empty lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["orders", "room_bookings", "order_invoices", "order_payments"])
def test_a_table_that_had_rows_and_reads_as_empty_stops_the_reading(hotel: Hotel, clock: StillClock, table: str) -> None:
    known = cursors(hotel, clock)["bookings"]
    hotel.behave("empty_list", resource=table)
    with pytest.raises(SuspiciousChange, match=table):
        read(source(hotel, clock), "bookings", known)


@pytest.mark.parametrize(
    ("stream", "table"),
    [("customers", "customers"), ("customers", "addresses"), ("room_types", "room_types"), ("hotels", "hotels")],
)
def test_other_tables_that_had_rows_are_doubted_too(hotel: Hotel, clock: StillClock, stream: str, table: str) -> None:
    known = cursors(hotel, clock)[stream]
    hotel.behave("empty_list", resource=table)
    with pytest.raises(SuspiciousChange, match=table):
        read(source(hotel, clock), stream, known)


@pytest.mark.parametrize("table", ["orders", "room_bookings", "order_invoices", "order_payments"])
def test_a_failed_question_does_not_move_the_cursor(hotel: Hotel, clock: StillClock, table: str) -> None:
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(hours=12)
    change(hotel, "orders", 2, clock)
    hotel.behave("empty_list", resource=table, times=2)  # asked twice
    with pytest.raises(SuspiciousChange, match="without a row that is there"):
        read(source(hotel, clock), "bookings", known)
    assert keys(read(source(hotel, clock), "bookings", known)[0]) == ["hotel:booking:BBBBBBBBB"]


@pytest.mark.parametrize("table", ["order_details", "order_discounts"])
def test_rows_that_must_be_there_are_read_again_after_a_moment(hotel: Hotel, clock: StillClock, table: str) -> None:
    hotel.behave("empty_list", resource=table, times=2)
    assert all(isinstance(record, Record) for record in read(source(hotel, clock), "bookings")[0])


def test_the_last_service_may_be_deleted(hotel: Hotel, clock: StillClock) -> None:
    known = cursors(hotel, clock)["service_products"]
    hotel.tables["services"].clear()
    records, cursor = read(source(hotel, clock), "service_products", known)
    assert records == []
    assert cursor != known


def test_the_last_extra_demand_may_be_taken_away(hotel: Hotel, clock: StillClock) -> None:
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(hours=12)
    hotel.tables["booking_extra_demands"].clear()
    change(hotel, "orders", 1, clock, total_paid_tax_incl="220.000000")
    records, _ = read(source(hotel, clock), "bookings", known)
    assert keys(records) == ["hotel:booking:AAAAAAAAA"]


def test_the_newest_row_may_be_deleted(hotel: Hotel, clock: StillClock) -> None:
    change(hotel, "customers", 11, clock)
    known = cursors(hotel, clock)["customers"]
    clock.pass_(hours=12)
    hotel.tables["customers"].pop()
    assert read(source(hotel, clock), "customers", known)[0] == []


def test_a_first_reading_whose_list_fails_does_not_end_as_done(hotel: Hotel, clock: StillClock) -> None:
    hotel.behave("empty_list", resource="orders", after=3)  # the marks and the count were still good
    with pytest.raises(SuspiciousChange, match="orders"):
        read(source(hotel, clock), "bookings")


@pytest.mark.parametrize("table", ["order_details", "room_bookings", "order_discounts", "order_invoices", "order_payments"])
def test_a_page_whose_rows_are_all_missing_stops_the_reading(hotel: Hotel, clock: StillClock, table: str) -> None:
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(hours=12)
    change(hotel, "orders", 1, clock)
    # The feeds are answered well; the table fails when the booking is put together.
    hotel.behave("empty_list", resource=table, after=1 if table in ("room_bookings", "order_invoices", "order_payments") else 0)
    with pytest.raises(SuspiciousChange, match=table):
        read(source(hotel, clock), "bookings", known)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("order_details", "lines"),
        ("room_bookings", "room bookings"),
        ("order_discounts", "discounts"),
        ("order_invoices", "invoice"),
        ("order_payments", "payments"),
    ],
)
def test_a_booking_whose_rows_are_missing_is_unreadable_and_not_smaller(
    hotel: Hotel, clock: StillClock, table: str, what: str
) -> None:
    other = {"id": 99, "id_order": "77", "order_reference": "ZZZZZZZZZ"}  # the table as such has rows
    hotel.tables[table] = [{**hotel.tables[table][0], **other}]
    found = {record.key: record for record in read(source(hotel, clock), "bookings")[0]}
    broken = found.get("hotel:booking:AAAAAAAAA")  # type: ignore[call-overload]
    assert isinstance(broken, Unreadable)
    assert what in broken.error.message
    assert broken.label == "AAAAAAAAA / 1"


def test_shop_tables_that_count_rows_and_give_none_are_doubted(hotel: Hotel, clock: StillClock) -> None:
    hotel.behave("empty_list", resource="tax_rules", times=2)
    with pytest.raises(ContractBroken, match="tax_rules"):
        read(source(hotel, clock), "room_types")


def test_a_service_that_was_made_a_moment_ago_is_not_taken_for_gone(hotel: Hotel, clock: StillClock) -> None:
    of = source(hotel, clock)
    read(of, "service_products")
    hotel.tables["services"].append(small.product(4, "Sauna", "20.000000"))
    hotel.tables["order_details"][1]["product_id"] = "4"
    found = read(of, "bookings")[0][0]
    assert isinstance(found, Record)
    sale = found.documents[0]
    assert isinstance(sale, Sale)
    assert [line.item for line in sale.lines if line.id == "detail:2"] == ["hotel:service:4"]


def test_room_types_that_all_read_as_none_do_not_make_rooms_without_an_item(hotel: Hotel, clock: StillClock) -> None:
    hotel.behave("empty_list", resource="room_types")
    with pytest.raises(SuspiciousChange, match="room_types"):
        read(source(hotel, clock), "bookings")


# --- ids ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "table"), [("customers", "customers"), ("hotels", "hotels"), ("room_types", "room_types"), ("bookings", "orders")]
)
def test_ids_that_read_as_none_are_doubted(hotel: Hotel, clock: StillClock, stream: str, table: str) -> None:
    hotel.behave("empty_list", resource=table)
    with pytest.raises(SuspiciousChange, match=table):
        source(hotel, clock).ids(stream)


@pytest.mark.parametrize(
    ("stream", "table"),
    [
        ("currencies", "currencies"),
        ("hotels", "hotels"),
        ("customers", "customers"),
        ("room_types", "room_types"),
        ("service_products", "services"),
        ("bookings", "orders"),
        ("bookings", "order_payments"),
    ],
)
@pytest.mark.parametrize("after", range(6))
def test_no_failed_query_makes_ids_fewer(clock: StillClock, stream: str, table: str, after: int) -> None:
    truth = source(small_hotel(clock), clock).ids(stream)
    hotel = small_hotel(clock)
    hotel.behave("empty_list", resource=table, after=after, times=1)
    assert source(hotel, clock).ids(stream) == truth
    hotel = small_hotel(clock)
    hotel.behave("empty_list", resource=table, after=after, times=2)  # asked twice
    try:
        assert source(hotel, clock).ids(stream) == truth
    except (SuspiciousChange, ContractBroken):
        return


def test_ids_that_are_too_many_for_one_answer_come_page_by_page(clock: StillClock) -> None:
    hotel = small_hotel(clock, max_rows=3)
    hotel.tables["customers"] += [small.customer(n) for n in range(12, 20)]
    assert source(hotel, clock).ids("customers") == {f"hotel:customer:{n}" for n in (8, *range(11, 20))}


def test_a_list_that_lacks_the_newest_row_is_torn(clock: StillClock) -> None:
    class Torn(Hotel):
        def handle(self, request: Request) -> Response:
            answer = super().handle(request)
            if request.path == "/api/customers" and "limit" not in request.args:
                answer.set_data(json.dumps({"customers": [{"id": 8}]}))
            return answer

    torn = Torn(small.tables(), clock=lambda: clock.moment.timestamp(), sleep=clock.sleep)
    with pytest.raises(SuspiciousChange, match="customers"):
        source(torn, clock).ids("customers")


def test_the_last_service_may_be_missing_from_the_ids(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["services"].clear()
    assert source(hotel, clock).ids("service_products") == frozenset()


def test_bookings_without_a_usable_reference_have_ids_too(hotel: Hotel, clock: StillClock) -> None:
    change(hotel, "orders", 2, None, reference="A|B]")
    hotel.tables["order_payments"] += [small.payment(2, "", "10.00"), small.payment(3, "XXXXXXXXX", "10.00")]
    assert source(hotel, clock).ids("bookings") == {
        "hotel:booking:AAAAAAAAA",
        "hotel:order:2",
        "hotel:booking:CCCCCCCCC",
        "hotel:payment:2",
        "hotel:booking:XXXXXXXXX",
    }


def test_a_hotel_that_was_never_paid_has_bookings_all_the_same(hotel: Hotel, clock: StillClock) -> None:
    hotel.tables["order_payments"].clear()
    assert source(hotel, clock).ids("bookings") == set(ALL)


# --- odd rows ---------------------------------------------------------------------------------------------------------------


def test_a_bad_booking_leaves_its_neighbours_alone(hotel: Hotel, clock: StillClock) -> None:
    change(hotel, "orders", 2, None, conversion_rate="0.000000")
    found = read(source(hotel, clock), "bookings")[0]
    assert [type(record) for record in found] == [Record, Unreadable, Record]
    assert isinstance(found[1], Unreadable)
    assert "conversion_rate" in found[1].error.message


def test_an_order_with_an_odd_reference_is_unreadable(hotel: Hotel, clock: StillClock) -> None:
    change(hotel, "orders", 2, None, reference="A|B]")
    found = read(source(hotel, clock), "bookings")[0]
    (odd,) = [record for record in found if isinstance(record, Unreadable)]
    assert odd.key == "hotel:order:2"
    assert len(found) == 3


class Odd(Hotel):
    """Says something else for one field of the first row of a table, whatever the tables hold: filters are not confused."""

    odd: tuple[str, str, object] = ("", "", None)

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        table, field, value = self.odd
        if request.path == f"/api/{table}" and answer.status_code == 200:
            body = json.loads(answer.get_data())
            for row in next(iter(body.values())) if body else []:
                if str(row["id"]) == "1" and field in row:
                    row[field] = value
            answer.set_data(json.dumps(body))
        return answer


@pytest.mark.parametrize("value", [None, "A|B]", {"a": [1]}], ids=repr)
@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("orders", "reference"),
        ("orders", "total_paid_real"),
        ("orders", "total_products_wt"),
        ("orders", "invoice_number"),
        ("orders", "date_upd"),
        ("order_details", "id_order"),
        ("order_details", "product_id"),
        ("order_details", "is_booking_product"),
        ("room_bookings", "id_order"),
        ("room_bookings", "id_order_detail"),
        ("room_bookings", "date_upd"),
        ("booking_extra_demands", "id_htl_booking"),
        ("order_discounts", "id_order"),
        ("order_invoices", "id_order"),
        ("order_payments", "order_reference"),
        ("order_slip", "id_order"),
        ("order_slip", "date_upd"),
    ],
)
def test_no_value_of_a_booking_stops_the_others(clock: StillClock, table: str, field: str, value: object) -> None:
    rows = small.tables(order_slip=[small.slip(1, 1, 1, "55.000000", "50.000000")])
    hotel = Odd(rows, clock=lambda: clock.moment.timestamp(), sleep=clock.sleep)
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(hours=12)
    for dated in ("orders", "room_bookings", "order_slip"):
        for row in hotel.tables[dated]:
            row["date_upd"] = wall(clock)
    hotel.odd = (table, field, value)
    for cursor in (None, known):
        found = {record.key: record for record in read(source(hotel, clock), "bookings", cursor)[0]}
        assert {type(found[Key.parse(key)]) for key in ALL[1:]} == {Record}
        assert any(document in found for document in map(Key.parse, (ALL[0], "hotel:order:1", "hotel:payment:1")))


@pytest.mark.parametrize("value", [None, "", "abc", "-1", True, [], {"a": [1]}], ids=repr)
def test_an_address_that_names_no_customer_changes_nobody(clock: StillClock, value: object) -> None:
    rows = small.tables()
    rows["addresses"].append(small.address(1, 8, deleted="1"))
    hotel = Odd(rows, clock=lambda: clock.moment.timestamp(), sleep=clock.sleep)
    known = cursors(hotel, clock)["customers"]
    clock.pass_(hours=12)
    change(hotel, "addresses", 1, clock)
    hotel.odd = ("addresses", "id_customer", value)
    assert read(source(hotel, clock), "customers", known)[0] == []


def test_a_payment_that_names_no_booking_is_shown(hotel: Hotel, clock: StillClock) -> None:
    known = cursors(hotel, clock)["bookings"]
    hotel.tables["order_payments"] += [small.payment(2, "", "10.00"), small.payment(3, "A|B", "10.00")]
    found = read(source(hotel, clock), "bookings", known)[0]
    assert keys(found) == ["hotel:payment:2", "hotel:payment:3"]
    assert all(isinstance(record, Unreadable) and record.entity == "payments" for record in found)
    with pytest.raises(RecordError, match="reference"):
        source(hotel, clock).get(Key.parse("hotel:payment:2"))


def test_an_order_whose_reference_begins_with_a_blank_is_shown(hotel: Hotel, clock: StillClock) -> None:
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(hours=12)
    change(hotel, "orders", 2, clock, reference="  BBBBBBBBB")  # the database would find it with its blanks only
    (odd,) = read(source(hotel, clock), "bookings", known)[0]
    assert isinstance(odd, Unreadable)
    assert (odd.key, odd.source_id, odd.label) == ("hotel:order:2", "2", "order 2")


def test_an_order_that_one_list_shows_and_another_does_not_is_missed(hotel: Hotel, clock: StillClock) -> None:
    class Forgetful(Hotel):
        def handle(self, request: Request) -> Response:
            answer = super().handle(request)
            if request.args.get("filter[reference]", "").startswith("["):
                body = json.loads(answer.get_data())
                body["orders"] = [row for row in body["orders"] if row["id"] != 2]
                answer.set_data(json.dumps(body))
            return answer

    of = source(Forgetful(hotel.tables, clock=lambda: clock.moment.timestamp(), sleep=clock.sleep), clock)
    with pytest.raises(SuspiciousChange, match="`orders` came without a row that is there"):
        read(of, "bookings")


def test_an_order_that_is_deleted_while_it_is_read_is_not_missed(hotel: Hotel, clock: StillClock) -> None:
    known = cursors(hotel, clock)["bookings"]
    clock.pass_(hours=12)
    change(hotel, "orders", 2, clock)

    class Deleting(Hotel):
        def handle(self, request: Request) -> Response:
            if "filter[id]" in request.args and request.args["filter[id]"] == "[2]":
                self.tables["orders"][:] = [row for row in self.tables["orders"] if row["id"] != 2]
            return super().handle(request)

    hotel = Deleting(hotel.tables, clock=lambda: clock.moment.timestamp(), sleep=clock.sleep)
    assert read(source(hotel, clock), "bookings", known)[0] == []


def test_a_payment_without_an_order_is_shown(hotel: Hotel, clock: StillClock) -> None:
    row = small.payment(2, "XXXXXXXXX", "10.00")
    known = cursors(hotel, clock)["bookings"]
    hotel.tables["order_payments"].append(row)
    (found,) = read(source(hotel, clock), "bookings", known)[0]
    assert isinstance(found, Unreadable)
    assert (found.entity, found.source_id) == ("payments", "2")


def test_names_come_in_the_default_language(hotel: Hotel, clock: StillClock) -> None:
    change(hotel, "configurations", 1, None, value="2")
    (found,) = read(source(hotel, clock), "room_types")[0]
    assert isinstance(found, Record)
    assert isinstance(found.documents[0], Item)
    assert found.documents[0].name == "Double (de)"


def test_a_customer_has_the_address_that_is_not_deleted(hotel: Hotel, clock: StillClock) -> None:
    first = read(source(hotel, clock), "customers")[0][0]
    assert isinstance(first, Record)
    contact = first.documents[0]
    assert isinstance(contact, Contact)
    assert contact.address is not None
    assert contact.address.city == "Port"
    assert contact.language == "de"


# --- what is asked ------------------------------------------------------------------------------------------------------------


def test_no_password_and_no_key_is_ever_asked_for(hotel: Hotel, clock: StillClock) -> None:
    cursors(hotel, clock)
    assert hotel.asked
    for asked in hotel.asked:
        assert "passwd" not in asked
        assert "secure_key" not in asked
        assert "ws_key" not in asked
        assert "display=full" not in asked or "/order_slip?" in asked
        assert ("limit=" in asked) == ("sort=" in asked)
        assert "output_format=JSON" in asked


def test_records_hold_no_secret(hotel: Hotel, clock: StillClock) -> None:
    of = source(hotel, clock)
    for stream in STREAMS:
        assert "nobody asked for" not in repr(read(of, stream)[0])


def test_pages_halve_when_the_shop_runs_out_of_memory(clock: StillClock) -> None:
    hotel = small_hotel(clock, max_rows=3)
    of = source(hotel, clock)
    assert keys(read(of, "bookings")[0]) == ALL
    assert clock.now() == datetime(2026, 3, 10, 8, 0, tzinfo=UTC)  # no pause: the same would not fare better later


def test_a_row_that_cannot_be_spoken_is_named(clock: StillClock) -> None:
    hotel = small_hotel(clock, max_rows=0)
    with pytest.raises(OutOfReach, match="`configurations` that follows id 0"):
        read(source(hotel, clock), "customers")


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("off", ConfigError, "switched off"),
        ("redirect", ConfigError, "does not answer under this address"),
        ("php_error", OutOfReach, "code 3"),
        ("html_warning", ContractBroken, "no JSON"),
        ("half_page", ContractBroken, "no JSON"),
        ("empty_body", OutOfReach, "cannot give the row"),
        ("empty_500", OutOfReach, "cannot give the row"),
    ],
)
def test_each_fault_of_the_shop_ends_in_words(
    hotel: Hotel, clock: StillClock, fault: Fault, error: type[Exception], words: str
) -> None:
    known = cursors(hotel, clock)["bookings"]
    hotel.behave(fault)
    with pytest.raises(error, match=words):
        read(source(hotel, clock), "bookings", known)


def test_a_passing_fault_is_waited_out(hotel: Hotel, clock: StillClock) -> None:
    hotel.behave("php_error", resource="orders", times=2)
    assert keys(read(source(hotel, clock), "bookings")[0]) == ALL
    assert clock.now() > datetime(2026, 3, 10, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("cursor", ["{", "[]"])
def test_a_damaged_cursor_is_said_to_be_damaged(hotel: Hotel, clock: StillClock, stream: str, cursor: str) -> None:
    with pytest.raises(ConfigError, match="damaged"):
        read(source(hotel, clock), stream, cursor)


def test_a_cursor_of_another_version_reads_everything(hotel: Hotel, clock: StillClock) -> None:
    assert keys(read(source(hotel, clock), "bookings", '{"v": 0}')[0]) == ALL


def test_an_answer_without_the_servers_clock_is_refused(hotel: Hotel, clock: StillClock) -> None:
    class Muted(Hotel):
        def _stamp(self, response: object) -> None:
            """A proxy drops the header."""

    muted = Muted(small.tables(), clock=lambda: clock.moment.timestamp(), sleep=clock.sleep)
    with pytest.raises(RunError, match="Access-Time"):
        read(source(muted, clock), "customers")
