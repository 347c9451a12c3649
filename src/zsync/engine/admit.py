"""Admission: may this document go? Switches and the start date say yes, or no with the reason. Pure, before planning.

What was ever written stays in, whatever the switches say about new records: it is only updated or left alone. So does what a
person asked for by name, and an order takes its documents along.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import assert_never

from zsync.model.documents import Contact, Credit, Currency, Document, Entry, Hotel, Invoice, Item, Payment, Sale
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable
from zsync.ports import Switches


def admit(
    record: Record,
    switches: Mapping[str, Switches],
    start_date: date | None,
    written: Collection[Key],
    *,
    demanded: bool = False,
    wished: Collection[Key] = (),
    before_start: Collection[Key] = (),
) -> dict[Key, str]:
    """The documents of `record` that may not go, each with the reason that people read.

    `written` are the keys of documents that the target was ever sent. `demanded`: another record refers to this one, so
    its own switch does not count. `wished` are documents that a person asked for; those `before_start` whatever their day.
    """
    refused: dict[Key, str] = {}
    days = _invoice_days(record)
    needed, needed_early = _needed_by(record, wished), _needed_by(record, before_start)
    for document in _parents_first(record):
        if document.key in written or document.key in needed_early or is_wished(document, record, before_start):
            continue
        asked = demanded or document.key in needed or is_wished(document, record, wished)
        reason = _reason(document, record, switches, start_date, refused, days, asked=asked)
        if reason:
            refused[document.key] = reason
    return refused


def is_wished(document: Document, record: Record, wished: Collection[Key]) -> bool:
    """Whether a person asked for it, or for its order: a payment is of all the orders of its booking."""
    match document:
        case Invoice() | Credit():
            return document.key in wished or document.sale in wished
        case Payment():
            return document.key in wished or any(isinstance(each, Sale) and each.key in wished for each in record.documents)
        case _:
            return document.key in wished


def _needed_by(record: Record, wished: Collection[Key]) -> set[Key]:
    """What documents that a person asked for cannot be without: their order, a slip's invoices, all orders of a payment."""
    needed: set[Key] = set()
    for document in record.documents:
        if document.key not in wished:
            continue
        match document:
            case Invoice():
                needed.add(document.sale)
            case Credit():
                invoices = (each for each in record.documents if isinstance(each, Invoice))
                needed |= {document.sale, *(each.key for each in invoices if each.sale == document.sale)}
            case Payment():
                needed |= {each.key for each in record.documents if isinstance(each, Sale)}
            case _:
                continue
    return needed


def admit_unreadable(
    broken: Unreadable, switches: Mapping[str, Switches], start_date: date | None, *, demanded: bool = False
) -> str:
    """Why a record that cannot be read would not go anyway; empty if it would, or if that is not known."""
    if start_date is not None and broken.day is not None and broken.day < start_date:
        return _too_old(start_date)
    return "" if demanded else _off(broken.entity, switches)


def _off(entity: str, switches: Mapping[str, Switches]) -> str:
    return "" if switches.get(entity, Switches()).create else f"auto_create is off for {entity}"


def _too_old(start_date: date) -> str:
    return f"before the start date {start_date.isoformat()}"


def _reason(
    document: Document,
    record: Record,
    switches: Mapping[str, Switches],
    start_date: date | None,
    refused: Mapping[Key, str],
    days: Mapping[Key, date],
    *,
    asked: bool,
) -> str:
    """`asked`: another record needs it, or a person does, so that its own switch does not count."""
    off = "" if asked else _off(document.entity, switches)
    match document:
        case Contact() | Item() | Currency() | Hotel():
            if asked:
                return ""
            return off or ("" if document.active else "disabled in the source")
        case Entry():
            if start_date is not None and document.day is not None and document.day < start_date:
                return _too_old(start_date)
            return off
        case Sale():
            if start_date is not None and days.get(document.key, document.day) < start_date:
                return _too_old(start_date)
            return off
        case Invoice() | Credit():
            return refused.get(document.sale, "") or off
        case Payment():
            return off or _all_refused(record, refused)
        case _:
            assert_never(document)


def _all_refused(record: Record, refused: Mapping[Key, str]) -> str:
    """Why a payment stays out: every order of its booking does."""
    sales = [document.key for document in record.documents if isinstance(document, Sale)]
    return refused[sales[0]] if sales and all(key in refused for key in sales) else ""


def _invoice_days(record: Record) -> dict[Key, date]:
    """The date of each order's first invoice: an order counts as of its invoice, once it has one."""
    days: dict[Key, date] = {}
    for document in record.documents:
        if isinstance(document, Invoice):
            days[document.sale] = min(document.day, days.get(document.sale, document.day))
    return days


def _parents_first(record: Record) -> list[Document]:
    return sorted(record.documents, key=lambda document: not isinstance(document, Sale))
