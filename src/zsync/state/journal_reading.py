"""What the journal can be asked: single rows, scopes, and what is open, settled or needed. Nothing here moves a row."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from zsync.model.intent import Known, Ref
from zsync.model.key import Key
from zsync.model.row import Row, State
from zsync.state.rows import row_of
from zsync.state.store import Store


class JournalReading:
    """Questions about the rows of one realm."""

    def __init__(self, store: Store, realm: str) -> None:
        self._store = store
        self._db = store.db
        self._realm = realm

    def row(self, ref: Ref) -> Row | None:
        """The row of one document, or None."""
        found = self._db.execute(
            "SELECT * FROM journal WHERE realm = ? AND module = ? AND key = ?", (self._realm, ref.module, str(ref.key))
        ).fetchone()
        return None if found is None else row_of(found)

    def scope(self, scope: Key) -> list[Row]:
        """All rows of one scope, parents first."""
        found = self._db.execute("SELECT * FROM journal WHERE realm = ? AND scope = ? ORDER BY seq", (self._realm, str(scope)))
        return [row_of(each) for each in found.fetchall()]

    def known(self, scope: Key) -> dict[tuple[str, Key], Known]:
        """The rows of one scope that were ever sent, as `Target.plan` wants them."""
        return {(row.module, row.key): _known(row) for row in self.scope(scope) if row.was_sent}

    def open_scopes(self, *, dated: bool = False) -> Iterator[Key]:
        """The scopes that have something to do, in the order in which they should be done; with `dated` only those of a day, or
        that a person asked for.

        Begun ones first, then live business before the backfill, bookings (which pull in what they refer to) before
        single customers and items, newest first.
        """
        rows = self._db.execute(
            """
            SELECT j.scope AS scope, max(j.attempts > 0 AND j.state != 'settled') AS begun,
                   coalesce(s.backfill, 0) AS backfill, s.day AS day
            FROM journal j LEFT JOIN scopes s ON s.key = j.scope
            WHERE j.realm = ? AND j.state IN ('wanted', 'sending')
              AND (s.day IS NOT NULL OR s.demanded = 1 OR NOT ?)
            GROUP BY j.scope
            ORDER BY begun DESC, backfill, day IS NULL, day DESC, j.scope
            """,
            (self._realm, dated),
        ).fetchall()
        for each in rows:
            yield Key(each["scope"])

    def count_open(self) -> int:
        """How many rows are wanted or in doubt."""
        found = self._db.execute(
            "SELECT count(*) FROM journal WHERE realm = ? AND state IN ('wanted', 'sending')", (self._realm,)
        ).fetchone()
        return int(found[0])

    def count_changes(self, by_scope: Collection[str] = ()) -> tuple[int, int, int]:
        """(settled documents, those among them that are to be changed, those that are to be taken back): for the brake.

        Of the modules in `by_scope` a scope counts as one: a period of a report that was restated, an invoice with its lines.
        """
        marks = ", ".join("?" for _ in by_scope)
        found = self._db.execute(
            "WITH stand AS (SELECT CASE WHEN module IN (" + marks + ") THEN scope ELSE module || ' ' || key END AS unit,"  # noqa: S608
            " state = 'wanted' AND wanted_digest != '' AS changes, state = 'wanted' AND wanted_digest = '' AS goes"
            " FROM journal WHERE realm = ? AND there = 1)"
            " SELECT count(DISTINCT unit), count(DISTINCT CASE WHEN changes THEN unit END),"
            " count(DISTINCT CASE WHEN goes THEN unit END) FROM stand",
            (*by_scope, self._realm),
        ).fetchone()
        return int(found[0]), int(found[1]), int(found[2])

    def sent_keys(self, module: str) -> set[Key]:
        """The keys of `module` that a call left for, or whose remote id is known."""
        found = self._db.execute(
            "SELECT key FROM journal WHERE realm = ? AND module = ? AND (remote_id IS NOT NULL OR sent_verb IS NOT NULL)",
            (self._realm, module),
        )
        return {Key(each[0]) for each in found.fetchall()}

    def needed(self, ref: Ref) -> bool:
        """Whether an open row of another scope needs this one to stand at the remote."""
        found = self._db.execute(
            "SELECT 1 FROM journal WHERE realm = ? AND state IN ('wanted', 'sending') AND instr(needs, ?) > 0"
            " AND scope != (SELECT scope FROM journal WHERE realm = ? AND module = ? AND key = ?) LIMIT 1",
            (self._realm, json.dumps([ref.module, str(ref.key)])[:-1] + ",", *self._id(ref)),
        )
        return found.fetchone() is not None

    def asked_for(self, key: Key) -> bool:
        """Whether an open row needs a document of this key, whether it is known here or not."""
        found = self._db.execute(
            "SELECT 1 FROM journal WHERE realm = ? AND state IN ('wanted', 'sending') AND instr(needs, ?) > 0 LIMIT 1",
            (self._realm, json.dumps(str(key))),
        )
        return found.fetchone() is not None

    def unsent(self, module: str) -> list[Row]:
        """The rows of a module that are wanted and that no call ever left for, by scope; those that adoption left to a person,
        too."""
        found = self._db.execute(
            "SELECT * FROM journal WHERE realm = ? AND module = ? AND state IN ('wanted', 'failed') AND sent_verb IS NULL"
            " AND remote_id IS NULL AND wanted IS NOT NULL ORDER BY scope, seq",
            (self._realm, module),
        )
        return [row_of(each) for each in found.fetchall()]

    def costs_nothing(self, module: str) -> bool:
        """Whether documents of this module were ever accepted without a call: the parent's answer showed them."""
        found = self._db.execute(
            "SELECT 1 FROM journal WHERE realm = ? AND module = ? AND state = 'settled' AND attempts = 0 LIMIT 1",
            (self._realm, module),
        ).fetchone()
        return found is not None

    # --- kitchen -----------------------------------------------------------------------------------------------------

    def _id(self, ref: Ref) -> tuple[str, str, str]:
        return self._realm, ref.module, str(ref.key)


def _known(row: Row) -> Known:
    """What was found and differs is known with the body last sent, until the update that follows has settled it."""
    standing = row.settled if row.settled is not None else row.sent
    body = row.sent if row.state is State.SENDING else standing if row.there else None
    return Known(row.module, row.key, row.state.value, body, row.wanted, row.written)
