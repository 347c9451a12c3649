"""Items (facts, section 8): unique by name and by sku, active or not, kept once they are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from zsync.sandbox.books import known
from zsync.sandbox.books.desk import Desk, Route
from zsync.sandbox.books.query import Listing, page_of
from zsync.sandbox.books.store import Record, Table
from zsync.sandbox.books.values import amount, choice, custom_fields, folded, invalid, plain_text, text
from zsync.sandbox.web import Call, Refusal, Reply

NO_ITEM = Refusal(404, 2006, "Item does not exist.")
IN_USE = Refusal(400, 2049, "Items which are a part of other transactions cannot be deleted.")
TYPE_FIXED = Refusal(400, 2076, "The product type of an item that is used cannot be changed.")

_TEXTS = {
    "description": 2000, "unit": 50, "hsn_or_sac": 50, "tax_exemption_id": 50, "purchase_description": 2000,
    "purchase_account_id": 50, "vendor_id": 50, "avatax_tax_code": 25, "avatax_use_code": 25,
}  # fmt: skip

_ITEM_TYPES = "sales purchases sales_and_purchases inventory"

LISTING = Listing(
    key="items",
    report="Items",
    filters={
        "name": "text",
        "description": "text",
        "rate": "number",
        "tax_id": "id",
        "tax_name": "text",
        "account_id": "id",
    },
    states={
        "Status.All": lambda face: True,
        "Status.Active": lambda face: face["status"] == "active",
        "Status.Inactive": lambda face: face["status"] == "inactive",
    },
    unfiltered="Status.Active",
    plain=frozenset({"tax_name"}),
    search=("name", "sku", "description"),
    sort=("name", "rate", "tax_name"),
    columns=(
        "item_id name status description rate unit tax_id tax_name tax_percentage tax_type sku product_type item_type "
        "account_id account_name created_time last_modified_time"
    ).split(),
)
LISTING_BY_SKU = replace(LISTING, filters={**LISTING.filters, "sku": "text"})


class Items:
    """Services and goods that lines name."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.table = Table(desk.store, "items", "item_id", self._face)

    def routes(self) -> Sequence[Route]:
        return (
            Route("POST", "/items", self.create),
            Route("GET", "/items", self._list),
            Route("GET", "/itemdetails", self._details),
            Route("GET", "/items/{}", lambda call, id: Reply({"item": self._shown(id)})),
            Route("PUT", "/items/{}", self._update),
            Route("DELETE", "/items/{}", self._delete),
            Route("POST", "/items/{}/active", lambda call, id: self._switch(id, "active")),
            Route("POST", "/items/{}/inactive", lambda call, id: self._switch(id, "inactive")),
        )

    def item(self, id: str) -> Record:
        """The item that a line names. Refusal 2006 if there is none, or if it is inactive."""
        found = self.table.get(id)
        if found is None or (found["status"] == "inactive" and self._desk.store.behaviour.inactive_refused):
            raise Refusal(400, NO_ITEM.code, NO_ITEM.message)
        return found

    def in_use(self, id: str) -> bool:
        desk = self._desk
        tables = (desk.salesorders.table, desk.invoices.table, desk.creditnotes.table)
        return any(line["item_id"] == id for table in tables for row in table for line in row["line_items"])

    # --- requests ----------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Reply:
        call = self._desk.checked(call, known.ITEM, "items")
        if call.body.get("rate") is None:
            raise invalid("rate")
        made = self.table.add(self._read(call.body, {}, None) | {"status": "active"})
        return Reply({"item": self.table.shown(made["item_id"])}, "The item has been added.", 201)

    def _update(self, call: Call, id: str) -> Reply:
        old = self.table.get(id)
        if old is None:
            raise NO_ITEM
        call = self._desk.checked(call, known.ITEM, "items")
        new = self._read(call.body, old, old)
        if new["product_type"] != old["product_type"] and self.in_use(id):
            raise TYPE_FIXED
        self.table.touch(old).update(new)
        return Reply({"item": self.table.shown(id)}, "Item details have been saved.")

    def _list(self, call: Call) -> Reply:
        listing = LISTING_BY_SKU if self._desk.store.behaviour.sku_filter else LISTING
        return page_of(listing, self.table.listed(), call.query)

    def _details(self, call: Call) -> Reply:
        ids = [each.strip() for each in call.query.get("item_ids", "").split(",") if each.strip()]
        if not ids:
            raise invalid("item_ids")
        return Reply({"items": [self._shown(id) for id in ids]})

    def _delete(self, call: Call, id: str) -> Reply:
        self._shown(id)
        if self.in_use(id):
            raise IN_USE
        self.table.remove(id)
        return Reply(message="The item has been deleted.")

    def _switch(self, id: str, status: str) -> Reply:
        record = self.table.get(id)
        if record is None:
            raise NO_ITEM
        self.table.touch(record)["status"] = status
        return Reply(message=f"The item has been marked as {status}.")

    # --- kitchen -----------------------------------------------------------------------------------------------------

    def _read(self, body: Mapping[str, Any], kept: Record, old: Record | None) -> Record:
        behaviour = self._desk.store.behaviour
        name = plain_text(body, "name", 100, strict=behaviour.brackets_refused) if "name" in body else kept.get("name", "")
        if not name.strip():
            raise invalid("name")
        sku = text(body, "sku", 100) if "sku" in body else kept.get("sku", "")
        self._refuse_duplicate(name, sku, old)
        tax_id = text(body, "tax_id", 50) if "tax_id" in body else kept.get("tax_id", "")
        self._desk.settings.tax_face(tax_id)
        account = text(body, "account_id", 50) or kept.get("account_id", "")
        record: Record = {
            "name": name.strip(),
            "sku": sku,
            "rate": amount(body["rate"], "rate") if body.get("rate") is not None else kept.get("rate", Decimal(0)),
            "tax_id": tax_id,
            "account_id": self._desk.settings.account(account, "Sales")["account_id"],
            "product_type": choice(body, "product_type", "goods service digital_service", kept.get("product_type", "goods")),
            "item_type": choice(body, "item_type", _ITEM_TYPES, kept.get("item_type", "sales")),
            "is_taxable": body.get("is_taxable", kept.get("is_taxable", True)),
        }
        for field, most in _TEXTS.items():
            record[field] = text(body, field, most) if field in body else kept.get(field, "")
        return record | {"custom_fields": custom_fields(body, kept)}

    def _refuse_duplicate(self, name: str, sku: str, old: Record | None) -> None:
        code = self._desk.store.behaviour.duplicate_item_code
        for each in self.table:
            if each is old:
                continue
            if folded(each["name"]).casefold() == folded(name).casefold():
                raise Refusal(400, code, f'The item "{name}" already exists.')
            if sku and each["sku"] == sku:
                raise Refusal(400, code, f'The SKU "{sku}" already exists.')

    def _shown(self, id: str) -> Record:
        if id not in self.table:
            raise NO_ITEM
        return self.table.shown(id)

    def _face(self, record: Record) -> Record:
        settings = self._desk.settings
        account = settings.accounts.get(record["account_id"])
        return {**record, **settings.tax_face(record["tax_id"]), "account_name": account["account_name"] if account else ""}
