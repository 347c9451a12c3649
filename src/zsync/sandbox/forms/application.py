"""An application: forms with typed fields, reports that show their rows, and the rows themselves (facts, sections 3, 7, 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Stored = dict[str, Any]
"""A row as it is kept: texts, lists of texts, maps; empty is "" or []."""

_FIRST_ID = 3888833000000120001


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form; `type` is the integer of the metadata. `subfields` of a name or an address, `rows` of a subform."""

    link_name: str
    type: int = 1
    unique: bool = False
    mandatory: bool = False
    max_char: int | None = None
    decimal_length: int | None = None
    choices: tuple[str, ...] = ()
    is_lookup: bool = False
    ref_form: str = ""
    subfields: tuple[str, ...] = ()
    rows: tuple[Field, ...] = ()

    @property
    def most(self) -> int:
        """Characters or digits."""
        return self.max_char or (255 if self.type in (1, 3) else 65_535 if self.type in (2, 4) else 19)

    def metadata(self) -> Stored:
        """As `/fields` answers it."""
        made: Stored = {
            "link_name": self.link_name,
            "display_name": self.link_name.replace("_", " "),
            "type": self.type,
            "unique": self.unique,
            "mandatory": self.mandatory,
        }
        if self.type in (1, 2, 3, 4, 5, 6, 7, 8):
            made["max_char"] = self.most
        if self.type in (6, 7, 8):
            made["decimal_length"] = 2 if self.decimal_length is None else self.decimal_length
        if self.choices:
            made["choices"] = [{"key": f"choice{number}", "value": value} for number, value in enumerate(self.choices, 1)]
        if self.is_lookup:
            made |= {"is_lookup_field": True, "ref_form": self.ref_form}
        if self.subfields:
            made["subfields"] = [{"link_name": name, "display_name": name, "is_hidden": False} for name in self.subfields]
        if self.rows:
            made["fields"] = [row.metadata() for row in self.rows]
        return made


@dataclass(frozen=True, slots=True)
class Form:
    link_name: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.link_name == name), None)


@dataclass(frozen=True, slots=True)
class Report:
    """What a report shows of a form: not the `hidden` fields, and only rows that `shows` lets through."""

    link_name: str
    form: str
    hidden: frozenset[str] = frozenset()
    shows: Callable[[Mapping[str, Any]], bool] = field(default=lambda row: True)


class Application:
    """One application of one owner, with a store of rows for each environment."""

    def __init__(
        self,
        owner: str = "acme",
        link_name: str = "finance",
        *,
        date_format: str = "dd-MMM-yyyy",
        time_zone: str = "America/Los_Angeles",
        forms: tuple[Form, ...] = (),
        reports: tuple[Report, ...] = (),
    ) -> None:
        self.owner = owner
        self.link_name = link_name
        self.date_format = date_format
        self.time_zone = time_zone
        self.forms = {form.link_name: form for form in forms}
        self.reports = {report.link_name: report for report in reports}
        self._rows: dict[tuple[str, str], dict[str, Stored]] = {}
        self._made: dict[str, float] = {}
        self._next = _FIRST_ID

    def rows(self, form: str, environment: str = "") -> dict[str, Stored]:
        """The rows of a form by ID, oldest first."""
        return self._rows.setdefault((environment, form), {})

    def new_id(self, moment: float) -> str:
        self._next += 1
        self._made[str(self._next)] = moment
        return str(self._next)

    def made_at(self, id: str) -> float:
        return self._made.get(id, 0.0)

    def put(self, form: str, **values: Any) -> str:
        """A row that a person typed in; its ID."""
        id = self.new_id(0.0)
        self.rows(form)[id] = {"ID": id, **{each.link_name: "" for each in self.forms[form].fields}, **values}
        return id

    def values(self, form: str, *names: str, environment: str = "") -> Iterator[tuple[Any, ...]]:
        """What stands in these fields, row by row: for tests."""
        for row in self.rows(form, environment).values():
            yield tuple(row.get(name) for name in names)

    def shown(self, value: Any, field_of: Field, environment: str = "") -> Any:
        """A stored value as an answer has it: lookups as maps with what they show."""
        if not field_of.is_lookup:
            return value
        if isinstance(value, list):
            return [self._lookup(each, field_of, environment) for each in value]
        return self._lookup(value, field_of, environment) if value else ""

    def _lookup(self, id: str, field_of: Field, environment: str) -> Stored:
        row = self.rows(field_of.ref_form, environment).get(id, {})
        label = next((str(value) for name, value in row.items() if name != "ID" and value), id)
        return {"ID": id, "zc_display_value": label}
