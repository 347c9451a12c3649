"""Lists: filters, sorting, pages (facts, sections 3, 4 and 6).

A filter whose name is not known is ignored, as live: the answer is simply not filtered. A bad value of a known one is
refused with code 2, a text of more than 100 characters with code 15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from zsync.sandbox.books.store import Record
from zsync.sandbox.books.values import amount, day_of, invalid, too_long
from zsync.sandbox.web import Reply

Kind = Literal["text", "number", "day", "time", "id", "ids"]
Test = Callable[[Record], bool]

PER_PAGE = 200
_LONGEST_FILTER = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """How a module's list is asked.

    `filters`: names with their kind. `plain`: those that know no variants; `sets`: text filters that also know `_in` and
    `_not_in`. `states`: the values of `filter_by` with their test. `unfiltered`: the `filter_by` that holds when none is
    given. `search`: where `search_text` looks. `columns`: what a row of the list shows.
    """

    key: str
    report: str
    filters: Mapping[str, Kind]
    states: Mapping[str, Test]
    search: Sequence[str]
    sort: Sequence[str]
    columns: Sequence[str]
    unfiltered: str = "Status.All"
    plain: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    under: Mapping[str, str] = field(default_factory=dict)


def page_of(listing: Listing, faces: Iterable[Record], query: Mapping[str, str]) -> Reply:
    """One page of a list."""
    state = query.get("filter_by", "").strip() or listing.unfiltered
    if state not in listing.states:
        raise invalid("filter_by")
    tests = [listing.states[state], *_tests(listing, query)]
    found = [face for face in faces if all(test(face) for test in tests)]
    column, found = _sorted(listing, found, query)
    page, per_page = _number(query, "page", 1), min(_number(query, "per_page", PER_PAGE), PER_PAGE)
    start = (page - 1) * per_page
    context: dict[str, Any] = {
        "page": page,
        "per_page": per_page,
        "has_more_page": len(found) > start + per_page,
        "report_name": listing.report,
        "applied_filter": state,
        "sort_column": column,
        "sort_order": query.get("sort_order", "A"),
    }
    if query.get("response_option") == "2":
        return Reply({"page_context": context | {"total": len(found)}})
    rows = [{name: face.get(name, "") for name in listing.columns} for face in found[start : start + per_page]]
    return Reply({listing.key: rows, "page_context": context})


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    if not value:
        return default
    if not value.isdigit() or int(value) < 1:
        raise invalid(name)
    return int(value)


def _sorted(listing: Listing, found: list[Record], query: Mapping[str, str]) -> tuple[str, list[Record]]:
    """By the column asked for; else newest first, as the web application does."""
    column = query.get("sort_column", "")
    if not column:
        return "created_time", list(reversed(found))
    if column not in listing.sort:
        raise invalid("sort_column")
    down = query.get("sort_order", "A") == "D"
    return column, sorted(found, key=lambda face: _sort_key(face.get(column, "")), reverse=down)


def _sort_key(value: object) -> tuple[int, Decimal, str]:
    if isinstance(value, Decimal | int):
        return 0, Decimal(value), ""
    return 1, Decimal(0), str(value).casefold()


def _tests(listing: Listing, query: Mapping[str, str]) -> list[Test]:
    tests = []
    for asked, value in query.items():
        found = _filter_of(listing, asked)
        if found is not None and value != "":
            name, variant = found
            tests.append(_test(listing, name, variant, value))
    if query.get("search_text"):
        wanted = query["search_text"].casefold()
        tests.append(lambda face: any(wanted in str(face.get(name, "")).casefold() for name in listing.search))
    return tests


_VARIANTS: Mapping[Kind, Sequence[str]] = {
    "text": ("_startswith", "_contains"),
    "number": ("_less_than", "_less_equals", "_greater_than", "_greater_equals"),
    "day": ("_start", "_end", "_before", "_after"),
    "time": (),
    "id": (),
    "ids": (),
}


def _filter_of(listing: Listing, asked: str) -> tuple[str, str] | None:
    """(name, variant) of a filter, or None for a name that is not known: ignored."""
    return next(((name, variant) for name, variant in known_filters(listing) if asked == name + variant), None)


def known_filters(listing: Listing) -> Iterator[tuple[str, str]]:
    """Every filter of a list, as (name, variant)."""
    for name, kind in listing.filters.items():
        variants = () if name in listing.plain else _VARIANTS[kind]
        for variant in ("", *variants, *(("_in", "_not_in") if name in listing.sets else ())):
            yield name, variant


def _test(listing: Listing, name: str, variant: str, value: str) -> Test:
    column = listing.under.get(name, name)
    match listing.filters[name]:
        case "number":
            return _number_test(column, variant, amount(value, name))
        case "day":
            return _day_test(column, variant, day_of(value, name).isoformat())
        case "time":
            return _time_test(column, value)
        case "id":
            return lambda face: value in _texts(face, column)
        case "ids":
            wanted = {each.strip() for each in value.split(",")}
            return lambda face: str(face.get(column, "")) in wanted
        case "text":
            if len(value) > _LONGEST_FILTER and variant not in ("_in", "_not_in"):
                raise too_long(name, _LONGEST_FILTER)
            return _text_test(column, variant, value.casefold())


def _texts(face: Record, column: str) -> list[str]:
    """What a text filter looks at: a field, or the field of each line (`line_items.name`)."""
    outer, _, inner = column.partition(".")
    if not inner:
        return [str(face.get(outer, "")).casefold()]
    return [str(row.get(inner, "")).casefold() for row in face.get(outer, [])]


def _text_test(column: str, variant: str, wanted: str) -> Test:
    several = {each.strip() for each in wanted.split(",")}
    match variant:
        case "_startswith":
            return lambda face: any(each.startswith(wanted) for each in _texts(face, column))
        case "_contains":
            return lambda face: any(wanted in each for each in _texts(face, column))
        case "_in":
            return lambda face: any(each in several for each in _texts(face, column))
        case "_not_in":
            return lambda face: not any(each in several for each in _texts(face, column))
        case _:
            return lambda face: wanted in _texts(face, column)


def _number_test(column: str, variant: str, wanted: Decimal) -> Test:
    def of(face: Record) -> Decimal:
        return Decimal(face.get(column) or 0)

    match variant:
        case "_less_than":
            return lambda face: of(face) < wanted
        case "_less_equals":
            return lambda face: of(face) <= wanted
        case "_greater_than":
            return lambda face: of(face) > wanted
        case "_greater_equals":
            return lambda face: of(face) >= wanted
        case _:
            return lambda face: of(face) == wanted


def _day_test(column: str, variant: str, wanted: str) -> Test:
    def of(face: Record) -> str:
        return str(face.get(column, ""))[:10]

    match variant:
        case "_start":
            return lambda face: of(face) >= wanted
        case "_end":
            return lambda face: of(face) <= wanted
        case "_before":
            return lambda face: of(face) < wanted
        case "_after":
            return lambda face: of(face) > wanted
        case _:
            return lambda face: of(face) == wanted


def _time_test(column: str, value: str) -> Test:
    """Changed at that time or later."""
    try:
        wanted = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError as err:
        raise invalid(column) from err
    return lambda face: datetime.strptime(str(face[column]), "%Y-%m-%dT%H:%M:%S%z") >= wanted
