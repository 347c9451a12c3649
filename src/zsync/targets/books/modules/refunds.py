"""Money paid back: out of a credit note, or out of what of a payment stands on no invoice.

Zoho has no unique field for refunds: a second create is accepted as long as something is left. What protects them is the
journal's doubt (J3) and the reference number, which is our key. They are never changed; only a person's `undo` deletes one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from zsync.errors import RecordError, Refused
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Write
from zsync.targets.books.modules.base import BooksModule, understood
from zsync.targets.books.modules.values import Content, document, identity, number, text


class _Refunds(BooksModule):
    """`reference_number` = our key. The field `owner` of a body is what it is paid out of; it stands in the path."""

    owner = ""
    keyed = False
    updatable = False
    once = frozenset({"amount", "date", "exchange_rate", "reference_number", "description"})
    unshown = frozenset({"creditnote_id", "payment_id", "from_account_id", "exchange_rate", "refund_mode", "description"})

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        try:
            answer = self._calls.post(self._of(write.body), self._first(write))
        except RecordError as err:
            return [err]
        with understood():
            return [self._written(document(answer, self.resource), write.body)]

    def read(self, standing: Standing) -> Written | Gone:
        try:
            answer = self._calls.get(f"{self._of(standing.body)}/{standing.id}")
        except Refused as err:
            if err.gone:
                return Gone()
            raise
        return self._written(document(answer, self.resource), standing.body)

    def withdraw(self, standing: Standing) -> Written | None:
        try:
            self._calls.delete(f"{self._of(standing.body)}/{standing.id}")
        except Refused as err:
            if not err.gone:
                raise
        return None

    def _find(self, key: Key, body: Body) -> Found:
        wanted = str(body["reference_number"])
        for row in self._refunds(body):
            if text(row, "reference_number") == wanted:
                return self._written(row, body)
        return None

    def _refunds(self, body: Body) -> Iterator[Content]:
        """The parent's own list, which is whole and short."""
        yield from self._calls.pages(self._of(body), self.listing)

    def _of(self, body: Body) -> str:
        return f"{self.path}/{body[self.owner]}/refunds"

    def _first(self, write: Write) -> dict[str, Any]:
        return {name: value for name, value in super()._first(write).items() if name != self.owner}

    def _written(self, content: Content, body: Body, parts: Any = None) -> Written:
        """Lists show the amount as `amount_fcy`, in the document's currency."""
        amount = number(content.get("amount", content.get("amount_fcy")))
        return Written(identity(content, self.id_field), total=amount, content=content)

    def _expected(self, body: Body) -> Decimal | None:
        return number(body.get("amount"))


class Refunds(_Refunds):
    """Out of a credit note. In doubt the list of all refunds of the customer (`_customer_id`) is asked, too: the two may lag
    apart."""

    name = "refunds"
    path = "/creditnotes"
    owner = "creditnote_id"
    resource = "creditnote_refund"
    listing = "creditnote_refunds"
    id_field = "creditnote_refund_id"

    def _refunds(self, body: Body) -> Iterator[Content]:
        yield from super()._refunds(body)
        yield from self._calls.pages("/creditnotes/refunds", self.listing, {"customer_id": str(body["_customer_id"])})


class ExcessRefunds(_Refunds):
    """Out of the part of a payment that stands on no invoice."""

    name = "excessrefunds"
    path = "/customerpayments"
    owner = "payment_id"
    resource = "payment_refunds"  # a list of one
    listing = "payment_refunds"
    id_field = "payment_refund_id"
