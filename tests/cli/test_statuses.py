"""Each status that this release can reach, reached through the command line."""

from __future__ import annotations

import pytest

from cli.conftest import Desk
from zsync.sandbox import Fault


def test_pending_after_init(desk: Desk) -> None:
    desk.initialised()

    assert desk.statuses("orders")["1"] == "pending"
    assert desk.statuses("payments")["1"] == "pending"


def test_synced_invoice_sync_payment_sync_canceled_after_a_run(desk: Desk) -> None:
    desk.loaded()

    orders = desk.statuses("orders")
    assert orders["1"] == "synced"
    assert orders["20"] == "invoice_sync"
    assert orders["9"] == "payment_sync"
    assert orders["17"] == orders["18"] == "canceled"
    assert set(desk.statuses("payments").values()) == {"synced"}


def test_a_lost_answer_is_waiting_and_show_says_until_when(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.faults.add(Fault("cut_after", "books", "POST", "^/customerpayments$"))

    assert desk.zsync("run").code == 0

    (waiting,) = [id for id, status in desk.statuses("payments").items() if status == "waiting"]
    story = desk.zsync("show", "payments", waiting, "--json").json
    assert story["waits_until"] > story["attempts"][0]["at"]
    assert "nothing: a run after" in story["next_step"]


def test_a_refused_order_failed_and_what_needs_it_is_blocked(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.faults.add(Fault("refuse", "books", "POST", "^/salesorders$", message="no such thing"))

    assert desk.zsync("run").code == 3

    (failed,) = [id for id, status in desk.statuses("orders").items() if status == "failed"]
    documents = {
        (each["entity"], each["status"])
        for order in desk.zsync("status", "orders", "--json").json
        if order["source_id"] == failed
        for each in order["documents"]
    }
    assert ("invoices", "blocked") in documents


def test_skipped_by_the_start_date_and_by_a_switch(desk: Desk) -> None:
    desk.configure({"entities": {"payments": {"auto_create": False}}})
    desk.initialised()

    rows = desk.zsync("status", "payments", "--json").json
    assert {each["status"] for each in rows} == {"skipped"}
    assert rows[0]["error"]["message"] == "auto_create is off for payments"


def test_held_after_a_failure_was_ignored(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.faults.add(Fault("refuse", "books", "POST", "^/salesorders$", message="no"))
    desk.zsync("run")
    (failed,) = [id for id, status in desk.statuses("orders").items() if status == "failed"]

    assert desk.zsync("resolve", "orders", failed, "--ignore", "a test booking").code == 0
    desk.zsync("run")

    row = next(each for each in desk.zsync("status", "orders", "--json").json if each["source_id"] == failed)
    assert row["status"] == "held"
    assert row["error"]["message"] == "a test booking"


def test_synced_after_a_failure_was_mended_and_retried(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.faults.add(Fault("refuse", "books", "POST", "^/salesorders$", message="no"))
    desk.zsync("run")
    (failed,) = [id for id, status in desk.statuses("orders").items() if status == "failed"]

    said = desk.zsync("retry", "orders", failed)

    assert said.out == "tried again in the next run: 1 record\n"
    assert desk.zsync("run").code == 0
    assert desk.statuses("orders")[failed] in ("synced", "invoice_sync", "payment_sync")


def test_disabled_when_the_hotel_disables_a_customer(desk: Desk) -> None:
    desk.loaded()
    desk.hotel.desk.edit_customer(6, active=0)

    assert desk.zsync("run").code == 0
    assert desk.statuses("customers")["6"] == "disabled"


@pytest.mark.parametrize("status", ["synced", "canceled", "pending"])
def test_the_list_may_be_narrowed_to_a_status(desk: Desk, status: str) -> None:
    desk.loaded()

    found = desk.zsync("status", "orders", "--state", status, "--json").json

    assert {each["status"] for each in found} <= {status}
    assert len(found) == {"synced": 17, "canceled": 2, "pending": 0}[status]
