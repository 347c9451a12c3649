"""Durations as people write them in the configuration: "60s", "17m", "24h"; seconds inside."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"s": 1, "m": 60, "h": 3600}
_NEVER = "never"


def text_schema(pattern: str, example: str) -> WithJsonSchema:
    """The JSON Schema of a value that is written as text of this pattern."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


def _seconds(value: object) -> object:
    if isinstance(value, str) and value[:-1].isdecimal() and value.isascii() and value[-1:] in _UNITS and int(value[:-1]) > 0:
        return float(int(value[:-1]) * _UNITS[value[-1]])
    raise ValueError('give a number with its unit: "60s", "17m", "1h"')


def _seconds_or_never(value: object) -> object:
    if value == _NEVER:
        return None
    try:
        return _seconds(value)
    except ValueError as err:
        raise ValueError('give a number with its unit, such as "24h", or "never"') from err


def _duration(value: float | None) -> str:
    """Seconds as they are written: in the largest unit that fits."""
    if value is None:
        return _NEVER
    whole = int(value)
    unit = next(name for name, seconds in reversed(_UNITS.items()) if whole % seconds == 0)
    return f"{whole // _UNITS[unit]}{unit}"


Duration = Annotated[float, BeforeValidator(_seconds), PlainSerializer(_duration), text_schema("^[0-9]+[smh]$", "17m")]
DurationOrNever = Annotated[
    float | None,
    BeforeValidator(_seconds_or_never),
    PlainSerializer(_duration),
    text_schema("^([0-9]+[smh]|never)$", "24h"),
]
