"""The query language of QuickBooks, with its limits (facts, section 3).

select * | count(*) from Kind [where a = 'x' and b in ('y', 'z') ...] [orderby p [desc], ...] [startposition n] [maxresults n]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

NAMES = frozenset("Account Class Customer Department Employee Item PaymentMethod TaxCode TaxRate Term Vendor".split())
"""Kinds whose inactive members are hidden unless Active is asked for."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<op><=|>=|=|<|>|\(|\)|,|\*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z][A-Za-z0-9_.]*))"
)
_UNQUERYABLE = ("Line", "PrivateNote", "LinkedTxn", "TxnTaxDetail")
_MOST = 1000


class Fault(Exception):
    """A refusal: HTTP status, Intuit's code, message and detail."""

    def __init__(self, status: int, code: int, message: str, detail: str = "", kind: str = "ValidationFault") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail or message
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    kind: str
    counts: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    start: int = 1
    most: int = 100


def parsed(text: str) -> Query:
    """The query. Fault 4000 for what is none, 4001 for what may not be asked."""
    return _Parser(list(_tokens(text))).query()


def selected(query: Query, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All rows that the query is about, in its order, before paging."""
    asked_active = any(each.name.lower() == "active" for each in query.conditions)
    found = [
        row
        for row in rows
        if all(_holds(row, each) for each in query.conditions)
        and (query.kind not in NAMES or asked_active or row.get("Active", True))
    ]
    for name, descending in reversed(query.order or (("Id", False),)):
        found.sort(key=lambda row: _sort_key(_at(row, name)), reverse=descending)
    return found


def page(query: Query, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list(rows[query.start - 1 : query.start - 1 + query.most])


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        self._word("select")
        counts = not self._accept("*")
        if counts:
            for each in ("count", "(", "*", ")"):
                self._word(each)
        self._word("from")
        kind = self._take("word")
        conditions = tuple(self._where()) if self._accept("where") else ()
        order = tuple(self._order()) if self._accept("orderby") or (self._accept("order") and self._accept("by")) else ()
        start, most = 1, 100
        while self._at < len(self._tokens):
            if self._accept("startposition"):
                start = int(self._take("number"))
            elif self._accept("maxresults"):
                most = int(self._take("number"))
            else:
                raise _unparsable(self._tokens[self._at][1])
        if start < 1 or not 1 <= most <= _MOST:
            raise Fault(400, 4001, "Invalid query", "QueryValidationError: value for startposition or maxresults out of range")
        return Query(kind, counts, conditions, order, start, most)

    def _where(self) -> Iterator[Condition]:
        yield self._condition()
        while self._accept("and"):
            yield self._condition()

    def _condition(self) -> Condition:
        name = _queryable(self._take("word"))
        if self._accept("in"):
            self._word("(")
            values = [self._value()]
            while self._accept(","):
                values.append(self._value())
            self._word(")")
            return Condition(name, "in", tuple(values))
        if self._accept("like"):
            return Condition(name, "like", (self._value(),))
        operator = self._take("op")
        if operator not in ("=", "<", ">", "<=", ">="):
            raise _unparsable(operator)
        if name == "Id" and operator != "=":
            raise Fault(400, 4001, "Invalid query", "QueryValidationError: operator not supported for property Id")
        return Condition(name, operator, (self._value(),))

    def _order(self) -> Iterator[tuple[str, bool]]:
        while True:
            name = _queryable(self._take("word"))
            descending = self._accept("desc")
            if not descending:
                self._accept("asc")
            yield name, descending
            if not self._accept(","):
                return

    def _value(self) -> str:
        kind, text = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind in ("number", "word"):
            return text
        raise _unparsable(text)

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _unparsable("<EOF>")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise _unparsable(text)
        return text

    def _accept(self, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].lower() == text:
            self._at += 1
            return True
        return False

    def _word(self, text: str) -> None:
        if not self._accept(text):
            raise _unparsable(self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _unparsable(text[at : at + 10])
        yield match.lastgroup, match[match.lastgroup]
        at = match.end()


def _unparsable(near: str) -> Fault:
    return Fault(400, 4000, "Error parsing query", f"QueryParserError: Encountered {near}")


def _queryable(name: str) -> str:
    if name.partition(".")[0] in _UNQUERYABLE:
        raise Fault(400, 4001, "Invalid query", f"QueryValidationError: property '{name}' is not queryable")
    return name


def _at(row: Mapping[str, Any], name: str) -> Any:
    node: Any = row
    for part in name.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node["value"] if isinstance(node, Mapping) and "value" in node else node


def _holds(row: Mapping[str, Any], condition: Condition) -> bool:
    value = _at(row, condition.name)
    if condition.name == "Active" and value is None:
        value = True
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    wanted = condition.values[0]
    match condition.operator:
        case "in":
            return any(text.lower() == each.lower() for each in condition.values)
        case "like":
            return re.fullmatch(".*".join(map(re.escape, wanted.split("%"))), text, re.IGNORECASE) is not None
        case "=":
            return text.lower() == wanted.lower()
        case _:
            return value is not None and _compared(text, wanted, condition.operator)


def _compared(left: str, right: str, operator: str) -> bool:
    one, other = _sort_key(left), _sort_key(right)
    if one[0] != other[0]:
        one, other = (2, left), (2, right)
    return {"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}[operator]


def _sort_key(value: Any) -> tuple[int, Any]:
    """Numbers as numbers, moments as moments, the rest as text."""
    text = "" if value is None else str(value)
    try:
        return 0, Decimal(text)
    except InvalidOperation:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 2, text
    return (1, moment.timestamp()) if moment.tzinfo is not None else (2, text)
