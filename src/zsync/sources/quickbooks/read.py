"""How records are read: everything once, in pages and batches of them; then changes, one call for all kinds.

    no cursor, or a new kind, or a pause of 30 days --> whole kinds      counts (1 call), then up to three pages a call;
                                                                         fewer rows than were counted --> read a second time
    cursor                                          --> changes          deletions among them; full --> queries, and ids compared

The cursor is the server's own time of the first answer less a quarter of an hour, so that what changed meanwhile comes again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from zsync.errors import ConfigError, ContractBroken, OutOfReach, Refused
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.ports import Clock
from zsync.sources.quickbooks.client import Company, count_query, one_query, page_query
from zsync.sources.quickbooks.faults import REMOTE
from zsync.sources.quickbooks.parse import PAGE, id_of, is_deleted, key_of, record_of, rows_of

log = logging.getLogger("zsync.source")

OVERLAP = timedelta(minutes=15)
"""What a server that was behind by less did not tell comes in the runs after it, at no further call."""
LOOK_BACK = timedelta(days=29, hours=12)
"""QuickBooks tells changes of the last 30 days; half a day less, for clocks that differ."""

_UNTOLD = frozenset("JournalCode TaxAgency TimeActivity TaxCode TaxRate ExchangeRate CompanyInfo Preferences".split())
"""Kinds that the changes call does not carry."""

_PAGES_A_CALL = 3
"""Pages in one batch: some ten megabytes at most, well within the two minutes that an answer may take."""

_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the records were read. `since`: changes before it are known. `kinds` were read whole; `paged` those of them in
    several pages, until the next changes are known: a deletion in between moved rows from one page to another.
    """

    since: str = ""
    kinds: tuple[str, ...] = ()
    paged: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str | None) -> Cursor:
        kept = json.loads(text) if text else {}
        return cls(str(kept.get("since", "")), tuple(kept.get("kinds", ())), tuple(kept.get("paged", ())))

    def text(self) -> str:
        return json.dumps({"since": self.since, "kinds": self.kinds, "paged": self.paged})


@dataclass(slots=True)
class _Load:
    """A kind that is read whole: how many rows there are, as far as it is known, and what is in of them. `before`: how many a
    first reading brought that had fewer than were counted."""

    kind: str
    count: int | None = None
    before: int | None = None
    rows: int = 0
    read: int = 0
    full: bool = False

    @property
    def pages(self) -> int | None:
        return None if self.count is None else max(1, -(-self.count // PAGE))

    @property
    def done(self) -> bool:
        """All pages that there were at first are in; where that is not known, the last one was short."""
        return self.read >= self.pages if self.pages is not None else self.read > 0 and not self.full


class Reader:
    """Reads the records of these kinds. `batch`: several queries in one call, until QuickBooks refuses it once."""

    def __init__(self, company: Company, tag: str, kinds: Sequence[str], clock: Clock, *, batch: bool) -> None:
        self._company = company
        self._tag = tag
        self._kinds = tuple(kinds)
        self._clock = clock
        self._batch = batch

    def read(self, text: str | None) -> Iterator[Page]:
        cursor = Cursor.of(text)
        torn = False
        if cursor.since and self._clock.now() - datetime.fromisoformat(cursor.since) > LOOK_BACK:
            cursor, torn = Cursor(), True
        missing = [kind for kind in self._kinds if kind not in cursor.kinds]
        begun = cursor.since
        if missing:
            fresh = not cursor.since
            start = _stamp(self._clock.now() - OVERLAP)
            cursor = replace(cursor, since=cursor.since or start)
            for page, reached in self._whole(missing, cursor):
                cursor = reached
                yield page
            if fresh:
                yield Page((), cursor.text(), torn=torn)
                return
        if begun:
            yield from self._changes(cursor)

    def get(self, key: Key) -> Record | Unreadable | Gone:
        """The record as it is now. Gone where QuickBooks has none with this Id."""
        kind = next(kind for kind in self._kinds if key_of(self._tag, kind, "1").entity == key.entity)
        if not key.id.isdecimal():
            raise _Unknown(key)
        found = rows_of(self._query(kind, one_query(kind, key.id)), kind)
        return record_of(self._tag, kind, found[0], self._clock.now()) if found else Gone()

    def ids(self) -> frozenset[Key]:
        """The keys of all records of all kinds."""
        return frozenset(key_of(self._tag, kind, id_of(kind, row)) for kind, rows in self._pages(self._kinds) for row in rows)

    def samples(self, kind: str) -> Iterator[Record]:
        for row in rows_of(self._query(kind, page_query(kind, 1, 20)), kind):
            record = record_of(self._tag, kind, row, self._clock.now())
            if isinstance(record, Record):
                yield record

    # --- everything -----------------------------------------------------------------------------------------------------

    def _whole(self, kinds: Sequence[str], cursor: Cursor) -> Iterator[tuple[Page, Cursor]]:
        """All records of these kinds, each page with the cursor that tells which kinds are in whole."""
        now = self._clock.now()
        loads = {kind: _Load(kind) for kind in kinds}
        for kind, rows in self._pages(kinds, loads):
            if loads[kind].done:
                paged = (kind,) if loads[kind].read > 1 else ()
                cursor = replace(cursor, kinds=(*cursor.kinds, kind), paged=(*cursor.paged, *paged))
            yield Page(tuple(record_of(self._tag, kind, row, now) for row in rows), cursor.text()), cursor

    def _pages(
        self, kinds: Sequence[str], loads: dict[str, _Load] | None = None
    ) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
        """(kind, rows) page by page, kind after kind, with as few calls as QuickBooks allows."""
        loads = loads if loads is not None else {kind: _Load(kind) for kind in kinds}
        for kind, count in zip(kinds, self._counts(kinds), strict=True):
            loads[kind].count = count
        while open_loads := [load for load in loads.values() if not load.done]:
            wanted = self._next_pages(open_loads)
            for (load, position), response in zip(wanted, self._ask(wanted), strict=True):
                rows = rows_of(response, load.kind)
                if _says_more(response, len(rows)):
                    raise _cut_short(load.kind)
                load.rows, load.read, load.full = load.rows + len(rows), position // PAGE + 1, len(rows) >= PAGE
                if load.read > _MOST_PAGES:
                    raise ContractBroken(f"the list of `{load.kind}` does not end", remote=REMOTE)
                if load.done:
                    self._heed_count(load)
                yield load.kind, rows

    def _heed_count(self, load: _Load) -> None:
        """A row that a list leaves out would come only when it changes: with fewer than were counted, the kind is read again from
        its first page. What was deleted meanwhile a second count tells; what two readings agree in is all that is handed out.
        """
        if load.count is None or load.rows >= load.count:
            return
        counted = _count_in(self._query(load.kind, count_query(load.kind)))
        if counted is None or load.rows >= counted:
            return
        if load.before is None:
            load.count, load.before, load.rows, load.read, load.full = counted, load.rows, 0, 0, False
        elif load.before == load.rows:
            log.warning("%s: QuickBooks counts %d and hands out %d, twice", load.kind, counted, load.rows)
        else:
            raise _cut_short(load.kind)

    def _next_pages(self, loads: Sequence[_Load]) -> list[tuple[_Load, int]]:
        """The next pages of one call: (load, startposition). Of a kind whose count is unknown one page at a time."""
        wanted = []
        for load in loads:
            last = load.pages if load.pages is not None else load.read + 1
            for page in range(load.read, last):
                wanted.append((load, page * PAGE + 1))
                if len(wanted) >= (_PAGES_A_CALL if self._batch else 1):
                    return wanted
        return wanted

    def _ask(self, wanted: Sequence[tuple[_Load, int]]) -> Iterator[Mapping[str, Any]]:
        """The answer to each page's query."""
        queries = [(load.kind, page_query(load.kind, position)) for load, position in wanted]
        answers = self._asked_at_once(queries) if len(queries) > 1 else None
        if answers is not None:
            yield from answers
            return
        for kind, query in queries:
            yield self._query(kind, query)

    def _counts(self, kinds: Sequence[str]) -> list[int | None]:
        """How many of each kind there are; None where it would cost a call each to know."""
        answers = self._asked_at_once([(kind, count_query(kind)) for kind in kinds])
        return [None] * len(kinds) if answers is None else [_count_in(answer) for answer in answers]

    def _asked_at_once(self, queries: Sequence[tuple[str, str]]) -> list[Mapping[str, Any]] | None:
        """The answers to several queries out of one call; None where it has to be one by one: refused, too large or too slow."""
        if not self._batch:
            return None
        try:
            return self._company.batch([text for _, text in queries])
        except (Refused, OutOfReach, ContractBroken):
            self._batch = False  # what is wrong with one of them, it will say alone
            return None

    def _query(self, kind: str, text: str) -> Mapping[str, Any]:
        try:
            return self._company.query(text)
        except Refused as err:
            raise ConfigError(
                f"QuickBooks cannot be asked for `{kind}`: {err.message}",
                hint=f'check object = "{kind}" under [entities]: QuickBooks writes its names in one word, such as "JournalEntry"',
                remote=REMOTE,
                request_id=err.request_id,
            ) from err

    # --- changes --------------------------------------------------------------------------------------------------------

    def _changes(self, cursor: Cursor) -> Iterator[Page]:
        """What changed since the cursor: one call for all kinds that it carries, a query for each of the others."""
        now, told = self._clock.now(), [kind for kind in self._kinds if kind not in _UNTOLD]
        after, records, gone, torn, again = cursor.since, [], [], False, []
        if told:
            members, answered = self._company.changes(told, cursor.since)
            after = _less_overlap(answered) or after
            rows = [(kind, row) for kind in told for member in members for row in rows_of(member, kind)]
            most = max((sum(1 for each, _ in rows if each == kind) for kind in told), default=0)
            if most >= PAGE or len(rows) >= PAGE:  # there may be more, and deletions come last
                torn = True
                rows = [(kind, row) for kind in told for row in self._since(kind, cursor.since)]
            standing = {(kind, id_of(kind, row)) for kind, row in rows if not is_deleted(row)}
            deleted = [(kind, id_of(kind, row)) for kind, row in rows if is_deleted(row)]
            gone = [key_of(self._tag, kind, id) for kind, id in deleted if (kind, id) not in standing]
            again = [kind for kind in cursor.paged if any(k == kind and is_deleted(row) for k, row in rows)]
            records = [record_of(self._tag, kind, row, now) for kind, row in rows if not is_deleted(row)]
        else:
            after = _stamp(now - OVERLAP)
        for kind in (kind for kind in self._kinds if kind in _UNTOLD):
            records += [record_of(self._tag, kind, row, now) for row in self._since(kind, cursor.since)]
        done = Cursor(after, tuple(kind for kind in cursor.kinds if kind not in again))
        yield Page(tuple(records), done.text(), gone=tuple(gone), torn=torn)
        if again:
            for page, _ in self._whole(again, done):
                yield page

    def _since(self, kind: str, since: str) -> Iterator[Mapping[str, Any]]:
        """What changed of one kind, by queries; deletions do not show."""
        for page in range(_MOST_PAGES):
            rows = rows_of(self._query(kind, page_query(kind, page * PAGE + 1, since=since)), kind)
            yield from rows
            if len(rows) < PAGE:
                return
        raise ContractBroken(f"the list of `{kind}` does not end", remote=REMOTE)


def _count_in(response: Mapping[str, Any]) -> int | None:
    count = response.get("totalCount")
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def _says_more(response: Mapping[str, Any], rows: int) -> bool:
    """Whether a page says itself that it has more rows than there are in it."""
    told = response.get("maxResults")
    return isinstance(told, int) and told > rows


def _cut_short(kind: str) -> ContractBroken:
    return ContractBroken(
        f"the list of `{kind}` has fewer rows than QuickBooks counts", hint="the next run reads it again", remote=REMOTE
    )


class _Unknown(ConfigError):
    """A key that leads to nothing that QuickBooks could have."""

    def __init__(self, key: Key) -> None:
        super().__init__(f"`{key.id}` is no Id of QuickBooks", hint="Ids are the numbers that `zsync status` shows")


def _less_overlap(text: str) -> str:
    """The server's moment less the overlap; empty where it says none that is understood."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return _stamp(moment - OVERLAP) if moment.tzinfo is not None else ""


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
