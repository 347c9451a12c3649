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
h1 { overflow-wrap: anywhere; } div { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; } .n, .d { white-space: nowrap; } tfoot td { font-weight: 600; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
@media (max-width: 40rem) { body { margin: 1rem auto; font-size: 14px; } h1 { font-size: 1.4rem; } }
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
            record = books.all(kind)[id]
            title = f"{_LISTS[kind][0]}: {record[_LISTS[kind][1][0]]}"
            return _page(books, title, _table(base, [{name: record[name] for name in _LISTS[kind][1]}]) + _record(base, record))
        case _:
            return _page(books, "Not found", "<p>There is no such record in these books.</p>", 404)


def _page(books: Books, title: str, content: str, status: int = 200) -> Response:
    base = f"/app/{books.organization.organization_id}"
    links = "".join(f'<a href="{base}/{kind}">{words}</a>' for kind, (words, _, _) in _LISTS.items())
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
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
    return _framed('<tr><th>Kind</th><th class="n">Records</th><th class="n">Sum</th></tr>', rows)


def _framed(head: str, rows: Iterable[str], foot: str = "") -> str:
    """A table that scrolls by itself where the screen is narrow."""
    return f"<div><table><thead>{head}</thead><tbody>{''.join(rows)}</tbody><tfoot>{foot}</tfoot></table></div>"


def _list(books: Books, base: str, kind: str) -> str:
    _, columns, summed = _LISTS[kind]
    records = books.all(kind)
    if not records:
        return "<p>There are none yet.</p>"
    head = "".join(f"<th{_numeric(column)}>{_words(column)}</th>" for column in columns)
    rows = []
    for id, record in records.items():
        first, *rest = (_value(column, record.get(column)) or "-" for column in columns)
        link = f'<td><a href="{base}/{kind}/{id}">{first}</a></td>'
        cells = (f"<td{_numeric(column)}>{cell}</td>" for column, cell in zip(columns[1:], rest, strict=True))
        rows.append(f"<tr>{link}{''.join(cells)}</tr>")
    foot = ""
    if summed:
        before = columns.index(summed)
        after = "<td></td>" * (len(columns) - before - 1)
        without = ", void ones left out" if any(each.get("status") == "void" for each in records.values()) else ""
        words = f'<td colspan="{before}">Sum{without}</td>'
        foot = f'<tr>{words}<td class="n">{_sums(records.values(), summed)}</td>{after}</tr>'
    return _framed(f"<tr>{head}</tr>", rows, foot)


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


def _record(base: str, record: Record) -> str:
    """Plain fields as a table, lists as tables of their own."""
    rows, lists = [], []
    for name, value in record.items():
        if isinstance(value, list):
            if value and all(isinstance(row, Mapping) for row in value):
                lists.append(f"<h2>{_words(name)}</h2>{_table(base, value)}")
        elif isinstance(value, Mapping):
            filled = ", ".join(_shown(each) for each in value.values() if each not in ("", None))
            if filled:
                rows.append((name, filled))
        elif value not in ("", None):
            rows.append((name, _cell(base, name, value)))
    fields = "".join(f"<tr><th>{_words(name)}</th><td><pre>{cell}</pre></td></tr>" for name, cell in rows)
    return f"{''.join(lists)}<h2>Fields</h2>{_framed('', [fields])}"


def _table(base: str, rows: Sequence[Record]) -> str:
    """The columns that say something to a person: no ids but links, nothing that is empty in every row."""
    named = [name for name in rows[0] if name in _LINKED or not (name.endswith("_id") or name in _QUIET)]
    columns = [name for name in named if any(row.get(name) not in ("", None, Decimal(0), []) for row in rows)]
    head = "".join(f"<th{_numeric(column)}>{_words(column)}</th>" for column in columns)
    body = (
        "<tr>" + "".join(f"<td{_numeric(column)}>{_cell(base, column, row.get(column))}</td>" for column in columns) + "</tr>"
        for row in rows
    )
    return _framed(f"<tr>{head}</tr>", body)


def _cell(base: str, name: str, value: object) -> str:
    kind = _LINKED.get(name)
    if kind and value:
        return f'<a href="{base}/{kind}/{escape(str(value))}">{escape(str(value))}</a>'
    return _value(name, value)


def _value(name: str, value: object) -> str:
    """Money with all its decimals, other numbers without needless ones."""
    return f"{value:f}" if name in _MONEY and isinstance(value, Decimal) else _shown(value)


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


_MONEY = frozenset(
    "total balance amount unused_amount item_total tax_amount amount_applied outstanding_receivable_amount balance_amount "
    "invoice_amount item_total_inclusive_of_tax tax_total sub_total payment_made credits_applied bcy_total".split()
)
_NUMBERS = _MONEY | frozenset("rate quantity tax_percentage quantity_invoiced item_order".split())
_DATES = frozenset("date due_date created_time last_modified_time".split())
_QUIET = frozenset("item_order tax_type tax_percentage product_type bcy_rate is_invoiced is_single_invoice_payment".split())


def _numeric(column: str) -> str:
    return ' class="n"' if column in _NUMBERS else ' class="d"' if column in _DATES else ""


def _words(name: str) -> str:
    words = name.replace("salesorder", "sales_order").replace("creditnote", "credit_note").replace("_", " ")
    return escape(words.capitalize())
