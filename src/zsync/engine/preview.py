"""What a run would do: the first half of `run` on a copy of the state, then the open rows, each with its differences.

Nothing is sent and nothing is written anywhere; the target's facts may be read again where a plan asks for newer ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from zsync.engine.job import Job, Options, State
from zsync.engine.run import collect_only
from zsync.model.intent import Body, Node, Ref, plain
from zsync.model.key import Key
from zsync.model.row import Row
from zsync.model.row import State as RowState
from zsync.ports import Budget, Module


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a document: what stands there and what would."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One document that would be created, updated, disabled (voided), or asked about; `calls` is its cost."""

    entity: str
    owner: Key
    module: str
    verb: str
    number: str
    calls: int
    differences: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Every change in the order in which a run would come to it, what all of them cost at most, and what there is for it."""

    changes: tuple[Change, ...]
    calls: int
    budget: Budget

    @property
    def days(self) -> int:
        """On how many days the calls leave."""
        return self.budget.days(self.calls)


def preview(job: Job, copy: State, options: Options) -> Preview:
    """What `run` would do with these options. `copy` is the state's copy: what is planned is written there only."""
    on_copy = replace(job, state=copy)
    collect_only(on_copy, options)
    free = {name for name, module in job.target.modules.items() if module.parent and copy.journal.costs_nothing(name)}
    changes: list[Change] = []
    for scope in copy.journal.open_scopes():
        rows = copy.journal.scope(scope)
        changes += [_change(on_copy, row, rows, free) for row in rows if row.state in (RowState.WANTED, RowState.SENDING)]
    kept = tuple(change for change in changes if change.calls or change.verb != "create")
    return Preview(kept, sum(change.calls for change in changes), job.target.budget())


def _change(job: Job, row: Row, rows: list[Row], free: Collection[str]) -> Change:
    verb, calls = _verb(row, job.target.modules[row.module], rows, free)
    return Change(
        entity=job.state.records.entity(row.owner),
        owner=row.owner,
        module=row.module,
        verb=verb,
        number=row.number,
        calls=calls,
        differences=tuple(_differences(job, row)) if verb == "update" else (),
    )


def _verb(row: Row, module: Module, rows: list[Row], free: Collection[str]) -> tuple[str, int]:
    """What would be done, and how many calls it takes. An update reads first; a rider leaves in its payment's call.

    `free` are the modules whose documents the answer of their parents shows already.
    """
    if row.state is RowState.SENDING:
        return "ask", 1
    if row.wanted is None:
        return "disable", 1
    if row.remote_id and row.there:
        return ("update", 2) if module.updatable else ("accept", 0)
    if row.module in free:
        return "create", 0
    leads = [each for each in rows if module.rides and each.module == module.rides and each.ref in row.refs]
    return "create", 0 if any(not lead.remote_id for lead in leads) else 1


def _differences(job: Job, row: Row) -> list[FieldChange]:
    before, after = _flat(row.settled or {}, job), _flat(row.wanted or {}, job)
    names = list(dict.fromkeys([*before, *after]))
    return [FieldChange(name, before.get(name, ""), after.get(name, "")) for name in names if before.get(name) != after.get(name)]


def _flat(body: Body, job: Job, prefix: str = "") -> dict[str, str]:
    """The body as dotted paths and texts, without what is ours alone; Refs as the ids that they stand for."""
    flat: dict[str, str] = {}
    for name, value in body.items():
        if not name.startswith("_"):
            flat |= _texts(value, job, f"{prefix}{name}")
    return flat


def _texts(node: Node, job: Job, path: str) -> dict[str, str]:
    match node:
        case dict():
            return _flat(node, job, path + ".")
        case list():
            made: dict[str, str] = {}
            for position, child in enumerate(node, 1):
                made |= _texts(child, job, f"{path}[{position}]")
            return made
        case Ref():
            return {path: _id(node, job)}
        case Decimal():
            return {path: plain(node)}
        case _:
            return {path: "" if node is None else str(node)}


def _id(ref: Ref, job: Job) -> str:
    row = job.state.journal.row(Ref(ref.module, ref.key))
    if row is None or not row.remote_id:
        return f"(new: {ref.key})"
    parts: Mapping[str, str] = row.written.parts if row.written is not None else {}
    return parts.get(ref.part, "") if ref.part else row.remote_id
