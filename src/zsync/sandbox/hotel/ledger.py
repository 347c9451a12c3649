"""The rows behind the desk: finding them, adding them in the shop's own notation, and its clock on the wall.

Every value is text as the webservice gives it; this module alone turns numbers, amounts and dates into that text and back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from zsync.model.money import round_half_up
from zsync.sandbox.hotel.tables import RESOURCES, Field

Row = dict[str, Any]

_DECIMALS = {"$": 6, "%": 2, "~": 3}


class Ledger:
    """The tables of one shop. Ids are never given twice, not even after a row is gone."""

    def __init__(self, tables: dict[str, list[Row]], clock: Callable[[], float]) -> None:
        self.tables = tables
        self._clock = clock
        self._fixed: str | None = None
        self._last: dict[str, int] = {}

    def at(self, local: str | None) -> None:
        """Stop the shop's clock at `local` (`2026-01-05 14:30:00`, the shop's wall-clock time); None lets it run again."""
        self._fixed = local

    def now(self) -> str:
        """The time on the shop's wall (`PS_TIMEZONE`), whole seconds, no offset."""
        if self._fixed is not None:
            return self._fixed
        zone = ZoneInfo(self.setting("PS_TIMEZONE") or "UTC")
        return datetime.fromtimestamp(self._clock(), UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    def setting(self, name: str) -> str:
        """A value of `configurations`; empty where the shop has none of that name."""
        return next((str(row["value"]) for row in self.tables["configurations"] if row["name"] == name), "")

    def row(self, resource: str, number: int | str) -> Row:
        """The row with this id. Raises KeyError."""
        for row in self.tables[resource]:
            if str(row["id"]) == str(number):
                return row
        raise KeyError(f"{resource} has no row {number}")

    def where(self, resource: str, **fields: object) -> list[Row]:
        """The rows whose fields have these values, compared as text, in the order of their ids."""
        wanted = {name: str(value) for name, value in fields.items()}
        found = [r for r in self.tables[resource] if all(str(r[n]) == v for n, v in wanted.items())]
        return sorted(found, key=lambda r: int(r["id"]))

    def add(self, resource: str, **fields: object) -> Row:
        """A new row with these fields, the others unset; the next id and both dates now unless given. KeyError: unknown field."""
        spec = RESOURCES[resource]
        row = spec.blank()
        new = int(str(fields.pop("id", 0))) or self._next(resource)
        self._last[resource] = max(self._last.get(resource, 0), new)
        row["id"] = str(new) if spec.text_id else new
        dates: dict[str, object] = {name: self.now() for name in ("date_add", "date_upd") if name in row}
        self.change(resource, row, **{**dates, **fields})
        self.tables[resource].append(row)
        return row

    def change(self, resource: str, row: Row, **fields: object) -> None:
        """Set fields of a row; moves no date."""
        for name, value in fields.items():
            row[name] = self._written(RESOURCES[resource].fields[name], value)

    def save(self, resource: str, row: Row, **fields: object) -> None:
        """Set fields of a row and, if it has one, its `date_upd`."""
        dates: dict[str, object] = {"date_upd": self.now()} if "date_upd" in row else {}
        self.change(resource, row, **fields, **dates)

    def remove(self, resource: str, number: int | str) -> None:
        """Take a row away for good, as if it had never been."""
        self.tables[resource].remove(self.row(resource, number))

    def said(self, value: object) -> str:
        """A multilingual value in the shop's own language."""
        if not isinstance(value, list):
            return str(value)
        language = self.setting("PS_LANG_DEFAULT") or "1"
        return next((str(part["value"]) for part in value if part["id"] == language), str(value[0]["value"]))

    def rate(self, group: object, country: object) -> Decimal:
        """The tax of a group in a country as a fraction (0.1); the sum of its taxes, 0 for group 0."""
        rules = self.where("tax_rules", id_tax_rules_group=group, id_country=country)
        return sum((Decimal(self.row("taxes", rule["id_tax"])["rate"]) for rule in rules), Decimal(0)) / 100

    def _next(self, resource: str) -> int:
        highest = max((int(row["id"]) for row in self.tables[resource]), default=0)
        return max(highest, self._last.get(resource, 0)) + 1

    def _written(self, field: Field, value: object) -> object:
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, Decimal):
            return f"{round_half_up(value, _DECIMALS.get(field.kind, 6)):f}"
        if field.multilingual and isinstance(value, str):
            return self._in_all_languages({"": value})
        if field.multilingual and isinstance(value, Mapping):
            return self._in_all_languages(value)
        return value if value is None or field.multilingual else str(value)

    def _in_all_languages(self, texts: Mapping[str, str]) -> object:
        """`texts` by language (`en`, `de`); the first one stands in where a language has none."""
        spoken = self.tables["languages"]
        first = next(iter(texts.values()))
        if len(spoken) < 2:
            return first
        return [{"id": str(row["id"]), "value": texts.get(str(row["iso_code"]), first)} for row in spoken]


def cents(amount: Decimal) -> Decimal:
    """An amount as the shop rounds it: half up, two decimals."""
    return round_half_up(amount, 2)


def total(rows: list[Row], field: str) -> Decimal:
    """The sum of one field over rows."""
    return sum((Decimal(row[field]) for row in rows), Decimal(0))


def made_up(seed: str, length: int = 32) -> str:
    """Hexadecimal text that looks like a hash and always comes out the same for `seed`."""
    return hashlib.sha256(seed.encode()).hexdigest()[:length]


def letters(seed: str) -> str:
    """Nine capital letters, as references of orders are, always the same for `seed`."""
    return "".join(chr(ord("A") + byte % 26) for byte in hashlib.sha256(seed.encode()).digest()[:9])
