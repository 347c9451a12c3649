"""Payments. Zoho has no unique field for them: a second create is accepted and money doubles.

What protects them is the journal's doubt (J3) and the reference number, which is our key. A payment leaves with the
applications that are ready; without any it is an advance. They are never changed and never taken back by absence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsync.errors import RecordError
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.ports import Found, Standing, Write
from zsync.targets.books.modules.base import BooksModule, number, stripped

LISTING = "customerpayments|customer_payments"
"""The contract says the second, the live API the first (contracts, README)."""


class Payments(BooksModule):
    """Money received, with `reference_number` = our key."""

    name = "payments"
    path = "/customerpayments"
    resource = "payment"
    listing = LISTING
    id_field = "payment_id"
    number_field = "payment_number"
    keyed = False
    updatable = False
    once = frozenset({"amount", "date", "exchange_rate", "reference_number", "description"})

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        body = stripped(write.body)
        if write.riders:
            body["invoices"] = [
                {"invoice_id": rider.body["invoice_id"], "amount_applied": rider.body["amount_applied"]} for rider in write.riders
            ]
        try:
            content = self._document(self._calls.post(self.path, body))
        except RecordError as err:
            return [err]
        made = self._written(content, write.body)
        applied = {str(row.get("invoice_id")): row for row in _rows(content.get("invoices"))}
        carried = {
            rider.key: Written(_application_id(applied[str(rider.body["invoice_id"])], made.id))
            for rider in write.riders
            if str(rider.body["invoice_id"]) in applied
        }
        return [Written(made.id, made.number, made.total, made.status, made.modified, carried=carried)]

    def _find(self, key: Key, body: Body) -> Found:
        """Absent only if the customer's own list and the list by reference agree: an index may lag, a filter be ignored."""
        wanted, customer = str(body["reference_number"]), str(body["customer_id"])
        for params in ({"reference_number": wanted}, {"customer_id": customer}):
            for row in self._listed(params):
                if str(row.get("reference_number", "")) == wanted:
                    return self._written(row, body)
        return None

    def withdraw(self, standing: Standing) -> Written | None:
        """Deletes it: only a person's `undo` asks for that."""
        self._calls.delete(f"{self.path}/{standing.id}")
        return None


def _rows(node: object) -> list[Mapping[str, Any]]:
    return [row for row in node if isinstance(row, Mapping)] if isinstance(node, list) else []


def _application_id(row: Mapping[str, Any], payment_id: str) -> str:
    """Zoho's id of an application where it gives one; else the payment's, which finds it on the invoice."""
    return str(row.get("invoice_payment_id") or payment_id)


def amount_applied(row: Mapping[str, Any]) -> object:
    """What of a payment stands on an invoice; lists call it `amount`, documents `amount_applied`."""
    return number(row.get("amount_applied", row.get("amount")))
