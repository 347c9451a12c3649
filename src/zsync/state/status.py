"""Status is a query: what people see of a record, worked out from `records` and `journal`; stored nowhere.

records.stand says no (failed, blocked, skipped, canceled, held)  -->  that
else its rows of the journal: failed > held > blocked > waiting > pending > synced (or disabled)
an order: pending -> invoice_sync -> payment_sync -> synced, by its own rows and its documents
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from zsync.model.intent import DELETED, KEPT
from zsync.model.key import Key
from zsync.model.row import Complaint
from zsync.state.rows import GONE, ONLY_ID
from zsync.state.store import Store

STATUSES = (
    "pending",
    "invoice_sync",
    "payment_sync",
    "queued",
    "synced",
    "waiting",
    "failed",
    "blocked",
    "skipped",
    "canceled",
    "held",
    "disabled",
    "deleted",
)

_PRIMARY = (
    "contacts",
    "items",
    "currencies",
    "salesorders",
    "invoices",
    "payments",
    "creditnotes",
    "refunds",
    "excessrefunds",
)
"""The modules whose id and number people mean."""


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """One record as people see it. `until` is when a waiting one goes on; `on` names what it waits for or is blocked by."""

    entity: str
    source_id: str
    key: Key
    label: str
    status: str
    module: str = ""
    target_id: str = ""
    target_number: str = ""
    synced_at: str = ""
    attempts: int = 0
    error: Complaint | None = None
    until: str = ""
    on: str = ""
    customer: RecordStatus | None = None
    documents: tuple[RecordStatus, ...] = ()
    notes: tuple[Mapping[str, str], ...] = ()


_OTHERWISE = re.compile(r'"otherwise": \[\[')
"""Few answers say so: the others need not be taken apart."""


@dataclass(frozen=True, slots=True)
class _Journaled:
    """A row of the journal, as far as a status needs it. What few statuses need is taken apart only when asked for."""

    module: str
    key: str
    owner: str
    state: str
    wanted: bool
    there: bool
    remote_id: str
    settled_at: str
    ask_at: str
    due_at: str
    attempts: int
    reason: str
    planned_number: str
    written_text: str | None
    error_text: str | None
    needs_text: str

    @property
    def is_open(self) -> bool:
        return self.state in ("wanted", "sending")

    @property
    def number(self) -> str:
        """The number that the document has, or will have."""
        written = json.loads(self.written_text) if self.written_text else {}
        return str(written.get("number") or self.planned_number)

    @property
    def otherwise(self) -> list[str]:
        """What the remote keeps otherwise than it was sent, for people."""
        if self.written_text is None or not _OTHERWISE.search(self.written_text):
            return []
        listed = json.loads(self.written_text)["otherwise"]
        return [f"{field.replace('_', ' ')}: sent {ours}, Zoho counts with {theirs}" for field, ours, theirs in listed]

    @property
    def error(self) -> Complaint | None:
        return Complaint(**json.loads(self.error_text)) if self.error_text else None

    @property
    def needs(self) -> tuple[tuple[str, str, int], ...]:
        """(module, key, kind) of each row that must be settled first (0), known by its id (1), or gone (2)."""
        return _needed(self.needs_text)

    def serves(self, kind: int) -> bool:
        """Whether a row that needs this one has what it needs."""
        if kind == GONE:
            return not self.there and self.state != "sending"
        return self.there and (bool(self.remote_id) if kind == ONLY_ID else self.state == "settled")


_COLUMNS = (
    "module, key, owner, state, wanted_digest, there, remote_id, settled_at, ask_at, due_at, attempts, reason, number,"
    " written, error, needs"
)


class _Picture:
    """What is needed to say how records stand: everything, read in two queries, or piece by piece as it is asked for."""

    def __init__(self, db: sqlite3.Connection, *, whole: bool) -> None:
        self._db = db
        self._whole = whole
        self.records: dict[str, sqlite3.Row | None] = {}
        self._by_owner: dict[str, list[_Journaled]] = {}
        self._by_ref: dict[tuple[str, str], _Journaled | None] = {}
        asked = db.execute("SELECT entity, source_id FROM inbox WHERE verb = 'queue'")
        self.queued = {(row["entity"], row["source_id"]) for row in asked}
        if whole:
            self.records |= {row["key"]: row for row in db.execute("SELECT * FROM records")}
            for row in db.execute(f"SELECT {_COLUMNS} FROM journal ORDER BY seq"):  # noqa: S608 - our own columns
                made = _journaled(row)
                self._by_owner.setdefault(made.owner, []).append(made)
                self._by_ref[made.module, made.key] = made

    def record(self, key: str) -> sqlite3.Row | None:
        if key not in self.records and not self._whole:
            self.records[key] = self._db.execute("SELECT * FROM records WHERE key = ?", (key,)).fetchone()
        return self.records.get(key)

    def rows(self, owner: str) -> list[_Journaled]:
        """The rows that people know by this record."""
        if owner not in self._by_owner and not self._whole:
            self._by_owner[owner] = self._select("owner = ? ORDER BY seq", owner)
        return self._by_owner.get(owner, [])

    def row(self, module: str, key: str) -> _Journaled | None:
        if (module, key) not in self._by_ref and not self._whole:
            self._by_ref[module, key] = next(iter(self._select("module = ? AND key = ?", module, key)), None)
        return self._by_ref.get((module, key))

    def _select(self, condition: str, *values: str) -> list[_Journaled]:
        found = self._db.execute(f"SELECT {_COLUMNS} FROM journal WHERE {condition}", values)  # noqa: S608 - our own columns
        return [_journaled(row) for row in found.fetchall()]


@dataclass(frozen=True, slots=True)
class PastWrite:
    """One document that a run wrote; `number` is what it has now."""

    entity: str
    source_id: str
    label: str
    verb: str
    module: str
    target_id: str
    number: str
    at: str


_FEW = 500
"""So many records are looked at piece by piece; for more, everything is read at once."""

_NO_RECORDS = "WITH done (key, entity) AS (SELECT key, entity FROM records WHERE 0) "

_COUNTED_AND_OTHERS = (
    "SELECT entity, count(*) FROM done GROUP BY entity",
    "SELECT * FROM records WHERE key NOT IN (SELECT key FROM done)",
)

_DONE_RECORDS = """
WITH sound (owner) AS (
    SELECT owner FROM journal GROUP BY owner HAVING min(state = 'settled' AND there = 1) = 1
), done (key, entity) AS (
    SELECT r.key, r.entity FROM records r WHERE r.stand = 'planned' AND r.key IN sound AND (
        r.progress IS NULL OR (
            json_extract(r.progress, '$.invoiced') AND json_extract(r.progress, '$.paid') AND NOT EXISTS (
                SELECT 1 FROM json_each(r.progress, '$.documents') d JOIN records c ON c.key = d.value
                WHERE c.stand != 'skipped' AND NOT (c.stand = 'planned' AND c.key IN sound)
            )
        )
    )
)
"""
"""The records that are synced as `_standing` says, for the database to tell: all rows stand settled, and of an order all that
belongs to it."""

_DONE = {"create": "created", "update": "updated", "withdraw": "taken back", "revive": "taken into use again"}


class Status:
    """Questions about how the records stand. Reads only."""

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def summary(self) -> dict[str, dict[str, int]]:
        """Counts by entity and status."""
        return self.standing()[0]

    def problems(self) -> list[RecordStatus]:
        """The records that a person must look at."""
        return self.standing()[1]

    def standing(self) -> tuple[dict[str, dict[str, int]], list[RecordStatus]]:
        """Counts by entity and status, and the records that a person must look at.

        Of a hotel of years nearly everything is synced: that is counted by the database, and only the rest looked at one by one.
        """
        counts: dict[str, Counter[str]] = {}
        problems = []
        queued = self._db.execute("SELECT 1 FROM inbox WHERE verb = 'queue' LIMIT 1").fetchone() is not None
        done = _DONE_RECORDS if not queued else _NO_RECORDS
        counted, others = (done + each for each in _COUNTED_AND_OTHERS)
        for entity, count in self._db.execute(counted):
            counts[entity] = Counter(synced=count)
        left = self._db.execute(others).fetchall()
        picture = _Picture(self._db, whole=len(left) > _FEW)
        for each in sorted((_record(row, picture, deep=False) for row in left), key=_by_number):
            counts.setdefault(each.entity, Counter())[each.status] += 1
            if each.status == "failed":
                problems.append(each)
        return {entity: dict(count) for entity, count in counts.items()}, problems

    def records(self, entity: str | None = None, status: str | None = None) -> list[RecordStatus]:
        """The records of an entity (or all), by number; with `status`, those only."""
        picture = _Picture(self._db, whole=True)
        wanted = [row for row in picture.records.values() if row is not None and entity in (None, row["entity"])]
        found = [_record(row, picture, deep=entity is not None) for row in wanted]
        found.sort(key=_by_number)
        return [each for each in found if status is None or each.status == status]

    def record(self, entity: str, source_id: str) -> RecordStatus | None:
        """One record with its documents, or None."""
        row = self._db.execute("SELECT * FROM records WHERE entity = ? AND source_id = ?", (entity, source_id)).fetchone()
        return None if row is None else _record(row, _Picture(self._db, whole=False), deep=True)

    def attempts(self, key: Key) -> list[dict[str, Any]]:
        """Every attempt for the documents that people know by this record, oldest first."""
        found = self._db.execute(
            "SELECT at, module, key, event, verb, code, message, request_id FROM attempts WHERE owner = ? ORDER BY id",
            (str(key),),
        )
        return [dict(row) for row in found.fetchall()]

    def written_in(self, run: int) -> list[PastWrite]:
        """What a run wrote, in the order of writing: each call that was answered, by the record that people know."""
        found = self._db.execute(
            """
            SELECT a.at, a.module, a.verb, a.owner, r.entity, r.source_id, r.label, j.remote_id, j.number, j.written
            FROM attempts a LEFT JOIN records r ON r.key = a.owner
            LEFT JOIN journal j ON j.module = a.module AND j.key = a.key
            WHERE a.run = ? AND a.event IN ('settle', 'found') ORDER BY a.id
            """,
            (run,),
        )
        return [
            PastWrite(
                entity=row["entity"] or Key(row["owner"]).entity,
                source_id=row["source_id"] or Key(row["owner"]).id,
                label=row["label"] or "",
                verb=_DONE.get(row["verb"] or "", row["verb"] or ""),
                module=row["module"],
                target_id=row["remote_id"] or "",
                number=(json.loads(row["written"]).get("number") if row["written"] else "") or row["number"] or "",
                at=row["at"],
            )
            for row in found.fetchall()
        ]

    def rows(self, key: Key) -> list[dict[str, Any]]:
        """The journal's rows of a record: module, state, ids, needs."""
        return [
            {
                "module": row.module,
                "key": row.key,
                "state": row.state,
                "target_id": row.remote_id,
                "number": row.number,
                "settled_at": row.settled_at,
                "needs": [f"{module} {need}" for module, need, _ in row.needs],
            }
            for row in _Picture(self._db, whole=False).rows(str(key))
        ]


def _by_number(each: RecordStatus) -> tuple[str, int, str]:
    return each.entity, len(each.source_id), each.source_id


def _record(row: sqlite3.Row, picture: _Picture, *, deep: bool) -> RecordStatus:
    """How a record stands; one that a person asked for is `queued` until the next run has taken it up."""
    made = _standing(row, picture, deep=deep)
    return replace(made, status="queued") if (made.entity, made.source_id) in picture.queued else made


def _standing(row: sqlite3.Row, picture: _Picture, *, deep: bool) -> RecordStatus:
    rows = picture.rows(row["key"])
    made = _plain(row, rows)
    if made.status == "pending" or (made.status == "canceled" and rows):
        made = _by_rows(made, rows, picture)
    if row["stand"] == "canceled" and made.status in ("synced", "disabled", "deleted"):
        made = replace(made, status="canceled")
    if row["progress"] is None:
        return made
    progress = json.loads(row["progress"])
    documents = [found for key in progress["documents"] if (found := picture.record(key)) is not None]
    children = tuple(_record(each, picture, deep=False) for each in documents)
    if made.status == "pending" and not rows and not progress.get("own", True):
        made = replace(made, status="synced", synced_at=max((each.synced_at for each in children), default=""))
    if made.status == "synced":
        made = _of_order(made, progress, children)
    if not deep:
        return made
    customer = picture.record(row["parent"] or "")
    return replace(made, documents=children, customer=_record(customer, picture, deep=False) if customer is not None else None)


def _plain(row: sqlite3.Row, rows: Sequence[_Journaled]) -> RecordStatus:
    """What the records table says, with the id and number of the document that people mean, and its last writing."""
    status = str(row["stand"])
    if status == "planned":
        status = "synced" if rows and all(each.state == "settled" and each.there for each in rows) else "pending"
    error = Complaint(**json.loads(row["error"])) if row["error"] else None
    if error is None and row["reason"]:
        error = Complaint(status, row["reason"])
    primary = next((each for each in rows if each.module in _PRIMARY), None)
    return RecordStatus(
        entity=row["entity"],
        source_id=row["source_id"],
        key=Key(row["key"]),
        label=row["label"],
        status=status,
        module=primary.module if primary else "",
        target_id=primary.remote_id if primary else "",
        target_number=primary.number if primary else "",
        synced_at=max((each.settled_at for each in rows), default=""),
        attempts=max((each.attempts for each in rows), default=0),
        error=error,
        on=row["on_key"] or "",
        notes=(*(json.loads(row["notes"]) if row["notes"] else ()), *_remarks(rows)),
    )


def _remarks(rows: Sequence[_Journaled]) -> list[Mapping[str, str]]:
    """As notes; a status shows the answer of its document, so that each is told once."""
    told = dict.fromkeys(words for row in rows for words in row.otherwise)
    return [{"code": "otherwise", "message": words} for words in told]


def _by_rows(made: RecordStatus, rows: Sequence[_Journaled], picture: _Picture) -> RecordStatus:
    """The worst of its rows decides."""
    for row in rows:
        if row.state == "failed":
            return replace(made, status="failed", error=row.error)
    for row in rows:
        if row.state == "held":
            return replace(made, status="held", error=Complaint("held", row.reason))
    open_rows = [row for row in rows if row.is_open]
    for row in open_rows:
        blocker = _blocker(row, picture)
        if blocker is not None:
            key, why = blocker
            return replace(made, status="blocked", on=key, error=Complaint("blocked", f"waits for {key}, which {why}"))
    for row in open_rows:
        if row.state == "sending":
            return replace(made, status="waiting", error=row.error or _in_doubt(), until=row.ask_at, on="an answer")
        if row.due_at:
            return replace(made, status="waiting", error=row.error, until=row.due_at)
    for row in open_rows:
        other = _awaited(row, picture)
        if other is not None and other.owner != str(made.key):
            begun = any(each.attempts for each in rows)
            until = other.ask_at if other.state == "sending" else other.due_at
            if until or begun:
                return replace(made, status="waiting", on=other.owner, until=until)
    if open_rows or not rows:
        return replace(made, status="pending")
    if any(row.there for row in rows):
        return replace(made, status="synced")
    last = next((json.loads(row.written_text)["status"] for row in rows if row.module in _PRIMARY and row.written_text), "")
    if last == DELETED:
        return replace(made, status="deleted")
    kept = Complaint("kept", "it is in use in Zoho, and stays there") if last == KEPT else made.error
    return replace(made, status="disabled", error=kept)


def _in_doubt() -> Complaint:
    return Complaint("in_doubt", "sent, the answer is unknown: it is asked about before anything is sent again")


def _unmet(row: _Journaled, picture: _Picture) -> Iterator[tuple[str, _Journaled | None]]:
    """(key, row) of what this row needs and has not; None where nothing is wanted under that key."""
    for module, key, kind in row.needs if row.wanted else ():
        other = picture.row(module, key)
        if other is None and kind == GONE:
            continue
        if other is None or not other.serves(kind):
            yield key, other


def _blocker(row: _Journaled, picture: _Picture, chain: tuple[_Journaled, ...] = ()) -> tuple[str, str] | None:
    """(key of the record, what is wrong with it) that this row waits for in vain, directly or through others; None if none."""
    if row.state == "sending":
        return None
    for key, other in _unmet(row, picture):
        if other is None:
            return key, _missing(picture.record(key))
        if other.state in ("failed", "held"):
            return other.owner, "failed" if other.state == "failed" else "is held"
        if other.state == "settled":
            return other.owner, "is not there any more"
        if other not in chain and (deeper := _blocker(other, picture, (*chain, row))) is not None:
            return deeper
    return None


def _missing(record: sqlite3.Row | None) -> str:
    """Why nothing is wanted under a key that another record needs."""
    if record is None or record["stand"] in ("failed", "blocked", "planned"):
        return "failed"
    return f"is {record['stand']}"


def _awaited(row: _Journaled, picture: _Picture, chain: tuple[_Journaled, ...] = ()) -> _Journaled | None:
    """The row that this one waits for in the end: of a chain, the last that is still under way."""
    for _, other in _unmet(row, picture):
        if other is not None and other.is_open and other not in chain:
            return _awaited(other, picture, (*chain, row)) or other
    return None


def _of_order(made: RecordStatus, progress: Mapping[str, Any], documents: Sequence[RecordStatus]) -> RecordStatus:
    """The order itself is written: how far are its documents?"""
    invoices = [each for each in documents if each.entity == "invoices" and each.status != "skipped"]
    money = [each for each in documents if each.entity in ("payments", "credit_notes") and each.status != "skipped"]
    for each in (*invoices, *(each for each in money if each.entity == "credit_notes")):
        if each.status in ("failed", "blocked"):
            return replace(made, status=each.status, error=each.error)
    if not progress["invoiced"] or any(each.status != "synced" for each in invoices):
        return replace(made, status="invoice_sync")
    if not progress["paid"] or any(each.status != "synced" for each in money):
        return replace(made, status="payment_sync")
    return made


@lru_cache(maxsize=8192)
def _needed(text: str) -> tuple[tuple[str, str, int], ...]:
    return tuple((module, key, kind) for module, key, kind in json.loads(text))


def _journaled(row: sqlite3.Row) -> _Journaled:
    return _Journaled(
        module=row["module"],
        key=row["key"],
        owner=row["owner"],
        state=row["state"],
        wanted=row["wanted_digest"] != "",
        there=bool(row["there"]),
        remote_id=row["remote_id"] or "",
        settled_at=row["settled_at"] or "",
        ask_at=row["ask_at"] or "",
        due_at=row["due_at"] or "",
        attempts=row["attempts"],
        reason=row["reason"],
        planned_number=row["number"],
        written_text=row["written"],
        error_text=row["error"],
        needs_text=row["needs"],
    )
