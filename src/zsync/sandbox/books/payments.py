"""Customer payments (facts, section 12): applied to invoices, the rest an excess that may be applied or refunded later.

Nothing about a payment is unique: a second create is accepted, and money doubles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from zsync.model.money import round_half_up
from zsync.sandbox.books import known
from zsync.sandbox.books.desk import Desk, Route
from zsync.sandbox.books.query import Listing, page_of
from zsync.sandbox.books.store import Record, Table
from zsync.sandbox.books.values import INVALID, amount, custom_fields, day_of, flag, invalid, missing, optional_amount, rows, text
from zsync.sandbox.web import Call, Refusal, Reply

ZERO = Decimal(0)
OVER_APPLIED = 24016

_MODES = (
    "All Check Cash BankTransfer Paypal CreditCard GoogleCheckout Credit Authorizenet BankRemittance Payflowpro Stripe "
    "TwoCheckout Braintree Others"
).split()


def _by_mode(mode: str) -> Any:
    wanted = mode.casefold()
    return lambda face: wanted == "all" or str(face["payment_mode"]).replace(" ", "").casefold() == wanted


LISTING = Listing(
    key="customerpayments",
    report="Payments Received",
    filters={
        "customer_name": "text",
        "reference_number": "text",
        "date": "day",
        "amount": "number",
        "notes": "text",
        "payment_mode": "text",
        "customer_id": "id",
    },
    states={f"PaymentMode.{mode}": _by_mode(mode) for mode in _MODES},
    unfiltered="PaymentMode.All",
    plain=frozenset({"date"}),
    search=("reference_number", "customer_name", "description"),
    sort=(
        "payment_number",
        "date",
        "payment_mode",
        "amount",
        "reference_number",
        "customer_name",
        "created_time",
        "last_modified_time",
    ),
    columns=(
        "payment_id payment_number invoice_numbers date payment_mode amount bcy_amount unused_amount reference_number "
        "description customer_id customer_name account_id account_name currency_id currency_code created_time "
        "last_modified_time"
    ).split(),
    under={"notes": "description"},
)


class Payments:
    """Money received."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.table = Table(desk.store, "customerpayments", "payment_id", self.face)

    def routes(self) -> Sequence[Route]:
        return (
            Route("POST", "/customerpayments", self.create),
            Route("GET", "/customerpayments", self._list),
            Route("DELETE", "/customerpayments", self._bulk_delete),
            Route("GET", "/customerpayments/{}", self._get),
            Route("PUT", "/customerpayments/{}", self._update),
            Route("DELETE", "/customerpayments/{}", self._delete),
            Route("POST", "/customerpayments/{}/refunds", self._refund),
            Route("GET", "/customerpayments/{}/refunds", self._refunds),
        )

    # --- for the other modules ---------------------------------------------------------------------------------------

    def applied_to(self, invoice_id: str) -> Decimal:
        parts = (part for each in self.table for part in each["invoices"] if part["invoice_id"] == invoice_id)
        return sum((part["amount_applied"] for part in parts), ZERO)

    def last_day_on(self, invoice_id: str) -> str:
        days = [str(e["date"]) for e in self.table if any(part["invoice_id"] == invoice_id for part in e["invoices"])]
        return max(days, default="")

    def unused(self, payment: Record) -> Decimal:
        """What of it is neither applied nor paid back."""
        applied = sum((part["amount_applied"] for part in payment["invoices"]), ZERO)
        return Decimal(payment["amount"]) - applied - sum((each["amount"] for each in payment["refunds"]), ZERO)

    def unused_of(self, customer_id: str) -> Decimal:
        return sum((self.unused(each) for each in self.table if each["customer_id"] == customer_id), ZERO)

    def check_room(self, parts: Sequence[tuple[str, Decimal]], invoice: Record) -> None:
        """Refusal unless each payment exists, is the customer's, and has that much unused."""
        wanted: dict[str, Decimal] = {}
        for id, applied in parts:
            wanted[id] = wanted.get(id, ZERO) + applied
        for id, applied in wanted.items():
            payment = self._find(id)
            if payment["customer_id"] != invoice["customer_id"] or payment["currency_id"] != invoice["currency_id"]:
                raise invalid("payment_id")
            if applied > self.unused(payment):
                raise Refusal(400, OVER_APPLIED, "The amount applied is more than the unused amount of the payment.")

    def put_on(self, invoice_id: str, parts: Sequence[tuple[str, Decimal]]) -> None:
        for id, applied in parts:
            self.table.touch(self._find(id))["invoices"].append(self._part(invoice_id, applied))

    def take_off(self, invoice_id: str, application: str) -> bool:
        """Take one application off an invoice; False if there is no such one. The money stays as an advance."""
        for payment in self.table:
            for part in payment["invoices"]:
                if part["invoice_id"] == invoice_id and application == part["invoice_payment_id"]:
                    self.table.touch(payment)["invoices"].remove(part)
                    return True
        return False

    def loosen(self, invoice_id: str) -> None:
        """All payments come off an invoice."""
        for payment in self.table:
            if any(part["invoice_id"] == invoice_id for part in payment["invoices"]):
                kept = [part for part in payment["invoices"] if part["invoice_id"] != invoice_id]
                self.table.touch(payment)["invoices"] = kept

    # --- requests ----------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Reply:
        call = self._desk.checked(call, known.PAYMENT, "customerpayments")
        customer = self._desk.contacts.customer(call.body)
        payment = self._read(call.body, {}, customer)
        parts = self._read_parts(call.body, payment, None)
        made = self.table.add(payment | {"invoices": [], "refunds": [], "payment_number": self._number()})
        self._settle(made, parts)
        if call.body.get("contact_persons"):
            self._desk.store.mail("payment thank-you", made["payment_id"])
        return Reply({"payment": self.table.shown(made["payment_id"])}, "The payment has been created.", 201)

    def _get(self, call: Call, id: str) -> Reply:
        self._find(id)
        return Reply({"payment": self.table.shown(id)})

    def _list(self, call: Call) -> Reply:
        key = self._desk.store.behaviour.payments_list_key
        return page_of(replace(LISTING, key=key), self.table.listed(), call.query)

    def _update(self, call: Call, id: str) -> Reply:
        old = self._find(id)
        call = self._desk.checked(call, known.PAYMENT, "customerpayments")
        customer = self._desk.contacts.customer({"customer_id": old["customer_id"], **call.body})
        if customer["contact_id"] != old["customer_id"] and old["invoices"]:
            raise invalid("customer_id")
        new = self._read(call.body, old, customer)
        if "invoices" in call.body:
            parts = self._read_parts(call.body, new, old)
            self.table.touch(old).update(new)
            self._settle(old, parts)
        else:
            if self.unused({**old, **new}) < 0:
                raise Refusal(400, INVALID, "The amount is less than what has been applied.")
            self.table.touch(old).update(new)
        return Reply({"payment": self.table.shown(id)}, "The payment details have been updated.")

    def _delete(self, call: Call, id: str) -> Reply:
        self._drop(id)
        return Reply(message="The payment has been deleted.")

    def _bulk_delete(self, call: Call) -> Reply:
        ids = [each.strip() for each in call.query.get("payment_id", "").split(",") if each.strip()]
        if not flag(call.query.get("bulk_delete")) or not ids:
            raise invalid("payment_id")
        for id in ids:
            self._find(id)
        for id in dict.fromkeys(ids):
            self._drop(id)
        return Reply(message="The selected customer payments have been deleted.")

    def _refund(self, call: Call, id: str) -> Reply:
        """Of the excess part only."""
        payment = self._find(id)
        call = self._desk.checked(call, known.PAYMENT_REFUND, "customerpayments.refunds")
        value = amount(call.body.get("amount"), "amount")
        if value <= 0:
            raise invalid("amount")
        account = text(call.body, "from_account_id", 50)
        if not account:
            raise invalid("from_account_id")
        if value > self.unused(payment):
            raise Refusal(400, INVALID, "The refund is more than the excess amount of the payment.")
        refund = {
            "payment_refund_id": self._desk.store.new_id(),
            "payment_id": id,
            "date": day_of(call.body.get("date"), "date").isoformat(),
            "refund_mode": text(call.body, "refund_mode", 100),
            "reference_number": text(call.body, "reference_number", 100),
            "amount": value,
            "exchange_rate": optional_amount(call.body, "exchange_rate", str(payment["exchange_rate"])),
            "from_account_id": self._desk.settings.account(account, "")["account_id"],
            "description": text(call.body, "description", 2000),
        }
        self.table.touch(payment)["refunds"].append(refund)
        return Reply({"payment_refunds": [refund]}, "The refund information for this payment has been saved.")

    def _refunds(self, call: Call, id: str) -> Reply:
        return Reply({"payment_refunds": list(self._find(id)["refunds"])})

    # --- kitchen -----------------------------------------------------------------------------------------------------

    def _find(self, id: str) -> Record:
        found = self.table.get(id)
        if found is None:
            raise missing("Payment")
        return found

    def _drop(self, id: str) -> None:
        payment = self._find(id)
        self._touch_invoices(payment["invoices"])
        self.table.remove(id)

    def _number(self) -> str:
        return self._desk.store.next_number("").lstrip("0")

    def _read(self, body: Mapping[str, Any], kept: Record, customer: Record) -> Record:
        settings, behaviour = self._desk.settings, self._desk.store.behaviour
        currency = settings.currency(kept.get("currency_id") or self._currency_id(body, customer), "", "")
        value = amount(body.get("amount", kept.get("amount")), "amount")
        mode = text(body, "payment_mode", 100) or kept.get("payment_mode", "")
        if value <= 0 or not mode:
            raise invalid("amount" if value <= 0 else "payment_mode")
        charges = optional_amount(body, "bank_charges", str(kept.get("bank_charges", "0")))
        account = text(body, "account_id", 50) or kept.get("account_id", "")
        if charges and not account:
            raise invalid("account_id")
        on = day_of(body.get("date", kept.get("date")), "date")
        self._desk.refuse_locked(on)
        reference = text(body, "reference_number", behaviour.payment_reference_max, kept.get("reference_number", ""))
        return {
            "customer_id": customer["contact_id"],
            "payment_mode": mode,
            "amount": round_half_up(value, int(currency["price_precision"])),
            "date": on.isoformat(),
            "reference_number": reference,
            "description": text(body, "description", 2000, kept.get("description", "")),
            "currency_id": currency["currency_id"],
            "exchange_rate": settings.rate_of(body, currency, on, kept),
            "bank_charges": charges,
            "account_id": settings.account(account, "Undeposited Funds")["account_id"],
            "custom_fields": custom_fields(body, kept),
            "location_id": self._desk.locations.named(body, kept),
        }

    def _currency_id(self, body: Mapping[str, Any], customer: Record) -> str:
        """That of the invoices it settles, else the customer's."""
        for row in rows(body, "invoices"):
            invoice = self._desk.invoices.table.get(row.get("invoice_id") or "")
            if invoice is not None:
                return str(invoice["currency_id"])
        return str(customer["currency_id"])

    def _read_parts(self, body: Mapping[str, Any], payment: Record, old: Record | None) -> list[tuple[str, Decimal]]:
        """(invoice, amount) of each application in a body. Refusal unless all can stand."""
        parts: dict[str, Decimal] = {}
        for sent in rows(body, "invoices"):
            row = self._desk.known(sent, known.PAYMENT_PART, "customerpayments.invoices")
            id = text(row, "invoice_id", 50)
            parts[id] = parts.get(id, ZERO) + amount(row.get("amount_applied"), "amount_applied")
        for id, applied in parts.items():
            invoice = self._desk.invoices.find(id)
            mine = sum((p["amount_applied"] for p in old["invoices"] if p["invoice_id"] == id), ZERO) if old else ZERO
            room = self._desk.invoices.balance(invoice) + mine
            self._desk.invoices.payable(id, payment["customer_id"], applied, room)
            if invoice["currency_id"] != payment["currency_id"]:
                raise invalid("currency_id")
        back = sum((each["amount"] for each in old["refunds"]), ZERO) if old else ZERO
        if sum(parts.values(), ZERO) + back > payment["amount"]:
            raise Refusal(400, OVER_APPLIED, "The amounts applied are more than the payment.")
        return list(parts.items())

    def _settle(self, payment: Record, parts: Sequence[tuple[str, Decimal]]) -> None:
        before = {part["invoice_id"]: part["invoice_payment_id"] for part in payment["invoices"]}
        self._touch_invoices(payment["invoices"])
        payment["invoices"] = [self._part(id, applied, before.get(id, "")) for id, applied in parts]
        self._touch_invoices(payment["invoices"])

    def _touch_invoices(self, parts: Sequence[Record]) -> None:
        for part in parts:
            self._desk.invoices.table.touch(self._desk.invoices.find(part["invoice_id"]))

    def _part(self, invoice_id: str, applied: Decimal, id: str = "") -> Record:
        return {"invoice_payment_id": id or self._desk.store.new_id(), "invoice_id": invoice_id, "amount_applied": applied}

    # --- showing -----------------------------------------------------------------------------------------------------

    def face(self, payment: Record) -> Record:
        desk = self._desk
        customer = desk.contacts.table.get(payment["customer_id"])
        currency = desk.settings.currencies.shown(payment["currency_id"])
        account = desk.settings.accounts.get(payment["account_id"])
        parts = [self._part_face(part) for part in payment["invoices"]]
        back = sum((each["amount"] for each in payment["refunds"]), ZERO)
        value = round_half_up(payment["amount"] * payment["exchange_rate"], desk.store.organization.price_precision)
        return {
            **{name: shown for name, shown in payment.items() if name != "refunds"},
            "status": "success",
            "amount_refunded": back,
            "unused_amount": self.unused(payment),
            "bcy_amount": value,
            "customer_name": customer["contact_name"] if customer else "",
            "currency_code": currency["currency_code"],
            "currency_symbol": currency["currency_symbol"],
            "account_name": account["account_name"] if account else "",
            "invoices": parts,
            "invoice_numbers": ",".join(part["invoice_number"] for part in parts),
            "payment_refunds": list(payment["refunds"]),
        }

    def _part_face(self, part: Record) -> Record:
        invoice = self._desk.invoices.find(part["invoice_id"])
        return {
            **part,
            "invoice_number": invoice["invoice_number"],
            "date": invoice["date"],
            "invoice_amount": self._desk.invoices.sums(invoice).total,
            "balance_amount": self._desk.invoices.balance(invoice),
        }
