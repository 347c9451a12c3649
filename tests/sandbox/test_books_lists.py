"""Lists of the stand-in Books, and what a test may see and do behind the API: facts, sections 3, 4 and 6."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.bench import Bench, line
from zsync.sandbox import Books

D = Decimal


def bench_with_orders() -> Bench:
    bench = Bench()
    ada, bob = bench.contact("Ada"), bench.contact("Bob")
    bench.order(ada, "Q-1", line("10", name="Suite"), reference_number="AAA/1", date="2026-01-10")
    bench.clock.move(60)
    bench.order(bob, "Q-2", line("20", name="Room"), reference_number="BBB/2", date="2026-02-10")
    bench.clock.move(60)
    bench.order(ada, "R-3", line("30", name="Room"), reference_number="CCC/3", date="2026-03-10")
    return bench


def numbers(bench: Bench, **query: str) -> list[str]:
    return sorted(row["salesorder_number"] for row in bench.get("/salesorders", **query).body["salesorders"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"salesorder_number": "Q-1"}, ["Q-1"]),
        ({"salesorder_number": "q-1"}, ["Q-1"]),
        ({"salesorder_number": "Q"}, []),
        ({"salesorder_number_startswith": "Q"}, ["Q-1", "Q-2"]),
        ({"salesorder_number_contains": "-3"}, ["R-3"]),
        ({"salesorder_number_in": "Q-1,R-3"}, ["Q-1", "R-3"]),
        ({"salesorder_number_not_in": "Q-1,R-3"}, ["Q-2"]),
        ({"reference_number": "BBB/2"}, ["Q-2"]),
        ({"customer_name": "Ada"}, ["Q-1", "R-3"]),
        ({"item_name": "Room"}, ["Q-2", "R-3"]),
        ({"total": "20"}, ["Q-2"]),
        ({"total_greater_equals": "20"}, ["Q-2", "R-3"]),
        ({"total_less_than": "20"}, ["Q-1"]),
        ({"date": "2026-02-10"}, ["Q-2"]),
        ({"date_start": "2026-02-01", "date_end": "2026-02-28"}, ["Q-2"]),
        ({"date_before": "2026-02-10"}, ["Q-1"]),
        ({"date_after": "2026-02-10"}, ["R-3"]),
        ({"last_modified_time": "2026-03-02T13:01:00+0100"}, ["Q-2", "R-3"]),
        ({"status": "void"}, []),
        ({"filter_by": "Status.Open"}, ["Q-1", "Q-2", "R-3"]),
        ({"search_text": "bbb"}, ["Q-2"]),
        ({"no_such_filter": "x"}, ["Q-1", "Q-2", "R-3"]),
    ],
)
def test_lists_are_filtered_as_the_contract_says(query: dict[str, str], found: list[str]) -> None:
    assert numbers(bench_with_orders(), **query) == found


@pytest.mark.parametrize(
    "query",
    [
        {"filter_by": "Status.Odd"},
        {"total": "much"},
        {"date": "yesterday"},
        {"last_modified_time": "2026-03-02"},
        {"page": "0"},
        {"per_page": "many"},
        {"sort_column": "colour"},
    ],
)
def test_a_bad_value_of_a_known_filter_is_code_2(query: dict[str, str]) -> None:
    answer = bench_with_orders().get("/salesorders", **query)
    assert (answer.status, answer.code) == (400, 2)


def test_a_text_filter_takes_a_hundred_characters() -> None:
    bench = bench_with_orders()
    assert bench.get("/salesorders", salesorder_number="Q" * 100).status == 200
    assert bench.get("/salesorders", salesorder_number="Q" * 101).code == 15
    assert bench.get("/salesorders", salesorder_number_in=",".join(["Q-1"] * 40)).status == 200


def test_only_a_list_of_ids_takes_several() -> None:
    bench = bench_with_orders()
    one, two, _ = bench.books.salesorders
    customers = ",".join(bench.books.contacts)
    assert numbers(bench, salesorder_ids=f"{one},{two}") == ["Q-1", "Q-2"]
    assert numbers(bench, customer_id=customers) == []
    assert numbers(bench, customer_id=next(iter(bench.books.contacts))) == ["Q-1", "R-3"]


def test_a_variant_that_the_contract_does_not_list_filters_nothing() -> None:
    bench = Bench()
    bench.pay(bench.contact(), "10", date="2026-03-02")
    assert len(bench.get("/customerpayments", date_after="2026-12-31").body["customerpayments"]) == 1
    assert bench.get("/customerpayments", date="2026-12-31").body["customerpayments"] == []


def test_pages_follow_each_other_to_the_last() -> None:
    bench = Bench()
    for n in range(5):
        bench.contact(f"Guest {n}")
    seen, more, page = [], True, 0
    while more:
        page += 1
        answer = bench.get("/contacts", page=str(page), per_page="2", sort_column="contact_name").body
        seen += [row["contact_name"] for row in answer["contacts"]]
        more = answer["page_context"]["has_more_page"]
        assert answer["page_context"]["per_page"] == 2
    assert (page, seen) == (3, [f"Guest {n}" for n in range(5)])


def test_a_page_has_at_most_two_hundred_rows_the_newest_first() -> None:
    bench = Bench()
    for n in range(201):
        bench.books.create("contacts", {"contact_name": f"Guest {n}"})
    answer = bench.get("/contacts", per_page="500").body
    assert len(answer["contacts"]) == 200
    assert answer["contacts"][0]["contact_name"] == "Guest 200"
    assert answer["page_context"] == {
        "page": 1,
        "per_page": 200,
        "has_more_page": True,
        "report_name": "Contacts",
        "applied_filter": "Status.Active",
        "sort_column": "created_time",
        "sort_order": "A",
    }


def test_lists_lack_the_details() -> None:
    bench = bench_with_orders()
    row = bench.get("/salesorders").body["salesorders"][0]
    assert "line_items" not in row
    assert "billing_address" not in row


def test_invoices_can_be_counted_without_rows() -> None:
    bench = Bench()
    customer = bench.contact()
    bench.invoice(customer, "I-1", line("10"))
    bench.invoice(customer, "I-2", line("10"))
    answer = bench.get("/invoices", response_option="2").body
    assert answer["page_context"]["total"] == 2
    assert "invoices" not in answer


# --- behind the API --------------------------------------------------------------------------------------------------------


def test_the_snapshot_counts_and_sums_each_kind() -> None:
    bench = bench_with_orders()
    customer = next(iter(bench.books.contacts))
    invoice = bench.invoice(customer, "I-1", line("10"), reference_number="AAA/1")["invoice_id"]
    bench.pay(customer, "12", (invoice, "10"), reference_number="hotel:payment:1")
    sums = bench.books.snapshot()
    assert (sums["salesorders"].count, sums["salesorders"].amount) == (3, D(60))
    assert sums["invoices"].rows == (("AAA/1", D(10)),)
    assert sums["payments"].rows == (("hotel:payment:1", D(12)),)
    assert sums["applications"].rows == (("hotel:payment:1/I-1", D(10)),)
    bench.post(f"/salesorders/{next(iter(bench.books.salesorders))}/status/void")
    assert bench.books.snapshot()["salesorders"].count == 2


def test_a_person_edits_behind_the_api_and_the_modified_time_moves() -> None:
    bench = Bench()
    id = bench.contact("Ada")
    bench.clock.move(100)
    shown = bench.books.edit("contacts", id, notes="by hand")
    assert (shown["notes"], shown["last_modified_time"]) == ("by hand", "2026-03-02T13:01:40+0100")
    with pytest.raises(KeyError):
        bench.books.edit("contacts", "7", notes="x")


def test_a_person_enters_and_deletes_documents() -> None:
    bench = Bench()
    customer = bench.contact()
    made = bench.books.create("invoices", {"customer_id": customer, "invoice_number": "HAND-1", "line_items": [line("10")]})
    assert made["invoice_number"] == "HAND-1"
    bench.books.delete("invoices", made["invoice_id"])
    assert bench.get(f"/invoices/{made['invoice_id']}").code == 1002


def test_two_sandboxes_share_nothing() -> None:
    one, other = Bench(), Bench(books=Books(taxes={"VAT 10%": "10"}))
    one.contact("Ada")
    assert other.books.contacts == {}
    assert list(other.books.taxes) == ["VAT 10%"]
