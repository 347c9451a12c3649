"""QloApps as a source: what the engine sees of it. How it is read stands in `read.py`.

Scopes are currencies, hotels, customers, room types, services, and whole bookings: the key of an order, an invoice, a payment
or a slip leads to the record of its booking's reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from zsync.errors import ConfigError, ContractBroken, RecordError, ZsyncError
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.ports import Clock, Finding
from zsync.sources.qloapps.client import REFERENCE, Webservice
from zsync.sources.qloapps.feeds import believe_empty
from zsync.sources.qloapps.read import WHOLE_TABLES, Reader, Records
from zsync.sources.qloapps.shop import is_code
from zsync.sources.qloapps.tables import FIELDS, NEEDED
from zsync.sources.qloapps.values import REMOTE, Row, ident, text

_ENTITIES = {
    "currencies": ("currencies", "currency"),
    "hotels": ("hotels", "hotel"),
    "customers": ("customers", "customer"),
    "room_types": ("room_types", "room_type"),
    "service_products": ("service_products", "service"),
    "orders": ("bookings", "order"),
    "invoices": ("bookings", "invoice"),
    "payments": ("bookings", "payment"),
    "credit_notes": ("bookings", "slip"),
}
"""What people call an entity -> the stream that hands it out, and the word in its keys."""

_PARTS = {
    "order": ("orders", "reference"),
    "payment": ("order_payments", "order_reference"),
    "invoice": ("order_invoices", "id_order"),
    "slip": ("order_slip", "id_order"),
}
"""A document of a booking: its table, and the field that leads on to the reference."""

_SKEW_S = 300


class QloApps:
    """Implements `zsync.ports.Source`. Nothing is sent before the first question."""

    name = REMOTE
    streams = ("currencies", "hotels", "customers", "room_types", "service_products", "bookings")

    def __init__(self, service: Webservice, tag: str, clock: Clock) -> None:
        self.tag = tag
        self._service = service
        self._clock = clock
        self._reader = Reader(service, tag, clock)

    @property
    def calls(self) -> int:
        return self._service.calls

    def read(self, stream: str, cursor: str | None) -> Iterator[Page]:
        match stream:
            case "customers":
                return self._reader.customers(cursor)
            case "currencies" | "hotels" | "room_types" | "service_products":
                return self._reader.whole(stream, cursor)
            case "bookings":
                return self._reader.bookings(cursor)
            case _:
                raise ValueError(f"`{stream}` is no stream of QloApps")

    def get(self, key: Key) -> Record | Unreadable | Gone:
        """Gone only on a 404: an empty list may be a failed query."""
        self._reader.basics  # noqa: B018 - texts are asked for in the shop's language
        match key.entity:
            case "customer":
                row = self._row("customers", _id(key))
                found = self._reader.customer_records([row]) if row is not None else []
            case "currency":
                found = self._reader.currency_records(key.id.partition("/")[0])
            case "hotel" | "room_type" | "service":
                stream = next(name for name, (_, word) in _ENTITIES.items() if word == key.entity)
                row = self._row(WHOLE_TABLES[stream], _id(key))
                found = self._reader.whole_records(stream, [row]) if row is not None else []
            case _:
                found = self._booking(key)
        return self._reader.sure(found)[0] if found else Gone()

    def ids(self, stream: str) -> frozenset[Key]:
        if stream not in self.streams:
            raise ValueError(f"`{stream}` is no stream of QloApps")
        return self._reader.ids(stream)

    def stream_of(self, entity: str) -> str:
        return _ENTITIES[entity][0]

    def key_of(self, entity: str, source_id: str) -> Key:
        """An order may be named `REFERENCE / ID`, as lists show it; a currency goes by its ISO code."""
        if entity not in _ENTITIES:
            raise ConfigError(f"QloApps has no `{entity}`", hint=f"known: {', '.join(_ENTITIES)}")
        id = source_id.rpartition("/")[2].strip()
        if entity == "currencies":
            return self._currency_key(id.upper())
        if not (id.isascii() and id.isdecimal()) or len(id) > 18:
            raise ConfigError(f"`{source_id}` is no id of `{entity}`", hint="ids are the numbers that `zsync status` shows")
        return Key.of(self.tag, _ENTITIES[entity][1], str(int(id)))

    def entity_of(self, key: Key) -> str:
        """A booking is known by its orders; a product that is gone may have been either kind of item."""
        words = {word: entity for entity, (_, word) in _ENTITIES.items()} | {"booking": "orders", "item": "service_products"}
        return words.get(key.entity, key.entity)

    def samples(self, entity: str) -> Iterator[Record]:
        """The first page of its stream, as it would be read at first."""
        pages = self.read(self.stream_of(entity), None)
        for page in pages:
            found = [each for each in page.records if isinstance(each, Record)]
            if found:
                yield from found
                return

    def _currency_key(self, code: str) -> Key:
        if not is_code(code):
            raise ConfigError(f"`{code}` is no currency", hint="currencies go by their ISO codes, such as USD")
        return Key.of(self.tag, "currency", code)

    def check(self) -> Iterator[Finding]:
        """Address and key, each permission, the shop's settings, the clocks."""
        try:
            permitted = self._service.tables()
        except ZsyncError as err:
            yield Finding("QloApps", False, err.message, err.hint)
            return
        yield Finding("QloApps", True, "the webservice answers and accepts the key")
        denied = [finding for table in NEEDED if (finding := self._denied(table, permitted)) is not None]
        yield from denied
        if denied:
            return
        yield Finding("QloApps key", True, f"may read all of the {len(NEEDED)} tables that are needed")
        yield from self._check_shop()

    def close(self) -> None:
        self._service.close()

    # --- one booking --------------------------------------------------------------------------------------------------

    def _booking(self, key: Key) -> Records:
        reference = key.id if key.entity == "booking" else self._reference(key)
        if not reference:
            return []
        if not REFERENCE.match(reference):
            raise RecordError("its booking reference has odd characters", hint="see it in the back office", key=key)
        found = self._reader.booking_records([reference])
        if not found:
            believe_empty(self._service, "orders")
        return found

    def _reference(self, key: Key) -> str:
        """The booking of a document; empty where the document does not exist (any more)."""
        if key.entity not in _PARTS:
            raise RecordError(f"QloApps has nothing that is called `{key.entity}`", key=key)
        table, leads = _PARTS[key.entity]
        row = self._row(table, _id(key), ("id", leads))
        if row is None:
            return ""
        if leads == "id_order":
            return self._reference(Key.of(self.tag, "order", ident(row, leads)))
        reference = text(row, leads)
        if not reference:
            raise RecordError("its booking reference is empty", hint="see it in the back office", key=key)
        return reference

    def _row(self, table: str, id: str, fields: tuple[str, ...] | None = None) -> Row | None:
        """The row with this id; None if the shop says, by a 404, that there is none."""
        found = list(self._service.among(table, "id", [id], fields=fields or FIELDS[table]))
        if found:
            return found[0]
        if self._service.stands(table, id):
            raise ContractBroken(
                f"the shop has row {id} of `{table}` and leaves it out of its list", hint="look at its error log", remote=REMOTE
            )
        return None

    # --- checks -------------------------------------------------------------------------------------------------------

    def _denied(self, table: str, permitted: frozenset[str]) -> Finding | None:
        """What keeps the key from reading a table. That it is listed does not say that GET is allowed: it is tried."""
        hint = f"give the key GET on `{table}` in the back office under Advanced Parameters > Webservice"
        if table not in permitted:
            return Finding("QloApps key", False, f"may not read `{table}`", hint)
        try:
            self._service.newest(table, "id")
        except ZsyncError as err:
            return Finding("QloApps key", False, err.message, err.hint or hint)
        return None

    def _check_shop(self) -> Iterator[Finding]:
        try:
            shop = self._reader.shop
            skew = abs((self._service.served_at - self._clock.now()).total_seconds())
        except ZsyncError as err:
            yield Finding("QloApps settings", False, err.message, err.hint)
            return
        spoken = shop.languages.get(shop.language, "?")
        words = f"time zone {shop.zone.key}, default currency {shop.default_currency}, language {spoken}"
        yield Finding("QloApps settings", True, words)
        if skew > _SKEW_S:
            yield Finding("clocks", False, f"the shop's clock and ours are {int(skew)} seconds apart", "set both by NTP")


def _id(key: Key) -> str:
    """The id in a key; a part of a document (`payment:13/14`, `customer:8/USD`) leads to the document."""
    id = key.id.partition("/")[0]
    if not id.isdecimal():
        raise RecordError("the key holds no id of QloApps", key=key)
    return id
