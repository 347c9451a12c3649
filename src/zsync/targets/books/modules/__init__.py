"""The modules of Zoho Books: one kind of remote document each, with its verbs. Each write is one request."""

from __future__ import annotations

from zsync.ports import Module
from zsync.targets.books.modules.applications import Applications
from zsync.targets.books.modules.base import Calls
from zsync.targets.books.modules.credits import CreditApplications, CreditNotes, CreditNotesOpen
from zsync.targets.books.modules.currencies import Currencies, ExchangeRates
from zsync.targets.books.modules.masters import Contacts, Items
from zsync.targets.books.modules.payments import Payments
from zsync.targets.books.modules.refunds import ExcessRefunds, Refunds
from zsync.targets.books.modules.sales import Invoices, InvoicesSent, SalesOrders, SalesOrdersOpen


def modules(calls: Calls, key_field: str = "") -> dict[str, Module]:
    """Every module by its name. `key_field`: the custom field of contacts that holds our key, where there is one."""
    every: list[Module] = [
        Currencies(calls),
        ExchangeRates(calls),
        Contacts(calls, key_field),
        Items(calls),
        SalesOrders(calls),
        SalesOrdersOpen(calls),
        Invoices(calls),
        InvoicesSent(calls),
        Payments(calls),
        Applications(calls),
        CreditNotes(calls),
        CreditNotesOpen(calls),
        CreditApplications(calls),
        Refunds(calls),
        ExcessRefunds(calls),
    ]
    return {module.name: module for module in every}
