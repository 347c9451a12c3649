"""The stand-in Zoho Books: one organisation behind `/books/v3`, and what a test or a person may do behind its back.

token --> scope --> limits --> organisation --> route --> module --> {code, message, resource}
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from werkzeug import Request, Response

from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.books.contacts import Contacts
from zsync.sandbox.books.creditnotes import CreditNotes
from zsync.sandbox.books.desk import Desk
from zsync.sandbox.books.invoices import Invoices
from zsync.sandbox.books.items import Items
from zsync.sandbox.books.lean import lean
from zsync.sandbox.books.locations import Locations
from zsync.sandbox.books.payments import Payments
from zsync.sandbox.books.salesorders import SalesOrders
from zsync.sandbox.books.settings import NOT_IN_ORGANIZATION, Settings
from zsync.sandbox.books.store import KindSums, Mail, Organization, Record, Store, Table
from zsync.sandbox.limits import Limits, Meter
from zsync.sandbox.web import Call, Refusal, Reply, body_of, json_response

PREFIX = "/books/v3"
BAD_URL = Refusal(404, 5, "Invalid URL Passed")
NO_ORGANIZATION = Refusal(400, 2, "Invalid value passed for organization_id")
NO_SCOPE = Refusal(401, 57, "You are not authorized to perform this operation")

_MODULE = {
    "contacts": "contacts",
    "items": "settings",
    "itemdetails": "settings",
    "settings": "settings",
    "organizations": "settings",
    "locations": "settings",
    "salesorders": "salesorders",
    "invoices": "invoices",
    "customerpayments": "customerpayments",
    "creditnotes": "creditnotes",
    "chartofaccounts": "accountants",
}
_RIGHT = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}

KINDS = ("contacts", "items", "salesorders", "invoices", "payments", "creditnotes")


class Books:
    """An organisation's books. Thread-safe: one lock round the state.

    `taxes`: name -> percentage, made at the start. `clock` gives seconds since 1970; the sandbox that mounts it sets it.
    """

    def __init__(
        self,
        organization: Organization | None = None,
        *,
        behaviour: Behaviour | None = None,
        limits: Limits | None = None,
        taxes: Mapping[str, Decimal | str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.lock = threading.RLock()
        self._store = Store(organization or Organization(), behaviour or Behaviour())
        self._store.clock = clock
        self.meter = Meter(limits or Limits(), clock, self._store.organization.zone)
        desk = self.desk = Desk(self._store)
        desk.settings = Settings(desk)
        desk.locations = Locations(desk)
        desk.contacts = Contacts(desk)
        desk.items = Items(desk)
        desk.salesorders = SalesOrders(desk)
        desk.invoices = Invoices(desk)
        desk.payments = Payments(desk)
        desk.creditnotes = CreditNotes(desk)
        self.routes = [
            *desk.settings.routes(),
            *desk.locations.routes(),
            *desk.contacts.routes(),
            *desk.items.routes(),
            *desk.salesorders.routes(),
            *desk.invoices.routes(),
            *desk.payments.routes(),
            *desk.creditnotes.routes(),
        ]
        for name, percentage in (taxes or {}).items():
            self.add_tax(name, percentage)

    # --- requests ----------------------------------------------------------------------------------------------------

    def handle(self, request: Request, scopes: frozenset[str] | None = None) -> Response:
        """Answer a request whose `PATH_INFO` stands after `/books/v3`. `scopes` None: not asked about, and not counted."""
        headers: Mapping[str, str] = {}
        with self.lock:
            try:
                if scopes is not None:
                    self._admit(request, scopes)
                    headers = self.meter.headers()
                reply = self._answer(request)
            except Refusal as no:
                headers = self.meter.headers() if scopes is not None and no.status != 401 else {}
                return json_response(no.status, {"code": no.code, "message": no.message}, headers)
            content = lean(reply.content) if self.behaviour.lean else reply.content
            return json_response(reply.status, {"code": 0, "message": reply.message, **content}, headers)

    def _admit(self, request: Request, scopes: frozenset[str]) -> None:
        scope = scope_of(request.method, request.path)
        if scope and not _granted(scopes, scope):
            raise NO_SCOPE
        self.meter.check()

    def _answer(self, request: Request) -> Reply:
        call = Call(request.method, request.path, request.args.to_dict(), body_of(request))
        for route in self.routes:
            ids = route.match(call)
            if ids is not None:
                self._check_organization(call)
                answered: Reply = route.answer(call, *ids)
                return answered
        raise BAD_URL

    def _check_organization(self, call: Call) -> None:
        asked = call.query.get("organization_id", "")
        if call.path == "/organizations":
            return
        if not asked and call.path.startswith("/organizations/"):
            return
        if not asked:
            raise NO_ORGANIZATION
        if asked != self._store.organization.organization_id:
            raise NOT_IN_ORGANIZATION

    # --- behind the API ----------------------------------------------------------------------------------------------

    @property
    def organization(self) -> Organization:
        return self._store.organization

    @property
    def behaviour(self) -> Behaviour:
        return self._store.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._store.behaviour = behaviour

    @property
    def limits(self) -> Limits:
        return self.meter.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.meter.limits = limits

    @property
    def clock(self) -> Callable[[], float]:
        return self._store.clock

    @clock.setter
    def clock(self, clock: Callable[[], float]) -> None:
        self._store.clock = clock
        self.meter.clock = clock

    @contextmanager
    def as_of(self, moment: float) -> Iterator[None]:
        """What happens inside happens at `moment`: what landed a while ago is as old as it would be by now."""
        with self.lock:
            before, self._store.clock = self._store.clock, lambda: moment
            try:
                yield
            finally:
                self._store.clock = before

    @property
    def unknown_properties(self) -> list[str]:
        """Names in bodies that the contracts do not have (`invoices.line_items.line_itme`); nothing failed for them."""
        return self._store.unknown_properties

    @property
    def mails(self) -> list[Mail]:
        """Letters that Zoho would have written to guests."""
        return self._store.mails

    def add_tax(self, name: str, percentage: Decimal | str, *, compound: bool = False) -> str:
        with self.lock:
            return self.desk.settings.add_tax(name, percentage, compound=compound)

    def add_tax_group(self, name: str, tax_ids: list[str]) -> str:
        with self.lock:
            return self.desk.settings.add_tax_group(name, tax_ids)

    def add_account(self, name: str, account_type: str) -> str:
        with self.lock:
            return self.desk.settings.add_account(name, account_type)

    def add_currency(self, code: str, precision: int = 2, *, rate: Decimal | str = "1") -> str:
        with self.lock:
            return self.desk.settings.add_currency(code, precision, rate=rate)

    def table(self, kind: str) -> Table:
        """The table of a kind: contacts, items, salesorders, invoices, payments (or customerpayments), creditnotes."""
        return {
            "contacts": self.desk.contacts.table,
            "items": self.desk.items.table,
            "salesorders": self.desk.salesorders.table,
            "invoices": self.desk.invoices.table,
            "payments": self.desk.payments.table,
            "customerpayments": self.desk.payments.table,
            "creditnotes": self.desk.creditnotes.table,
        }[kind]

    def all(self, kind: str) -> dict[str, Record]:
        """Every record of a kind by id, as a GET would show it."""
        with self.lock:
            table = self.table(kind)
            return {str(record[table.id_field]): table.shown(record[table.id_field]) for record in table}

    @property
    def contacts(self) -> dict[str, Record]:
        return self.all("contacts")

    @property
    def items(self) -> dict[str, Record]:
        return self.all("items")

    @property
    def salesorders(self) -> dict[str, Record]:
        return self.all("salesorders")

    @property
    def invoices(self) -> dict[str, Record]:
        return self.all("invoices")

    @property
    def payments(self) -> dict[str, Record]:
        return self.all("payments")

    @property
    def creditnotes(self) -> dict[str, Record]:
        return self.all("creditnotes")

    @property
    def taxes(self) -> dict[str, str]:
        """Name -> id."""
        with self.lock:
            return {tax["tax_name"]: tax["tax_id"] for tax in self.desk.settings.taxes}

    @property
    def accounts(self) -> dict[str, str]:
        """Name -> id of the chart of accounts."""
        with self.lock:
            return {account["account_name"]: account["account_id"] for account in self.desk.settings.accounts}

    @property
    def currencies(self) -> dict[str, str]:
        """Code -> id."""
        with self.lock:
            return {currency["currency_code"]: currency["currency_id"] for currency in self.desk.settings.currencies}

    def snapshot(self) -> dict[str, KindSums]:
        """Each kind in sum, with each record's reference (or name) and amount, so that doubles can be counted.

        Void documents are left out; `applications` are payments on invoices: (payment reference/invoice number, amount).
        """
        with self.lock:
            return {kind: _sums(rows) for kind, rows in self._rows().items()}

    def _rows(self) -> dict[str, list[tuple[str, Decimal]]]:
        zero = Decimal(0)
        payments = list(self.payments.values())
        return {
            "contacts": [(each["contact_name"], zero) for each in self.contacts.values()],
            "items": [(each["sku"] or each["name"], Decimal(each["rate"])) for each in self.items.values()],
            **{kind: _documents(self.all(kind)) for kind in ("salesorders", "invoices", "creditnotes")},
            "payments": [(each["reference_number"], each["amount"]) for each in payments],
            "applications": [
                (f"{each['reference_number']}/{part['invoice_number']}", part["amount_applied"])
                for each in payments
                for part in each["invoices"]
            ],
        }

    def create(self, kind: str, body: Mapping[str, Any], query: Mapping[str, str] | None = None) -> Record:
        """What a person enters in the web application; own numbers need no flag. Refusal as through the API."""
        desk = self.desk
        makers: dict[str, tuple[Callable[[Call], Reply], str]] = {
            "contacts": (desk.contacts.create, "contact"),
            "items": (desk.items.create, "item"),
            "salesorders": (desk.salesorders.create, "salesorder"),
            "invoices": (desk.invoices.create, "invoice"),
            "payments": (desk.payments.create, "payment"),
            "creditnotes": (desk.creditnotes.create, "creditnote"),
        }
        make, resource = makers[kind]
        number = {"ignore_auto_number_generation": "true"} if f"{resource}_number" in body else {}
        with self.lock:
            made: Record = make(Call("POST", f"/{kind}", {**number, **(query or {})}, body)).content[resource]
            return made

    def edit(self, kind: str, id: str, **changes: Any) -> Record:
        """What a person changes in the web application, unasked and unchecked; the modified time moves."""
        with self.lock:
            table = self.table(kind)
            record = table.get(id)
            if record is None:
                raise KeyError(id)
            table.touch(record).update(changes)
            return table.shown(id)

    def delete(self, kind: str, id: str) -> None:
        """What a person deletes, unchecked; payments and credits come loose from an invoice that goes."""
        with self.lock:
            if kind == "invoices":
                self.desk.payments.loosen(id)
                self.desk.creditnotes.loosen(id)
            self.table(kind).remove(id)


def scope_of(method: str, path: str) -> str:
    """The scope that a request needs; empty where nothing stands at its path."""
    module = _MODULE.get(path.split("/")[1] if "/" in path else "")
    return f"ZohoBooks.{module}.{_RIGHT.get(method, 'READ')}" if module else ""


def _granted(scopes: frozenset[str], scope: str) -> bool:
    return bool({scope, f"{scope.rpartition('.')[0]}.ALL", "ZohoBooks.fullaccess.all"} & scopes)


def _documents(shown: Mapping[str, Record]) -> list[tuple[str, Decimal]]:
    return [(each["reference_number"], each["total"]) for each in shown.values() if each["status"] != "void"]


def _sums(rows: list[tuple[str, Decimal]]) -> KindSums:
    return KindSums(len(rows), sum((value for _, value in rows), Decimal(0)), tuple(rows))
