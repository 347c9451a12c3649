"""Settle: for each thing wanted, write `sending`, call, write the answer. One scope to its end before the next.

    wave:  the next calls, up to `concurrency` of them   -->  slots of the pace  -->  begin, one commit (J2)
           -->  calls side by side on threads that do HTTP only  -->  answers, one commit

Stopping (a signal, a budget, a quota) ends between waves. What an answer does to the journal stands in `engine/outcome.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from zsync.engine import decide
from zsync.engine.decide import Accept, Anew, Ask, Call, Look, Lost, Rest, as_sent, companions, handling, next_step
from zsync.engine.job import Job, Options, Stopped
from zsync.engine.lots import Kin, Lot, Step, Wave
from zsync.engine.outcome import Answer, Outcomes, Tally
from zsync.model.intent import Body, Ref, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.model.row import Begin, Row, State
from zsync.ports import Rider, Standing, Write

CALLS = "zsync-call"
"""What the names of the threads begin with that calls are made on (`cli/app.py` looks for them)."""

_NO_BUDGET = 1_000_000_000

_LOOK_UP_S = 0.2

_IDLE_SCOPES = 500
"""A wave that has something to send looks no further than at so many scopes which have nothing for it."""

_STEPS_WITHOUT_CALL = 10_000
"""More moves of one scope without any call than this are a cycle: a defect, not work."""


class Settler:
    """Works off the journal of one job. `settle` returns when nothing is left that could leave now."""

    def __init__(self, job: Job, options: Options, tally: Tally) -> None:
        self._job = job
        self._options = options
        self._journal = job.state.journal
        self._modules = job.target.modules
        self._outcomes = Outcomes(job, tally)
        self._begun: set[Key] = set()
        self._resting: set[Key] = set()
        self._open_at_first = job.state.journal.count_open()
        self._closed = 0  # of these

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
        silence = self._outcomes.silence()
        if silence is not None:
            raise silence

    # --- choosing -----------------------------------------------------------------------------------------------------

    def _work_off(self, scopes: Callable[[], Iterator[Key]], pool: ThreadPoolExecutor) -> None:
        queue: list[Key] = []
        while True:
            self._heed_stop()
            if not queue:
                queue = self._queue(scopes)
                if not queue:
                    break
            wave = self._wave(queue)
            if wave:
                self._run(wave, pool)

    def _queue(self, scopes: Callable[[], Iterator[Key]]) -> list[Key]:
        """What has something to do, the most urgent last. Where not all of it fits today, customers and items that merely changed
        take no place beside the bookings' calls: they come when no booking can go on."""
        found = [scope for scope in scopes() if scope not in self._resting and self._may_begin(scope)]
        if found and self._is_scarce():
            dated = set(self._journal.open_scopes(dated=True))
            found = [scope for scope in found if scope in dated] or found
        found.reverse()
        return found

    def _is_scarce(self) -> bool:
        """Whether there are fewer calls left than documents to write: about one for each."""
        today = self._job.target.budget().today
        left = self._calls_left() if today is None else min(self._calls_left(), today)
        return left < self._journal.count_open()

    def _wave(self, queue: list[Key]) -> list[Lot]:
        """The next calls, up to `concurrency` of them, fewer after the remote complained (J2); scopes at rest leave the queue.

        A call may carry several steps where its module takes lots. Moves without a call happen here.
        """
        wave = Wave(self._calls_left(), min(self._job.concurrency, self._job.target.concurrency))
        taken: set[Ref] = set()
        busy: list[Key] = []
        idle = 0
        while queue and wave.has_room and (idle < _IDLE_SCOPES or not wave.lots):
            scope = queue.pop()
            if not self._may_begin(scope):
                continue
            step = self._scope_step(scope, taken, set())
            if step is None:
                idle += 1
                if scope not in self._resting:
                    busy.append(scope)
                continue
            busy.append(scope)
            placed = wave.take(self._with_companions(step), self._modules[step.row.module])
            taken.update(each.row.ref for each in placed)
            if placed:
                self._begun.add(scope)
        queue.extend(reversed(busy))
        if wave.too_dear and not wave.lots:
            raise BudgetSpent
        return wave.lots

    def _with_companions(self, step: Step) -> Iterator[tuple[Step, Kin | None]]:
        """The step, and what else of its scope could leave at the same time, each with its kin."""
        yield step, self._kin(step)
        if self._modules[step.row.module].lots is None:
            return
        others = self._companions(step)
        moves = [each for each in others if isinstance(each, Accept | Anew | Lost)]
        if moves:
            self._move(moves)
            others = self._companions(step)
        for each in others:
            if isinstance(each, Ask | Look | Call):
                yield each, self._kin(each)

    def _companions(self, step: Step) -> list[decide.Step]:
        return companions(step, self._rows(step.row.scope), self._lookup, self._modules, self._outcomes.looked, self._now())

    def _kin(self, step: Step) -> Kin | None:
        """What this step has in common with others that may leave in its call; None: it goes by itself."""
        lots = self._modules[step.row.module].lots
        if lots is None or step.row.ref in self._outcomes.unnamed:
            return None
        what, alike = handling(step), ""
        if isinstance(step, Call) and step.verb == "update" and step.body is not None:
            alike = lots.alike(self._standing(step.row, step.refreshed), step.body)
            if not alike:
                return None
        return step.row.module, what, alike

    def _scope_step(self, scope: Key, taken: set[Ref], visited: set[Key]) -> Ask | Look | Call | None:
        """The next call of this scope, or of the one that it waits for; None if there is none now."""
        if scope in visited:
            return None
        visited.add(scope)
        for _ in range(_STEPS_WITHOUT_CALL):
            rows = self._rows(scope)
            step = next_step(rows, self._lookup, self._modules, self._outcomes.looked, self._now())
            match step:
                case Ask() | Look() | Call():
                    return None if step.row.ref in taken else step
                case Rest():
                    return self._elsewhere(scope, step, taken, visited)
                case _:
                    self._move([step])
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

    def _move(self, steps: Sequence[Accept | Anew | Lost]) -> None:
        """Steps that need no call."""
        with self._job.state.store.commit():
            for step in steps:
                match step:
                    case Accept():
                        self._journal.accept(step.row.ref, step.body, step.written, self._now())
                    case Anew():
                        self._journal.anew(step.row.ref, self._now())
                    case Lost():
                        self._journal.lost(step.row.ref, self._now())
        self._count_closed([step.row for step in steps])

    def _may_begin(self, scope: Key) -> bool:
        """Whether `--limit` lets this scope begin. What a begun one waits for comes along uncounted."""
        limit = self._options.limit
        return limit is None or scope in self._begun or len(self._begun) < limit

    # --- calling ------------------------------------------------------------------------------------------------------

    def _run(self, wave: list[Lot], pool: ThreadPoolExecutor) -> None:
        self._job.target.reserve(sum(isinstance(lot.steps[0], Call) for lot in wave))  # before `begin`: no wait lies between (J2)
        self._heed_stop()
        calls = [self._prepared(lot) for lot in wave]
        store, now = self._job.state.store, self._now()
        with store.commit():
            self._journal.begin(_begins(wave), now, now + timedelta(seconds=self._job.call_s + self._job.grace_s))
            self._save_meter()
            store.count()
        store.accept_place(self._job.host)  # a copy that does not know these calls is older from here on
        answers = _side_by_side(calls, pool) if len(calls) > 1 else [_performed(each) for each in calls]
        with store.commit():
            for lot, (answer, error) in zip(wave, answers, strict=True):
                self._outcomes.take(lot.steps, answer, error)
            self._save_meter()
        self._count_closed([row for lot in wave for row in lot.rows])
        self._job.progress("writing", self._closed, self._open_at_first)
        if self._outcomes.stop_after is not None:
            raise self._outcomes.stop_after

    def _prepared(self, lot: Lot) -> Callable[[], Sequence[Answer]]:
        """The call of this lot, with all that it needs of the journal: on its thread it does HTTP only."""
        module, steps = self._modules[lot.module], lot.steps
        if module.lots is None or len(steps) == 1:
            single = self._prepared_single(steps[0])
            return lambda: [single()]
        lots, rows = module.lots, [step.row for step in steps]
        match handling(steps[0]):
            case "find":
                asked = [(row.key, as_sent(row.sent, self._lookup)) for row in rows]
                return lambda: module.find(asked)
            case "read":
                read = [self._standing(row) for row in rows]
                return lambda: lots.read(read)
            case "create":
                writes = [Write(row.key, _body(step)) for row, step in zip(rows, steps, strict=True)]
                return lambda: module.create(writes)
            case "update":
                changes = [(self._standing(step.row, _refreshed(step)), _body(step)) for step in steps]
                return lambda: lots.update(changes)
            case "withdraw":
                standings = [self._standing(row) for row in rows]
                return lambda: lots.withdraw(standings)
            case what:
                raise RuntimeError(f"{what} goes one by one")

    def _prepared_single(self, step: Step) -> Callable[[], Answer]:
        row, module = step.row, self._modules[step.row.module]
        match step:
            case Ask() if not row.remote_id:
                sent = as_sent(row.sent, self._lookup)
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
        body = as_sent(row.settled if row.settled is not None else row.sent, self._lookup)
        return Standing(row.key, row.remote_id, body, refreshed or row.written or Written(row.remote_id))

    # --- kitchen --------------------------------------------------------------------------------------------------------

    def _rows(self, scope: Key) -> list[Row]:
        """The rows of a scope, but for those of modules that the configuration does not have any more: they stay as they are."""
        return [row for row in self._journal.scope(scope) if row.module in self._modules]

    def _lookup(self, ref: Ref) -> Row | None:
        return self._journal.row(ref)

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


Answered = tuple[Sequence[Answer], BaseException | None]
"""What a call brought for each of its steps, or the exception that it ended with."""


def _side_by_side(calls: list[Callable[[], Sequence[Answer]]], pool: ThreadPoolExecutor) -> list[Answered]:
    """The answers of calls that are out at once. A signal may be delivered to one of their threads, and Python heeds it on this
    one only: so it looks up now and then."""
    waiting = [pool.submit(_performed, call) for call in calls]
    while wait(waiting, timeout=_LOOK_UP_S).not_done:
        continue
    return [each.result() for each in waiting]


def _performed(call: Callable[[], Sequence[Answer]]) -> Answered:
    """On a thread. Nothing escapes: what was raised is settled, or raised again, by the main thread."""
    try:
        return call(), None
    except Exception as err:  # noqa: BLE001 - not swallowed: it is settled, or stops the run
        return (), err


def _body(step: Step) -> Body:
    if not isinstance(step, Call) or step.body is None:
        raise RuntimeError(f"a write of {step.row.key} without a body")
    return step.body


def _refreshed(step: Step) -> Written | None:
    return step.refreshed if isinstance(step, Call) else None


def _begins(wave: list[Lot]) -> Iterator[Begin]:
    for step in (each for lot in wave for each in lot.steps):
        if isinstance(step, Call):
            yield Begin(step.row, step.verb, step.body, refreshed=step.refreshed)
            for rider, body in step.riders:
                yield Begin(rider, "create", body, lead=step.row.ref)
