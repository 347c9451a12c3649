"""What a run would do: the first half of `run` on a copy of the state, then the open rows, each with its differences.

Nothing is sent and nothing is written anywhere; the target's facts may be read again where a plan asks for newer ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from zsync.engine.job import Job, Options, State
from zsync.engine.run import collect_only
from zsync.model.intent import Body, Node, Ref, plain
from zsync.model.key import Key
from zsync.model.row import Row
from zsync.model.row import State as RowState
from zsync.ports import Budget, Handling, Module


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
    filled: Counter[tuple[str, str]] = Counter()
    for scope in copy.journal.open_scopes():
        rows = [row for row in copy.journal.scope(scope) if row.module in job.target.modules]
        for row in rows:
            if row.state in (RowState.WANTED, RowState.SENDING):
                changes.append(_shared(_change(on_copy, row, rows, free), job.target.modules[row.module], filled))
    kept = tuple(each for each in changes if each.calls or each.verb != "create" or job.target.modules[each.module].lots)
    return Preview(kept, sum(change.calls for change in changes), job.target.budget())


def _shared(change: Change, module: Module, filled: Counter[tuple[str, str]]) -> Change:
    """The change with its share of calls that carry several: the first of each lot pays for it. Updates may yet turn out equal,
    and then leave together for less."""
    if module.lots is None:
        return change
    calls = 0
    what = "replace" if change.verb == "update" and module.lots.replaces else change.verb
    for handling in _HANDLINGS[what]:
        most = 1 if handling == "update" else module.batch if handling == "create" else module.lots.most(handling)
        lot = (module.name, f"{what} {handling}")  # what is made anew comes later than what is new
        calls += filled[lot] % most == 0
        filled[lot] += 1
    return replace(change, calls=calls)


_HANDLINGS: Mapping[str, tuple[Handling, ...]] = {
    "ask": ("find",),
    "create": ("create",),
    "update": ("read", "update"),
    "replace": ("read", "withdraw", "create"),
    "disable": ("withdraw",),
    "accept": (),
}
"""The requests that a change takes where a module takes lots."""


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
