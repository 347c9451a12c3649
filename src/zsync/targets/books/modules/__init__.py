"""The modules of Zoho Books: one kind of remote document each, with its verbs. Each write is one request."""

from __future__ import annotations

from zsync.ports import Module
from zsync.targets.books.modules.applications import Applications
from zsync.targets.books.modules.base import Calls
from zsync.targets.books.modules.masters import Contacts, Items
from zsync.targets.books.modules.payments import Payments
from zsync.targets.books.modules.sales import Invoices, InvoicesSent, SalesOrders, SalesOrdersOpen


def modules(calls: Calls) -> dict[str, Module]:
    """Every module by its name."""
    every: list[Module] = [
        Contacts(calls),
        Items(calls),
        SalesOrders(calls),
        SalesOrdersOpen(calls),
        Invoices(calls),
        InvoicesSent(calls),
        Payments(calls),
        Applications(calls),
    ]
    return {module.name: module for module in every}
