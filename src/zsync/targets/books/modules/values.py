"""Reading Zoho's answers with care: ids and empty values as text, amounts as Decimal, comparisons that forgive formats.

Zoho shows `""` where nothing is, numbers with or without decimals, sometimes as text, a sales order as a list of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

from zsync.errors import ContractBroken
from zsync.model.intent import Difference, Node, plain
from zsync.model.key import Key
from zsync.targets.zoho.errors import REMOTE

Content = Mapping[str, Any]
"""A document, or a row of a list, as Zoho shows it."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,50}")
"""Zoho's ids are long numbers. What leads to another path must not pass for one."""

_RATE_TOLERANCE = Decimal("0.00001")
"""Zoho keeps fewer digits of an exchange rate than we send."""


def document(answer: Mapping[str, Any], name: str) -> Content:
    """The document in an answer; the contract shows a sales order as a list of one. ContractBroken if there is none."""
    found = answer.get(name)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, Mapping):
        raise ContractBroken(f"an answer without `{name}`", remote=REMOTE)
    return found


def text(content: Content, name: str) -> str:
    """A field as text; empty where it is missing, null or empty."""
    value = content.get(name)
    return "" if value is None else str(value).strip()


def identity(content: Content, name: str) -> str:
    """The id of a document. ContractBroken if it has none that could stand in the path of a request."""
    found = text(content, name)
    if not found:
        raise ContractBroken(f"a document without `{name}`", remote=REMOTE)
    if not _ID.fullmatch(found):
        raise ContractBroken(f"a document with a `{name}` that is no id", remote=REMOTE)
    return found


def identity_if_any(content: Content, name: str) -> str:
    """The same; empty where the answer does not name it."""
    return identity(content, name) if text(content, name) else ""


def number(value: object) -> Decimal | None:
    """An amount, also one that comes as text or with a percent sign; None for what is no number, or empty."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = Decimal(str(value).strip().rstrip("%"))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def rows(content: Content, name: str) -> list[Content]:
    """A list inside a document; empty where it is missing."""
    found = content.get(name)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def key_in(words: str) -> Key | None:
    """A text as our key; None for what only looks like one."""
    try:
        return Key.parse(words)
    except ValueError:
        return None


def normal(name: str) -> str:
    """A name as Zoho compares names: trimmed, blanks collapsed, without case (facts, section 6)."""
    return " ".join(unescape(name).split()).casefold()


def sendable(node: Node) -> Any:
    """A body as it may leave: without the keys that are ours alone (they begin with `_`)."""
    match node:
        case dict():
            return {name: sendable(value) for name, value in node.items() if not name.startswith("_")}
        case list():
            return [sendable(each) for each in node]
        case _:
            return node


def cleared(old: Node, new: Node) -> Any:
    """What must be sent to empty a field that was written before and is wanted no more: omitted fields may stay."""
    match old:
        case dict():
            kept = new if isinstance(new, dict) else {}
            return {
                name: empty
                for name, value in old.items()
                if _can_be_emptied(name) and (name not in kept or isinstance(value, dict))
                if (empty := cleared(value, kept.get(name))) not in (None, {})
            }
        case str():
            return ""
        case Decimal():
            return Decimal(0)
        case _:
            return None


def _can_be_emptied(name: str) -> bool:
    return not name.startswith("_") and (name == "tax_id" or not name.endswith("_id"))


def compared(name: str, ours: Node, theirs: object) -> Iterator[Difference]:
    """The difference of one field, if there is one; what Zoho adds beside our fields is not looked at."""
    match ours:
        case bool():
            if theirs is not None and str(theirs).lower() != str(ours).lower():
                yield Difference(name, str(ours).lower(), str(theirs).lower())
        case Decimal() | int():
            ours, shown = Decimal(ours), number(theirs) or Decimal(0)
            tolerance = abs(ours) * _RATE_TOLERANCE if name == "exchange_rate" else Decimal(0)
            if abs(shown - ours) > tolerance:
                yield Difference(name, plain(ours), plain(shown))
        case str():
            words = "" if theirs is None else str(theirs)
            if _words(name, words) != _words(name, ours):
                yield Difference(name, ours, words)
        case dict():
            inner = theirs if isinstance(theirs, Mapping) else {}
            for each, value in ours.items():
                yield from compared(f"{name}.{each}", value, inner.get(each))
        case _:
            return


def other_rate(body: Mapping[str, Node], content: Content) -> tuple[Difference, ...]:
    """The exchange rate, if Zoho counts with another than was sent; nothing if it does not show one."""
    if "exchange_rate" not in body or "exchange_rate" not in content:
        return ()
    return tuple(compared("exchange_rate", body["exchange_rate"], content["exchange_rate"]))


def _words(name: str, value: str) -> str:
    """Text without what Zoho may change by itself: ends of lines, blanks around them, `&` shown as HTML, the case of an
    e-mail address."""
    lines = "\n".join(" ".join(line.split()) for line in unescape(value).strip().splitlines())
    return lines.casefold() if name.rpartition(".")[2] in ("email", "contact_name") else lines


def sums_to_nothing(content: Content, names: Sequence[str]) -> Iterator[Difference]:
    """Amounts that we never send (discounts, shipping): one that is not nothing was put there by a person."""
    for name in names:
        shown = number(content.get(name))
        if shown is not None and shown != 0:
            yield Difference(name, "0", plain(shown))
