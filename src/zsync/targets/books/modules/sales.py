"""Sales orders and invoices, under numbers of our own, and their statuses.

Found by exact number, then by the reference `BOOKING/ORDER`, which proves that it is ours whatever the total. Taking back
is voiding: id and number stay taken. A status is a document of its own whose create is the status call: marking an invoice
sent never mails it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zsync.errors import ContractBroken, RecordError, Refused
from zsync.model.intent import Body, Difference, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Found, Standing, Stranger, Write
from zsync.targets.books.modules.base import OWN_NUMBER, BooksModule, Calls
from zsync.targets.books.modules.lines import Line, line_differences, own_lines, parts_of
from zsync.targets.books.modules.values import Content, cleared, identity, number, rows, sendable, sums_to_nothing, text
from zsync.targets.zoho.errors import REMOTE

_VOID_REASON = "Cancelled in the booking system"


class Numbered(BooksModule):
    """Found by its number; whole in every PUT, each line with the id that Zoho gave it, or Zoho deletes the line."""

    create_params = OWN_NUMBER
    only_created_of_lines: frozenset[str] = frozenset()

    def _find(self, key: Key, body: Body) -> Found:
        wanted, reference = str(body[self.number_field]), str(body["reference_number"])
        stranger: Stranger | None = None
        for row in self._listed({self.number_field: wanted}):
            if text(row, self.number_field) != wanted or self._is_void(row):
                continue
            content = self.content(identity(row, self.id_field))
            if content is None or self._is_void(content):
                continue
            written = self._written(content, body)
            if text(content, "reference_number") == reference:
                return written
            other = f"{self.resource} {written.id} with the reference `{text(content, 'reference_number')}`"
            message = f"number {wanted} is taken by {other}; ours would have `{reference}`"
            stranger = stranger or Stranger(written, ours=False, message=message)
        return stranger

    def withdraw(self, standing: Standing) -> Written | None:
        return self._moved(standing, "status/void", "void", self._void_body())

    def _void_body(self) -> Mapping[str, object] | None:
        return None

    def _parts(self, content: Content, body: Body, parts: Mapping[str, str]) -> Mapping[str, str]:
        return parts_of(body, content, parts)

    def _answered(self, content: Content, body: Body, parts: Mapping[str, str]) -> Written:
        """An invoice's lines refer to those of its order: what the answer leaves out is read before anything builds on it."""
        written = super()._answered(content, body, parts)
        missing = own_lines(body).keys() - written.parts.keys()
        if missing:
            raise ContractBroken(f"an answer that leaves out {len(missing)} of {len(own_lines(body))} lines", remote=REMOTE)
        return written

    def _live_parts(self, standing: Standing) -> Mapping[str, str]:
        """Without the lines that a person took away: Zoho would refuse their ids."""
        parts, content = standing.written.parts, standing.written.content
        if content is None:
            return parts
        there = {text(row, "line_item_id") for row in rows(content, "line_items")}
        return {id: remote for id, remote in parts.items() if remote in there}

    def _whole(self, standing: Standing, body: Body) -> dict[str, Any]:
        whole = super()._whole(standing, body)
        before, parts = own_lines(standing.body), self._live_parts(standing)
        whole["line_items"] = [
            self._line_again(line, before.get(id, {}), parts.get(id, "")) for id, line in own_lines(body).items()
        ]
        return whole

    def _line_again(self, line: Line, before: Line, remote: str) -> dict[str, Any]:
        again = {**cleared(before, line), **sendable(line), **({"line_item_id": remote} if remote else {})}
        return {name: value for name, value in again.items() if name not in self.only_created_of_lines}

    def _differences(self, body: Body, content: Content, parts: Mapping[str, str]) -> Iterator[Difference]:
        """Our fields and lines; an adjustment, discount or freight that we did not send is a person's."""
        yield from super()._differences({"adjustment": 0, **body}, content, parts)
        yield from sums_to_nothing(content, ("discount", "shipping_charge"))
        yield from line_differences(body, content, parts)


class SalesOrders(Numbered):
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


class Invoices(Numbered):
    """Invoices under the shop's numbers; created as drafts. A void one becomes a draft again."""

    name = "invoices"
    path = "/invoices"
    resource = "invoice"
    listing = "invoices"
    id_field = "invoice_id"
    number_field = "invoice_number"
    once = frozenset({"date", "due_date", "exchange_rate", "invoice_number"})
    # A line that stands keeps its link to the sales order; the contract knows the link in a create only.
    only_created_of_lines = frozenset({"salesorder_item_id"})
    revivable = True

    def revive(self, standing: Standing) -> Written:
        return self._revived(standing, "status/draft", "draft")


class StatusModule:
    """A status of a parent document: found when the parent has it, created by one call, never changed or taken back."""

    name = ""
    parent = ""
    reference = ""  # the field of the body that holds the parent's id
    verb = ""
    before: frozenset[str] = frozenset({"", "draft", "pending_approval", "approved", "rejected", "void"})
    batch = 1
    lots = None
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
            return [found or err]
        return [Written(id, status=self.verb)]

    def read(self, standing: Standing) -> Written | Gone:
        return self._find(str(standing.body[self.reference])) or Gone()

    def update(self, standing: Standing, body: Body) -> Written:
        raise RuntimeError(f"{self.name} is never changed")

    def withdraw(self, standing: Standing) -> Written | None:
        raise RuntimeError(f"{self.name} goes with its document")

    def revive(self, standing: Standing) -> Written:
        raise RuntimeError(f"{self.name} comes with its document")

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        return ()

    def shown(self, body: Body, written: Written) -> bool:
        return written.status.lower() not in self.before

    def objection(self, body: Body, written: Written) -> RecordError | None:
        return None

    def renamed(self, key: Key, body: Body) -> Body | None:
        return None

    def _find(self, id: str) -> Written | None:
        content = self._parents.content(id)
        if content is None or text(content, "status").lower() in self.before:
            return None
        label = text(content, self._parents.number_field)
        return Written(id, label, number(content.get("total")), text(content, "status").lower(), content=content)


class SalesOrdersOpen(StatusModule):
    """An open sales order. Where the organisation opens orders by itself, the answer to the create shows it."""

    name = "salesorders.open"
    parent = "salesorders"
    reference = "salesorder_id"
    verb = "open"
    documents = SalesOrders


class InvoicesSent(StatusModule):
    """An invoice marked as sent, without a mail: payments on drafts are refused."""

    name = "invoices.sent"
    parent = "invoices"
    reference = "invoice_id"
    verb = "sent"
    documents = Invoices
