"""The same promises over HTTP: each module against the sandbox, under organisations that behave either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from books.bodies import CONTACT, INVOICE, ITEM, ORDER, PAYMENT, key, lines
from books.desk import Desk
from contract.module_contract import ModuleContract, Stage, created, standing
from contracts_zoho import check_request, needs_contracts
from zsync.errors import Refused
from zsync.model.intent import Body, Node, Written
from zsync.model.key import Key
from zsync.ports import Standing, Write
from zsync.sandbox import Behaviour
from zsync.targets.books.modules import modules
from zsync.targets.books.modules.base import Calls
from zsync.targets.zoho.client import ZohoClient


class Wire:
    """The real client, with a place for one mishap: an error instead of the next request, or an answer without its document."""

    def __init__(self, client: ZohoClient) -> None:
        self._client = client
        self.error: Exception | None = None
        self.garbled = False

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        self._mishap()
        return self._client.get(path, params)

    def pages(self, path: str, name: str, params: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]:
        self._mishap()
        return self._client.pages(path, name, params)

    def post(
        self, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        self.attempts += 1
        self._mishap()
        answer = self._client.post(path, body, params)
        return {} if self.garbled else answer

    def put(self, path: str, body: Mapping[str, object], params: Mapping[str, str] | None = None) -> dict[str, Any]:
        self.attempts += 1
        return self._client.put(path, body, params)

    def delete(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        self.attempts += 1
        return self._client.delete(path, params)

    attempts = 0

    def _mishap(self) -> None:
        error, self.error = self.error, None
        if error is not None:
            raise error


def stage(desk: Desk, name: str, own: Key, body: Body, kind: str, other: Body | None = None) -> Stage:
    wire = Wire(desk.target._client)
    calls: Calls = wire

    def fail(error: Exception) -> None:
        wire.error = error

    def garble() -> None:
        wire.garbled = True

    def destroy() -> None:
        desk.books.delete(kind, list(desk.books.all(kind))[-1])

    return Stage(modules(calls)[name], own, body, lambda: wire.attempts, fail, garble, destroy, other)


def customer(desk: Desk) -> str:
    return str(desk.books.create("contacts", {"contact_name": "Ada Guest"})["contact_id"])


def with_items(desk: Desk, body: Body) -> Body:
    """The body with a real customer and real items and taxes."""
    items = [desk.books.create("items", {"name": name, "rate": Decimal(1)})["item_id"] for name in ("Room", "Food")]
    made = [each for each in lines() if isinstance(each, dict)]
    given: list[Node] = []
    for line, item in zip(made, items, strict=True):
        given.append({**line, "item_id": item, "tax_id": desk.books.taxes["VAT 9%"]})
    return {**body, "customer_id": customer(desk), "line_items": given}


@pytest.fixture(
    autouse=True,
    params=[
        Behaviour(),
        Behaviour(
            salesorder_starts="draft",
            repeated_status="accepted",
            contact_number_kept=False,
            payments_list_key="customer_payments",
            put_replaces_contact=True,
            duplicate_item_code=1000,
        ),
    ],
    ids=["as mostly seen", "the other way"],
)
def _behaviour(request: pytest.FixtureRequest) -> None:
    if request.instance is not None:
        request.instance.behaviour = request.param


class Sandboxed(ModuleContract):
    behaviour = Behaviour()

    def desk(self) -> Desk:
        return Desk(self.behaviour)


class TestContacts(Sandboxed):
    def stage(self) -> Stage:
        desk = self.desk()
        body: Body = {**CONTACT, "currency_id": desk.books.currencies["EUR"]}
        other: Body = {**body, "notes": "late arrival", "billing_address": {"city": "Lisboa"}}
        made = stage(desk, "contacts", key("customer:8"), body, "contacts", other)

        def strange() -> None:
            desk.books.create("contacts", {"contact_name": "Ada Guest", "notes": "a friend of the house"})

        return replace(made, withdrawn_is_found=True, strange=strange, proven_by_key=self.behaviour.contact_number_kept)


class TestItems(Sandboxed):
    def stage(self) -> Stage:
        desk = self.desk()
        body: Body = {**ITEM, "account_id": desk.books.accounts["Sales"], "tax_id": desk.books.taxes["VAT 9%"]}
        other: Body = {**body, "rate": Decimal("120.50"), "description": "sea view"}
        made = stage(desk, "items", key("room_type:5"), body, "items", other)

        def strange() -> None:
            desk.books.create("items", {"name": ITEM["name"], "rate": Decimal(1)})

        return replace(made, withdrawn_is_found=True, strange=strange)


class TestSalesOrders(Sandboxed):
    def stage(self) -> Stage:
        desk = self.desk()
        body = with_items(desk, ORDER)
        given = body["line_items"]
        assert isinstance(given, list)
        first = given[0]
        assert isinstance(first, dict)
        bus: Body = {
            "_id": "detail:9",
            "item_id": first["item_id"],
            "name": "Bus",
            "quantity": Decimal(1),
            "rate": Decimal("8.5"),
        }
        other: Body = {**body, "line_items": [*given, bus], "_total": Decimal(309)}
        made = stage(desk, "salesorders", key("order:41"), body, "salesorders", other)

        def strange() -> None:
            desk.books.create(
                "salesorders", {"customer_id": body["customer_id"], "salesorder_number": "QLO-41", "line_items": [_bare(first)]}
            )

        return replace(made, strange=strange)


class TestInvoices(Sandboxed):
    def stage(self) -> Stage:
        desk = self.desk()
        body = with_items(desk, INVOICE)
        given = body["line_items"]
        assert isinstance(given, list)
        first = given[0]
        assert isinstance(first, dict)
        other: Body = {**body, "due_date": "2026-04-01", "adjustment": Decimal("0.01"), "_total": Decimal("300.51")}
        made = stage(desk, "invoices", key("invoice:2"), body, "invoices", other)

        def strange() -> None:
            desk.books.create(
                "invoices", {"customer_id": body["customer_id"], "invoice_number": "#IN000002", "line_items": [_bare(first)]}
            )

        return replace(made, strange=strange)


class TestPayments(Sandboxed):
    def stage(self) -> Stage:
        desk = self.desk()
        return stage(desk, "payments", key("payment:13"), {**PAYMENT, "customer_id": customer(desk)}, "payments")


class TestApplications(Sandboxed):
    def stage(self) -> Stage:
        desk = self.desk()
        invoice, payment = sent_invoice(desk)
        body: Body = {"invoice_id": invoice, "payment_id": payment, "amount_applied": Decimal("300.50")}
        made = stage(desk, "applications", key("payment:13/41"), body, "invoices")
        return replace(made, garble=None, destroy=None, steady_id=False)


class TestInvoicesSent(Sandboxed):
    def stage(self) -> Stage:
        desk = self.desk()
        made = created(stage(desk, "invoices", key("invoice:2"), with_items(desk, INVOICE), "invoices"))
        sent = stage(desk, "invoices.sent", key("invoice:2"), {"invoice_id": made.id}, "invoices")
        return replace(sent, garble=None, withdrawable=False)


def _bare(line: Body) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "_id"}


def sent_invoice(desk: Desk) -> tuple[str, str]:
    """The ids of a sent invoice and of an advance of the same customer."""
    every = desk.target.modules
    body = with_items(desk, INVOICE)
    (invoice,) = every["invoices"].create([Write(key("invoice:2"), body)])
    assert isinstance(invoice, Written)
    every["invoices.sent"].create([Write(key("invoice:2"), {"invoice_id": invoice.id})])
    (payment,) = every["payments"].create([Write(key("payment:13"), {**PAYMENT, "customer_id": body["customer_id"]})])
    assert isinstance(payment, Written)
    return invoice.id, payment.id


@needs_contracts
def test_every_request_over_the_wire_is_documented_and_mails_nobody() -> None:
    desk = Desk()
    invoice, payment = sent_invoice(desk)
    every = desk.target.modules
    applied: Body = {"invoice_id": invoice, "payment_id": payment, "amount_applied": Decimal("300.50")}
    (application,) = every["applications"].create([Write(key("payment:13/41"), applied)])
    assert isinstance(application, Written)
    paid = every["invoices"].read(Standing(key("invoice:2"), invoice, {}, Written(invoice)))
    assert isinstance(paid, Written)
    assert paid.status == "paid"
    every["applications"].withdraw(Standing(key("payment:13/41"), application.id, applied, application))
    desk.target.learn()
    assert desk.target.claimed("hotel") == {key("payment:13")}
    assert [fault for each in desk.requests() for fault in check_request(*each)] == []
    assert list(desk.books.unknown_properties) == []
    assert list(desk.books.mails) == []


def test_an_order_whose_item_was_sent_with_lines_knows_them_when_read() -> None:
    desk = Desk()
    order = stage(desk, "salesorders", key("order:41"), with_items(desk, ORDER), "salesorders")
    made = created(order)
    seen = order.module.read(standing(order, replace(made, content=None)))
    assert isinstance(seen, Written)
    assert dict(seen.parts) == dict(made.parts)
    assert set(made.parts) == {"stay:2", "detail:5"}


def test_an_order_whose_item_a_person_deleted_is_refused_and_not_taken_for_gone() -> None:
    desk = Desk()
    order = stage(desk, "salesorders", key("order:41"), with_items(desk, ORDER), "salesorders")
    made = created(order)
    seen = order.module.read(standing(order, made))
    assert isinstance(seen, Written)
    desk.books.delete("items", str(next(iter(desk.books.all("items")))))
    with pytest.raises(Refused) as caught:
        order.module.update(standing(order, seen), {**order.body, "notes": "changed"})
    assert not caught.value.gone
    assert "salesorder stands" in caught.value.message
    assert caught.value.remote_code in caught.value.message


def test_a_currency_that_somebody_added_meanwhile_is_a_duplicate_and_another_refusal_is_none() -> None:
    desk = Desk()
    currencies = modules(desk.target._client)["currencies"]
    body: Body = {"currency_code": "CHF", "currency_symbol": "Fr", "price_precision": 2, "currency_format": "1,234,567.89"}
    currencies.create([Write(key("currency:CHF"), body)])

    (again,) = currencies.create([Write(key("currency:CHF"), body)])
    (other,) = currencies.create([Write(key("currency:USD"), {**body, "currency_code": ""})])

    assert isinstance(again, Refused)
    assert again.duplicate
    assert isinstance(other, Refused)
    assert not other.duplicate
