"""The two worlds that are disturbed: small enough that a run takes a moment, with every kind of document in them.

A world is a fresh sandbox at the address of the worker's server, and a folder as `auth` and `init` leave it. Building one
twice gives the same ids, so the state that `init` made once serves for all.
"""

from __future__ import annotations

import copy
import shutil
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import tomli_w

from proof.clock import SharedClock
from zsync.cli.scene import TAXES, configuration, firm_configuration
from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens
from zsync.sandbox import CREATOR_ACCESS, FULL_ACCESS, NO_LIMITS, Accounts, Behaviour, Books, Organization, Sandbox
from zsync.sandbox.books.books import KINDS
from zsync.sandbox.company import Company, Intuit, QuickBooks
from zsync.sandbox.company import demo as demo_company
from zsync.sandbox.forms import Creator
from zsync.sandbox.forms import demo as demo_forms
from zsync.sandbox.hotel import Hotel, demo
from zsync.sandbox.hotel.bookwork import Stay
from zsync.sandbox.hotel.house import BREAKFAST, LAKE

Standing = Mapping[str, Mapping[str, list[str]]]
"""kind -> name of a document -> what stands under it: as many entries as there are, each with its amounts."""

LAG_S = 120.0
"""Lists of the books show a document as it was so long after it was written."""


class World(ABC):
    """A sandbox and a folder. `state` and `tokens` are files in it; `target` is the system that is written to."""

    name: ClassVar[str]
    target: ClassVar[str]

    def __init__(self, clock: SharedClock, url: str, folder: Path, *, concurrency: int = 1) -> None:
        self.clock = clock
        self.url = url
        self.folder = folder
        self.concurrency = concurrency
        self.sandbox = self.built()
        self.clock.sleep(3600)  # the organisation was set up a while ago: its lists do not lag
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_configuration()
        self.sign_in()

    @property
    def state(self) -> Path:
        return self.folder / "zsync.db"

    @property
    def tokens(self) -> Path:
        return self.folder / "zsync.db.tokens"

    @abstractmethod
    def built(self) -> Sandbox:
        """A fresh sandbox."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What stands in zsync.toml."""

    @abstractmethod
    def later(self) -> None:
        """What happens at the source after a first run: changes, cancellations, deletions, new business."""

    @abstractmethod
    def older(self) -> AbstractContextManager[object]:
        """In here the source answers as it was before `later`: out of an older copy."""

    @abstractmethod
    def standing(self) -> Standing:
        """What stands in the target."""

    @abstractmethod
    def ids(self) -> Mapping[str, set[str]]:
        """The ids of what stands in the target, by module of the journal; what has no document of its own is left out."""

    def write_configuration(self) -> None:
        settings = self.settings()
        settings["target"]["limits"] |= {"concurrency": self.concurrency}
        settings["state"] = {"path": str(self.state)}
        path = self.folder / "zsync.toml"
        path.write_bytes(tomli_w.dumps(settings).encode())
        path.chmod(0o600)

    def sign_in(self) -> None:
        """As `zsync auth` leaves it."""
        access, refresh = self.sandbox.accounts.issue((FULL_ACCESS, CREATOR_ACCESS))
        end = self.clock.here() + timedelta(hours=1)
        FileTokenStore(self.tokens).save(Tokens(access, end, refresh, (), self.url, self.url))

    def secrets(self) -> set[str]:
        """What must stand nowhere but in zsync.toml and the token files."""
        stores = [FileTokenStore(path).load() for path in self.folder.glob("*tokens") if path.stat().st_size]
        tokens = {each for kept in stores if kept is not None for each in (kept.access, kept.refresh)}
        return {self.sandbox.accounts.client.client_secret, *filter(None, tokens)}

    def keep_as(self, folder: Path) -> None:
        """Put the state aside, for other worlds of this kind to begin with."""
        folder.mkdir(parents=True, exist_ok=True)
        for each in self.folder.glob("zsync.db*"):
            if "token" not in each.name and not each.name.endswith(".log"):
                shutil.copy2(each, folder / each.name)

    def begin_with(self, folder: Path) -> None:
        for each in folder.iterdir():
            shutil.copy2(each, self.folder / each.name)


# --- a hotel and its books ----------------------------------------------------------------------------------------------------

_ORDERS = ("4", "5", "6", "8", "11", "20", "25", "26", "27", "28", "29", "30")
"""Three orders of one reference with three payments across them, an advance, an overpaid order, one that is not due yet,
and the week after: cancelled late, refunded, another currency."""


@cache
def _tables() -> dict[str, list[dict[str, Any]]]:
    tables = demo.whole()
    known = {str(row["id"]) for row in tables["orders"]}
    references = {row["reference"] for row in tables["orders"] if str(row["id"]) in _ORDERS and str(row["id"]) in known}
    orders = {str(row["id"]) for row in tables["orders"] if row["reference"] in references}
    tables["orders"] = [row for row in tables["orders"] if str(row["id"]) in orders]
    for name in ("order_details", "room_bookings", "order_invoices", "order_slip", "order_discounts"):
        tables[name] = [row for row in tables[name] if str(row["id_order"]) in orders]
    tables["order_payments"] = [row for row in tables["order_payments"] if row["order_reference"] in references]
    _only(tables, "customers", (row["id_customer"] for row in tables["orders"]))
    return tables


def _only(tables: dict[str, list[dict[str, Any]]], name: str, ids: Iterable[object]) -> None:
    wanted = {str(each) for each in ids}
    tables[name] = [row for row in tables[name] if str(row["id"]) in wanted]


_OPEN = ("sent", "unpaid", "partially_paid", "overdue")
"""Which of them is a matter of the day and the sums."""


class HotelWorld(World):
    """QloApps into Zoho Books, with lists that lag."""

    name = "hotel"
    target = "books"

    def built(self) -> Sandbox:
        organization = Organization(name="Demo Hotels", country="Austria", country_code="AT", time_zone="Europe/Vienna")
        books = Books(organization, limits=NO_LIMITS, taxes=TAXES, behaviour=Behaviour(lag_s=LAG_S), clock=self.clock.unix_s)
        hotel = Hotel(copy.deepcopy(_tables()), clock=self.clock.unix_s)
        return Sandbox(
            hotel=hotel, books=books, accounts=Accounts(throttle=None), clock=self.clock.unix_s, sleep=self.clock.sleep
        )

    @property
    def hotel(self) -> Hotel:
        assert isinstance(self.sandbox.hotel, Hotel)
        return self.sandbox.hotel

    def settings(self) -> dict[str, Any]:
        return configuration(self.sandbox, self.url, "", calls_per_minute=100_000)

    def secrets(self) -> set[str]:
        return {*super().secrets(), self.hotel.api_key}

    def later(self) -> None:
        """An invoice and a payment, a cancellation, another name, a room handed back, a new booking that is paid."""
        self._before = copy.deepcopy(self.hotel.tables)
        desk = self.hotel.desk
        advance, overpaid, not_due = 8, 11, 20
        desk.invoice(advance)
        desk.pay(advance, "50.00")
        desk.cancel(not_due)
        customer = int(next(row["id_customer"] for row in self.hotel.tables["orders"] if int(row["id"]) == overpaid))
        desk.edit_customer(customer, lastname="Anders")
        desk.slip(overpaid, desk.stays(overpaid)[0])
        booked = desk.book(customer, Stay(LAKE, "2026-05-02", 2), services={BREAKFAST: 2}, reference="AFTERWARD")
        desk.pay(booked, desk.total(booked))

    def older(self) -> AbstractContextManager[object]:
        return mock.patch.object(self.hotel, "tables", self._before)

    def standing(self) -> Standing:
        books = self.sandbox.books
        found: dict[str, dict[str, list[str]]] = {}

        def note(kind: str, name: object, *values: object) -> None:
            found.setdefault(kind, {}).setdefault(str(name), []).append(" ".join(str(each) for each in values))

        for row in books.all("contacts").values():
            note("contacts", row["contact_number"], row["contact_name"], row["status"])
        for row in books.all("items").values():
            note("items", row["sku"], row["status"])
        for row in books.all("salesorders").values():
            note("salesorders", row["salesorder_number"], row["total"], row["status"])
        for row in books.all("invoices").values():
            status = "open" if row["status"] in _OPEN else row["status"]
            note("invoices", row["invoice_number"], row["total"], row["balance"], status)
        for row in books.all("creditnotes").values():
            note("creditnotes", row["creditnote_number"], row["total"], row["balance"], row["status"])
        for row in books.all("payments").values():
            note("payments", row["reference_number"], row["amount"])
            for each in row["invoices"]:
                note("applications", f"{row['reference_number']} on {each['invoice_number']}", each["amount_applied"])
        return found

    def ids(self) -> Mapping[str, set[str]]:
        books = self.sandbox.books
        with books.lock:
            tables = {kind: books.table(kind) for kind in KINDS}
            return {kind: {str(row[table.id_field]) for row in table} for kind, table in tables.items()}


# --- a firm and its application -------------------------------------------------------------------------------------------------


@cache
def _company() -> Callable[[SharedClock], Company]:
    keep = {"Customer": 4, "Item": 5, "Invoice": 5, "Payment": 2, "Vendor": 1}

    def made(clock: SharedClock) -> Company:
        company = demo_company.whole(clock.unix_s)
        for kind, count in keep.items():
            things = company.objects[kind]
            for id in sorted(things, key=int)[count:]:
                del things[id]
        for invoice in company.objects["Invoice"].values():  # of the few customers and items that stayed
            invoice["CustomerRef"] = {"value": str(int(invoice["Id"]) % keep["Customer"] + 1)}
            for line in invoice["Line"]:
                if "SalesItemLineDetail" in line:
                    line["SalesItemLineDetail"]["ItemRef"] = {"value": str(int(line["Id"]) % keep["Item"] + 1)}
        return company

    return made


class FirmWorld(World):
    """QuickBooks into Zoho Creator, signed in to on both sides."""

    name = "firm"
    target = "creator"

    def built(self) -> Sandbox:
        creator = Creator(demo_forms.whole())
        creator.per_minute = None
        self.company = _company()(self.clock)
        quickbooks = QuickBooks(self.company, Intuit())
        return Sandbox(
            quickbooks=quickbooks,
            creator=creator,
            accounts=Accounts(throttle=None),
            clock=self.clock.unix_s,
            sleep=self.clock.sleep,
        )

    def settings(self) -> dict[str, Any]:
        settings = firm_configuration(self.sandbox, self.url)
        settings["entities"]["pnl"]["periods"] = 3
        return settings

    def sign_in(self) -> None:
        super().sign_in()
        intuit = self.sandbox.quickbooks.intuit
        access, refresh = intuit.issue()
        now = self.clock.here()
        kept = Tokens(
            access, now + timedelta(hours=1), refresh, realm=self.company.realm_id, idle_until=now + timedelta(days=100)
        )
        FileTokenStore(self.folder / "zsync.db.source-tokens").save(kept)

    def secrets(self) -> set[str]:
        return {*super().secrets(), self.sandbox.quickbooks.intuit.client_secret}

    def later(self) -> None:
        """A restated month, another name, a deleted and a new invoice."""
        company = self.company
        self._before = company.copied()
        company.change("Customer", "2", DisplayName="Bill's Windsurf Shop and Sons")
        company.delete("Invoice", "1")
        company.change("Invoice", "3", Balance=Decimal(0))
        company.post(company.now().date().replace(day=1), "7", "12.34")
        company.add("Customer", DisplayName="New here", Active=True, Balance=Decimal(0))

    def older(self) -> AbstractContextManager[object]:
        return mock.patch.object(self.sandbox.quickbooks, "company", self._before)

    def standing(self) -> Standing:
        app = self.sandbox.creator.application
        found: dict[str, dict[str, list[str]]] = {}
        for form in app.forms.values():
            names = [each.link_name for each in form.fields if not each.is_lookup]
            key = next(each.link_name for each in form.fields if each.unique)
            rows = found.setdefault(form.link_name, {})
            for row in app.rows(form.link_name).values():
                rows.setdefault(str(row.get(key)), []).append(str([row.get(name) for name in names]))
        return found

    def ids(self) -> Mapping[str, set[str]]:
        app = self.sandbox.creator.application
        return {form: set(app.rows(form)) for form in app.forms}


WORLDS: Mapping[str, type[World]] = {world.name: world for world in (HotelWorld, FirmWorld)}


# --- comparing ------------------------------------------------------------------------------------------------------------------


def compare(expected: Standing, found: Standing) -> dict[str, list[str]]:
    """What is wrong: duplicates, losses and wrong amounts, each with the documents by name."""
    wrong: dict[str, list[str]] = {"duplicates": [], "losses": [], "amounts": []}
    for kind in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get(kind, {}), found.get(kind, {})
        for name in sorted(wanted.keys() | there.keys()):
            ours, theirs = wanted.get(name, []), there.get(name, [])
            if len(theirs) > len(ours):
                wrong["duplicates"].append(f"{kind} {name}: {theirs}")
            elif len(theirs) < len(ours):
                wrong["losses"].append(f"{kind} {name}: {ours}")
            elif Counter(ours) != Counter(theirs):
                wrong["amounts"].append(f"{kind} {name}: {theirs} instead of {ours}")
    return wrong
