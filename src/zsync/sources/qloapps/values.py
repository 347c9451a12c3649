"""Reading the fields of a webservice row: strings as in the database, with the exceptions that the JSON has.

Every reader names the field when it cannot make sense of it, and never repeats the value: it may be a guest's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from zsync.errors import RecordError

REMOTE = "qloapps"

Row = Mapping[str, object]

_ID = re.compile(r"[0-9]{1,18}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")

LOOK = "look at the record in the back office"


def text(row: Row, name: str) -> str:
    """The field as text: null and false are empty, blanks at the ends go, control characters become blanks."""
    value = row.get(name)
    if value is None or value is False:
        return ""
    if not isinstance(value, str | int | Decimal):
        raise RecordError(f"the field `{name}` is no text", hint=LOOK)
    cleaned = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in str(value))
    return cleaned.strip()


def plain(row: Row, name: str) -> str:
    """As `text`, but empty for what is none: to tell which rows belong together. Whoever needs the value reads it anew."""
    try:
        return text(row, name)
    except RecordError:
        return ""


def local_text(row: Row, name: str, language: str) -> str:
    """A multilingual field in this language (else the first one that has words); plain where the answer was plain."""
    value = row.get(name)
    if not isinstance(value, list):
        return text(row, name)
    words = {str(each.get("id")): each for each in value if isinstance(each, Mapping)}
    chosen = words.get(language)
    if chosen is not None and text(chosen, "value"):
        return text(chosen, "value")
    return next((text(each, "value") for each in words.values() if text(each, "value")), "")


def ident(row: Row, name: str = "id") -> str:
    """An id as text; "0" for none. Ids come as numbers or strings, by table."""
    value = text(row, name) or "0"
    if not _ID.match(value):
        raise RecordError(f"the field `{name}` is no id", hint=LOOK)
    return str(int(value))


def number(row: Row, name: str) -> Decimal:
    """A decimal as the shop has it, not rounded."""
    value = text(row, name) or "0"
    if not _NUMBER.match(value):
        raise RecordError(f"the field `{name}` is no amount that can be", hint=LOOK)
    return Decimal(value)


def rate(row: Row, name: str) -> Decimal:
    """A conversion rate; it must be above zero."""
    value = number(row, name)
    if value <= 0:
        raise RecordError(f"the field `{name}` is no conversion rate", hint="set the currency's rate in the back office")
    return value


def flag(row: Row, name: str) -> bool:
    return text(row, name) not in ("", "0")


def day(row: Row, name: str) -> date:
    """The shop's local date of a time. RecordError where there is none."""
    found = maybe_day(row, name)
    if found is None:
        raise RecordError(f"the field `{name}` is no date", hint=LOOK)
    return found


def maybe_day(row: Row, name: str) -> date | None:
    """The local date of a time, or None for the shop's `0000-00-00`."""
    value = text(row, name)[:10]
    if value in ("", "0000-00-00"):
        return None
    try:
        return date.fromisoformat(value if _DAY.match(value) else "")
    except ValueError:
        raise RecordError(f"the field `{name}` is no date", hint=LOOK) from None


def wall_clock(moment: datetime, zone: ZoneInfo) -> str:
    """An instant as the shop writes it: local wall-clock time without offset, so that the hour at the end of summer
    time comes twice. Whoever compares these texts allows for that hour."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
