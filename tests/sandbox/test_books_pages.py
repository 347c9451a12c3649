"""The pages on which people look at the sandbox's books."""

from __future__ import annotations

import pytest

from sandbox.bench import ORGANIZATION, Bench, line
from zsync.sandbox import Behaviour


def page(bench: Bench, path: str) -> str:
    response = bench.caller.get(f"/app/{ORGANIZATION}{path}")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    return response.get_data(as_text=True)


@pytest.fixture
def bench() -> Bench:
    return Bench(Behaviour(brackets_refused=False))


def test_the_links_of_the_web_application_are_followed_by_script(bench: Bench) -> None:
    html = page(bench, "")
    assert f'data-base="/app/{ORGANIZATION}"' in html
    assert "location.hash.match" in html


def test_the_start_leads_to_the_organisation(bench: Bench) -> None:
    for path in ("/", "/app"):
        response = bench.caller.get(path)
        assert response.headers["Location"].endswith(f"/app/{ORGANIZATION}")


def test_each_kind_has_a_list_with_its_sum_and_each_record_a_page(bench: Bench) -> None:
    customer, item = bench.contact("Ada"), bench.item("Suite")
    order = bench.order(customer, "QLO-1", line("1234.5", item_id=item))
    stay = order["line_items"][0]["line_item_id"]
    invoice = bench.invoice(customer, "#IN000001", line("1234.5", item_id=item, salesorder_item_id=stay))["invoice_id"]
    payment = bench.pay(customer, "1234.5", (invoice, "1234.5"), reference_number="hotel:payment:1")["payment_id"]
    note = bench.post("/creditnotes", {"customer_id": customer, "date": "2026-03-02", "line_items": [line("3")]})
    ids = {
        "contacts": customer,
        "items": item,
        "salesorders": order["salesorder_id"],
        "invoices": invoice,
        "customerpayments": payment,
        "creditnotes": note.body["creditnote"]["creditnote_id"],
    }
    for kind, id in ids.items():
        assert f'href="/app/{ORGANIZATION}/{kind}/{id}"' in page(bench, f"/{kind}")
        assert id in page(bench, f"/{kind}/{id}")
    assert "1234.50 EUR" in page(bench, "/invoices")
    assert f"/app/{ORGANIZATION}/invoices/{invoice}" in page(bench, f"/customerpayments/{payment}")


def test_a_record_begins_with_what_its_list_shows_and_money_has_its_decimals(bench: Bench) -> None:
    customer = bench.contact("Ada")
    invoice = bench.invoice(customer, "I-1", line("263.8", name="Suite"))["invoice_id"]
    html = page(bench, f"/invoices/{invoice}")
    first, lines = html.split("<table>")[1:3]
    assert "263.80" in first
    assert "sent" in first
    assert "Suite" in lines
    assert "Line item id" not in html
    assert "Shipping address" not in html


def test_an_empty_list_says_so_and_sums_speak_of_void_ones_only_where_there_are_any(bench: Bench) -> None:
    assert "There are none yet" in page(bench, "/creditnotes")
    order = bench.order(bench.contact("Ada"), "1", line("1"))["salesorder_id"]
    assert "void ones" not in page(bench, "/salesorders")
    bench.post(f"/salesorders/{order}/status/void")
    assert "void ones left out" in page(bench, "/salesorders")


def test_the_pages_fit_a_narrow_screen(bench: Bench) -> None:
    bench.contact("Ada")
    html = page(bench, "/contacts")
    assert '<meta name="viewport" content="width=device-width' in html
    assert html.count("<table>") == html.count("<div><table>") == 1


def test_everything_that_comes_out_of_a_record_is_escaped(bench: Bench) -> None:
    id = bench.contact("<img src=x>", notes="<script>alert(1)</script>", billing_address={"city": "<i>"})
    bench.order(id, "<u>1", line("1", name="<em>"))
    order = next(iter(bench.books.salesorders))
    for html in (page(bench, "/contacts"), page(bench, f"/contacts/{id}"), page(bench, f"/salesorders/{order}")):
        for raw in ("<img", "<script>alert", "<i>", "<u>", "<em>"):
            assert raw not in html


def test_the_pages_forbid_scripts_that_are_not_theirs(bench: Bench) -> None:
    policy = bench.caller.get(f"/app/{ORGANIZATION}").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src 'sha256-" in policy


@pytest.mark.parametrize("path", ["/app/999", f"/app/{ORGANIZATION}/bills", f"/app/{ORGANIZATION}/invoices/7"])
def test_what_is_not_there_is_not_found(bench: Bench, path: str) -> None:
    assert bench.caller.get(path).status_code == 404


def test_nothing_can_be_changed_on_the_pages(bench: Bench) -> None:
    assert bench.caller.post(f"/app/{ORGANIZATION}").status_code == 405
