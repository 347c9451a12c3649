"""From rows of the webservice to documents. Pure: rows and the shop in, values out.

A booking reference is taken whole: its orders with their stays, services, extra demands and discounts, its invoices,
payments and credit slips. Totals are `total_*`, never quantity x unit price (facts, section 7); a room's line is replaced
by its stays, which add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from zsync.errors import RecordError
from zsync.model.documents import (
    Credit,
    Discount,
    Document,
    Invoice,
    Kind,
    Line,
    Payment,
    Sale,
)
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.model.record import Record, Unreadable, Value
from zsync.sources.qloapps.records import fields_of, item_key, revision
from zsync.sources.qloapps.shop import Shop
from zsync.sources.qloapps.values import Row, day, flag, ident, maybe_day, number, plain, rate, text


@dataclass(frozen=True, slots=True)
class BookingRows:
    """All rows of one booking reference, by table. `rooms`, `demands` by order are found through their own ids."""

    reference: str
    orders: Sequence[Row]
    details: Sequence[Row] = ()
    rooms: Sequence[Row] = ()
    demands: Sequence[Row] = ()
    discounts: Sequence[Row] = ()
    invoices: Sequence[Row] = ()
    payments: Sequence[Row] = ()
    slips: Sequence[Row] = ()
    products: frozenset[str] = field(default_factory=frozenset)  # ids of room types and services that exist


def booking(rows: BookingRows, shop: Shop, tag: str, read_at: datetime) -> Record | Unreadable:
    """The record of one reference. Unreadable, naming the field, if any of its rows cannot be made sense of: its payments
    are one sum over all of its orders, so that it goes whole or not at all."""
    key = Key.of(tag, "booking", rows.reference)
    try:
        if lacking := _lacking(rows):
            raise _missing(lacking)
        documents = _documents(rows, shop, tag)
    except RecordError as err:
        return _unreadable(key, rows, err)
    fields = _booking_fields(rows, tag)
    return Record(key, tuple(documents), revision(documents, fields), read_at, fields, shop.rates)


def complete(rows: BookingRows) -> bool:
    """Whether there are rows of every kind that the orders speak of. What makes no sense is no sign that rows are missing."""
    try:
        return not _lacking(rows)
    except RecordError:
        return True


def _lacking(rows: BookingRows) -> str:
    """What a booking's own sums speak of and was not read: the webservice answers a failed query with an empty list, and a
    booking is never taken for a smaller one."""
    lacking = next((found for order in rows.orders if (found := _lacking_of(order, rows))), "")
    if not lacking and not rows.payments and sum(number(order, "total_paid_real") for order in rows.orders) != 0:
        return "payments"
    return lacking


def _lacking_of(order: Row, rows: BookingRows) -> str:
    id = ident(order)
    details = [row for row in rows.details if ident(row, "id_order") == id]
    in_rooms = any(flag(row, "is_booking_product") and number(row, "product_quantity") > 0 for row in details)
    if not details and number(order, "total_products_wt") != 0:
        return "lines"
    if in_rooms and not any(ident(row, "id_order") == id for row in rows.rooms):
        return "room bookings"
    if number(order, "total_discounts_tax_incl") != 0 and not any(ident(row, "id_order") == id for row in rows.discounts):
        return "discounts"
    if ident(order, "invoice_number") != "0" and not any(ident(row, "id_order") == id for row in rows.invoices):
        return "invoice"
    return ""


def adds_up(rows: BookingRows) -> bool:
    """Whether the orders' sums are those of their lines, rooms and discounts. They are not while the shop is still writing a
    booking down, and in a few bookings they never are (facts, section 7)."""
    try:
        return all(_adds_up(order, rows) for order in rows.orders)
    except RecordError:
        return False


def _adds_up(order: Row, rows: BookingRows) -> bool:
    id = ident(order)
    details = [row for row in rows.details if ident(row, "id_order") == id]
    rooms = [row for row in rows.rooms if ident(row, "id_order") == id]
    discounts = [row for row in rows.discounts if ident(row, "id_order") == id]
    return (
        _gross(details) == number(order, "total_products_wt")
        and _gross(row for row in details if flag(row, "is_booking_product")) == _gross(rooms)
        and sum((number(row, "value") for row in discounts), Decimal(0)) == number(order, "total_discounts_tax_incl")
    )


def _gross(rows: Iterable[Row]) -> Decimal:
    return sum((number(row, "total_price_tax_incl") for row in rows), Decimal(0))


def _missing(what: str) -> RecordError:
    return RecordError(
        f"the hotel lists none of its {what}, though its totals or numbers speak of some",
        hint="look at the booking in the back office; `zsync retry` reads it again",
    )


def _unreadable(key: Key, rows: BookingRows, err: RecordError) -> Unreadable:
    """As much of a booking as people need to find it."""
    first = min((id for order in rows.orders if (id := text(order, "id")).isdecimal()), key=int, default="")
    try:
        latest = max((_counts_by(order, rows) for order in rows.orders), default=None)
    except RecordError:  # the date may be the very thing that is wrong; the error at hand says so
        latest = None
    return Unreadable(key, "orders", first or rows.reference, f"{rows.reference} / {first or '?'}", err, latest)


def _counts_by(order: Row, rows: BookingRows) -> date:
    """The day that decides whether an order is in: its invoice's, else its own."""
    invoiced = [day(row, "date_add") for row in rows.invoices if ident(row, "id_order") == ident(order)]
    return min(invoiced, default=None) or maybe_day(order, "invoice_date") or day(order, "date_add")


def _booking_fields(rows: BookingRows, tag: str) -> dict[Key, Mapping[str, Value]]:
    named = (("order", rows.orders), ("invoice", rows.invoices), ("payment", rows.payments), ("slip", rows.slips))
    return {Key.of(tag, entity, ident(row)): fields_of(row) for entity, found in named for row in found}


def _documents(rows: BookingRows, shop: Shop, tag: str) -> list[Document]:
    documents: list[Document] = [_sale(order, rows, shop, tag) for order in _by_id(rows.orders)]
    currencies = {doc.key: doc.total.currency for doc in documents if isinstance(doc, Sale)}
    documents += [_invoice(row, currencies, shop, tag) for row in _by_id(rows.invoices)]
    documents += [_payment(row, shop, tag) for row in _by_id(rows.payments)]
    documents += [_credit(row, rows, currencies, shop, tag) for row in _by_id(rows.slips)]
    return documents


def _sale(order: Row, rows: BookingRows, shop: Shop, tag: str) -> Sale:
    id = ident(order)
    currency = shop.currency(ident(order, "id_currency")).code
    rooms = [row for row in rows.rooms if ident(row, "id_order") == id]
    lines = _lines(order, rows, rooms, shop, tag)
    return Sale(
        key=Key.of(tag, "order", id),
        source_id=id,
        reference=text(order, "reference"),
        day=day(order, "date_add"),
        customer=Key.of(tag, "customer", ident(order, "id_customer")),
        total=Money(number(order, "total_paid_tax_incl"), currency),
        total_net=Money(number(order, "total_paid_tax_excl"), currency),
        received=Money(number(order, "total_paid_real"), currency),
        conversion=rate(order, "conversion_rate"),
        lines=tuple(lines),
        discounts=tuple(_discount(row, tag) for row in _by_id(rows.discounts) if ident(row, "id_order") == id),
        cancelled=_cancelled(order, rooms, shop),
        hotel=next((text(row, "hotel_name") for row in rooms), ""),
        house=next((Key.of(tag, "hotel", id) for row in rooms if (id := plain(row, "id_hotel")) not in ("", "0")), None),
        arrival=min((arrival for row in rooms if (arrival := maybe_day(row, "date_from"))), default=None),
    )


def _cancelled(order: Row, rooms: Sequence[Row], shop: Shop) -> bool:
    """By its state, or because every room is; a payment error is no cancellation (facts, section 8)."""
    by_state = ident(order, "current_state") == shop.canceled_state
    return by_state or (bool(rooms) and all(flag(row, "is_cancelled") for row in rooms))


def _lines(order: Row, rows: BookingRows, rooms: Sequence[Row], shop: Shop, tag: str) -> list[Line]:
    id, address = ident(order), ident(order, "id_address_tax")
    lines: list[Line] = []
    for detail in _by_id(rows.details):
        if ident(detail, "id_order") == id:
            stays = [row for row in _by_id(rooms) if ident(row, "id_order_detail") == ident(detail)]
            lines += _detail_lines(detail, stays, address, rows.products, shop, tag)
    invoice = next((_invoice_key(row, tag) for row in _by_id(rows.invoices) if ident(row, "id_order") == id), None)
    of_order = {ident(row): row for row in rooms}
    for demand in _by_id(rows.demands):
        stay = of_order.get(ident(demand, "id_htl_booking"))
        if stay is not None:
            lines.append(_demand_line(demand, stay, address, invoice, shop))
    return lines


def _detail_lines(detail: Row, stays: Sequence[Row], address: str, products: frozenset[str], shop: Shop, tag: str) -> list[Line]:
    """A service's line, or the stays of a room's line; the line itself where its stays do not add up to it."""
    gross, net = number(detail, "total_price_tax_incl"), number(detail, "total_price_tax_excl")
    sums = (
        sum((number(row, "total_price_tax_incl") for row in stays), Decimal(0)),
        sum((number(row, "total_price_tax_excl") for row in stays), Decimal(0)),
    )
    room = flag(detail, "is_booking_product")
    product = ident(detail, "product_id")
    group = ident(detail, "id_tax_rules_group")
    invoice = ident(detail, "id_order_invoice")
    quantity = number(detail, "product_quantity")
    percent, sure = shop.line_rate(group, address, gross, net, quantity)
    whole = Line(
        id=f"detail:{ident(detail)}",
        kind=Kind.ROOM if room else Kind.SERVICE,
        item=item_key(tag, product, room=room) if product in products else None,
        name=text(detail, "product_name"),
        quantity=quantity,
        gross=gross,
        net=net,
        tax_group=shop.tax_groups.get(group, ""),
        rate=percent,
        rate_sure=sure,
        invoice=Key.of(tag, "invoice", invoice) if invoice != "0" else None,
    )
    if not room or not stays or sums != (gross, net):
        return [whole]
    return [_stay_line(row, whole) for row in stays]


def _stay_line(stay: Row, whole: Line) -> Line:
    arrival, departure = maybe_day(stay, "date_from"), maybe_day(stay, "date_to")
    nights = (departure - arrival).days if arrival and departure else 0
    return Line(
        id=f"stay:{ident(stay)}",
        kind=Kind.ROOM,
        item=whole.item,
        name=text(stay, "room_type_name") or whole.name,
        quantity=Decimal(max(nights, 1)),
        gross=number(stay, "total_price_tax_incl"),
        net=number(stay, "total_price_tax_excl"),
        description=_stay_words(stay, arrival, departure, nights),
        tax_group=whole.tax_group,
        rate=whole.rate,
        rate_sure=whole.rate_sure,
        invoice=whole.invoice,
        cancelled=flag(stay, "is_cancelled"),
    )


def _stay_words(stay: Row, arrival: date | None, departure: date | None, nights: int) -> str:
    """Hotel, room, dates, nights, guests: what the accountant sees of a stay. No guest's name."""
    parts = [text(stay, "hotel_name"), f"room {text(stay, 'room_num')}" if text(stay, "room_num") else ""]
    if arrival and departure:
        parts.append(f"{arrival.isoformat()} to {departure.isoformat()}, {nights} night{'' if nights == 1 else 's'}")
    adults, children = number(stay, "adults"), number(stay, "children")
    guests = [f"{adults:f} adult{'' if adults == 1 else 's'}"] if adults else []
    guests += [f"{children:f} child{'' if children == 1 else 'ren'}"] if children else []
    return ", ".join(part for part in [*parts, " and ".join(guests)] if part)


def _demand_line(demand: Row, stay: Row, address: str, invoice: Key | None, shop: Shop) -> Line:
    group = ident(demand, "id_tax_rules_group")
    room = text(stay, "room_num")
    gross, net = number(demand, "total_price_tax_incl"), number(demand, "total_price_tax_excl")
    percent, sure = shop.line_rate(group, address, gross, net, Decimal(1))
    return Line(
        id=f"demand:{ident(demand)}",
        kind=Kind.DEMAND,
        item=None,
        name=text(demand, "name"),
        quantity=Decimal(1),
        gross=gross,
        net=net,
        description=f"room {room}" if room else "",
        tax_group=shop.tax_groups.get(group, ""),
        rate=percent,
        rate_sure=sure,
        invoice=invoice,
        cancelled=flag(stay, "is_cancelled"),
    )


def _discount(row: Row, tag: str) -> Discount:
    invoice = ident(row, "id_order_invoice")
    return Discount(
        id=f"discount:{ident(row)}",
        name=text(row, "name"),
        gross=number(row, "value"),
        net=number(row, "value_tax_excl"),
        invoice=Key.of(tag, "invoice", invoice) if invoice != "0" else None,
    )


def _invoice(row: Row, currencies: Mapping[Key, str], shop: Shop, tag: str) -> Invoice:
    sale = Key.of(tag, "order", ident(row, "id_order"))
    date_add = day(row, "date_add")
    currency = _currency_of(sale, currencies)
    return Invoice(
        key=_invoice_key(row, tag),
        source_id=ident(row),
        sale=sale,
        number=shop.invoice_number(int(ident(row, "number")), date_add),
        day=date_add,
        total=Money(number(row, "total_paid_tax_incl"), currency),
        total_net=Money(number(row, "total_paid_tax_excl"), currency),
    )


def _payment(row: Row, shop: Shop, tag: str) -> Payment:
    id = ident(row)
    return Payment(
        key=Key.of(tag, "payment", id),
        source_id=id,
        reference=text(row, "order_reference"),
        day=day(row, "date_add"),
        amount=Money(number(row, "amount"), shop.currency(ident(row, "id_currency")).code),
        conversion=rate(row, "conversion_rate"),
        method=text(row, "payment_method"),
        transaction=text(row, "transaction_id"),
    )


def _credit(row: Row, rows: BookingRows, currencies: Mapping[Key, str], shop: Shop, tag: str) -> Credit:
    id, sale = ident(row), Key.of(tag, "order", ident(row, "id_order"))
    currency = _currency_of(sale, currencies)
    address = next((ident(order, "id_address_tax") for order in rows.orders if ident(order) == sale.id), "0")
    return Credit(
        key=Key.of(tag, "slip", id),
        source_id=id,
        sale=sale,
        number=shop.slip_number(int(id)),
        day=day(row, "date_add"),
        amount=Money(number(row, "total_products_tax_incl"), currency),
        amount_net=Money(number(row, "total_products_tax_excl"), currency),
        conversion=rate(row, "conversion_rate"),
        lines=tuple(_credit_line(each, rows, address, shop, tag) for each in _associated(row, "order_slip_details")),
    )


def _credit_line(row: Row, rows: BookingRows, address: str, shop: Shop, tag: str) -> Line:
    """What a slip takes back of one line of its order: `product_quantity` are nights."""
    id = ident(row, "id_order_detail")
    detail = next((each for each in rows.details if ident(each) == id), None)
    if detail is None:
        raise RecordError(f"credit slip line names order detail {id}, which is not of its booking")
    gross, net = number(row, "amount_tax_incl"), number(row, "amount_tax_excl")
    quantity, group = number(row, "product_quantity"), ident(detail, "id_tax_rules_group")
    percent, sure = shop.line_rate(group, address, gross, net, quantity)
    room, product = flag(detail, "is_booking_product"), ident(detail, "product_id")
    return Line(
        id=f"detail:{id}",
        kind=Kind.ROOM if room else Kind.SERVICE,
        item=item_key(tag, product, room=room) if product in rows.products else None,
        name=text(detail, "product_name"),
        quantity=quantity,
        gross=gross,
        net=net,
        description="taken back",
        tax_group=shop.tax_groups.get(group, ""),
        rate=percent,
        rate_sure=sure,
    )


# --- kitchen ------------------------------------------------------------------------------------------------------------------


def _invoice_key(row: Row, tag: str) -> Key:
    return Key.of(tag, "invoice", ident(row))


def _currency_of(sale: Key, currencies: Mapping[Key, str]) -> str:
    found = currencies.get(sale)
    if found is None:
        raise RecordError("it names an order that is not of its booking")
    return found


def _associated(row: Row, name: str) -> list[Row]:
    """The rows of an association; an empty one is absent, and if all are, `associations` is."""
    associations = row.get("associations")
    found = associations.get(name) if isinstance(associations, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _by_id(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(ident(row)))
