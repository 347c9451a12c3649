"""What planning knows of an application: its date format, its zone, the fields of its forms. Pure; kept in the state as facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from zsync.errors import ConfigError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOKEN = re.compile(r"d+|M+|y+|[^A-Za-z]+|[A-Za-z]+")
_KNOWN = frozenset({"d", "dd", "M", "MM", "MMM", "yy", "yyyy"})

LIST_TYPES = frozenset({14, 15})
CHOICE_TYPES = frozenset({12, 13, 14, 15})
NUMBER_TYPES = frozenset({5, 6, 7, 8})
COMPOUND = {29: "name", 30: "address"}
SUBFORM = 21

TYPES = {
    1: "single line",
    2: "multi line",
    3: "email",
    4: "rich text",
    5: "number",
    6: "decimal",
    7: "percent",
    8: "currency",
    9: "auto number",
    10: "date",
    11: "date-time",
    12: "drop-down",
    13: "radio",
    14: "multi-select",
    15: "checkbox",
    16: "decision box",
    17: "url",
    18: "image",
    19: "file upload",
    20: "formula",
    21: "subform",
    24: "add notes",
    25: "signature",
    26: "users",
    27: "phone",
    29: "name",
    30: "address",
    31: "integration",
    32: "audio",
    33: "video",
    34: "time",
}
"""The integer of the metadata, and what people call such a field."""

WRITABLE = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 21, 26, 27, 29, 30, 31, 34})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `most` characters or digits, `decimals` after the point; None: not said. `parts` of a name or an
    address, `rows` of a subform."""

    name: str
    type: int
    unique: bool = False
    mandatory: bool = False
    most: int | None = None
    decimals: int | None = None
    choices: tuple[str, ...] = ()
    is_lookup: bool = False
    ref_form: str = ""
    parts: tuple[str, ...] = ()
    rows: Mapping[str, Field] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "lookup" if self.is_lookup else TYPES.get(self.type, f"type {self.type}")

    @property
    def is_writable(self) -> bool:
        return self.type in WRITABLE


@dataclass(frozen=True, slots=True)
class Application:
    """What `learn` has read of the application."""

    date_format: str
    time_zone: str
    forms: Mapping[str, Mapping[str, Field]]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Application:
        forms = {form: {name: _field(each) for name, each in fields.items()} for form, fields in facts.get("forms", {}).items()}
        return cls(str(facts.get("date_format") or "dd-MMM-yyyy"), str(facts["organization"].get("time_zone") or "UTC"), forms)

    def day(self, value: date) -> str:
        return written_day(value, self.date_format)

    def moment(self, value: datetime) -> str:
        return f"{self.day(value.date())} {value:%H:%M:%S}"


def kept_field(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a field of the metadata, as JSON."""
    rows = raw.get("fields") if raw.get("type") == SUBFORM else None
    parts = raw.get("subfields")
    return {
        "name": str(raw.get("link_name") or ""),
        "type": raw.get("type") if isinstance(raw.get("type"), int) else 0,
        "unique": raw.get("unique") is True,
        "mandatory": raw.get("mandatory") is True,
        "most": raw.get("max_char") if isinstance(raw.get("max_char"), int) else None,
        "decimals": raw.get("decimal_length") if isinstance(raw.get("decimal_length"), int) else None,
        "choices": [str(each.get("value")) for each in raw.get("choices") or () if isinstance(each, Mapping)],
        "is_lookup": raw.get("is_lookup_field") is True,
        "ref_form": str(raw.get("ref_form") or ""),
        "parts": [str(each.get("link_name")) for each in parts or () if isinstance(each, Mapping)],
        "rows": {str(each.get("link_name")): kept_field(each) for each in rows or () if isinstance(each, Mapping)},
    }


def _field(kept: Mapping[str, Any]) -> Field:
    return Field(
        kept["name"],
        kept["type"],
        kept["unique"],
        kept["mandatory"],
        kept["most"],
        kept["decimals"],
        tuple(kept["choices"]),
        kept["is_lookup"],
        kept["ref_form"],
        tuple(kept["parts"]),
        {name: _field(each) for name, each in kept["rows"].items()},
    )


def written_day(value: date, pattern: str) -> str:
    """A day in the application's own format (a pattern as in Java, months in English). ConfigError for one not understood."""
    made = ""
    for token in _TOKEN.findall(pattern):
        match token:
            case "d":
                made += str(value.day)
            case "dd":
                made += f"{value.day:02}"
            case "M":
                made += str(value.month)
            case "MM":
                made += f"{value.month:02}"
            case "MMM":
                made += _MONTHS[value.month - 1]
            case "yy":
                made += f"{value.year % 100:02}"
            case "yyyy":
                made += f"{value.year:04}"
            case _ if token[0].isalpha():
                raise ConfigError(
                    f"the application's date format `{pattern}` is not understood",
                    hint="choose one of days, months and years in the application's settings, such as dd-MMM-yyyy",
                )
            case _:
                made += token
    return made
