"""Outcomes: what an answer, or an exception, does to the journal. The only place that turns exceptions into outcomes.

    certainly not applied (Retryable)  --> deferred          unknown (InDoubt)  --> in doubt, asked about after the grace
    refused (RecordError)              --> failed, or apart  remote unusable (RunError)  --> deferred, and the run ends
    accepted                           --> settled, unless it is not what was wanted there

Everything here happens inside the commit that `engine/settle.py` takes answers in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from zsync.engine.decide import Ask, Call, Look, as_sent, handling
from zsync.engine.job import DOUBTFUL_FACTS, Job, Stopped
from zsync.engine.lots import Step, rows_of
from zsync.errors import ConfigError, ContractBroken, InDoubt, OutOfReach, RecordError, Refused, Retryable, RunError, ZsyncError
from zsync.model.intent import Body, Difference, Ref, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.model.row import Complaint, Row, State
from zsync.ports import Found, Module, Stranger

_BACK_OFF_S = (60.0, 300.0, 900.0, 3600.0)
"""How long a row that was certainly not applied waits before its next try, by the number of tries before."""


@dataclass(slots=True)
class Tally:
    """What this run did: how often which verb was settled for which owner."""

    done: Counter[tuple[Key, str]] = field(default_factory=Counter)


Answer = Written | Gone | ZsyncError | Found
"""What a call brought for one step: the answer of a write, of a read, of a question in doubt."""


class Outcomes:
    """Writes down what became of each step of one job.

    `looked` holds what was read in this run of documents that are about to change, `unnamed` the rows that an answer about
    several did not name: from then on each of them is asked about, and written, by its id. `stop_after` is what ends the run,
    once the answers that came with it are written down.
    """

    def __init__(self, job: Job, tally: Tally) -> None:
        self._job = job
        self._tally = tally
        self._journal = job.state.journal
        self._modules = job.target.modules
        self._unanswered = 0  # calls in a row
        self._answered = 0
        self._last_silence: BaseException | None = None
        self.looked: dict[Ref, Written] = {}
        self.unnamed: set[Ref] = set()
        self.stop_after: BaseException | None = None

    def silence(self) -> RunError | None:
        """The error of a remote that answered nothing at all in this run; None if it answered, or was not called."""
        return _silent(self._last_silence) if self._last_silence is not None and not self._answered else None

    def take(self, steps: Sequence[Step], answers: Sequence[Answer], error: BaseException | None) -> None:
        """Write down what came of one call: an answer for each of its steps, or the exception that it ended with."""
        if isinstance(error, Retryable | InDoubt):
            self._unanswered += 1
            self._last_silence = error
        elif error is None or isinstance(error, RecordError):
            self._unanswered, self._answered = 0, self._answered + 1
        if error is not None:
            for step in steps:
                self._take_error(step, error)
        else:
            for step, answer in zip(steps, answers, strict=True):
                self._take_one(step, answer)
        if self._unanswered >= 2 * self._job.concurrency and self.stop_after is None:
            self.stop_after = _silent(error)

    def _take_one(self, step: Step, answer: Answer) -> None:
        if isinstance(answer, ZsyncError):
            self._take_error(step, answer)
            return
        if answer is None and handling(step) != "find":
            self._take_silence(step)
            return
        match step:
            case Ask() if step.row.remote_id:
                self._take_reading_in_doubt(step.row, answer)
            case Ask():
                self._take_finding(step.row, answer)
            case Look():
                self._take_look(step.row, answer)
            case Call():
                self._take_answer(step, answer)

    def _take_silence(self, step: Step) -> None:
        """The answer about several does not name this one. A list may lag or be cut short: only its id tells."""
        self.unnamed.add(step.row.ref)
        if isinstance(step, Call):
            now, error = self._now(), InDoubt("the answer to the call that it left in does not name it")
            self._journal.doubt(step.row.ref, now, now, Complaint.of(error))

    def _take_answer(self, step: Call, answer: Answer) -> None:
        """The remote said yes."""
        now, row = self._now(), step.row
        written = answer if isinstance(answer, Written) else None
        self._journal.settle(row.ref, written, now, deleted=isinstance(answer, Gone))
        self.looked.pop(row.ref, None)
        if step.verb != "withdraw":
            self._count(row, step.verb)
        elif row.wanted is None:  # else it is made anew, which counts
            self._count(row, "delete" if isinstance(answer, Gone) else "withdraw")
        for rider, _ in step.riders:
            carried = written.carried.get(rider.key) if written is not None else None
            if carried is None:  # accepted twice where both have room, so it is asked about, not sent again
                self._doubt([rider], InDoubt("the answer to the call that it left in does not name it"))
            else:
                self._journal.settle(rider.ref, carried, now)
        if written is not None and step.body is not None:
            self._object(row, step.body, written)

    def _object(self, row: Row, body: Body, written: Written) -> None:
        """The remote counts it as success, but it is not what we wanted there: nothing may build on it."""
        objection = self._modules[row.module].objection(body, written)
        if objection is not None:
            self._journal.fail(row.ref, Complaint.of(objection), self._now(), proven=False)

    def _take_finding(self, row: Row, found: Answer) -> None:
        """In doubt about a create (J5): it is there, or it is not, or somebody else's is."""
        module, now = self._modules[row.module], self._now()
        match found:
            case Written():
                body = self._as_sent(row.sent)
                equal = not module.updatable or (found.content is not None and not _edits(module, body, found, found))
                self._journal.found(row.ref, found, now, equal=equal)
                self._count(row, "create")
                if equal and found.total is not None:
                    self._object(row, body, found)
            case Stranger(ours=True):
                self._journal.found(row.ref, found.written, now, equal=True)
                self._count(row, "create")
            case Stranger():
                self._yield_name(row, found)
            case None:
                self._take_absence(row)
            case _:
                raise TypeError(f"find of {row.module} answered {type(found).__name__}")

    def _take_absence(self, row: Row) -> None:
        """Nothing is there. Refused as a duplicate all the same: one more look when the grace has passed, then Conflict."""
        now = self._now()
        if not row.duplicate:
            for each in self._in_one_call(row):
                self._journal.absent(each.ref, now)
            return
        until = (row.begun_at or now) + timedelta(seconds=self._job.call_s + self._job.grace_s)
        words = row.error or Complaint("refused", "refused as a duplicate")
        if now < until:
            self._journal.doubt(row.ref, until, now, words, duplicate=True)
        else:
            lots = self._modules[row.module].lots
            hint = lots.unseen if lots is not None else "look for it in Zoho (also among the deleted), then `zsync retry`"
            message = f"refused as a duplicate, and yet nothing with our key is to be found: {words.message}"
            self._journal.fail(row.ref, Complaint("conflict", message, hint), now)

    def _yield_name(self, row: Row, stranger: Stranger) -> None:
        """Somebody else's document has our name: take one that only we use, or leave it to a person."""
        renamed = self._modules[row.module].renamed(row.key, row.wanted) if row.wanted is not None else None
        if renamed is None or renamed == row.wanted:
            message = stranger.message or f"{row.number or row.key} is taken by a document that is not ours"
            hint = "rename or delete that one in Zoho, then `zsync retry`; or `zsync resolve ... --ignore REASON`"
            self._journal.fail(row.ref, Complaint("conflict", message, hint), self._now())
            return
        self._job.state.records.distinguish(row.owner)
        self._journal.rename(row.ref, renamed, self._now())

    def _take_reading_in_doubt(self, row: Row, answer: Answer) -> None:
        """In doubt about a change to a document whose id is known (J6): did it land?"""
        now, module = self._now(), self._modules[row.module]
        if isinstance(answer, Gone):
            match row.sent_verb:
                case "withdraw":
                    self._journal.settle(row.ref, None, now)
                    self._count(row, "withdraw")
                case "revive":  # still withdrawn: it was lost; were it deleted, the next try would be told so
                    self._journal.stands(row.ref, row.written or Written(row.remote_id), now)
                case _ if row.wanted is None:  # a person was faster than we
                    self._journal.lost(row.ref, now)
                case _:
                    self._hold_deleted(row)
            return
        if not isinstance(answer, Written):
            raise TypeError(f"read of {row.module} answered {type(answer).__name__}")
        if row.sent_verb == "revive":
            self._journal.settle(row.ref, answer, now)
        elif row.sent_verb == "withdraw":
            self._journal.stands(row.ref, answer, now)
        elif not _edits(module, self._as_sent(row.sent), answer, row.written):
            self._journal.settle(row.ref, answer, now)
            self._count(row, "update")
            self._object(row, self._as_sent(row.sent), answer)
        elif row.settled is None or row.forced or not _edits(module, self._as_sent(row.settled), answer, row.written):
            self._journal.stands(row.ref, answer, now)
        else:
            self._journal.fail(row.ref, _edited(_edits(module, self._as_sent(row.settled), answer, row.written)), now)

    def _take_look(self, row: Row, answer: Answer) -> None:
        """Before an update: was it edited by a person since we wrote it?"""
        now, module = self._now(), self._modules[row.module]
        if not isinstance(answer, Written):
            self._hold_deleted(row)
            return
        settled, wanted = self._as_sent(row.settled), self._as_sent(row.wanted)
        if row.settled is None or row.forced or not _edits(module, settled, answer, row.written):
            self.looked[row.ref] = answer
        elif not _edits(module, wanted, answer, row.written):
            self._journal.accept(row.ref, wanted, answer, now)
            self._object(row, wanted, answer)
        else:
            self._journal.fail(row.ref, _edited(_edits(module, settled, answer, row.written)), now)

    # --- taking errors (inside the commit) ------------------------------------------------------------------------------

    def _take_error(self, step: Ask | Look | Call, error: BaseException) -> None:
        match step:
            case Call():
                self._take_call_error(step, error)
            case Ask() | Look():
                self._take_read_error(step, error)

    def _take_call_error(self, step: Call, error: BaseException) -> None:
        now, row, rows = self._now(), step.row, rows_of(step)
        match error:
            case Retryable():
                self._defer(rows, error)
            case InDoubt():
                self._doubt(rows, error)
            case RecordError() if step.riders:
                self._doubt_facts(error)
                self._journal.apart([each.ref for each in rows], now, Complaint.of(error))
            case Refused(duplicate=True) if step.verb == "create":
                self._journal.doubt(row.ref, now, now, Complaint.of(error), duplicate=True)
            case Refused(gone=True) if step.verb == "withdraw":
                self._journal.settle(row.ref, None, now)
                self._count(row, "withdraw")
            case Refused(gone=True) if step.verb != "create":
                self._hold_deleted(row)
            case RecordError():
                self._doubt_facts(error)
                self._journal.fail(row.ref, Complaint.of(error), now)
            case RunError() | ConfigError() | Stopped() if not isinstance(error, ContractBroken):
                for each in rows:  # refused at the door, or stopped before it: certainly not applied
                    self._journal.defer(each.ref, now, now, Complaint.of(error))
                self.stop_after = error
            case _:
                known = error if isinstance(error, ZsyncError) else InDoubt("the program failed while the call was out")
                self._doubt(rows, known)
                self.stop_after = error

    def _take_read_error(self, step: Ask | Look, error: BaseException) -> None:
        """A question that was not answered leaves doubt as it was; only a look may fail its row."""
        now, row = self._now(), step.row
        match error:
            case Retryable() | InDoubt() if isinstance(step, Look):
                self._defer([row], error)
            case RecordError() if isinstance(step, Look):
                self._journal.fail(row.ref, Complaint.of(error), now)
            case Retryable() | InDoubt() | RecordError():
                later = now + timedelta(seconds=max(getattr(error, "after_s", 0.0), _BACK_OFF_S[1]))
                self._journal.doubt(row.ref, later, now, Complaint.of(error))
            case _:
                self.stop_after = error

    def _defer(self, rows: list[Row], error: Retryable | InDoubt) -> None:
        now = self._now()
        for row in rows:
            after_s = getattr(error, "after_s", 0.0) or _BACK_OFF_S[min(row.tries, len(_BACK_OFF_S) - 1)]
            self._journal.defer(row.ref, now + timedelta(seconds=after_s), now, Complaint.of(error))

    def _doubt(self, rows: list[Row], error: ZsyncError) -> None:
        """A time-out is a crash that we survived: from now, the grace must pass before anybody asks (J3)."""
        now = self._now()
        for row in rows:
            self._journal.doubt(row.ref, now + timedelta(seconds=self._job.grace_s), now, Complaint.of(error))

    def _doubt_facts(self, error: RecordError) -> None:
        """A tax, an account or a currency may have been made anew: they are read again before anything else is planned."""
        if isinstance(error, Refused):
            self._job.state.store.note(DOUBTFUL_FACTS, error.remote_code or "refused")

    # --- kitchen --------------------------------------------------------------------------------------------------------

    def _in_one_call(self, row: Row) -> list[Row]:
        """This row and those that left in its call and are in doubt with it (J9)."""
        riders = [each for each in self._journal.scope(row.scope) if each.lead == row.ref and each.state is State.SENDING]
        return [row, *riders]

    def _count(self, row: Row, verb: str) -> None:
        module = self._modules[row.module]
        if not module.parent and not module.rides:
            self._tally.done[row.owner, verb] += 1

    def _hold_deleted(self, row: Row) -> None:
        """A person deleted it at the remote. What hung on it went with it, and has to be done again if it is made anew."""
        now = self._now()
        self._journal.hold(row.ref, "deleted in Zoho", now, gone=True)
        for each in self._journal.scope(row.scope):
            module = self._modules[each.module]
            hangs_on_it = (module.parent, each.key) == (row.module, row.key) or (bool(module.rides) and row.ref in each.refs)
            if hangs_on_it and each.there and each.state in (State.SETTLED, State.WANTED):
                self._journal.lost(each.ref, now)

    def _as_sent(self, body: Body | None) -> Body:
        return as_sent(body, self._lookup)

    def _lookup(self, ref: Ref) -> Row | None:
        return self._journal.row(ref)

    def _now(self) -> datetime:
        return self._job.clock.now()


def _edits(module: Module, body: Body, seen: Written, before: Written | None) -> list[Difference]:
    """Where what is seen differs from `body`, but for what the remote kept otherwise from the start, as the answer `before`
    says."""
    kept = before.otherwise if before is not None else ()
    return [each for each in module.differences(body, seen) if each not in kept]


def _edited(edits: Sequence[Difference]) -> Complaint:
    """Both versions, field by field, for the person who must decide."""
    lines = [f"{each.field}: written {each.ours}, now {each.theirs}" for each in edits]
    return Complaint(
        "conflict",
        "it was edited in Zoho since it was written",
        "`zsync resolve ... --keep zoho` leaves it as it is, `--keep source` writes the source's version",
        "\n".join(lines),
    )


def _silent(error: BaseException | None) -> RunError:
    words = error.message if isinstance(error, ZsyncError) else "no answer"
    return OutOfReach(f"call after call went unanswered, the last: {words}", hint="the journal has everything; run again later")
