"""Credit notes (facts, section 13): open at once, applied to invoices or paid back, closed when nothing is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from zsync.sandbox.books import known
from zsync.sandbox.books.desk import Route
from zsync.sandbox.books.documents import Documents
from zsync.sandbox.books.query import Listing, page_of
from zsync.sandbox.books.store import Record
from zsync.sandbox.books.values import INVALID, amount, day, day_of, flag, invalid, missing, optional_amount, rows, text
from zsync.sandbox.web import Call, Refusal, Reply

ZERO = Decimal(0)
IS_CLOSED, IS_VOID, OVER_APPLIED = 12003, 12004, 24016


def _is(*states: str) -> Any:
    return lambda face: face["status"] in states


LISTING = Listing(
    key="creditnotes",
    report="Credit Notes",
    filters={
        "creditnote_number": "text",
        "reference_number": "text",
        "customer_name": "text",
        "item_name": "text",
        "item_id": "id",
        "customer_id": "id",
        "status": "id",
        "total": "number",
        "date": "day",
    },
    states={
        "Status.All": lambda face: True,
        "Status.Open": _is("open"),
        "Status.Draft": _is("draft"),
        "Status.Closed": _is("closed"),
        "Status.Void": _is("void"),
    },
    search=("creditnote_number", "customer_name", "reference_number"),
    sort=("customer_name", "creditnote_number", "balance", "total", "date", "created_time"),
    columns=(
        "creditnote_id creditnote_number status reference_number date total balance customer_id customer_name currency_id "
        "currency_code created_time last_modified_time is_emailed"
    ).split(),
    plain=frozenset({"creditnote_number", "reference_number", "customer_name", "item_name", "total", "date"}),
    under={"item_name": "line_items.name", "item_id": "line_items.item_id"},
)


REFUNDS = Listing(
    key="creditnote_refunds",
    report="Credit Note Refunds",
    filters={"customer_id": "id"},
    states={"Status.All": lambda face: True},
    search=(),
    sort=("date", "reference_number", "refund_mode", "creditnote_number", "customer_name", "amount_bcy", "amount_fcy"),
    columns=(
        "creditnote_refund_id creditnote_id date refund_mode reference_number creditnote_number customer_name description "
        "amount_bcy amount_fcy"
    ).split(),
    plain=frozenset(),
)
"""All refunds of credit notes; the list shows amounts as the contract has them."""


class CreditNotes(Documents):
    """What customers get back."""

    kind = "creditnotes"
    id_field = "creditnote_id"
    number_field = "creditnote_number"
    auto_prefix = "CN-"
    duplicate = 12018
    what = "Credit note"
    line_known = known.CREDIT_NOTE_LINE

    def routes(self) -> Sequence[Route]:
        return (
            Route("POST", "/creditnotes", self.create),
            Route("GET", "/creditnotes", lambda call: page_of(LISTING, self.table.listed(), call.query)),
            Route("GET", "/creditnotes/refunds", self._all_refunds),
            Route("GET", "/creditnotes/{}", self._get),
            Route("PUT", "/creditnotes/{}", self._update),
            Route("DELETE", "/creditnotes/{}", self._delete),
            Route("POST", "/creditnotes/{}/status/open", lambda call, id: self._switch(id, "open")),
            Route("POST", "/creditnotes/{}/status/void", lambda call, id: self._switch(id, "void")),
            Route("POST", "/creditnotes/{}/status/draft", lambda call, id: self._switch(id, "draft")),
            Route("GET", "/creditnotes/{}/invoices", self._applications),
            Route("POST", "/creditnotes/{}/invoices", self._apply),
            Route("DELETE", "/creditnotes/{}/invoices/{}", self._take_off),
            Route("GET", "/creditnotes/{}/refunds", self._refunds),
            Route("POST", "/creditnotes/{}/refunds", self._refund),
            Route("DELETE", "/creditnotes/{}/refunds/{}", self._delete_refund),
        )

    # --- for the other modules ---------------------------------------------------------------------------------------

    def applied_to(self, invoice_id: str) -> Decimal:
        parts = (part for each in self.table for part in each["applied"] if part["invoice_id"] == invoice_id)
        return sum((part["amount_applied"] for part in parts), ZERO)

    def unused_of(self, customer_id: str) -> Decimal:
        mine = (each for each in self.table if each["customer_id"] == customer_id and each["status"] == "open")
        return sum((self.balance(each) for each in mine), ZERO)

    def balance(self, note: Record) -> Decimal:
        used = sum((part["amount_applied"] for part in note["applied"]), ZERO)
        return self.sums(note).total - used - sum((each["amount"] for each in note["refunds"]), ZERO)

    def check_room(self, parts: Sequence[tuple[str, Decimal]], invoice: Record) -> None:
        wanted: dict[str, Decimal] = {}
        for id, applied in parts:
            wanted[id] = wanted.get(id, ZERO) + applied
        for id, applied in wanted.items():
            note = self._usable(id)
            if note["customer_id"] != invoice["customer_id"] or note["currency_id"] != invoice["currency_id"]:
                raise invalid("creditnote_id")
            if applied > self.balance(note):
                raise Refusal(400, OVER_APPLIED, "The amount applied is more than the balance of the credit note.")

    def put_on(self, invoice_id: str, parts: Sequence[tuple[str, Decimal]]) -> None:
        for id, applied in parts:
            part = {
                "creditnote_invoice_id": self._desk.store.new_id(),
                "invoice_id": invoice_id,
                "amount_applied": applied,
                "date": self._desk.store.today().isoformat(),
            }
            self.table.touch(self.find(id))["applied"].append(part)

    def take_off(self, invoice_id: str, application: str) -> bool:
        for note in self.table:
            for part in note["applied"]:
                if part["invoice_id"] == invoice_id and part["creditnote_invoice_id"] == application:
                    self.table.touch(note)["applied"].remove(part)
                    return True
        return False

    def loosen(self, invoice_id: str) -> None:
        for note in self.table:
            if any(part["invoice_id"] == invoice_id for part in note["applied"]):
                kept = [part for part in note["applied"] if part["invoice_id"] != invoice_id]
                self.table.touch(note)["applied"] = kept

    def rows_on(self, invoice_id: str) -> list[Record]:
        return [
            {
                "creditnote_id": note["creditnote_id"],
                "creditnotes_invoice_id": part["creditnote_invoice_id"],
                "creditnotes_number": note["creditnote_number"],
                "credited_date": part["date"],
                "amount_applied": part["amount_applied"],
            }
            for note in self.table
            for part in note["applied"]
            if part["invoice_id"] == invoice_id
        ]

    # --- requests ----------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Reply:
        call = self._desk.checked(call, known.CREDIT_NOTE, self.kind)
        customer = self._desk.contacts.customer(call.body)
        document = self._read(call, None, customer)
        status = "draft" if flag(call.body.get("is_draft")) else self._desk.store.behaviour.creditnote_starts
        tied = call.query.get("invoice_id", "")
        applied = self._tied_amount(tied, document, customer) if tied else ZERO
        made = self.table.add(document | {"status": status, "applied": [], "refunds": []})
        if applied > 0:
            self.put_on(tied, [(made["creditnote_id"], applied)])
            self._desk.invoices.table.touch(self._desk.invoices.find(tied))
        return Reply({"creditnote": self.table.shown(made["creditnote_id"])}, "The credit note has been created.", 201)

    def _tied_amount(self, invoice_id: str, document: Record, customer: Record) -> Decimal:
        """A note made for an invoice is applied to it as far as both reach."""
        invoice = self._desk.invoices.find(invoice_id)
        room = min(self.sums(document).total, self._desk.invoices.balance(invoice))
        if room > 0:
            self._desk.invoices.payable(invoice_id, customer["contact_id"], room)
        return room

    def _get(self, call: Call, id: str) -> Reply:
        self.find(id)
        return Reply({"creditnote": self.table.shown(id)})

    def _update(self, call: Call, id: str) -> Reply:
        old = self.find(id)
        call = self._desk.checked(call, known.CREDIT_NOTE, self.kind)
        customer = self._desk.contacts.customer({"customer_id": old["customer_id"], **call.body})
        new = self._read(call, old, customer)
        if self.balance({**old, **new}) < 0:
            raise Refusal(400, OVER_APPLIED, "The total is less than what has been used of the credit note.")
        self.table.touch(old).update(new)
        return Reply({"creditnote": self.table.shown(id)}, "The credit note has been updated.")

    def _delete(self, call: Call, id: str) -> Reply:
        note = self.find(id)
        if note["applied"] or note["refunds"]:
            raise Refusal(400, INVALID, "Credit notes that have been used cannot be deleted.")
        self.table.remove(id)
        return Reply(message="The credit note has been deleted.")

    def _switch(self, id: str, status: str) -> Reply:
        note = self.find(id)
        if note["status"] == status:
            self.repeated(status)
        elif status == "void" and (note["applied"] or note["refunds"]):
            raise self.not_allowed("A credit note that has been used cannot be voided.")
        elif status == "draft" and note["status"] != "void":
            raise self.not_allowed("Only a void credit note can become a draft again.")
        else:
            self.table.touch(note)["status"] = status
        return Reply(message=f"The status of the credit note has been changed to {status}.")

    def _applications(self, call: Call, id: str) -> Reply:
        return Reply({"invoices_credited": [{"creditnote_id": id, **part} for part in self.find(id)["applied"]]})

    def _apply(self, call: Call, id: str) -> Reply:
        self._usable(id)
        parts = [
            (text(r, "invoice_id", 50), amount(r.get("amount_applied"), "amount_applied")) for r in rows(call.body, "invoices")
        ]
        if not parts or len({invoice for invoice, _ in parts}) != len(parts):
            raise invalid("invoices")
        whole = sum((applied for _, applied in parts), ZERO)
        for invoice_id, applied in parts:
            invoice = self._desk.invoices.find(invoice_id)
            self._desk.invoices.creditable(invoice_id, self.find(id)["customer_id"], applied)
            self.check_room([(id, whole)], invoice)
        for invoice_id, applied in parts:
            self.put_on(invoice_id, [(id, applied)])
            self._desk.invoices.table.touch(self._desk.invoices.find(invoice_id))
        return Reply(message="Credits have been applied to the invoice(s).")

    def _take_off(self, call: Call, id: str, application: str) -> Reply:
        note = self.find(id)
        part = next((each for each in note["applied"] if each["creditnote_invoice_id"] == application), None)
        if part is None:
            raise missing("Credit")
        self.take_off(part["invoice_id"], application)
        self._desk.invoices.table.touch(self._desk.invoices.find(part["invoice_id"]))
        return Reply(message="Credits applied to an invoice have been deleted.")

    def _refunds(self, call: Call, id: str) -> Reply:
        return Reply({"creditnote_refunds": list(self.find(id)["refunds"])})

    def _all_refunds(self, call: Call) -> Reply:
        """Of every note, or of one customer's."""
        found = ((note["customer_id"], refund) for note in self.table for refund in note["refunds"])
        faces = (
            {**refund, "customer_id": customer, "amount_bcy": refund["amount"], "amount_fcy": refund["amount"]}
            for customer, refund in found
        )
        return page_of(REFUNDS, faces, call.query)

    def _refund(self, call: Call, id: str) -> Reply:
        note = self._usable(id)
        call = self._desk.checked(call, known.CREDIT_NOTE_REFUND, "creditnotes.refunds")
        value = amount(call.body.get("amount"), "amount")
        if value <= 0 or value > self.balance(note):
            raise invalid("amount")
        account = self._desk.settings.account(text(call.body, "from_account_id", 50), "Petty Cash")
        refund = {
            "creditnote_refund_id": self._desk.store.new_id(),
            "creditnote_id": id,
            "date": day(call.body, "date", self._desk.store.today()).isoformat(),
            "refund_mode": text(call.body, "refund_mode", 100),
            "reference_number": text(call.body, "reference_number", 100),
            "creditnote_number": note["creditnote_number"],
            "customer_name": self.table.shown(id)["customer_name"],
            "amount": value,
            "exchange_rate": optional_amount(call.body, "exchange_rate", str(note["exchange_rate"])),
            "from_account_id": account["account_id"],
            "description": text(call.body, "description", 2000),
        }
        self.table.touch(note)["refunds"].append(refund)
        return Reply({"creditnote_refund": refund}, "The credit note amount is refunded successfully.")

    def _delete_refund(self, call: Call, id: str, refund: str) -> Reply:
        note = self.find(id)
        kept = [each for each in note["refunds"] if each["creditnote_refund_id"] != refund]
        if len(kept) == len(note["refunds"]):
            raise missing("Refund")
        self.table.touch(note)["refunds"] = kept
        return Reply(message="The refund has been deleted.")

    # --- kitchen -----------------------------------------------------------------------------------------------------

    def _usable(self, id: str) -> Record:
        """A note that can be applied or paid back. Refusal 12003 if nothing is left, 12004 if it is void or a draft."""
        note = self.find(id)
        if note["status"] != "open":
            raise Refusal(400, IS_VOID, "The credit note is not open.")
        if self.balance(note) <= 0:
            raise Refusal(400, IS_CLOSED, "The credit note is closed.")
        return note

    def _read(self, call: Call, old: Record | None, customer: Record) -> Record:
        if old is None:
            day_of(call.body.get("date"), "date")
        number_call = Call(call.method, call.path, self._numbering(call), call.body)
        return {
            **self.read_head(call.body, old, customer),
            "line_items": self.read_lines(call.body, old, customer),
            self.number_field: self.read_number(number_call, old),
        }

    def _numbering(self, call: Call) -> Mapping[str, str]:
        """The flag may stand in the query or, by the contract, in the body."""
        if flag(call.body.get("ignore_auto_number_generation")):
            return {**call.query, "ignore_auto_number_generation": "true"}
        return call.query

    def read_line_links(self, row: Mapping[str, Any], before: Record, customer: Record) -> Record:
        return {"invoice_id": text(row, "invoice_id", 50), "invoice_item_id": text(row, "invoice_item_id", 50)}

    def face(self, document: Record) -> Record:
        face, balance = super().face(document), self.balance(document)
        closed = document["status"] == "open" and balance <= 0 < face["total"]
        shown = {name: value for name, value in face.items() if name not in ("applied", "refunds")}
        invoices = self._desk.invoices
        return shown | {
            "balance": balance,
            "status": "closed" if closed else document["status"],
            "invoices": [
                {**part, "invoice_number": invoices.find(part["invoice_id"])["invoice_number"], "amount": part["amount_applied"]}
                for part in document["applied"]
            ],
            "creditnote_refunds": list(document["refunds"]),
            "is_emailed": False,
        }
