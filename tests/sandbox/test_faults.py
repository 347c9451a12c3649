"""Faults, limits and lag of the sandbox: what goes wrong does so as ordered, with or without the effect."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from sandbox.bench import ORGANIZATION, Bench, line
from zsync.sandbox import Behaviour, ConnectionCut, Fault, Limits
from zsync.sandbox.faults import Verb
from zsync.sandbox.transport import InProcess


def on_post(verb: Verb, **more: Any) -> Fault:
    return Fault(verb, system="books", method="POST", path=r"^/contacts$", **more)


def names(bench: Bench) -> list[str]:
    return [each["contact_name"] for each in bench.books.contacts.values()]


def post(bench: Bench, name: str = "Ada") -> Any:
    return bench.post("/contacts", {"contact_name": name})


@pytest.mark.parametrize(
    ("verb", "status", "code", "stands"),
    [
        ("refuse", 400, 2, False),
        ("throttle_minute", 429, 44, False),
        ("throttle_day", 429, 45, False),
        ("throttle_concurrent", 429, 1070, False),
        ("expired_token", 401, 57, False),
        ("error_before", 500, 1000, False),
        ("error_after", 500, 1000, True),
    ],
)
def test_a_fault_answers_with_its_code_and_with_or_without_the_effect(verb: Verb, status: int, code: int, stands: bool) -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post(verb))
    answer = post(bench)
    assert (answer.status, answer.code) == (status, code)
    assert names(bench) == (["Ada"] if stands else [])
    assert post(bench, "Bob").status == 201


@pytest.mark.parametrize(
    ("verb", "kind", "stands"), [("cut_before", "cut", 0), ("cut_after", "cut", 1), ("refused_connection", "refused", 0)]
)
def test_a_cut_connection_leaves_the_application_as_an_exception(verb: Verb, kind: str, stands: int) -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post(verb))
    with pytest.raises(ConnectionCut) as caught:
        post(bench)
    assert caught.value.kind == kind
    assert len(names(bench)) == stands


def test_refuse_answers_what_it_was_told() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("refuse", status=400, code=3062, message="exists"))
    answer = post(bench)
    assert (answer.status, answer.body) == (400, {"code": 3062, "message": "exists"})


def test_html_comes_with_200_before_or_after_the_effect() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("html"), on_post("html", nth=2, after=False))
    for name in ("Ada", "Bob"):
        answer = post(bench, name)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/html")
    assert names(bench) == ["Ada"]


def test_html_comes_with_any_status() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("html", status=502, after=False))
    answer = post(bench)
    assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    assert names(bench) == []


def test_a_limit_may_be_told_with_another_status() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("refuse", status=400, code=44))
    assert (post(bench).status, names(bench)) == (400, [])


def test_truncated_json_is_no_json() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("truncated"))
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        post(bench)
    assert names(bench) == ["Ada"]


def test_nth_and_times_choose_the_requests() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("error_before", nth=2, times=2))
    assert [post(bench, name).status for name in "abcd"] == [201, 500, 500, 201]
    assert bench.sandbox.faults.met() == 2


def test_times_zero_is_for_ever_until_cleared() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("error_before", times=0))
    assert [post(bench, name).status for name in "abc"] == [500, 500, 500]
    bench.sandbox.faults.clear()
    assert post(bench).status == 201


def test_a_fault_of_another_path_leaves_this_one_alone() -> None:
    bench = Bench()
    bench.sandbox.faults.add(Fault("error_before", system="books", path=r"^/invoices"))
    assert post(bench).status == 201


def test_a_late_request_takes_effect_when_its_time_has_come() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("late", seconds=120))
    with pytest.raises(ConnectionCut):
        post(bench)
    assert names(bench) == []
    assert bench.sandbox.pending() == 1
    bench.clock.move(119)
    assert bench.sandbox.tick() == 0
    bench.clock.move(1)
    assert bench.get("/contacts").body["contacts"][0]["contact_name"] == "Ada"
    assert [entry.status for entry in bench.sandbox.ledger.late()] == [201]
    assert [entry.status for entry in bench.sandbox.ledger.entries("books")] == [0, 200]


def test_what_landed_while_nobody_asked_is_as_old_as_its_landing() -> None:
    """A list that lags by five minutes shows it five minutes after it landed, not after the next question."""
    bench = Bench(behaviour=Behaviour(lag_s=300))
    bench.sandbox.faults.add(on_post("late", seconds=600))
    with pytest.raises(ConnectionCut):
        post(bench)
    bench.clock.move(899)
    assert bench.get("/contacts").body["contacts"] == []
    bench.clock.move(1)
    assert [each["contact_name"] for each in bench.get("/contacts").body["contacts"]] == ["Ada"]


def test_late_requests_land_in_the_order_of_their_times() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("late", seconds=60), on_post("late", nth=2, seconds=30))
    for name in ("Ada", "Bob"):
        with pytest.raises(ConnectionCut):
            post(bench, name)
    bench.clock.move(100)
    assert bench.sandbox.tick() == 2
    assert names(bench) == ["Bob", "Ada"]


def test_a_late_request_lands_although_its_token_is_dead_by_then() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("late", seconds=60))
    with pytest.raises(ConnectionCut):
        post(bench)
    bench.sandbox.accounts.expire_access()
    bench.clock.move(60)
    bench.sandbox.tick()
    assert names(bench) == ["Ada"]


def test_slow_waits_by_the_sleep_that_was_given() -> None:
    bench = Bench()
    bench.sandbox.faults.add(on_post("slow", seconds=7))
    assert post(bench).status == 201
    assert bench.clock.slept == [7]


# --- through httpx2, in process ---------------------------------------------------------------------------------------


def through_httpx(bench: Bench, name: str = "Ada") -> httpx2.Response:
    with httpx2.Client(transport=InProcess(bench.sandbox), timeout=5) as client:
        return client.post(
            "https://www.zohoapis.eu/books/v3/contacts",
            params={"organization_id": ORGANIZATION},
            json={"contact_name": name},
            headers={"Authorization": f"Zoho-oauthtoken {bench.token}"},
        )


@pytest.mark.parametrize(
    ("fault", "error", "stands"),
    [
        (Fault("cut_before"), httpx2.ReadError, 0),
        (Fault("cut_after"), httpx2.ReadError, 1),
        (Fault("late", seconds=9), httpx2.ReadTimeout, 0),
        (Fault("slow", seconds=9), httpx2.ReadTimeout, 1),
        (Fault("refused_connection"), httpx2.ConnectError, 0),
    ],
    ids=lambda value: value.verb if isinstance(value, Fault) else "",
)
def test_in_process_a_client_meets_the_errors_of_a_wire(fault: Fault, error: type[Exception], stands: int) -> None:
    bench = Bench()
    bench.sandbox.faults.add(fault)
    with pytest.raises(error):
        through_httpx(bench)
    assert len(names(bench)) == stands


def test_in_process_an_answer_that_is_slow_but_in_time_arrives() -> None:
    bench = Bench()
    bench.sandbox.faults.add(Fault("slow", seconds=4))
    assert through_httpx(bench).status_code == 201
    assert bench.clock.slept == [4]


# --- limits -----------------------------------------------------------------------------------------------------------


def test_the_hundred_and_first_call_of_a_minute_is_refused_with_44() -> None:
    bench = Bench(limits=Limits(per_minute=3, per_day=None))
    assert [bench.get("/contacts").status for _ in range(3)] == [200, 200, 200]
    refused = bench.get("/contacts")
    assert (refused.status, refused.code) == (429, 44)
    bench.clock.move(61)
    assert bench.get("/contacts").status == 200


def test_the_block_may_outlast_the_minute() -> None:
    bench = Bench(limits=Limits(per_minute=1, per_day=None, blocked_s=300))
    bench.get("/contacts")
    assert bench.get("/contacts").code == 44
    bench.clock.move(200)
    assert bench.get("/contacts").code == 44
    bench.clock.move(301)
    assert bench.get("/contacts").status == 200


def test_the_day_is_used_up_and_turns_at_midnight_of_the_organisation() -> None:
    bench = Bench(limits=Limits(per_minute=None, per_day=2))
    first = bench.get("/contacts")
    assert first.headers["X-Rate-Limit-Limit"] == "2"
    assert first.headers["X-Rate-Limit-Remaining"] == "1"
    # Noon UTC is one o'clock in Berlin: eleven hours are left of the day.
    assert first.headers["X-Rate-Limit-Reset"] == str(11 * 3600)
    bench.get("/contacts")
    refused = bench.get("/contacts")
    assert (refused.status, refused.code) == (429, 45)
    assert "limit of 2" in refused.body["message"]
    bench.clock.move(11 * 3600)
    bench.token, _ = bench.sandbox.accounts.issue()
    assert bench.get("/contacts").status == 200


def test_a_refused_token_carries_no_quota_headers() -> None:
    bench = Bench(limits=Limits(per_day=10))
    bench.token = "dead"
    assert "X-Rate-Limit-Limit" not in bench.get("/contacts").headers


def test_one_call_too_many_at_once_is_refused_with_1070() -> None:
    inside, leave = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        inside.set()
        leave.wait(10)

    bench = Bench(limits=Limits(per_minute=None, per_day=None, at_once=1), sleep=sleep)
    bench.sandbox.faults.add(Fault("slow", path="^/items$", seconds=1))
    worker = threading.Thread(target=lambda: bench.get("/items"))
    worker.start()
    assert inside.wait(10)
    refused = bench.get("/contacts")
    leave.set()
    worker.join(10)
    assert (refused.status, refused.code) == (429, 1070)
    assert bench.get("/contacts").status == 200


def test_four_threads_create_each_contact_once() -> None:
    bench = Bench()

    def create(first: int) -> None:
        for n in range(first, 40, 4):
            post(bench, f"Guest {n}")

    workers = [threading.Thread(target=create, args=(first,)) for first in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(names(bench)) == sorted(f"Guest {n}" for n in range(40))


# --- lists that lag ---------------------------------------------------------------------------------------------------


def test_a_list_shows_a_new_record_after_the_lag_and_a_get_at_once() -> None:
    bench = Bench(Behaviour(lag_s=30))
    id = bench.contact()
    assert bench.get("/contacts").body["contacts"] == []
    assert bench.get(f"/contacts/{id}").status == 200
    bench.clock.move(30)
    assert [row["contact_id"] for row in bench.get("/contacts").body["contacts"]] == [id]


def test_a_list_shows_the_old_face_of_a_changed_record() -> None:
    bench = Bench(Behaviour(lag_s=30))
    id = bench.contact("Ada")
    bench.clock.move(31)
    bench.put(f"/contacts/{id}", {"contact_name": "Ada L."})
    assert bench.get("/contacts").body["contacts"][0]["contact_name"] == "Ada"
    assert bench.get(f"/contacts/{id}").body["contact"]["contact_name"] == "Ada L."
    bench.clock.move(31)
    assert bench.get("/contacts").body["contacts"][0]["contact_name"] == "Ada L."


def test_a_list_still_shows_what_was_just_deleted() -> None:
    bench = Bench(Behaviour(lag_s=30))
    id = bench.contact("Ada")
    bench.clock.move(31)
    bench.delete(f"/contacts/{id}")
    assert len(bench.get("/contacts").body["contacts"]) == 1
    assert bench.get(f"/contacts/{id}").status == 404
    bench.clock.move(31)
    assert bench.get("/contacts").body["contacts"] == []


def test_the_unique_name_is_refused_although_the_list_does_not_show_it() -> None:
    bench = Bench(Behaviour(lag_s=30))
    post(bench)
    assert bench.get("/contacts", contact_name="Ada").body["contacts"] == []
    assert post(bench).code == 3062


@pytest.mark.parametrize(("lags", "rows"), [(False, 1), (True, 0)])
def test_the_payments_of_an_invoice_lag_only_where_the_switch_says_so(lags: bool, rows: int) -> None:
    bench = Bench(Behaviour(lag_s=30, lag_in_sublists=lags))
    customer = bench.contact()
    invoice = bench.invoice(customer, "I-1", line("50"))["invoice_id"]
    bench.pay(customer, "50", (invoice, "50"))
    assert len(bench.get(f"/invoices/{invoice}/payments").body["payments"]) == rows
    bench.clock.move(31)
    assert bench.get(f"/invoices/{invoice}/payments").body["payments"][0]["amount"] == Decimal(50)


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_the_ledger_counts_calls_and_keeps_what_was_sent() -> None:
    bench = Bench()
    bench.get("/contacts", contact_name="Ada")
    post(bench)
    post(bench)
    first, second, third = bench.sandbox.ledger.entries("books")
    assert (first.method, first.path, first.query["contact_name"], first.code) == ("GET", "/contacts", "Ada", 0)
    assert (second.body, second.status, second.code) == ({"contact_name": "Ada"}, 201, 0)
    assert third.code == 3062
    assert bench.sandbox.ledger.calls("books") == 3
    assert len(bench.sandbox.ledger.writes("books")) == 2
    bench.sandbox.ledger.clear()
    assert bench.sandbox.ledger.calls() == 0


def test_an_unknown_path_of_the_sandbox_is_not_found() -> None:
    assert Bench().caller.get("/nothing").status_code == 404


def test_a_bad_fault_is_refused_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="nth"):
        Fault("slow", nth=0)
