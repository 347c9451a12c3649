"""The scene of `demo` and `sandbox serve`: the hotel and its books on loopback, and a configuration that leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from zsync.cli.timing import unix_s
from zsync.errors import ConfigError

if TYPE_CHECKING:
    from zsync.sandbox import Sandbox


class Scene(StrEnum):
    """What the sandbox plays."""

    HOTEL = "hotel"
    QUICKBOOKS = "quickbooks"


TAXES = {"VAT 10%": "10", "VAT 20%": "20", "No VAT": "0"}


def hotel_scene(*, limited: bool) -> Sandbox:
    """The demo hotel group, and the empty books of its accountant. ConfigError without the extra `sandbox`.

    `limited` False lifts the sandbox's limits on calls.
    """
    try:
        from zsync.sandbox import NO_LIMITS, Accounts, Books, Limits, Organization, Sandbox
        from zsync.sandbox.hotel import Hotel, demo
    except ModuleNotFoundError as err:
        if err.name is None or err.name.split(".")[0] != "werkzeug":
            raise
        raise ConfigError("the sandbox is not installed", hint="`pip install 'zsync[sandbox]'`") from err
    organization = Organization(name="Demo Hotels", country="Austria", country_code="AT", time_zone="Europe/Vienna")
    books = Books(organization, limits=Limits() if limited else NO_LIMITS, taxes=TAXES)
    hotel = Hotel(demo.whole(), clock=unix_s)
    return Sandbox(hotel=hotel, books=books, accounts=Accounts(auto_consent=not limited), clock=unix_s)


def firm_scene(*, limited: bool) -> Sandbox:
    """A firm's QuickBooks, and an empty Creator application. ConfigError without the extra `sandbox`.

    `limited` False lifts the sandbox's limits on calls.
    """
    try:
        from zsync.sandbox import Accounts, Sandbox
        from zsync.sandbox.company import Intuit, QuickBooks
        from zsync.sandbox.company import demo as company
        from zsync.sandbox.forms import Creator
        from zsync.sandbox.forms import demo as forms
    except ModuleNotFoundError as err:
        if err.name is None or err.name.split(".")[0] != "werkzeug":
            raise
        raise ConfigError("the sandbox is not installed", hint="`pip install 'zsync[sandbox]'`") from err
    creator = Creator(forms.whole())
    if not limited:
        creator.per_minute = None
    quickbooks = QuickBooks(company.whole(unix_s), Intuit(auto_consent=True))
    return Sandbox(quickbooks=quickbooks, creator=creator, accounts=Accounts(auto_consent=not limited), clock=unix_s)


@contextmanager
def served(sandbox: Sandbox, port: int = 0) -> Iterator[str]:
    """The sandbox on 127.0.0.1 for as long as this lasts; its address."""
    from zsync.sandbox.serve import Server

    try:
        server = Server(sandbox, port)
    except OSError as err:
        raise ConfigError(f"port {port} on 127.0.0.1 is taken", hint="name another one with --port") from err
    with server:
        yield server.url


def firm_configuration(sandbox: Sandbox, url: str, *, state: str = "demo.db", limits: bool = False) -> dict[str, Any]:
    """What stands in the zsync.toml of the firm's scene. Its secrets are made up and good for nothing else."""
    intuit, client = sandbox.quickbooks.intuit, sandbox.accounts.client
    return {
        "source": {
            "type": "quickbooks",
            "tag": "qbo",
            "environment": "sandbox",
            "client_id": intuit.client_id,
            "client_secret": intuit.client_secret,
            "api_url": url,
            "discovery_url": f"{url}/.well-known/openid_sandbox_configuration",
        },
        "target": {
            "type": "zoho-creator",
            "data_center": "us",
            "owner": sandbox.creator.application.owner,
            "app": sandbox.creator.application.link_name,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "accounts_url": url,
            "api_url": url,
            "web_url": f"{url}/app",
            "limits": {} if limits else {"calls_per_minute": 100_000, "calls_per_day": 100_000},
        },
        "entities": deepcopy(FIRM_ENTITIES),
        "state": {"path": state},
    }


def _entity(origin: str, form: str, key: str, map: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One entity of the firm's scene; an origin with a colon is a report."""
    report, _, what = origin.rpartition(":")
    return {("report" if report else "object"): what, **more, "form": form, "report_name": f"All_{form}", "key": key, "map": map}


FIRM_ENTITIES: dict[str, Any] = {
    "customers": _entity(
        "Customer",
        "Customers",
        "QB_Id",
        {
            "QB_Id": "Id",
            "Display_Name": "DisplayName",
            "Contact": {"fields": {"first_name": "GivenName", "last_name": "FamilyName"}},
            "Email": "PrimaryEmailAddr.Address",
            "Address": {
                "fields": {
                    "address_line_1": "BillAddr.Line1",
                    "district_city": "BillAddr.City",
                    "postal_code": "BillAddr.PostalCode",
                    "country": "BillAddr.Country",
                }
            },
            "Balance": {"from": "Balance", "as": "money", "default": "0"},
            "Active": "Active",
            "Since": {"from": "MetaData.CreateTime", "as": "date"},
        },
    ),
    "items": _entity(
        "Item",
        "Items",
        "QB_Id",
        {"QB_Id": "Id", "Item_Name": "Name", "Kind": "Type", "Price": "UnitPrice", "Active": "Active"},
    ),
    "invoices": _entity(
        "Invoice",
        "Invoices",
        "QB_Id",
        {
            "QB_Id": "Id",
            "Invoice_Number": "DocNumber",
            "Customer": {"from": "CustomerRef.value", "lookup": "customers"},
            "Invoice_Date": "TxnDate",
            "Due_Date": "DueDate",
            "Total": "TotalAmt",
            "Open_Amount": "Balance",
            "Status": "{{ 'Open' if Balance else 'Paid' }}",
        },
    ),
    "invoice_lines": _entity(
        "Invoice",
        "Invoice_Lines",
        "Line_Key",
        {
            "Line_Key": "key",
            "Invoice": {"from": "parent.Id", "lookup": "invoices"},
            "Item": {"from": "SalesItemLineDetail.ItemRef.value", "lookup": "items"},
            "Description": "Description",
            "Quantity": "SalesItemLineDetail.Qty",
            "Unit_Price": "SalesItemLineDetail.UnitPrice",
            "Amount": "Amount",
        },
        each="Line",
    ),
    "pnl": _entity(
        "report:ProfitAndLoss",
        "PnL",
        "Row_Key",
        {
            "Row_Key": "key",
            "Period": "period_start",
            "Account": "account_name",
            "Account_Path": "path",
            "Section": "group",
            "Kind": "kind",
            "Amount": "amount",
        },
        by="month",
        periods=12,
    ),
}
"""The entities of the firm's scene: records, lines of a document, and a report, with lookups among them."""


def configuration(sandbox: Sandbox, url: str, state: str, *, calls_per_minute: int = 80) -> dict[str, Any]:
    """What stands in the zsync.toml of this scene. Its secrets are made up and good for nothing else."""
    from zsync.sandbox.hotel import DEMO_KEY

    client = sandbox.accounts.client
    return {
        "source": {"type": "qloapps", "tag": "hotel", "url": f"{url}/hotel", "api_key": DEMO_KEY},
        "target": {
            "type": "zoho-books",
            "data_center": "eu",
            "organization_id": sandbox.books.organization.organization_id,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "accounts_url": url,
            "api_url": url,
            "web_url": url,
            "limits": {"calls_per_minute": calls_per_minute, "calls_per_day": 10_000},
            "payment_methods": {
                "Bank wire": {"mode": "banktransfer", "account": "Bank"},
                "Credit card": {"mode": "creditcard", "account": "Bank"},
                "Cash": {"mode": "cash", "account": "Petty Cash"},
                "default": {"mode": "others"},
            },
        },
        "entities": {"currencies": {"multi_currency": True}},
        "state": {"path": state},
    }
