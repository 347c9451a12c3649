"""QloApps as a source: streams, cursors, and what has changed since the last reading.

    customers        by date_upd of customers and of addresses
    room_types, service_products   by date_upd
    bookings         a reference is marked by date_upd of its orders, slips, rooms and extra demands, by new ids of its
                     invoices and payments, and then assembled whole

A cursor is JSON: a watermark in the shop's wall-clock time (the start of the reading by the shop's own clock, less an
overlap that covers the hour that comes twice), the last ids of tables without dates. A first reading goes by id, and its
cursor says how far it has come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from zsync.errors import ConfigError, RecordError, SuspiciousChange, ZsyncError
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.ports import Clock, Finding
from zsync.sources.qloapps import assemble, parse
from zsync.sources.qloapps import tables as t
from zsync.sources.qloapps.client import FAR, Client, since
from zsync.sources.qloapps.shop import Shop, shop
from zsync.sources.qloapps.values import Row, ident, text

OVERLAP = timedelta(minutes=61)
"""More than the hour by which the wall clock may step back."""

_CHUNK = 100
"""References assembled together."""

_STREAMS = {
    "customers": "customers",
    "room_types": "room_types",
    "service_products": "service_products",
    "orders": "bookings",
    "invoices": "bookings",
    "payments": "bookings",
    "credit_notes": "bookings",
}
_WORDS = {
    "customers": "customer",
    "room_types": "room_type",
    "service_products": "service",
    "orders": "order",
    "invoices": "invoice",
    "payments": "payment",
    "credit_notes": "slip",
}


class QloApps:
    """Implements `zsync.ports.Source`. Nothing is read before the first call."""

    name = "qloapps"
    streams = ("customers", "room_types", "service_products", "bookings")

    def __init__(self, client: Client, tag: str, clock: Clock) -> None:
        self._client = client
        self.tag = tag
        self._clock = clock
        self._settings_rows: list[Row] | None = None
        self._shop: Shop | None = None
        self._products: frozenset[str] | None = None

    @property
    def calls(self) -> int:
        return self._client.calls

    # --- reading ------------------------------------------------------------------------------------------------------

    def read(self, stream: str, cursor: str | None) -> Iterator[Page]:
        known: dict[str, Any] = json.loads(cursor) if cursor else {}
        self._settings()  # the language, and the shop's clock at the start of this reading
        if known.get("since") and "after" not in known:
            yield from self._changes(stream, known)
        else:
            yield from self._everything(stream, known)

    def _everything(self, stream: str, known: dict[str, Any]) -> Iterator[Page]:
        """A first reading, lowest ids first; an interrupted one goes on after the last id it has handed out."""
        start = known.get("start") or self._now_mark(stream)
        last = str(known.get("after", "0"))
        table, fields = _TABLES[stream]
        while rows := self._page_after(table, fields, last):
            records = self._records(stream, rows)
            last = ident(rows[-1])
            yield Page(tuple(records), json.dumps({"after": last, "start": start}))
        yield Page((), json.dumps(start))

    def _page_after(self, table: str, fields: str, last: str) -> list[Row]:
        return next(self._client.pages(table, fields, {"id": f">[{last}]"}), [])

    def _changes(self, stream: str, known: dict[str, Any]) -> Iterator[Page]:
        """What may have changed since the watermark, then the new watermark."""
        mark = self._now_mark(stream, known)
        cursor = json.dumps(mark)
        changed = self._changed(stream, known)
        for begin in range(0, len(changed), _CHUNK):
            records = self._records(stream, changed[begin : begin + _CHUNK])
            # Until all of it is handed out, the old cursor holds: a stop here reads it once more.
            yield Page(tuple(records), json.dumps(known), len(changed))
        if mark != known:
            yield Page((), cursor)

    def _now_mark(self, stream: str, known: dict[str, Any] | None = None) -> dict[str, Any]:
        """The cursor that a reading which starts now may leave behind."""
        moment = datetime.fromtimestamp(self._client.server_time or self._clock.now().timestamp(), self._zone()) - OVERLAP
        mark: dict[str, Any] = {"since": moment.strftime("%Y-%m-%d %H:%M:%S")}
        table = _TABLES[stream][0]
        mark["rows"] = self._client.last(table)
        if known and known.get("rows", 0) and not mark["rows"]:
            raise SuspiciousChange(
                f"QloApps says that there are no {table}, where {known['rows']} was the last known id",
                hint="see the shop's PHP log; nothing was changed, the next run reads again",
            )
        if stream == "bookings":
            mark["invoice"] = self._client.last("order_invoices")
            mark["payment"] = self._client.last("order_payments")
        return mark

    def _changed(self, stream: str, known: dict[str, Any]) -> list[Row]:
        filters = {"date_upd": since(str(known["since"]), FAR)}
        match stream:
            case "bookings":
                return [{"reference": reference} for reference in self._marked(known, filters)]
            case "customers":
                rows = self._client.rows("customers", t.CUSTOMERS, filters, dated=True)
                moved = self._client.rows("addresses", "id,id_customer", filters, dated=True)
                ids = {ident(row, "id_customer") for row in moved} - {"0"} - {ident(row) for row in rows}
                more = self._client.among("customers", t.CUSTOMERS, "id", sorted(ids, key=int)) if ids else []
                return sorted([*rows, *more], key=lambda row: int(ident(row)))
            case _:
                return self._client.rows(_TABLES[stream][0], t.PRODUCTS, filters, dated=True)

    def _marked(self, known: dict[str, Any], filters: dict[str, str]) -> list[str]:
        """The references that something has changed in."""
        marked = {text(row, "reference") for row in self._client.rows("orders", "id,reference", filters, dated=True)}
        orders = {ident(row, "id_order") for row in self._client.rows("order_slip", "id,id_order", filters, dated=True)}
        orders |= {ident(row, "id_order") for row in self._client.rows("room_bookings", "id,id_order", filters, dated=True)}
        stays = {
            ident(row, "id_htl_booking")
            for row in self._client.rows("booking_extra_demands", "id,id_htl_booking", filters, dated=True)
        }
        if stays:
            found = self._client.among("room_bookings", "id,id_order", "id", sorted(stays, key=int))
            orders |= {ident(row, "id_order") for row in found}
        new_invoices = self._client.rows("order_invoices", "id,id_order", {"id": f">[{known.get('invoice', 0)}]"})
        orders |= {ident(row, "id_order") for row in new_invoices}
        new_payments = self._client.rows("order_payments", "id,order_reference", {"id": f">[{known.get('payment', 0)}]"})
        marked |= {text(row, "order_reference") for row in new_payments}
        orders -= {"0"}
        if orders:
            found = self._client.among("orders", "id,reference", "id", sorted(orders, key=int))
            marked |= {text(row, "reference") for row in found}
        return sorted(marked - {""})

    def _records(self, stream: str, rows: Sequence[Row]) -> list[Record | Unreadable]:
        now = self._clock.now()
        match stream:
            case "bookings":
                references = list(dict.fromkeys(text(row, "reference") for row in rows))
                return [
                    record
                    for begin in range(0, len(references), _CHUNK)
                    for record in self._bookings(references[begin : begin + _CHUNK])
                ]
            case "customers":
                return assemble.customers(self._client, self._shop_now(), self.tag, rows, now)
            case _:
                room = stream == "room_types"
                return [parse.item(row, self._shop_now(), self.tag, now, room=room) for row in rows]

    def _bookings(self, references: Sequence[str]) -> list[Record | Unreadable]:
        return assemble.bookings(self._client, self._shop_now(), self._products_now(), self.tag, references, self._clock.now())

    # --- single records -----------------------------------------------------------------------------------------------

    def get(self, key: Key) -> Record | Gone:
        self._settings()
        found = self._one(key)
        if found is None:
            return Gone()
        if isinstance(found, Unreadable):
            raise found.error
        return found

    def _one(self, key: Key) -> Record | Unreadable | None:
        match key.entity:
            case "customer":
                rows = self._client.among("customers", t.CUSTOMERS, "id", [_number(key)])
                return next(iter(self._records("customers", rows)), None)
            case "room_type" | "service":
                stream = "room_types" if key.entity == "room_type" else "service_products"
                rows = self._client.among(_TABLES[stream][0], t.PRODUCTS, "id", [_number(key)])
                return next(iter(self._records(stream, rows)), None)
            case _:
                reference = self._reference(key)
                return next(iter(self._bookings([reference])), None) if reference else None

    def _reference(self, key: Key) -> str:
        """The booking that a document belongs to; empty if there is no such document."""
        match key.entity:
            case "booking":
                return key.id
            case "order":
                rows = self._client.among("orders", "id,reference", "id", [_number(key)])
                return text(rows[0], "reference") if rows else ""
            case "payment":
                rows = self._client.among("order_payments", "id,order_reference", "id", [_number(key)])
                return text(rows[0], "order_reference") if rows else ""
            case "invoice" | "slip":
                table = "order_invoices" if key.entity == "invoice" else "order_slip"
                rows = self._client.among(table, "id,id_order", "id", [_number(key)])
                return self._reference(Key.of(self.tag, "order", ident(rows[0], "id_order"))) if rows else ""
            case _:
                raise ConfigError(f"QloApps has no `{key.entity}`")

    def stream_of(self, entity: str) -> str:
        return _STREAMS[entity]

    def key_of(self, entity: str, source_id: str) -> Key:
        if entity not in _WORDS or not source_id.isdigit():
            raise ConfigError(f"`{source_id}` is no id of {entity}", hint="ids are the numbers that `zsync status` shows")
        return Key.of(self.tag, _WORDS[entity], source_id)

    # --- the shop -----------------------------------------------------------------------------------------------------

    def check(self) -> Iterator[Finding]:
        """Reachable, key accepted, every table permitted, settings understood, clocks close."""
        try:
            permitted = self._client.permitted()
        except ZsyncError as err:
            yield Finding("QloApps", False, err.message, err.hint)
            return
        yield Finding("QloApps", True, "the webservice answers and accepts the key")
        missing = [name for name in t.PERMISSIONS if name not in permitted]
        if missing:
            hint = "QloApps: advanced parameters > webservice > the key: tick View (GET) for each of them"
            yield Finding("QloApps key", False, f"it may not read {', '.join(missing)}", hint)
            return
        yield Finding("QloApps key", True, f"it may read all {len(t.PERMISSIONS)} tables")
        try:
            found = self._shop_now()
        except ZsyncError as err:
            yield Finding("QloApps settings", False, err.message, err.hint)
            return
        yield Finding("QloApps settings", True, f"default currency {found.default_currency}, time zone {found.zone.key}")
        skew = abs(self._client.server_time - self._clock.now().timestamp())
        if skew > 300:
            yield Finding("clocks", False, f"the shop's clock and ours are {int(skew)} seconds apart", "set both by NTP")

    def close(self) -> None:
        self._client.close()

    def _settings(self) -> list[Row]:
        if self._settings_rows is None:
            rows = self._client.rows("configurations", "name,value,id", {"name": f"[{'|'.join(t.SETTINGS)}]"})
            language = next((text(row, "value") for row in rows if text(row, "name") == "PS_LANG_DEFAULT"), "")
            if not language:
                raise ConfigError(
                    "QloApps does not tell its default language",
                    hint="give the webservice key the GET permission on `configurations`",
                )
            self._client.language = language
            self._settings_rows = rows
        return self._settings_rows

    def _zone(self) -> Any:
        from zoneinfo import ZoneInfo

        name = next((text(row, "value") for row in self._settings() if text(row, "name") == "PS_TIMEZONE"), "UTC")
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError) as err:
            raise ConfigError(f"the shop's time zone `{name}` is not known", hint="set PS_TIMEZONE to an IANA zone") from err

    def _shop_now(self) -> Shop:
        """Tables without dates are read once a run: what changed in them shows by value."""
        if self._shop is None:
            names = {"name": "[PS_INVOICE_PREFIX|PS_CREDIT_SLIP_PREFIX]"}
            self._shop = shop(
                {
                    "configurations": self._settings(),
                    "translated_configurations": self._client.rows("translated_configurations", "id,name,value", names),
                    "currencies": self._client.rows(
                        "currencies", "id,name,iso_code,sign,decimals,conversion_rate,deleted,active"
                    ),
                    "countries": self._client.rows("countries", "id,iso_code,name"),
                    "states": self._client.rows("states", "id,iso_code,name"),
                    "languages": self._client.rows("languages", "id,iso_code"),
                    "taxes": self._client.rows("taxes", "id,rate,active,deleted"),
                    "tax_rule_groups": self._client.rows("tax_rule_groups", "id,name"),
                    "tax_rules": self._client.rows("tax_rules", "id,id_tax_rules_group,id_country,id_state,id_tax,behavior"),
                    "hotel_addresses": self._client.rows("addresses", "id,id_country,id_state", {"id_customer": "[0]"}),
                }
            )
        return self._shop

    def _products_now(self) -> frozenset[str]:
        if self._products is None:
            ids = [ident(row) for table in ("room_types", "services") for row in self._client.rows(table, "id")]
            self._products = frozenset(ids)
        return self._products


_TABLES = {
    "customers": ("customers", t.CUSTOMERS),
    "room_types": ("room_types", t.PRODUCTS),
    "service_products": ("services", t.PRODUCTS),
    "bookings": ("orders", "id,reference"),
}


def _number(key: Key) -> str:
    if not key.id.isdigit():
        raise RecordError(f"`{key}` has no id of QloApps")
    return key.id
