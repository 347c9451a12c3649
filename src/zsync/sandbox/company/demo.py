"""A small firm to play with: a landscaper with customers, items, invoices and fourteen months of postings. The same each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from zsync.sandbox.company.company import Company, Thing

_CUSTOMERS = (
    ("Amy's Bird Sanctuary", "Amy", "Lauterbach", "birds@example.com", "4581 Finch St.", "Bayshore"),
    ("Bill's Windsurf Shop", "Bill", "Lucchini", "surf@example.com", "12 Ocean Dr.", "Half Moon Bay"),
    ("Cool Cars", "Grace", "Pariente", "cool@example.com", "65 Ocean Dr.", "Half Moon Bay"),
    ("Diego Rodriguez", "Diego", "Rodriguez", "diego@example.com", "321 Channing", "Palo Alto"),
    ("Dukes Basketball Camp", "Peter", "Dukes", "dukes@example.com", "25 Court St.", "Tucson"),
    ("Dylan Sollfrank", "Dylan", "Sollfrank", "", "", ""),
    ("Freeman Sporting Goods", "Kirby", "Freeman", "sport@example.com", "370 Easy St.", "Middlefield"),
    ("Geeta Kalapatapu", "Geeta", "Kalapatapu", "geeta@example.com", "1987 Main St.", "Middlefield"),
    ("Gevelber Photography", "Lisa", "Gevelber", "photo@example.com", "1103 Main St.", "Middlefield"),
    ("Jeff's Jalopies", "Jeff", "Chin", "jalopies@example.com", "12 Willow Rd.", "Menlo Park"),
    ("Müller & Söhne", "Jürgen", "Müller", "mueller@example.com", "Hauptstraße 5", "Berlin"),
    ("Red Rock Diner", "Stephanie", "Martini", "diner@example.com", "500 Red Rock Rd.", "Bayshore"),
)
_ITEMS = (
    ("Concrete", "Service", "0"),
    ("Design", "Service", "75"),
    ("Gardening", "Service", "35"),
    ("Installation", "Service", "50"),
    ("Pump", "Inventory", "15"),
    ("Rock Fountain", "Inventory", "275"),
    ("Sod", "Inventory", "10.4325"),
    ("Trimming", "Service", "35"),
)
_ACCOUNTS = (
    ("1", "Services", "Income", ""),
    ("45", "Landscaping Services", "Income", ""),
    ("46", "Job Materials", "Income", "45"),
    ("48", "Fountains and Garden Lighting", "Income", "46"),
    ("49", "Plants and Soil", "Income", "46"),
    ("51", "Labor", "Income", "45"),
    ("82", "Design income", "Income", ""),
    ("86", "Discounts given", "Income", ""),
    ("80", "Cost of Goods Sold", "Cost of Goods Sold", ""),
    ("7", "Advertising", "Expense", ""),
    ("55", "Automobile", "Expense", ""),
    ("56", "Fuel", "Expense", "55"),
    ("58", "Job Expenses", "Expense", ""),
    ("63", "Job Materials", "Expense", "58"),
    ("66", "Plants and Soil", "Expense", "63"),
    ("12", "Legal & Professional Fees", "Expense", ""),
    ("69", "Accounting", "Expense", "12"),
    ("17", "Rent or Lease", "Expense", ""),
    ("14", "Miscellaneous", "Other Expense", ""),
    ("35", "Checking", "Bank", ""),
    ("84", "Accounts Receivable (A/R)", "Accounts Receivable", ""),
    ("33", "Accounts Payable (A/P)", "Accounts Payable", ""),
    ("34", "Opening Balance Equity", "Equity", ""),
)
_MONTHLY = (("1", 310, 7), ("45", 420, 3), ("48", 275, 11), ("49", 130, 5), ("51", 90, 9), ("82", 225, 13), ("80", 95, 4))
_MONTHLY_COSTS = (("7", 60, 3), ("55", 40, 2), ("56", 52, 6), ("58", 33, 4), ("66", 47, 5), ("69", 75, 1), ("17", 900, 0))


def whole(clock: Callable[[], float] = time.time) -> Company:
    """The firm as it stands on the clock's day."""
    company = Company(clock=clock)
    today = company.now().date()
    _names(company)
    _sales(company, today)
    _ledger(company, today)
    return company


def _names(company: Company) -> None:
    company.add("CompanyInfo", CompanyName="Craig's Landscaping", Country="US", FiscalYearStartMonth="January")
    company.add("Preferences", CurrencyPrefs={"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}})
    for id, name, kind, parent in _ACCOUNTS:
        above = {"SubAccount": True, "ParentRef": {"value": parent}} if parent else {"SubAccount": False}
        company.add("Account", Id=id, Name=name, FullyQualifiedName=name, AccountType=kind, Active=True, **above)
    for number, (name, given, family, mail, street, city) in enumerate(_CUSTOMERS, 1):
        more: Thing = {"PrimaryEmailAddr": {"Address": mail}} if mail else {}
        if street:
            more["BillAddr"] = {"Line1": street, "City": city, "Country": "USA", "PostalCode": f"94{number:03}"}
        if number == 9:  # put out of use: QuickBooks says so in the name
            more["Active"] = False
        company.add(
            "Customer",
            **{
                "DisplayName": name + (" (deleted)" if number == 9 else ""),
                "GivenName": given,
                "FamilyName": family,
                "Active": True,
                "Balance": Decimal(0),
                "Taxable": number % 2 == 0,
                "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
                **more,
            },
        )
    company.add("Customer", DisplayName="Weiskopf Job", Job=True, ParentRef={"value": "1"}, Active=True, Balance=Decimal(0))
    for name, kind, price in _ITEMS:
        company.add("Item", Name=name, FullyQualifiedName=name, Type=kind, UnitPrice=Decimal(price), Active=True)
    for name in ("Brosnahan Insurance Agency", "Norton Lumber", "Tania's Nursery"):
        company.add("Vendor", DisplayName=name, Active=True, Balance=Decimal(0))


def _sales(company: Company, today: date) -> None:
    """Forty invoices with one to four lines, the older half of them paid."""
    for number in range(1, 41):
        day = today - timedelta(days=9 * (41 - number))
        customer = str(number % 12 + 1)
        lines = [_line(number, place) for place in range(1, number % 4 + 2)]
        total = sum((line["Amount"] for line in lines), Decimal(0))
        paid = number <= 20
        lines.append({"DetailType": "SubTotalLineDetail", "Amount": total, "SubTotalLineDetail": {}})
        company.add(
            "Invoice",
            DocNumber=str(1000 + number),
            TxnDate=day.isoformat(),
            DueDate=(day + timedelta(days=30)).isoformat(),
            CustomerRef={"value": customer, "name": company.objects["Customer"][customer]["DisplayName"]},
            Line=lines,
            TotalAmt=total,
            Balance=Decimal(0) if paid else total,
            TxnTaxDetail={"TotalTax": Decimal(0)},
            EmailStatus="NotSet",
            LinkedTxn=[],
        )
        if paid:
            applied = [{"Amount": total, "LinkedTxn": [{"TxnId": str(number), "TxnType": "Invoice"}]}]
            company.add(
                "Payment",
                TxnDate=(day + timedelta(days=12)).isoformat(),
                CustomerRef={"value": customer},
                TotalAmt=total,
                UnappliedAmt=Decimal(0),
                Line=applied,
            )


def _line(number: int, place: int) -> dict[str, Any]:
    item = (number + place) % len(_ITEMS) + 1
    quantity, price = Decimal(number % 5 + place), Decimal(_ITEMS[item - 1][2])
    return {
        "Id": str(place),
        "LineNum": place,
        "Description": f"{_ITEMS[item - 1][0]} for job {number}",
        "Amount": (quantity * price).quantize(Decimal("0.01")),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {
            "ItemRef": {"value": str(item), "name": _ITEMS[item - 1][0]},
            "Qty": quantity,
            "UnitPrice": price,
            "TaxCodeRef": {"value": "NON"},
        },
    }


def _ledger(company: Company, today: date) -> None:
    """Postings of the last thirteen months and the running one."""
    this = today.year * 12 + today.month - 1
    for back in range(13, -1, -1):
        year, month = divmod(this - back, 12)
        day = date(year, month + 1, 1)
        for account, base, step in (*_MONTHLY, *_MONTHLY_COSTS):
            if (back + step) % 6 != 5:  # some accounts rest in some months
                company.post(day + timedelta(days=step % 20), account, Decimal(base) + Decimal(step * back) / 4)
        company.post(day + timedelta(days=2), "35", Decimal(1200 - 13 * back))
        if back % 3 == 0:
            company.post(day, "86", Decimal("-59.00"))
        if back % 4 == 0:
            company.post(day, "14", Decimal("166.50"))
