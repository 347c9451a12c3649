"""Where the modules of the stand-in Books find each other, and how they say which requests are theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zsync.sandbox.web import Call, Reply

if TYPE_CHECKING:
    from zsync.sandbox.books.contacts import Contacts
    from zsync.sandbox.books.creditnotes import CreditNotes
    from zsync.sandbox.books.invoices import Invoices
    from zsync.sandbox.books.items import Items
    from zsync.sandbox.books.payments import Payments
    from zsync.sandbox.books.salesorders import SalesOrders
    from zsync.sandbox.books.settings import Settings
    from zsync.sandbox.books.store import Store


class Desk:
    """The modules over one store. Each module gets the desk and looks its neighbours up when it needs them."""

    settings: Settings
    contacts: Contacts
    items: Items
    salesorders: SalesOrders
    invoices: Invoices
    payments: Payments
    creditnotes: CreditNotes

    def __init__(self, store: Store) -> None:
        self.store = store


@dataclass(frozen=True, slots=True)
class Route:
    """`method` and `pattern` (`/invoices/{}/credits`): the parts in braces are handed to `answer` after the call."""

    method: str
    pattern: str
    answer: Callable[..., Reply]

    def match(self, call: Call) -> tuple[str, ...] | None:
        found = re.fullmatch(self.pattern.replace("{}", "([^/]+)"), call.path)
        return found.groups() if found and call.method == self.method else None
