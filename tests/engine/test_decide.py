"""The next step of a scope, by example: what the small world of the other tests seldom or never comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.world import FakeModule, World, key
from zsync.engine.decide import (
    Accept,
    Anew,
    Ask,
    Call,
    Look,
    Lost,
    Rest,
    Step,
    as_sent,
    companions,
    handling,
    next_step,
    resolved,
)
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


# --- documents that stand -----------------------------------------------------------------------------------------------------


class Replaced:
    """Lots of a module whose changed documents are made anew."""

    replaces = True


def made(name: str, **changes: object) -> FakeModule:
    module = FakeModule(REMOTE, name, natural="number")
    for each, value in changes.items():
        setattr(module, each, value)
    return module


def step_with(modules: Mapping[str, Module], *rows: Row, looked: Mapping[Ref, Written] | None = None) -> Step:
    known = {row.ref: row for row in rows}
    return next_step(rows, known.get, modules, looked or {}, NOW)


def test_a_status_that_stands_is_lost_with_its_parent_unless_a_person_forces_it() -> None:
    parent = replace(standing(a_row()), state=State.SETTLED, there=False)
    status = replace(standing(a_row("invoices.sent", seq=1)), wanted={"number": "2"})
    assert step(parent, status) == Lost(status)
    assert step(replace(parent, there=True), status) == Accept(status, {"number": "2"}, None)
    forced = replace(status, forced=True)
    assert step(parent, forced) == Accept(forced, {"number": "2"}, None)


def test_what_was_withdrawn_is_revived_or_made_anew() -> None:
    row = replace(standing(a_row()), there=False)
    assert step(row) == Call(row, "revive", None)
    assert step_with({**MODULES, "invoices": made("invoices", revivable=False)}, row) == Anew(row)


def test_what_is_replaced_is_withdrawn_once_it_was_looked_at() -> None:
    modules = {**MODULES, "invoices": made("invoices", lots=Replaced())}
    row = standing(a_row())
    assert step_with(modules, row) == Look(row)
    assert step_with(modules, row, looked={row.ref: STOOD}) == Call(row, "withdraw", None)


def test_companions_know_what_was_looked_at_and_what_they_refer_to() -> None:
    first = a_row()
    second = replace(standing(a_row(of="2", seq=1)), wanted={"number": "2", "parent": ref("payments", "9")}, refs=(PAID,))
    payment = replace(standing(a_row("payments", of="9")), state=State.SETTLED)
    known = {row.ref: row for row in (first, second, payment)}
    found = companions(Call(first, "create", BODY), (first, second), known.get, MODULES, {second.ref: STOOD}, NOW)
    assert found == [Call(second, "update", {"number": "2", "parent": "70"}, refreshed=STOOD)]


# --- what a row waits for -----------------------------------------------------------------------------------------------------


def ref(module: str, of: str, part: str = "") -> Ref:
    return Ref(module, key("invoice", of), part)


PAID = ref("payments", "9")


def needing(**needs: tuple[Ref, ...]) -> Row:
    return replace(a_row(), **needs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "rest"),
    [
        (None, Rest(on=PAID, stuck=True)),
        ({}, Rest(on=PAID)),
        ({"state": State.SENDING, "sent_verb": "create"}, Rest(on=PAID)),
        ({"state": State.FAILED}, Rest(on=PAID, stuck=True)),
        ({"state": State.HELD}, Rest(on=PAID, stuck=True)),
        ({"wanted": None}, Rest(on=PAID)),
        ({"state": State.SETTLED, "remote_id": "70", "there": False}, Rest(on=PAID, stuck=True)),
        ({"state": State.WANTED, "remote_id": "70", "there": True}, None),
        ({"state": State.FAILED, "remote_id": "70", "there": True}, None),
    ],
)
def test_a_row_leaves_once_what_it_refers_to_stands(other: dict[str, object] | None, rest: Rest | None) -> None:
    row = needing(refs=(PAID,))
    others = [] if other is None else [replace(a_row("payments", of="9"), **other)]  # type: ignore[arg-type]
    known = {each.ref: each for each in (row, *others)}
    assert next_step([row], known.get, MODULES, {}, NOW) == (rest or Call(row, "create", BODY))


@pytest.mark.parametrize(
    ("other", "rest"),
    [
        (None, Rest(on=PAID, stuck=True)),
        ({"state": State.WANTED, "remote_id": "70", "there": True}, Rest(on=PAID)),
        ({"state": State.SETTLED, "remote_id": "70", "there": False}, Rest(on=PAID, stuck=True)),
        ({"state": State.SETTLED, "remote_id": "70", "there": True}, None),
        ({"state": State.FAILED, "remote_id": "70", "there": True}, Rest(on=PAID, stuck=True)),
    ],
)
def test_a_row_that_comes_after_another_leaves_once_that_is_settled(other: dict[str, object] | None, rest: Rest | None) -> None:
    row = needing(after=(PAID,))
    others = [] if other is None else [replace(a_row("payments", of="9"), **other)]  # type: ignore[arg-type]
    known = {each.ref: each for each in (row, *others)}
    assert next_step([row], known.get, MODULES, {}, NOW) == (rest or Call(row, "create", BODY))


def test_a_row_is_stuck_where_what_it_waits_for_is_stuck_further_on() -> None:
    last = replace(a_row("payments", of="8"), state=State.FAILED)
    middle = replace(a_row("payments", of="9"), refs=(last.ref,))
    row = needing(refs=(middle.ref,))
    known = {each.ref: each for each in (row, middle, last)}
    assert next_step([row], known.get, MODULES, {}, NOW) == Rest(on=middle.ref, stuck=True)
    moving = {**known, last.ref: a_row("payments", of="8")}
    assert next_step([row], moving.get, MODULES, {}, NOW) == Rest(on=middle.ref)


def test_what_is_in_doubt_may_come_to_stand_whatever_it_waited_for_itself() -> None:
    last = replace(a_row("payments", of="8"), state=State.FAILED)
    doubtful = replace(a_row("payments", of="9"), state=State.SENDING, sent_verb="create", refs=(last.ref,))
    row = needing(refs=(doubtful.ref,))
    known = {each.ref: each for each in (row, doubtful, last)}
    assert next_step([row], known.get, MODULES, {}, NOW) == Rest(on=doubtful.ref)


def test_rows_that_wait_for_each_other_do_not_wait_for_ever_to_be_asked() -> None:
    middle = replace(a_row("payments", of="9"), refs=(a_row().ref,))
    row = needing(refs=(middle.ref,))
    known = {each.ref: each for each in (row, middle)}
    assert next_step([row], known.get, MODULES, {}, NOW) == Rest(on=middle.ref)


def test_of_several_reasons_to_rest_the_one_that_ends_first_is_told() -> None:
    moving = replace(a_row("payments", of="9"), state=State.SENDING, sent_verb="create")
    stuck = replace(a_row("payments", of="8"), state=State.FAILED)
    waits, hopeless = replace(a_row(of="2", seq=1), refs=(moving.ref,)), replace(a_row(of="3", seq=2), refs=(stuck.ref,))
    soon, later = (replace(a_row(of=of), due_at=NOW + timedelta(minutes=of_min)) for of, of_min in (("4", 1), ("5", 2)))
    known = {each.ref: each for each in (moving, stuck, waits, hopeless, soon, later)}

    def told(*rows: Row) -> Step:
        return next_step(rows, known.get, MODULES, {}, NOW)

    assert told(hopeless, later, soon, waits) == Rest(on=moving.ref)
    assert told(hopeless, later, soon) == Rest(until=soon.due_at)
    assert told(hopeless) == Rest(on=stuck.ref, stuck=True)
    assert told() == Rest()


# --- riders -------------------------------------------------------------------------------------------------------------------


def riding(payment: Row, of: str = "1", **changes: Any) -> Row:
    row = replace(a_row("applications", of=of, seq=1), refs=(payment.ref,), wanted={"number": "1", "payment": payment.ref})
    return replace(row, **changes)


RIDES: Body = {"number": "1", "payment": Ref("payments", key("invoice", "1"))}


def test_what_rides_leaves_with_its_lead_and_leaves_its_id_open() -> None:
    payment = a_row("payments")
    due, late = riding(payment, due_at=NOW), riding(payment, of="2", due_at=NOW + timedelta(seconds=1))
    assert step(payment, due, late) == Call(payment, "create", BODY, ((due, RIDES),))


def test_a_lead_waits_for_what_its_riders_wait_for_where_that_is_on_its_way() -> None:
    payment, invoice = a_row("payments"), replace(a_row(of="7"), state=State.SENDING, sent_verb="create")
    rider = riding(payment, refs=(payment.ref, invoice.ref))
    known = {each.ref: each for each in (payment, rider, invoice)}
    assert next_step([payment, rider], known.get, MODULES, {}, NOW) == Rest(on=invoice.ref)
    refused = {**known, invoice.ref: replace(invoice, state=State.FAILED)}
    assert next_step([payment, rider], refused.get, MODULES, {}, NOW) == Call(payment, "create", BODY)


@pytest.mark.parametrize(
    "changes",
    [
        {"alone": True},
        {"state": State.FAILED},
        {"wanted": None},
        {"remote_id": "70", "there": True, "written": STOOD},
        {"refs": ()},
    ],
)
def test_what_goes_by_itself_failed_or_stands_rides_with_nobody(changes: dict[str, Any]) -> None:
    payment = a_row("payments")
    assert step(payment, riding(payment, **changes)) == Call(payment, "create", BODY)


def test_a_lead_that_goes_by_itself_takes_nobody_along() -> None:
    payment = replace(a_row("payments"), alone=True)
    assert step(payment, riding(payment)) == Call(payment, "create", BODY)


def test_children_in_doubt_are_cleared_up_before_what_they_hang_on_is_withdrawn() -> None:
    parent = unwanted(standing(a_row(seq=3)))
    before = replace(a_row("payments", of="2", state=State.SENDING, seq=2), sent_verb="create", ask_at=NOW + timedelta(hours=1))
    after = replace(before, seq=4)
    assert step(parent, before) == Call(parent, "withdraw", None)
    assert step(parent, after) == Rest(on=after.ref)
    assert step(parent, replace(before, refs=(parent.ref,))) == Rest(on=before.ref)


# --- bodies -------------------------------------------------------------------------------------------------------------------


def test_references_are_filled_in_wherever_they_stand() -> None:
    paid = replace(a_row("payments", of="9"), remote_id="70", written=Written("70", parts={"line": "70-1"}))
    bare = replace(a_row("payments", of="8"), remote_id="80")
    known = {each.ref: each for each in (paid, bare)}
    body: Body = {
        "plain": "x",
        "empty": None,
        "id": PAID,
        "part": ref("payments", "9", "line"),
        "unnamed": ref("payments", "9", "other"),
        "unknown": ref("payments", "8", "line"),
        "list": [PAID, {"id": PAID, "open": ref("payments", "7")}, "y"],
        "open": ref("payments", "7", "line"),
    }
    assert resolved(body, known.get, leave=ref("payments", "7")) == {
        "plain": "x",
        "empty": None,
        "id": "70",
        "part": "70-1",
        "list": ["70", {"id": "70", "open": ref("payments", "7")}, "y"],
        "open": ref("payments", "7", "line"),
    }
    assert as_sent({"id": PAID}, known.get) == {"id": "70"}
    assert as_sent(None, known.get) == {}


@pytest.mark.parametrize("known", [{}, {PAID: a_row("payments", of="9")}])
def test_a_reference_to_what_has_no_id_yet_is_an_error_that_names_it(known: dict[Ref, Row]) -> None:
    with pytest.raises(LookupError, match=r"hotel:invoice:9 in payments has no id yet"):
        resolved({"id": PAID}, known.get)
