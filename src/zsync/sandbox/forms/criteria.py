"""The criteria of Creator's API: comparisons with &&, || and parentheses over the fields of a form (facts, section 5).

Field == "text"   Field > 12.5   Day >= '01-Jan-2026'   Field.contains("x")   Field == null   ID == 3888833...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from zsync.sandbox.forms.application import Form
from zsync.sandbox.web import Refusal

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<op>&&|\|\||==|!=|<=|>=|<|>|[().])|(?P<text>\"[^\"\\]*\")|(?P<date>'[^']*')|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*))"
)
_NO = Refusal(400, 11000, "Invalid value for the parameter criteria.")


def compiled(text: str, form: Form, date_pattern: str) -> Test:
    """The test that a criteria is. Refusal 11000 for one that is not understood, or names no field of the form."""
    return _Parser(_tokens(text), form, date_pattern).whole()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _NO
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], form: Form, date_pattern: str) -> None:
        self._tokens = tokens
        self._form = form
        self._pattern = date_pattern
        self._at = 0

    def whole(self) -> Test:
        test = self._either()
        if self._at != len(self._tokens):
            raise _NO
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._accept("||"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._accept("&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._accept("("):
            test = self._either()
            self._expect(")")
            return test
        name = self._take("name")
        if name != "ID" and self._form.field(name) is None:
            raise _NO
        if self._accept("."):
            return self._method(name)
        operator = self._take("op")
        kind, text = self._next()
        return self._comparison(name, operator, kind, text)

    def _method(self, name: str) -> Test:
        method = self._take("name")
        self._expect("(")
        text = self._take("text")[1:-1]
        self._expect(")")
        match method:
            case "contains":
                return lambda row: text in _text(row.get(name))
            case "startsWith":
                return lambda row: _text(row.get(name)).startswith(text)
            case "endsWith":
                return lambda row: _text(row.get(name)).endswith(text)
            case _:
                raise _NO

    def _comparison(self, name: str, operator: str, kind: str, text: str) -> Test:
        if kind == "name" and text == "null":
            empty = operator == "=="
            return lambda row: (_text(row.get(name)) == "") is empty
        if kind not in ("text", "number", "date"):
            raise _NO
        wanted = text[1:-1] if kind in ("text", "date") else text
        compare = _OPERATORS.get(operator)
        if compare is None:
            raise _NO
        return lambda row: compare(self._ordered(_text(row.get(name)), wanted, kind))

    def _ordered(self, left: str, right: str, kind: str) -> int | None:
        """Below, equal or above; None where the two cannot be compared."""
        try:
            if kind == "number":
                one, other = Decimal(left), Decimal(right)
                return (one > other) - (one < other)
            if kind == "date":
                first, second = (datetime.strptime(each[:20].strip(), self._pattern) for each in (left, right))  # noqa: DTZ007
                return (first > second) - (first < second)
        except (InvalidOperation, ValueError):
            return None
        return (left > right) - (left < right)

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _NO
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise _NO
        return text

    def _accept(self, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("op", text):
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise _NO


_OPERATORS: Mapping[str, Callable[[int | None], bool]] = {
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order is not None and order < 0,
    ">": lambda order: order is not None and order > 0,
    "<=": lambda order: order is not None and order <= 0,
    ">=": lambda order: order is not None and order >= 0,
}


def _text(value: Any) -> str:
    match value:
        case None | []:
            return ""
        case {"zc_display_value": str(text)}:
            return text
        case list():
            return ",".join(map(_text, value))
        case _:
            return str(value)
