"""Everything that can go wrong with a call, at each call, over the real modules: in the end each document stands once.

A small hotel: a booking of two orders in two houses with three payments, an advance, an overpaid order.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import House
from zsync.errors import QuotaUsedUp, SignInNeeded
from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.faults import Fault, Verb
from zsync.sandbox.hotel import demo

NOW = datetime.fromtimestamp(demo.NOW, UTC)
KEPT = ("4", "5", "6", "8", "11")
"""Three orders of one reference with three payments across them, an advance, an overpaid order."""

LATE_S = 600.0


@cache
def _small() -> dict[str, list[dict[str, Any]]]:
    tables = demo.group()
    references = {row["reference"] for row in tables["orders"] if str(row["id"]) in KEPT}
    orders = {str(row["id"]) for row in tables["orders"] if row["reference"] in references}
    tables["orders"] = [row for row in tables["orders"] if str(row["id"]) in orders]
    for name in ("order_details", "room_bookings", "order_invoices", "order_slip", "order_discounts"):
        tables[name] = [row for row in tables[name] if str(row["id_order"]) in orders]
    tables["order_payments"] = [row for row in tables["order_payments"] if row["order_reference"] in references]
    customers = {str(row["id_customer"]) for row in tables["orders"]}
    tables["customers"] = [row for row in tables["customers"] if str(row["id"]) in customers]
    products = {str(row["product_id"]) for row in tables["order_details"]}
    tables["room_types"] = [row for row in tables["room_types"] if str(row["id"]) in products]
    tables["services"] = [row for row in tables["services"] if str(row["id"]) in products]
    return tables


def small(folder: Path) -> House:
    """Everything still to write. Lists lag by five minutes."""
    house = House(copy.deepcopy(_small()), folder, now=NOW, behaviour=Behaviour(lag_s=300))
    assert house.initialise().outcome == "ok"
    house.sandbox.ledger.clear()
    return house


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], int]:
    """What stands when nothing goes wrong, and how many writes it took."""
    house = small(tmp_path_factory.mktemp("undisturbed"))
    house.run_to_rest()
    return house.standing(), len(house.sandbox.ledger.writes())


VERBS: tuple[Verb, ...] = (
    "cut_before",
    "cut_after",
    "error_before",
    "error_after",
    "late",
    "html",
    "truncated",
    "throttle_minute",
    "throttle_concurrent",
    "expired_token",
    "refused_connection",
)


IN_DOUBT = ("cut_after", "error_after", "late", "html", "truncated")
"""Verbs after which the write stands, or will stand, though nobody was told so."""


@pytest.mark.parametrize("verb", VERBS)
def test_whatever_happens_to_one_write_everything_stands_once(
    verb: Verb, undisturbed: tuple[dict[str, list[str]], int], tmp_path: Path, thorough: bool
) -> None:
    """At each write; of verbs that leave no write behind at every third, each verb at others."""
    expected, writes = undisturbed
    wrong = {}
    step = 1 if thorough or verb in IN_DOUBT else 3
    for nth in range(1 + VERBS.index(verb) % step, writes + 1, step):
        house = small(tmp_path)
        house.sandbox.faults.add(Fault(verb, system="books", method="POST", nth=nth, seconds=LATE_S))
        house.run_to_rest(minutes=9)
        if house.standing() != expected:
            wrong[nth] = house.standing()
    assert not wrong


@pytest.mark.parametrize("verb", ["html", "truncated"])
def test_an_answer_that_is_spoilt_before_its_effect_is_no_loss(
    verb: Verb, undisturbed: tuple[dict[str, list[str]], int], tmp_path: Path
) -> None:
    expected, writes = undisturbed
    for nth in range(1, writes + 1, 3):
        house = small(tmp_path)
        house.sandbox.faults.add(Fault(verb, system="books", method="POST", nth=nth, after=False))
        house.run_to_rest(minutes=9)
        assert house.standing() == expected, nth


@pytest.mark.parametrize("verb", ["cut_after", "late", "error_after"])
def test_answers_lost_all_the_time_for_an_hour_leave_no_double(
    verb: Verb, undisturbed: tuple[dict[str, list[str]], int], tmp_path: Path
) -> None:
    """Every write of the first runs loses its answer; the program stops calling, and goes on when the remote is back."""
    expected, _ = undisturbed
    house = small(tmp_path)
    fault = Fault(verb, system="books", method="POST", times=0, seconds=LATE_S)
    house.sandbox.faults.add(fault)
    for _ in range(4):
        assert house.run().exit_code in (0, 5)
    house.sandbox.faults.clear()
    house.run_to_rest()
    assert house.standing() == expected


def test_a_refused_application_inside_a_fused_payment_fails_alone(tmp_path: Path) -> None:
    """Whichever payment's call is refused as a whole: it goes again alone, and none goes twice. Only an advance, which has no
    application to blame, fails itself."""
    for nth in range(1, 6):
        house = small(tmp_path)
        house.sandbox.faults.add(
            Fault("refuse", system="books", method="POST", path="^/customerpayments$", nth=nth, code=24016, message="too much")
        )
        house.run_to_rest()
        payments = house.standing()["payments"]
        failed = [id for id, status in house.status("payments").items() if status == "failed"]
        assert len(payments) == len(set(payments)) == len(house.hotel.tables["order_payments"]) - len(failed)
        assert failed in ([], [_payment_of(house, "8")])


def test_the_day_s_quota_stops_the_run_and_the_rest_goes_tomorrow(
    undisturbed: tuple[dict[str, list[str]], int], tmp_path: Path
) -> None:
    expected, _ = undisturbed
    house = small(tmp_path)
    house.sandbox.faults.add(Fault("throttle_day", system="books", method="POST", nth=5))
    report = house.run()
    assert report.exit_code == 6
    assert isinstance(report.error, QuotaUsedUp)
    house.sandbox.ledger.clear()
    for _ in range(3):
        again = house.run()
        assert again.exit_code == 6
    assert house.sandbox.ledger.calls("books") == 0, "blocked until the reset means no call"
    house.clock.sleep((report.error.until - house.clock.now()).total_seconds())
    house.run_to_rest()
    assert house.standing() == expected


@pytest.mark.parametrize("nth", [1, 3])
def test_a_day_that_is_used_up_before_init_has_begun_means_no_call_by_the_next_one(nth: int, tmp_path: Path) -> None:
    """The first call looks for payments of ours, the third reads the organisation's settings."""
    house = House(copy.deepcopy(_small()), tmp_path, now=NOW)
    house.sandbox.faults.add(Fault("throttle_day", system="books", nth=nth))
    untils = set()
    for _ in range(3):
        with pytest.raises(QuotaUsedUp) as caught:
            house.initialise()
        untils.add(caught.value.until)
    assert house.sandbox.ledger.calls("books") == nth
    (until,) = untils
    house.clock.sleep((until - house.clock.now()).total_seconds())
    assert house.initialise().outcome == "ok"


def test_revoked_access_asks_for_a_sign_in_and_loses_nothing(
    undisturbed: tuple[dict[str, list[str]], int], tmp_path: Path
) -> None:
    expected, _ = undisturbed
    house = small(tmp_path)
    house.sandbox.accounts.forget()
    report = house.run()
    assert report.exit_code == 4
    assert isinstance(report.error, SignInNeeded)
    assert "zsync auth" in report.error.hint
    house.sign_in()
    house.run_to_rest()
    assert house.standing() == expected


def test_an_expired_access_token_is_refreshed_once_for_all_workers(tmp_path: Path) -> None:
    house = small(tmp_path)
    house.sandbox.accounts.expire_access()
    house.run()
    assert house.sandbox.ledger.calls("accounts") == 1


def test_a_missing_scope_is_named_as_such(tmp_path: Path) -> None:
    house = small(tmp_path)
    house.sign_in(["ZohoBooks.contacts.ALL", "ZohoBooks.settings.ALL"])
    report = house.run()
    assert report.exit_code == 4
    assert report.error is not None
    assert "grant" in report.error.hint


def test_a_person_s_sales_order_under_our_number_is_a_conflict_that_names_it(tmp_path: Path) -> None:
    house = small(tmp_path)
    stranger = _stranger(house, "QLO-8")
    for _ in range(8):
        house.run()
    record = house.record("orders", "8")
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.code == "conflict"
    assert stranger in record.error.message
    assert house.record("payments", _payment_of(house, "8")).status == "synced", "the advance needs no order"


def _stranger(house: House, number: str) -> str:
    """A sales order that somebody typed in, under one of our numbers."""
    import json

    from werkzeug.test import Client

    access, _ = house.sandbox.accounts.issue()
    client = Client(house.sandbox)
    query = {"organization_id": house.books.organization.organization_id, "ignore_auto_number_generation": "true"}
    headers = {"Authorization": f"Zoho-oauthtoken {access}"}
    made = client.post("/books/v3/contacts", query_string=query, json={"contact_name": "Typed in"}, headers=headers)
    contact = json.loads(made.get_data())["contact"]["contact_id"]
    body = {"customer_id": contact, "salesorder_number": number, "line_items": [{"name": "x", "rate": 1, "quantity": 1}]}
    order = json.loads(client.post("/books/v3/salesorders", query_string=query, json=body, headers=headers).get_data())
    return str(order["salesorder"]["salesorder_id"])


def _payment_of(house: House, order: str) -> str:
    reference = next(row["reference"] for row in house.hotel.tables["orders"] if str(row["id"]) == order)
    return next(str(row["id"]) for row in house.hotel.tables["order_payments"] if row["order_reference"] == reference)
