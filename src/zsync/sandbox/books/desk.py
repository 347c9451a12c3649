"""Where the modules of the stand-in Books find each other, and how they say which requests are theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from zsync.sandbox.books.values import INVALID
from zsync.sandbox.web import Call, Refusal, Reply

if TYPE_CHECKING:
    from zsync.sandbox.books.contacts import Contacts
    from zsync.sandbox.books.creditnotes import CreditNotes
    from zsync.sandbox.books.invoices import Invoices
    from zsync.sandbox.books.items import Items
    from zsync.sandbox.books.locations import Locations
    from zsync.sandbox.books.payments import Payments
    from zsync.sandbox.books.salesorders import SalesOrders
    from zsync.sandbox.books.settings import Settings
    from zsync.sandbox.books.store import Store


class Desk:
    """The modules over one store. Each module gets the desk and looks its neighbours up when it needs them."""

    settings: Settings
    locations: Locations
    contacts: Contacts
    items: Items
    salesorders: SalesOrders
    invoices: Invoices
    payments: Payments
    creditnotes: CreditNotes

    def __init__(self, store: Store) -> None:
        self.store = store

    def known(self, body: Mapping[str, Any], names: Container[str], where: str) -> Mapping[str, Any]:
        """What the contract knows of `body`. Any other name is noted, and dropped without a word, as live."""
        self.store.unknown_properties += [f"{where}.{name}" for name in body if name not in names]
        return {name: value for name, value in body.items() if name in names}

    def refuse_locked(self, on: date) -> None:
        """Refusal for a day on or before which transactions are locked."""
        if on.isoformat() <= self.store.behaviour.locked_until:
            raise Refusal(400, INVALID, "Transactions before the lock date cannot be added or changed.")

    def checked(self, call: Call, names: Container[str], where: str) -> Call:
        """The call with what the contract knows of its body."""
        return replace(call, body=self.known(call.body, names, where))


@dataclass(frozen=True, slots=True)
class Route:
    """`method` and `pattern` (`/invoices/{}/credits`): the parts in braces are handed to `answer` after the call."""

    method: str
    pattern: str
    answer: Callable[..., Reply]

    def match(self, call: Call) -> tuple[str, ...] | None:
        found = re.fullmatch(self.pattern.replace("{}", "([^/]+)"), call.path)
        return found.groups() if found and call.method == self.method else None
