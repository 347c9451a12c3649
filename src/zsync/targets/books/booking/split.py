"""Which payment pays which order of a booking (QloApps links them by reference only).

    capacity of an order = received + paid back on it
    payments by id fill capacities by id; what was applied in Zoho already (or is on its way) stays as it is
    an application is at most what its invoice has room for; what remains of a payment is excess
    money back goes to orders with slips, then to cancelled ones, then to the rest

The same whether read at once or step by step, because later splits only fill what earlier ones left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from zsync.model.documents import Credit, Invoice, Payment, Sale
from zsync.model.key import Key
from zsync.model.money import Money, decimals_of, round_half_up


@dataclass(frozen=True, slots=True)
class Part:
    """What of a payment belongs to one order, in the order's currency; `applied` goes onto its invoice."""

    sale: Key
    amount: Decimal
    applied: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """One payment, divided. `amount` is all of it, in the orders' currency: what no part has belongs to no order."""

    payment: Key
    amount: Money
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What stands in Zoho already, or is on its way: `applied` by (payment, order), `credited` onto an order's invoice from its
    credit notes, `refunded` out of a payment."""

    applied: Mapping[tuple[Key, Key], Decimal] = field(default_factory=dict)
    credited: Mapping[Key, Decimal] = field(default_factory=dict)
    refunded: Mapping[Key, Decimal] = field(default_factory=dict)


@dataclass(slots=True)
class _Room:
    """What an order, and its invoice, still take."""

    capacity: Decimal
    invoice: Decimal


def divide(
    sales: Sequence[Sale],
    invoices: Sequence[Invoice],
    payments: Sequence[Payment],
    credits: Sequence[Credit],
    settled: Settled,
) -> list[Share]:
    """Divide the positive payments of one booking over its orders, all in one currency (`in_currency_of`).

    A payment goes onto an order's first invoice, the one with the lowest id: more than one per order was never seen.
    """
    back = paid_back(sales, payments, credits)
    takes: dict[Key, Decimal] = {}
    for invoice in sorted(invoices, key=lambda each: int(each.source_id)):
        takes.setdefault(invoice.sale, invoice.total.rounded.amount - settled.credited.get(invoice.sale, Decimal(0)))
    rooms = {sale.key: _Room(sale.received.rounded.amount + back[sale.key], takes.get(sale.key, Decimal(0))) for sale in sales}
    for (_, sale_key), amount in settled.applied.items():
        if sale_key in rooms:
            rooms[sale_key].capacity -= amount
            rooms[sale_key].invoice -= amount
    positive = sorted((p for p in payments if p.amount.amount > 0), key=lambda p: int(p.source_id))
    return [_share(payment, sales, rooms, settled) for payment in positive]


def _share(payment: Payment, sales: Sequence[Sale], rooms: Mapping[Key, _Room], settled: Settled) -> Share:
    whole = in_currency_of(sales[0], payment)
    left = whole.amount - sum((amount for (key, _), amount in settled.applied.items() if key == payment.key), Decimal(0))
    left -= settled.refunded.get(payment.key, Decimal(0))
    parts: list[Part] = []
    for sale in sorted(sales, key=lambda each: int(each.source_id)):
        room, fixed = rooms[sale.key], settled.applied.get((payment.key, sale.key))
        part = max(min(left, room.capacity), Decimal(0)) if fixed is None else Decimal(0)
        applied = max(min(part, room.invoice), Decimal(0))
        room.capacity -= part
        room.invoice -= applied
        left -= part
        if fixed is not None:
            parts.append(Part(sale.key, fixed, fixed))
        elif part > 0:
            parts.append(Part(sale.key, part, applied))
    return Share(payment.key, whole, tuple(parts))


def give_back(sales: Sequence[Sale], payments: Sequence[Payment], credits: Sequence[Credit]) -> list[Share]:
    """On which orders each negative payment gives money back; amounts are positive, and the parts sum to the whole.

    First to orders with slips, up to the slips' sum, then to cancelled ones, then to the rest, by id; at most what the
    order's total lacks in what it received, the remainder to the first of them.
    """
    if not sales:
        return []
    slips: dict[Key, Decimal] = {}
    for credit in credits:
        slips[credit.sale] = slips.get(credit.sale, Decimal(0)) + credit.amount.rounded.amount
    by_id = sorted(sales, key=lambda sale: int(sale.source_id))
    missing = {sale.key: max(sale.total.rounded.amount - sale.received.rounded.amount, Decimal(0)) for sale in by_id}
    with_slip = [(sale.key, slips[sale.key]) for sale in by_id if sale.key in slips]
    others = [sale for sale in by_id if sale.key not in slips]
    others.sort(key=lambda sale: not sale.cancelled)
    limits = with_slip + [(sale.key, missing[sale.key]) for sale in others] + [(by_id[0].key, Decimal("Infinity"))]
    back = {sale.key: Decimal(0) for sale in sales}
    negative = sorted((p for p in payments if p.amount.amount < 0), key=lambda p: int(p.source_id))
    return [_given(payment, by_id[0], limits, back) for payment in negative]


def _given(payment: Payment, first: Sale, limits: Sequence[tuple[Key, Decimal]], back: dict[Key, Decimal]) -> Share:
    whole = -in_currency_of(first, payment)
    left = whole.amount
    parts: dict[Key, Decimal] = {}
    for sale, limit in limits:
        part = max(min(left, limit - back[sale]), Decimal(0))
        back[sale] += part
        left -= part
        if part > 0:
            parts[sale] = parts.get(sale, Decimal(0)) + part
    return Share(payment.key, whole, tuple(Part(sale, amount, Decimal(0)) for sale, amount in parts.items()))


def paid_back(sales: Sequence[Sale], payments: Sequence[Payment], credits: Sequence[Credit]) -> dict[Key, Decimal]:
    """What of the negative payments was paid back on each order."""
    back = {sale.key: Money.zero(sale.total.currency).rounded.amount for sale in sales}
    for share in give_back(sales, payments, credits):
        for part in share.parts:
            back[part.sale] += part.amount
    return back


def in_currency_of(sale: Sale, payment: Payment) -> Money:
    """The payment's amount in the order's currency: amount x order rate / payment rate, half up."""
    currency = sale.total.currency
    if payment.amount.currency == currency:
        return payment.amount.rounded
    converted = payment.amount.amount * sale.conversion / payment.conversion
    return Money(round_half_up(converted, decimals_of(currency)), currency)
