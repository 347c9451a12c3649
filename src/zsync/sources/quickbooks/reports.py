"""Reports of QuickBooks flattened into rows, and their sums checked. Pure (facts, section 9).

    Header   currency, basis, period         Columns  account, then money: a period, a class, the total
    Section  Header? Rows? Summary?          --> account (a parent's own postings), its rows, subtotal (total where it has no id)
    Data     ColData                         --> account
    Section with a Summary only              --> total (gross profit, net income)

`Summary = own + children` must hold to the cent in every column, and the total column must be the sum of the others: else
nothing of the report is believed. A row is named by what it is: report, basis, period, column, kind, and the account's id; where
there is no id, by its group or by a hash of its path, whose labels are in the company's language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from zsync.errors import ContractBroken, TotalsDisagree
from zsync.model.record import Value

ReportName = Literal[
    "ProfitAndLoss",
    "BalanceSheet",
    "CashFlow",
    "TrialBalance",
    "AgedReceivables",
    "AgedPayables",
    "CustomerBalance",
    "VendorBalance",
    "CustomerIncome",
    "VendorExpenses",
    "CustomerSales",
    "ItemSales",
    "ClassSales",
    "DepartmentSales",
]
"""The summary reports: an account (customer, item) a row, money in the columns."""

Basis = Literal["accrual", "cash"]
By = Literal["month", "quarter", "year", "class", "department", "customer"]

COLUMNS: Mapping[str, str] = {
    "month": "Month",
    "quarter": "Quarter",
    "year": "Year",
    "class": "Classes",
    "department": "Departments",
    "customer": "Customers",
}
"""How QuickBooks calls what a column is."""

BY_PERIOD = frozenset({"ProfitAndLoss", "BalanceSheet", "CashFlow"})
"""Reports whose columns can be periods; of the others one call brings one period."""

_TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of money. `start`, `end` where it is a period of its own; else `key` names it within the report's period."""

    position: int
    title: str
    key: str
    start: date | None = None
    end: date | None = None

    @property
    def is_total(self) -> bool:
        return self.key == _TOTAL


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report before it is cut into rows: its amounts by column position, None where a cell is empty."""

    kind: Literal["account", "own", "subtotal", "computed"]
    id: str
    name: str
    group: str
    own_group: str
    path: tuple[str, ...]
    amounts: Mapping[int, Decimal | None]


@dataclass(slots=True)
class Report:
    """A report taken apart. `lines` in its own order."""

    name: str
    basis: str
    currency: str
    start: date | None
    end: date | None
    columns: tuple[Column, ...]
    lines: list[Line] = field(default_factory=list)
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One amount: a line in one column of one period. `fields` is what maps and templates see."""

    key: str
    start: date
    fields: Mapping[str, Value]


def take_apart(answer: Mapping[str, Any]) -> Report:
    """The report, with its sums checked. ContractBroken for what is no report; TotalsDisagree names the line at fault."""
    header = _map(answer, "Header")
    report = Report(
        name=str(header.get("ReportName") or ""),
        basis=str(header.get("ReportBasis") or "").lower(),
        currency=str(header.get("Currency") or ""),
        start=_day(header.get("StartPeriod")),
        end=_day(header.get("EndPeriod")),
        columns=tuple(_columns(answer)),
        empty=_is_empty(header),
    )
    rows = answer.get("Rows")
    _walk(rows if isinstance(rows, Mapping) else {}, report, (), "")
    _check_across(report)
    _check_computed(report)
    return report


def rows(report: Report, start: date, end: date, basis: str, *, realm: str = "", subtotals: bool = False) -> list[Row]:
    """The rows of a report that was asked for `start` to `end`, in its own order, period by period where its columns are periods.

    Empty cells give no row, "0.00" does; but what is computed out of sections that have nothing in a column says nothing there:
    whether QuickBooks shows it depends on the other columns. The total of all columns is left out where there are others.
    """
    several = any(not column.is_total for column in report.columns)
    made: list[Row] = []
    seen: dict[str, int] = {}
    for column in report.columns:
        if several and column.is_total:
            continue
        for order, line in enumerate(report.lines):
            amount = line.amounts.get(column.position)
            if amount is None or (line.kind == "subtotal" and not subtotals) or _is_idle(report, line, column):
                continue
            made.append(_row(report, line, column, order, amount, (start, end, basis, realm), seen))
    return made


# --- taking apart -----------------------------------------------------------------------------------------------------------


def _columns(answer: Mapping[str, Any]) -> Iterator[Column]:
    """The columns of money; the first one is what the rows are called."""
    listed = _map(answer, "Columns").get("Column")
    if not isinstance(listed, list):
        raise ContractBroken("a report without columns")
    for position, each in enumerate(listed):
        if not isinstance(each, Mapping) or each.get("ColType") != "Money":
            continue
        meta = {str(m.get("Name")): str(m.get("Value")) for m in each.get("MetaData") or () if isinstance(m, Mapping)}
        title, start, end = str(each.get("ColTitle") or ""), _day(meta.get("StartDate")), _day(meta.get("EndDate"))
        lone = sum(1 for other in listed if isinstance(other, Mapping) and other.get("ColType") == "Money") == 1
        key = meta.get("ColKey") or (_TOTAL if lone else str(position))
        yield Column(position, title, key, start, end)


def _walk(rows: Mapping[str, Any], report: Report, path: tuple[str, ...], group: str) -> dict[int, Decimal]:
    """Take down the lines of these rows; what they sum up to, by column."""
    sums = dict.fromkeys((column.position for column in report.columns), Decimal(0))
    for row in rows.get("Row") or ():
        if not isinstance(row, Mapping):
            raise ContractBroken("a report with something else in its rows")
        for position, amount in _line(row, report, path, group).items():
            sums[position] += amount
    return sums


def _line(row: Mapping[str, Any], report: Report, path: tuple[str, ...], group: str) -> dict[int, Decimal]:
    """One row with what is below it; what it adds to the row above."""
    own_group = str(row.get("group") or "")
    inner_group = group or own_group
    if "ColData" in row:
        line = _cells(row["ColData"], report, "account", path, inner_group, own_group)
        report.lines.append(line)
        return _sums(line)
    header, summary = row.get("Header"), row.get("Summary")
    inside = path
    total = dict.fromkeys((column.position for column in report.columns), Decimal(0))
    if isinstance(header, Mapping):
        own = _cells(header.get("ColData"), report, "own", path, inner_group, own_group)
        inside = own.path
        if any(amount is not None for amount in own.amounts.values()):
            report.lines.append(own)
        _add(total, _sums(own))
    below = row.get("Rows")
    _add(total, _walk(below if isinstance(below, Mapping) else {}, report, inside, inner_group))
    if not isinstance(summary, Mapping):
        return total
    computed = not isinstance(header, Mapping) and not isinstance(below, Mapping)
    stated = _cells(summary.get("ColData"), report, "computed" if computed else "subtotal", path, inner_group, own_group)
    if not computed:
        id = stated.id or (_cells(header.get("ColData"), report, "own", path, "", "").id if isinstance(header, Mapping) else "")
        stated = Line("subtotal", id, stated.name, stated.group, stated.own_group, inside, stated.amounts)
        _check_down(stated, total)
    report.lines.append(stated)
    return dict.fromkeys(total, Decimal(0)) if computed else total


def _cells(cells: object, report: Report, kind: Any, path: tuple[str, ...], group: str, own_group: str) -> Line:
    """A line out of its cells; money may stand one cell further right than its column (a Summary of a detail report)."""
    if not isinstance(cells, list) or not cells or not all(isinstance(cell, Mapping) for cell in cells):
        raise ContractBroken("a report with a row without cells")
    name = str(cells[0].get("value") or "")
    amounts = {
        column.position: _amount(cells[column.position].get("value")) if column.position < len(cells) else None
        for column in report.columns
    }
    return Line(kind, str(cells[0].get("id") or ""), name, group, own_group, (*path, name), amounts)


def _amount(text: object) -> Decimal | None:
    if text is None or text == "":
        return None
    try:
        amount = Decimal(str(text))
    except InvalidOperation as err:
        raise ContractBroken("a report with an amount that is no number") from err
    if not amount.is_finite():
        raise ContractBroken("a report with an amount that is no number")
    return amount


def _sums(line: Line) -> dict[int, Decimal]:
    return {position: amount or Decimal(0) for position, amount in line.amounts.items()}


def _add(sums: dict[int, Decimal], more: Mapping[int, Decimal]) -> None:
    for position, amount in more.items():
        sums[position] = sums.get(position, Decimal(0)) + amount


def _is_empty(header: Mapping[str, Any]) -> bool:
    options = header.get("Option")
    listed = options if isinstance(options, list) else []
    return any(
        isinstance(o, Mapping) and o.get("Name") == "NoReportData" and str(o.get("Value")).lower() == "true" for o in listed
    )


def _map(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = answer.get(name)
    if not isinstance(found, Mapping):
        raise ContractBroken(f"a report without `{name}`")
    return found


def _day(text: object) -> date | None:
    if not isinstance(text, str) or not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as err:
        raise ContractBroken("a report with a date that is none") from err


# --- checks -----------------------------------------------------------------------------------------------------------------


def _check_down(stated: Line, total: Mapping[int, Decimal]) -> None:
    """The total of a section is what stands above it, in every column that shows one."""
    for position, amount in stated.amounts.items():
        if amount is not None and amount != total[position]:
            raise _disagree(stated.path, amount, total[position])


def _check_across(report: Report) -> None:
    """The total column is the sum of the others, line by line; a balance has none, for it is no sum over time."""
    others = [column for column in report.columns if not column.is_total]
    for total in (column for column in report.columns if column.is_total and others):
        for line in report.lines:
            stated = line.amounts.get(total.position)
            made = sum((line.amounts.get(each.position) or Decimal(0) for each in others), Decimal(0))
            if stated is not None and stated != made:
                raise _disagree(line.path, stated, made)


_FORMULAS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "GrossProfit": (("Income", 1), ("COGS", -1)),
    "NetOperatingIncome": (("Income", 1), ("COGS", -1), ("Expenses", -1)),
    "NetOtherIncome": (("OtherIncome", 1), ("OtherExpenses", -1)),
    "NetIncome": (("Income", 1), ("COGS", -1), ("Expenses", -1), ("OtherIncome", 1), ("OtherExpenses", -1)),
}


def _check_computed(report: Report) -> None:
    """What a profit and loss computes out of its sections, computed again."""
    totals: dict[str, Mapping[int, Decimal | None]] = {
        line.own_group: line.amounts for line in report.lines if line.kind == "subtotal" and line.own_group
    }
    for line in report.lines:
        if line.kind != "computed" or line.own_group not in _FORMULAS:
            continue
        for position, stated in line.amounts.items():
            parts = ((totals.get(name, {}).get(position) or Decimal(0)) * sign for name, sign in _FORMULAS[line.own_group])
            made = sum(parts, Decimal(0))
            if stated is not None and stated != made:
                raise _disagree(line.path, stated, made)


def _disagree(path: Sequence[str], stated: Decimal, made: Decimal) -> TotalsDisagree:
    return TotalsDisagree(
        f"a total of the report is {stated}, and its lines make {made}",
        detail=f"{' / '.join(path)}: stated {stated}, added up {made}",
        hint="it is read again in the next run; if it stays so, compare the report in QuickBooks",
    )


# --- rows -------------------------------------------------------------------------------------------------------------------


def _row(
    report: Report,
    line: Line,
    column: Column,
    order: int,
    amount: Decimal,
    asked: tuple[date, date, str, str],
    seen: dict[str, int],
) -> Row:
    start, end, basis, realm = asked
    is_period = column.start is not None and column.end is not None
    first, last = (column.start or start, column.end or end) if is_period else (start, end)
    within = "" if is_period or column.is_total else column.key
    kind = _kind(line)
    what = line.id or line.own_group or f"#{_hashed(line.path)}"
    key = "/".join(filter(None, (report.name, basis, first.isoformat(), within, kind, what)))
    seen[key] = seen.get(key, 0) + 1
    if seen[key] > 1:  # two lines without an id that are called the same
        key = f"{key}~{seen[key]}"
    fields: dict[str, Value] = {
        "key": key,
        "realm": realm,
        "report": report.name,
        "basis": basis,
        "currency": report.currency,
        "period_start": first,
        "period_end": last,
        "column": within,
        "column_title": column.title,
        "group": line.group,
        "path": " / ".join(line.path),
        "depth": Decimal(len(line.path) - 1),
        "order": Decimal(order),
        "kind": kind,
        "account_id": line.id,
        "account_name": line.name,
        "amount": amount,
    }
    return Row(key, first, fields)


def _is_idle(report: Report, line: Line, column: Column) -> bool:
    """Computed out of sections without a single amount in this column."""
    if line.kind != "computed" or line.own_group not in _FORMULAS:
        return False
    parts = {name for name, _ in _FORMULAS[line.own_group]}
    shown = (each for each in report.lines if each.kind in ("account", "own") and each.group in parts)
    return all(each.amounts.get(column.position) is None for each in shown)


def _kind(line: Line) -> str:
    """What people make of a line. A parent's own postings are an account's like any other: whether QuickBooks shows them as a
    section depends on what else stands in the report."""
    if line.kind in ("account", "own"):
        return "account"
    return "subtotal" if line.kind == "subtotal" and line.id else "total"


def _hashed(path: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(path).encode()).hexdigest()[:20]
