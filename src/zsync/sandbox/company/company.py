"""A company: its objects by kind, what was deleted, and the postings that its reports are made of."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Thing = dict[str, Any]
ZONE = timezone(timedelta(hours=-8))
"""Where the company is: times in answers carry this offset."""


@dataclass(slots=True)
class Posting:
    """An amount on an account; positive increases it by its nature (income earned, cost incurred)."""

    day: date
    account: str
    amount: Decimal
    class_id: str = ""
    customer: str = ""


class Company:
    """The data of one company. Every change moves `LastUpdatedTime`; a deletion is remembered with its moment."""

    def __init__(self, realm_id: str = "4620816365", *, clock: Callable[[], float] = time.time) -> None:
        self.realm_id = realm_id
        self.clock = clock
        self.objects: dict[str, dict[str, Thing]] = {}
        self.deleted: list[tuple[str, str, datetime]] = []
        self.postings: list[Posting] = []
        self._ids: dict[str, itertools.count[int]] = {}

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC).astimezone(ZONE)

    def copied(self) -> Company:
        """As it is now: what a server answers from that is behind the others."""
        made = Company(self.realm_id, clock=self.clock)
        made.objects, made.deleted, made.postings = deepcopy((self.objects, self.deleted, self.postings))
        return made

    def add(self, kind: str, **fields: Any) -> Thing:
        """A new object; its Id is the next of its kind unless it is given."""
        rows = self.objects.setdefault(kind, {})
        id = str(fields.pop("Id", "")) or self._next_id(kind)
        moment = stamp(self.now())
        rows[id] = {
            **fields,
            "Id": id,
            "SyncToken": "0",
            "domain": "QBO",
            "sparse": False,
            "MetaData": {"CreateTime": moment, "LastUpdatedTime": moment},
        }
        return rows[id]

    def change(self, kind: str, id: str, **fields: Any) -> Thing:
        row = self.objects[kind][id]
        row.update(fields)
        row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        row["MetaData"] = {**row["MetaData"], "LastUpdatedTime": stamp(self.now())}
        return row

    def delete(self, kind: str, id: str) -> None:
        del self.objects[kind][id]
        self.deleted.append((kind, id, self.now()))

    def void(self, kind: str, id: str) -> Thing:
        """A voided transaction stays, with nothing in it."""
        lines = [{**line, "Amount": Decimal(0)} for line in self.objects[kind][id].get("Line", ())]
        return self.change(kind, id, TotalAmt=Decimal(0), Balance=Decimal(0), PrivateNote="Voided", Line=lines)

    def post(self, day: date, account: str, amount: str | Decimal, *, class_id: str = "", customer: str = "") -> Posting:
        made = Posting(day, account, Decimal(amount), class_id, customer)
        self.postings.append(made)
        return made

    def _next_id(self, kind: str) -> str:
        ids = self._ids.setdefault(kind, itertools.count(1))
        return next(id for number in ids if (id := str(number)) not in self.objects[kind])


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
