"""What the source has, as people know it: scopes as they were read, their documents, names, and what people ruled.

`scopes` answers "did this change since we planned it?", `records` "what is there, and why is it not planned?". Every
method that writes must run inside `store.commit()`, together with the journal's share of the same page (J1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from zsync.model.documents import Contact, Document, Sale
from zsync.model.intent import Note, Plan, Progress, Ref, Verdict
from zsync.model.key import Key
from zsync.model.record import Record, Unreadable
from zsync.model.row import UNCLEAR, Complaint
from zsync.state.store import Store, stamp


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A scope as it was planned last."""

    key: Key
    stream: str
    revision: str
    fingerprint: str
    backfill: bool
    demanded: bool
    again: bool
    gone_in: int | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided about a record, and the revision that it was decided on."""

    verb: str
    reason: str
    revision: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for by name: `fresh` until it is planned, `before_start` whatever day it counts by."""

    fresh: bool
    before_start: bool


class Records:
    """Scopes, records, names and rulings of one state."""

    def __init__(self, store: Store) -> None:
        self._db = store.db

    # --- scopes -------------------------------------------------------------------------------------------------------

    def scope(self, key: Key) -> ScopeRow | None:
        found = self._db.execute("SELECT * FROM scopes WHERE key = ?", (str(key),)).fetchone()
        if found is None:
            return None
        return ScopeRow(
            Key(found["key"]),
            found["stream"],
            found["revision"],
            found["fingerprint"],
            bool(found["backfill"]),
            bool(found["demanded"]),
            bool(found["again"]),
            found["gone_in"],
        )

    def known(self, stream: str) -> frozenset[Key]:
        """The scopes that the stream has handed out, without those that are known to be gone."""
        found = self._db.execute("SELECT key FROM scopes WHERE stream = ? AND gone_in IS NULL", (stream,))
        return frozenset(Key(each[0]) for each in found)

    def to_read_again(self) -> list[Key]:
        """Scopes that a person, or another scope, wants read with `get` and planned once more."""
        found = self._db.execute("SELECT key FROM scopes WHERE again = 1 ORDER BY key")
        return [Key(each[0]) for each in found.fetchall()]

    def read_again(self, scope: Key) -> None:
        """The next run reads this scope with `get` and plans it anew, changed or not."""
        self._db.execute("UPDATE scopes SET again = 1, revision = '' WHERE key = ?", (str(scope),))

    def demand(self, scope: Key, stream: str) -> None:
        """Another scope refers to this one: it goes whatever its switches say. Its turn comes with the one that needs it."""
        self._db.execute(
            "INSERT INTO scopes (key, stream, revision, fingerprint, backfill, demanded, again)"
            " VALUES (?, ?, '', '', 1, 1, 1) ON CONFLICT (key) DO UPDATE SET demanded = 1, again = 1, revision = ''",
            (str(scope), stream),
        )

    def end_demand(self, scope: Key) -> None:
        """It was written: from here on its own switches and its own state count."""
        self._db.execute("UPDATE scopes SET demanded = 0 WHERE key = ?", (str(scope),))

    def lead_on(self, alias: Key, scope: Key) -> None:
        """`alias` was demanded, and is part of this scope: that is demanded in its place."""
        found = self._db.execute("SELECT stream FROM scopes WHERE key = ?", (str(alias),)).fetchone()
        if found is not None:
            self.demand(scope, found["stream"])
            self._db.execute("DELETE FROM scopes WHERE key = ?", (str(alias),))

    def gone(self, scope: Key, run: int) -> bool:
        """The source says that this scope is gone. True when another run has seen so before: that is evidence."""
        found = self._db.execute("SELECT gone_in FROM scopes WHERE key = ?", (str(scope),)).fetchone()
        first = found["gone_in"] if found else None
        self._db.execute("UPDATE scopes SET gone_in = coalesce(gone_in, ?), again = 1 WHERE key = ?", (run, str(scope)))
        return first is not None and first != run

    # --- records ------------------------------------------------------------------------------------------------------

    def keep(self, record: Record, plan: Plan, stream: str, fingerprint: str, *, backfill: bool) -> None:
        """Write down how each document of this record stands after planning."""
        days = [document.day for document in record.documents if document.day is not None]
        self._keep_scope(record.key, stream, record.revision, fingerprint, backfill, max(days, default=None))
        for document in record.documents:
            self._keep_document(document, record, plan)

    def forget_absent(self, record: Record) -> None:
        """Documents that this scope no longer has leave the list, unless the journal (still) knows them."""
        present = [str(document.key) for document in record.documents]
        marks = ", ".join("?" for _ in present)
        self._db.execute(
            f"DELETE FROM records WHERE scope = ? AND key NOT IN ({marks})"  # noqa: S608 - only question marks
            " AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.owner = records.key)",
            (str(record.key), *present),
        )

    def keep_unreadable(
        self, broken: Unreadable, verdict: Verdict | None, stream: str, fingerprint: str, now: datetime, *, backfill: bool
    ) -> None:
        """Keep a record that could not be made sense of, with the reason, or with the verdict that it need not be; it is read
        again by `retry` or new settings."""
        self._keep_scope(broken.key, stream, "", fingerprint, backfill, broken.day)
        self._write(
            key=str(broken.own_key),
            entity=broken.entity,
            source_id=broken.source_id,
            scope=str(broken.key),
            label=broken.label,
            day=broken.day.isoformat() if broken.day else None,
            stand=verdict.stand if verdict is not None else "failed",
            reason=verdict.reason if verdict is not None else "",
            error=_json(asdict(Complaint.of(broken.error))) if verdict is None else None,
            revision=broken.revision,
            read_at=stamp(now),
        )

    def mark_gone(self, scope: Key) -> None:
        """The source does not have this scope any more: it is not asked for again. Records of which nothing was ever sent leave
        the list; of the others those that are taken back stand as canceled where an order is among them, the rest is held."""
        of_record = "SELECT 1 FROM journal j WHERE j.owner = records.key"
        self._db.execute(f"DELETE FROM records WHERE scope = ? AND NOT EXISTS ({of_record})", (str(scope),))  # noqa: S608
        self._db.execute(
            f"UPDATE records SET stand = CASE WHEN EXISTS ({of_record} AND j.wanted IS NOT NULL) THEN 'held'"  # noqa: S608
            " WHEN EXISTS (SELECT 1 FROM records o WHERE o.scope = records.scope AND o.progress IS NOT NULL) THEN 'canceled'"
            " ELSE 'planned' END, reason = 'gone from the source', error = NULL WHERE scope = ?",
            (str(scope),),
        )
        self._db.execute("UPDATE scopes SET again = 0 WHERE key = ?", (str(scope),))

    def owned(self, key: Key) -> list[Ref]:
        """The rows of the journal that people know by this record."""
        found = self._db.execute("SELECT module, key FROM journal WHERE owner = ? ORDER BY seq", (str(key),))
        return [Ref(each["module"], Key(each["key"])) for each in found.fetchall()]

    def entity(self, key: Key) -> str:
        """The entity that people know this record by; for what the target made itself, the word in its key."""
        found = self._db.execute("SELECT entity FROM records WHERE key = ?", (str(key),)).fetchone()
        return key.entity if found is None else str(found["entity"])

    def find(self, entity: str, source_id: str) -> tuple[Key, Key] | None:
        """(key, scope) of the record that people call by this id."""
        found = self._db.execute(
            "SELECT key, scope FROM records WHERE entity = ? AND source_id = ?", (entity, source_id)
        ).fetchone()
        return None if found is None else (Key(found["key"]), Key(found["scope"]))

    def failed(self, entity: str | None = None) -> list[tuple[str, str]]:
        """(entity, source id) of each record that failed, at planning or at the remote; not those that may stand there already,
        which are never tried again in passing."""
        found = self._db.execute(
            """
            SELECT DISTINCT r.entity, r.source_id FROM records r
            LEFT JOIN journal j ON j.owner = r.key AND j.state = 'failed' AND json_extract(j.error, '$.code') != ?
            WHERE (r.stand = 'failed' OR j.key IS NOT NULL) AND (? IS NULL OR r.entity = ?)
            """,
            (UNCLEAR, entity, entity),
        )
        return [(each[0], each[1]) for each in found.fetchall()]

    # --- names --------------------------------------------------------------------------------------------------------

    def claim_name(self, contact: Contact) -> bool:
        """Whether this customer may bear the bare name: the first who had it keeps it, for good."""
        name = " ".join(contact.name.split()).casefold()
        self._db.execute("INSERT INTO names VALUES (?, ?) ON CONFLICT DO NOTHING", (name, str(contact.key)))
        holder = self._db.execute("SELECT key FROM names WHERE name = ?", (name,)).fetchone()[0]
        known = self._db.execute("SELECT 1 FROM distinguished WHERE key = ?", (str(contact.key),)).fetchone()
        return holder == str(contact.key) and known is None

    def distinguish(self, key: Key) -> None:
        """A person's contact has this customer's name at the target: ours carries its id from now on."""
        self._db.execute("INSERT INTO distinguished VALUES (?) ON CONFLICT DO NOTHING", (str(key),))

    # --- rulings ------------------------------------------------------------------------------------------------------

    def rule(self, key: Key, verb: str, reason: str) -> None:
        """Keep what a person decided, for as long as the record stays as it is."""
        found = self._db.execute("SELECT revision FROM records WHERE key = ?", (str(key),)).fetchone()
        self._db.execute(
            "INSERT INTO rulings VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
            " verb = excluded.verb, reason = excluded.reason, revision = excluded.revision",
            (str(key), verb, reason, found["revision"] if found else ""),
        )

    def ruling(self, key: Key) -> Ruling | None:
        found = self._db.execute("SELECT verb, reason, revision FROM rulings WHERE key = ?", (str(key),)).fetchone()
        return None if found is None else Ruling(found["verb"], found["reason"], found["revision"])

    def drop_ruling(self, key: Key) -> None:
        self._db.execute("DELETE FROM rulings WHERE key = ?", (str(key),))

    # --- wishes -------------------------------------------------------------------------------------------------------

    def wish(self, key: Key, *, before_start: bool = False) -> None:
        """A person asked for this record: it goes whatever the switches say."""
        self._db.execute(
            "INSERT INTO wishes VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE SET"
            " fresh = 1, before_start = max(before_start, excluded.before_start)",
            (str(key), int(before_start)),
        )

    def wishes(self, keys: Iterable[Key]) -> dict[Key, Wish]:
        """Those of these records that a person asked for."""
        asked = [str(key) for key in keys]
        marks = ", ".join("?" for _ in asked)
        found = self._db.execute(f"SELECT * FROM wishes WHERE key IN ({marks})", asked)  # noqa: S608 - only question marks
        return {Key(each["key"]): Wish(bool(each["fresh"]), bool(each["before_start"])) for each in found}

    def wishes_heard(self, keys: Iterable[Key]) -> None:
        """These records were planned: what was asked for is written down as wanted."""
        self._db.executemany("UPDATE wishes SET fresh = 0 WHERE key = ?", [(str(key),) for key in keys])

    # --- cursors ------------------------------------------------------------------------------------------------------

    def cursor(self, stream: str) -> str | None:
        found = self._db.execute("SELECT cursor FROM cursors WHERE stream = ?", (stream,)).fetchone()
        return None if found is None else str(found[0])

    def forget_cursors(self, no_stream: str) -> None:
        """Every stream is read from its start again: the settings are others, so any plan may be. So is what no stream hands
        out (filed under `no_stream`)."""
        self._db.execute("DELETE FROM cursors")
        self._db.execute("UPDATE scopes SET again = 1 WHERE stream = ?", (no_stream,))

    def set_cursor(self, stream: str, cursor: str) -> None:
        self._db.execute(
            "INSERT INTO cursors VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET cursor = excluded.cursor", (stream, cursor)
        )

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _keep_scope(self, key: Key, stream: str, revision: str, fingerprint: str, backfill: bool, day: date | None) -> None:
        self._db.execute(
            """
            INSERT INTO scopes (key, stream, revision, fingerprint, backfill, day) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, fingerprint = excluded.fingerprint,
                stream = excluded.stream, backfill = min(backfill, excluded.backfill), day = excluded.day,
                again = 0, gone_in = NULL
            """,
            (str(key), stream, revision, fingerprint, int(backfill), day.isoformat() if day else None),
        )

    def _keep_document(self, document: Document, record: Record, plan: Plan) -> None:
        stand, reason, on, error = _standing(document.key, plan)
        progress = plan.progress.get(document.key)
        notes = [note for note in plan.notes if note.key == document.key]
        self._write(
            key=str(document.key),
            entity=document.entity,
            source_id=document.source_id,
            scope=str(record.key),
            label=document.label,
            day=document.day.isoformat() if document.day else None,
            stand=stand,
            reason=reason,
            on_key=on,
            error=error,
            progress=_progress(progress),
            notes=_notes(notes),
            parent=str(document.customer) if isinstance(document, Sale) else None,
            revision=record.revision,
            read_at=stamp(record.read_at),
        )

    def _write(self, **values: object) -> None:
        row = {
            "reason": "",
            "on_key": None,
            "error": None,
            "progress": None,
            "notes": None,
            "parent": None,
            "revision": "",
        } | values
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        # A record that could not be read stands under a key of its own until it can be: make room for the real one.
        self._db.execute(
            "DELETE FROM records WHERE entity = ? AND source_id = ? AND key != ?", (row["entity"], row["source_id"], row["key"])
        )
        self._db.execute(f"INSERT OR REPLACE INTO records ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608


def _standing(key: Key, plan: Plan) -> tuple[str, str, str | None, str | None]:
    error = plan.errors.get(key)
    if error is not None:
        return "failed", "", None, _json(asdict(Complaint.of(error)))
    verdict = plan.verdicts.get(key)
    if isinstance(verdict, Verdict):
        return verdict.stand, verdict.reason, str(verdict.on) if verdict.on else None, None
    return "planned", "", None, None


def _progress(progress: Progress | None) -> str | None:
    if progress is None:
        return None
    documents = [str(key) for key in progress.documents]
    return _json({"invoiced": progress.invoiced, "paid": progress.paid, "documents": documents, "own": progress.own})


def _notes(notes: Iterable[Note]) -> str | None:
    kept = [{"code": note.code, "message": note.message} for note in notes]
    return _json(kept) if kept else None


def _json(value: Mapping[str, object] | Sequence[object]) -> str:
    return json.dumps(value, ensure_ascii=False)
