"""A state machine over the journal: Hypothesis moves its rows in any order that is allowed, engine or not, against a plain model.

Beside the model stands a remote that takes a call, refuses it, loses it or takes it much later, and tells the truth when asked
after the wait. So long as only what the journal lets leave does leave, nothing stands there twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from engine.world import Crash, key
from state.journal_model import Expected, FarSide
from steady import walks
from zsync.model.intent import Body, Intent, Ref, Written
from zsync.model.row import UNCLEAR, Begin, Complaint, Row, State, Verb
from zsync.state.journal import Journal
from zsync.state.store import Store

GRACE = timedelta(minutes=18)
LATE = timedelta(minutes=12)
ERROR = Complaint("refused", "no")

ORDER, PAYMENT, APPLIED = (Ref(module, key("order", "1")) for module in ("salesorders", "payments", "applications"))
SCOPES = {ORDER: key("order", "1"), PAYMENT: key("booking", "AAAA"), APPLIED: key("booking", "AAAA")}
ONCE = frozenset({"number"})
"""Settled once: what stands keeps the number that it was first written with."""

which = st.sampled_from((ORDER, PAYMENT, APPLIED))
fates = st.sampled_from(
    (
        "answered",
        "answered",
        "unanswered",
        "lost",
        "late",
        "refused",
        "busy",
        "killed before",
        "killed after",
        "killed, late",
        "killed",
    )
)


class JournalMachine(RuleBasedStateMachine):
    """Three rows, one of which may ride in another's call. Our clock may be set back; the remote's is right."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.in_memory()
        self.journal = Journal(self.store, "books:1")
        self.true_time = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
        self.slow_by = timedelta()
        self.rows: dict[Ref, Expected] = {}
        self.remote = FarSide()
        self.deleted: set[str] = set()  # ids that a person deleted

    @property
    def now(self) -> datetime:
        return self.true_time - self.slow_by

    @initialize(value=st.integers(1, 3))
    def begins(self, value: int) -> None:
        self.something_is_wanted(ORDER, value, 1)

    # --- what is wanted ---------------------------------------------------------------------------------------------------

    @rule(ref=which, value=st.integers(1, 3), number=st.integers(1, 2))
    def something_is_wanted(self, ref: Ref, value: int, number: int) -> None:
        with self.store.commit():
            opened = self.journal.want(SCOPES[ref], _intent(ref, value, number), 0, ONCE)
        row = self.rows.setdefault(ref, Expected())
        first = row.stands if row.stands is not None else row.sent if row.state == "sending" or row.there else None
        before, row.wanted = row.wanted, {"value": value, "number": first["number"] if first else number}
        if row.state in ("wanted", "settled") or (row.state == "failed" and before != row.wanted and not row.unclear):
            row.due_at = row.due_at if row.state == "wanted" and not row.satisfied else None
            row.state = row.by_itself
        assert opened == row.is_open

    @rule(ref=which)
    def nothing_is_wanted(self, ref: Ref) -> None:
        with self.store.commit():
            opened = self.journal.want_nothing(ref)
        row = self.rows.get(ref)
        if row is None or not (row.was_sent or row.unclear or row.state == "held"):
            self.rows.pop(ref, None)
            assert not opened
            return
        row.wanted = None
        if row.state not in ("sending", "held") and not row.unclear:
            row.due_at = row.due_at if row.state == "wanted" and row.there else None
            row.state = row.by_itself
        assert opened == row.is_open

    @rule(ref=which, known=st.booleans())
    def it_is_adopted(self, ref: Ref, known: bool) -> None:
        """Somebody wrote it before us."""
        row = self.rows.get(ref)
        if row is not None and not row.was_sent and row.wanted is not None:
            id = self.remote.write(ref, "create", "", row.wanted)
            with self.store.commit():
                self.journal.adopt(ref, Written(id), row.wanted if known else None, self.now)
            row.id, row.there, row.serves, row.stands = id, True, row.wanted, row.wanted if known else None
            row.rest("settled")

    # --- a call -------------------------------------------------------------------------------------------------------------

    @rule(ref=which, fate=fates, riding=st.booleans(), anew=st.booleans(), news=st.sampled_from((0, 0, 1, 2, 3)))
    def a_call_leaves(self, ref: Ref, fate: str, riding: bool, anew: bool, news: int) -> None:
        """Whether it is due or not: the engine may have its reasons. There may be `news` before its answer."""
        row = self.rows.get(ref)
        if row is None or row.state != "wanted":
            return
        if row.wanted is None and not row.there:
            with self.store.commit():
                self.journal.accept(ref, None, None, self.now)
            row.verb = row.verb or "create"
            row.rest("settled")
        elif row.wanted is not None and row.id and not row.there and anew:
            with self.store.commit():
                self.journal.anew(ref, self.now)
            row.forget()
            row.rest("wanted")
        else:
            verb: Verb = "withdraw" if row.wanted is None else "create" if not row.id else "update" if row.there else "revive"
            rider = self.rows.get(APPLIED) if riding and ref == PAYMENT and verb == "create" else None
            rides = rider is not None and rider.state == "wanted" and rider.wanted is not None and not rider.id
            self._leave([ref, APPLIED] if rides else [ref], verb, fate, news)

    def _leave(self, refs: list[Ref], verb: Verb, fate: str, news: int) -> None:
        with suppress(Crash), self.store.commit():
            begins = [Begin(self._row(ref), verb, self._body(ref, verb), refs[0] if ref != refs[0] else None) for ref in refs]
            self.journal.begin(begins, self.now, self.now + GRACE)
            if fate == "killed before":
                raise Crash
        if fate == "killed before":
            self._reopen()
            return
        for ref in refs:
            row = self.rows[ref]
            row.state, row.verb, row.ask_at, row.due_at = "sending", verb, self.now + GRACE, None
            row.sent, row.lead = self._body(ref, verb), refs[0] if ref != refs[0] else None
            row.sent_for = row.wanted if verb in ("create", "update") else None
        if news:
            self.something_is_wanted(refs[0], news, 1)
        self._take(refs, fate, lambda: [self._effect(ref) for ref in refs])

    def _take(self, refs: list[Ref], fate: str, effect: Callable[[], list[str]]) -> None:
        """What becomes of a call that left, and what we hear of it."""
        if fate in ("late", "killed, late"):
            self.remote.late.append((self.true_time + LATE, effect))
        ids = effect() if fate in ("answered", "unanswered", "killed after") else []
        if fate.startswith("killed"):
            self._reopen()
            return
        with self.store.commit():
            for place, ref in enumerate(refs):
                match fate:
                    case "answered":
                        self.journal.settle(ref, Written(ids[place]), self.now)
                        self.rows[ref].settle(ids[place])
                    case "refused" if len(refs) == 1:
                        self.journal.fail(ref, ERROR, self.now)
                        self.rows[ref].rest("failed")
                    case "busy":
                        self.journal.defer(ref, self.now + GRACE, self.now, ERROR)
                        self.rows[ref].rest("wanted")
                        self.rows[ref].due_at = self.now + GRACE
                    case "refused":
                        self.rows[ref].rest("wanted")
                    case _:
                        self.journal.doubt(ref, self.now + GRACE, self.now, ERROR)
                        self.rows[ref].ask_at = self.now + GRACE
            if fate == "refused" and len(refs) > 1:
                self.journal.apart(refs, self.now, ERROR)

    def _effect(self, ref: Ref) -> str:
        row = self._row(ref)
        assert row.sent_verb is not None
        return self.remote.write(ref, row.sent_verb, row.remote_id, row.sent)

    def _body(self, ref: Ref, verb: Verb) -> Body | None:
        return self.rows[ref].wanted if verb in ("create", "update") else None

    # --- doubt ------------------------------------------------------------------------------------------------------------

    @rule(ref=which)
    def it_is_asked_about(self, ref: Ref) -> None:
        """Not before its time, and a rider not before its lead: then nothing is on its way any more."""
        row = self.rows.get(ref)
        if row is None or row.ask_at is None or row.ask_at > self.now:
            return
        if row.lead is not None and self.rows[row.lead].state == "sending":
            return
        with self.store.commit():
            if row.id:
                self._read_in_doubt(ref, row)
            else:
                self._find_in_doubt(ref, row)

    def _find_in_doubt(self, ref: Ref, row: Expected) -> None:
        id = self.remote.find(ref)
        if id and self.remote.docs[id][1] == row.sent:
            self.journal.found(ref, Written(id), self.now, equal=True)
            row.settle(id)
            return
        assert not id, "what stands there is not what was sent"
        for each in [ref, *(other for other, its in self.rows.items() if its.lead == ref and its.state == "sending")]:
            self.journal.absent(each, self.now)
            self.rows[each].rest()

    def _read_in_doubt(self, ref: Ref, row: Expected) -> None:
        stands = self.remote.docs.get(row.id)
        match row.verb:
            case "withdraw" if stands is None:
                self.journal.settle(ref, None, self.now)
                row.settle("")
            case "revive" if stands is not None:
                self.journal.settle(ref, Written(row.id), self.now)
                row.settle("")
            case "update" if stands is None and row.wanted is None:
                self.journal.lost(ref, self.now)
                row.forget()
                row.rest("settled")
            case "update" if stands is None:
                self._hold_gone(ref, row)
            case "update" if stands is not None and stands[1] == row.sent:
                self.journal.settle(ref, Written(row.id), self.now)
                row.settle("")
            case _:
                self.journal.stands(ref, Written(row.id), self.now)
                row.rest("settled" if row.there and row.satisfied else "wanted")

    # --- people -----------------------------------------------------------------------------------------------------------

    @rule(ref=which)
    def a_person_deletes(self, ref: Ref) -> None:
        row = self.rows.get(ref)
        if row is not None and row.state != "sending" and row.id in self.remote.docs:
            del self.remote.docs[row.id]
            self.deleted.add(row.id)

    @rule(ref=which)
    def a_look_shows_that_it_is_gone(self, ref: Ref) -> None:
        row = self.rows.get(ref)
        if row is not None and row.state != "sending" and row.id in self.deleted:
            with self.store.commit():
                self._hold_gone(ref, row)

    def _hold_gone(self, ref: Ref, row: Expected) -> None:
        self.journal.hold(ref, "deleted in Zoho", self.now, gone=True)
        row.forget()
        row.rest("held")

    @rule(ref=which, how=st.sampled_from(("unclear", "fail", "disown", "hold", "retry", "force", "accept", "lost", "rename")))
    def a_row_at_rest_is_moved(self, ref: Ref, how: str) -> None:
        """By a person's command, or by what an answer or a look showed. Only a retry may come while it is in doubt."""
        row = self.rows.get(ref)
        if row is None or (row.state == "sending" and how not in ("retry", "force")):
            return
        with self.store.commit():
            match how:
                case "unclear" if not row.was_sent:
                    self.journal.fail(ref, Complaint(UNCLEAR, "a stranger's"), self.now)
                    row.rest("failed")
                    row.unclear = True
                case "fail" | "disown":
                    self.journal.fail(ref, ERROR, self.now, proven=how == "fail")
                    row.serves = row.serves if how == "fail" else None
                    row.rest("failed")
                case "hold":
                    self.journal.hold(ref, "as agreed", self.now)
                    row.rest("held")
                case "retry" | "force":
                    self.journal.retry(ref, self.now, force=how == "force")
                    row.due_at = None
                    row.state = row.by_itself if row.state in ("failed", "held") else row.state
                    row.unclear = False
                case "accept" if row.there and row.wanted is not None:
                    self.journal.accept(ref, row.wanted, None, self.now)
                    row.stands, row.serves, row.taken, row.verb = row.wanted, row.wanted, True, row.verb or "create"
                    row.rest("settled")
                case "lost" if row.there and row.id not in self.remote.docs:
                    self.journal.lost(ref, self.now)
                    row.forget()
                    row.rest("settled" if row.wanted is None else "wanted")
                case "rename" if row.wanted is not None and not row.id:
                    row.wanted = {**row.wanted, "value": 9}
                    self.journal.rename(ref, row.wanted, self.now)
                    row.rest("wanted")
                case _:
                    return

    # --- the process and the clock ----------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from((1, 10, 20)))
    def time_passes(self, minutes: int) -> None:
        self.true_time += timedelta(minutes=minutes)
        self.remote.land(self.true_time)

    @rule(minutes=st.sampled_from((1, 30)))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.slow_by += timedelta(minutes=minutes)

    @rule(ref=which, value=st.integers(1, 3))
    def the_process_dies_in_a_commit(self, ref: Ref, value: int) -> None:
        """Nothing of it was written."""
        with suppress(Crash), self.store.commit():
            self.journal.want_nothing(ref)
            self.journal.want(SCOPES[ref], _intent(ref, value, 1), 0, ONCE)
            raise Crash
        self._reopen()

    def _reopen(self) -> None:
        """What is on disk is all that is left."""
        self.store = self.store.copy()
        self.journal = Journal(self.store, "books:1")

    @rule(ref=which)
    def what_is_not_allowed_is_refused(self, ref: Ref) -> None:
        row = self.rows.get(ref)
        if row is None:
            return
        with self.store.commit():
            if row.state != "wanted":
                self._refused(ValueError, self.journal.begin, [Begin(self._row(ref), "update", row.wanted)], self.now, self.now)
            if row.id:
                self._refused(ValueError, self.journal.begin, [Begin(self._row(ref), "create", row.wanted)], self.now, self.now)
            if row.was_sent:
                self._refused(ValueError, self.journal.adopt, ref, Written("7"), None, self.now)
            if row.verb is None:
                self._refused(ValueError, self.journal.settle, ref, Written("7"), self.now)
            self._refused(ValueError, self.journal.want, key("order", "9"), _intent(ref, 1, 1), 0, ONCE)
        self._refused(RuntimeError, self.journal.hold, ref, "outside a commit", self.now)

    def _refused(self, error: type[Exception], move: Callable[..., object], *args: object) -> None:
        with pytest.raises(error):
            move(*args)

    # --- what holds after each step ---------------------------------------------------------------------------------------

    @invariant()
    def the_journal_says_what_the_model_says(self) -> None:
        for ref in SCOPES:
            kept, row = self.journal.row(ref), self.rows.get(ref)
            assert (kept is None) == (row is None), ref
            if kept is not None and row is not None:
                assert _seen(kept) == _modelled(row), ref

    @invariant()
    def nothing_stands_twice(self) -> None:
        owners = [ref for ref, _ in self.remote.docs.values()]
        assert len(owners) == len(set(owners)), owners

    @invariant()
    def what_is_settled_stands_as_it_was_wanted(self) -> None:
        for ref, row in self.rows.items():
            if row.state == "settled" and row.id not in self.deleted:
                doc = self.remote.docs.get(row.id)
                assert (doc is not None) == row.there, ref
                assert doc is None or row.taken or doc[1] == row.wanted, ref

    @invariant()
    def all_that_is_open_has_its_turn(self) -> None:
        """What is wanted and not done is found again by the next run."""
        scopes = {SCOPES[ref] for ref, row in self.rows.items() if row.is_open}
        assert set(self.journal.open_scopes()) == scopes
        assert self.journal.count_open() == sum(row.is_open for row in self.rows.values())

    def _row(self, ref: Ref) -> Row:
        row = self.journal.row(ref)
        assert row is not None
        return row


def _intent(ref: Ref, value: int, number: int) -> Intent:
    return Intent(ref.module, ref.key, {"value": value, "number": number}, ref.key)


def _seen(row: Row) -> tuple[object, ...]:
    due_at = row.due_at if row.state is State.WANTED else None
    doubt = (row.sent_verb, row.sent, row.ask_at, row.lead)
    return str(row.state), row.wanted, row.satisfied, row.there, row.remote_id, row.settled, due_at, *doubt


def _modelled(row: Expected) -> tuple[object, ...]:
    due_at = row.due_at if row.state == "wanted" else None
    doubt = (row.verb, row.sent, row.ask_at, row.lead)
    return row.state, row.wanted, row.satisfied, row.there, row.id, row.stands, due_at, *doubt


def test_in_whatever_order_rows_are_moved_the_journal_says_what_its_model_says() -> None:
    run_state_machine_as_test(JournalMachine, settings=walks(80, 30))
