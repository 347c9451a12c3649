"""Settle: for each thing wanted, write `sending`, call, write the answer. One scope to its end before the next.

    wave:  the next step of up to `concurrency` scopes  -->  slots of the pace  -->  begin, one commit (J2)
           -->  calls side by side on threads that do HTTP only  -->  answers, one commit

Stopping (a signal, a budget, a quota) ends between waves. This is the only place that turns exceptions into outcomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from zsync.engine.decide import Accept, Anew, Ask, Call, Look, Lost, Rest, next_step, resolved
from zsync.engine.job import DOUBTFUL_FACTS, Job, Options, Stopped
from zsync.errors import ConfigError, ContractBroken, InDoubt, OutOfReach, RecordError, Refused, Retryable, RunError, ZsyncError
from zsync.model.intent import Body, Ref, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.model.row import Begin, Complaint, Row, State
from zsync.ports import Found, Module, Rider, Standing, Stranger, Write

_BACK_OFF_S = (60.0, 300.0, 900.0, 3600.0)
"""How long a row that was certainly not applied waits before its next try, by the number of tries before."""

CALLS = "zsync-call"
"""What the names of the threads begin with that calls are made on (`cli/app.py` looks for them)."""

_NO_BUDGET = 1_000_000_000

_STEPS_WITHOUT_CALL = 10_000
"""More moves of one scope without any call than this are a cycle: a defect, not work."""


@dataclass(slots=True)
class Tally:
    """What this run did: how often which verb was settled for which owner, and the scopes that began."""

    done: Counter[tuple[Key, str]] = field(default_factory=Counter)
    begun_scopes: set[Key] = field(default_factory=set)


Answer = Written | Gone | RecordError | Found
"""What a call brought: the answer of a write, of a read, of a question in doubt."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step on its thread: an answer, or the exception that it ended with."""

    step: Ask | Look | Call
    answer: Answer = None
    error: BaseException | None = None


class Settler:
    """Works off the journal of one job. `settle` returns when nothing is left that could leave now."""

    def __init__(self, job: Job, options: Options, tally: Tally) -> None:
        self._job = job
        self._options = options
        self._tally = tally
        self._journal = job.state.journal
        self._modules = job.target.modules
        self._looked: dict[Ref, Written] = {}
        self._resting: set[Key] = set()
        self._stop_after: BaseException | None = None
        self._unanswered = 0  # calls in a row
        self._open_at_first = job.state.journal.count_open()
        self._closed = 0  # of these
        self.answered = 0
        self.last_silence: BaseException | None = None

    def settle(self, scopes: Callable[[], Iterator[Key]]) -> None:
        """Work until every scope of `scopes()` is at rest. Raises the RunError that stopped it, Stopped, or a defect.

        `scopes` is asked again whenever its list has been worked off, since answers can free what waited.
        """
        pool = ThreadPoolExecutor(self._job.concurrency, thread_name_prefix=CALLS)
        try:
            self._work_off(scopes, pool)
        except KeyboardInterrupt:
            pool.shutdown(wait=False)  # a person would not wait for the answers
            raise
        except BaseException:
            pool.shutdown()
            raise
        pool.shutdown()
        if self.last_silence is not None and not self.answered:
            raise _silent(self.last_silence)

    # --- choosing -----------------------------------------------------------------------------------------------------

    def _work_off(self, scopes: Callable[[], Iterator[Key]], pool: ThreadPoolExecutor) -> None:
        queue: list[Key] = []
        while True:
            self._heed_stop()
            if not queue:
                queue = [scope for scope in scopes() if scope not in self._resting and self._may_begin(scope)]
                queue.reverse()
                if not queue:
                    break
            wave = self._wave(queue)
            if wave:
                self._run(wave, pool)

    def _wave(self, queue: list[Key]) -> list[Ask | Look | Call]:
        """The next call of up to `concurrency` scopes, fewer after the remote complained (J2); scopes at rest leave the queue.

        Moves without a call happen here.
        """
        wave: list[Ask | Look | Call] = []
        taken: set[Ref] = set()
        busy: list[Key] = []
        too_dear = False
        left, width = self._calls_left(), min(self._job.concurrency, self._job.target.concurrency)
        while queue and left > 0 and len(wave) < width:
            scope = queue.pop()
            if not self._may_begin(scope):
                continue
            step = self._scope_step(scope, taken, set())
            if step is None:
                if scope not in self._resting:
                    busy.append(scope)
                continue
            if _most_calls(step) > left:  # the next one may cost less
                too_dear = True
                busy.append(scope)
                continue
            taken.add(step.row.ref)
            self._tally.begun_scopes.add(scope)
            left -= _most_calls(step)
            wave.append(step)
            busy.append(scope)
        queue.extend(reversed(busy))
        if too_dear and not wave:
            raise BudgetSpent
        return wave

    def _scope_step(self, scope: Key, taken: set[Ref], visited: set[Key]) -> Ask | Look | Call | None:
        """The next call of this scope, or of the one that it waits for; None if there is none now."""
        if scope in visited:
            return None
        visited.add(scope)
        for _ in range(_STEPS_WITHOUT_CALL):
            rows = self._journal.scope(scope)
            step = next_step(rows, self._lookup, self._modules, self._looked, self._now())
            match step:
                case Ask() | Look() | Call():
                    return None if step.row.ref in taken else step
                case Rest():
                    return self._elsewhere(scope, step, taken, visited)
                case _:
                    self._move(step)
        raise RuntimeError(f"{scope} moves in a circle")

    def _elsewhere(self, scope: Key, rest: Rest, taken: set[Ref], visited: set[Key]) -> Ask | Look | Call | None:
        """A scope at rest: go on with the row it waits for, if that can move; else it rests for this run."""
        other = self._lookup(rest.on) if rest.on is not None and not rest.stuck else None
        if other is not None and other.scope not in visited and other.scope not in self._resting:
            step = self._scope_step(other.scope, taken, visited)
            if step is not None or other.scope not in self._resting:
                return step
        self._resting.add(scope)
        return None

    def _move(self, step: Accept | Anew | Lost) -> None:
        """A step that needs no call."""
        with self._job.state.store.commit():
            match step:
                case Accept():
                    self._journal.accept(step.row.ref, step.body, step.written, self._now())
                case Anew():
                    self._journal.anew(step.row.ref, self._now())
                case Lost():
                    self._journal.lost(step.row.ref, self._now())
        self._count_closed([step.row])

    def _may_begin(self, scope: Key) -> bool:
        """Whether `--limit` lets this scope begin. What a begun one waits for comes along uncounted."""
        begun, limit = self._tally.begun_scopes, self._options.limit
        return limit is None or scope in begun or len(begun) < limit

    # --- calling ------------------------------------------------------------------------------------------------------

    def _run(self, wave: list[Ask | Look | Call], pool: ThreadPoolExecutor) -> None:
        self._job.target.reserve(sum(isinstance(step, Call) for step in wave))  # before `begin`: no wait lies between (J2)
        self._heed_stop()
        calls = [self._prepared(step) for step in wave]
        now = self._now()
        with self._job.state.store.commit():
            self._journal.begin(_begins(wave), now, now + timedelta(seconds=self._job.call_s + self._job.grace_s))
            self._save_meter()
        answers = pool.map(_performed, calls) if len(calls) > 1 else map(_performed, calls)
        results = [Result(step, *each) for step, each in zip(wave, answers, strict=True)]
        with self._job.state.store.commit():
            for result in results:
                self._take(result)
            self._save_meter()
        self._count_closed([row for step in wave for row in _rows_of(step)])
        self._job.progress("writing", self._closed, self._open_at_first)
        if self._stop_after is not None:
            raise self._stop_after

    def _prepared(self, step: Ask | Look | Call) -> Callable[[], Answer]:
        """The call of this step, with all that it needs of the journal: on its thread it does HTTP only."""
        row, module = step.row, self._modules[step.row.module]
        match step:
            case Ask() if not row.remote_id:
                sent = self._settled_body(row.sent)
                return lambda: module.find([(row.key, sent)])[0]
            case Ask() | Look():
                standing = self._standing(row)
                return lambda: module.read(standing)
            case Call(verb="create", body=dict() as body):
                write = Write(row.key, body, tuple(Rider(each.module, each.key, rider) for each, rider in step.riders))
                return lambda: module.create([write])[0]
            case Call(verb="update", body=dict() as body):
                standing = self._standing(row, step.refreshed)
                return lambda: module.update(standing, body)
            case Call(verb="withdraw"):
                standing = self._standing(row)
                return lambda: module.withdraw(standing) or Gone()
            case Call(verb="revive"):
                standing = self._standing(row)
                return lambda: module.revive(standing)
            case _:
                raise RuntimeError(f"a {step.verb} of {row.key} without a body")

    def _standing(self, row: Row, refreshed: Written | None = None) -> Standing:
        body = self._settled_body(row.settled if row.settled is not None else row.sent)
        return Standing(row.key, row.remote_id, body, refreshed or row.written or Written(row.remote_id))

    def _settled_body(self, body: Body | None) -> Body:
        """A body that was sent, with the id of its lead filled in: that Ref was left in it when they left together."""
        return {} if body is None else resolved(body, self._lookup)

    # --- taking answers (inside the commit) -----------------------------------------------------------------------------

    def _take(self, result: Result) -> None:
        step, error = result.step, result.error
        if isinstance(error, Retryable | InDoubt):
            self._unanswered += 1
            self.last_silence = error
        elif error is None or isinstance(error, RecordError):
            self._unanswered, self.answered = 0, self.answered + 1
        if error is not None:
            self._take_error(step, error)
        elif isinstance(result.answer, RecordError):
            self._take_error(step, result.answer)
        else:
            match step:
                case Ask() if step.row.remote_id:
                    self._take_reading_in_doubt(step.row, result.answer)
                case Ask():
                    self._take_finding(step.row, result.answer)
                case Look():
                    self._take_look(step.row, result.answer)
                case Call():
                    self._take_answer(step, result.answer)
        if self._unanswered >= 2 * self._job.concurrency and self._stop_after is None:
            self._stop_after = _silent(error)

    def _take_answer(self, step: Call, answer: Answer) -> None:
        """The remote said yes."""
        now, row = self._now(), step.row
        written = answer if isinstance(answer, Written) else None
        self._journal.settle(row.ref, written, now)
        self._looked.pop(row.ref, None)
        self._count(row, step.verb)
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
                body = self._settled_body(row.sent)
                equal = not module.updatable or (found.content is not None and not module.differences(body, found))
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
            hint = "look for it in Zoho (also among the deleted), then `zsync retry`"
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
        if isinstance(answer, Gone) or answer is None:
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
        elif not module.differences(self._settled_body(row.sent), answer):
            self._journal.settle(row.ref, answer, now)
            self._count(row, "update")
            self._object(row, self._settled_body(row.sent), answer)
        elif row.settled is None or row.forced or not module.differences(self._settled_body(row.settled), answer):
            self._journal.stands(row.ref, answer, now)
        else:
            self._journal.fail(row.ref, _edited(module, self._settled_body(row.settled), answer), now)

    def _take_look(self, row: Row, answer: Answer) -> None:
        """Before an update: was it edited by a person since we wrote it?"""
        now, module = self._now(), self._modules[row.module]
        if not isinstance(answer, Written):
            self._hold_deleted(row)
            return
        settled, wanted = self._settled_body(row.settled), self._settled_body(row.wanted)
        if row.settled is None or row.forced or not module.differences(settled, answer):
            self._looked[row.ref] = answer
        elif not module.differences(wanted, answer):
            self._journal.accept(row.ref, wanted, answer, now)
            self._object(row, wanted, answer)
        else:
            self._journal.fail(row.ref, _edited(module, settled, answer), now)

    # --- taking errors (inside the commit) ------------------------------------------------------------------------------

    def _take_error(self, step: Ask | Look | Call, error: BaseException) -> None:
        match step:
            case Call():
                self._take_call_error(step, error)
            case Ask() | Look():
                self._take_read_error(step, error)

    def _take_call_error(self, step: Call, error: BaseException) -> None:
        now, row, rows = self._now(), step.row, _rows_of(step)
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
                self._stop_after = error
            case _:
                known = error if isinstance(error, ZsyncError) else InDoubt("the program failed while the call was out")
                self._doubt(rows, known)
                self._stop_after = error

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
                self._stop_after = error

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

    def _lookup(self, ref: Ref) -> Row | None:
        return self._journal.row(ref)

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

    def _count_closed(self, rows: list[Row]) -> None:
        """How many of these, open a moment ago, are not any more; to count all that is open each time would take long."""
        after = [self._lookup(row.ref) for row in rows]
        self._closed += sum(row is None or row.state not in (State.WANTED, State.SENDING) for row in after)

    def _now(self) -> datetime:
        return self._job.clock.now()

    def _save_meter(self) -> None:
        self._job.state.meters.save(self._job.target.realm, self._job.target.quota())

    def _calls_left(self) -> int:
        """What `--max-calls` still allows."""
        most = self._options.max_calls
        return _NO_BUDGET if most is None else most - self._job.target.calls

    def _heed_stop(self) -> None:
        if self._job.stop():
            raise Stopped("stopped as asked; what was begun is written down, the rest goes in the next run")
        if self._calls_left() <= 0:
            raise BudgetSpent


class BudgetSpent(Exception):
    """`--max-calls` is reached: the rest goes in the next run."""


def _performed(call: Callable[[], Answer]) -> tuple[Answer, BaseException | None]:
    """On a thread. Nothing escapes: what was raised is settled, or raised again, by the main thread."""
    try:
        return call(), None
    except Exception as err:  # noqa: BLE001 - not swallowed: `_take` settles it or stops the run with it
        return None, err


def _rows_of(step: Ask | Look | Call) -> list[Row]:
    """The rows that this step is about: its own, and those that leave in its call."""
    return [step.row, *(rider for rider, _ in step.riders)] if isinstance(step, Call) else [step.row]


def _most_calls(step: Ask | Look | Call) -> int:
    """A question may look in two lists and then at one document; everything else is one call."""
    return 3 if isinstance(step, Ask) and not step.row.remote_id else 1


def _begins(wave: list[Ask | Look | Call]) -> Iterator[Begin]:
    for step in wave:
        if isinstance(step, Call):
            yield Begin(step.row, step.verb, step.body, refreshed=step.refreshed)
            for rider, body in step.riders:
                yield Begin(rider, "create", body, lead=step.row.ref)


def _edited(module: Module, settled: Body, written: Written) -> Complaint:
    """Both versions, field by field, for the person who must decide."""
    lines = [f"{each.field}: written {each.ours}, now {each.theirs}" for each in module.differences(settled, written)]
    return Complaint(
        "conflict",
        "it was edited in Zoho since it was written",
        "`zsync resolve ... --keep zoho` leaves it as it is, `--keep source` writes the source's version",
        "\n".join(lines),
    )


def _silent(error: BaseException | None) -> RunError:
    words = error.message if isinstance(error, ZsyncError) else "no answer"
    return OutOfReach(f"call after call went unanswered, the last: {words}", hint="the journal has everything; run again later")
