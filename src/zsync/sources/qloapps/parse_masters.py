"""From rows of the webservice to what bookings refer to: customers, currencies, hotels, room types and services. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from zsync.errors import RecordError
from zsync.model.documents import Address, Contact, Currency, Hotel, Item, Kind
from zsync.model.key import Key
from zsync.model.money import Money, decimals_of
from zsync.model.record import Record, Unreadable, Value
from zsync.sources.qloapps.records import fields_of, item_key, revision, words
from zsync.sources.qloapps.shop import Shop, ShopCurrency
from zsync.sources.qloapps.values import Row, day, flag, ident, local_text, maybe_day, number, text


def customer(
    row: Row, address: Row | None, orders: Sequence[Row], shop: Shop, tag: str, read_at: datetime
) -> Record | Unreadable:
    """A customer with the address that is not deleted, if there is one, and the currencies of his orders."""
    id = ident(row)
    key = Key.of(tag, "customer", id)
    try:
        contact = replace(_contact(row, address, shop, key), trades=_trades(orders, shop))
    except RecordError as err:
        return Unreadable(key, "customers", id, f"customer {id}", err)
    of_address = {f"address_{name}": value for name, value in fields_of(address or {}).items()}
    fields: dict[str, Value] = {**fields_of(row), **of_address}
    return Record(key, (contact,), revision([contact], {key: fields}), read_at, {key: fields}, shop.rates)


def _trades(orders: Sequence[Row], shop: Shop) -> tuple[tuple[str, date], ...]:
    """Each currency of these orders with the day of the newest order in it. An order that makes no sense says so itself."""
    newest: dict[str, date] = {}
    for order in orders:
        try:
            code = shop.currency(ident(order, "id_currency")).code
            when = maybe_day(order, "invoice_date") or day(order, "date_add")
        except RecordError:
            continue
        newest[code] = max(when, newest.get(code, when))
    return tuple(sorted(newest.items()))


def _contact(row: Row, address: Row | None, shop: Shop, key: Key) -> Contact:
    first, last = words(text(row, "firstname")), words(text(row, "lastname"))
    company = words(text(row, "company") or (text(address, "company") if address else ""))
    return Contact(
        key=key,
        source_id=key.id,
        name=company or f"{first} {last}".strip() or f"Guest {key.id}",
        currency=shop.default_currency,
        company=company,
        first_name=first,
        last_name=last,
        email=text(row, "email"),
        phone=text(row, "phone") or (text(address, "phone") if address else ""),
        mobile=text(address, "phone_mobile") if address else "",
        language=shop.languages.get(ident(row, "id_lang"), ""),
        tax_number=text(address, "vat_number") if address else "",
        note=text(row, "note"),
        address=_address(address, shop) if address else None,
        active=flag(row, "active") and text(row, "deleted") in ("", "0"),
        since=maybe_day(row, "date_add"),
    )


def _address(row: Row, shop: Shop) -> Address:
    country_code, country = shop.countries.get(ident(row, "id_country"), ("", ""))
    state_code, state = shop.states.get(ident(row, "id_state"), ("", ""))
    return Address(
        attention=words(f"{text(row, 'firstname')} {text(row, 'lastname')}"),
        street=text(row, "address1"),
        street2=text(row, "address2"),
        city=text(row, "city"),
        zip=text(row, "postcode"),
        state=state,
        state_code=state_code,
        country=country,
        country_code=country_code,
        phone=text(row, "phone"),
    )


def currency(found: ShopCurrency, shop: Shop, tag: str, read_at: datetime) -> Record:
    """A currency of the shop, known by its ISO code; the default one, too. The shop's own decimals are not looked at: they say
    whether it shows any."""
    document = Currency(
        key=Key.of(tag, "currency", found.code),
        source_id=found.code,
        code=found.code,
        symbol=found.symbol,
        decimals=decimals_of(found.code),
        conversion=Decimal(1) if found.code == shop.default_currency else found.conversion,
        active=found.active,
    )
    return Record(document.key, (document,), revision([document], {}), read_at, {}, shop.rates)


def hotel(row: Row, shop: Shop, tag: str, read_at: datetime) -> Record | Unreadable:
    """A hotel with its address."""
    id = ident(row)
    key = Key.of(tag, "hotel", id)
    try:
        country_code, country = shop.countries.get(ident(row, "id_country"), ("", ""))
        state_code, state = shop.states.get(ident(row, "id_state"), ("", ""))
        address = Address(
            street=text(row, "address"),
            city=text(row, "city"),
            zip=text(row, "zipcode"),
            state=state,
            state_code=state_code,
            country=country,
            country_code=country_code,
            phone=text(row, "phone"),
        )
        name = local_text(row, "hotel_name", shop.language) or f"Hotel {id}"
        found = Hotel(key, id, name, text(row, "email"), address, flag(row, "active"))
    except RecordError as err:
        return Unreadable(key, "hotels", id, f"hotel {id}", err)
    fields: dict[Key, Mapping[str, Value]] = {key: fields_of(row)}
    return Record(key, (found,), revision([found], fields), read_at, fields)


def item(row: Row, shop: Shop, tag: str, read_at: datetime, *, room: bool) -> Record | Unreadable:
    """A room type or a service product. Its list price is without tax, in the default currency."""
    id = ident(row)
    key = item_key(tag, id, room=room)
    try:
        group = ident(row, "id_tax_rules_group")
        rates = {shop.group_rate(group, address) for address in shop.places}
        found = Item(
            key=key,
            source_id=id,
            kind=Kind.ROOM if room else Kind.SERVICE,
            name=local_text(row, "name", shop.language) or f"{'Room type' if room else 'Service'} {id}",
            price=Money(number(row, "price"), shop.default_currency),
            tax_group=shop.tax_groups.get(group, ""),
            tax_rate=rates.pop() if len(rates) == 1 else None,
            active=flag(row, "active"),
        )
    except RecordError as err:
        return Unreadable(key, "room_types" if room else "service_products", id, f"product {id}", err)
    fields: dict[Key, Mapping[str, Value]] = {key: fields_of(row)}
    return Record(key, (found,), revision([found], fields), read_at, fields)
