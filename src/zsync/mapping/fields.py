"""Field maps: what a field of the target is made of, and the value that a record gives for it. Pure.

    path "PrimaryEmailAddr.Address"  |  template "{{ a }} {{ b }}"  |  constant      --> value --table, as, round, cut--> value
                                                                                     '-- empty? --> default

A path leads through maps by name and through lists by number from 0 (`Line.0.Amount`). What a record does not have is empty.
Errors are Unmappable and name the key of the configuration; they never repeat a value, which may be a guest's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal, get_args

from zsync.errors import Unmappable
from zsync.mapping.templates import render
from zsync.model.intent import plain
from zsync.model.record import Value

As = Literal["text", "integer", "decimal", "money", "percent", "date", "datetime", "time", "bool", "list"]
KINDS: tuple[str, ...] = get_args(As)

Fields = Mapping[str, Value]

_PATH = re.compile(r"[^\s.{}\"]+(\.[^\s.{}\"]+)*\Z")
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on", "y"}), frozenset({"false", "0", "no", "off", "n"})


@dataclass(frozen=True, slots=True)
class Lookup:
    """The id, at the target, of the record of another entity; `id` is its id in the source."""

    entity: str
    id: str


Mapped = Value | Lookup | list["Mapped"] | dict[str, "Mapped"]
"""What a rule gives: a value, a lookup, or maps and lists of them for fields that have parts."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is made. `where` is its key in the configuration.

    Exactly one of `path`, `template`, `constant` says where the value comes from, or `parts` what the parts of a compound field
    (name, address; with `each` the rows of a subform) are. `as_` empty: as the target's field wants it. `format` is the
    `strptime` pattern of a date in the source where that is not ISO 8601. `split` divides a text into a list.
    """

    where: str
    path: str = ""
    template: str = ""
    constant: Value = None
    as_: As | Literal[""] = ""
    format: str = ""
    default: Value = None
    table: Mapping[str, str] = field(default_factory=dict)
    lookup: str = ""
    round: int | None = None
    cut: int | None = None
    split: str = ""
    parts: Mapping[str, Rule] = field(default_factory=dict)
    each: str = ""


def evaluate(rule: Rule, fields: Fields) -> Mapped:
    """What `fields` give for this field; None where they have nothing for it. Raises Unmappable naming `rule.where`."""
    if rule.parts:
        return _compound(rule, fields)
    value = _source(rule, fields)
    if is_empty(value):
        value = rule.default
        if is_empty(value):
            return None
    elif rule.table:
        value = _translated(rule, value)
    if rule.lookup:
        if isinstance(value, list):
            several: list[Mapped] = [Lookup(rule.lookup, as_text(each)) for each in value]
            return several
        return Lookup(rule.lookup, as_text(value))
    converted = convert(value, rule.as_, rule) if rule.as_ else value
    return _shaped(converted, rule)


def is_empty(value: object) -> bool:
    """Nothing to write: a field that the source leaves out, an empty text, an empty list."""
    return value is None or value == "" or value == [] or value == {}


def at(fields: Fields, path: str) -> Value:
    """What stands at a dotted path; None where nothing does."""
    node: Value = dict(fields)
    for part in path.split("."):
        match node:
            case dict():
                node = node.get(part)
            case list() if part.isdecimal() and int(part) < len(node):
                node = node[int(part)]
            case _:
                return None
    return node


def is_path(text: str) -> bool:
    return _PATH.match(text) is not None


def paths(rule: Rule) -> Iterator[str]:
    """The paths that a rule follows in the record (those of a template are its own business)."""
    if rule.path:
        yield rule.path
    if rule.each:
        yield rule.each
    else:
        for part in rule.parts.values():
            yield from paths(part)


# --- conversions --------------------------------------------------------------------------------------------------------


def convert(value: Value, kind: As | Literal[""], rule: Rule) -> Value:
    """`value` as this kind of thing. Raises Unmappable naming the rule where it is none."""
    match kind:
        case "" | "text":
            return as_text(value) if kind == "text" else value
        case "integer":
            number = _number(value, rule)
            if number != number.to_integral_value():
                raise _bad(rule, "a whole number is wanted, and the value has decimals", "round = 0 rounds it")
            return number
        case "decimal" | "money" | "percent":
            return _number(value, rule)
        case "date":
            return _date(value, rule)
        case "datetime":
            return _datetime(value, rule)
        case "time":
            return _time(value, rule)
        case "bool":
            return _bool(value, rule)
        case "list":
            return _list(value, rule)


def as_text(value: Value) -> str:
    """A value as people write it: numbers without needless zeros, dates in ISO 8601, yes and no as `true` and `false`."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain(value)
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case list():
            return ", ".join(as_text(each) for each in value)
        case dict():
            return ", ".join(as_text(each) for each in value.values() if not is_empty(each))


def _number(value: Value, rule: Rule) -> Decimal:
    match value:
        case bool():
            return Decimal(int(value))
        case Decimal() | int():
            return Decimal(value)
        case str():
            try:
                number = Decimal(value.strip())
            except InvalidOperation as err:
                raise _bad(rule, "a number is wanted, and the value is none") from err
            if not number.is_finite():
                raise _bad(rule, "a number is wanted, and the value is none")
            return number
        case _:
            raise _bad(rule, "a number is wanted, and the value is none")


def _date(value: Value, rule: Rule) -> date:
    """The day as the source has it: a moment counts by its own offset, for a date has no zone."""
    match value:
        case datetime():
            return value.date()
        case date():
            return value
        case str() if rule.format:
            return _parsed(value, rule).date()
        case str():
            try:
                return date.fromisoformat(value.strip()[:10])
            except ValueError as err:
                raise _bad(rule, "a date is wanted, and the value is none", "give the format that the source has it in") from err
        case _:
            raise _bad(rule, "a date is wanted, and the value is none")


def _datetime(value: Value, rule: Rule) -> datetime:
    """Aware where the source says its offset; without one it is taken as the target's own time."""
    match value:
        case datetime():
            return value
        case date():
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a day has no zone: the target's own
        case str() if rule.format:
            return _parsed(value, rule)
        case str():
            try:
                return datetime.fromisoformat(value.strip())
            except ValueError as err:
                words = "a date with a time is wanted, and the value is none"
                raise _bad(rule, words, "give the format that the source has it in") from err
        case _:
            raise _bad(rule, "a date with a time is wanted, and the value is none")


def _parsed(value: str, rule: Rule) -> datetime:
    try:
        return datetime.strptime(value.strip(), rule.format)  # noqa: DTZ007 - with %z it is aware
    except ValueError as err:
        raise _bad(rule, f"the value does not have the format `{rule.format}`") from err


def _time(value: Value, rule: Rule) -> str:
    match value:
        case datetime():
            return value.strftime("%H:%M:%S")
        case str() if rule.format:
            return _parsed(value, rule).strftime("%H:%M:%S")
        case str():
            found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", value.strip())
            if found is not None:
                return f"{int(found[1]):02}:{found[2]}:{found[3] or '00'}"
    raise _bad(rule, "a time of day is wanted, and the value is none")


def _bool(value: Value, rule: Rule) -> bool:
    match value:
        case bool():
            return value
        case Decimal() | int() if value in (0, 1):
            return bool(value)
        case str() if value.strip().lower() in _TRUE | _FALSE:
            return value.strip().lower() in _TRUE
        case _:
            raise _bad(rule, "yes or no is wanted, and the value is neither", "a table can translate it")


def _list(value: Value, rule: Rule) -> list[Value]:
    match value:
        case list():
            return list(value)
        case str() if rule.split:
            return [part.strip() for part in value.split(rule.split) if part.strip()]
        case _:
            return [value]


# --- kitchen ------------------------------------------------------------------------------------------------------------


def _source(rule: Rule, fields: Fields) -> Value:
    if rule.template:
        return render(rule.template, fields, rule.where).strip()
    if rule.path:
        return at(fields, rule.path)
    return rule.constant


def _compound(rule: Rule, fields: Fields) -> Mapped:
    if rule.each:
        rows = at(fields, rule.each)
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        made: list[Mapped] = [_parts(rule, {**row, "parent": dict(fields)}) for row in found]
        return made or None
    parts = _parts(rule, fields)
    return parts if any(not is_empty(value) for value in parts.values()) else None


def _parts(rule: Rule, fields: Fields) -> dict[str, Mapped]:
    return {name: evaluate(part, fields) for name, part in rule.parts.items()}


def _translated(rule: Rule, value: Value) -> Value:
    known = rule.table.get(as_text(value))
    if known is not None:
        return known
    if not is_empty(rule.default):
        return rule.default
    raise Unmappable(
        f"`{rule.where}` has a value that its table does not",
        hint=f"add the value to {rule.where}.table (`zsync show` shows it), or give a default there",
    )


def _shaped(value: Value, rule: Rule) -> Value:
    """Rounded and cut, where that is asked for."""
    if rule.round is not None:
        number = _number(value, rule)
        value = number.quantize(Decimal(1).scaleb(-rule.round), ROUND_HALF_UP)
    if rule.cut is not None:
        value = as_text(value)[: rule.cut].rstrip()
    return value


def _bad(rule: Rule, words: str, hint: str = "") -> Unmappable:
    return Unmappable(
        f"`{rule.where}`: {words}", hint=hint or f"correct {rule.where} in the configuration, or the source's value"
    )


# --- conditions ---------------------------------------------------------------------------------------------------------

Condition = tuple[str, str, Value]
"""(path, operator, operand): see `OPERATORS`."""

OPERATORS = ("is", "not", "in", "lt", "le", "gt", "ge", "set")


def matches(fields: Fields, conditions: Sequence[Condition]) -> bool:
    """Whether all of these hold. Numbers are compared as numbers where both sides are, everything else as text."""
    return all(_holds(at(fields, path), operator, operand) for path, operator, operand in conditions)


def _holds(value: Value, operator: str, operand: Value) -> bool:
    match operator:
        case "set":
            return is_empty(value) is not bool(operand)
        case "is":
            return _compared(value, operand) == 0
        case "not":
            return _compared(value, operand) != 0
        case "in":
            return isinstance(operand, list) and any(_compared(value, each) == 0 for each in operand)
        case "lt":
            return not is_empty(value) and _compared(value, operand) < 0
        case "le":
            return not is_empty(value) and _compared(value, operand) <= 0
        case "gt":
            return not is_empty(value) and _compared(value, operand) > 0
        case _:
            return not is_empty(value) and _compared(value, operand) >= 0


def _compared(one: Value, other: Value) -> int:
    left, right = as_text(one), as_text(other)
    try:
        first, second = Decimal(left), Decimal(right)
    except InvalidOperation:
        return (left > right) - (left < right)
    return (first > second) - (first < second)
