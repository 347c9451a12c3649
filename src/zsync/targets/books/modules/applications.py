"""Applications: the part of a payment that stands on one invoice.

They leave in the call of their payment where they are ready then; later ones (an advance whose invoice has come) go by
`POST /invoices/{id}/credits`. Zoho accepts one twice while both have room, so in doubt two lists are asked: the invoice's
own list of payments, and the payment's own list of invoices.
"""

from __future__ import annotations

from collections.abc import Sequence

from zsync.errors import RecordError, Refused
from zsync.model.intent import Body, Difference, Written, plain
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Stranger, Write
from zsync.targets.books.modules.base import BooksModule
from zsync.targets.books.modules.payments import application
from zsync.targets.books.modules.values import Content, document, identity_if_any, number, rows, text
from zsync.targets.zoho.client import rows as listed


class Applied(BooksModule):
    """What of a payment, or of a credit note, stands on an invoice: a pair of documents and an amount, with no key at Zoho."""

    keyed = False
    updatable = False
    once = frozenset({"amount_applied"})

    def read(self, standing: Standing) -> Written | Gone:
        return self._shown(standing.body) or Gone()

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        if written.total == body["amount_applied"]:
            return []
        theirs = "" if written.total is None else plain(written.total)
        return [Difference("amount_applied", str(body["amount_applied"]), theirs)]

    def objection(self, body: Body, written: Written) -> RecordError | None:
        return None

    def _find(self, key: Key, body: Body) -> Found:
        written = self._shown(body)
        if written is None or not self.differences(body, written):
            return written
        message = f"{key} stands with {written.total} on invoice {body['invoice_id']}, ours would be {body['amount_applied']}"
        return Stranger(written, False, message)

    def _shown(self, body: Body) -> Written | None:
        """The application as Zoho shows it; None only if the lists of both of its ends say so."""
        raise RuntimeError("a module says where it looks")


class Applications(Applied):
    """Body: `invoice_id`, `payment_id`, `amount_applied`."""

    name = "applications"
    path = "/invoices"
    rides = "payments"

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        """The answer names no id (contract), so invoice and payment together are it until a list shows Zoho's own."""
        (write,) = writes
        invoice, payment = _ends(write.body)
        part = {"payment_id": payment, "amount_applied": write.body["amount_applied"]}
        try:
            self._calls.post(f"/invoices/{invoice}/credits", {"invoice_payments": [part]})
        except RecordError as err:
            return [err]
        return [Written(f"{invoice}/{payment}", total=number(write.body["amount_applied"]))]

    def withdraw(self, standing: Standing) -> Written | None:
        """Takes the payment off the invoice; it stays as an advance. What is off already is done."""
        invoice, payment = _ends(standing.body)
        id = standing.id
        if "/" in id:
            row = self._row(invoice, payment)
            if row is None:
                return None
            id = identity_if_any(row, "invoice_payment_id")
        if not id:
            raise RecordError("Zoho names no id for this application", hint="take the payment off the invoice in Zoho")
        try:
            self._calls.delete(f"/invoices/{invoice}/payments/{id}")
        except Refused as err:
            if not err.gone:
                raise
        return None

    def _shown(self, body: Body) -> Written | None:
        invoice, payment = _ends(body)
        row = self._row(invoice, payment)
        return None if row is None else application(row, invoice, payment)

    def _row(self, invoice: str, payment: str) -> Content | None:
        """The application as the invoice shows it, else as the payment does; both must say that there is none."""
        row = self._on_invoice(invoice, payment)
        if row is not None:
            return row
        try:
            content = document(self._calls.get(f"/customerpayments/{payment}"), "payment")
        except Refused as err:
            if err.gone:
                return None
            raise
        return next((row for row in rows(content, "invoices") if text(row, "invoice_id") == invoice), None)

    def _on_invoice(self, invoice: str, payment: str) -> Content | None:
        try:
            answer = self._calls.get(f"/invoices/{invoice}/payments")
        except Refused as err:
            if err.gone:
                return None
            raise
        return next((row for row in listed(answer, "payments") if text(row, "payment_id") == payment), None)


def _ends(body: Body) -> tuple[str, str]:
    return str(body["invoice_id"]), str(body["payment_id"])
