"""The recorded hotel, run whole: each of its 61 orders is accounted for by a golden table (worked by hand from the rules)."""

from __future__ import annotations

import copy
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import CONTRACTS, RECORDINGS, House, needs
from zsync.sandbox.hotel import recorded
from zsync.state.status import Status

pytestmark = needs(RECORDINGS)

GOLDEN = {
    "canceled": "18 20",
    "invoice_sync": "17 21 28 29 30 40 48 50 57 60 61",
    "payment_sync": "9 16 33 36 38 41",
    "synced": "1 2 5 7 10 11 12 22 23 27 31 32 34 37 39 43 44 45 49 51 55 56 58",
    "skipped": "3 4 6 8 13 14 15 19 24 25 26 35 42 46 47 52 53 54 59",
}
"""Status of each order at the end where `multi_currency` is off: the skipped ones are in other currencies."""

WHOLE = {
    "canceled": "18 20",
    "failed": "19 59",
    "invoice_sync": "17 21 28 29 30 40 48 50 54 57 60 61",
    "payment_sync": "9 16 25 33 36 38 41",
    "synced": "1 2 3 4 5 6 7 8 10 11 12 13 14 15 22 23 24 26 27 31 32 34 35 37 39 42 43 44 45 46 47 49 51 52 53 55 56 58",
}
"""The same with every currency. 25 waits for a person: money went back without a slip."""

ACCOUNT = {"payment_methods": {"default": {"mode": "others", "account": "Room sales"}}}
CENT = Decimal("0.01")


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
    assert reasons == {"it is in INR, and multi_currency is off", "it is in USD, and multi_currency is off"}


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


def test_with_exclusive_prices_zoho_comes_to_the_totals_that_were_foretold(
    tables: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """Every answer's total is compared: had Zoho come to another one, the document would have failed."""
    made = House(copy.deepcopy(tables), tmp_path, target={**ACCOUNT, "prices": "exclusive"})
    made.initialise()
    made.run()
    assert [(each.entity, each.source_id) for each in made.summary()[1]] == [("orders", "61")]
    in_hotel = {
        f"QLO-{row['id']}": Decimal(row["total_paid_tax_incl"]).quantize(CENT, "ROUND_HALF_UP") for row in tables["orders"]
    }
    orders = list(made.books.all("salesorders").values())
    assert len(orders) > 35
    assert all(Decimal(str(row["total"])) == in_hotel[row["salesorder_number"]] for row in orders)
    assert made.faults_by_contract() == []


def test_a_day_later_ids_are_compared_and_nothing_is_missed(house: House) -> None:
    before = house.store.db.execute("SELECT count(*) FROM scopes").fetchone()[0]
    report = house.run(minutes=24 * 60)
    assert report.calls["target"] == 0
    assert report.calls["source"] > 30, "more than a quiet run's"
    assert house.store.db.execute("SELECT count(*) FROM scopes WHERE gone_in IS NOT NULL OR again = 1").fetchone()[0] == 0
    assert house.store.db.execute("SELECT count(*) FROM scopes").fetchone()[0] == before


# --- every currency -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tables: dict[str, list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory) -> House:
    entities = {"currencies": {"multi_currency": True}}
    made = House(copy.deepcopy(tables), tmp_path_factory.mktemp("whole"), entities=entities, target=ACCOUNT)
    assert made.initialise().outcome in ("ok", "partial")
    assert made.run().outcome == "partial"
    return made


def test_what_the_database_counts_is_what_the_list_shows(whole: House) -> None:
    status = Status(whole.store)
    listed = status.records()
    counts: dict[str, Counter[str]] = {}
    for each in listed:
        counts.setdefault(each.entity, Counter())[each.status] += 1
    assert status.standing() == (counts, [each for each in listed if each.status == "failed"])


def test_with_every_currency_each_of_the_61_orders_is_accounted_for(whole: House) -> None:
    expected = {id: status for status, ids in WHOLE.items() for id in ids.split()}
    assert len(expected) == 61
    assert whole.status("orders") == expected
    counts, problems = whole.summary()
    assert [(each.entity, each.source_id) for each in problems] == [("orders", "19"), ("orders", "59")]
    payments = {id: status for id, status in whole.status("payments").items() if status != "synced"}
    assert payments == {"23": "held", "51": "blocked"}
    assert counts["credit_notes"] == {"synced": 5}
    assert counts["currencies"] == {"synced": 3, "skipped": 1}


def test_sums_of_invoices_payments_and_credit_notes_equal_the_hotel_s(
    whole: House, tables: dict[str, list[dict[str, Any]]]
) -> None:
    """Payments in their order's currency; what was paid back is the refunds."""
    synced = {kind: {id for id, status in whole.status(kind).items() if status == "synced"} for kind in ("invoices", "payments")}

    def summed(table: str, field: str, ids: set[str]) -> Decimal:
        amounts = (Decimal(row[field]) for row in tables[table] if str(row["id"]) in ids)
        return sum((each.quantize(CENT, "ROUND_HALF_UP") for each in amounts), Decimal(0))

    books = whole.books
    invoiced = sum((Decimal(str(row["total"])) for row in books.all("invoices").values()), Decimal(0))
    assert invoiced == summed("order_invoices", "total_paid_tax_incl", synced["invoices"])
    credited = sum((Decimal(str(row["total"])) for row in books.all("creditnotes").values()), Decimal(0))
    assert credited == summed("order_slip", "total_products_tax_incl", {str(row["id"]) for row in tables["order_slip"]})
    received = sum((Decimal(str(row["amount"])) for row in books.all("payments").values()), Decimal(0))
    back = sum((each["amount"] for row in books.all("creditnotes").values() for each in row["creditnote_refunds"]), Decimal(0))
    dollars = Decimal("1000.00") - Decimal("922.34")  # payment 26 was made in dollars on an order in euros
    assert received - back == summed("order_payments", "amount", synced["payments"]) - dollars


def test_a_guest_with_two_currencies_has_a_contact_in_each_and_documents_their_own_rate(whole: House) -> None:
    contacts = {row["contact_name"]: row["currency_code"] for row in whole.books.all("contacts").values()}
    foreign = {name: code for name, code in contacts.items() if code != "EUR"}
    assert foreign
    for name, code in foreign.items():
        assert name.endswith(f") {code}")
    invoice = next(row for row in whole.books.all("invoices").values() if row["invoice_number"] == "#IN000012")
    assert (invoice["currency_code"], round(Decimal(str(invoice["exchange_rate"])), 6)) == ("USD", Decimal("0.922339"))


def test_order_24_is_credited_and_refunded_and_the_slips_of_27_are_open(whole: House) -> None:
    notes = {row["creditnote_number"]: row for row in whole.books.all("creditnotes").values()}
    assert (notes["CN-000003"]["total"], notes["CN-000003"]["balance"]) == (Decimal("21903.72"), Decimal(0))
    assert [each["reference_number"] for each in notes["CN-000003"]["creditnote_refunds"]] == ["hotel:payment:22"]
    assert (notes["CN-000004"]["balance"], notes["CN-000005"]["balance"]) == (Decimal("2460.00"), Decimal("2460.00"))


@needs(CONTRACTS)
def test_with_every_currency_every_request_is_valid_by_the_contract(whole: House) -> None:
    assert whole.faults_by_contract() == []
    assert whole.run().calls["target"] == 0
    assert whole.books.mails == []
