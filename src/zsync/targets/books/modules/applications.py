"""Applications: the part of a payment that stands on one invoice.

They leave in the call of their payment where they are ready then; later ones (an advance whose invoice has come) go by
`POST /invoices/{id}/credits`. Zoho accepts one twice while both have room, so in doubt the invoice's own list of payments
decides, and it is asked only after the payment was found.
"""

from __future__ import annotations

from collections.abc import Sequence

from zsync.errors import RecordError, Refused
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Write
from zsync.targets.books.modules.base import BooksModule
from zsync.targets.books.modules.payments import amount_applied


class Applications(BooksModule):
    """Body: `invoice_id`, `payment_id`, `amount_applied`."""

    name = "applications"
    path = "/invoices"
    keyed = False
    updatable = False
    rides = "payments"
    once = frozenset({"amount_applied"})

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        part = {"payment_id": write.body["payment_id"], "amount_applied": write.body["amount_applied"]}
        try:
            self._calls.post(f"/invoices/{write.body['invoice_id']}/credits", {"invoice_payments": [part]})
        except RecordError as err:
            return [err]
        return [Written(str(write.body["payment_id"]))]

    def _find(self, key: Key, body: Body) -> Found:
        answer = self._calls.get(f"/invoices/{body['invoice_id']}/payments")
        for row in answer.get("payments", []):
            if str(row.get("payment_id")) == str(body["payment_id"]) and amount_applied(row) == body["amount_applied"]:
                return Written(str(row.get("invoice_payment_id") or row["payment_id"]))
        return None

    def read(self, standing: Standing) -> Written | Gone:
        try:
            found = self._find(standing.key, standing.body)
        except Refused as err:
            if err.gone:
                return Gone()
            raise
        return found if isinstance(found, Written) else Gone()

    def withdraw(self, standing: Standing) -> Written | None:
        """Takes the payment off the invoice; it stays as an advance."""
        self._calls.delete(f"/invoices/{standing.body['invoice_id']}/payments/{standing.id}")
        return None
