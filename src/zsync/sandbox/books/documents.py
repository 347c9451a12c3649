"""What sales orders, invoices and credit notes have in common: a head, lines, sums, an own number, a status.

A stored document holds what was sent (with defaults filled in) and ids; its sums are worked out whenever it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from zsync.model.money import round_half_up
from zsync.sandbox.books import arithmetic
from zsync.sandbox.books.arithmetic import NO_DISCOUNT, Terms
from zsync.sandbox.books.contacts import email_of
from zsync.sandbox.books.desk import Desk
from zsync.sandbox.books.store import Record, Table
from zsync.sandbox.books.values import (
    INVALID,
    amount,
    custom_fields,
    day,
    discount,
    flag,
    invalid,
    missing,
    optional_amount,
    plain_text,
    rows,
    text,
)
from zsync.sandbox.web import Call, Refusal

NOT_ALLOWED = 4043

TEXTS = {
    "reference_number": 100, "notes": 5000, "terms": 10000, "adjustment_description": 500, "payment_terms_label": 100,
    "salesperson_name": 200, "place_of_supply": 50, "gst_treatment": 100, "gst_no": 15, "vat_treatment": 100,
    "tax_treatment": 100, "reason": 500, "delivery_method": 100, "template_id": 50,
    "billing_address_id": 50, "shipping_address_id": 50,
}  # fmt: skip


class Documents:
    """The common half of a module of sales documents. Subclasses name their fields."""

    kind = ""
    id_field = ""
    number_field = ""
    number_most = 100
    auto_prefix = ""
    duplicate = INVALID
    what = ""
    line_known: frozenset[str] = frozenset()

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.table = Table(desk.store, self.kind, self.id_field, self.face)

    # --- reading a body ----------------------------------------------------------------------------------------------

    def read_head(self, body: Mapping[str, Any], old: Record | None, customer: Record) -> Record:
        """Everything but lines, number and status; what is left out stays as it was."""
        kept: Record = old or {}
        on = day(body, "date", date.fromisoformat(kept["date"]) if kept else self._desk.store.today())
        self._desk.refuse_locked(on)
        currency = self._currency(body, old, customer)
        head: Record = {
            "customer_id": customer["contact_id"],
            "date": on.isoformat(),
            "currency_id": currency["currency_id"],
            "exchange_rate": self._desk.settings.rate_of(body, currency, on, kept if kept.get("date") == on.isoformat() else {}),
            "is_inclusive_tax": flag(body.get("is_inclusive_tax", kept.get("is_inclusive_tax", False))),
            "discount": body.get("discount", kept.get("discount", Decimal(0))),
            "is_discount_before_tax": flag(body.get("is_discount_before_tax", kept.get("is_discount_before_tax", True))),
            "discount_type": body.get("discount_type") or kept.get("discount_type", "entity_level"),
            "shipping_charge": optional_amount(body, "shipping_charge", str(kept.get("shipping_charge", "0"))),
            "adjustment": optional_amount(body, "adjustment", str(kept.get("adjustment", "0"))),
            "custom_fields": custom_fields(body, kept),
            "location_id": self._desk.locations.named(body, kept),
        }
        discount(head["discount"])
        if head["discount_type"] not in ("entity_level", "item_level"):
            raise invalid("discount_type")
        for field, most in TEXTS.items():
            head[field] = text(body, field, most) if field in body else kept.get(field, "")
        return head

    def read_lines(self, body: Mapping[str, Any], old: Record | None, customer: Record) -> list[Record]:
        """The lines of a body: those that are not sent are gone; those with a `line_item_id` keep it."""
        if old is not None and "line_items" not in body:
            return list(old["line_items"])
        sent = rows(body, "line_items")
        if not sent:
            raise invalid("line_items")
        before = {line["line_item_id"]: line for line in old["line_items"]} if old else {}
        return [self._line(row, before, customer, order) for order, row in enumerate(sent, 1)]

    def _line(self, sent: Mapping[str, Any], before: Mapping[str, Record], customer: Record, order: int) -> Record:
        desk = self._desk
        row = desk.known(sent, self.line_known, f"{self.kind}.line_items")
        id = text(row, "line_item_id", 50)
        if id and id not in before:
            raise missing("Line item")
        item_id = text(row, "item_id", 50)
        item = desk.items.item(item_id) if item_id else {}
        name = plain_text(row, "name", 100, strict=desk.store.behaviour.brackets_refused) or item.get("name", "")
        if not item_id and not name:
            raise invalid("name")
        if not item_id and row.get("rate") is None:
            raise invalid("rate")
        return {
            "line_item_id": id or desk.store.new_id(),
            "item_id": item_id,
            "name": name,
            "description": text(row, "description", 2000) if "description" in row else item.get("description", ""),
            "item_order": order,
            "rate": self._kept(amount(row["rate"], "rate") if row.get("rate") is not None else item["rate"]),
            "quantity": self._kept(amount(row.get("quantity", 1), "quantity")),
            "unit": text(row, "unit", 100) or item.get("unit", ""),
            "discount": self._line_discount(row),
            "tax_id": self._tax_id(row, item),
            "product_type": text(row, "product_type", 50) or item.get("product_type", "goods"),
            **self.read_line_links(row, before.get(id, {}), customer),
        }

    def _kept(self, number: Decimal) -> Decimal:
        """What the organisation keeps of a rate or a quantity."""
        return round_half_up(number, self._desk.store.behaviour.rate_decimals)

    def _line_discount(self, row: Mapping[str, Any]) -> object:
        value = row.get("discount") or row.get("discount_amount") or Decimal(0)
        discount(value)
        return value

    def _tax_id(self, row: Mapping[str, Any], item: Record) -> str:
        applies = self._desk.store.behaviour.item_tax_applies
        id = text(row, "tax_id", 50) if "tax_id" in row or not applies else str(item.get("tax_id", ""))
        self._desk.settings.taxes_of(id)
        return id

    def read_line_links(self, row: Mapping[str, Any], before: Record, customer: Record) -> Record:
        """What a line says about other documents. `before`: what it was, where it stood already."""
        return {}

    def _currency(self, body: Mapping[str, Any], old: Record | None, customer: Record) -> Record:
        default = old["currency_id"] if old else customer["currency_id"]
        found = self._desk.settings.currency(text(body, "currency_id", 50), text(body, "currency_code", 3), default)
        if found["currency_id"] != customer["currency_id"] and not self._desk.store.behaviour.document_currency_free:
            raise invalid("currency_id")
        return found

    # --- numbers and states ------------------------------------------------------------------------------------------

    def read_number(self, call: Call, old: Record | None) -> str:
        """The own number, if it is allowed, else Zoho's next one. Refusal if another document has it."""
        number = text(call.body, self.number_field, self.number_most)
        now = str(old[self.number_field]) if old is not None else ""
        if now and number in ("", now):
            return now
        own = flag(call.query.get("ignore_auto_number_generation"))
        rule = self._desk.store.behaviour.own_number_without_flag
        if (own and not number) or (number and not own and rule == "refused"):
            raise invalid(self.number_field)
        taken = {each[self.number_field] for each in self.table if each is not old}
        if not number or (not own and rule == "ignored"):
            return now or self._desk.store.next_number(self.auto_prefix, taken)
        if number in taken:
            raise Refusal(400, self.duplicate, f"{self.what} {number} already exists.")
        return number

    def find(self, id: str) -> Record:
        found = self.table.get(id)
        if found is None:
            raise missing(self.what)
        return found

    def repeated(self, status: str) -> None:
        """A status that the document has already."""
        if self._desk.store.behaviour.repeated_status == "refused":
            raise Refusal(400, NOT_ALLOWED, f"{self.what} is already {status}.")

    def not_allowed(self, words: str) -> Refusal:
        return Refusal(400, NOT_ALLOWED, words)

    # --- sums --------------------------------------------------------------------------------------------------------

    def sums(self, document: Record) -> arithmetic.Sums:
        settings, behaviour = self._desk.settings, self._desk.store.behaviour
        entity = document["discount_type"] == "entity_level"
        terms = Terms(
            decimals=self.decimals(document),
            inclusive=document["is_inclusive_tax"],
            tax_per_line=behaviour.tax_per_line,
            net_first=behaviour.net_first,
            whole_total=behaviour.whole_totals,
            discount=discount(document["discount"]) if entity else NO_DISCOUNT,
            before_tax=document["is_discount_before_tax"],
            shipping=document["shipping_charge"],
            adjustment=document["adjustment"],
            rate_decimals=behaviour.rate_decimals,
        )
        lines = [
            arithmetic.Line(line["rate"], line["quantity"], settings.taxes_of(line["tax_id"]), discount(line["discount"]))
            for line in document["line_items"]
        ]
        return arithmetic.work_out(lines, terms)

    def decimals(self, document: Record) -> int:
        found = self._desk.settings.currencies.get(document["currency_id"])
        assert found is not None
        return int(found["price_precision"])

    def face(self, document: Record) -> Record:
        """The document as Zoho shows it. Subclasses add balance and status."""
        desk, sums = self._desk, self.sums(document)
        currency = desk.settings.currencies.shown(document["currency_id"])
        customer = desk.contacts.table.get(document["customer_id"])
        lines = zip(document["line_items"], sums.lines, strict=True)
        return {
            **document,
            "customer_name": customer["contact_name"] if customer else "",
            "email": email_of(customer) if customer else "",
            "currency_code": currency["currency_code"],
            "currency_symbol": currency["currency_symbol"],
            "price_precision": currency["price_precision"],
            "billing_address": dict(customer["billing_address"]) if customer else {},
            "shipping_address": dict(customer["shipping_address"]) if customer else {},
            "line_items": [self._line_face(line, priced, document) for line, priced in lines],
            "discount_amount": sums.discount,
            "sub_total": sums.sub_total,
            "sub_total_inclusive_of_tax": sums.sub_total_inclusive,
            "tax_total": sums.tax_total,
            "total": sums.total,
            "bcy_total": round_half_up(sums.total * document["exchange_rate"], desk.store.organization.price_precision),
            "taxes": [{"tax_id": tax.id, "tax_name": _tax_name(tax), "tax_amount": value} for tax, value in sums.taxes],
        }

    def _line_face(self, line: Record, priced: arithmetic.Priced, document: Record) -> Record:
        return {
            **line,
            **self._desk.settings.tax_face(line["tax_id"]),
            "bcy_rate": round_half_up(line["rate"] * document["exchange_rate"], 6),
            "discount_amount": priced.discount,
            "item_total": priced.net,
            "item_total_inclusive_of_tax": priced.gross,
        }


def _tax_name(tax: arithmetic.Tax) -> str:
    return f"{tax.name} ({tax.percentage.normalize():f}%)"
