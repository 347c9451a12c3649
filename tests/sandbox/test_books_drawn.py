"""The stand-in for Zoho Books, driven by requests that are drawn from the published documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts_zoho import needs_contracts, operation
from drawn import fitting
from sandbox.bench import Bench, line

pytestmark = needs_contracts

KINDS = {
    "contacts": "contact",
    "items": "item",
    "salesorders": "salesorder",
    "invoices": "invoice",
    "customerpayments": "payment",
    "creditnotes": "creditnote",
}

TABLES = ("contacts", "items", "salesorders", "invoices", "payments", "creditnotes")

NUMBERED = ("salesorders", "invoices", "creditnotes")
"""Documents whose number may be given."""

_UNKNOWN = ("_id", "_code", "_type", "_terms", "_charges", "_charge")
"""Names of what these books do not have, and of words whose choice the documents do not list."""


class Shop:
    """Books with one document of each kind, for others to refer to."""

    def __init__(self) -> None:
        self.bench = Bench()
        customer, item = self.bench.contact(), self.bench.item()
        invoice = self.bench.invoice(customer, "I-1", line("10"))["invoice_id"]
        self.ids = {"customer_id": customer, "item_id": item, "invoice_id": invoice, "contact_id": customer}
        self.books = self.bench.sandbox.books

    def count(self) -> int:
        return sum(len(self.books.all(table)) for table in TABLES)

    def at_home(self, value: Any, name: str = "") -> Any:
        """The value as somebody would send it who knows these books: ids that exist, days, amounts, plain names."""
        match value:
            case dict():
                kept = {each: part for each, part in value.items() if each in self.ids or not each.endswith(_UNKNOWN)}
                return {each: self.ids.get(each) or self.at_home(part, each) for each, part in kept.items()}
            case list() if name == "line_items":
                return [{"name": "Night", "rate": 10, "quantity": 1} | self.at_home(each) for each in value or [{}]]
            case list():
                return [self.at_home(each, name) for each in value]
            case bool():
                return value
            case int() | float():
                return 10 if name == "amount" else round(abs(value) % 5, 2)
            case str() if name == "date" or name.endswith("_date"):
                return "2026-03-02"
            case str():
                return "".join(c for c in value if c.isascii() and c.isalnum())[:12] or "x"
            case _:
                return value


def sent(body: Any) -> Any:
    """With every number with a point as the Decimal that arrives."""
    return json.loads(json.dumps(body), parse_float=Decimal)


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_fits_the_contract_is_carried_out_once_or_refused_in_words(kind: str) -> None:
    found = operation("POST", f"/books/v3/{kind}")
    assert found is not None
    assert found.schema is not None
    outcomes: set[int] = set()

    @settings(max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(fitting(found.schema), st.sampled_from([True, True, True, False]))
    def holds(body: Mapping[str, Any], at_home: bool) -> None:
        shop = Shop()
        before = shop.count()
        query: dict[str, str] = {}
        if at_home:
            query = {"ignore_auto_number_generation": "true"} if kind in NUMBERED else {}
            body = shop.at_home(({"line_items": []} if kind in NUMBERED else {}) | {**body})
        answer = shop.bench.post(f"/{kind}", sent(body), **query)
        outcomes.add(answer.status)
        assert isinstance(answer.code, int)
        assert answer.body["message"]
        grown = shop.count() - before
        if answer.status == 201:
            assert (answer.code, grown) == (0, 1)
            document = answer.body[KINDS[kind]]
            assert shop.bench.get(f"/{kind}/{document[KINDS[kind] + '_id']}").body[KINDS[kind]] == document
        else:
            assert 400 <= answer.status < 500
            assert (answer.code != 0, grown) == (True, 0)

    holds()
    assert outcomes >= {201, 400}, "only refused, or only taken: that shows little"
