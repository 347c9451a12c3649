"""Status is a query: what people see of a record, worked out from `records` and `journal`; stored nowhere.

records.stand says no (failed, blocked, skipped, canceled, held)  -->  that
else its rows of the journal: failed > held > blocked > waiting > pending > synced (or disabled)
an order: pending -> invoice_sync -> payment_sync -> synced, by its own rows and its documents
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zsync.model.key import Key
from zsync.model.row import Complaint
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

_PRIMARY = ("contacts", "items", "salesorders", "invoices", "payments")
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


@dataclass(frozen=True, slots=True)
class _Journaled:
    """A row of the journal, as far as a status needs it."""

    module: str
    key: str
    state: str
    wanted: bool
    there: bool
    remote_id: str
    number: str
    settled_at: str
    ask_at: str
    due_at: str
    attempts: int
    error: Complaint | None
    reason: str
    needs: tuple[tuple[str, str, bool], ...]


@dataclass(slots=True)
class _Picture:
    """Everything that is needed to say how the records stand, read in two queries."""

    records: dict[str, sqlite3.Row] = field(default_factory=dict)
    by_owner: dict[str, list[_Journaled]] = field(default_factory=dict)
    by_ref: dict[tuple[str, str], _Journaled] = field(default_factory=dict)
    owner_of: dict[tuple[str, str], str] = field(default_factory=dict)


class Status:
    """Questions about how the records stand. Reads only."""

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def summary(self) -> dict[str, dict[str, int]]:
        """Counts by entity and status."""
        counts: dict[str, Counter[str]] = {}
        for each in self.records():
            counts.setdefault(each.entity, Counter())[each.status] += 1
        return {entity: dict(count) for entity, count in counts.items()}

    def records(self, entity: str | None = None, status: str | None = None) -> list[RecordStatus]:
        """The records of an entity (or all), by number; with `status`, those only."""
        picture = self._picture()
        wanted = [row for row in picture.records.values() if entity is None or row["entity"] == entity]
        found = [_record(row, picture, deep=entity is not None) for row in wanted]
        found.sort(key=lambda each: (each.entity, len(each.source_id), each.source_id))
        return [each for each in found if status is None or each.status == status]

    def record(self, entity: str, source_id: str) -> RecordStatus | None:
        """One record with its documents, or None."""
        picture = self._picture()
        for row in picture.records.values():
            if row["entity"] == entity and row["source_id"] == source_id:
                return _record(row, picture, deep=True)
        return None

    def problems(self) -> list[RecordStatus]:
        """The records that a person must look at."""
        return [each for each in self.records() if each.status == "failed"]

    def entities(self) -> list[str]:
        """The entities that there are records of."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT entity FROM records ORDER BY entity")]

    def attempts(self, key: Key) -> list[dict[str, Any]]:
        """Every attempt for the documents that people know by this record, oldest first."""
        found = self._db.execute(
            "SELECT at, module, key, event, verb, code, message, request_id FROM attempts WHERE owner = ? ORDER BY id",
            (str(key),),
        )
        return [dict(row) for row in found.fetchall()]

    def rows(self, key: Key) -> list[dict[str, Any]]:
        """The journal's rows of a record: module, state, ids, needs."""
        picture = self._picture()
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
            for row in picture.by_owner.get(str(key), [])
        ]

    def _picture(self) -> _Picture:
        picture = _Picture()
        for row in self._db.execute("SELECT * FROM records"):
            picture.records[row["key"]] = row
        for row in self._db.execute(
            "SELECT module, key, owner, state, wanted_digest, there, remote_id, number, written, settled_at, ask_at, due_at,"
            " attempts, error, reason, needs FROM journal ORDER BY seq"
        ):
            made = _journaled(row)
            picture.by_owner.setdefault(row["owner"], []).append(made)
            picture.by_ref[made.module, made.key] = made
            picture.owner_of[made.module, made.key] = row["owner"]
        return picture


def _record(row: sqlite3.Row, picture: _Picture, *, deep: bool) -> RecordStatus:
    rows = picture.by_owner.get(row["key"], [])
    made = _with_target(_plain(row), rows)
    if row["stand"] == "planned" or (row["stand"] == "canceled" and rows):
        made = _by_rows(made, rows, picture)
    if row["stand"] == "canceled" and made.status in ("synced", "pending", "disabled"):
        made = replace(made, status="canceled" if made.status != "pending" else "pending")
    progress = json.loads(row["progress"]) if row["progress"] else None
    if progress is None:
        return made
    documents = [picture.records[key] for key in progress["documents"] if key in picture.records]
    children = tuple(_record(each, picture, deep=False) for each in documents)
    if made.status == "synced":
        made = _of_order(made, progress, children)
    if not deep:
        return made
    customer = picture.records.get(row["parent"] or "")
    return replace(made, documents=children, customer=_record(customer, picture, deep=False) if customer is not None else None)


def _plain(row: sqlite3.Row) -> RecordStatus:
    """What the records table alone says."""
    status = "pending" if row["stand"] == "planned" else str(row["stand"])
    error = Complaint(**json.loads(row["error"])) if row["error"] else None
    if error is None and row["reason"]:
        error = Complaint(status, row["reason"])
    return RecordStatus(
        entity=row["entity"],
        source_id=row["source_id"],
        key=Key(row["key"]),
        label=row["label"],
        status=status,
        error=error,
        on=row["on_key"] or "",
        notes=tuple(json.loads(row["notes"])) if row["notes"] else (),
    )


def _with_target(made: RecordStatus, rows: Sequence[_Journaled]) -> RecordStatus:
    """Id and number of the document that people mean, and when its last piece was written."""
    primary = next((row for row in rows if row.module in _PRIMARY), None)
    times = [row.settled_at for row in rows if row.settled_at]
    return replace(
        made,
        module=primary.module if primary else "",
        target_id=primary.remote_id if primary else "",
        target_number=primary.number if primary else "",
        synced_at=max(times, default=""),
        attempts=max((row.attempts for row in rows), default=0),
    )


def _by_rows(made: RecordStatus, rows: Sequence[_Journaled], picture: _Picture) -> RecordStatus:
    """The worst of its rows decides."""
    for row in rows:
        if row.state == "failed":
            return replace(made, status="failed", error=row.error)
    for row in rows:
        if row.state == "held":
            return replace(made, status="held", error=Complaint("held", row.reason))
    open_rows = [row for row in rows if row.state in ("wanted", "sending")]
    for row in open_rows:
        blocker = _blocked_by(row, picture)
        if blocker:
            return replace(made, status="blocked", on=blocker, error=Complaint("blocked", f"waits for {blocker}, which failed"))
    for row in open_rows:
        if row.state == "sending":
            return replace(made, status="waiting", error=row.error or _in_doubt(), until=row.ask_at, on="an answer")
        if row.due_at:
            return replace(made, status="waiting", error=row.error, until=row.due_at)
    for row in open_rows:
        waits = _under_way(row, picture)
        if waits and row.attempts == 0 and any(other.attempts for other in rows):
            return replace(made, status="waiting", on=waits)
    if open_rows or not rows:
        return replace(made, status="pending")
    gone = all(not row.there for row in rows if row.remote_id)
    return replace(made, status="disabled" if gone and any(row.remote_id for row in rows) else "synced")


def _in_doubt() -> Complaint:
    return Complaint("in_doubt", "sent, the answer is unknown: it is asked about before anything is sent again")


def _blocked_by(row: _Journaled, picture: _Picture, seen: frozenset[tuple[str, str]] = frozenset()) -> str:
    """The record whose failure this row waits for, also by way of others that wait; empty if none."""
    for module, key, only_id in row.needs:
        other = picture.by_ref.get((module, key))
        if other is None:
            owner = picture.records.get(key)
            if owner is None or owner["stand"] in ("failed", "blocked"):
                return key
            continue
        if only_id and other.remote_id and other.there:
            continue
        if other.state in ("failed", "held"):
            return picture.owner_of[module, key]
        if other.state == "wanted" and (module, key) not in seen:
            blocker = _blocked_by(other, picture, seen | {(module, key)})
            if blocker:
                return blocker
    return ""


def _under_way(row: _Journaled, picture: _Picture) -> str:
    for module, key, _ in row.needs:
        other = picture.by_ref.get((module, key))
        if other is not None and other.state in ("wanted", "sending"):
            return picture.owner_of[module, key]
    return ""


def _of_order(made: RecordStatus, progress: Mapping[str, Any], documents: Sequence[RecordStatus]) -> RecordStatus:
    """The order itself is written: how far are its documents?"""
    invoices = [each for each in documents if each.entity == "invoices" and each.status != "skipped"]
    payments = [each for each in documents if each.entity == "payments" and each.status != "skipped"]
    for each in invoices:
        if each.status in ("failed", "blocked"):
            return replace(made, status=each.status, error=each.error)
    if not progress["invoiced"] or any(each.status != "synced" for each in invoices):
        return replace(made, status="invoice_sync")
    if not progress["paid"] or any(each.status != "synced" for each in payments):
        return replace(made, status="payment_sync")
    return made


def _journaled(row: sqlite3.Row) -> _Journaled:
    written = json.loads(row["written"]) if row["written"] else {}
    return _Journaled(
        module=row["module"],
        key=row["key"],
        state=row["state"],
        wanted=row["wanted_digest"] != "",
        there=bool(row["there"]),
        remote_id=row["remote_id"] or "",
        number=written.get("number") or row["number"],
        settled_at=row["settled_at"] or "",
        ask_at=row["ask_at"] or "",
        due_at=row["due_at"] or "",
        attempts=row["attempts"],
        error=Complaint(**json.loads(row["error"])) if row["error"] else None,
        reason=row["reason"],
        needs=tuple((module, key, bool(only_id)) for module, key, only_id in json.loads(row["needs"])),
    )
