"""Sales orders and invoices, under numbers of our own, and their statuses.

Found by exact number, then by the reference `BOOKING/ORDER`, which proves that it is ours whatever the total. Taking back
is voiding: id and number stay taken. A status is a document of its own whose create is the status call: marking an invoice
sent never mails it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsync.errors import RecordError, Refused
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Stranger, Write
from zsync.targets.books.modules.base import OWN_NUMBER, BooksModule, Calls

_VOID_REASON = "Cancelled in the booking system"


class _Numbered(BooksModule):
    create_params = OWN_NUMBER

    def _find(self, key: Key, body: Body) -> Found:
        wanted = str(body[self.number_field])
        for row in self._listed({self.number_field: wanted}):
            if str(row.get(self.number_field, "")) != wanted or self._is_void(row):
                continue
            content = self._content(str(row[self.id_field]))
            if content is None or self._is_void(content):
                continue
            written = self._written(content, body, read=True)
            if str(content.get("reference_number", "")) == body["reference_number"]:
                return written
            return Stranger(written, ours=False, message=f"number {wanted} is taken in Zoho (id {written.id})")
        return None

    def withdraw(self, standing: Standing) -> Written | None:
        try:
            self._calls.post(f"{self.path}/{standing.id}/status/void", self._void_body())
        except Refused as err:
            content = None if err.gone else self._content(standing.id)
            if content is None or not self._is_void(content):
                raise
        before = standing.written
        return Written(standing.id, before.number, before.total, "void", before.modified, before.parts)

    def _void_body(self) -> Mapping[str, object] | None:
        return None


class SalesOrders(_Numbered):
    """Orders of the hotel. Voided and wanted again they are made anew under another number."""

    name = "salesorders"
    path = "/salesorders"
    resource = "salesorder"
    listing = "salesorders"
    id_field = "salesorder_id"
    number_field = "salesorder_number"
    once = frozenset({"date", "exchange_rate"})

    def _void_body(self) -> Mapping[str, object] | None:
        return {"reason": _VOID_REASON}


class Invoices(_Numbered):
    """Invoices under the shop's numbers; created as drafts. A void one becomes a draft again."""

    name = "invoices"
    path = "/invoices"
    resource = "invoice"
    listing = "invoices"
    id_field = "invoice_id"
    number_field = "invoice_number"
    once = frozenset({"date", "due_date", "exchange_rate", "invoice_number"})
    revivable = True

    def revive(self, standing: Standing) -> Written:
        self._calls.post(f"{self.path}/{standing.id}/status/draft")
        before = standing.written
        return Written(standing.id, before.number, before.total, "draft", before.modified, before.parts)


class _Status:
    """A status of a parent document: found when the parent has it, created by one call, never changed or taken back."""

    name = ""
    parent = ""
    reference = ""  # the field of the body that holds the parent's id
    verb = ""
    before: frozenset[str] = frozenset({"draft"})
    batch = 1
    keyed = False
    updatable = False
    revivable = False
    once: frozenset[str] = frozenset()
    rides = ""
    documents: type[BooksModule] = BooksModule

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._parents = self.documents(calls)

    def find(self, asked: Sequence[tuple[Key, Body]]) -> Sequence[Found]:
        return [self._find(str(body[self.reference])) for _, body in asked]

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        id = str(write.body[self.reference])
        try:
            self._calls.post(f"{self._parents.path}/{id}/status/{self.verb}")
        except Refused as err:
            # "Already sent" comes as a refusal: the state decides (facts, section 11).
            found = None if err.gone else self._find(id)
            return [err if found is None else found]
        return [Written(id, status=self.verb)]

    def read(self, standing: Standing) -> Written | Gone:
        return self._find(str(standing.body[self.reference])) or Gone()

    def update(self, standing: Standing, body: Body) -> Written:
        raise RuntimeError(f"{self.name} is never changed")

    def withdraw(self, standing: Standing) -> Written | None:
        raise RuntimeError(f"{self.name} goes with its document")

    def revive(self, standing: Standing) -> Written:
        raise RuntimeError(f"{self.name} comes with its document")

    def differences(self, body: Body, written: Written) -> Sequence[Any]:
        return ()

    def shown(self, body: Body, written: Written) -> bool:
        return bool(written.status) and written.status not in self.before and written.status != "void"

    def objection(self, body: Body, written: Written) -> RecordError | None:
        return None

    def renamed(self, key: Key, body: Body) -> Body | None:
        return None

    def _find(self, id: str) -> Written | None:
        content = self._parents._content(id)
        if content is None:
            return None
        status = str(content.get("status", ""))
        return None if status in self.before or status == "void" else Written(id, status=status)


class SalesOrdersOpen(_Status):
    """An open sales order. Where the organisation opens orders by itself, the answer to the create shows it."""

    name = "salesorders.open"
    parent = "salesorders"
    reference = "salesorder_id"
    verb = "open"
    documents = SalesOrders


class InvoicesSent(_Status):
    """An invoice marked as sent, without a mail: payments on drafts are refused."""

    name = "invoices.sent"
    parent = "invoices"
    reference = "invoice_id"
    verb = "sent"
    documents = Invoices
