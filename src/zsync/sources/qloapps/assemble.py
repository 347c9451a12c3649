"""Assembling: all rows of some booking references in a few requests, each table asked once a page.

references -> orders -> lines, rooms, discounts, invoices, slips (by order) -> extra demands (by room) -> orders once more
          `-> payments

The shop writes a booking down row by row, without a transaction, and people change it while it is read: what moved in
between, or is only half there, is read again after a moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from zsync.errors import RecordError
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable
from zsync.ports import Clock
from zsync.sources.qloapps import parse
from zsync.sources.qloapps.client import Webservice, Witness
from zsync.sources.qloapps.feeds import believe_absent, believe_empty
from zsync.sources.qloapps.parse import BookingRows
from zsync.sources.qloapps.shop import Shop
from zsync.sources.qloapps.values import Row, ident, plain, wall_clock

_BY_ORDER = ("order_details", "room_bookings", "order_discounts", "order_invoices", "order_slip")

_SPOKEN_OF: Mapping[str, str] = {
    "order_details": "total_products_wt",
    "order_discounts": "total_discounts_tax_incl",
    "order_invoices": "invoice_number",
    "order_payments": "total_paid_real",
}
"""A table, and the field of an order that is not zero where it must have rows for it."""

_PAUSES_S = (2.0, 5.0)
"""Before a booking is read a second and a third time."""

_YOUNG = timedelta(minutes=1)
"""An order that was saved less than this ago may not be written down to its end yet."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """Puts bookings of one shop together. `held` are tables known to have rows."""

    service: Webservice
    shop: Shop
    tag: str
    clock: Clock
    held: frozenset[str] = frozenset()

    def bookings(
        self, references: Iterable[str], *, after: int = 0, listed: Mapping[str, str] | None = None
    ) -> list[Record | Unreadable]:
        """The records of these references, each whole, by their lowest order; then payments without an order.

        References whose lowest order is at or below `after` were handed out before and are left out. `listed` tells an order
        of each reference that a list has just shown. SuspiciousChange where rows are missing that must be there.
        """
        taken: dict[str, BookingRows] = {}
        wanted = sorted(set(references))
        for pause in (0.0, *_PAUSES_S):
            if pause:
                self.clock.sleep(pause)
            found = self._taken(wanted, after, listed or {})
            taken |= found
            wanted = self._unsettled(found)
            if not wanted:
                break
        whole = sorted((rows for rows in taken.values() if rows.orders), key=_lowest)
        records = [parse.booking(rows, self.shop, self.tag, self.clock.now()) for rows in whole]
        return records + [self._without_order(rows) for rows in taken.values() if rows.payments and not rows.orders]

    def _taken(self, wanted: Sequence[str], after: int, listed: Mapping[str, str]) -> dict[str, BookingRows]:
        """All rows of these references as they are now."""
        orders = list(self.service.among("orders", "reference", wanted))
        if wanted and not orders:
            believe_empty(self.service, "orders")
        by_reference = grouped(orders, "reference")
        believe_absent(self.service, "orders", [listed[each] for each in wanted if each in listed and each not in by_reference])
        wanted = [each for each in wanted if each not in by_reference or _least(by_reference[each]) > after]
        tables = self._tables([row for each in wanted for row in by_reference.get(each, ())], wanted)
        products = self._products(tables["order_details"].values())
        return {each: _rows(each, by_reference.get(each, []), tables, products) for each in wanted}

    def _unsettled(self, found: Mapping[str, BookingRows]) -> list[str]:
        """The references whose orders have moved since they were read, and those that lack rows, or are so young that the
        shop may not have written them down to their end."""
        begun = wall_clock(self.service.served_at - _YOUNG, self.shop.zone)
        now = grouped(self.service.among("orders", "reference", found), "reference")

        def settled(rows: BookingRows) -> bool:
            young = any(plain(order, "date_upd") > begun for order in rows.orders)
            return now.get(rows.reference, []) == rows.orders and parse.complete(rows) and not (young and not parse.adds_up(rows))

        return [each for each, rows in found.items() if not settled(rows)]

    def _tables(self, orders: Sequence[Row], references: Sequence[str]) -> dict[str, Mapping[str, Sequence[Row]]]:
        """The rows that belong to these orders, by table and by the id (or reference) that they belong to."""
        ids = [plain(row, "id") for row in orders]
        found = {table: self._asked(table, "id_order", ids, orders) for table in _BY_ORDER}
        if not found["room_bookings"] and any(plain(row, "is_booking_product") == "1" for row in found["order_details"]):
            believe_empty(self.service, "room_bookings")
        rooms = [plain(row, "id") for row in found["room_bookings"]]
        payments = self._asked("order_payments", "order_reference", references, orders)
        demands = self._asked("booking_extra_demands", "id_htl_booking", rooms, orders)
        return {
            **{table: grouped(rows, "id_order") for table, rows in found.items()},
            "order_payments": grouped(payments, "order_reference"),
            "booking_extra_demands": grouped(demands, "id_htl_booking"),
        }

    def _asked(self, table: str, name: str, values: Sequence[str], orders: Sequence[Row]) -> list[Row]:
        """The rows of a table that belong to these, with the table's last row as witness. None at all, where the orders speak of
        some, is only believed of a table that has others."""
        if not values:
            return []
        rows = list(self.service.among(table, name, values, witness=self._witness(table, name)))
        spoken = _SPOKEN_OF.get(table)
        if not rows and spoken is not None and any(plain(row, spoken).strip("0.") for row in orders):
            believe_empty(self.service, table)
        return rows

    def _witness(self, table: str, name: str) -> Witness | None:
        """None of a table without rows, which is not believed of one that had some, or whose last row is nobody's; nor of the
        discounts: without one of them the sums of its order do not agree."""
        if table == "order_discounts":
            return None
        found = self.service.witness(table, name)
        if found is None and table in self.held:
            believe_empty(self.service, table)
        return found

    def _products(self, details: Iterable[Sequence[Row]]) -> frozenset[str]:
        """The ids of the lines' products that exist. Asked with each page: what was made a minute ago is not gone."""
        sold = [row for rows in details for row in rows]
        rooms = {plain(row, "product_id") for row in sold if plain(row, "is_booking_product") == "1"}
        services = {plain(row, "product_id") for row in sold} - rooms
        found = [row for table, ids in (("room_types", rooms), ("services", services)) for row in self._existing(table, ids)]
        return frozenset(plain(row, "id") for row in found)

    def _existing(self, table: str, ids: Iterable[str]) -> list[Row]:
        known = [id for id in ids if id.isdecimal() and id != "0"]
        rows = list(self.service.among(table, "id", known, fields=("id",)))
        for id in sorted(set(known) - {plain(row, "id") for row in rows}):
            believe_absent(self.service, table, [id])
        return rows

    def _without_order(self, rows: BookingRows) -> Unreadable:
        """Payments whose booking has no order: money that nobody should lose sight of."""
        key = Key.of(self.tag, "booking", rows.reference)
        error = RecordError(
            "a payment names a booking that has no order", hint="look for the reference in the back office under Orders"
        )
        return Unreadable(key, "payments", plain(rows.payments[0], "id"), f"{rows.reference} / ?", error)


def _rows(
    reference: str, orders: Sequence[Row], tables: Mapping[str, Mapping[str, Sequence[Row]]], products: frozenset[str]
) -> BookingRows:
    ids = [plain(row, "id") for row in orders]

    def of(table: str, owners: Iterable[str]) -> list[Row]:
        return [row for owner in owners for row in tables[table].get(owner, ())]

    rooms = of("room_bookings", ids)
    return BookingRows(
        reference,
        orders,
        details=of("order_details", ids),
        rooms=rooms,
        demands=of("booking_extra_demands", [plain(row, "id") for row in rooms]),
        discounts=of("order_discounts", ids),
        invoices=of("order_invoices", ids),
        payments=of("order_payments", [reference]),
        slips=of("order_slip", ids),
        products=products,
    )


def grouped(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[plain(row, name)].append(row)
    return dict(found)


def _least(orders: Sequence[Row]) -> int:
    return min(int(ident(row)) for row in orders)


def _lowest(rows: BookingRows) -> int:
    return _least(rows.orders)
