"""QuickBooks' objects as records: what the JSON says, with every number as Decimal. Pure.

A record's fields are the object's own members, by their own names; what is empty is left out there, and here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from zsync.errors import ContractBroken, RecordError
from zsync.model.documents import Entry
from zsync.model.intent import plain
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable, Value

PAGE = 1000
"""QuickBooks' largest page, and the largest answer of the changes call."""

_LABELS = ("DisplayName", "FullyQualifiedName", "DocNumber", "Name", "CompanyName", "PaymentRefNum")


def key_of(tag: str, kind: str, id: str) -> Key:
    return Key.of(tag, word_of(kind), id)


def word_of(kind: str) -> str:
    """The word that a kind has in keys."""
    return kind.lower()[:20]


def rows_of(response: Mapping[str, Any], kind: str) -> Sequence[Mapping[str, Any]]:
    """The rows of a kind in a query's answer; a page without any leaves the name out. ContractBroken for anything else."""
    found = response.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ContractBroken(f"a list of `{kind}` with something else in it")
    return found


def is_deleted(row: Mapping[str, Any]) -> bool:
    return str(row.get("status", "")).lower() == "deleted"


def record_of(tag: str, kind: str, row: Mapping[str, Any], read_at: datetime) -> Record | Unreadable:
    """One object as a record of its own."""
    id = id_of(kind, row)
    if not id:
        raise ContractBroken(f"a `{kind}` without an Id")
    key = key_of(tag, kind, id)
    fields = {str(name): value_of(value) for name, value in row.items()}
    try:
        day = day_of(fields)
    except ValueError:
        error = RecordError("its TxnDate is no date", hint="look at it in QuickBooks")
        return Unreadable(key, kind, id, _label(fields) or id, error)
    entry = Entry(key, id, kind, _label(fields) or id, day)
    return Record(key, (entry,), revision_of(row), read_at, {key: fields})


def id_of(kind: str, row: Mapping[str, Any]) -> str:
    """An object's Id; rates of exchange have none, and are known by currency and day."""
    if kind == "ExchangeRate":
        return f"{row.get('SourceCurrencyCode', '')}-{row.get('AsOfDate', '')}".strip("-")
    id = row.get("Id", "")
    return str(id) if isinstance(id, str | int) and not isinstance(id, bool) else ""


def day_of(fields: Mapping[str, Value]) -> date | None:
    """The day by which a transaction counts. ValueError if it is none."""
    text = fields.get("TxnDate")
    return date.fromisoformat(text) if isinstance(text, str) and text else None


def value_of(node: Any) -> Value:
    """JSON as values: every number is a Decimal."""
    match node:
        case None | bool() | str() | Decimal():
            return node
        case int():
            return Decimal(node)
        case list():
            return [value_of(each) for each in node]
        case Mapping():
            return {str(name): value_of(value) for name, value in node.items()}
        case _:
            raise ContractBroken(f"{type(node).__name__} in an answer")


def revision_of(node: Any) -> str:
    """A digest of all that was read."""
    return hashlib.sha256(json.dumps(node, sort_keys=True, default=_number, ensure_ascii=False).encode()).hexdigest()[:32]


def _number(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(type(value).__name__)


def _label(fields: Mapping[str, Value]) -> str:
    return next((value for name in _LABELS if isinstance(value := fields.get(name), str) and value), "")
