"""Links to Zoho Books' web pages, and what people call its documents. Needs no network: `status` uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zsync.targets.books.settings import BooksSettings

_PAGES = {
    "contacts": "contacts",
    "items": "inventory/items",
    "salesorders": "salesorders",
    "invoices": "invoices",
    "payments": "customerpayments",
    "creditnotes": "creditnotes",
}

LABELS = {
    "currencies": "currency",
    "exchangerates": "exchange rate",
    "contacts": "contact",
    "items": "item",
    "salesorders": "sales order",
    "salesorders.open": "sales order opened",
    "invoices": "invoice",
    "invoices.sent": "invoice marked sent",
    "payments": "payment",
    "applications": "payment applied",
    "creditnotes": "credit note",
    "creditnotes.open": "credit note opened",
    "creditapplications": "credit applied",
    "refunds": "refund of a credit note",
    "excessrefunds": "refund of a payment",
}

SPARED_BY = {'`as = "none"` under [entities.orders]': ("salesorders", "salesorders.open")}
"""Settings that leave documents out, with the modules of these."""


def link(settings: BooksSettings, module: str, id: str) -> str:
    """`{web}/app/{organization}#/{page}/{id}`; empty for what has no page of its own."""
    page = _PAGES.get(module)
    return f"{settings.centre.books}/app/{settings.organization_id}#/{page}/{id}" if page and id else ""
