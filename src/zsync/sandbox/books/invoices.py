"""Invoices (facts, section 11): draft, sent, paid; what stands on them comes from payments and credit notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from zsync.sandbox.books import known
from zsync.sandbox.books.desk import Route
from zsync.sandbox.books.documents import Documents
from zsync.sandbox.books.query import Listing, page_of
from zsync.sandbox.books.store import Record
from zsync.sandbox.books.values import amount, day, flag, invalid, missing, rows, text
from zsync.sandbox.web import Call, Refusal, Reply

IS_DRAFT, IS_CLOSED, IS_VOID = 12005, 12006, 12007
OVER_APPLIED = 24016
ZERO = Decimal(0)


def _is(*states: str) -> Any:
    return lambda face: face["status"] in states


LISTING = Listing(
    key="invoices",
    report="Invoices",
    filters={
        "invoice_number": "text",
        "reference_number": "text",
        "customer_name": "text",
        "item_name": "text",
        "item_description": "text",
        "item_id": "id",
        "email": "text",
        "customer_id": "id",
        "status": "id",
        "total": "number",
        "balance": "number",
        "date": "day",
        "due_date": "day",
        "created_date": "day",
        "last_modified_time": "time",
    },
    states={
        "Status.All": lambda face: True,
        "Status.Sent": _is("sent"),
        "Status.Draft": _is("draft"),
        "Status.OverDue": _is("overdue"),
        "Status.Paid": _is("paid"),
        "Status.Void": _is("void"),
        "Status.Unpaid": _is("sent", "overdue", "viewed", "partially_paid"),
        "Status.PartiallyPaid": _is("partially_paid"),
        "Status.Viewed": _is("viewed"),
        "Date.PaymentExpectedDate": lambda face: False,
    },
    search=("invoice_number", "reference_number", "customer_name"),
    sort=("customer_name", "invoice_number", "date", "due_date", "total", "balance", "created_time", "last_modified_time"),
    columns=(
        "invoice_id customer_name customer_id status invoice_number reference_number date due_date currency_id currency_code "
        "total balance created_time last_modified_time is_emailed has_attachment custom_fields shipping_charge adjustment "
        "exchange_rate last_payment_date"
    ).split(),
    plain=frozenset({"reference_number", "customer_name", "email", "total", "balance"}),
    under={
        "item_name": "line_items.name",
        "item_description": "line_items.description",
        "item_id": "line_items.item_id",
        "created_date": "created_time",
    },
)


class Invoices(Documents):
    """What customers owe."""

    kind = "invoices"
    id_field = "invoice_id"
    number_field = "invoice_number"
    auto_prefix = "INV-"
    duplicate = 1001
    what = "Invoice"
    line_known = known.INVOICE_LINE

    def routes(self) -> Sequence[Route]:
        return (
            Route("POST", "/invoices", self.create),
            Route("GET", "/invoices", lambda call: page_of(LISTING, self.table.listed(), call.query)),
            Route("GET", "/invoices/{}", self._get),
            Route("PUT", "/invoices/{}", self._update),
            Route("DELETE", "/invoices/{}", self._delete),
            Route("POST", "/invoices/{}/status/sent", self._sent),
            Route("POST", "/invoices/{}/status/void", self._void),
            Route("POST", "/invoices/{}/status/draft", self._draft),
            Route("GET", "/invoices/{}/payments", self._payments),
            Route("DELETE", "/invoices/{}/payments/{}", self._take_off),
            Route("GET", "/invoices/{}/creditsapplied", self._credits),
            Route("DELETE", "/invoices/{}/creditsapplied/{}", self._take_credit_off),
            Route("POST", "/invoices/{}/credits", self._apply),
        )

    # --- for the other modules ---------------------------------------------------------------------------------------

    def balance(self, invoice: Record) -> Decimal:
        """What is still open of it."""
        if invoice["status"] == "void":
            return self.sums(invoice).total - self.sums(invoice).total
        paid = self._desk.payments.applied_to(invoice["invoice_id"]) + self._desk.creditnotes.applied_to(invoice["invoice_id"])
        return self.sums(invoice).total - paid

    def outstanding(self, customer_id: str) -> Decimal:
        sent = (each for each in self.table if each["customer_id"] == customer_id and each["status"] == "sent")
        return sum((self.balance(each) for each in sent), ZERO)

    def creditable(self, invoice_id: str, customer_id: str, applied: Decimal) -> None:
        """As `payable`, for credits and advances: a paid invoice is closed to them."""
        invoice = self.find(invoice_id)
        if invoice["status"] == "sent" and self.balance(invoice) <= 0:
            raise Refusal(400, IS_CLOSED, "Credits cannot be applied to an invoice that is paid.")
        self.payable(invoice_id, customer_id, applied)

    def payable(self, invoice_id: str, customer_id: str, applied: Decimal, room: Decimal | None = None) -> Record:
        """The invoice that takes `applied`. Refusal for a stranger's, a draft, a void one, or more than is open.

        `room`: what is open after what the same request takes off again.
        """
        invoice = self.find(invoice_id)
        if invoice["customer_id"] != customer_id:
            raise invalid("customer_id")
        if invoice["status"] == "draft" and self._desk.store.behaviour.credits_need_sent:
            raise Refusal(400, IS_DRAFT, "Credits and payments cannot be applied to an invoice in draft.")
        if invoice["status"] == "void":
            raise Refusal(400, IS_VOID, "Credits and payments cannot be applied to a void invoice.")
        if applied <= 0:
            raise invalid("amount_applied")
        if applied > (self.balance(invoice) if room is None else room):
            raise Refusal(400, OVER_APPLIED, "The amount applied is more than the balance of the invoice.")
        return invoice

    # --- requests ----------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Reply:
        call = self._desk.checked(call, known.INVOICE, self.kind)
        customer = self._desk.contacts.customer(call.body)
        document = self._read(call, None, customer)
        mailed = flag(call.query.get("send")) or flag(call.body.get("send"))
        sent = mailed or self._desk.store.behaviour.auto_sent
        made = self.table.add(document | {"status": "sent" if sent else "draft", "is_emailed": mailed})
        if mailed:
            self._desk.store.mail("invoice", made["invoice_id"])
        self._touch_orders(made)
        return Reply({"invoice": self.table.shown(made["invoice_id"])}, "The invoice has been created.", 201)

    def _get(self, call: Call, id: str) -> Reply:
        self.find(id)
        return Reply({"invoice": self.table.shown(id)})

    def _update(self, call: Call, id: str) -> Reply:
        old = self.find(id)
        call = self._desk.checked(call, known.INVOICE, self.kind)
        self._refuse_locked(old, call.body)
        customer = self._desk.contacts.customer({"customer_id": old["customer_id"], **call.body})
        new = self._read(call, old, customer)
        paid = self.sums(old).total - self.balance(old) if old["status"] != "void" else ZERO
        if self.sums({**old, **new}).total < paid:
            raise Refusal(400, OVER_APPLIED, "The total is less than what has been applied to the invoice.")
        self._touch_orders(old)
        self.table.touch(old).update(new)
        return Reply({"invoice": self.table.shown(id)}, "Invoice information has been updated.")

    def _refuse_locked(self, old: Record, body: Mapping[str, Any]) -> None:
        id = old["invoice_id"]
        if self._desk.store.behaviour.paid_invoices_locked and self.face(old)["status"] in ("paid", "void"):
            raise self.not_allowed("A paid or void invoice cannot be edited.")
        if body.get("customer_id", old["customer_id"]) == old["customer_id"]:
            return
        if self._desk.creditnotes.applied_to(id):
            raise Refusal(400, 3009, "Credits have been applied to this invoice: its contact cannot be changed.")
        if self._desk.payments.applied_to(id):
            raise Refusal(400, 3010, "Payments have been recorded for this invoice: its customer cannot be changed.")

    def _delete(self, call: Call, id: str) -> Reply:
        invoice = self.find(id)
        if self._desk.payments.applied_to(id):
            raise Refusal(400, 4001, "Invoices with payments cannot be deleted.")
        if self._desk.creditnotes.applied_to(id):
            raise Refusal(400, 12008, "Invoices with credits cannot be deleted.")
        self._touch_orders(invoice)
        self.table.remove(id)
        return Reply(message="The invoice has been deleted.")

    def _sent(self, call: Call, id: str) -> Reply:
        invoice = self.find(id)
        match invoice["status"]:
            case "draft":
                self.table.touch(invoice)["status"] = "sent"
            case "void":
                raise self.not_allowed("A void invoice cannot be marked as sent.")
            case _:
                self.repeated("sent")
        return Reply(message="Invoice status has been changed to Sent.")

    def _void(self, call: Call, id: str) -> Reply:
        """Payments and credits come loose and become the customer's credits."""
        invoice = self.find(id)
        if invoice["status"] == "void":
            self.repeated("void")
            return Reply(message="Invoice status has been changed to Void.")
        self._desk.payments.loosen(id)
        self._desk.creditnotes.loosen(id)
        self._touch_orders(invoice)
        self.table.touch(invoice)["status"] = "void"
        return Reply(message="Invoice status has been changed to Void.")

    def _draft(self, call: Call, id: str) -> Reply:
        invoice = self.find(id)
        match invoice["status"]:
            case "void":
                self._touch_orders(invoice)
                self.table.touch(invoice)["status"] = "draft"
            case "draft":
                self.repeated("a draft")
            case _:
                raise self.not_allowed("Only a void invoice can become a draft again.")
        return Reply(message="Invoice status has been changed to Draft.")

    # --- what stands on it -------------------------------------------------------------------------------------------

    def _payments(self, call: Call, id: str) -> Reply:
        self.find(id)
        lagging = self._desk.store.behaviour.lag_in_sublists
        payments = self._desk.payments.table.listed() if lagging else list(self._desk.payments.table)
        return Reply(
            {"payments": [_payment_row(each, part) for each in payments for part in each["invoices"] if part["invoice_id"] == id]}
        )

    def _take_off(self, call: Call, id: str, application: str) -> Reply:
        invoice = self.find(id)
        if not self._desk.payments.take_off(id, application):
            raise missing("Payment")
        self.table.touch(invoice)
        return Reply(message="The payment has been deleted.")

    def _credits(self, call: Call, id: str) -> Reply:
        self.find(id)
        return Reply({"credits": self._desk.creditnotes.rows_on(id)})

    def _take_credit_off(self, call: Call, id: str, application: str) -> Reply:
        invoice = self.find(id)
        if not self._desk.creditnotes.take_off(id, application):
            raise missing("Credit")
        self.table.touch(invoice)
        return Reply(message="Credits applied to an invoice have been deleted.")

    def _apply(self, call: Call, id: str) -> Reply:
        """Advances and credit notes onto this invoice; all of them or none."""
        invoice = self.find(id)
        call = self._desk.checked(call, ("invoice_payments", "apply_creditnotes"), "invoices.credits")
        payments = [(text(row, "payment_id", 50), _applied(row)) for row in rows(call.body, "invoice_payments")]
        notes = [(text(row, "creditnote_id", 50), _applied(row)) for row in rows(call.body, "apply_creditnotes")]
        if not payments and not notes:
            raise invalid("invoice_payments")
        whole = sum((applied for _, applied in payments + notes), ZERO)
        self.creditable(id, invoice["customer_id"], whole)
        self._desk.payments.check_room(payments, invoice)
        self._desk.creditnotes.check_room(notes, invoice)
        self._desk.payments.put_on(id, payments)
        self._desk.creditnotes.put_on(id, notes)
        self.table.touch(invoice)
        return Reply(message="Credits have been applied to the invoice(s).")

    # --- kitchen -----------------------------------------------------------------------------------------------------

    def read_line_links(self, row: Mapping[str, Any], before: Record, customer: Record) -> Record:
        """The line of a sales order that this line invoices. It stays: an edit cannot name it (contract)."""
        id = str(before.get("salesorder_item_id", "")) or text(row, "salesorder_item_id", 50)
        if id:
            found = self._desk.salesorders.line(id)
            if found is None or found[0]["customer_id"] != customer["contact_id"]:
                raise invalid("salesorder_item_id")
            draft = found[0]["status"] == "draft" and self._desk.store.behaviour.invoice_needs_open_order
            if draft or found[0]["status"] == "void":
                raise self.not_allowed("The sales order is not open.")
        return {"salesorder_item_id": id}

    def _read(self, call: Call, old: Record | None, customer: Record) -> Record:
        head = self.read_head(call.body, old, customer)
        lines = self.read_lines(call.body, old, customer)
        terms = _terms(call.body, old, customer)
        on = date.fromisoformat(head["date"])
        due = date.fromisoformat(old["due_date"]) if old else on + timedelta(days=terms)
        number = self.read_number(call, old)
        due_date = day(call.body, "due_date", due)
        if due_date < on:
            raise invalid("due_date")
        self._mail_persons(call.body)
        return head | {
            "line_items": lines,
            self.number_field: number,
            "payment_terms": terms,
            "due_date": due_date.isoformat(),
        }

    def _mail_persons(self, body: Mapping[str, Any]) -> None:
        if not isinstance(body.get("contact_persons", []), list):
            raise invalid("contact_persons")

    def _touch_orders(self, invoice: Record) -> None:
        """The sales orders whose status moves with this invoice."""
        for line in invoice["line_items"]:
            found = self._desk.salesorders.line(line["salesorder_item_id"]) if line["salesorder_item_id"] else None
            if found:
                self._desk.salesorders.table.touch(found[0])

    def face(self, document: Record) -> Record:
        face = super().face(document)
        id, balance = document["invoice_id"], self.balance(document)
        paid = self._desk.payments.applied_to(id)
        orders = [self._desk.salesorders.line(line["salesorder_item_id"]) for line in document["line_items"]]
        linked = {found[0]["salesorder_id"]: found[0]["salesorder_number"] for found in orders if found}
        return face | {
            "payment_made": paid,
            "credits_applied": self._desk.creditnotes.applied_to(id),
            "balance": balance,
            "status": self._status(document, balance, paid),
            "salesorder_id": next(iter(linked), ""),
            "salesorder_number": next(iter(linked.values()), ""),
            "salesorders": [{"salesorder_id": so, "salesorder_number": number} for so, number in linked.items()],
            "last_payment_date": self._desk.payments.last_day_on(id),
            "has_attachment": False,
        }

    def _status(self, document: Record, balance: Decimal, paid: Decimal) -> str:
        if document["status"] != "sent":
            return str(document["status"])
        if balance <= 0:
            return "paid"
        overdue = document["due_date"] < self._desk.store.today().isoformat()
        partial = balance < self.sums(document).total
        if overdue and (self._desk.store.behaviour.overdue_before_partial or not partial):
            return "overdue"
        return "partially_paid" if partial else "sent"


def _terms(body: Mapping[str, Any], old: Record | None, customer: Record) -> int:
    value = body.get("payment_terms")
    if value is None or value == "":
        return int(old["payment_terms"] if old else customer["payment_terms"])
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        raise invalid("payment_terms")
    return value


def _applied(row: Mapping[str, Any]) -> Decimal:
    applied = amount(row.get("amount_applied"), "amount_applied")
    if applied <= 0:
        raise invalid("amount_applied")
    return applied


def _payment_row(payment: Record, part: Record) -> Record:
    return {
        "payment_id": payment["payment_id"],
        "payment_number": payment["payment_number"],
        "invoice_id": part["invoice_id"],
        "invoice_payment_id": part["invoice_payment_id"],
        "payment_mode": payment["payment_mode"],
        "description": payment["description"],
        "date": payment["date"],
        "reference_number": payment["reference_number"],
        "exchange_rate": payment["exchange_rate"],
        "amount": part["amount_applied"],
        "tax_amount_withheld": ZERO,
        "online_transaction_id": "",
        "is_single_invoice_payment": len(payment["invoices"]) == 1,
    }
