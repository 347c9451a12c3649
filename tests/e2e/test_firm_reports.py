"""Reports by other columns, and other objects, through the whole of zsync into forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from e2e.firm import Firm, only
from zsync.engine.job import Options
from zsync.sandbox.company import Company
from zsync.sandbox.forms.application import Application, Field, Form, Report
from zsync.sources.quickbooks.periods import last_periods, period_from, windows

# --- periods ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "first", "last", "calls"),
    [
        ("month", date(2025, 12, 1), date(2026, 11, 30), [6, 6]),
        ("quarter", date(2024, 1, 1), date(2026, 12, 31), [2] * 6),
        ("year", date(2015, 1, 1), date(2026, 12, 31), [1] * 12),
        ("class", date(2025, 12, 1), date(2026, 11, 30), [1] * 12),
    ],
)
def test_twelve_periods_and_the_calls_that_bring_them(by: Any, first: date, last: date, calls: list[int]) -> None:
    periods = last_periods(by, 12, date(2026, 11, 24))
    assert (periods[0].start, periods[-1].end, len(periods)) == (first, last, 12)
    assert [len(each) for each in windows("ProfitAndLoss", by, periods)] == calls
    assert all(period_from(each.start, by) == each for each in periods)
    assert all(one.end < other.start for one, other in pairwise(periods))


def test_a_report_whose_columns_are_no_periods_is_asked_for_period_by_period() -> None:
    periods = last_periods("month", 5, date(2026, 1, 15))
    assert [len(each) for each in windows("TrialBalance", "month", periods)] == [1] * 5
    assert periods[0].start == date(2025, 9, 1)


# --- columns ------------------------------------------------------------------------------------------------------------------

ROWS = Form(
    "Rows",
    (
        Field("Row_Key", unique=True, mandatory=True),
        Field("Period", 10),
        Field("Column"),
        Field("Title"),
        Field("Account"),
        Field("Kind"),
        Field("Amount", 8, max_char=12, decimal_length=2),
        Field("Basis"),
    ),
)
MAP = {
    "Row_Key": "key",
    "Period": "period_start",
    "Column": "column",
    "Title": "column_title",
    "Account": "account_name",
    "Kind": "kind",
    "Amount": "amount",
    "Basis": "basis",
}


def reporting(tmp_path: Path, company: Company | None = None, **entity: Any) -> Firm:
    made: dict[str, Any] = {"form": "Rows", "report_name": "All_Rows", "key": "Row_Key", "map": MAP, **entity}
    app = Application(forms=(ROWS,), reports=(Report("All_Rows", "Rows"),))
    firm = Firm(tmp_path, company=company, application=app, entities={"report": made})
    firm.initialise()
    firm.well()
    before = firm.calls("creator")
    firm.well()
    assert firm.calls("creator") == before
    return firm


def amounts(firm: Firm, **wanted: str) -> Decimal:
    rows = [row for row in firm.app.rows("Rows").values() if all(row[name] == value for name, value in wanted.items())]
    assert rows
    return sum((Decimal(row["Amount"]) for row in rows), Decimal(0))


@pytest.mark.parametrize("by", ["month", "quarter", "year"])
def test_periods_of_any_length_sum_to_the_same(tmp_path: Path, by: str) -> None:
    firm = reporting(tmp_path, report="ProfitAndLoss", by=by, periods={"month": 11, "quarter": 4, "year": 1}[by])
    kinds = {row["Id"]: row["AccountType"] for row in firm.firm.objects["Account"].values()}
    this_year = [each for each in firm.firm.postings if each.day.year == 2026 and "Income" in kinds[each.account]]
    income = sum((each.amount for each in this_year), Decimal(0))
    accounts = {row["Name"] for row in firm.firm.objects["Account"].values() if "Income" in row["AccountType"]}
    expenses = {row["Name"] for row in firm.firm.objects["Account"].values() if "Income" not in row["AccountType"]}
    rows = [row for row in firm.app.rows("Rows").values() if row["Kind"] == "account" and row["Account"] in accounts - expenses]
    shared = accounts & expenses
    assert shared == {"Job Materials", "Plants and Soil"}
    of_shared = sum((e.amount for e in this_year if firm.firm.objects["Account"][e.account]["Name"] in shared), Decimal(0))
    assert sum((Decimal(row["Amount"]) for row in rows), Decimal(0)) + of_shared == income


def test_a_profit_and_loss_by_class_goes_by_the_classes_ids(tmp_path: Path) -> None:
    company = Company()
    company.add("Account", Id="1", Name="Services", AccountType="Income", Active=True)
    for name in ("North", "South"):
        company.add("Class", Name=name, Active=True)
    for month in (10, 11):
        company.post(date(2026, month, 2), "1", "100.10", class_id="1")
        company.post(date(2026, month, 3), "1", "50.05", class_id="2")
        company.post(date(2026, month, 4), "1", "1.00")
    firm = reporting(tmp_path, company, report="ProfitAndLoss", by="class", periods=2)
    assert amounts(firm, Column="1", Kind="account") == Decimal("200.20")
    assert amounts(firm, Column="2", Kind="account") == Decimal("100.10")
    assert amounts(firm, Column="not_specified", Kind="account") == Decimal("2.00")
    titles = {row["Column"]: row["Title"] for row in firm.app.rows("Rows").values()}
    assert titles == {"1": "North", "2": "South", "not_specified": "Not Specified"}

    company.change("Class", "1", Name="Nord")  # a title is no key
    before = len(firm.app.rows("Rows"))
    firm.well()
    assert len(firm.app.rows("Rows")) == before


def test_a_profit_and_loss_by_customer(tmp_path: Path) -> None:
    company = Company()
    company.add("Account", Id="1", Name="Services", AccountType="Income", Active=True)
    company.add("Customer", DisplayName="Cool Cars", Active=True)
    company.post(date(2026, 11, 2), "1", "19.99", customer="1")
    firm = reporting(tmp_path, company, report="ProfitAndLoss", by="customer", periods=1, basis="cash")
    assert amounts(firm, Column="1", Kind="account", Basis="cash") == Decimal("19.99")


def test_a_balance_sheet_by_month_and_a_trial_balance(tmp_path: Path) -> None:
    firm = reporting(tmp_path, report="BalanceSheet", periods=3)
    bank = sum((each.amount for each in firm.firm.postings if each.account == "35"), Decimal(0))
    assert amounts(firm, Account="Checking", Period="01-Nov-2026") == bank
    (tmp_path / "t").mkdir()
    firm = reporting(tmp_path / "t", report="TrialBalance", periods=1)
    assert amounts(firm, Account="Checking", Title="Debit") == bank


def test_sub_totals_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    firm = reporting(tmp_path, report="ProfitAndLoss", periods=1, subtotals=True)
    kinds = {row["Kind"] for row in firm.app.rows("Rows").values()}
    assert kinds == {"account", "subtotal", "total"}


def test_a_report_that_does_not_add_up_is_not_believed(tmp_path: Path) -> None:
    """Nothing of the windows at fault is written or withdrawn; the record says which line, and the next run looks again."""
    firm = Firm(tmp_path, entities=only("pnl"))
    firm.initialise()
    firm.well()
    before = firm.standing()
    answer = firm.quickbooks._report

    def spoilt(name: str, params: Mapping[str, str]) -> Any:
        made = answer(name, params)
        summary = next(row["Summary"] for row in made["Rows"]["Row"] if row.get("group") == "Income")
        summary["ColData"][1]["value"] = str(Decimal(summary["ColData"][1]["value"]) + Decimal("0.01"))
        return made

    firm.quickbooks._report = spoilt  # type: ignore[method-assign]
    firm.firm.post(date(2026, 3, 15), "17", "5")
    report = firm.run()
    assert {problem.code for problem in report.problems} == {"totals_disagree"}
    assert "a total of the report is" in report.problems[0].message
    assert firm.standing() == before
    firm.quickbooks._report = answer  # type: ignore[method-assign]
    firm.well()
    assert firm.standing() != before


# --- other objects ------------------------------------------------------------------------------------------------------------

OBJECTS = (
    "Vendor",
    "Account",
    "SalesReceipt",
    "Payment",
    "CreditMemo",
    "RefundReceipt",
    "Bill",
    "JournalEntry",
    "Deposit",
    "TaxCode",
)


def test_any_object_of_quickbooks_lands_in_a_form(tmp_path: Path) -> None:
    company = Company()
    for kind in OBJECTS:
        for number in (1, 2):
            company.add(kind, Name=f"{kind} {number}", TxnDate="2026-11-02", TotalAmt=Decimal("10.50"), Active=True)
    forms = tuple(Form(kind, (Field("Key", unique=True), Field("Name"), Field("Total", 8))) for kind in OBJECTS)
    app = Application(forms=forms, reports=tuple(Report(f"All_{kind}", kind) for kind in OBJECTS))
    entities = {
        f"e_{kind.lower()}": {
            "object": kind,
            "form": kind,
            "report_name": f"All_{kind}",
            "key": "Key",
            "map": {"Key": "Id", "Name": "Name", "Total": {"from": "TotalAmt", "default": "0"}},
        }
        for kind in OBJECTS
    }
    firm = Firm(tmp_path, company=company, application=app, entities=entities)
    firm.initialise()
    firm.well()
    assert {form: len(rows) for form, rows in firm.standing().items()} == dict.fromkeys(OBJECTS, 2)
    before, asked = firm.calls("creator"), firm.calls("quickbooks")
    firm.well()
    assert firm.calls("creator") == before
    assert firm.calls("quickbooks") == asked + 2  # changes of nine kinds in one, tax codes by a query
    company.change("TaxCode", "1", Name="renamed")
    company.delete("Bill", "2")
    firm.well()
    assert ("renamed",) in list(firm.app.values("TaxCode", "Name"))
    assert len(firm.app.rows("Bill")) == 1


def test_an_object_that_quickbooks_does_not_have_is_named(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=only("items", items={"object": "Itme"}))
    from zsync.engine import run as engine
    from zsync.errors import ConfigError

    report = engine.initialise(firm.job(), firm.summary)
    assert isinstance(report.error, ConfigError)
    assert "`Itme`" in report.error.message


# --- filters ------------------------------------------------------------------------------------------------------------------


def test_a_record_that_no_longer_matches_leaves_with_its_lines(tmp_path: Path) -> None:
    which = {"invoices": {"where": {"Balance": {"gt": 0}}}, "invoice_lines": {"where": {"parent.Balance": {"gt": 0}}}}
    firm = Firm(tmp_path, entities=only("customers", "items", "invoices", "invoice_lines", **which))
    firm.initialise()
    firm.well()
    assert len(firm.app.rows("Invoices")) == 20
    firm.firm.change("Invoice", "30", Balance=Decimal(0))
    firm.well()
    assert ("30",) not in list(firm.app.values("Invoices", "QB_Id"))
    assert not [key for (key,) in firm.app.values("Invoice_Lines", "Line_Key") if key.startswith("30-")]
    firm.firm.change("Invoice", "30", Balance=Decimal(5))
    firm.well()
    assert ("30",) in list(firm.app.values("Invoices", "QB_Id"))


def test_switched_off_deletions_leave_rows_where_they_are(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=only("items", items={"auto_delete": False}))
    firm.initialise()
    firm.well()
    firm.firm.delete("Item", "3")
    firm.well()
    assert len(firm.app.rows("Items")) == 8
    assert firm.record("items", "3").status == "held"


def test_a_customer_that_an_invoice_needs_is_written_whatever_its_switch_says(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=only("customers", "items", "invoices", customers={"auto_create": False}))
    firm.initialise()
    firm.well()
    assert len(firm.app.rows("Invoices")) == 40
    assert len(firm.app.rows("Customers")) == 12  # the thirteenth has no invoice


def test_what_is_deleted_while_another_record_needs_it_goes_when_that_is_through(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=only("customers", "items", "invoices"))
    firm.initialise()
    firm.well()
    firm.firm.change("Invoice", "5", TotalAmt=Decimal("99999999999"))  # more digits than the field takes
    firm.run()
    firm.firm.delete("Customer", str(5 % 12 + 1))
    firm.run(Options())
    firm.firm.change("Invoice", "5", TotalAmt=Decimal("1.00"), CustomerRef={"value": "1"})
    for _ in range(3):
        firm.run()
    assert (str(5 % 12 + 1),) not in list(firm.app.values("Customers", "QB_Id"))
