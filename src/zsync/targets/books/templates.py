"""Which text fields the configuration may fill by templates (`[entities.customers.map]`), and filling them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from zsync.mapping.templates import render
from zsync.model.record import Value
from zsync.targets.books.rules import Rules
from zsync.targets.books.text import block

_FIELDS: Mapping[str, tuple[str, int]] = {
    "customers": ("notes", 2000),
    "hotels": ("description", 2000),
    "room_types": ("description", 2000),
    "service_products": ("description", 2000),
    "orders": ("notes", 2000),
}
"""By entity the field that a template may fill, and its length."""


def filled(entity: str, otherwise: str, fields: Mapping[str, Value], rules: Rules) -> str:
    """The text of this entity's field: its template filled, else what the mapping would write.

    A template that comes to nothing leaves the field empty. Raises Unmappable if it cannot be filled.
    """
    name, length = _FIELDS[entity]
    template = rules.maps.get(entity, {}).get(name)
    return block(otherwise if template is None else render(template, fields, f"[entities.{entity}.map] {name}"), length)
