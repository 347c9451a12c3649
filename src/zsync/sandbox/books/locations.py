"""Locations of the organisation: switched on by a person, who also makes them. Documents may name one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zsync.sandbox.books.desk import Desk, Route
from zsync.sandbox.books.store import Record, Table
from zsync.sandbox.books.values import invalid, text
from zsync.sandbox.web import Call, Refusal, Reply

NOT_ON = Refusal(400, 110001, "Locations are not enabled for this organization.")
"""The code is ours: no public answer was seen."""


class Locations:
    """None, until the first is added."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.table = Table(desk.store, "locations", "location_id", dict)

    def routes(self) -> Sequence[Route]:
        return (Route("GET", "/locations", self._list),)

    def add(self, name: str) -> str:
        """As a person adds one; its id."""
        made = self.table.add({"location_name": name, "type": "general", "status": "active", "tax_settings_id": "1"})
        return str(made["location_id"])

    def named(self, body: Mapping[str, Any], kept: Record) -> str:
        """The location that a document names, or that it had. Refusal 2 for an unknown one."""
        id = text(body, "location_id", 50) if "location_id" in body else str(kept.get("location_id", ""))
        if id and id not in self.table:
            raise invalid("location_id")
        return id

    def _list(self, call: Call) -> Reply:
        if not list(self.table):
            raise NOT_ON
        return Reply({"locations": self.table.listed()})
