"""The mapping's rules, out of the settings: what each entity becomes, and how each form is written to. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zsync.mapping.fields import Rule

Flag = str | bool | int | None


@dataclass(frozen=True, slots=True)
class FormRule:
    """A form: the report that its rows are seen through, its key field, whether changed rows are replaced. With `flag` a row that
    is gone is marked by `gone`, and by `back` when it comes back; without, it is deleted."""

    form: str
    report: str
    key: str
    replaces: bool = False
    flag: str = ""
    gone: Flag = None
    back: Flag = None


@dataclass(frozen=True, slots=True)
class EntityRule:
    """An entity: its form, the form's key field, what each field is made of; whether rows that are gone are taken back."""

    name: str
    form: str
    key: str
    fields: Mapping[str, Rule]
    deletes: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    tag: str
    entities: Mapping[str, EntityRule]
    forms: Mapping[str, FormRule] = field(default_factory=dict)
