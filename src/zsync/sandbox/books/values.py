"""Reading what a body or a query holds: texts, amounts, dates, with the refusals that Zoho gives (facts, section 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from unicodedata import category

from zsync.sandbox.books.arithmetic import NO_DISCOUNT, Discount
from zsync.sandbox.web import Refusal

INVALID = 2
INVALID_CHARACTER = 4
TOO_LONG = 15
NO_SUCH = 1002

_MOST_DIGITS = 15
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")


def invalid(name: str) -> Refusal:
    return Refusal(400, INVALID, f"Invalid value passed for {name}")


def too_long(name: str, most: int) -> Refusal:
    return Refusal(400, TOO_LONG, f"Please ensure that the {name} has less than {most} characters.")


def missing(what: str) -> Refusal:
    return Refusal(404, NO_SUCH, f"{what} does not exist.")


def text(body: Mapping[str, Any], name: str, most: int, default: str = "") -> str:
    """A text of at most `most` characters; nothing is the empty text. Refusal 15 if it is longer."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool | dict | list):
        raise invalid(name)
    found = str(value)
    if len(found) > most:
        raise too_long(name, most)
    return found


def plain_text(body: Mapping[str, Any], name: str, most: int, *, strict: bool) -> str:
    """A name: with `strict`, Refusal 4 for `<`, `>` and control characters."""
    found = text(body, name, most)
    if strict and any(c in "<>" or category(c) == "Cc" for c in found):
        raise Refusal(400, INVALID_CHARACTER, f"Invalid value passed for {name}")
    return found


def choice(body: Mapping[str, Any], name: str, choices: str, default: str) -> str:
    """One of a few words; nothing is the default. Refusal 2 for any other."""
    found = text(body, name, 50) or default
    if found not in choices.split():
        raise invalid(name)
    return found


def email(body: Mapping[str, Any], name: str, *, strict: bool) -> str:
    found = text(body, name, 100)
    if found and strict and not _EMAIL.fullmatch(found):
        raise invalid(name)
    return found


def amount(value: object, name: str) -> Decimal:
    """A number, as JSON number or as text. Refusal 2 for anything else."""
    if isinstance(value, bool) or value is None:
        raise invalid(name)
    if not isinstance(value, Decimal | int | str):
        raise invalid(name)
    try:
        found = Decimal(value)
    except InvalidOperation as err:
        raise invalid(name) from err
    if not found.is_finite() or found.adjusted() > _MOST_DIGITS:
        raise invalid(name)
    return found


def optional_amount(body: Mapping[str, Any], name: str, default: str = "0") -> Decimal:
    value = body.get(name)
    return Decimal(default) if value is None or value == "" else amount(value, name)


def discount(value: object, name: str = "discount") -> Discount:
    """A number is an amount of money; a text with `%` a percentage. Sending 10 for "10 %" takes 10.00 off."""
    if value is None or value == "":
        return NO_DISCOUNT
    if isinstance(value, str) and value.strip().endswith("%"):
        return Discount(amount(value.strip().rstrip("%").strip(), name), percent=True)
    return Discount(amount(value, name))


def day(body: Mapping[str, Any], name: str, default: date) -> date:
    value = body.get(name)
    if value is None or value == "":
        return default
    return day_of(value, name)


def day_of(value: object, name: str) -> date:
    if not isinstance(value, str) or len(value) != 10:
        raise invalid(name)
    try:
        return date.fromisoformat(value)
    except ValueError as err:
        raise invalid(name) from err


def rows(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects; nothing is the empty list."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise invalid(name)
    return value


def custom_fields(body: Mapping[str, Any], kept: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return rows(body, "custom_fields") if "custom_fields" in body else list(kept.get("custom_fields", []))


def flag(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def folded(name: str) -> str:
    """How names are compared: blanks collapsed."""
    return " ".join(name.split())
