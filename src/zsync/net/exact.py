"""JSON with exact numbers, both ways: money never passes through a float.

Reading takes every number with a point as Decimal and refuses what two readers could understand differently (a name that
stands twice, NaN, half a character). Writing sends a number only if a remote that keeps doubles gets the same number back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from zsync.errors import ContractBroken, RecordError

_DEEPEST = 60
_WIDEST_EXPONENT = 400
"""More than any double has. A larger one is no amount, and writing it out would fill the memory."""


def decode(body: bytes, request_id: str = "") -> Any:
    """The value of a JSON text in UTF-8: whole numbers as int, all others as Decimal. ContractBroken if it is none."""
    try:
        text = body.decode("utf-8")
        loaded = json.loads(text, parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_no_twice)
        _check(loaded)
    except (ValueError, RecursionError) as err:
        raise ContractBroken("the answer is no proper JSON", request_id=request_id) from err
    return loaded


def encode(body: Mapping[str, object]) -> bytes:
    """A JSON object in UTF-8. RecordError for a number that would not survive; TypeError for a float (a defect of ours)."""
    return _written(body).encode("utf-8")


# --- reading ----------------------------------------------------------------------------------------------------------


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as err:
        raise ValueError("a number out of all bounds") from err
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _WIDEST_EXPONENT:
        raise ValueError("a number out of all bounds")
    return number


def _no_constant(_name: str) -> object:
    raise ValueError("NaN or infinity")


def _no_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _check(node: object, depth: int = 0) -> None:
    """ValueError for what nests too deep and for half characters, which no other program takes."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    match node:
        case str():
            node.encode("utf-8")
        case dict():
            for name, value in node.items():
                _check(name, depth + 1)
                _check(value, depth + 1)
        case list():
            for value in node:
                _check(value, depth + 1)
        case _:
            return


# --- writing ----------------------------------------------------------------------------------------------------------


def _written(node: object) -> str:
    match node:
        case None | bool() | str():
            return json.dumps(node, ensure_ascii=False)
        case int() | Decimal():
            return _exact(Decimal(node))
        case Mapping():
            return "{" + ",".join(f"{_name(name)}:{_written(value)}" for name, value in node.items()) + "}"
        case Sequence() if not isinstance(node, bytes | bytearray):
            return "[" + ",".join(_written(value) for value in node) + "]"
        case _:
            raise TypeError(f"{type(node).__name__} in a body: money is Decimal, the rest is text")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{type(name).__name__} as a name in a body")
    return json.dumps(name, ensure_ascii=False)


def _exact(number: Decimal) -> str:
    """The number without an exponent, as people write it; only if a double holds it."""
    if not number.is_finite():
        raise RecordError("an amount is no number", hint="look at the record in the source")
    if Decimal(repr(float(number))) != number:
        raise RecordError("an amount has more digits than the remote keeps", hint="look at the record in the source")
    if number == number.to_integral_value():
        return str(int(number))
    return f"{number.normalize():f}"
