"""What the organisation has: tables of records, ids, times, and the lists that lag behind.

A record is the JSON that Zoho would show, without what is worked out from others (balances, statuses): the modules add that
when they show it. A list shows a record as it was before its last write until `lag_s` has passed.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from zsync.sandbox.books.behaviour import Behaviour

Record = dict[str, Any]

FIRST_ID = 4815162000000044001
"""Ids have 19 digits and do not survive a double."""


@dataclass(frozen=True, slots=True)
class Organization:
    """The organisation whose books these are. `price_precision` is the number of decimals of its base currency."""

    organization_id: str = "20061234567"
    name: str = "Sandbox Hotels"
    currency_code: str = "EUR"
    currency_symbol: str = "€"
    country: str = "Germany"
    country_code: str = "DE"
    time_zone: str = "Europe/Berlin"
    price_precision: int = 2
    plan_name: str = "PREMIUM"

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.time_zone)


@dataclass(slots=True)
class _Shown:
    """What lists show of a record until `until`; `before` None: nothing."""

    before: Record | None
    until: float


class Table:
    """The records of one kind, in the order of their creation. `show` adds what is worked out."""

    def __init__(self, store: Store, kind: str, id_field: str, show: Callable[[Record], Record]) -> None:
        self._store = store
        self.kind = kind
        self.id_field = id_field
        self._show = show
        self._rows: dict[str, Record] = {}
        self._lagging: dict[str, _Shown] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._rows.values()))

    def __contains__(self, id: object) -> bool:
        return id in self._rows

    def get(self, id: object) -> Record | None:
        """The record itself, to be changed after `touch`."""
        return self._rows.get(str(id))

    def shown(self, id: str) -> Record:
        return self._show(self._rows[id])

    def add(self, record: Record) -> Record:
        id = self._store.new_id()
        self._remember(id, None)
        now = self._store.stamp()
        made = {self.id_field: id, **record, "created_time": now, "last_modified_time": now}
        self._rows[id] = made
        return made

    def touch(self, record: Record) -> Record:
        """Say that `record` is about to change: lists keep its old face for a while."""
        self._remember(record[self.id_field], record)
        record["last_modified_time"] = self._store.stamp()
        return record

    def remove(self, id: str) -> None:
        self._remember(id, self._rows[id])
        del self._rows[id]

    def listed(self) -> list[Record]:
        """What a list shows now."""
        now = self._store.clock()
        self._lagging = {id: shown for id, shown in self._lagging.items() if shown.until > now}
        ids = list(self._rows) + [id for id in self._lagging if id not in self._rows]
        faces = [self._lagging[id].before if id in self._lagging else self.shown(id) for id in ids]
        return [face for face in faces if face is not None]

    def _remember(self, id: str, record: Record | None) -> None:
        lag = self._store.behaviour.lag_s
        if lag <= 0:
            return
        now = self._store.clock()
        kept = self._lagging.get(id)
        if kept is not None and kept.until > now:
            kept.until = now + lag
            return
        before = copy.deepcopy(self._show(record)) if record is not None else None
        self._lagging[id] = _Shown(before, now + lag)


class Store:
    """What all modules share: the organisation, its behaviour, the clock, ids, numbers, and notes about what happened."""

    def __init__(self, organization: Organization, behaviour: Behaviour) -> None:
        self.organization = organization
        self.behaviour = behaviour
        self.clock: Callable[[], float] = time.time
        self.unknown_properties: list[str] = []
        self.mails: list[Mail] = []
        self._ids = itertools.count(FIRST_ID, 2)
        self._numbers: dict[str, itertools.count[int]] = {}

    def new_id(self) -> str:
        return str(next(self._ids))

    def next_number(self, prefix: str, taken: Container[str] = ()) -> str:
        """The next number that nobody has; own numbers do not move the counter."""
        counter = self._numbers.setdefault(prefix, itertools.count(1))
        return next(number for n in counter if (number := f"{prefix}{n:05d}") not in taken)

    def stamp(self) -> str:
        """Now, as Zoho writes it: the organisation's local time with its offset."""
        return self.here().strftime("%Y-%m-%dT%H:%M:%S%z")

    def here(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), self.organization.zone)

    def today(self) -> date:
        return self.here().date()

    def mail(self, kind: str, to: str) -> None:
        """Note that Zoho would have written to somebody."""
        self.mails.append(Mail(kind, to))


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter that Zoho would have sent: of which kind, and about which record."""

    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class KindSums:
    """A kind of record in sum: how many, what they come to, and each one's reference with its amount."""

    count: int
    amount: Decimal
    rows: tuple[tuple[str, Decimal], ...]
