"""Status is a query: what people see of records, stored nowhere. How one record stands is worked out in `standing.py`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from zsync.model.key import Key
from zsync.state.standing import Picture, RecordStatus, record_of
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
"""The records that are synced as `standing.py` says, for the database to tell: all rows stand settled, and of an order all that
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
        picture = Picture(self._db, whole=len(left) > _FEW)
        for each in sorted((record_of(row, picture, deep=False) for row in left), key=_by_number):
            counts.setdefault(each.entity, Counter())[each.status] += 1
            if each.status == "failed":
                problems.append(each)
        return {entity: dict(count) for entity, count in counts.items()}, problems

    def count_open(self) -> int:
        """How many documents are wanted, or in doubt."""
        found = self._db.execute("SELECT count(*) FROM journal WHERE state IN ('wanted', 'sending')").fetchone()
        return int(found[0])

    def records(self, entity: str | None = None, status: str | None = None) -> list[RecordStatus]:
        """The records of an entity (or all), by number; with `status`, those only."""
        picture = Picture(self._db, whole=True)
        wanted = [row for row in picture.records.values() if row is not None and entity in (None, row["entity"])]
        found = [record_of(row, picture, deep=entity is not None) for row in wanted]
        found.sort(key=_by_number)
        return [each for each in found if status is None or each.status == status]

    def record(self, entity: str, source_id: str) -> RecordStatus | None:
        """One record with its documents, or None."""
        row = self._db.execute("SELECT * FROM records WHERE entity = ? AND source_id = ?", (entity, source_id)).fetchone()
        return None if row is None else record_of(row, Picture(self._db, whole=False), deep=True)

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
            for row in Picture(self._db, whole=False).rows(str(key))
        ]


def _by_number(each: RecordStatus) -> tuple[str, int, str]:
    return each.entity, len(each.source_id), each.source_id
