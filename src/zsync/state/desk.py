"""What is kept beside records and journal: the inbox of people's commands, the meters of quotas, the runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from zsync.ports import Quota
from zsync.state.store import Store, moment, stamp


@dataclass(frozen=True, slots=True)
class Command:
    """A person's command that waits in the inbox. `argument` is a JSON object."""

    id: int
    verb: str
    entity: str
    source_id: str
    argument: Mapping[str, str]


class Inbox:
    """Commands of people: posted without the run's lock, taken up by the next run."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def post(
        self,
        verb: str,
        now: datetime,
        entity: str = "",
        source_ids: Sequence[str] = ("",),
        argument: Mapping[str, str] | None = None,
    ) -> None:
        """Leave a command for the next run, in one short transaction."""
        with self._store.commit():
            self._store.db.executemany(
                "INSERT INTO inbox (at, verb, entity, source_id, argument) VALUES (?, ?, ?, ?, ?)",
                [(stamp(now), verb, entity, source_id, json.dumps(dict(argument or {}))) for source_id in source_ids],
            )

    def take(self) -> Iterator[Command]:
        """The commands in the order they came. Each must be `done` in the commit that carries it out."""
        for each in self._store.db.execute("SELECT * FROM inbox ORDER BY id").fetchall():
            yield Command(each["id"], each["verb"], each["entity"], each["source_id"], json.loads(each["argument"] or "{}"))

    def done(self, command: Command) -> None:
        self._store.db.execute("DELETE FROM inbox WHERE id = ?", (command.id,))


class Meters:
    """What is known of each remote's quota, kept between runs."""

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def load(self, realm: str) -> Quota:
        found = self._db.execute("SELECT quota FROM meters WHERE realm = ?", (realm,)).fetchone()
        if found is None:
            return Quota()
        kept = json.loads(found[0])
        return Quota(
            day=date.fromisoformat(kept["day"]) if kept["day"] else None,
            calls=kept["calls"],
            limit=kept["limit"],
            remaining=kept["remaining"],
            resets_at=moment(kept["resets_at"]),
            blocked_until=moment(kept["blocked_until"]),
            recent=tuple(kept["recent"]),
        )

    def save(self, realm: str, quota: Quota) -> None:
        kept = {
            "day": quota.day.isoformat() if quota.day else None,
            "calls": quota.calls,
            "limit": quota.limit,
            "remaining": quota.remaining,
            "resets_at": stamp(quota.resets_at) if quota.resets_at else None,
            "blocked_until": stamp(quota.blocked_until) if quota.blocked_until else None,
            "recent": list(quota.recent),
        }
        self._db.execute(
            "INSERT INTO meters VALUES (?, ?) ON CONFLICT (realm) DO UPDATE SET quota = excluded.quota", (realm, json.dumps(kept))
        )


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run as it was kept. `outcome`, `finished_at` and `report` are empty for one that did not end."""

    id: int
    command: str
    started_at: str
    finished_at: str
    outcome: str
    report: Mapping[str, Any]


class Runs:
    """The runs and what each reported."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def start(self, command: str, now: datetime) -> int:
        with self._store.commit():
            cursor = self._store.db.execute("INSERT INTO runs (command, started_at) VALUES (?, ?)", (command, stamp(now)))
        return int(cursor.lastrowid or 0)

    def finish(self, run: int, now: datetime, outcome: str, report: Mapping[str, Any]) -> None:
        with self._store.commit():
            self._store.db.execute(
                "UPDATE runs SET finished_at = ?, outcome = ?, report = ? WHERE id = ?",
                (stamp(now), outcome, json.dumps(report, ensure_ascii=False), run),
            )

    def past(self, limit: int) -> list[PastRun]:
        """The runs, newest first."""
        found = self._store.db.execute("SELECT * FROM runs ORDER BY id DESC LIMIT ?", (limit,))
        return [_past(each) for each in found.fetchall()]

    def one(self, run: int) -> PastRun | None:
        found = self._store.db.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
        return None if found is None else _past(found)

    def last(self, command: str = "run") -> Mapping[str, Any] | None:
        """The report of the last finished run of this command, as it was printed; None if there was none."""
        found = self._store.db.execute(
            "SELECT report FROM runs WHERE command = ? AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1", (command,)
        ).fetchone()
        return None if found is None else dict(json.loads(found[0]))


def _past(row: sqlite3.Row) -> PastRun:
    return PastRun(
        row["id"],
        row["command"],
        row["started_at"],
        row["finished_at"] or "",
        row["outcome"] or "",
        json.loads(row["report"]) if row["report"] else {},
    )
