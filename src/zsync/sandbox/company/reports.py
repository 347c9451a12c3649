"""Reports made of postings: profit and loss, balance sheet, trial balance, in QuickBooks' own shape (facts, section 9)."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from zsync.sandbox.company.company import Company, Posting, Thing, stamp

_SECTIONS = {
    "Income": ("Income", "Total Income"),
    "Cost of Goods Sold": ("COGS", "Total Cost of Goods Sold"),
    "Expense": ("Expenses", "Total Expenses"),
    "Other Income": ("OtherIncome", "Total Other Income"),
    "Other Expense": ("OtherExpenses", "Total Other Expenses"),
}
_TITLES = {"Expense": "Expenses", "Other Expense": "Other Expenses"}
_ASSETS = {"Bank": ("BankAccounts", "Bank Accounts"), "Accounts Receivable": ("AR", "Accounts Receivable")}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    meta: tuple[tuple[str, str], ...]
    takes: Callable[[Posting], bool]


def report(company: Company, name: str, params: Mapping[str, str]) -> Thing | None:
    """The report; None for a name that is not carried."""
    start = date.fromisoformat(params["start_date"])
    end = date.fromisoformat(params["end_date"])
    basis = params.get("accounting_method", "Accrual")
    by = params.get("summarize_column_by", "Total")
    match name:
        case "ProfitAndLoss":
            columns = list(_columns(company, start, end, by))
            rows, found = _profit_and_loss(company, columns)
        case "BalanceSheet":
            columns = list(_columns(company, start, end, by, balance=True))
            rows, found = _balance_sheet(company, columns)
        case "TrialBalance":
            return _trial_balance(company, start, end, basis)
        case _:
            return None
    return {
        "Header": _header(company, name, basis, start, end, by, found),
        "Columns": {
            "Column": [{"ColTitle": "", "ColType": "Account", "MetaData": _meta((("ColKey", "account"),))}, *map(_head, columns)]
        },
        "Rows": {"Row": rows} if found else {},
    }


def _header(company: Company, name: str, basis: str, start: date, end: date, by: str, found: bool) -> Thing:
    return {
        "Time": stamp(company.now()),
        "ReportName": name,
        "ReportBasis": basis,
        "StartPeriod": start.isoformat(),
        "EndPeriod": end.isoformat(),
        "SummarizeColumnsBy": by,
        "Currency": "USD",
        "Option": [{"Name": "AccountingStandard", "Value": "GAAP"}, {"Name": "NoReportData", "Value": str(not found).lower()}],
    }


# --- columns --------------------------------------------------------------------------------------------------------------


def _columns(company: Company, start: date, end: date, by: str, *, balance: bool = False) -> Iterator[_Column]:
    """A column for each period, class or customer, and the total, which a balance has not."""

    def within(first: date, last: date) -> Callable[[Posting], bool]:
        return lambda posting: (balance or first <= posting.day) and posting.day <= last

    lengths = {"Month": 1, "Quarter": 3, "Year": 12}
    if by in lengths:
        for first, last in _periods(start, end, lengths[by]):
            title = _title(first, last)
            meta = (("StartDate", first.isoformat()), ("EndDate", last.isoformat()), ("ColKey", title))
            yield _Column(title, meta, within(first, last))
    elif by in ("Classes", "Customers"):
        kind, of = ("Class", "class_id") if by == "Classes" else ("Customer", "customer")
        inside = within(start, end)
        used = {getattr(each, of) for each in company.postings if inside(each)}
        for id in sorted(used - {""}):
            name = str(company.objects[kind][id].get("Name") or company.objects[kind][id].get("DisplayName"))
            yield _Column(name, (("ColKey", id),), _named(inside, of, id))
        yield _Column("Not Specified", (("ColKey", "not_specified"),), _named(inside, of, ""))
    if by == "Total" or not balance:
        yield _Column("Total" if by == "Total" else "TOTAL", (("ColKey", "total"),), within(start, end))


def _named(inside: Callable[[Posting], bool], of: str, id: str) -> Callable[[Posting], bool]:
    return lambda posting: inside(posting) and getattr(posting, of) == id


def _periods(start: date, end: date, months: int) -> Iterator[tuple[date, date]]:
    first = start
    while first <= end:
        month = first.year * 12 + first.month - 1
        after = month - month % months + months
        last = min(date(after // 12, after % 12 + 1, 1) - timedelta(days=1), end)
        yield first, last
        first = last + timedelta(days=1)


def _title(first: date, last: date) -> str:
    whole = first.day == 1 and last.day == calendar.monthrange(last.year, last.month)[1]
    name = calendar.month_abbr[first.month]
    if whole:
        return f"{name} {first.year}" if first.month == last.month else f"{name} - {calendar.month_abbr[last.month]} {last.year}"
    return f"{name} {first.day}-{last.day}, {first.year}"


def _meta(pairs: Sequence[tuple[str, str]]) -> list[Thing]:
    return [{"Name": name, "Value": value} for name, value in pairs]


def _head(column: _Column) -> Thing:
    return {"ColTitle": column.title, "ColType": "Money", "MetaData": _meta(column.meta)}


# --- rows -----------------------------------------------------------------------------------------------------------------

Sums = list[Decimal]


def _profit_and_loss(company: Company, columns: Sequence[_Column]) -> tuple[list[Thing], bool]:
    rows: list[Thing] = []
    totals = {kind: [Decimal(0)] * len(columns) for kind in _SECTIONS}
    found = False
    for kind, (group, title) in _SECTIONS.items():
        inner, sums, any_row = _accounts(company, columns, kind, "")
        totals[kind] = sums
        found = found or any_row
        if any_row:
            rows.append(_section(_TITLES.get(kind, kind), "", inner, title, sums, group=group))
        if kind == "Cost of Goods Sold":
            gross = _less(totals["Income"], sums)
            rows.append(_computed("Gross Profit", gross, "GrossProfit"))
        if kind == "Expense":
            rows.append(_computed("Net Operating Income", _less(gross, sums), "NetOperatingIncome"))
    other = _less(totals["Other Income"], totals["Other Expense"])
    if any(other):
        rows.append(_computed("Net Other Income", other, "NetOtherIncome"))
    net = [a + b for a, b in zip(_less(gross, totals["Expense"]), other, strict=True)]
    rows.append(_computed("Net Income", net, "NetIncome"))
    return rows, found


def _balance_sheet(company: Company, columns: Sequence[_Column]) -> tuple[list[Thing], bool]:
    """Assets by kind; on the other side equity as far as it is posted."""
    assets: list[Thing] = []
    total = [Decimal(0)] * len(columns)
    found = False
    for kind, (group, title) in _ASSETS.items():
        inner, sums, any_row = _accounts(company, columns, kind, "")
        if any_row:
            found = True
            assets.append(_section(title, "", inner, f"Total {title}", sums, group=group))
            total = [a + b for a, b in zip(total, sums, strict=True)]
    current = _section("Current Assets", "", assets, "Total Current Assets", total, group="CurrentAssets")
    inner, equity, _ = _accounts(company, columns, "Equity", "")
    rows = [_section("ASSETS", "", [current], "TOTAL ASSETS", total, group="TotalAssets")]
    if inner:
        side = _section("Equity", "", inner, "Total Equity", equity, group="Equity")
        words = ("LIABILITIES AND EQUITY", "TOTAL LIABILITIES AND EQUITY")
        rows.append(_section(words[0], "", [side], words[1], equity, group="TotalLiabilitiesAndEquity"))
    return rows, found


def _accounts(company: Company, columns: Sequence[_Column], kind: str, parent: str) -> tuple[list[Thing], Sums, bool]:
    """The rows of the accounts below `parent`, their sums, and whether there are any. Accounts without postings do not appear."""
    rows: list[Thing] = []
    sums = [Decimal(0)] * len(columns)
    for account in sorted(company.objects.get("Account", {}).values(), key=lambda each: str(each["Name"])):
        if account["AccountType"] != kind or account.get("ParentRef", {}).get("value", "") != parent:
            continue
        own = [_posted(company, account["Id"], column) for column in columns]
        inner, below, any_below = _accounts(company, columns, kind, account["Id"])
        if not any_below and all(each is None for each in own):
            continue
        plain = [each or Decimal(0) for each in own]
        if inner:
            whole = [a + b for a, b in zip(plain, below, strict=True)]
            rows.append(_section(account["Name"], account["Id"], inner, f"Total {account['Name']}", whole, own=own))
        else:
            whole = plain
            rows.append({"ColData": [{"value": account["Name"], "id": account["Id"]}, *map(_cell, own)], "type": "Data"})
        sums = [a + b for a, b in zip(sums, whole, strict=True)]
    return rows, sums, bool(rows)


def _posted(company: Company, account: str, column: _Column) -> Decimal | None:
    """The account's own postings in a column; None where there are none."""
    found = [each.amount for each in company.postings if each.account == account and column.takes(each)]
    return sum(found, Decimal(0)) if found else None


def _section(
    name: str, id: str, rows: list[Thing], total: str, sums: Sums, *, own: Sequence[Decimal | None] = (), group: str = ""
) -> Thing:
    first: Thing = {"value": name, "id": id} if id else {"value": name}
    cells = [_cell(each) for each in (own or [None] * len(sums))]
    made: Thing = {
        "Header": {"ColData": [first, *cells]},
        "Rows": {"Row": rows},
        "Summary": {"ColData": [{"value": total}, *map(_cell, sums)]},
        "type": "Section",
    }
    return {**made, "group": group} if group else made


def _computed(name: str, sums: Sums, group: str) -> Thing:
    return {"Summary": {"ColData": [{"value": name}, *map(_cell, sums)]}, "type": "Section", "group": group}


def _cell(amount: Decimal | None) -> Thing:
    return {"value": "" if amount is None else str(amount.quantize(_CENT))}


def _less(one: Sums, other: Sums) -> Sums:
    return [a - b for a, b in zip(one, other, strict=True)]


def _trial_balance(company: Company, start: date, end: date, basis: str) -> Thing:
    rows: list[Thing] = []
    debit = credit = Decimal(0)
    credits = ("Income", "Other Income", "Equity", "Accounts Payable")
    for account in sorted(company.objects.get("Account", {}).values(), key=lambda each: str(each["Name"])):
        found = [each.amount for each in company.postings if each.account == account["Id"] and each.day <= end]
        amount = sum(found, Decimal(0))
        if not found or not amount:
            continue
        on_credit = (account["AccountType"] in credits) == (amount > 0)
        debit, credit = (debit, credit + abs(amount)) if on_credit else (debit + abs(amount), credit)
        cells = [_cell(None), _cell(abs(amount))] if on_credit else [_cell(abs(amount)), _cell(None)]
        rows.append({"ColData": [{"value": account["Name"], "id": account["Id"]}, *cells]})
    total = {"ColData": [{"value": "TOTAL"}, _cell(debit), _cell(credit)]}
    header = _header(company, "TrialBalance", basis, start, end, "Total", bool(rows))
    del header["SummarizeColumnsBy"]
    return {
        "Header": header,
        "Columns": {
            "Column": [
                {"ColTitle": "", "ColType": "Account"},
                {"ColTitle": "Debit", "ColType": "Money"},
                {"ColTitle": "Credit", "ColType": "Money"},
            ]
        },
        "Rows": {"Row": [*rows, {"Summary": total, "type": "Section", "group": "GrandTotal"}]} if rows else {},
    }
