"""Pages to look at the books: one list per kind with its sum, one page per record. Nothing can be changed here.

Links of the real web application look like `/app/{org}#/invoices/{id}`. A fragment never reaches a server, so the page
`/app/{org}` has a few lines of script that follow it to the plain page `/app/{org}/invoices/{id}`. Everything that comes
out of a record is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape

from werkzeug import Request, Response

from zsync.sandbox.books import Books
from zsync.sandbox.books.store import Record
from zsync.sandbox.web import plain

_SCRIPT = """
const go = () => {
  const found = location.hash.match(/^#\\/(?:inventory\\/)?([a-z]+)(?:\\/(\\d+))?$/);
  if (found) location.replace(document.body.dataset.base + "/" + found[1] + (found[2] ? "/" + found[2] : ""));
};
addEventListener("hashchange", go);
go();
"""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; }
nav a { margin-right: 1rem; } a { color: #0a58ca; text-decoration: none; } a:hover { text-decoration: underline; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } tfoot td { font-weight: 600; }
small { color: #666; } pre { margin: 0; white-space: pre-wrap; font: inherit; }
"""
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    + "'"
)

_LISTS: Mapping[str, tuple[str, Sequence[str], str]] = {
    "contacts": (
        "Customers",
        ("contact_name", "email", "status", "outstanding_receivable_amount"),
        "outstanding_receivable_amount",
    ),
    "items": ("Items", ("name", "sku", "status", "tax_name", "rate"), ""),
    "salesorders": (
        "Sales orders",
        ("salesorder_number", "date", "customer_name", "reference_number", "status", "total"),
        "total",
    ),
    "invoices": (
        "Invoices",
        ("invoice_number", "date", "customer_name", "reference_number", "status", "total", "balance"),
        "total",
    ),
    "customerpayments": (
        "Payments received",
        ("payment_number", "date", "customer_name", "reference_number", "payment_mode", "amount", "unused_amount"),
        "amount",
    ),
    "creditnotes": (
        "Credit notes",
        ("creditnote_number", "date", "customer_name", "reference_number", "status", "total", "balance"),
        "total",
    ),
}
_LINKED = {
    "customer_id": "contacts",
    "item_id": "items",
    "invoice_id": "invoices",
    "salesorder_id": "salesorders",
    "payment_id": "customerpayments",
    "creditnote_id": "creditnotes",
}


def handle(request: Request, books: Books) -> Response:
    """`/` and `/app/...`."""
    base = f"/app/{books.organization.organization_id}"
    parts = [part for part in request.path.split("/") if part]
    if request.method not in ("GET", "HEAD"):
        return _page(books, "Not allowed", "<p>These pages only show.</p>", 405)
    match parts:
        case [] | ["app"]:
            return Response("", status=302, headers={"Location": base})
        case ["app", org, *_] if org != books.organization.organization_id:
            return _page(books, "Not found", "<p>There is no such organisation here.</p>", 404)
        case ["app", _]:
            return _page(books, books.organization.name, _overview(books, base))
        case ["app", _, kind] if kind in _LISTS:
            return _page(books, _LISTS[kind][0], _list(books, base, kind))
        case ["app", _, kind, id] if kind in _LISTS and id in books.table(kind):
            return _page(books, _title(books, kind, id), _record(base, books.all(kind)[id]))
        case _:
            return _page(books, "Not found", "<p>There is no such record in these books.</p>", 404)


def _page(books: Books, title: str, content: str, status: int = 200) -> Response:
    base = f"/app/{books.organization.organization_id}"
    links = "".join(f'<a href="{base}/{kind}">{words}</a>' for kind, (words, _, _) in _LISTS.items())
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f'<body data-base="{base}"><nav><a href="{base}">Books (sandbox)</a>{links}</nav><h1>{escape(title)}</h1>{content}'
        f"<script>{_SCRIPT}</script></body></html>"
    )
    return Response(html, status=status, content_type="text/html;charset=UTF-8", headers={"Content-Security-Policy": _POLICY})


def _overview(books: Books, base: str) -> str:
    rows = []
    for kind, (words, _, summed) in _LISTS.items():
        records = books.all(kind).values()
        rows.append(
            f'<tr><td><a href="{base}/{kind}">{words}</a></td><td class="n">{len(records)}</td>'
            f'<td class="n">{_sums(records, summed)}</td></tr>'
        )
    head = '<tr><th>Kind</th><th class="n">Records</th><th class="n">Sum</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _list(books: Books, base: str, kind: str) -> str:
    _, columns, summed = _LISTS[kind]
    records = books.all(kind)
    head = "".join(f"<th{_numeric(column)}>{_words(column)}</th>" for column in columns)
    rows = []
    for id, record in records.items():
        first, *rest = (_shown(record.get(column)) or "-" for column in columns)
        link = f'<td><a href="{base}/{kind}/{id}">{first}</a></td>'
        cells = (f"<td{_numeric(column)}>{cell}</td>" for column, cell in zip(columns[1:], rest, strict=True))
        rows.append(f"<tr>{link}{''.join(cells)}</tr>")
    foot = ""
    if summed:
        before = columns.index(summed)
        after = "<td></td>" * (len(columns) - before - 1)
        words = f'<td colspan="{before}">Sum, void ones left out</td>'
        foot = f'<tfoot><tr>{words}<td class="n">{_sums(records.values(), summed)}</td>{after}</tr></tfoot>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>{foot}</table>"


def _sums(records: Iterable[Record], column: str) -> str:
    """One sum for each currency."""
    if not column:
        return ""
    sums: dict[str, Decimal] = {}
    for record in records:
        if record.get("status") != "void":
            code = str(record.get("currency_code", ""))
            sums[code] = sums.get(code, Decimal(0)) + Decimal(record[column])
    return "<br>".join(f"{escape(f'{value:f}')} {escape(code)}" for code, value in sums.items())


def _title(books: Books, kind: str, id: str) -> str:
    record = books.all(kind)[id]
    return f"{_LISTS[kind][0]}: {record[_LISTS[kind][1][0]]}"


def _record(base: str, record: Record) -> str:
    """Plain fields as a table, lists as tables of their own."""
    rows, lists = [], []
    for name, value in record.items():
        if isinstance(value, list):
            if value and all(isinstance(row, Mapping) for row in value):
                lists.append(f"<h2>{_words(name)}</h2>{_table(base, value)}")
        elif isinstance(value, Mapping):
            filled = ", ".join(_shown(each) for each in value.values() if each not in ("", None))
            rows.append((name, filled))
        elif value not in ("", None):
            rows.append((name, _cell(base, name, value)))
    fields = "".join(f"<tr><th>{_words(name)}</th><td><pre>{cell}</pre></td></tr>" for name, cell in rows)
    return f"{''.join(lists)}<h2>Fields</h2><table><tbody>{fields}</tbody></table>"


def _table(base: str, rows: Sequence[Record]) -> str:
    columns = [name for name in rows[0] if any(row.get(name) not in ("", None, Decimal(0), []) for row in rows)]
    head = "".join(f"<th{_numeric(column)}>{_words(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{_numeric(column)}>{_cell(base, column, row.get(column))}</td>" for column in columns) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(base: str, name: str, value: object) -> str:
    kind = _LINKED.get(name)
    if kind and value:
        return f'<a href="{base}/{kind}/{escape(str(value))}">{escape(str(value))}</a>'
    return _shown(value)


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return escape(plain(value))
        case list() | dict():
            return ""
        case _:
            return escape(str(value))


_NUMBERS = frozenset(
    "total balance amount unused_amount rate quantity item_total tax_amount amount_applied outstanding_receivable_amount "
    "balance_amount invoice_amount item_total_inclusive_of_tax tax_percentage quantity_invoiced".split()
)


def _numeric(column: str) -> str:
    return ' class="n"' if column in _NUMBERS else ""


def _words(name: str) -> str:
    return escape(name.replace("_", " ").capitalize())
