"""Laws that hold whatever clients and people do: seeded walks of several hundred requests, with and without lag."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest

from sandbox.bench import Bench, line
from zsync.sandbox import Behaviour

D = Decimal


class Walk:
    """Random requests, many of which make no sense."""

    def __init__(self, seed: int, behaviour: Behaviour) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a walk that can be repeated
        self.bench = Bench(behaviour)
        self.number = 0

    def some(self, kind: str) -> str:
        table = self.bench.books.table(kind)
        ids = [str(record[table.id_field]) for record in table]
        return self.random.choice(ids) if ids and self.random.random() < 0.97 else "7"

    def field(self, kind: str, id: str, name: str, default: Any) -> Any:
        record = self.bench.books.table(kind).get(id)
        return default if record is None else record[name]

    def amount(self) -> Decimal:
        return D(self.random.randint(0, 30000)) / 100

    def open_of(self, invoice: str) -> Any:
        """What is open of it, or any amount."""
        record = self.bench.books.table("invoices").get(invoice)
        if record is None or self.random.random() < 0.3:
            return self.amount()
        return self.bench.books.desk.invoices.balance(record)

    def lines(self, order: str = "") -> list[dict[str, object]]:
        found = self.field("salesorders", order, "line_items", [])
        links = [{"salesorder_item_id": row["line_item_id"]} for row in found] or [{}]
        taxes = ["", *self.bench.books.taxes.values()]
        return [
            line(str(self.amount()), str(self.random.randint(1, 3)), tax_id=self.random.choice(taxes), **link) for link in links
        ]

    def step(self) -> int:
        self.number += 1
        self.bench.clock.move(self.random.randint(0, 20))
        steps = (
            self.contact, self.order, self.invoice, self.invoice, self.sent, self.sent, self.pay, self.pay, self.apply,
            self.take_off, self.status, self.edit, self.delete, self.note, self.refund,
        )  # fmt: skip
        return self.random.choice(steps)()

    def contact(self) -> int:
        return self.bench.post("/contacts", {"contact_name": f"Guest {self.random.randint(1, 40)}"}).status

    def order(self) -> int:
        body = {"customer_id": self.some("contacts"), "salesorder_number": f"S{self.number}", "line_items": self.lines()}
        return self.bench.post("/salesorders", body, ignore_auto_number_generation="true").status

    def invoice(self) -> int:
        order = self.some("salesorders")
        customer = self.field("salesorders", order, "customer_id", self.some("contacts"))
        number = f"I{self.random.randint(1, 200)}"
        body = {"customer_id": customer, "invoice_number": number, "line_items": self.lines(order), "is_inclusive_tax": True}
        return self.bench.post("/invoices", body, ignore_auto_number_generation="true").status

    def sent(self) -> int:
        return self.bench.post(f"/invoices/{self.some('invoices')}/status/sent").status

    def pay(self) -> int:
        invoices = [self.some("invoices") for _ in range(self.random.randint(0, 2))]
        customer = self.field("invoices", invoices[0], "customer_id", "7") if invoices else self.some("contacts")
        parts = [{"invoice_id": id, "amount_applied": self.open_of(id)} for id in invoices]
        whole = sum((part["amount_applied"] for part in parts), D(0)) + self.random.choice((D(0), D(0), self.amount()))
        body = {"customer_id": customer, "payment_mode": "cash", "amount": whole, "date": "2026-03-02", "invoices": parts}
        return self.bench.post("/customerpayments", body).status

    def apply(self) -> int:
        invoice = self.some("invoices")
        payment = {"payment_id": self.some("payments"), "amount_applied": self.amount()}
        note = {"creditnote_id": self.some("creditnotes"), "amount_applied": self.amount()}
        bodies = ({"invoice_payments": [payment]}, {"apply_creditnotes": [note]})
        return self.bench.post(f"/invoices/{invoice}/credits", self.random.choice(bodies)).status

    def take_off(self) -> int:
        id = self.some("invoices")
        rows = self.bench.get(f"/invoices/{id}/payments").body.get("payments", [])
        application = rows[0]["invoice_payment_id"] if rows else "7"
        return self.bench.delete(f"/invoices/{id}/payments/{application}").status

    def status(self) -> int:
        kind = self.random.choice(("salesorders", "invoices", "creditnotes"))
        verb = self.random.choice(("void", "open", "draft", "sent"))
        return self.bench.post(f"/{kind}/{self.some(kind)}/status/{verb}").status

    def edit(self) -> int:
        kind = self.random.choice(("salesorders", "invoices", "creditnotes"))
        return self.bench.put(f"/{kind}/{self.some(kind)}", {"line_items": self.lines()}).status

    def delete(self) -> int:
        path, kind = self.random.choice(
            (
                ("/contacts", "contacts"),
                ("/salesorders", "salesorders"),
                ("/invoices", "invoices"),
                ("/customerpayments", "payments"),
            )
        )
        return self.bench.delete(f"{path}/{self.some(kind)}").status

    def note(self) -> int:
        invoice = self.some("invoices") if self.random.random() < 0.5 else ""
        customer = self.field("invoices", invoice, "customer_id", self.some("contacts"))
        query = {"invoice_id": invoice} if invoice else {}
        body = {"customer_id": customer, "date": "2026-03-02", "line_items": self.lines()}
        return self.bench.ask("POST", "/creditnotes", body, query).status

    def refund(self) -> int:
        where = self.random.choice((f"/customerpayments/{self.some('payments')}", f"/creditnotes/{self.some('creditnotes')}"))
        body = {"amount": self.amount(), "date": "2026-03-02", "from_account_id": self.bench.books.accounts["Bank"]}
        return self.bench.post(f"{where}/refunds", body).status


def check_laws(bench: Bench) -> None:
    books = bench.books
    invoices, payments, notes = books.invoices, books.payments, books.creditnotes
    applied: defaultdict[str, Decimal] = defaultdict(Decimal)
    for payment in payments.values():
        parts = sum((part["amount_applied"] for part in payment["invoices"]), D(0))
        assert payment["amount"] == parts + payment["unused_amount"] + payment["amount_refunded"]
        assert payment["unused_amount"] >= 0
        for part in payment["invoices"]:
            applied[part["invoice_id"]] += part["amount_applied"]
    for invoice in invoices.values():
        check_invoice(invoice, applied[invoice["invoice_id"]])
    for note in notes.values():
        used = sum((part["amount_applied"] for part in note["invoices"]), D(0))
        assert 0 <= note["balance"] == note["total"] - used - sum((each["amount"] for each in note["creditnote_refunds"]), D(0))
    for kind, number in (("invoices", "invoice_number"), ("salesorders", "salesorder_number"), ("contacts", "contact_name")):
        values = [each[number] for each in books.all(kind).values()]
        assert len(values) == len(set(values))
    owed = sum((each["balance"] for each in invoices.values() if each["status"] not in ("draft", "void")), D(0))
    assert owed == sum((each["outstanding_receivable_amount"] for each in books.contacts.values()), D(0))


def check_invoice(invoice: Any, paid: Any) -> None:
    assert invoice["payment_made"] == paid
    if invoice["status"] == "void":
        assert (paid, invoice["credits_applied"], invoice["balance"]) == (0, 0, 0)
        return
    assert invoice["balance"] == invoice["total"] - paid - invoice["credits_applied"]
    assert invoice["balance"] >= 0
    if invoice["status"] != "draft":
        assert (invoice["status"] == "paid") == (invoice["balance"] == 0)
    else:
        assert paid == 0


@pytest.mark.parametrize("lag_s", [0, 45])
@pytest.mark.parametrize("seed", range(4))
def test_the_sums_hold_whatever_is_asked(seed: int, lag_s: int) -> None:
    walk = Walk(seed, Behaviour(lag_s=lag_s, salesorder_starts="draft" if seed % 2 else "open"))
    answers: Counter[int] = Counter()
    for n in range(500):
        answers[walk.step()] += 1
        if n % 50 == 0:
            walk.bench.token, _ = walk.bench.sandbox.accounts.issue()
            check_laws(walk.bench)
            for path in ("/contacts", "/salesorders", "/invoices", "/customerpayments", "/creditnotes"):
                assert walk.bench.get(path).status == 200
    check_laws(walk.bench)
    assert set(answers) <= {200, 201, 400, 404}
    assert answers[200] + answers[201] > 80
    assert {each["status"] for each in walk.bench.books.invoices.values()} >= {"draft", "paid", "void"}
