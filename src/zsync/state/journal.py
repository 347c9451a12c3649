"""The journal: one row per remote document, and the only ways to move it.

    (none)--want--> wanted --begin--> sending --settle--> settled --want(other)--> wanted
                     ^  ^               | | `----fail---> failed  --retry, want(other)--> wanted
                     |  `----defer------' |               held    (only a person's command frees it)
                     `---absent, found----'   asked only after ask_at

J1 the cursor and the intents of a page commit together (`engine/collect.py` holds the transaction, nothing here commits)
J2 no write leaves unless its row says `sending` on disk: `begin`
J3 a `sending` row is asked about before anything else, and not before `ask_at`: `begin` and `doubt` set it
J4 a new version neither shortens that wait nor ends `sending`: `want`
J5 in doubt one asks with the body last sent; `found` tells the id, not the content
J6 a row with a remote id is never in doubt about its identity; after a lost update nothing leaves before `ask_at`
J7 one writer: every move runs inside `Store.commit` under `Store.locked`
J8 of bodies only the wanted, the last sent and the last settled are kept, compressed
J9 a row belongs to one scope for life; rows that leave in one call name their lead

Each rule has a test of its name in `tests/state/test_journal_rules.py` and `tests/engine`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from zsync.model.intent import DELETED, Body, Intent, Ref, Written, digest
from zsync.model.key import Key
from zsync.model.row import Begin, Complaint, Row, State, Verb
from zsync.state.journal_reading import JournalReading
from zsync.state.rows import complaint_text, needs_text, packed, written_text
from zsync.state.store import Store, stamp

log = logging.getLogger("zsync.journal")


class Journal(JournalReading):
    """The rows of one realm. Every method that moves a row must run inside `store.commit()`."""

    def __init__(self, store: Store, realm: str) -> None:
        super().__init__(store, realm)
        self.run: int | None = None

    # --- what is wanted -----------------------------------------------------------------------------------------------

    def want(self, scope: Key, intent: Intent, seq: int, once: frozenset[str]) -> bool:
        """This document should stand at the remote with this body. Returns whether anything is to be done for it now.

        Fields in `once` are repeated as first settled (or as last sent, while that is in doubt). A row that is `sending`
        stays so, with its `ask_at` (J4); a held one stays held; a failed one is tried again only if the body is another, and not
        where it may stand there already.
        """
        row = self.row(intent.ref)
        needs = needs_text(intent)
        if row is None:
            self._db.execute(
                "INSERT INTO journal (realm, module, key, scope, owner, seq, state, wanted_digest, wanted, needs, number)"
                " VALUES (?, ?, ?, ?, ?, ?, 'wanted', ?, ?, ?, ?)",
                (
                    *(self._realm, intent.module, str(intent.key), str(scope), str(intent.owner), seq),
                    *(digest(intent.body), packed(intent.body), needs, intent.number),
                ),
            )
            return True
        if row.scope != scope:
            raise ValueError(f"{intent.key} belongs to {row.scope}, not to {scope}")  # J9
        body = _with_once(intent.body, row, once)
        wanted = digest(body)
        self._set(row.ref, seq=seq, needs=needs, number=intent.number, wanted=packed(body), wanted_digest=wanted)
        if row.state is State.SETTLED and not (row.there and row.settled_digest == wanted):
            self._set(row.ref, state=State.WANTED, due_at=None, tries=0)
        elif row.state is State.WANTED and row.there and row.settled_digest == wanted:
            self._set(row.ref, state=State.SETTLED, due_at=None, tries=0)
        elif row.state is State.FAILED and row.wanted_digest != wanted and not row.unclear:
            self._again(row)
        return self._is_open(row.ref)

    def want_nothing(self, ref: Ref) -> bool:
        """Nothing should stand at the remote for this row. Returns whether that is still to be done.

        A row that was never sent is dropped at once, unless it waits for a person; one in doubt stays until it was asked about.
        """
        row = self.row(ref)
        if row is None:
            return False
        if row.may_be_dropped:
            self._db.execute("DELETE FROM journal WHERE realm = ? AND module = ? AND key = ?", self._id(ref))
            return False
        self._set(ref, wanted=None, wanted_digest="", needs="[]")
        if row.state is State.SETTLED and row.there:
            self._set(ref, state=State.WANTED, due_at=None, tries=0)
        elif row.state is State.WANTED and not row.there:
            self._set(ref, state=State.SETTLED)
        elif row.state is State.FAILED and not row.unclear:
            self._set(ref, state=State.WANTED if row.there else State.SETTLED, error=None)
        return self._is_open(ref)

    def adopt(self, ref: Ref, written: Written, body: Body | None, now: datetime) -> None:
        """What the target is known to have is this document: nothing is created, and it is taken as it is until another body is
        wanted. `body` is what stands there, with ids instead of Refs, where that is known; without it the next update asks
        nobody whether it was edited.

        Only for a row that no call ever left for.
        """
        row = self._get(ref)
        if row.was_sent:
            raise ValueError(f"{ref.key} in {ref.module} was sent, so it is not adopted")
        self._set(
            ref,
            state=State.SETTLED,
            error=None,
            remote_id=written.id,
            written=written_text(written),
            settled=packed(body),
            settled_digest=row.wanted_digest,
            there=1,
            settled_at=stamp(now),
        )
        self._log(row, "adopt", now)

    # --- a call -------------------------------------------------------------------------------------------------------

    def begin(self, begins: Iterable[Begin], now: datetime, ask_at: datetime) -> None:
        """These writes are about to leave (J2). Were the program to die now, none is asked about before `ask_at` (J3)."""
        for each in begins:
            row = each.row
            _check_may_leave(self._get(row.ref), each.verb)
            values: dict[str, object] = {
                "state": State.SENDING,
                "sent_verb": each.verb,
                "sent": packed(each.body),
                "sent_digest": row.wanted_digest if each.verb in ("create", "update") else "",
                "begun_at": stamp(now),
                "ask_at": stamp(ask_at),
                "due_at": None,
                "lead_module": each.lead.module if each.lead else None,
                "lead_key": str(each.lead.key) if each.lead else None,
                "attempts": row.attempts + 1,
            }
            if each.refreshed is not None:
                values["written"] = written_text(each.refreshed)
            self._set(row.ref, **values)
            self._log(row, "begin", now, verb=each.verb)

    def settle(self, ref: Ref, written: Written | None, now: datetime, event: str = "settle", *, deleted: bool = False) -> Row:
        """The remote said yes to what was sent last; `written` is None when it has nothing there any more, and `deleted` says
        that it is gone for good, not only void or out of use.

        If something else is wanted by now, the row goes on as wanted.
        """
        row = self._get(ref)
        values: dict[str, object] = {
            "ask_at": None,
            "due_at": None,
            "lead_module": None,
            "lead_key": None,
            "duplicate": 0,
            "forced": 0,
            "tries": 0,
            "error": None,
            "reason": "",
            "settled_at": stamp(now),
        }
        if written is not None:
            values |= {"remote_id": written.id, "written": written_text(written)}
        match row.sent_verb:
            case "create" | "update":
                values |= {"settled": packed(row.sent), "settled_digest": row.sent_digest, "there": 1}
                done = row.wanted_digest == row.sent_digest
            case "revive":
                values |= {"there": 1}
                done = row.wanted_digest == row.settled_digest
            case "withdraw":
                values |= {"there": 0}
                if deleted:
                    last = row.written or Written(row.remote_id)
                    values |= {"written": written_text(replace(last, status=DELETED))}
                done = row.wanted is None
            case None:
                raise ValueError(f"{ref.key} in {ref.module} was never sent")
        values["state"] = State.SETTLED if done else State.WANTED
        self._set(ref, **values)
        self._log(row, event, now)
        return self._get(ref)

    def accept(self, ref: Ref, body: Body | None, written: Written | None, now: datetime) -> Row:
        """What stands at the remote is taken as what is wanted, without a call: a status shown by its parent's answer, a
        document that cannot be changed any more, or one that a person keeps as it is.

        `body` is what is wanted, with ids instead of Refs; None where nothing is.
        """
        row = self._get(ref)
        values: dict[str, object] = {
            "state": State.SETTLED,
            "settled": packed(body) if body is not None else packed(row.settled),
            "settled_digest": row.wanted_digest if body is not None else row.settled_digest,
            "there": 0 if body is None else 1,
            "sent_verb": row.sent_verb or "create",
            "settled_at": stamp(now),
        } | _AT_REST
        if written is not None:
            values |= {"remote_id": written.id, "written": written_text(written)}
        self._set(ref, **values)
        self._log(row, "accept", now)
        return self._get(ref)

    def found(self, ref: Ref, written: Written, now: datetime, *, equal: bool) -> Row:
        """In doubt, the remote showed our document. `equal`: it is what was sent last, which settles it (J5).

        Else only its id is known: an update follows.
        """
        if equal:
            return self.settle(ref, written, now, "found")
        row = self._get(ref)
        self._set(
            ref,
            **(
                _AT_REST
                | {
                    "state": State.WANTED,
                    "remote_id": written.id,
                    "written": written_text(written),
                    "settled": None,
                    "settled_digest": "",
                    "there": 1,
                    "due_at": None,
                }
            ),
        )
        self._log(row, "found", now)
        return self._get(ref)

    def absent(self, ref: Ref, now: datetime) -> None:
        """In doubt, the remote has nothing of what was sent: the write was lost, and may be sent again."""
        row = self._get(ref)
        self._set(ref, state=State.WANTED, ask_at=None, lead_module=None, lead_key=None, duplicate=0, error=None)
        if row.wanted is None and not row.there:
            self._set(ref, state=State.SETTLED)
        self._log(row, "absent", now)

    def stands(self, ref: Ref, written: Written, now: datetime) -> None:
        """In doubt about an update or a withdrawal, the remote still shows what was settled before: it was lost (J6)."""
        row = self._get(ref)
        state = State.SETTLED if row.there and row.wanted_digest == row.settled_digest else State.WANTED
        self._set(ref, state=state, ask_at=None, written=written_text(written), error=None)
        self._log(row, "stands", now)

    def doubt(self, ref: Ref, ask_at: datetime, now: datetime, error: Complaint, *, duplicate: bool = False) -> None:
        """No answer came, or one that cannot be true yet: ask at `ask_at`, not before (J3)."""
        row = self._get(ref)
        self._set(ref, ask_at=stamp(ask_at), error=complaint_text(error), duplicate=int(duplicate or row.duplicate))
        self._log(row, "doubt", now, error=error)

    def defer(self, ref: Ref, due_at: datetime, now: datetime, error: Complaint) -> None:
        """Certainly not applied: the row is wanted as before, and due again at `due_at`."""
        row = self._get(ref)
        self._set(
            ref,
            state=State.WANTED,
            ask_at=None,
            due_at=stamp(due_at),
            lead_module=None,
            lead_key=None,
            tries=row.tries + 1,
            error=complaint_text(error),
        )
        self._log(row, "defer", now, error=error)

    def apart(self, refs: Sequence[Ref], now: datetime, error: Complaint) -> None:
        """The fused call of these rows was refused: each goes by itself from now on, and is refused by itself (J9)."""
        for ref in refs:
            row = self._get(ref)
            self._set(ref, state=State.WANTED, ask_at=None, due_at=None, lead_module=None, lead_key=None, alone=1)
            self._log(row, "apart", now, error=error)

    def fail(self, ref: Ref, error: Complaint, now: datetime, *, proven: bool = True) -> None:
        """It cannot go as it is: it waits for another body, other settings or a person.

        Not `proven`: what was just settled is not what was wanted (another total), so that another try writes it again.
        """
        row = self._get(ref)
        forgotten = {} if proven else {"settled_digest": ""}
        self._set(ref, **(_AT_REST | {"state": State.FAILED, "error": complaint_text(error)} | forgotten))
        self._log(row, "fail", now, error=error)

    def hold(self, ref: Ref, reason: str, now: datetime, *, gone: bool = False) -> None:
        """Ended by a person, or deleted by one at the remote (`gone`): nothing happens until a command frees it.

        What is gone is forgotten with its id, so that nothing refers to it, and a freed row begins anew.
        """
        row = self._get(ref)
        self._set(ref, **(_AT_REST | (_NOTHING_THERE if gone else {}) | {"state": State.HELD, "reason": reason}))
        self._log(row, "hold", now, message=reason)

    def rename(self, ref: Ref, body: Body, now: datetime) -> None:
        """A stranger has the name: want the same document under a name that only we use."""
        row = self._get(ref)
        values: dict[str, object] = {"state": State.WANTED, "wanted": packed(body), "wanted_digest": digest(body)}
        self._set(ref, **(_AT_REST | values))
        self._log(row, "rename", now)

    def anew(self, ref: Ref, now: datetime) -> None:
        """What was withdrawn stays so; its row starts again without a remote document (under another number)."""
        row = self._get(ref)
        self._set(ref, **(_NOTHING_THERE | {"state": State.WANTED}))
        self._log(row, "anew", now)

    def lost(self, ref: Ref, now: datetime) -> None:
        """It is not there any more: its parent was withdrawn (a status hangs on it), or a person took it away as we wanted."""
        row = self._get(ref)
        state = State.SETTLED if row.wanted is None else State.WANTED
        self._set(ref, **(_AT_REST | _NOTHING_THERE | {"state": state}))
        self._log(row, "lost", now)

    def retry(self, ref: Ref, now: datetime, *, force: bool = False) -> None:
        """A person asks for another try of a failed row, or frees a held one. `force`: whatever stands at the remote."""
        row = self._get(ref)
        if row.state in (State.FAILED, State.HELD):
            self._again(row)
            if force:
                self._set(ref, forced=1)
            self._log(row, "retry", now)
        elif row.state is State.WANTED:
            self._set(ref, due_at=None)

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _again(self, row: Row) -> None:
        """A failed or held row is wanted once more; `duplicate` and `alone` are forgotten, so every road is open."""
        open_again = not self._get(row.ref).satisfied
        state = State.WANTED if open_again else State.SETTLED
        self._set(row.ref, state=state, error=None, reason="", due_at=None, tries=0, duplicate=0, alone=0)

    def _is_open(self, ref: Ref) -> bool:
        return self._get(ref).state in (State.WANTED, State.SENDING)

    def _get(self, ref: Ref) -> Row:
        row = self.row(ref)
        if row is None:
            raise KeyError(f"{ref.key} in {ref.module} is not in the journal")
        return row

    def _set(self, ref: Ref, **values: object) -> None:
        if not self._db.in_transaction:
            raise RuntimeError("a move of the journal outside a commit")
        columns = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(
            f"UPDATE journal SET {columns} WHERE realm = ? AND module = ? AND key = ?",  # noqa: S608 - names are ours
            (*values.values(), *self._id(ref)),
        )

    def _log(
        self, row: Row, event: str, now: datetime, *, verb: Verb | None = None, error: Complaint | None = None, message: str = ""
    ) -> None:
        """For `show` and the log; the log gets no words of the remote's, which may name a guest."""
        words = [event, verb or row.sent_verb or "", row.module, str(row.key), error.code if error else ""]
        log.info("%s", " ".join(filter(None, words)))
        self._db.execute(
            "INSERT INTO attempts (run, at, module, key, owner, event, verb, code, message, request_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self.run, stamp(now), row.module, str(row.key), str(row.owner), event, verb or row.sent_verb),
                *((error.code, error.message, error.request_id) if error else ("", message, "")),
            ),
        )


def _check_may_leave(row: Row, verb: Verb) -> None:
    """The last door before a call: what is not wanted, or stands already, is not sent. ValueError says so."""
    if row.state is not State.WANTED:
        raise ValueError(f"{row.key} in {row.module} is {row.state}, so nothing may leave for it")
    if (verb == "create") == bool(row.remote_id):
        has = f"the remote id {row.remote_id}" if row.remote_id else "no remote id"
        raise ValueError(f"{row.key} in {row.module} has {has}, so no {verb} may leave for it")


_AT_REST: dict[str, object] = {
    "ask_at": None,
    "due_at": None,
    "lead_module": None,
    "lead_key": None,
    "duplicate": 0,
    "forced": 0,
    "tries": 0,
    "error": None,
    "reason": "",
}
"""What a row forgets when it leaves `sending`."""

_NOTHING_THERE: dict[str, object] = {"remote_id": None, "written": None, "settled": None, "settled_digest": "", "there": 0}
"""What a row forgets when its document is not there any more, or is left behind."""


def _with_once(body: Body, row: Row, once: frozenset[str]) -> Body:
    """`body` with the fields that are settled once taken from what stands there, or may. A refused write fixes nothing."""
    first = row.settled if row.settled is not None else row.sent if row.state is State.SENDING or row.there else None
    if first is None or not once:
        return body
    return {**body, **{name: first[name] for name in once if name in first}}
