"""Assembling: whole bookings and customers out of range requests, never one request per order.

What cannot be whole is not handed out as a smaller booking: an order whose lines, payments or invoices read as empty
although its own totals say otherwise is Unreadable; a page where that is so for all is SuspiciousChange.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from zsync.errors import RecordError, SuspiciousChange
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable
from zsync.sources.qloapps import parse
from zsync.sources.qloapps import tables as t
from zsync.sources.qloapps.client import Client
from zsync.sources.qloapps.shop import Shop
from zsync.sources.qloapps.values import Row, flag, ident, number, text


def bookings(
    client: Client, shop: Shop, products: frozenset[str], tag: str, references: Sequence[str], now: datetime
) -> list[Record | Unreadable]:
    """The records of these references, in their order, each whole: nine requests for a page of them."""
    if not references:
        return []
    orders = client.among("orders", t.ORDERS, "reference", references)
    ids = sorted({ident(row) for row in orders}, key=int)
    by_order = {
        "details": client.among("order_details", t.DETAILS, "id_order", ids),
        "rooms": client.among("room_bookings", t.ROOMS, "id_order", ids),
        "discounts": client.among("order_discounts", t.DISCOUNTS, "id_order", ids),
        "invoices": client.among("order_invoices", t.INVOICES, "id_order", ids),
        "slips": client.among("order_slip", t.SLIPS, "id_order", ids),
    }
    stays = sorted({ident(row) for row in by_order["rooms"]}, key=int)
    demands = client.among("booking_extra_demands", t.DEMANDS, "id_htl_booking", stays) if stays else []
    payments = client.among("order_payments", t.PAYMENTS, "order_reference", references)
    made = [_one(reference, orders, by_order, demands, payments, products, shop, tag, now) for reference in references]
    found = [each for each in made if each is not None]
    _suspect(found)
    return found


def customers(client: Client, shop: Shop, tag: str, rows: Sequence[Row], now: datetime) -> list[Record | Unreadable]:
    """The records of these customers, each with its current address."""
    ids = [ident(row) for row in rows]
    current = {
        ident(row, "id_customer"): row
        for row in (client.among("addresses", t.ADDRESSES, "id_customer", ids) if ids else [])
        if not flag(row, "deleted")
    }
    return [parse.customer(row, current.get(ident(row)), shop, tag, now) for row in rows]


def _one(
    reference: str,
    orders: Sequence[Row],
    by_order: Mapping[str, Sequence[Row]],
    demands: Sequence[Row],
    payments: Sequence[Row],
    products: frozenset[str],
    shop: Shop,
    tag: str,
    now: datetime,
) -> Record | Unreadable | None:
    mine = [row for row in orders if text(row, "reference") == reference]
    if not mine:
        return None
    ids = {ident(row) for row in mine}
    own: dict[str, list[Row]] = defaultdict(list)
    for name, rows in by_order.items():
        own[name] = [row for row in rows if ident(row, "id_order") in ids]
    stays = {ident(row) for row in own["rooms"]}
    whole = parse.BookingRows(
        reference,
        mine,
        details=own["details"],
        rooms=own["rooms"],
        demands=[row for row in demands if ident(row, "id_htl_booking") in stays],
        discounts=own["discounts"],
        invoices=own["invoices"],
        payments=[row for row in payments if text(row, "order_reference") == reference],
        slips=own["slips"],
        products=products,
    )
    missing = _missing(whole)
    if missing:
        first = min(ids, key=int)
        words = f"QloApps gave no {missing} for it, although its own totals say that there are some"
        error = RecordError(words, hint="`zsync retry` reads it again; see the shop's PHP log if it stays so")
        return Unreadable(Key.of(tag, "booking", reference), "orders", first, f"{reference} / {first}", error)
    return parse.booking(whole, shop, tag, now)


def _missing(rows: parse.BookingRows) -> str:
    """What must be there and is not: a swallowed SQL error answers with an empty list (facts, section 3)."""
    for order in rows.orders:
        id = ident(order)
        details = [row for row in rows.details if ident(row, "id_order") == id]
        if not details and number(order, "total_paid_tax_incl") != 0:
            return "lines"
        if ident(order, "invoice_number") != "0" and not any(ident(row, "id_order") == id for row in rows.invoices):
            return "invoices"
        rooms = any(ident(row, "id_order") == id for row in rows.rooms)
        if not rooms and any(flag(row, "is_booking_product") and number(row, "total_price_tax_incl") != 0 for row in details):
            return "stays"
    if not rows.payments and any(number(order, "total_paid_real") != 0 for order in rows.orders):
        return "payments"
    return ""


def _suspect(made: Sequence[Record | Unreadable]) -> None:
    """One booking may be broken; many that all miss something are the shop's fault, not theirs."""
    broken = [each for each in made if isinstance(each, Unreadable) and each.error.message.startswith("QloApps gave no")]
    if len(broken) >= 5 and len(broken) == len(made):
        raise SuspiciousChange(
            f"QloApps hands out {len(broken)} orders without what belongs to them",
            hint="see the shop's PHP log; nothing was changed, the next run reads them again",
        )
