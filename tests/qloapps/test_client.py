"""The webservice's answers judged, and what the client puts into its requests."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping

import httpx2
import pytest

from qloapps.front import StillClock
from zsync.errors import ConfigError, ContractBroken, SuspiciousChange, Throttled, Unavailable, ZsyncError
from zsync.net.client import Answer, Http
from zsync.sources.qloapps.client import Webservice, Witness, classify

JSON = "application/json"
HTML = "text/html; charset=utf-8"


def errors(*codes: int) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": "words of the shop"} for code in codes]}).encode()


@pytest.mark.parametrize(
    ("status", "content_type", "body", "kind", "words"),
    [
        (401, HTML, b"401 Unauthorized", ConfigError, "did not reach the shop"),
        (401, JSON, errors(18), ConfigError, "not 32 characters"),
        (401, JSON, errors(20, 21), ConfigError, "does not know the webservice key, or it is not active"),
        (401, JSON, errors(26), ConfigError, "may not read `orders`"),
        (403, JSON, errors(132), ConfigError, "not linked to this shop"),
        (403, HTML, b"<h1>Forbidden</h1>", ConfigError, "web server forbids"),
        (405, JSON, errors(25), ConfigError, "may not read `orders`"),
        (404, HTML, b"<h1>Not Found</h1>", ConfigError, "no QloApps webservice at this address"),
        (400, JSON, errors(27), ContractBroken, r"refuses the request for `orders`: 400 \(code 27\)"),
        (400, JSON, errors(32), ContractBroken, r"400 \(code 32\)"),
        (400, JSON, errors(35), ContractBroken, r"400 \(code 35\)"),
        (400, JSON, errors(81), ContractBroken, r"400 \(code 81\)"),
        (429, HTML, b"", Throttled, "asks for a pause"),
        (500, JSON, errors(3), Unavailable, r"500 \(code 3\) when asked for `orders`"),
        (500, HTML, b"<h1>Oops</h1>", Unavailable, "500"),
        (502, HTML, b"", Unavailable, "502"),
        (503, JSON, errors(22), ConfigError, "webservice is switched off"),
        (503, HTML, b"", Unavailable, "503"),
    ],
)
def test_each_answer_has_its_meaning(status: int, content_type: str, body: bytes, kind: type[ZsyncError], words: str) -> None:
    error = classify(Answer(status, {"content-type": content_type}, body), "orders")
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error
    assert "words of the shop" not in error.message
    if kind is ConfigError:
        assert error.hint


def test_a_redirect_names_the_shops_own_domain_and_nothing_more() -> None:
    where = "http://shop.example.com/index.php?limit=1&url=orders"
    error = classify(Answer(302, {"location": where, "content-type": HTML}, b""), "orders")
    assert type(error) is ConfigError
    assert "`http://shop.example.com`" in error.message
    assert "index.php" not in error.message


# --- over a transport -----------------------------------------------------------------------------------------------------


class Shop:
    """Answers each request by `reply`, and keeps the requests."""

    def __init__(self, reply: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.requests: list[httpx2.Request] = []
        self._reply = reply

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self._reply(request)


def service(shop: Shop, *, page_size: int = 500) -> Webservice:
    transport = httpx2.MockTransport(shop)
    http = Http("https://hotel.example.com", "qloapps", clock=StillClock(), auth=("K" * 32, ""), transport=transport)
    return Webservice(http, page_size)


def answered(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx2.Response:
    more = {"Access-Time": "1795300318", "Content-Type": JSON, **(headers or {})}
    return httpx2.Response(status, content=json.dumps(body).encode(), headers=more)


def rows_of(request: httpx2.Request, table: str, *ids: int) -> httpx2.Response:
    """The rows above the id asked for, at most as many as the limit says."""
    params = request.url.params
    after = int(params["filter[id]"].strip(">[]"))
    chosen = [{"id": id, "name": f"row {id}"} for id in ids if id > after][: int(params["limit"])]
    return answered({table: chosen} if chosen else [])


def test_the_key_is_the_user_name_and_never_in_the_address() -> None:
    shop = Shop(lambda request: rows_of(request, "states", 1))
    list(service(shop).every("states", ("id", "name")))
    (request,) = shop.requests
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"K" * 32 + b":").decode()
    assert "K" * 32 not in str(request.url)


def test_a_list_is_read_page_by_page_after_the_last_id() -> None:
    shop = Shop(lambda request: rows_of(request, "states", *range(1, 26)))
    found = list(service(shop, page_size=10).every("states", ("id", "name")))
    assert [row["id"] for row in found] == list(range(1, 26))
    assert [request.url.params["filter[id]"] for request in shop.requests] == [">[0]", ">[10]", ">[20]"]
    assert {request.url.params["sort"] for request in shop.requests} == {"[id_ASC]"}


def test_the_servers_clock_is_kept() -> None:
    shop = Shop(lambda request: rows_of(request, "states", 1))
    of = service(shop)
    list(of.every("states", ("id",)))
    assert int(of.served_at.timestamp()) == 1795300318


def test_rows_in_another_order_than_asked_for_are_refused() -> None:
    shop = Shop(lambda request: answered({"states": [{"id": 2}, {"id": 1}]}))
    with pytest.raises(ContractBroken, match="do not come in the order"):
        list(service(shop).every("states", ("id",)))


@pytest.mark.parametrize(
    "body",
    [
        {"states": {}},
        {"states": [1]},
        {"states": [{"name": "without an id"}]},
        {"a": [], "b": []},
        {},
        "words",
        {"states": [{"id": "x"}]},
        {"states": [{"id": "9" * 30}]},
        {"states": [{"id": True}]},
    ],
)
def test_a_list_of_another_shape_is_refused(body: object) -> None:
    with pytest.raises(ContractBroken, match="shape"):
        list(service(Shop(lambda request: answered(body))).every("states", ("id",)))


def test_an_error_that_comes_as_a_success_is_refused() -> None:
    with pytest.raises(ContractBroken, match="error in place of data"):
        list(service(Shop(lambda request: answered({"errors": [{"code": 1}]}))).every("states", ("id",)))


def owned_by(request: httpx2.Request) -> httpx2.Response:
    """One row, of an owner that nobody asks for."""
    return answered({request.url.path.rpartition("/")[2]: [{"id": 1, "id_order": "0", "reference": "-"}]})


def test_an_empty_list_is_asked_for_a_second_time() -> None:
    replies = iter([answered([]), answered({"states": [{"id": 1}]})])
    shop = Shop(lambda request: next(replies))
    assert list(service(shop).every("states", ("id",))) == [{"id": 1}]
    first, second = shop.requests
    assert first.url == second.url


def test_a_page_that_is_lost_behind_a_full_one_is_asked_for_a_second_time() -> None:
    replies = iter([answered({"states": [{"id": 1}, {"id": 2}]}), answered([]), answered({"states": [{"id": 3}]})])
    shop = Shop(lambda request: next(replies))
    assert [row["id"] for row in service(shop, page_size=2).every("states", ("id",))] == [1, 2, 3]


def test_an_answer_without_the_witness_is_a_failed_query() -> None:
    rows = [{"id": 1, "id_customer": "8"}, {"id": 2, "id_customer": "0"}]
    shop = Shop(lambda request: answered({"addresses": rows}))
    of, last = service(shop), Witness("0", "2")
    assert list(of.among("addresses", "id_customer", ["8", "9"], witness=last)) == rows[:1]
    assert shop.requests[0].url.params["filter[id_customer]"] == "[0|8|9]"
    rows.append({"id": 3, "id_customer": "0"})
    rows.pop(1)
    with pytest.raises(SuspiciousChange, match="`addresses` came without a row that is there"):
        list(of.among("addresses", "id_customer", ["8", "9"], witness=last))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([{"id": 7, "name": "ABC"}], Witness("ABC", "7")),
        ([{"id": 7, "name": "A|B"}], None),
        ([{"id": 7, "name": ""}], None),
        ([], None),
    ],
)
def test_the_last_row_of_a_table_bears_witness_if_its_owner_can_be_asked_for(rows: list[object], found: Witness | None) -> None:
    shop = Shop(lambda request: answered({"orders": rows} if rows else []))
    assert service(shop).witness("orders", "name", where={"deleted": "[0]"}) == found
    asked = shop.requests[0].url.params
    assert (asked["sort"], asked["limit"], asked["filter[deleted]"]) == ("[id_DESC]", "1", "[0]")


def test_close_ids_are_asked_for_as_a_range_and_others_as_a_list() -> None:
    shop = Shop(owned_by)
    of = service(shop)
    list(of.among("order_details", "id_order", ["3", "1", "2", "5"]))
    list(of.among("order_details", "id_order", ["1", "900"]))
    assert [request.url.params["filter[id_order]"] for request in shop.requests] == ["[1,5]", "[1|900]"]


def test_rows_of_a_range_that_were_not_asked_for_are_left_out() -> None:
    rows = [{"id": n, "id_order": str(n)} for n in (1, 2, 3, 4, 5)]
    shop = Shop(lambda request: answered({"order_details": rows}))
    found = list(service(shop).among("order_details", "id_order", ["1", "2", "3", "5"]))
    assert [row["id"] for row in found] == [1, 2, 3, 5]


def test_long_lists_are_split_so_that_an_address_stays_below_eight_kilobytes() -> None:
    shop = Shop(owned_by)
    list(service(shop).among("orders", "reference", [f"REF{n:06d}" for n in range(2000)]))
    assert len(shop.requests) > 1
    assert max(len(str(request.url)) for request in shop.requests) < 7000
    asked = [each for request in shop.requests for each in request.url.params["filter[reference]"].strip("[]").split("|")]
    assert sorted(asked) == [f"REF{n:06d}" for n in range(2000)]


def test_a_list_of_ids_is_split_where_the_shop_runs_out_of_memory() -> None:
    def reply(request: httpx2.Request) -> httpx2.Response:
        ids = request.url.params["filter[id]"].strip("[]").split("|")
        if len(ids) > 2:
            return httpx2.Response(500, content=b"", headers={"Content-Type": HTML})
        return answered({"orders": [{"id": int(id)} for id in ids]})

    found = list(service(Shop(reply)).among("orders", "id", [str(n) for n in range(1, 8)]))
    assert sorted(int(str(row["id"])) for row in found) == list(range(1, 8))


def test_only_an_empty_404_is_evidence_that_an_object_does_not_exist() -> None:
    gone = httpx2.Response(404, content=b"", headers={"Access-Time": "1795300318"})
    elsewhere = httpx2.Response(404, content=b"<h1>Not Found</h1>", headers={"Content-Type": HTML})
    assert service(Shop(lambda request: gone)).stands("orders", "7") is False
    assert service(Shop(lambda request: answered({"orders": [{"id": 7}]}))).stands("orders", "7") is True
    with pytest.raises(ConfigError, match="no QloApps webservice"):
        service(Shop(lambda request: elsewhere)).stands("orders", "7")


def test_an_address_that_is_some_other_server_is_said_to_be_one() -> None:
    with pytest.raises(ConfigError, match="no QloApps webservice"):
        service(Shop(lambda request: answered({"hello": "world"}))).tables()
