"""Assembling: all rows of some booking references in a few requests, each table asked once a page.

references -> orders -> lines, rooms, discounts, invoices, slips (by order) -> extra demands (by room)
          `-> payments
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from zsync.errors import RecordError
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable
from zsync.sources.qloapps import parse
from zsync.sources.qloapps.client import Webservice
from zsync.sources.qloapps.feeds import believe_empty
from zsync.sources.qloapps.parse import BookingRows
from zsync.sources.qloapps.shop import Shop
from zsync.sources.qloapps.values import Row, flag, text

_BY_ORDER = ("order_details", "room_bookings", "order_discounts", "order_invoices", "order_slip")

_SPOKEN_OF: Mapping[str, str] = {
    "order_details": "total_products_wt",
    "order_discounts": "total_discounts_tax_incl",
    "order_invoices": "invoice_number",
    "order_payments": "total_paid_real",
}
"""A table, and the field of an order that is not zero where it must have rows for it."""


def bookings(
    service: Webservice,
    shop: Shop,
    tag: str,
    references: Iterable[str],
    read_at: datetime,
    *,
    held: frozenset[str] = frozenset(),
    after: int = 0,
) -> list[Record | Unreadable]:
    """The records of these references, each whole, by their lowest order.

    `held` are tables known to have rows. References whose lowest order is at or below `after` were handed out before and
    are left out. SuspiciousChange where a table that must have rows has none at all.
    """
    wanted = sorted(set(references))
    orders = list(service.among("orders", "reference", wanted))
    by_reference = _grouped(orders, "reference")
    if after:
        wanted = [each for each in wanted if each not in by_reference or _lowest(by_reference[each]) > after]
        orders = [row for each in wanted for row in by_reference.get(each, [])]
    tables = _tables(service, orders, wanted, held)
    products = _products(service, tables["order_details"].values())
    found = [
        parse.booking(_rows(each, by_reference[each], tables, products), shop, tag, read_at)
        for each in sorted(by_reference.keys() & set(wanted), key=lambda each: _lowest(by_reference[each]))
    ]
    return found + _without_order(tables["order_payments"], by_reference, tag)


def _tables(
    service: Webservice, orders: Sequence[Row], references: Sequence[str], held: frozenset[str]
) -> dict[str, Mapping[str, Sequence[Row]]]:
    """The rows that belong to these orders, by table and by the id (or reference) that they belong to."""
    if references and not orders:
        believe_empty(service, "orders")
    ids = [text(row, "id") for row in orders]
    found = {table: _asked(service, table, "id_order", ids, orders, held) for table in _BY_ORDER}
    if not found["room_bookings"] and any(text(row, "is_booking_product") == "1" for row in found["order_details"]):
        believe_empty(service, "room_bookings")
    rooms = found["room_bookings"]
    payments = _asked(service, "order_payments", "order_reference", references, orders, held)
    demands = _asked(service, "booking_extra_demands", "id_htl_booking", [text(row, "id") for row in rooms], orders, held)
    return {
        **{table: _grouped(rows, "id_order") for table, rows in found.items()},
        "order_payments": _grouped(payments, "order_reference"),
        "booking_extra_demands": _grouped(demands, "id_htl_booking"),
    }


def _asked(
    service: Webservice, table: str, name: str, values: Sequence[str], orders: Sequence[Row], held: frozenset[str]
) -> list[Row]:
    """The rows of a table that belong to these. None at all, where the orders speak of some, is asked again; where they
    or an earlier reading do, it is only believed of a table that has others."""
    if not values:
        return []
    rows = list(service.among(table, name, values))
    spoken = _SPOKEN_OF.get(table)
    due = spoken is not None and any(text(row, spoken).strip("0.") for row in orders)
    if not rows and due:
        rows = list(service.among(table, name, values))
    if not rows and (due or (spoken is None and table in held)):
        believe_empty(service, table)
    return rows


def _products(service: Webservice, details: Iterable[Sequence[Row]]) -> frozenset[str]:
    """The ids of the lines' products that exist. Asked with each page: what was made a minute ago is not gone."""
    sold = [row for rows in details for row in rows]
    rooms = {text(row, "product_id") for row in sold if flag(row, "is_booking_product")}
    services = {text(row, "product_id") for row in sold} - rooms
    found = [row for table, ids in (("room_types", rooms), ("services", services)) for row in _existing(service, table, ids)]
    return frozenset(text(row, "id") for row in found)


def _existing(service: Webservice, table: str, ids: Iterable[str]) -> list[Row]:
    known = [id for id in ids if id.isdecimal() and id != "0"]
    if not known:
        return []
    rows = list(service.among(table, "id", known, fields=("id",)))
    if not rows:
        believe_empty(service, table)
    return rows


def _rows(
    reference: str, orders: Sequence[Row], tables: Mapping[str, Mapping[str, Sequence[Row]]], products: frozenset[str]
) -> BookingRows:
    ids = [text(row, "id") for row in orders]

    def of(table: str, owners: Iterable[str]) -> list[Row]:
        return [row for owner in owners for row in tables[table].get(owner, ())]

    rooms = of("room_bookings", ids)
    return BookingRows(
        reference,
        orders,
        details=of("order_details", ids),
        rooms=rooms,
        demands=of("booking_extra_demands", [text(row, "id") for row in rooms]),
        discounts=of("order_discounts", ids),
        invoices=of("order_invoices", ids),
        payments=of("order_payments", [reference]),
        slips=of("order_slip", ids),
        products=products,
    )


def _without_order(
    payments: Mapping[str, Sequence[Row]], orders: Mapping[str, Sequence[Row]], tag: str
) -> list[Record | Unreadable]:
    """Payments whose booking has no order: money that nobody should lose sight of."""
    return [
        Unreadable(
            Key.of(tag, "booking", reference),
            "payments",
            text(rows[0], "id"),
            f"{reference} / ?",
            RecordError(
                "a payment names a booking that has no order", hint="look for the reference in the back office under Orders"
            ),
        )
        for reference, rows in sorted(payments.items())
        if reference not in orders
    ]


def _grouped(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[text(row, name)].append(row)
    return dict(found)


def _lowest(orders: Sequence[Row]) -> int:
    return min(int(text(row, "id")) for row in orders)
