"""What comes next for a scope: one step, or the reason why there is none. Pure: rows in, a value out.

    sending ---- ask_at not reached --> Rest(until)          wanted, nothing there ---- needs open --> Rest(on)
       |---- no remote id --> Ask (find)                        |---- parent's answer shows it --> Accept
       `---- remote id ----> Ask (read)                         `---- else --> Call(create), with the riders that are ready
    wanted, something there, other body --> Look (read), then Call(update);  nothing wanted --> Call(withdraw)

Doubt comes first, then creates and updates parents first, then withdrawals children first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from zsync.model.intent import Body, Node, Ref, Written
from zsync.model.row import Row, State, Verb
from zsync.ports import Handling, Module

Lookup = Callable[[Ref], Row | None]


@dataclass(frozen=True, slots=True)
class Ask:
    """In doubt: ask the remote what became of the last call for this row."""

    row: Row


@dataclass(frozen=True, slots=True)
class Look:
    """Before a document that stands is changed: read it, to see whether a person edited it."""

    row: Row


@dataclass(frozen=True, slots=True)
class Call:
    """A write that may leave now. `body` has no Refs (None for a withdrawal); `riders` leave in the same call."""

    row: Row
    verb: Verb
    body: Body | None
    riders: tuple[tuple[Row, Body], ...] = ()
    refreshed: Written | None = None


@dataclass(frozen=True, slots=True)
class Accept:
    """Nothing needs to be sent: the remote shows `body` already, or what stands there cannot be changed, or nothing does."""

    row: Row
    body: Body | None
    written: Written | None


@dataclass(frozen=True, slots=True)
class Anew:
    """What was withdrawn cannot be taken into use again: start the row again, without a remote document."""

    row: Row


@dataclass(frozen=True, slots=True)
class Lost:
    """The document that this status or application hung on was withdrawn: it is not there any more."""

    row: Row


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing can leave for this scope now: until a moment, or until the row `on` has moved (`stuck`: it will not by itself)."""

    until: datetime | None = None
    on: Ref | None = None
    stuck: bool = False


Step = Ask | Look | Call | Accept | Anew | Lost | Rest


def next_step(
    rows: Sequence[Row],
    lookup: Lookup,
    modules: Mapping[str, Module],
    looked: Mapping[Ref, Written],
    now: datetime,
) -> Step:
    """The next step of the scope that has these `rows` (parents first). Rest() without a field: nothing is left to do.

    `looked` holds what was read in this run of documents that are about to change.
    """
    rests: list[Rest] = []
    for row in (*_doubtful(rows), *_writes(rows), *_withdrawals(rows)):
        step = _step(row, rows, lookup, modules, looked, now)
        if not isinstance(step, Rest):
            return step
        rests.append(step)
    return _most_hopeful(rests)


def companions(
    step: Ask | Look | Call,
    rows: Sequence[Row],
    lookup: Lookup,
    modules: Mapping[str, Module],
    looked: Mapping[Ref, Written],
    now: datetime,
) -> list[Step]:
    """What else is due in these `rows` for documents of the same module: it could leave at the same time as `step`."""
    others = [row for row in (*_doubtful(rows), *_writes(rows), *_withdrawals(rows)) if row.module == step.row.module]
    steps = (_step(row, rows, lookup, modules, looked, now) for row in others if row.ref != step.row.ref)
    return [each for each in steps if not isinstance(each, Rest)]


def handling(step: Ask | Look | Call) -> Handling:
    """What the request of this step does."""
    match step:
        case Call():
            return step.verb
        case Look():
            return "read"
        case Ask():
            return "read" if step.row.remote_id else "find"


def _step(
    row: Row,
    rows: Sequence[Row],
    lookup: Lookup,
    modules: Mapping[str, Module],
    looked: Mapping[Ref, Written],
    now: datetime,
) -> Step:
    module = modules[row.module]
    if row.state is State.SENDING:
        return _in_doubt(row, lookup, now)
    if row.due_at is not None and row.due_at > now:
        return Rest(until=row.due_at)
    if row.wanted is None:
        return _withdraw(row, rows, lookup, module)
    if row.remote_id and row.there and not row.forced and _parent_withdrawn(row, lookup, module):
        return Lost(row)
    rest = _needs(row, lookup)
    if rest is not None:
        return rest
    body = resolved(row.wanted, lookup)
    if not row.remote_id:
        return _create(row, body, rows, lookup, modules, now)
    if not row.there:
        return Call(row, "revive", None) if module.revivable else Anew(row)
    if not module.updatable:
        return Accept(row, body, None)
    seen = looked.get(row.ref)
    if seen is None:
        return Look(row)
    if module.lots is not None and module.lots.replaces:
        return Call(row, "withdraw", None)
    return Call(row, "update", body, refreshed=seen)


def _in_doubt(row: Row, lookup: Lookup, now: datetime) -> Step:
    """J3: not before `ask_at`; a row that left in another's call is asked about after that one (J9)."""
    if row.ask_at is not None and row.ask_at > now:
        return Rest(until=row.ask_at)
    if row.lead is not None:
        lead = lookup(row.lead)
        if lead is not None and lead.state is State.SENDING:
            return Rest(on=row.lead)
    return Ask(row)


def _create(row: Row, body: Body, rows: Sequence[Row], lookup: Lookup, modules: Mapping[str, Module], now: datetime) -> Step:
    module = modules[row.module]
    if module.parent:
        parent = lookup(Ref(module.parent, row.key))
        if parent is not None and parent.written is not None and module.shown(body, parent.written):
            return Accept(row, body, parent.written)
    if row.alone:
        return Call(row, "create", body)
    candidates = [each for each in rows if _rides(each, row, modules)]
    for each in candidates:
        rest = _needs(each, lookup, but=row.ref)
        if rest is not None and not rest.stuck:
            return rest  # its passenger is on the way: one call for both is cheaper than two
    return Call(row, "create", body, _riders(row, candidates, lookup, now))


def _rides(row: Row, lead: Row, modules: Mapping[str, Module]) -> bool:
    """Whether this row could leave in the call of `lead`."""
    fresh = row.state is State.WANTED and row.wanted is not None and not row.remote_id and not row.alone
    return fresh and modules[row.module].rides == lead.module and lead.ref in row.refs


def _riders(lead: Row, candidates: Sequence[Row], lookup: Lookup, now: datetime) -> tuple[tuple[Row, Body], ...]:
    """The rows that can leave in the call of `lead`: ready but for the id that this call will give."""
    return tuple(
        (row, resolved(row.wanted, lookup, leave=lead.ref))
        for row in candidates
        if row.wanted is not None and (row.due_at is None or row.due_at <= now) and _needs(row, lookup, but=lead.ref) is None
    )


def _withdraw(row: Row, rows: Sequence[Row], lookup: Lookup, module: Module) -> Step:
    if not row.there:
        return Accept(row, None, None)
    if module.parent:  # a status goes with its parent
        return Lost(row) if _parent_withdrawn(row, lookup, module) else Rest(on=Ref(module.parent, row.key), stuck=True)
    for other in rows:
        if other.state is State.SENDING and (row.ref in other.refs or other.seq > row.seq):
            return Rest(on=other.ref)  # children first: one in doubt may hang on it still
    return Call(row, "withdraw", None)


def _parent_withdrawn(row: Row, lookup: Lookup, module: Module) -> bool:
    parent = lookup(Ref(module.parent, row.key)) if module.parent else None
    return parent is not None and parent.was_sent and not parent.there and parent.state is not State.SENDING


def _needs(row: Row, lookup: Lookup, but: Ref | None = None, chain: tuple[Ref, ...] = ()) -> Rest | None:
    """What this row still waits for: of `refs` the id of something that stands, of `after` that it is settled, of `without` that
    it is gone.

    `chain` holds the rows that wait for this one, so that a circle ends.
    """
    for ref in row.refs:
        other = lookup(ref)
        if ref != but and not (other is not None and other.remote_id and other.there):
            return Rest(on=ref, stuck=_hopeless(other, lookup, (*chain, row.ref)))
    for ref in row.after:
        other = lookup(ref)
        if ref != but and not (other is not None and other.state is State.SETTLED and other.there):
            return Rest(on=ref, stuck=_hopeless(other, lookup, (*chain, row.ref)))
    for ref in row.without:
        other = lookup(ref)
        if other is not None and (other.there or other.state is State.SENDING):
            return Rest(on=ref, stuck=other.state in (State.FAILED, State.HELD) or other.wanted is not None)
    return None


def _hopeless(row: Row | None, lookup: Lookup, chain: tuple[Ref, ...]) -> bool:
    """This row will not come to stand at the remote by itself: it failed, is held, nothing wants it there, or it waits for
    one of these. An invoice whose order was refused keeps no payment from going as an advance."""
    if row is None or row.state in (State.FAILED, State.HELD) or (row.state is State.SETTLED and not row.there):
        return True
    if row.state is not State.WANTED or row.wanted is None or row.ref in chain:
        return False
    rest = _needs(row, lookup, chain=chain)
    return rest is not None and rest.stuck


def _doubtful(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.state is State.SENDING]


def _writes(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.state is State.WANTED and row.wanted is not None]


def _withdrawals(rows: Sequence[Row]) -> list[Row]:
    return [row for row in reversed(rows) if row.state is State.WANTED and row.wanted is None]


def _most_hopeful(rests: Sequence[Rest]) -> Rest:
    """Of several reasons to rest: one that another row ends, then the earliest moment, then what is stuck."""
    moving = [rest for rest in rests if rest.on is not None and not rest.stuck]
    if moving:
        return moving[0]
    timed = sorted((rest for rest in rests if rest.until is not None), key=_moment)
    if timed:
        return timed[0]
    return rests[0] if rests else Rest()


def _moment(rest: Rest) -> float:
    return rest.until.timestamp() if rest.until is not None else float("inf")


def resolved(body: Body, lookup: Lookup, leave: Ref | None = None) -> Body:
    """The body with ids instead of Refs, but for the Ref `leave`, whose id the call itself will give.

    A Ref to a line that the remote did not name (it was there before us, or merged) leaves its field out: no link is
    better than a wrong one. LookupError if a document has no id yet.
    """
    return {name: node for name, value in body.items() if (node := _node(value, lookup, leave)) is not None or value is None}


def as_sent(body: Body | None, lookup: Lookup) -> Body:
    """A body that was sent, with the id of its lead filled in: that Ref was left in it when they left together."""
    return {} if body is None else resolved(body, lookup)


def _node(node: Node, lookup: Lookup, leave: Ref | None) -> Node:
    match node:
        case Ref():
            return node if leave is not None and Ref(node.module, node.key) == leave else _id(node, lookup)
        case list():
            return [_node(child, lookup, leave) for child in node]
        case dict():
            return resolved(node, lookup, leave)
        case _:
            return node


def _id(ref: Ref, lookup: Lookup) -> str | None:
    row = lookup(Ref(ref.module, ref.key))
    if row is None or not row.remote_id:
        raise LookupError(f"{ref.key} in {ref.module} has no id yet")
    if not ref.part:
        return row.remote_id
    return row.written.parts.get(ref.part) if row.written is not None else None
