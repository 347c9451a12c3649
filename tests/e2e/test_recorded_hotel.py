"""The recorded hotel, run whole: each of its 61 orders is accounted for by a golden table (worked by hand from the rules)."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import CONTRACTS, RECORDINGS, House, needs
from zsync.sandbox.hotel import recorded

pytestmark = needs(RECORDINGS)

GOLDEN = {
    "canceled": "18 20",
    "invoice_sync": "17 21 28 29 30 40 48 50 57 60 61",
    "payment_sync": "9 16 33 36 38 41",
    "synced": "1 2 5 7 10 11 12 22 23 27 31 32 34 37 39 43 44 45 49 51 55 56 58",
    "skipped": "3 4 6 8 13 14 15 19 24 25 26 35 42 46 47 52 53 54 59",
}
"""Status of each order at the end. 22, 23 and 27 without their slips; the skipped ones are in other currencies."""


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, Any]]]:
    return recorded.load(RECORDINGS)


@pytest.fixture(scope="module")
def house(tables: dict[str, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(copy.deepcopy(tables), tmp_path_factory.mktemp("house"))
    assert made.initialise().outcome == "ok"
    assert made.run().outcome == "ok"
    return made


def test_each_of_the_61_orders_ends_as_worked_by_hand(house: House) -> None:
    expected = {id: status for status, ids in GOLDEN.items() for id in ids.split()}
    assert len(expected) == 61
    assert house.status("orders") == expected


def test_no_record_failed_and_every_skipped_one_says_why(house: House) -> None:
    counts, problems = house.summary()
    assert problems == []
    for entity in counts:
        assert "failed" not in counts[entity], entity
    reasons = {
        house.record(entity, id).error.message  # type: ignore[union-attr]
        for entity in ("orders", "invoices", "payments", "credit_notes")
        for id, status in house.status(entity).items()
        if status == "skipped"
    }
    assert reasons == {
        "documents in other currencies come with the next release",
        "credit notes come with the next release",
        "money paid back comes with the next release",
    }


def test_the_books_total_equals_the_hotel_s_to_the_cent(house: House, tables: dict[str, list[dict[str, Any]]]) -> None:
    written = {id for status in ("synced", "payment_sync", "invoice_sync") for id in GOLDEN[status].split()}
    in_hotel = {
        f"QLO-{row['id']}": Decimal(row["total_paid_tax_incl"]).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        for row in tables["orders"]
        if str(row["id"]) in written
    }
    in_books = {row["salesorder_number"]: Decimal(str(row["total"])) for row in house.books.all("salesorders").values()}
    assert in_books == in_hotel
    of_orders = {str(row["id_order"]): Decimal(row["total_paid_tax_incl"]) for row in tables["order_invoices"]}
    invoiced = {row["invoice_number"]: Decimal(str(row["total"])) for row in house.books.all("invoices").values()}
    assert len(invoiced) == 29
    assert sum(invoiced.values()) == sum(
        of_orders[id].quantize(Decimal("0.01"), "ROUND_HALF_UP") for id in written if id in of_orders
    )


def test_payments_are_applied_as_the_worked_bookings_say(house: House) -> None:
    standing = house.standing()
    assert "hotel:payment:2 on #IN000002: 18788.26" in standing["applications"]
    assert "hotel:payment:26 on #IN000022: 922.34" in standing["applications"]
    assert "hotel:payment:28 on #IN000023: 54.87" in standing["applications"]
    assert "hotel:payment:28 75" in [each.replace(".00", "") for each in standing["payments"]]
    assert "#IN000025 0 0" in " ".join(standing["invoices"]).replace("0.00", "0")


def test_a_second_run_makes_no_call_to_zoho(house: House) -> None:
    before = house.sandbox.ledger.calls("books")
    report = house.run()
    assert report.calls["target"] == 0
    assert house.sandbox.ledger.calls("books") == before


@needs(CONTRACTS)
def test_every_request_to_the_books_is_valid_by_the_contract(house: House) -> None:
    assert house.sandbox.ledger.calls("books") > 150
    assert house.faults_by_contract() == []
    assert house.books.unknown_properties == []


def test_no_letter_would_have_been_written_to_a_guest(house: House) -> None:
    assert house.books.mails == []


def test_the_reader_never_asked_for_secrets_or_for_whole_orders(house: House) -> None:
    asked = house.sandbox.ledger.entries("hotel")
    assert asked
    for entry in asked:
        assert "ws_key" not in entry.query
        assert "passwd" not in str(entry.query)
        assert "secure_key" not in str(entry.query)
        if entry.path.rstrip("/").endswith(("/orders", "/customers")):
            assert entry.query.get("display", "") != "full"


def test_files_are_their_owner_s_alone(house: House) -> None:
    files = [path for path in Path(house.folder).iterdir() if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
