"""What the stand-in takes for known, against the published documents and their known gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contracts_zoho import answer_names, needs_contracts, operation
from sandbox.bench import Bench, line
from zsync.sandbox import Behaviour, Books
from zsync.sandbox.books import contacts, creditnotes, invoices, items, known, payments, salesorders
from zsync.sandbox.books.books import scope_of
from zsync.sandbox.books.desk import Route
from zsync.sandbox.books.query import Listing, known_filters

pytestmark = needs_contracts

TABLES = (
    (known.CONTACT, "/contacts", ""),
    (known.PERSON, "/contacts", "contact_persons"),
    (known.ITEM, "/items", ""),
    (known.SALES_ORDER, "/salesorders", ""),
    (known.SALES_ORDER_LINE, "/salesorders", "line_items"),
    (known.INVOICE, "/invoices", ""),
    (known.INVOICE_LINE, "/invoices", "line_items"),
    (known.PAYMENT, "/customerpayments", ""),
    (known.PAYMENT_PART, "/customerpayments", "invoices"),
    (known.PAYMENT_REFUND, "/customerpayments/1/refunds", ""),
    (known.CREDIT_NOTE, "/creditnotes", ""),
    (known.CREDIT_NOTE_LINE, "/creditnotes", "line_items"),
    (known.CREDIT_NOTE_REFUND, "/creditnotes/1/refunds", ""),
)


def documented(path: str, under: str) -> tuple[set[str], set[str]]:
    """(names that the contract declares, names that it is known to lack) of a POST body, or of the rows of a list in it."""
    found = operation("POST", f"/books/v3{path}")
    assert found is not None
    assert found.schema is not None
    schema: Mapping[str, Any] = found.schema["properties"][under]["items"] if under else found.schema
    edit = operation("PUT", f"/books/v3{path}/1")
    gaps = {name for each in (found, edit) if each is not None for name in each.gap.get("allow_extra", [])}
    return set(schema["properties"]) - gaps, gaps


@pytest.mark.parametrize(("names", "path", "under"), TABLES, ids=lambda value: value if isinstance(value, str) else "")
def test_the_stand_in_knows_the_names_of_the_contract_and_no_others(names: frozenset[str], path: str, under: str) -> None:
    declared, gaps = documented(path, under)
    assert declared - names == set()
    assert names - declared - gaps == set()


@pytest.mark.parametrize("route", Books().routes, ids=lambda route: f"{route.method} {route.pattern}")
def test_a_route_is_documented_and_asks_for_its_scope(route: Route) -> None:
    found = operation(route.method, f"/books/v3{route.pattern.replace('{}', '1')}")
    assert found is not None
    assert found.scopes == {scope_of(route.method, route.pattern)}


LISTS: Mapping[str, Listing] = {
    "/contacts": contacts.LISTING,
    "/items": items.LISTING,
    "/salesorders": salesorders.LISTING,
    "/invoices": invoices.LISTING,
    "/customerpayments": payments.LISTING,
    "/creditnotes": creditnotes.LISTING,
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_knows_no_filter_that_the_contract_does_not_declare(path: str) -> None:
    found = operation("GET", f"/books/v3{path}")
    assert found is not None
    assert {name + variant for name, variant in known_filters(LISTS[path])} - found.query == set()


def test_lean_answers_hold_of_payments_and_items_what_the_contract_declares() -> None:
    bench = Bench(Behaviour(lean=True, payments_list_key="customer_payments"))
    customer, item = bench.contact(), bench.item()
    invoice = bench.invoice(customer, "I-1", line("10"))["invoice_id"]
    payment = bench.pay(customer, "10", (invoice, "10"))
    shown = {
        ("POST", "/customerpayments", "payment"): payment,
        ("POST", "/customerpayments", "payment.invoices"): payment["invoices"][0],
        ("GET", "/customerpayments/1", "payment"): bench.get(f"/customerpayments/{payment['payment_id']}").body["payment"],
        ("GET", "/customerpayments", "customer_payments"): bench.get("/customerpayments").body["customer_payments"][0],
        ("GET", "/items", "items"): bench.get("/items").body["items"][0],
    }
    for (method, path, name), fields in shown.items():
        assert set(fields) <= answer_names(method, f"/books/v3{path}", name) | {"payment_id"}, (method, path)
    assert "account_id" not in bench.get(f"/items/{item}").body["item"]
