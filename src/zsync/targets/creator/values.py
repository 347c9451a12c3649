"""What a field of a form takes: values as the API wants them, by the field's own type, or the reason why not. Pure.

Dates in the application's format, moments in its zone, numbers exact, choices as they are listed, an id for a lookup. Nothing to
write is None (an empty list for a field that holds several): left out of a new record, cleared in one that stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from zsync.errors import Unmappable
from zsync.mapping.fields import Lookup, Mapped, Rule, as_text, convert, is_empty
from zsync.model.intent import Body, Node, Ref
from zsync.model.record import Value
from zsync.model.zones import known_zone
from zsync.targets.creator.forms import CHOICE_TYPES, COMPOUND, LIST_TYPES, SUBFORM, Application, Field

Reference = Callable[[Lookup], Ref]
"""The Ref to the row of another entity's record."""

_MOST_BYTES = 65_535


def written(value: Mapped, field: Field, rule: Rule, app: Application, reference: Reference) -> Node:
    """The value as this field takes it. Raises Unmappable naming the rule."""
    if not field.is_writable:
        raise _no(rule, field, "it is filled by Creator itself, or by an upload", "leave it out of the map")
    if is_empty(value):
        return [] if field.type in LIST_TYPES or field.type == SUBFORM else None
    if field.is_lookup:
        return _lookup(value, field, rule, reference)
    if isinstance(value, Lookup):
        raise _no(rule, field, "it is no lookup", "leave `lookup` out, or name a lookup field")
    if field.type in COMPOUND:
        return _compound(value, field, rule)
    if field.type == SUBFORM:
        return _rows(value, field, rule, app, reference)
    return _plain(_as_value(value), field, rule, app)


def _plain(value: Value, field: Field, rule: Rule, app: Application) -> Node:
    match field.type:
        case 1:
            return _text(" ".join(as_text(value).split("\n")).strip(), field, rule, field.most or 255)
        case 2 | 4:
            return _long_text(as_text(value), field, rule)
        case 3 | 26 | 27 | 31:
            return _text(as_text(value).strip(), field, rule, field.most or 255)
        case 5:
            return _number(convert(value, "integer", rule), field, rule)
        case 6 | 7 | 8:
            return _number(convert(value, "decimal", rule), field, rule)
        case 10:
            return app.day(_date(convert(value, "date", rule)))
        case 11:
            return app.moment(_local(_moment(convert(value, "datetime", rule)), field, rule, app))
        case 34:
            return as_text(convert(value, "time", rule))
        case 16:
            return bool(convert(value, "bool", rule))
        case 17:
            return {"url": _text(as_text(value).strip(), field, rule, 2048)}
        case 12 | 13:
            return _choice(as_text(value), field, rule)
        case _:
            listed = convert(value, "list", rule)
            return [_choice(as_text(each), field, rule) for each in listed] if isinstance(listed, list) else []


def _lookup(value: Mapped, field: Field, rule: Rule, reference: Reference) -> Node:
    """An id, or a list of them; of another entity's record as a Ref."""
    several = field.type in LIST_TYPES
    if isinstance(value, list):
        if not several:
            raise _no(rule, field, "it takes one record, and the value names several")
        return [_id(each, field, rule, reference) for each in value]
    one = _id(value, field, rule, reference)
    return [one] if several else one


def _id(value: Mapped, field: Field, rule: Rule, reference: Reference) -> Node:
    if isinstance(value, Lookup):
        return reference(value)
    text = as_text(_as_value(value))
    if not text.isascii() or not text.isdecimal():
        raise _no(rule, field, "it takes the ID of another record", 'add lookup = "NAME" with the entity that has it')
    return text


def _compound(value: Mapped, field: Field, rule: Rule) -> Node:
    """A name or an address: its parts by name."""
    if not isinstance(value, Mapping):
        known = ", ".join(field.parts)
        raise _no(rule, field, "it has parts", f"write them one by one: {{ fields = {{ ... }} }} with {known}")
    made: Body = {}
    for name, part in value.items():
        if field.parts and name not in field.parts:
            raise _no(rule, field, f"it has no part `{name}`", f"known: {', '.join(field.parts)}")
        if not is_empty(part):
            made[name] = _text(as_text(_as_value(part)).strip(), field, rule, 255)
    return made


def _rows(value: Mapped, field: Field, rule: Rule, app: Application, reference: Reference) -> Node:
    """The rows of a subform, each a map of its own fields."""
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise _no(rule, field, "it has rows", 'give { each = "Line", fields = { ... } }')
    made: list[Node] = []
    for row in value:
        body: Body = {}
        for name, part in row.items() if isinstance(row, dict) else ():
            inner = field.rows.get(name)
            if inner is None:
                raise _no(rule, field, f"its rows have no field `{name}`", f"known: {', '.join(field.rows)}")
            body[name] = written(part, inner, rule.parts.get(name, rule), app, reference)
        made.append(body)
    return made


def _text(text: str, field: Field, rule: Rule, most: int) -> str:
    if len(text) > most:
        raise _no(rule, field, f"it takes {most} characters, and the value has {len(text)}", f"cut = {most} cuts it there")
    return text


def _long_text(text: str, field: Field, rule: Rule) -> str:
    if field.most and len(text) > field.most:
        return _text(text, field, rule, field.most)
    if len(text.encode()) > _MOST_BYTES:
        raise _no(rule, field, f"it takes {_MOST_BYTES} bytes, and the value has more", "cut shortens it")
    return text.replace("\r\n", "\n")


def _number(value: Value, field: Field, rule: Rule) -> Decimal:
    """A number that the field keeps as it is: no digit more than it has room for."""
    if not isinstance(value, Decimal):
        raise _no(rule, field, "it takes a number")
    number = value.normalize()
    exponent = number.as_tuple().exponent
    decimals = max(-exponent, 0) if isinstance(exponent, int) else 0
    if field.type != 5 and field.decimals is not None and decimals > field.decimals:
        raise _no(
            rule,
            field,
            f"it keeps {field.decimals} decimals, and the value has {decimals}",
            f"round = {field.decimals} rounds it, or give the field more decimals",
        )
    digits = len(str(abs(int(number))))
    if field.most is not None and digits > field.most:
        raise _no(rule, field, f"it takes {field.most} digits, and the value has {digits}")
    return Decimal(0) if number == 0 else number


def _choice(text: str, field: Field, rule: Rule) -> str:
    if field.choices and text not in field.choices:
        raise _no(rule, field, "the value is none of its choices", "add the choice to the field, or translate it by a table")
    return text


def _as_value(value: Mapped) -> Value:
    """A mapped thing that is no lookup and has no parts."""
    if isinstance(value, Lookup):
        raise TypeError("a lookup is no value")
    return value  # type: ignore[return-value] # maps and lists of values are values


def _date(value: Value) -> date:
    if not isinstance(value, date):
        raise TypeError("no date")
    return value


def _moment(value: Value) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError("no moment")
    return value


def _local(moment: datetime, field: Field, rule: Rule, app: Application) -> datetime:
    """The moment as the application's clocks show it; one that says no zone is taken as it stands."""
    if moment.tzinfo is None:
        return moment
    zone = known_zone(app.time_zone)
    if zone is None:
        raise _no(rule, field, f"the application's time zone `{app.time_zone}` is not known here", "choose another in Creator")
    return moment.astimezone(zone).replace(tzinfo=None)


def _no(rule: Rule, field: Field, why: str, hint: str = "") -> Unmappable:
    return Unmappable(
        f"`{rule.where}`: the {field.kind} field does not take it: {why}", stale=True, hint=hint or f"correct {rule.where}"
    )


def takes(field: Field) -> str:
    """What to write in a map for this field, for people."""
    return "choices" if field.type in CHOICE_TYPES and field.choices else field.kind
