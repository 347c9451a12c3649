"""Payments. Zoho has no unique field for them: a second create is accepted and money doubles.

What protects them is the journal's doubt (J3) and the reference number, which is our key. A payment leaves with the
applications that are ready; without any it is an advance. They are never changed and never taken back by absence. No field
that makes Zoho thank the guest is ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from zsync.errors import RecordError, Refused
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.ports import Found, Rider, Standing, Write
from zsync.targets.books.modules.base import BooksModule, Calls, understood
from zsync.targets.books.modules.values import Content, document, identity, identity_if_any, number, rows, text

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
    unshown = frozenset({"account_id", "exchange_rate", "payment_mode", "customer_id"})

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        body = self._first(write)
        if write.riders:
            body["invoices"] = [{name: rider.body[name] for name in ("invoice_id", "amount_applied")} for rider in write.riders]
        try:
            answer = self._calls.post(self.path, body)
        except RecordError as err:
            return [err]
        with understood():
            made = self._written(document(answer, self.resource), write.body)
            return [replace(made, carried=_carried(made, write.riders))]

    def _find(self, key: Key, body: Body) -> Found:
        """Absent only if the customer's own list and the list by reference agree: an index may lag, a filter be ignored."""
        wanted, customer = str(body["reference_number"]), str(body["customer_id"])
        for params in ({"reference_number": wanted}, {"customer_id": customer}):
            for row in self._listed(params):
                content = self._with_reference(row, body)
                if content is not None and text(content, "reference_number") == wanted and not self._is_void(content):
                    return self._written(content, body)
        return None

    def withdraw(self, standing: Standing) -> Written | None:
        """Deletes it: only a person's `undo` asks for that. Its invoices are unpaid again. What is gone is gone."""
        try:
            self._calls.delete(f"{self.path}/{standing.id}")
        except Refused as err:
            if not err.gone:
                raise
        return None

    def _with_reference(self, row: Content, body: Body) -> Content | None:
        """The row; where lists show no references (the contract's do not), the whole payment, if its amount is ours."""
        if "reference_number" in row:
            return row
        if number(row.get("amount")) != body["amount"]:
            return None
        return self.content(identity(row, self.id_field))

    def _written(self, content: Content, body: Body, parts: Mapping[str, str] | None = None) -> Written:
        return replace(super()._written(content, body, parts), total=number(content.get("amount")))

    def _expected(self, body: Body) -> Decimal | None:
        return number(body.get("amount"))


def _carried(made: Written, riders: Sequence[Rider]) -> dict[Key, Written]:
    """An answer for each rider that the payment shows with its amount; one that it does not show is left in doubt."""
    left = rows(made.content or {}, "invoices")
    carried: dict[Key, Written] = {}
    for rider in riders:
        invoice, amount = rider.body["invoice_id"], rider.body["amount_applied"]
        row = next((row for row in left if text(row, "invoice_id") == invoice and amount_applied(row) == amount), None)
        if row is not None:
            left.remove(row)
            carried[rider.key] = application(row, str(invoice), made.id)
    return carried


def application(row: Content, invoice_id: str, payment_id: str) -> Written:
    """An application as an answer shows it. Where Zoho names no id of its own for it, its two ends are one: `INVOICE/PAYMENT`."""
    id = identity_if_any(row, "invoice_payment_id") or f"{invoice_id}/{payment_id}"
    return Written(id, total=amount_applied(row), content=row)


def amount_applied(row: Content) -> Decimal | None:
    """What of a payment stands on an invoice; lists call it `amount`, documents `amount_applied`."""
    return number(row.get("amount_applied", row.get("amount")))


_NEWEST = 200

_SINGLY = 10
"""Where the list shows no references, so many of its payments are read to learn the newest ones."""


def references(calls: Calls, beginning: str) -> Iterator[str]:
    """The references of all payments that begin so. The filter is documented; the rows are compared all the same."""
    for row in calls.pages("/customerpayments", LISTING, {"reference_number_startswith": beginning}):
        yield from _reference(calls, row, beginning)


def newest_references(calls: Calls, beginning: str) -> Iterator[str]:
    """The same of the first rows alone, in one call; of fewer, read one by one, where the list shows no references."""
    found = calls.pages("/customerpayments", LISTING, {"reference_number_startswith": beginning})
    for place, row in enumerate(islice(found, _NEWEST)):  # no more than a page: the next one is not asked for
        if "reference_number" in row or place < _SINGLY:
            yield from _reference(calls, row, beginning)


def _reference(calls: Calls, row: Content, beginning: str) -> Iterator[str]:
    content = row
    if "reference_number" not in row:
        content = document(calls.get(f"/customerpayments/{identity(row, 'payment_id')}"), "payment")
    if text(content, "reference_number").startswith(beginning):
        yield text(content, "reference_number")
