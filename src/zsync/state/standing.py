"""How one record stands, worked out from its row in `records` and the journal's rows: what `Status` asks for each.

records.stand says no (failed, blocked, skipped, canceled, held)  -->  that
else its rows of the journal: failed > held > blocked > waiting > pending > synced (or disabled)
an order: pending -> invoice_sync -> payment_sync -> synced, by its own rows and its documents
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from zsync.model.intent import DELETED, KEPT
from zsync.model.key import Key
from zsync.model.row import Complaint
from zsync.state.rows import GONE, ONLY_ID

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
"""The modules of Zoho Books whose id and number people mean; of others it is the document that has the record's own key."""


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


class Picture:
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


def record_of(row: sqlite3.Row, picture: Picture, *, deep: bool) -> RecordStatus:
    """How a record stands; one that a person asked for is `queued` until the next run has taken it up."""
    made = _standing(row, picture, deep=deep)
    return replace(made, status="queued") if (made.entity, made.source_id) in picture.queued else made


def _standing(row: sqlite3.Row, picture: Picture, *, deep: bool) -> RecordStatus:
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
    children = tuple(record_of(each, picture, deep=False) for each in documents)
    if made.status == "pending" and not rows and not progress.get("own", True):
        made = replace(made, status="synced", synced_at=max((each.synced_at for each in children), default=""))
    if made.status == "synced":
        made = _of_order(made, progress, children)
    if not deep:
        return made
    customer = picture.record(row["parent"] or "")
    return replace(made, documents=children, customer=record_of(customer, picture, deep=False) if customer is not None else None)


def _plain(row: sqlite3.Row, rows: Sequence[_Journaled]) -> RecordStatus:
    """What the records table says, with the id and number of the document that people mean, and its last writing."""
    status = str(row["stand"])
    if status == "planned":
        status = "synced" if rows and all(each.state == "settled" and each.there for each in rows) else "pending"
    error = Complaint(**json.loads(row["error"])) if row["error"] else None
    if error is None and row["reason"]:
        error = Complaint(status, row["reason"])
    primary = _primary(rows, row["key"])
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


def _primary(rows: Sequence[_Journaled], key: str) -> _Journaled | None:
    """The document that people mean by the record: of a known kind, else the one that has its key."""
    known = next((each for each in rows if each.module in _PRIMARY), None)
    return known or next((each for each in rows if each.key == key), None)


def _remarks(rows: Sequence[_Journaled]) -> list[Mapping[str, str]]:
    """As notes; a status shows the answer of its document, so that each is told once."""
    told = dict.fromkeys(words for row in rows for words in row.otherwise)
    return [{"code": "otherwise", "message": words} for words in told]


def _by_rows(made: RecordStatus, rows: Sequence[_Journaled], picture: Picture) -> RecordStatus:
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
    primary = _primary(rows, str(made.key))
    last = json.loads(primary.written_text)["status"] if primary is not None and primary.written_text else ""
    if last == DELETED:
        return replace(made, status="deleted")
    kept = Complaint("kept", "it is in use in Zoho, and stays there") if last == KEPT else made.error
    return replace(made, status="disabled", error=kept)


def _in_doubt() -> Complaint:
    return Complaint("in_doubt", "sent, the answer is unknown: it is asked about before anything is sent again")


def _unmet(row: _Journaled, picture: Picture) -> Iterator[tuple[str, _Journaled | None]]:
    """(key, row) of what this row needs and has not; None where nothing is wanted under that key."""
    for module, key, kind in row.needs if row.wanted else ():
        other = picture.row(module, key)
        if other is None and kind == GONE:
            continue
        if other is None or not other.serves(kind):
            yield key, other


def _blocker(row: _Journaled, picture: Picture, chain: tuple[_Journaled, ...] = ()) -> tuple[str, str] | None:
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


def _awaited(row: _Journaled, picture: Picture, chain: tuple[_Journaled, ...] = ()) -> _Journaled | None:
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
