"""What a field takes and how it keeps it; anything else is said in the words of the form (facts, section 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from zsync.sandbox.forms.application import Application, Field
from zsync.sandbox.web import plain

_PATTERNS = {"dd-MMM-yyyy": "%d-%b-%Y", "MM/dd/yyyy": "%m/%d/%Y", "dd/MM/yyyy": "%d/%m/%Y", "yyyy-MM-dd": "%Y-%m-%d"}
_UNWRITABLE = frozenset({9, 18, 19, 20, 24, 25, 32, 33, 35, 36, 37, 38, 39})


class Bad(Exception):
    """A value that a field does not take, in the words of the form."""


def stored(field: Field, value: Any, app: Application, environment: str) -> Any:
    """The value as it is kept. Raises Bad."""
    if field.type in _UNWRITABLE:
        raise Bad("This field cannot be written.")
    if value is None or value == "" or value == []:
        return [] if field.type in (14, 15, 21) else ""
    if field.is_lookup:
        return _lookup(field, value, app, environment)
    match field.type:
        case 5:
            return _number(value, field, 0)
        case 6 | 7 | 8:
            return _number(value, field, 2 if field.decimal_length is None else field.decimal_length)
        case 10:
            return _moment(value, _PATTERNS[app.date_format])
        case 11:
            return _moment(value, f"{_PATTERNS[app.date_format]} %H:%M:%S")
        case 34:
            return _moment(value, "%H:%M:%S")
        case 12 | 13:
            return _choice(value, field)
        case 14 | 15:
            if not isinstance(value, list):
                raise Bad("Invalid column value.")
            return [_choice(each, field) for each in value]
        case 16:
            return _decision(value)
        case 17:
            url = value.get("url") if isinstance(value, Mapping) else value
            return {"url": str(url), "value": str(url), "title": ""}
        case 29 | 30:
            return _compound(value, field)
        case 21:
            return _rows(value, field, app, environment)
        case _:
            return _text(value, field)


def _text(value: Any, field: Field) -> str:
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise Bad("Invalid column value.")
    text = plain(value) if isinstance(value, Decimal) else str(value)
    if len(text) > field.most:
        raise Bad(f"Enter a value with up to {field.most} characters.")
    if field.type == 3 and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise Bad("Enter a valid email address.")
    if field.type == 27 and not re.fullmatch(r"\+?[0-9 ()./x-]{3,30}", text):
        raise Bad("Enter a valid phone number.")
    if field.type == 1 and "\n" in text:
        raise Bad("Enter a value in one line.")
    return text


def _number(value: Any, field: Field, decimals: int) -> str:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise Bad("Enter a valid number.")
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        raise Bad(f"Enter a value with up to {decimals} decimals.")
    if len(str(abs(int(number)))) > field.most:
        raise Bad(f"Enter a value with up to {field.most} digits.")
    return f"{number:.{decimals}f}"


def _moment(value: Any, pattern: str) -> str:
    try:
        return datetime.strptime(str(value), pattern).strftime(pattern)  # noqa: DTZ007 - the application's own time
    except ValueError as err:
        raise Bad("Enter a valid date format.") from err


def _choice(value: Any, field: Field) -> str:
    if not isinstance(value, str) or (field.choices and value not in field.choices):
        raise Bad("Choose one of the values in the list.")
    return value


def _decision(value: Any) -> str:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise Bad("Invalid column value.")
    return text


def _lookup(field: Field, value: Any, app: Application, environment: str) -> Any:
    ids = value if isinstance(value, list) else [value]
    if not all(isinstance(id, str) and id in app.rows(field.ref_form, environment) for id in ids):
        raise Bad("Invalid entry found. Enter a valid ID.")
    if field.type in (14, 15):
        return list(ids)
    if len(ids) != 1 or isinstance(value, list):
        raise Bad("Invalid column value.")
    return ids[0]


def _compound(value: Any, field: Field) -> dict[str, str]:
    if not isinstance(value, Mapping) or any(name not in field.subfields for name in value):
        raise Bad("Invalid column value.")
    parts = {name: str(value.get(name) or "") for name in field.subfields}
    shown = " " if field.type == 29 else ", "
    return {**parts, "zc_display_value": shown.join(part for part in parts.values() if part)}


def _rows(value: Any, field: Field, app: Application, environment: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Bad("Invalid column value.")
    made = []
    for number, row in enumerate(value, 1):
        known = {each.link_name: each for each in field.rows}
        if not isinstance(row, Mapping) or any(name not in known and name != "ID" for name in row):
            raise Bad("Invalid column value.")
        kept = {name: stored(each, row.get(name), app, environment) for name, each in known.items()}
        made.append({"ID": str(row.get("ID") or f"{field.link_name}-{number}"), **kept})
    return made
