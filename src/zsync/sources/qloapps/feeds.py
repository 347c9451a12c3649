"""Feeds: how it shows that something has changed, and the cursor that remembers how far they were followed.

    by date_upd    all rows changed since the last reading began, by the server's clock, less an overlap: the shop's times
                   are wall-clock times, and the hour at the end of summer time comes twice
    by id          rows above the highest id known: payments carry the day that staff typed in, invoices have no date_upd

The webservice answers a failed query with an empty list. So each question reaches back to the newest row already known:
an answer without even that row is a suspicion, and the table is asked in another way before the empty list is believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from zsync.errors import ConfigError
from zsync.sources.qloapps.client import REFERENCE, Webservice, doubtful, incomplete
from zsync.sources.qloapps.values import Row, ident, plain, wall_clock

OVERLAP = timedelta(hours=1, minutes=5)
"""More than the hour by which the wall clock steps back."""

_TIME = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\Z")
_VERSION = 1

_ID = re.compile(r"[1-9][0-9]{0,17}\Z")

MAY_EMPTY = frozenset({"booking_extra_demands", "services"})
"""Tables from which people may take the last row away."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows of `table` that are new by `by` (`id` or `date_upd`); their field `owner` tells whose change it is."""

    table: str
    by: str
    owner: str

    @property
    def name(self) -> str:
        return f"{self.table}.{self.by}"

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("id", self.owner, self.by)))


BOOKINGS = (
    Feed("orders", "date_upd", "id"),
    Feed("orders", "id", "id"),  # a belt: a new order is seen whatever its date says
    Feed("room_bookings", "date_upd", "id_order"),
    Feed("booking_extra_demands", "date_upd", "id_htl_booking"),
    Feed("order_slip", "date_upd", "id_order"),
    Feed("order_invoices", "id", "id_order"),
    Feed("order_payments", "id", "order_reference"),
)
CUSTOMERS = (
    Feed("customers", "date_upd", "id"),
    Feed("customers", "id", "id"),
    Feed("addresses", "date_upd", "id_customer"),
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """`since`: when the last reading began, by the server's clock (Unix seconds). `marks`: the newest id or time known, by
    feed. `after`: the last id that an unfinished first reading has handed out."""

    since: int
    marks: Mapping[str, str] = field(default_factory=dict)
    after: int | None = None

    def held(self) -> frozenset[str]:
        """The tables that had rows."""
        return frozenset(name.partition(".")[0] for name, mark in self.marks.items() if mark)

    def __str__(self) -> str:
        whole = {"v": _VERSION, "since": self.since, "marks": dict(self.marks)}
        return json.dumps(whole if self.after is None else {**whole, "after": self.after}, sort_keys=True)

    @classmethod
    def parse(cls, words: str) -> Cursor | None:
        """None for a cursor of another version: everything is read again. ConfigError if it is none at all."""
        try:
            loaded: Any = json.loads(words)
            if loaded["v"] != _VERSION:
                return None
            after = loaded.get("after")
            marks = {str(name): str(mark) for name, mark in loaded["marks"].items()}
            return cls(int(loaded["since"]), marks, None if after is None else int(after))
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise damaged() from err


@dataclass(frozen=True, slots=True)
class Changes:
    """Whose rows have changed (values of the feed's `owner`), the feed's new mark, and the ids of rows that are nobody's."""

    owners: frozenset[str]
    mark: str
    astray: frozenset[str] = frozenset()


def damaged() -> ConfigError:
    return ConfigError(
        "the state's cursor for the hotel is damaged", hint="`zsync run --full` reads the hotel from the beginning"
    )


def newest(service: Webservice, feed: Feed) -> str:
    """The mark of a feed that was never followed."""
    return _mark(service.newest(feed.table, feed.by))


def changes(service: Webservice, feed: Feed, cursor: Cursor, zone: ZoneInfo) -> Changes:
    """What is new in a feed since `cursor`. SuspiciousChange where a table that had rows reads as empty."""
    mark = cursor.marks.get(feed.name, "")
    rows, fresh = _by_date(service, feed, cursor, zone) if feed.by == "date_upd" else _by_id(service, feed, mark)
    if rows or not mark:
        reached = max((_mark(plain(row, feed.by)) for row in rows), key=_height, default="")
        whose = {ident(row): _owner(row, feed) for row in fresh}
        astray = frozenset(id for id, owner in whose.items() if not owner)
        return Changes(frozenset(whose.values()) - {""}, max(reached, mark, key=_height), astray)
    believe_empty(service, feed.table)
    left = newest(service, feed)
    if _height(left) >= _height(mark):  # it was there all the time, and the answer did not have it
        raise incomplete(feed.table)
    return Changes(frozenset(), left)


def believe_empty(service: Webservice, table: str) -> None:
    """A list that should have had rows came back empty: it is believed if the table has others, or may have lost all.

    Raises SuspiciousChange.
    """
    if service.newest(table, "id") or (table in MAY_EMPTY and service.count(table) == 0):
        return
    raise doubtful(f"the hotel's table `{table}` had rows and reads as empty")


def believe_list(service: Webservice, table: str, ids: Collection[str], newest: str) -> None:
    """A list of all rows of a table: believed if it has the row that was the newest before it was asked for, unless that one
    is gone; if empty, of a table that may have lost all.

    Raises SuspiciousChange.
    """
    if newest and newest not in ids:
        believe_absent(service, table, [newest])
    if not ids:
        believe_empty(service, table)


def believe_whole(service: Webservice, table: str, ids: Collection[str]) -> None:
    """A list of all rows of a table lacks one: believed if another list has no more than it. Raises SuspiciousChange."""
    others = service.ids(table)
    if not others or not others <= set(ids):
        raise incomplete(table)


def believe_absent(service: Webservice, table: str, ids: Collection[str]) -> None:
    """Rows that were in a list a moment ago are not in the next one: believed if the shop says of one that it is gone.

    Raises SuspiciousChange.
    """
    if ids and service.stands(table, min(ids, key=_height)):
        raise incomplete(table)


def _by_id(service: Webservice, feed: Feed, mark: str) -> tuple[list[Row], list[Row]]:
    known = int(mark or "0")
    rows = list(service.every(feed.table, feed.fields, after=max(known - 1, 0)))
    return rows, [row for row in rows if int(ident(row)) > known]


def _by_date(service: Webservice, feed: Feed, cursor: Cursor, zone: ZoneInfo) -> tuple[list[Row], list[Row]]:
    # Had the server's clock been ahead then, it is the clock of now that counts.
    begun = min(datetime.fromtimestamp(cursor.since, UTC), service.served_at)
    since = wall_clock(begun - OVERLAP, zone)
    start = min(since, cursor.marks.get(feed.name) or since)
    rows = list(service.every(feed.table, feed.fields, where={"date_upd": f">[{_second_before(start)}]"}, dated=True))
    return rows, [row for row in rows if (plain(row, "date_upd") or since) >= since]


def _owner(row: Row, feed: Feed) -> str:
    """Whose row it is; empty if nobody's that could be asked for."""
    value = plain(row, feed.owner)
    usable = REFERENCE if feed.owner == "order_reference" else _ID
    return value if usable.match(value) else ""


def _second_before(wall: str) -> str:
    return str(datetime.fromisoformat(wall) - timedelta(seconds=1))


def _mark(value: str) -> str:
    """Nothing for `0000-00-00 00:00:00` and the like."""
    return value if value.isdecimal() or _TIME.match(value) else ""


def _height(mark: str) -> tuple[int, str]:
    """Order of marks: ids by value, times as text."""
    return len(mark), mark
