"""What one list request selects: display, filters, sort and limit, understood as the webservice understands them.

The traps are kept on purpose, because a reader must survive them: an SQL error is swallowed and reads as an empty list;
`limit` is cast to a number whatever it is; an unclosed bracket is literal text; rows without `sort` come in an order that
helps nobody (a fixed shuffle here, the order of some index there). Comparisons follow the database's: numbers by value,
text without regard to case, accents and trailing blanks.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from zsync.sandbox.hotel.tables import Field, Resource

Row = dict[str, Any]

_DATES = ("date_add", "date_upd")
_BRACKETED = re.compile(r"^(.*)\[(.*)\](.*)$", re.DOTALL)
_RANGE = re.compile(r"^([\d.:\-\s]+),([\d.:\-\s]+)$")
_SHOWN = re.compile(r"([A-Za-z_0-9]+)(?:\[([^\[\]]*)\])?(?:,|$)")
_LEADING_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_LEADING_INT = re.compile(r"\s*[+-]?\d+")


class Complaint(Exception):
    """The request is refused: HTTP `status` and one or more (code, message)."""

    def __init__(self, status: int, *errors: tuple[int, str]) -> None:
        super().__init__(errors)
        self.status = status
        self.errors = errors


class _SqlError(Exception):
    """The database refuses the statement; the webservice shows an empty list instead."""


@dataclass(frozen=True, slots=True)
class Display:
    """What to show of each row: nothing but its number, everything, or `fields` and the parts of `associations`."""

    ids_only: bool = False
    everything: bool = False
    fields: frozenset[str] = frozenset()
    associations: Mapping[str, frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class Languages:
    """`installed` language ids, and the `chosen` ones (None: the request does not say)."""

    installed: tuple[int, ...]
    chosen: tuple[int, ...] | None = None

    def plain(self, value: object) -> object:
        """A multilingual value as shown: one language gives its text, several a list of id and value."""
        if not isinstance(value, list):
            return value
        wanted = self.chosen if self.chosen is not None else self.installed
        kept = [part for part in value if int(part["id"]) in wanted]
        return (kept[0]["value"] if kept else "") if len(wanted) == 1 else kept


def languages(text: str | None, installed: Sequence[int]) -> Languages:
    """The languages that `language=` asks for: `1`, or `[1|2]`; code 81 for one that is not installed."""
    if text is None:
        return Languages(tuple(installed))
    wanted = tuple(_whole(part) for part in text.strip("[]").split("|"))
    if not set(wanted) <= set(installed):
        raise Complaint(400, (81, "This language does not exist for this shop"))
    return Languages(tuple(installed), wanted)


def select(resource: Resource, rows: Iterable[Row], args: Mapping[str, str]) -> tuple[Display, list[Row]]:
    """The display asked for and the rows that the request selects, in the order of the answer. Raises Complaint."""
    display = shown(resource, args.get("display"))
    with_dates = bool(args.get("date")) and args.get("date") != "0"
    tests = [_test(resource, key[7:-1], value, with_dates) for key, value in args.items() if _is_filter(key)]
    order = _order(resource, args.get("sort"), with_dates)
    window = _window(args.get("limit"))
    try:
        kept = [row for row in shuffled(resource.name, rows) if all(test(row) for test in tests)]
        for field, descending in reversed(order):
            kept.sort(key=_sort_key(_column(resource, field)), reverse=descending)
        return display, _cut(kept, window)
    except _SqlError:
        return display, []


def shown(resource: Resource, text: str | None) -> Display:
    """The meaning of `display=`; codes 35 and 36."""
    if text is None or text == "":
        return Display(ids_only=True)
    if text == "full":
        return Display(everything=True)
    if not (text.startswith("[") and text.endswith("]")):
        raise Complaint(400, (36, "The 'display' syntax is wrong. You can set 'full' or '[field_1,field_2]'"))
    fields: set[str] = set()
    associations: dict[str, frozenset[str]] = {}
    inner, at = text[1:-1], 0
    while at < len(inner):
        found = _SHOWN.match(inner, at)
        if found is None:
            raise Complaint(400, (36, f"The 'display' syntax is wrong near {inner[at : at + 20]!r}"))
        name, parts = found[1], found[2]
        if parts is not None and name in resource.associations:
            associations[name] = frozenset(parts.split(","))
        elif parts is None and (name in resource.fields or name in resource.hidden):
            fields.add(name)
        else:
            raise Complaint(400, (35, f'Unable to display this field "{name}". However, these are available: {_known(resource)}'))
        at = found.end()
    return Display(fields=frozenset(fields), associations=associations)


def view(resource: Resource, row: Row, display: Display, spoken: Languages) -> Row:
    """One row as it is shown. Associations without members are absent, and so is an empty `associations`."""
    if display.ids_only:
        return {"id": int(row["id"])}
    result: Row = {}
    for name, value in row.items():
        if name != "associations" and (display.everything or name in display.fields):
            field = resource.fields.get(name)
            result[name] = spoken.plain(value) if field is not None and field.multilingual else value
    if related := _related(row.get("associations") or {}, display):
        result["associations"] = related
    return result


def shuffled(name: str, rows: Iterable[Row]) -> list[Row]:
    """The rows in an order that is always the same and means nothing."""
    return sorted(rows, key=lambda row: hashlib.sha256(f"{name}/{row['id']}".encode()).digest())


def _related(associations: Mapping[str, list[Row]], display: Display) -> Row:
    if display.everything:
        return {name: members for name, members in associations.items() if members}
    wanted = display.associations or {}
    return {
        name: [{k: v for k, v in member.items() if k in wanted[name]} for member in members]
        for name, members in associations.items()
        if members and name in wanted
    }


def _is_filter(key: str) -> bool:
    return key.startswith("filter[") and key.endswith("]")


def _known(resource: Resource) -> str:
    return ", ".join([*resource.fields, *sorted(resource.hidden)])


def _filterable(resource: Resource, with_dates: bool) -> list[str]:
    names = [name for name in resource.fields if name not in _DATES]
    return names + list(_DATES) if with_dates else names


def _column(resource: Resource, name: str) -> Field:
    """The column behind a field; there is none for a computed one, nor for a date that the table does not have."""
    field = resource.fields.get(name)
    if field is None or field.computed:
        raise _SqlError(name)
    return field


def _test(resource: Resource, name: str, text: str, with_dates: bool) -> Callable[[Row], bool]:
    """The test that `filter[name]=text` means; codes 32 and 33."""
    if name not in _filterable(resource, with_dates):
        known = '", "'.join(_filterable(resource, with_dates))
        raise Complaint(400, (32, f'This filter does not exist. The full list is: "{known}"'))
    if text == "":
        raise Complaint(400, (33, f'The filter "{name}" is malformed.'))
    holds = _condition(text)

    def test(row: Row) -> bool:
        field = _column(resource, name)
        return any(holds(field, value) for value in _stored(row.get(name)))

    return test


def _stored(value: object) -> list[str]:
    """The stored texts of a value; null compares with nothing."""
    if isinstance(value, list):
        return [str(part["value"]) for part in value if part["value"] is not None]
    return [] if value is None or value is False else [str(value)]


def _condition(text: str) -> Callable[[Field, str], bool]:
    found = _BRACKETED.match(text)
    if found is None:
        return lambda field, value: _compare(field, value, text) == 0
    before, inner, after = found.groups()
    if before == "%" or after == "%":
        pattern = _like(before + inner + after)
        return lambda field, value: pattern.fullmatch(_folded(value)) is not None
    match before, after:
        case "", "":
            return _inside(inner)
        case ">", _:
            return lambda field, value: _compare(field, value, inner) > 0
        case "<", _:
            return lambda field, value: _compare(field, value, inner) < 0
        case "!", _:
            return lambda field, value: all(_compare(field, value, part) != 0 for part in inner.split("|"))
        case _:
            return lambda field, value: True  # the webservice knows no such operator and adds no condition


def _inside(inner: str) -> Callable[[Field, str], bool]:
    if inner.find("|") > 0:
        parts = inner.split("|")

        @cache
        def wanted(field: Field) -> frozenset[Decimal | str]:
            return frozenset(_key(field, part) for part in parts)

        return lambda field, value: _key(field, value) in wanted(field)
    if found := _RANGE.match(inner):
        low, high = sorted(found.groups(), key=lambda end: (_number(end), end))
        return lambda field, value: _compare(field, value, low) >= 0 and _compare(field, value, high) <= 0
    return lambda field, value: _compare(field, value, inner) == 0


def _compare(field: Field, value: str, other: str) -> int:
    left: Any = _key(field, value)
    right: Any = _key(field, other)
    return int(left > right) - int(left < right)


def _key(field: Field, text: str) -> Decimal | str:
    if field.numeric:
        return _number(text)
    if field.kind == "@":
        return text.strip() if len(text.strip()) > 10 else f"{text.strip()} 00:00:00"
    return _folded(text)


def _sort_key(field: Field) -> Callable[[Row], tuple[int, Any]]:
    def key(row: Row) -> tuple[int, Any]:
        stored = _stored(row.get(field.name))
        return (1, _key(field, stored[0])) if stored else (0, "")

    return key


def _number(text: str) -> Decimal:
    """A text as the database casts it: the number it begins with, else zero."""
    found = _LEADING_NUMBER.match(text)
    return Decimal(found[0].strip()) if found else Decimal(0)


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold().rstrip(" ")
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.casefold().rstrip(" ")


def _like(pattern: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in _folded(pattern)), re.DOTALL)


def _order(resource: Resource, text: str | None, with_dates: bool) -> list[tuple[str, bool]]:
    """The fields to sort by and whether downwards; codes 37 and 38."""
    if text is None:
        return []
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    order = []
    for part in inner.split(","):
        name, _, direction = part.rpartition("_")
        if direction.upper() not in ("ASC", "DESC"):
            raise Complaint(400, (37, 'The "sort" value has to be formed as this example: "field_ASC" or "[a_DESC,b_ASC]"'))
        if name not in _filterable(resource, with_dates):
            known = ", ".join(_filterable(resource, with_dates))
            raise Complaint(400, (38, f"Unable to filter by this field. However, these are available: {known}"))
        order.append((name, direction.upper() == "DESC"))
    return order


def _window(text: str | None) -> tuple[int, int] | None:
    """Offset and count of `limit=`; whatever is no number counts as zero; code 39 for more than two parts."""
    if text is None:
        return None
    parts = [_whole(part) for part in text.split(",")]
    if len(parts) > 2:
        raise Complaint(400, (39, 'The "limit" value has to be formed as this example: "5,25" or "10"'))
    return (0, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def _cut(rows: list[Row], window: tuple[int, int] | None) -> list[Row]:
    if window is None:
        return rows
    offset, count = window
    if offset < 0 or count < 0:
        raise _SqlError("limit")
    return rows[offset : offset + count]


def _whole(text: str) -> int:
    found = _LEADING_INT.match(text)
    return int(found[0]) if found else 0
