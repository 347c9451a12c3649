"""The client of a Zoho finance product: organisation on every call, limits told to the pace, pages to the end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from net.timepiece import Timepiece
from zsync.errors import ContractBroken, InDoubt, OutOfReach, QuotaUsedUp, Refused, Throttled, ZsyncError
from zsync.net.client import Http
from zsync.net.pace import Limits, Pace
from zsync.ports import Quota
from zsync.targets.zoho.client import ZohoClient, refused_token, resource, rows

Handler = Callable[[httpx2.Request], httpx2.Response]


class Books:
    """A client whose remote is a function."""

    def __init__(self, handler: Handler, limits: Limits | None = None) -> None:
        self.clock = Timepiece()
        self.pace = Pace("zoho-books", limits or Limits(), Quota(), self.clock, ZoneInfo("UTC"))
        self.seen: list[httpx2.Request] = []

        def noting(request: httpx2.Request) -> httpx2.Response:
            self.seen.append(request)
            return handler(request)

        http = Http(
            "https://www.zohoapis.eu",
            "zoho-books",
            clock=self.clock,
            pace=self.pace,
            transport=httpx2.MockTransport(noting),
            monotonic=self.clock.monotonic,
        )
        self.client = ZohoClient(http, self.pace, "/books/v3", "20061234567")


def answering(status: int, body: object, headers: dict[str, str] | None = None) -> Handler:
    return lambda request: httpx2.Response(status, json=body, headers=headers)


def refusal(code: int, status: int = 429, headers: dict[str, str] | None = None) -> Handler:
    return answering(status, {"code": code, "message": "no"}, headers)


# --- requests and answers -----------------------------------------------------------------------------------------------------


def test_every_call_names_the_organisation_and_reads_money_exactly() -> None:
    books = Books(answering(201, {"code": 0, "message": "created", "invoice": {"total": 10.10}}))
    answer = books.client.post("/invoices", {"rate": Decimal("10.10")}, {"ignore_auto_number_generation": "true"})
    assert answer["invoice"] == {"total": Decimal("10.1")}
    request = books.seen[0]
    assert request.url.path == "/books/v3/invoices"
    assert dict(request.url.params) == {"organization_id": "20061234567", "ignore_auto_number_generation": "true"}
    assert request.content == b'{"rate":10.1}'
    assert books.client.calls == 1


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_each_verb_is_one_request_of_that_method(method: str) -> None:
    books = Books(answering(200, {"code": 0}))
    calls: dict[str, Callable[[], dict[str, Any]]] = {
        "get": lambda: books.client.get("/items/1"),
        "post": lambda: books.client.post("/items/1/active"),
        "put": lambda: books.client.put("/items/1", {"name": "a"}),
        "delete": lambda: books.client.delete("/items/1"),
    }
    assert calls[method]() == {"code": 0}
    assert [request.method for request in books.seen] == [method.upper()]


def test_a_refused_write_is_sent_once() -> None:
    books = Books(refusal(3062, 400))
    with pytest.raises(Refused) as caught:
        books.client.post("/contacts", {"contact_name": "a"})
    assert caught.value.duplicate
    assert books.client.calls == 1


@pytest.mark.parametrize("status", [200, 502])
def test_a_page_instead_of_json_is_doubt_on_a_write_and_tried_again_on_a_read(status: int) -> None:
    books = Books(lambda request: httpx2.Response(status, html="<html>gateway</html>"))
    with pytest.raises(InDoubt):
        books.client.put("/invoices/1", {})
    assert books.client.calls == 1
    with pytest.raises(OutOfReach):
        books.client.get("/invoices/1")
    assert books.client.calls == 5


@pytest.mark.parametrize("text", ['{"code": 0, "invoice": {"tot', "[]", "7", ""])
def test_an_answer_that_was_cut_short_leaves_a_write_in_doubt(text: str) -> None:
    books = Books(lambda request: httpx2.Response(201, text=text, headers={"Content-Type": "application/json;charset=UTF-8"}))
    with pytest.raises(InDoubt):
        books.client.post("/invoices", {})


# --- limits ---------------------------------------------------------------------------------------------------------------


def test_code_44_on_a_write_fills_the_minute_for_everybody() -> None:
    books = Books(refusal(44))
    with pytest.raises(Throttled) as caught:
        books.client.post("/items", {})
    assert caught.value.after_s == 60
    assert len(books.pace.quota().recent) == 80
    books.pace.reserve(1)
    assert sum(books.clock.slept) == pytest.approx(60, abs=0.02)


def test_code_44_on_a_read_is_waited_out() -> None:
    answers = iter([refusal(44), answering(200, {"code": 0, "item": {}})])
    books = Books(lambda request: next(answers)(request))
    assert books.client.get("/items/1")["item"] == {}
    assert sum(books.clock.slept) == pytest.approx(60, abs=0.02)
    assert books.client.calls == 2


def test_code_1070_pauses_a_few_seconds_and_narrows_the_run() -> None:
    books = Books(refusal(1070), Limits(concurrency=2))
    with pytest.raises(Throttled) as caught:
        books.client.post("/items", {})
    assert caught.value.after_s == 5
    assert len(books.pace.quota().recent) == 1
    assert books.pace.concurrency == 1
    books.pace.reserve(1)
    assert books.clock.slept == [5]


def test_code_45_blocks_until_the_reset_of_the_header_and_sends_nothing_more() -> None:
    headers = {"X-Rate-Limit-Limit": "1000", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "7200"}
    books = Books(refusal(45, headers=headers))
    until = books.clock.now() + timedelta(hours=2)
    for _ in range(3):
        with pytest.raises(QuotaUsedUp) as caught:
            books.client.post("/items", {})
        assert caught.value.until == until
        assert "10:00 UTC" in caught.value.hint
    assert books.client.calls == 1
    assert books.pace.quota().blocked_until == until


def test_code_45_without_headers_blocks_until_midnight_there() -> None:
    books = Books(refusal(45))
    with pytest.raises(QuotaUsedUp) as caught:
        books.client.get("/items")
    assert caught.value.until == datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    assert books.client.calls == 1


def test_code_45_that_names_its_own_pause_is_believed_before_the_header_of_the_day() -> None:
    headers = {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "7200", "Retry-After": "900"}
    books = Books(refusal(45, 200, headers))
    with pytest.raises(QuotaUsedUp) as caught:
        books.client.post("/items", {})
    assert caught.value.until == books.clock.now() + timedelta(minutes=15)
    with pytest.raises(QuotaUsedUp):
        books.client.get("/items")
    assert books.client.calls == 1


@pytest.mark.parametrize(("code", "kind"), [(44, Throttled), (1070, Throttled), (45, QuotaUsedUp)])
@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 429, 500, 503])
def test_a_limit_is_a_limit_with_any_status_and_no_write_is_in_doubt(code: int, kind: type[ZsyncError], status: int) -> None:
    books = Books(refusal(code, status))
    with pytest.raises(kind):
        books.client.post("/items", {})
    assert books.client.calls == 1
    if kind is QuotaUsedUp:
        with pytest.raises(QuotaUsedUp):
            books.pace.reserve(1)
    else:
        books.pace.reserve(1)
        assert sum(books.clock.slept) == pytest.approx(60 if code == 44 else 5, abs=0.02)


def test_a_read_comes_back_when_an_outage_says_so() -> None:
    answers = iter([answering(503, {}, {"Retry-After": "30"}), answering(200, {"code": 0})])
    books = Books(lambda request: next(answers)(request))
    assert books.client.get("/items") == {"code": 0}
    assert books.clock.slept == [30]


@pytest.mark.parametrize("body", ['{"code": null}', '{"code": true}', '{"code": 0.0}', '{"code": "ok"}', '{"code": []}', "{}"])
def test_a_success_without_a_proper_code_leaves_a_write_in_doubt(body: str) -> None:
    books = Books(lambda request: httpx2.Response(201, text=body, headers={"Content-Type": "application/json"}))
    with pytest.raises(InDoubt):
        books.client.post("/customerpayments", {})


def test_a_pause_that_the_answer_asks_for_goes_before_the_tables() -> None:
    books = Books(refusal(1070, headers={"Retry-After": "20"}))
    with pytest.raises(Throttled) as caught:
        books.client.post("/items", {})
    assert caught.value.after_s == 20
    books.pace.reserve(1)
    assert books.clock.slept == [20]


def test_a_long_pause_that_the_answer_asks_for_ends_the_run() -> None:
    books = Books(refusal(44, headers={"Retry-After": "3600"}))
    with pytest.raises(Throttled):
        books.client.post("/items", {})
    with pytest.raises(QuotaUsedUp) as caught:
        books.client.post("/items", {})
    assert caught.value.until == books.clock.now() + timedelta(hours=1)
    assert books.client.calls == 1


def test_the_quota_of_the_answers_is_kept() -> None:
    books = Books(answering(200, {"code": 0}, {"X-Rate-Limit-Limit": "7500", "X-Rate-Limit-Remaining": "6775"}))
    books.client.get("/items")
    quota = books.pace.quota()
    assert (quota.limit, quota.remaining, quota.calls) == (7500, 6775, 1)


# --- lists ----------------------------------------------------------------------------------------------------------------


def test_a_list_is_read_to_its_last_page() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        page = int(request.url.params["page"])
        assert request.url.params["per_page"] == "200"
        assert request.url.params["sort_column"] == "date"
        return httpx2.Response(
            200, json={"code": 0, "items": [{"item_id": str(page)}], "page_context": {"page": page, "has_more_page": page < 3}}
        )

    books = Books(handler)
    assert [row["item_id"] for row in books.client.pages("/items", "items", {"sort_column": "date"})] == ["1", "2", "3"]
    assert books.client.calls == 3


def test_a_list_that_says_more_but_gives_nothing_new_is_not_followed_for_ever() -> None:
    page = {"code": 0, "items": [{"item_id": "1"}], "page_context": {"has_more_page": True}}
    books = Books(answering(200, page), Limits(calls_per_minute=None, calls_per_day=None))
    with pytest.raises(ContractBroken, match="does not end"):
        list(books.client.pages("/items", "items"))
    assert books.client.calls < 10


@pytest.mark.parametrize("context", [None, {}, [], "x"])
def test_a_list_without_a_page_context_is_one_page(context: object) -> None:
    books = Books(answering(200, {"code": 0, "taxes": [], "page_context": context}))
    assert list(books.client.pages("/settings/taxes", "taxes")) == []
    assert books.client.calls == 1


def test_a_full_page_that_does_not_say_whether_more_follows_is_not_taken_for_the_whole() -> None:
    books = Books(answering(200, {"code": 0, "items": [{"item_id": str(number)} for number in range(200)]}))
    with pytest.raises(ContractBroken, match="whether more follows"):
        list(books.client.pages("/items", "items"))


def test_a_list_may_come_under_either_of_its_names() -> None:
    name = "customerpayments|customer_payments"
    assert rows({"customerpayments": [{"a": 1}]}, name) == [{"a": 1}]
    assert rows({"customer_payments": []}, name) == []
    with pytest.raises(ContractBroken):
        rows({"payments": []}, name)
    with pytest.raises(ContractBroken):
        rows({"customerpayments": ["x"]}, name)


def test_a_document_that_is_not_in_its_answer_is_a_broken_contract() -> None:
    assert resource({"invoice": {"total": 1}}, "invoice") == {"total": 1}
    strange: list[dict[str, object]] = [{}, {"invoice": []}, {"invoice": None}]
    for answer in strange:
        with pytest.raises(ContractBroken):
            resource(answer, "invoice")


# --- the token ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (401, b"", True),
        (401, b'{"code":57,"message":"not authorized"}', True),
        (400, b'{ "message":"x", "code" : 57 }', True),
        (400, b'{"code":"14"}', True),
        (401, b'{"code":6041}', True),
        (401, b'{"code":44}', False),
        (401, b'{"code":1070}', False),
        (401, b'{"code":45}', False),
        (400, b'{"code":5}', False),
        (400, b'{"code":570}', False),
        (400, b'{"code":2,"message":"\\"code\\":57,"}', False),
        (429, b'{"code":44}', False),
        (403, b"<html>", False),
        (403, b"[57]", False),
    ],
)
def test_the_token_is_meant_by_401_or_its_codes(status: int, body: bytes, refused: bool) -> None:
    assert refused_token(status, body) is refused


# --- privacy --------------------------------------------------------------------------------------------------------------


def test_a_guest_named_in_a_refusal_reaches_the_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    books = Books(answering(400, {"code": 3062, "message": 'The customer "Zofie Novakova" already exists.'}))
    with pytest.raises(ZsyncError) as caught:
        books.client.post("/contacts", {"contact_name": "Zofie Novakova"})
    assert "Novakova" in caught.value.message
    assert "POST /books/v3/contacts 400" in caplog.text
    assert "Novakova" not in caplog.text
    assert "20061234567" not in caplog.text
