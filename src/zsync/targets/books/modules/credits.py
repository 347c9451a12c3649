"""Credit notes and what of them stands on invoices.

A credit note is never changed: its number is ours, and a second one under it is refused. It may be open at once or start as a
draft, as the organisation has it; opening is a document of its own. Applications have no key at Zoho: one is accepted twice
while both sides have room, so in doubt both lists are asked, the note's own and the invoice's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zsync.errors import RecordError, Refused
from zsync.model.intent import Body, Written
from zsync.ports import Standing, Write
from zsync.targets.books.modules.applications import Applied
from zsync.targets.books.modules.sales import Numbered, StatusModule
from zsync.targets.books.modules.values import Content, identity, identity_if_any, number, text
from zsync.targets.zoho.client import rows as listed


class CreditNotes(Numbered):
    """Credit slips of the hotel under the shop's numbers."""

    name = "creditnotes"
    path = "/creditnotes"
    resource = "creditnote"
    listing = "creditnotes"
    id_field = "creditnote_id"
    number_field = "creditnote_number"
    updatable = False
    once = frozenset({"date", "exchange_rate"})


class CreditNotesOpen(StatusModule):
    """An open credit note. Where the organisation opens them by itself, the answer to the create shows it."""

    name = "creditnotes.open"
    parent = "creditnotes"
    reference = "creditnote_id"
    verb = "open"
    documents = CreditNotes


class CreditApplications(Applied):
    """Body: `creditnote_id`, `invoice_id`, `amount_applied`."""

    name = "creditapplications"
    path = "/creditnotes"

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        """The answer names no id (contract), so note and invoice together are it until a list shows Zoho's own."""
        (write,) = writes
        note, invoice = _ends(write.body)
        part = {"invoice_id": invoice, "amount_applied": write.body["amount_applied"]}
        try:
            self._calls.post(f"/creditnotes/{note}/invoices", {"invoices": [part]})
        except RecordError as err:
            return [err]
        return [Written(f"{note}/{invoice}", total=number(write.body["amount_applied"]))]

    def withdraw(self, standing: Standing) -> Written | None:
        """Takes the credit off the invoice; the note has it back. What is off already is done."""
        note, invoice = _ends(standing.body)
        row = self._row(note, invoice)
        if row is None:
            return None
        try:
            self._calls.delete(f"/creditnotes/{note}/invoices/{identity(row, _id_field(row))}")
        except Refused as err:
            if not err.gone:
                raise
        return None

    def _shown(self, body: Body) -> Written | None:
        note, invoice = _ends(body)
        row = self._row(note, invoice)
        return None if row is None else _written(row, note, invoice)

    def _row(self, note: str, invoice: str) -> Content | None:
        """The application as the note's list shows it, else as the invoice's does; both must say that there is none."""
        for path, name, ours in (
            (f"/creditnotes/{note}/invoices", "invoices_credited", ("invoice_id", invoice)),
            (f"/invoices/{invoice}/creditsapplied", "credits", ("creditnote_id", note)),
        ):
            found = next((row for row in self._list(path, name) if text(row, ours[0]) == ours[1]), None)
            if found is not None:
                return found
        return None

    def _list(self, path: str, name: str) -> Sequence[Content]:
        try:
            return listed(self._calls.get(path), name)
        except Refused as err:
            if err.gone:
                return []
            raise


def _ends(body: Body) -> tuple[str, str]:
    return str(body["creditnote_id"]), str(body["invoice_id"])


def _written(row: Mapping[str, object], note: str, invoice: str) -> Written:
    content: Content = row
    id = identity_if_any(content, _id_field(content)) or f"{note}/{invoice}"
    return Written(id, total=number(content.get("amount_applied", content.get("credited_amount"))), content=content)


def _id_field(row: Content) -> str:
    """The note's list and the invoice's call the same id by two names."""
    return "creditnote_invoice_id" if "creditnote_invoice_id" in row else "creditnotes_invoice_id"
