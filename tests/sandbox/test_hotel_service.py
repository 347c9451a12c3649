"""The stand-in webservice over the demo group: gates, formats, traps and faults, without any recording."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from zsync.sandbox.hotel import DEMO_KEY, Fault, Hotel, demo


@pytest.fixture
def hotel() -> Hotel:
    return Hotel(demo.group(), clock=lambda: demo.NOW)


def get(hotel: Hotel, path: str, *, key: str | None = DEMO_KEY, method: str = "GET", **headers: str) -> Response:
    where, _, query = path.partition("?")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        sent["Authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    environ = EnvironBuilder(path=f"/api/{where}", query_string=query, method=method, headers=list(sent.items())).get_environ()
    return hotel.handle(Request(environ))


def rows(hotel: Hotel, path: str) -> list[dict[str, Any]]:
    answer = get(hotel, f"{path}{'&' if '?' in path else '?'}output_format=JSON")
    assert answer.status_code == 200
    body = json.loads(answer.get_data())
    found: list[dict[str, Any]] = body if isinstance(body, list) else next(iter(body.values()))
    return found


def ids(hotel: Hotel, path: str) -> list[int]:
    return [int(row["id"]) for row in rows(hotel, path)]


def code(hotel: Hotel, path: str, **more: Any) -> tuple[int, int]:
    answer = get(hotel, f"{path}{'&' if '?' in path else '?'}output_format=JSON", **more)
    return answer.status_code, json.loads(answer.get_data())["errors"][0]["code"]


# -- gates ------------------------------------------------------------------------------------------------------------


def test_each_gate_has_its_own_answer(hotel: Hotel) -> None:
    hotel.allow("L" * 32, "customers")
    hotel.allow("I" * 32, active=False)
    hotel.allow("S" * 32, linked=False)
    assert code(hotel, "orders", key="short") == (401, 18)
    assert code(hotel, "orders", key="U" * 32) == (401, 20)
    assert code(hotel, "orders", key="I" * 32) == (401, 20)
    assert code(hotel, "orders", key="S" * 32) == (403, 132)
    assert code(hotel, "orders", key="L" * 32) == (401, 26)
    assert code(hotel, "products") == (400, 27)
    for method in ("POST", "PUT", "DELETE"):
        assert code(hotel, "customers/1", method=method) == (405, 25)
    assert json.loads(get(hotel, "?output_format=JSON", key="L" * 32).get_data()) == ["customers"]
    assert len(rows(hotel, f"customers?ws_key={DEMO_KEY}")) == 12


def test_no_key_is_refused_in_plain_text_with_a_cookie(hotel: Hotel) -> None:
    answer = get(hotel, "orders?output_format=JSON", key=None)
    assert (answer.status_code, answer.get_data(), answer.mimetype) == (401, b"401 Unauthorized", "text/html")
    assert "Set-Cookie" in answer.headers


def test_a_wrong_host_name_is_redirected_before_the_key_is_looked_at() -> None:
    hotel = Hotel(demo.group(), domain="hotel.example")
    answer = get(hotel, "orders?limit=1", key=None, Host="other.example")
    assert (answer.status_code, answer.get_data()) == (302, b"")
    assert answer.headers["Location"] == "http://hotel.example/index.php?limit=1&url=orders"
    assert get(hotel, "orders?limit=1", Host="hotel.example").status_code == 200
    assert get(hotel, "orders?id_shop=1", Host="hotel.example").status_code == 302


def test_the_webservice_can_be_off(hotel: Hotel) -> None:
    (row,) = (row for row in hotel.tables["configurations"] if row["name"] == "PS_WEBSERVICE")
    row["value"] = "0"
    assert code(hotel, "orders") == (503, 22)


def test_an_unknown_object_is_404_with_neither_body_nor_type(hotel: Hotel) -> None:
    for path in ("orders/999", "orders/abc", "customers/0"):
        answer = get(hotel, f"{path}?output_format=JSON")
        assert (answer.status_code, answer.get_data(), answer.headers.get("Content-Type")) == (404, b"", None)
        assert answer.headers["Access-Time"] == str(int(demo.NOW))


# -- formats ----------------------------------------------------------------------------------------------------------


def test_only_json_so_written_is_json(hotel: Hotel) -> None:
    for asked in ("output_format=JSON", "io_format=JSON"):
        assert get(hotel, f"orders?{asked}").mimetype == "application/json"
    assert get(hotel, "orders", Output_Format="JSON").mimetype == "application/json"
    assert get(hotel, "orders", Io_Format="JSON").mimetype == "application/json"
    for asked in ("output_format=json", "x=1"):
        answer = get(hotel, f"orders?{asked}", Accept="application/json")
        assert answer.mimetype == "text/xml"
        assert answer.get_data().startswith(b"<?xml")


def test_values_are_strings_and_ids_are_numbers_but_not_in_every_table(hotel: Hotel) -> None:
    (order,) = rows(hotel, "orders?display=full&filter[id]=[1]")
    assert (order["id"], order["id_customer"], order["total_paid"], order["transaction_id"]) == (1, "1", "689.700000", None)
    assert order["associations"] == {"bookings": [{"id": "1"}]}
    assert rows(hotel, "room_bookings?display=[id]&filter[id]=[1]") == [{"id": "1"}]
    assert rows(hotel, "room_bookings?filter[id]=[1]") == [{"id": 1}]
    assert b"https:\\/\\/alpenrad.example" in get(hotel, "customers/5?output_format=JSON").get_data()


def test_multilingual_fields_are_lists_until_a_language_is_asked_for(hotel: Hotel) -> None:
    assert rows(hotel, "services?display=[name]&filter[id]=[11]") == [
        {"name": [{"id": "1", "value": "Breakfast"}, {"id": "2", "value": "Frühstück"}]}
    ]
    assert rows(hotel, "services?display=[name]&filter[id]=[11]&language=2") == [{"name": "Frühstück"}]
    assert rows(hotel, "orders?display=[id]&filter[id]=[11]&language=1") == [{"id": 11}]
    assert code(hotel, "services?language=7") == (400, 81)


def test_with_one_language_multilingual_fields_are_plain(hotel: Hotel) -> None:
    hotel.tables["languages"].pop()
    assert rows(hotel, "services?display=[name]&filter[id]=[11]") == [{"name": "Breakfast"}]


def test_elements_are_named_as_in_the_real_one(hotel: Hotel) -> None:
    names = {}
    for resource in ("order_discounts", "room_bookings", "booking_extra_demands", "hotel_rooms"):
        names[resource] = next(iter(json.loads(get(hotel, f"{resource}?output_format=JSON").get_data())))
    assert names == {
        "order_discounts": "order_cart_rules",
        "room_bookings": "bookings",
        "booking_extra_demands": "extra_demands",
        "hotel_rooms": "rooms",
    }
    assert list(json.loads(get(hotel, "order_discounts/1?output_format=JSON").get_data())) == ["order_cart_rule"]


def test_an_empty_list_is_a_bare_list(hotel: Hotel) -> None:
    assert json.loads(get(hotel, "order_slip?display=full&output_format=JSON").get_data()) == []


def test_empty_associations_are_absent(hotel: Hotel) -> None:
    (cot, *others) = rows(hotel, "room_bookings?display=full&filter[id_order]=[13|14]&sort=[id_DESC]")
    assert cot["associations"] == {"booking_extra_demands": [{"id": "1"}]}
    assert "associations" not in others[0]
    assert rows(hotel, "orders?display=[bookings[id]]&filter[id]=[2]&sort=[id_ASC]") == [
        {"associations": {"bookings": [{"id": "2"}, {"id": "3"}]}}
    ]


def test_a_full_display_hands_out_secrets_and_a_narrow_one_does_not(hotel: Hotel) -> None:
    assert {"passwd", "secure_key"} <= set(rows(hotel, "customers?display=full")[0])
    assert set(rows(hotel, "customers?display=[id,email]")[0]) == {"id", "email"}
    assert hotel.asked[0] == "GET /api/customers?display=full&output_format=JSON"


def test_keys_are_not_kept_in_the_list_of_requests(hotel: Hotel) -> None:
    get(hotel, f"orders?ws_key={DEMO_KEY}&limit=1", key=None)
    assert hotel.asked == ["GET /api/orders?limit=1"]


# -- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[id]=[1|5]", [1, 5]),
        ("filter[id]=[5,3]", [3, 4, 5]),
        ("filter[id]=[4]", [4]),
        ("filter[id]=4", [4]),
        ("filter[id]=>[22]", [23, 24]),
        ("filter[id]=<[3]", [1, 2]),
        ("filter[id]=![1|2]&filter[id_customer]=[1]", [12, 22]),
        ("filter[reference]=[two]%25", [2, 3]),
        ("filter[reference]=%25[TRI]", [4, 5, 6]),
        ("filter[reference]=%25[mil]%25", [4, 5, 6]),
        ("filter[total_paid]=[60]", [11]),
        ("filter[date_add]=[2026-03-01,2026-03-04]&date=1", [19, 20]),
        ("filter%5Bid%5D=%5B1%7C5%5D", [1, 5]),
    ],
)
def test_filters_select_as_the_database_does(hotel: Hotel, query: str, found: list[int]) -> None:
    assert ids(hotel, f"orders?{query}&sort=[id_ASC]") == found


def test_text_is_compared_without_case_accents_and_trailing_blanks(hotel: Hotel) -> None:
    assert ids(hotel, "customers?filter[email]=[ANNA.berger@mail.example]&sort=[id_ASC]") == [1, 4]
    assert ids(hotel, "customers?filter[lastname]=[zolkiewski]") == []  # the letter ł is no l with an accent
    assert ids(hotel, "customers?filter[firstname]=[sean]") == [8]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("filter[nosuch]=[1]", 32),
        ("filter[date_upd]=[2026-01-01,2026-02-01]", 32),
        ("filter[id]=", 33),
        ("display=[id,nosuch]", 35),
        ("display=id", 36),
        ("sort=id", 37),
        ("sort=[date_upd_ASC]", 38),
        ("limit=1,2,3", 39),
    ],
)
def test_what_is_refused_has_its_code(hotel: Hotel, query: str, number: int) -> None:
    assert code(hotel, f"orders?{query}") == (400, number)


@pytest.mark.parametrize(
    "path",
    [
        "order_payments?filter[date_upd]=[2020-01-01,2030-01-01]&date=1",
        "order_details?filter[date_upd]=[2020-01-01,2030-01-01]&date=1",
        "order_details?sort=[date_upd_ASC]&date=1",
        "room_types?filter[id_hotel]=[1]",
        "orders?filter[id]=[1|5",
        "orders?limit=0",
        "orders?limit=abc",
        "orders?limit=-1",
        "orders?limit=1000,50",
    ],
)
def test_traps_read_as_an_empty_list(hotel: Hotel, path: str) -> None:
    assert rows(hotel, path) == []


def test_rows_without_a_sort_come_in_an_order_that_helps_nobody(hotel: Hotel) -> None:
    unsorted = ids(hotel, "orders")
    assert unsorted != sorted(unsorted)
    assert sorted(unsorted) == list(range(1, 25))
    assert unsorted == ids(hotel, "orders")
    assert ids(hotel, "orders?sort=[id_DESC]&limit=2,3") == [22, 21, 20]


def test_a_sort_by_several_fields_uses_them_in_turn(hotel: Hotel) -> None:
    found = rows(hotel, "orders?display=[id,id_customer]&sort=[id_customer_DESC,id_ASC]")
    assert found == sorted(found, key=lambda row: (-int(row["id_customer"]), row["id"]))


def test_display_on_a_single_object_is_not_honoured(hotel: Hotel) -> None:
    assert json.loads(get(hotel, "orders/2?display=full&output_format=JSON").get_data()) == {"orders": [{"id": 2}]}


def test_bookings_lists_all_orders_whatever_is_asked(hotel: Hotel) -> None:
    assert sorted(ids(hotel, "bookings?limit=0,3&sort=[id_ASC]&filter[id]=[1]")) == list(range(1, 25))
    assert get(hotel, "bookings/1?output_format=JSON").status_code == 500
    assert get(hotel, "extra_services?output_format=JSON").get_data() == b""


def test_too_many_rows_end_out_of_memory_but_their_ids_do_not(hotel: Hotel) -> None:
    hotel.max_rows = 10
    answer = get(hotel, "orders?display=[id,date_upd]&output_format=JSON")
    assert (answer.status_code, answer.get_data()) == (500, b"")
    assert len(rows(hotel, "orders?display=[id]&limit=10")) == 10
    assert len(rows(hotel, "orders")) == 24


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [("empty_500", 500, b""), ("empty_body", 200, b""), ("empty_list", 200, b"[]"), ("redirect", 302, b"")],
)
def test_a_fault_happens_as_often_as_it_was_ordered(hotel: Hotel, fault: Fault, status: int, body: bytes) -> None:
    hotel.behave(fault, resource="orders", times=1, after=1)
    assert len(rows(hotel, "customers")) == 12
    assert len(rows(hotel, "orders")) == 24
    answer = get(hotel, "orders?output_format=JSON")
    assert (answer.status_code, answer.get_data()) == (status, body)
    assert len(rows(hotel, "orders")) == 24


def test_a_fault_without_a_number_lasts_until_told_off(hotel: Hotel) -> None:
    hotel.behave("off")
    assert [code(hotel, "orders"), code(hotel, "customers")] == [(503, 22), (503, 22)]
    hotel.behave_well()
    assert len(rows(hotel, "orders")) == 24


def test_a_warning_spoils_the_body_or_replaces_it(hotel: Hotel) -> None:
    hotel.behave("html_warning", times=1)
    hotel.behave("php_error", times=1)
    hotel.behave("half_page", times=1)
    printed = get(hotel, "orders?output_format=JSON")
    assert (printed.status_code, printed.mimetype) == (200, "application/javascript")
    assert printed.get_data().startswith(b"<br />")
    assert code(hotel, "orders") == (500, 3)
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(hotel, "orders?output_format=JSON").get_data())


def test_a_slow_answer_waits_on_the_given_sleep() -> None:
    waited: list[float] = []
    hotel = Hotel(demo.group(), sleep=waited.append)
    hotel.behave("slow", times=1)
    assert len(rows(hotel, "orders")) == 24
    assert waited == [30.0]
