"""Reading: the streams, page by page, each with a cursor from which reading again misses nothing.

    first reading     by id, lowest first; the cursor says how far it came, and when it began
    later readings    feeds say whose rows changed; what changed is read whole; the cursor moves with the last page
    currencies, hotels,
    room types, services   few, and rates and taxes change without a date: read whole each time, handed out if anything differs

What has no dates (currencies, taxes, countries, the shop's settings) is read once by each object: once a run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from zsync.errors import ContractBroken, RecordError, SuspiciousChange
from zsync.model.key import Key
from zsync.model.record import Page, Record, Unreadable
from zsync.ports import Clock
from zsync.sources.qloapps import assemble, feeds, parse_masters
from zsync.sources.qloapps.client import REFERENCE, Rows, Webservice, Witness, incomplete
from zsync.sources.qloapps.feeds import Changes, Cursor, Feed
from zsync.sources.qloapps.shop import Basics, Shop, basics, shop
from zsync.sources.qloapps.tables import FIELDS, SHOP_SETTINGS
from zsync.sources.qloapps.values import REMOTE, Row, ident, plain

Records = list[Record | Unreadable]

_BOOKINGS_MOST = 200
"""Orders, or references, of one page."""

_SHOP_TABLES = (
    "translated_configurations",
    "countries",
    "states",
    "languages",
    "taxes",
    "tax_rules",
    "tax_rule_groups",
)

_NEVER_EMPTY = frozenset({"translated_configurations", "countries", "languages"})

_OF_NOBODY = {"id_customer": "[0]"}
"""The customer that addresses of hotels name."""

_ASKED_SETTINGS = {"name": f"[{'|'.join(SHOP_SETTINGS)}]"}

WHOLE_TABLES = {"currencies": "currencies", "hotels": "hotels", "room_types": "room_types", "service_products": "services"}
"""The streams that are read whole each time, with their tables."""

_WORDS = {"customers": "customer", "hotels": "hotel", "room_types": "room_type", "service_products": "service"}
"""The word in the keys of a stream whose ids are those of its table."""


class Reader:
    """Reads one shop. Not for several threads."""

    def __init__(self, service: Webservice, tag: str, clock: Clock) -> None:
        self._service = service
        self._tag = tag
        self._clock = clock

    # --- the shop -----------------------------------------------------------------------------------------------------

    @cached_property
    def _settings(self) -> Sequence[Row]:
        return list(self._service.every("configurations", FIELDS["configurations"], where=_ASKED_SETTINGS))

    @cached_property
    def basics(self) -> Basics:
        """Time zone and language; from here on each request asks for texts in this language."""
        found = basics(self._settings)
        self._service.language = found.language
        return found

    @cached_property
    def shop(self) -> Shop:
        """The shop's settings and the tables without dates: ten requests."""
        self.basics  # noqa: B018 - the language comes first
        own = {"configurations": self._settings, "hotel_addresses": self._hotels}
        return shop({**self._tables, **own})

    @cached_property
    def _tables(self) -> Mapping[str, Sequence[Row]]:
        """Those without dates, by name."""
        return {"currencies": self._currencies} | {name: self._table(name) for name in _SHOP_TABLES}

    @cached_property
    def _currencies(self) -> Sequence[Row]:
        return self._table("currencies")

    @cached_property
    def _buyer(self) -> Witness | None:
        """Of the orders, with its customer. No sum of a customer tells whether some are missing."""
        buyer = self._service.witness("orders", "id_customer")
        if buyer is None and self._service.count("orders"):
            raise incomplete("orders")
        return buyer

    @cached_property
    def _hotels(self) -> Sequence[Row]:
        """The addresses of the hotels, which stand among those of the customers; old ones, too."""
        fields = ("id", "id_country", "id_state", "postcode", "deleted")
        return list(self._service.every("addresses", fields, where=_OF_NOBODY))

    def _table(self, name: str) -> list[Row]:
        """A whole table. One that reads as empty is counted: with no tax rule every rate would be none."""
        rows = list(self._service.every(name, FIELDS[name]))
        if not rows and (name in _NEVER_EMPTY or self._service.count(name)):
            raise ContractBroken(f"the shop has rows of `{name}` and gives none", hint="look at its error log", remote=REMOTE)
        return rows

    def sure(self, records: Records) -> Records:
        """The records, if there are any, once the shop's tables with which they were made are known to be whole: a country, a
        tax or a prefix that is missing would stand in documents as if there were none. SuspiciousChange if they are not."""
        if records:
            self._whole_shop  # noqa: B018 - asked for once
        return records

    @cached_property
    def _whole_shop(self) -> bool:
        """Ten lists of ids: seldom, since most runs hand out nothing."""
        for name, rows in self._tables.items():
            if rows:
                feeds.believe_whole(self._service, name, {ident(row) for row in rows})
        filtered = (("configurations", _ASKED_SETTINGS, self._settings), ("addresses", _OF_NOBODY, self._hotels))
        for name, where, rows in filtered:
            if not {ident(row) for row in self._service.every(name, ("id",), where=where)} <= {ident(row) for row in rows}:
                raise incomplete(name)
        return True

    # --- streams ------------------------------------------------------------------------------------------------------

    def whole(self, stream: str, cursor: str | None) -> Iterator[Page]:
        """Currencies, hotels, room types or services that are not as they were: the cursor holds a digest of each."""
        self.basics  # noqa: B018 - names are asked for in the shop's language
        rows = self._currencies if stream == "currencies" else self._table(WHOLE_TABLES[stream])
        records = self.whole_records(stream, rows)
        known, told = _known_items(cursor), {str(each.key): _digest(each) for each in records}
        if known and not records:
            feeds.believe_empty(self._service, WHOLE_TABLES[stream])
        if cursor is None or told != known:
            changed = self.sure([each for each in records if told[each.key] != known.get(each.key)])
            yield Page(tuple(changed), json.dumps({"v": 1, "told": told}), len(changed))

    def customers(self, cursor: str | None) -> Iterator[Page]:
        """Customers, with their current address; a change of either marks the customer only."""
        known = self._begun(cursor, feeds.CUSTOMERS)
        if known.after is not None:
            yield from self._first_customers(known, known.after)
            return
        new, found = self._followed(known, feeds.CUSTOMERS)
        listed = _owners(found, "customers")
        ids = sorted(listed | _owners(found, "addresses"), key=int)
        for part, mark in _parts(ids, known, new):
            rows = sorted(self._service.among("customers", "id", part), key=lambda row: int(ident(row)))
            feeds.believe_absent(self._service, "customers", (listed & set(part)) - {ident(row) for row in rows})
            yield Page(tuple(self.customer_records(rows)), str(mark), len(ids))

    def bookings(self, cursor: str | None) -> Iterator[Page]:
        """Bookings by reference: whatever of one has changed, it is read whole."""
        known = self._begun(cursor, feeds.BOOKINGS)
        if known.after is not None:
            yield from self._first_bookings(known, known.after)
            return
        new, changed = self._followed(known, feeds.BOOKINGS)
        references, nameless = self._references(changed)
        for part, mark in _parts(list(references), known, new):
            listed = {each: references[each] for each in part if references[each]}
            found = nameless + self.booking_records(part, held=new.held(), listed=listed)
            nameless = []
            yield Page(tuple(found), str(mark), len(references))

    def _first_customers(self, known: Cursor, after: int) -> Iterator[Page]:
        total = self._service.count("customers")
        while True:
            page = self._service.page("customers", FIELDS["customers"], after=after)
            mark = self._next(known, "customers", page)
            yield Page(tuple(self.customer_records(page.rows)), str(mark), total)
            if not page.more:
                return
            after = page.last

    def _first_bookings(self, known: Cursor, after: int) -> Iterator[Page]:
        """Pages of orders by id. A reference whose lowest order lies before the page came with an earlier one."""
        total = self._service.count("orders")
        while True:
            page = self._service.page("orders", ("id", "reference"), after=after, most=_BOOKINGS_MOST)
            mark = self._next(known, "orders", page)
            references, nameless = self._named(page.rows)
            found = nameless + self.booking_records(list(references), held=known.held(), after=after, listed=references)
            yield Page(tuple(found), str(mark), total)
            if not page.more:
                return
            after = page.last

    def _next(self, known: Cursor, table: str, page: Rows) -> Cursor:
        """The cursor after a page of a first reading. The last page must have come to the newest row that there was."""
        if page.more:
            return replace(known, after=page.last)
        newest = int(known.marks[f"{table}.id"] or "0")
        if page.last < newest and self._service.stands(table, str(newest)):
            raise SuspiciousChange(
                f"the list of the hotel's `{table}` ends at {page.last}, and there is {newest}",
                hint="look at the shop's error log; nothing was changed, and the next run goes on from there",
                remote=REMOTE,
            )
        return replace(known, after=None)

    # --- ids ------------------------------------------------------------------------------------------------------------

    def ids(self, stream: str) -> frozenset[Key]:
        """The keys of all records that a stream has now. Bookings go by the references of orders, and of payments."""
        match stream:
            case "bookings":
                return self._booking_keys("orders", "reference") | self._booking_keys("order_payments", "order_reference")
            case "currencies":
                feeds.believe_whole(self._service, "currencies", {ident(row) for row in self._currencies})
                return frozenset(Key.of(self._tag, "currency", each.code) for each in self.shop.known_currencies())
            case _:
                table = WHOLE_TABLES.get(stream, stream)
                newest = self._service.newest(table, "id")
                found = self._service.ids(table)
                feeds.believe_list(self._service, table, found, newest)
                return frozenset(Key.of(self._tag, _WORDS[stream], id) for id in found)

    def _booking_keys(self, table: str, field: str) -> frozenset[Key]:
        """As reading hands them out: without a reference that can be asked for the row stands alone. A hotel may have no payment
        yet."""
        newest = self._service.newest(table, "id")
        rows = list(self._service.every(table, ("id", field)))
        if rows or newest or table == "orders":
            feeds.believe_list(self._service, table, {ident(row) for row in rows}, newest)
        word = "order" if table == "orders" else "payment"
        return frozenset(
            Key.of(self._tag, "booking", said)
            if isinstance(said := row.get(field), str) and REFERENCE.match(said)
            else Key.of(self._tag, word, ident(row))
            for row in rows
        )

    # --- cursors ------------------------------------------------------------------------------------------------------

    def _begun(self, cursor: str | None, of: Sequence[Feed]) -> Cursor:
        """The cursor to read on from: for a first reading, the feeds' marks of now, before anything is read."""
        self.basics  # noqa: B018 - tells the server's clock, and the language
        known = Cursor.parse(cursor) if cursor is not None else None
        if known is not None:
            return known
        since = int(self._service.served_at.timestamp())
        return Cursor(since, {feed.name: feeds.newest(self._service, feed) for feed in of}, after=0)

    def _followed(self, known: Cursor, of: Sequence[Feed]) -> tuple[Cursor, dict[Feed, Changes]]:
        """The cursor that this reading will leave, and whose rows have changed, by feed."""
        since = int(self._service.served_at.timestamp())
        found = {feed: feeds.changes(self._service, feed, known, self.basics.zone) for feed in of}
        return Cursor(since, {feed.name: each.mark for feed, each in found.items()}), found

    # --- whose booking ------------------------------------------------------------------------------------------------

    def _references(self, changed: Mapping[Feed, Changes]) -> tuple[dict[str, str], Records]:
        """The references that changed rows belong to, each with its lowest changed order ("" where only a payment names it),
        and what has no usable one."""
        listed = _owners(changed, "orders")
        orders = listed.union(*(_owners(changed, table) for table in ("room_bookings", "order_slip", "order_invoices")))
        rooms = _owners(changed, "booking_extra_demands")
        if rooms:
            found = list(self._service.among("room_bookings", "id", rooms, fields=("id", "id_order")))
            feeds.believe_absent(self._service, "room_bookings", rooms - {ident(row) for row in found})
            orders |= {plain(row, "id_order") for row in found} - {""}
        rows = sorted(self._service.among("orders", "id", orders, fields=("id", "reference")), key=lambda row: int(ident(row)))
        feeds.believe_absent(self._service, "orders", listed - {ident(row) for row in rows})
        references, nameless = self._named(rows)
        paid = [each for feed, each in changed.items() if feed.table == "order_payments"]
        nameless += [self._nameless("payment", "payments", id) for each in paid for id in sorted(each.astray, key=int)]
        also = {reference: "" for each in paid for reference in sorted(each.owners) if reference not in references}
        return references | also, nameless

    def _named(self, rows: Iterable[Row]) -> tuple[dict[str, str], Records]:
        """References with their lowest order, in its order, and orders whose reference is none that could be asked for."""
        references: dict[str, str] = {}
        nameless: Records = []
        for row in rows:
            reference = row.get("reference")  # as it is: with a blank before it the database would not find it
            if isinstance(reference, str) and REFERENCE.match(reference):
                references.setdefault(reference, ident(row))
            else:
                nameless.append(self._nameless("order", "orders", ident(row)))
        return references, nameless

    def _nameless(self, word: str, entity: str, id: str) -> Unreadable:
        error = RecordError("its booking reference is empty or has odd characters", hint="see it in the back office")
        return Unreadable(Key.of(self._tag, word, id), entity, id, f"{word} {id}", error)

    # --- records ------------------------------------------------------------------------------------------------------

    def booking_records(
        self,
        references: Sequence[str],
        *,
        held: frozenset[str] = frozenset(),
        after: int = 0,
        listed: Mapping[str, str] | None = None,
    ) -> Records:
        """Nothing for references that have neither orders nor payments."""
        if not references:
            return []
        assembly = assemble.Assembly(self._service, self.shop, self._tag, self._clock, held)
        return self.sure(assembly.bookings(references, after=after, listed=listed or {}))

    def customer_records(self, rows: Sequence[Row]) -> Records:
        """With each customer's address that is not deleted; there is at most one, else the latest counts."""
        if not rows:
            return []
        ids = [ident(row) for row in rows]
        # The last address comes with each answer: without it it is a failed query, not customers without an address.
        standing = {"deleted": "[0]"}
        witness = self._service.witness("addresses", "id_customer", where=standing)
        if witness is None and any(plain(row, "deleted") == "0" for row in self._hotels):
            raise incomplete("addresses")
        found = self._service.among("addresses", "id_customer", ids, where=standing, witness=witness)
        current = {ident(row, "id_customer"): row for row in sorted(found, key=lambda row: int(ident(row)))}
        orders = assemble.grouped(self._orders_of(ids), "id_customer")
        now = self._clock.now()
        shop, tag = self.shop, self._tag
        return self.sure(
            [parse_masters.customer(row, current.get(id := ident(row)), orders.get(id, []), shop, tag, now) for row in rows]
        )

    def _orders_of(self, customers: Sequence[str]) -> Iterator[Row]:
        """What of these customers' orders tells in which currencies they trade."""
        fields = ("id", "id_customer", "id_currency", "invoice_date", "date_add")
        return self._service.among("orders", "id_customer", customers, fields=fields, witness=self._buyer)

    def currency_records(self, code: str) -> Records:
        """The currency of this code, as it was read with the shop. None only if that list was whole: no row has the code for
        its id, so that no 404 could say so."""
        found = [each for each in self.whole_records("currencies", ()) if each.key.id == code]
        if not found:
            feeds.believe_whole(self._service, "currencies", {ident(row) for row in self._currencies})
        return found

    def whole_records(self, stream: str, rows: Sequence[Row]) -> Records:
        now, tag = self._clock.now(), self._tag
        match stream:
            case "currencies":
                return [parse_masters.currency(each, self.shop, tag, now) for each in self.shop.known_currencies()]
            case "hotels":
                return [parse_masters.hotel(row, self.shop, tag, now) for row in rows]
            case _:
                return [parse_masters.item(row, self.shop, tag, now, room=stream == "room_types") for row in rows]


def _parts(values: Sequence[str], old: Cursor, new: Cursor) -> Iterator[tuple[Sequence[str], Cursor]]:
    """The values in parts with the cursor that goes with each: only the last part moves it, so that a reading which is cut
    short begins again where it began. One part at least: the clock moves on even when nothing has changed."""
    for begin in range(0, max(len(values), 1), _BOOKINGS_MOST):
        part = values[begin : begin + _BOOKINGS_MOST]
        yield part, new if begin + _BOOKINGS_MOST >= len(values) else old


def _owners(changed: Mapping[Feed, Changes], table: str) -> frozenset[str]:
    """Whose rows of this table have changed."""
    return frozenset().union(*(each.owners for feed, each in changed.items() if feed.table == table))


def _known_items(cursor: str | None) -> Mapping[str, str]:
    """The digests in a cursor; none in one of another version."""
    try:
        loaded: Any = json.loads(cursor) if cursor else {}
        return {str(key): str(digest) for key, digest in loaded.get("told", {}).items()}
    except (ValueError, AttributeError) as err:
        raise feeds.damaged() from err


def _digest(record: Record | Unreadable) -> str:
    told = record.revision if isinstance(record, Record) else record.error.message
    return hashlib.sha256(told.encode()).hexdigest()[:16]
