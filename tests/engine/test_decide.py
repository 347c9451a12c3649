"""The next step of a scope, by example: what the small world of the other tests seldom or never comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.world import FakeModule, World, key
from zsync.engine.decide import Accept, Ask, Call, Look, Lost, Rest, Step, companions, handling, next_step
from zsync.model.intent import Body, Ref, Written
from zsync.model.row import Row, State
from zsync.ports import Module

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ONE, TWO = key("invoice", "1"), key("invoice", "2")
BODY: Body = {"number": "1"}
STOOD = Written("70", status="sent")


class Shown(FakeModule):
    """A status that its parent's answer shows as soon as that says `sent`."""

    def shown(self, body: Body, written: Written) -> bool:
        return (body, written.status) == (BODY, "sent")


REMOTE = World().remote
MODULES: Mapping[str, Module] = {
    "invoices": FakeModule(REMOTE, "invoices", natural="number"),
    "invoices.sent": Shown(REMOTE, "invoices.sent", natural="number", parent="invoices", updatable=False),
    "payments": FakeModule(REMOTE, "payments", natural="number"),
    "applications": FakeModule(REMOTE, "applications", natural="number", rides="payments"),
}


def a_row(module: str = "invoices", of: str = "1", state: State = State.WANTED, seq: int = 0) -> Row:
    own = key("invoice", of)
    return Row(module, own, ONE, own, seq, state, BODY, "w")


def standing(row: Row) -> Row:
    return replace(row, remote_id="70", there=True, written=STOOD, settled=BODY, settled_digest="s", sent_verb="create")


def unwanted(row: Row) -> Row:
    return replace(row, wanted=None, wanted_digest="")


def step(*rows: Row, looked: Mapping[Ref, Written] | None = None) -> Step:
    known = {row.ref: row for row in rows}
    return next_step(rows, known.get, MODULES, looked or {}, NOW)


@pytest.mark.parametrize("later_s", [-1, 0, 1])
def test_a_row_in_doubt_is_asked_about_from_ask_at_on(later_s: int) -> None:
    row = replace(a_row(state=State.SENDING), sent_verb="create", ask_at=NOW + timedelta(seconds=later_s))
    assert step(row) == (Ask(row) if later_s <= 0 else Rest(until=row.ask_at))


def test_a_row_in_doubt_waits_for_the_one_in_whose_call_it_left() -> None:
    lead = replace(a_row("payments", state=State.SENDING), sent_verb="create", ask_at=NOW + timedelta(seconds=5))
    rider = replace(a_row("applications", state=State.SENDING, seq=1), sent_verb="create", ask_at=NOW, lead=lead.ref)
    assert step(rider, lead) == Rest(on=lead.ref)
    assert step(rider, replace(lead, state=State.SETTLED)) == Ask(rider)
    assert step(rider) == Ask(rider)


def test_a_row_that_is_put_off_leaves_from_its_moment_on() -> None:
    late = replace(a_row(), due_at=NOW + timedelta(seconds=1))
    assert step(late) == Rest(until=late.due_at)
    due = replace(a_row(), due_at=NOW)
    assert step(due) == Call(due, "create", BODY)


def test_a_status_that_its_parents_answer_shows_needs_no_call() -> None:
    parent, status = replace(standing(a_row()), state=State.SETTLED), a_row("invoices.sent", seq=1)
    assert step(parent, status) == Accept(status, BODY, STOOD)
    draft = replace(parent, written=Written("70", status="draft"))
    assert step(draft, status) == Call(status, "create", BODY)
    assert step(replace(parent, written=None), status) == Call(status, "create", BODY)
    assert step(status) == Call(status, "create", BODY)


def test_what_should_go_and_does_not_stand_is_taken_as_done() -> None:
    row = unwanted(a_row())
    assert step(row) == Accept(row, None, None)


def test_a_status_that_should_go_goes_with_its_parent_and_is_stuck_until_then() -> None:
    parent, status = replace(standing(a_row()), state=State.SETTLED), unwanted(standing(a_row("invoices.sent", seq=1)))
    assert step(parent, status) == Rest(on=parent.ref, stuck=True)
    assert step(replace(parent, there=False), status) == Lost(status)
    assert step(replace(parent, there=False, state=State.SENDING, ask_at=NOW), status) == Ask(
        replace(parent, there=False, state=State.SENDING, ask_at=NOW)
    )


def test_what_stands_is_looked_at_before_it_is_changed() -> None:
    row = standing(a_row())
    seen = replace(STOOD, content={"number": "0"})
    assert step(row) == Look(row)
    assert step(row, looked={row.ref: seen}) == Call(row, "update", BODY, refreshed=seen)


def test_companions_are_what_else_of_the_module_could_leave_now() -> None:
    first, second = a_row(), a_row(of="2", seq=1)
    doubtful = replace(a_row(of="3", state=State.SENDING, seq=2), sent_verb="create", ask_at=NOW)
    late = replace(a_row(of="4", seq=3), due_at=NOW + timedelta(seconds=1))
    going = unwanted(standing(a_row(of="5", seq=4)))
    other = a_row("payments", seq=5)
    rows = (first, second, doubtful, late, going, other)
    known = {row.ref: row for row in rows}
    found = companions(Call(first, "create", BODY), rows, known.get, MODULES, {}, NOW)
    assert found == [Ask(doubtful), Call(second, "create", BODY), Call(going, "withdraw", None)]


def test_the_request_of_a_step_is_named() -> None:
    fresh, known = a_row(), standing(a_row())
    assert [handling(each) for each in (Ask(fresh), Ask(known), Look(known), Call(known, "revive", None))] == [
        "find",
        "read",
        "read",
        "revive",
    ]
