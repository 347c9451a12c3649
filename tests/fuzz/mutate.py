"""What can be wrong with an answer or a file: named mutations, the same for the same seed.

TREE   a mutation of one place of a JSON value: another type, a huge number, a missing or an unknown field, odd text
BODY   a mutation of the bytes as a whole: empty, cut off, HTML, nested too deep, a name twice, not UTF-8
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

Place = tuple[str | int, ...]

ODD_TEXT: Mapping[str, str] = {
    "nul": "a\x00b",
    "half character": "a\ud800b",
    "right to left": "\u202eabc\u2066\u05d0",
    "combining": "e" + "\u0301" * 500,
    "controls": "a\x1b[31m\r\n\x07",
}

VALUES: Mapping[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a negative number": -1,
    "a text": "x",
    "an empty text": "",
    "a list": [],
    "a list of lists": [[1], ["x"]],
    "an object": {},
    "an object of objects": {"a": {"b": 1}},
    "a number of twenty digits": 10**20,
    **ODD_TEXT,
}

RAW: Mapping[str, bytes] = {
    "1e400": b"1e400",
    "an endless exponent": b"1e999999999999999999999",
    "five thousand digits": b"9" * 5000,
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "nested deep": b"[" * 100_000 + b"]" * 100_000,
}

_MARK = "\ufdd0mutation\ufdd0"


def places(tree: object, at: Place = ()) -> list[Place]:
    """Every place of a JSON value, the whole first."""
    found = [at]
    if isinstance(tree, dict):
        for name, value in tree.items():
            found += places(value, (*at, name))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            found += places(value, (*at, number))
    return found


def put(tree: Any, at: Place, value: object) -> Any:
    """The tree with another value at a place; the given one is changed, too."""
    if not at:
        return value
    node = tree
    for step in at[:-1]:
        node = node[step]
    node[at[-1]] = value
    return tree


def drop(tree: Any, at: Place) -> Any:
    """The tree without what stands at a place; the root cannot be dropped, null stands for it."""
    if not at:
        return None
    node = tree
    for step in at[:-1]:
        node = node[step]
    del node[at[-1]]
    return tree


def mutated_json(body: bytes, name: str, rng: random.Random) -> bytes:
    """A JSON text with one mutation of `TREE`, somewhere. ValueError if the text is no JSON."""
    tree = json.loads(body)
    at = rng.choice(places(tree))
    if name in VALUES:
        return json.dumps(put(tree, at, VALUES[name])).encode()
    if name in RAW:
        return json.dumps(put(tree, at, _MARK)).encode().replace(json.dumps(_MARK).encode(), RAW[name])
    if name == "missing":
        return json.dumps(drop(tree, at)).encode()
    if name == "unknown field":
        objects = [each for each in places(tree) if isinstance(_value(tree, each), dict)]
        if objects:
            _value(tree, rng.choice(objects))["unheard of"] = {"a": [1, None]}
        return json.dumps(tree).encode()
    raise KeyError(name)


def _value(tree: Any, at: Place) -> Any:
    for step in at:
        tree = tree[step]
    return tree


def _cut(body: bytes, rng: random.Random) -> bytes:
    return body[: rng.randrange(len(body))] if body else b""


def _flip(body: bytes, rng: random.Random) -> bytes:
    if not body:
        return b"\xff"
    at = rng.randrange(len(body))
    return body[:at] + bytes([body[at] ^ (1 << rng.randrange(8))]) + body[at + 1 :]


BODY: Mapping[str, Callable[[bytes, random.Random], bytes]] = {
    "empty": lambda _body, _rng: b"",
    "cut off": _cut,
    "a bit flipped": _flip,
    "html": lambda _body, _rng: b"<!doctype html><html><body>maintenance</body></html>",
    "not utf-8": lambda body, _rng: body[:1] + b"\xff\xfe" + body[1:],
    "twice": lambda body, _rng: body + body,
    "a name twice": lambda body, _rng: body.replace(b"{", b'{"a":1,"a":2,', 1),
    "deep all over": lambda _body, _rng: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "ten megabytes": lambda _body, _rng: b'{"a":"' + b"x" * 10_000_000 + b'"}',
}

TREE = (*VALUES, *RAW, "missing", "unknown field")
ALL = (*TREE, *BODY)


def mutated(body: bytes, name: str, rng: random.Random) -> bytes:
    """The bytes with the mutation of this name. What is no JSON is cut off where the mutation wants JSON."""
    if name in BODY:
        return BODY[name](body, rng)
    try:
        return mutated_json(body, name, rng)
    except ValueError:
        return _cut(body, rng)
