"""Sales orders (facts, section 10): a status that moves with the invoices that name their lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from zsync.sandbox.books import known
from zsync.sandbox.books.desk import Route
from zsync.sandbox.books.documents import Documents
from zsync.sandbox.books.query import Listing, page_of
from zsync.sandbox.books.store import Record
from zsync.sandbox.books.values import INVALID, day, text
from zsync.sandbox.web import Call, Refusal, Reply


def _is(*states: str) -> Any:
    return lambda face: face["status"] in states


LISTING = Listing(
    key="salesorders",
    report="Sales Orders",
    filters={
        "salesorder_number": "text",
        "reference_number": "text",
        "customer_name": "text",
        "item_name": "text",
        "item_description": "text",
        "item_id": "id",
        "customer_id": "id",
        "status": "id",
        "total": "number",
        "date": "day",
        "shipment_date": "day",
        "last_modified_time": "time",
        "salesorder_ids": "ids",
    },
    states={
        "Status.All": lambda face: True,
        "Status.Open": _is("open"),
        "Status.Draft": _is("draft"),
        "Status.OverDue": _is("overdue"),
        "Status.PartiallyInvoiced": _is("partially_invoiced"),
        "Status.Invoiced": _is("invoiced"),
        "Status.Void": _is("void"),
        "Status.Closed": _is("closed"),
    },
    search=("salesorder_number", "reference_number", "customer_name"),
    sort=(
        "customer_name",
        "salesorder_number",
        "shipment_date",
        "last_modified_time",
        "reference_number",
        "total",
        "date",
        "created_time",
    ),
    columns=(
        "salesorder_id customer_name customer_id status salesorder_number reference_number date shipment_date currency_id "
        "currency_code total sub_total bcy_total created_time last_modified_time is_emailed has_attachment custom_fields"
    ).split(),
    sets=frozenset({"salesorder_number", "reference_number", "customer_name", "item_name", "item_description"}),
    under={
        "item_name": "line_items.name",
        "item_description": "line_items.description",
        "item_id": "line_items.item_id",
        "salesorder_ids": "salesorder_id",
    },
)


class SalesOrders(Documents):
    """Orders of customers."""

    kind = "salesorders"
    id_field = "salesorder_id"
    number_field = "salesorder_number"
    auto_prefix = "SO-"
    duplicate = 36004
    what = "Sales order"
    line_known = known.SALES_ORDER_LINE

    def routes(self) -> Sequence[Route]:
        return (
            Route("POST", "/salesorders", self.create),
            Route("GET", "/salesorders", lambda call: page_of(LISTING, self.table.listed(), call.query)),
            Route("GET", "/salesorders/{}", self._get),
            Route("PUT", "/salesorders/{}", self._update),
            Route("DELETE", "/salesorders/{}", self._delete),
            Route("POST", "/salesorders/{}/status/open", self._open),
            Route("POST", "/salesorders/{}/status/void", self._void),
        )

    # --- for the other modules ---------------------------------------------------------------------------------------

    def line(self, line_item_id: str) -> tuple[Record, Record] | None:
        """(order, line) of a line's id."""
        for order in self.table:
            for line in order["line_items"]:
                if line["line_item_id"] == line_item_id:
                    return order, line
        return None

    # --- requests ----------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Reply:
        call = self._desk.checked(call, known.SALES_ORDER, self.kind)
        customer = self._desk.contacts.customer(call.body)
        document = self._read(call, None, customer)
        made = self.table.add(document | {"status": self._desk.store.behaviour.salesorder_starts})
        return Reply({"salesorder": self.table.shown(made[self.id_field])}, "Sales Order Created Successfully.", 201)

    def _get(self, call: Call, id: str) -> Reply:
        self.find(id)
        return Reply({"salesorder": self.table.shown(id)})

    def _update(self, call: Call, id: str) -> Reply:
        old = self.find(id)
        call = self._desk.checked(call, known.SALES_ORDER, self.kind)
        if old["status"] == "void":
            raise self.not_allowed("A void sales order cannot be edited.")
        customer = self._desk.contacts.customer({"customer_id": old["customer_id"], **call.body})
        new = self._read(call, old, customer)
        self._refuse_lost_lines(old, new)
        self.table.touch(old).update(new)
        return Reply({"salesorder": self.table.shown(id)}, "Sales Order Updated Successfully.")

    def _delete(self, call: Call, id: str) -> Reply:
        order = self.find(id)
        if any(self.invoiced(line) for line in order["line_items"]):
            raise Refusal(400, INVALID, "Sales orders that have been invoiced cannot be deleted.")
        self.table.remove(id)
        return Reply(message="Sales Order Deleted Successfully.")

    def _open(self, call: Call, id: str) -> Reply:
        order = self.find(id)
        match order["status"]:
            case "open":
                self.repeated("open")
            case "draft":
                self.table.touch(order)["status"] = "open"
            case _:
                raise self.not_allowed("Only a draft sales order can be opened.")
        return Reply(message="Sales order status has been changed to Open.", status=201)

    def _void(self, call: Call, id: str) -> Reply:
        order = self.find(id)
        reason = text(call.body, "reason", 500)
        if order["status"] == "void":
            self.repeated("void")
        elif any(self.invoiced(line) for line in order["line_items"]):
            raise self.not_allowed("A sales order that has been invoiced cannot be voided.")
        else:
            self.table.touch(order).update(status="void", void_reason=reason)
        return Reply(message="Sales order status has been changed to Void.", status=201)

    # --- kitchen -----------------------------------------------------------------------------------------------------

    def _read(self, call: Call, old: Record | None, customer: Record) -> Record:
        head = self.read_head(call.body, old, customer)
        lines = self.read_lines(call.body, old, customer)
        shipment = day(call.body, "shipment_date", _kept_day(old, "shipment_date")).isoformat()
        number = self.read_number(call, old)
        return head | {
            "line_items": lines,
            self.number_field: number,
            "shipment_date": "" if shipment == NO_DAY.isoformat() else shipment,
        }

    def _refuse_lost_lines(self, old: Record, new: Record) -> None:
        kept = {line["line_item_id"] for line in new["line_items"]}
        if any(line["line_item_id"] not in kept and self.invoiced(line) for line in old["line_items"]):
            raise Refusal(400, INVALID, "Lines that have been invoiced cannot be deleted.")

    def invoiced(self, line: Record) -> Decimal:
        """How many of a line stand on invoices that are not void."""
        invoices = (each for each in self._desk.invoices.table if each["status"] != "void")
        linked = (row for each in invoices for row in each["line_items"] if row["salesorder_item_id"] == line["line_item_id"])
        return sum((row["quantity"] for row in linked), Decimal(0))

    def face(self, document: Record) -> Record:
        face = super().face(document)
        for line in face["line_items"]:
            line["quantity_invoiced"] = self.invoiced(line)
            line["is_invoiced"] = line["quantity_invoiced"] >= line["quantity"]
        return face | {"status": self._status(document, face), "invoices": self._invoices(document), "is_emailed": False}

    def _status(self, document: Record, face: Record) -> str:
        status = str(document["status"])
        if status not in ("open", "draft"):
            return status
        lines = face["line_items"]
        if lines and all(line["is_invoiced"] for line in lines):
            return "invoiced"
        if any(line["quantity_invoiced"] for line in lines):
            return "partially_invoiced"
        if status == "draft":
            return status
        late = document["shipment_date"] and document["shipment_date"] < self._desk.store.today().isoformat()
        return "overdue" if late else self._desk.store.behaviour.open_orders

    def _invoices(self, document: Record) -> list[Mapping[str, Any]]:
        mine = {line["line_item_id"] for line in document["line_items"]}
        found = (
            each for each in self._desk.invoices.table if any(row["salesorder_item_id"] in mine for row in each["line_items"])
        )
        return [{"invoice_id": each["invoice_id"], "invoice_number": each["invoice_number"]} for each in found]


NO_DAY = date.max


def _kept_day(old: Record | None, name: str) -> date:
    return date.fromisoformat(old[name]) if old and old.get(name) else NO_DAY
