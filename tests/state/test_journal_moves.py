"""Each move of the journal, seen whole: what becomes of every field of a row that had something in all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from state.used import (
    ANSWER,
    ERROR,
    LATER,
    NEW,
    NOTHING_WANTED,
    NOW,
    REF,
    SENT,
    SETTLED,
    STOOD,
    WANTED,
    a_row,
    asks_for,
    the_row,
    wants,
    wants_nothing,
)
from zsync.model.intent import DELETED, Written, digest
from zsync.model.row import UNCLEAR, Complaint, State
from zsync.state.journal import Journal
from zsync.state.rows import complaint_text
from zsync.state.store import Store

AT_REST: Mapping[str, object] = {
    "ask_at": None,
    "due_at": None,
    "lead": None,
    "duplicate": False,
    "forced": False,
    "tries": 0,
    "error": None,
    "reason": "",
}
GONE: Mapping[str, object] = {"remote_id": "", "written": None, "settled": None, "settled_digest": "", "there": False}
AGAIN: Mapping[str, object] = {"error": None, "reason": "", "due_at": None, "tries": 0, "duplicate": False, "alone": False}


@dataclass(frozen=True)
class Case:
    """`columns` make the row, `move` is what happens, `becomes` are the only fields that are other ones then."""

    name: str
    columns: Mapping[str, object]
    move: Callable[[Journal], object]
    becomes: Mapping[str, object] = field(default_factory=dict)


def settles(written: Written | None = ANSWER, *, deleted: bool = False) -> Callable[[Journal], object]:
    return lambda journal: journal.settle(REF, written, NOW, deleted=deleted)


ARRIVED: Mapping[str, object] = {**AT_REST, "settled_at": NOW}
WRITTEN: Mapping[str, object] = {"remote_id": "77", "written": ANSWER}
LANDED: Mapping[str, object] = {**ARRIVED, **WRITTEN, "settled": SENT, "settled_digest": digest(SENT), "there": True}
PLANNED: Mapping[str, object] = {"seq": 9, "number": "QLO-2", "after": ()}
OTHERWISE: Mapping[str, object] = {**PLANNED, "wanted": SENT, "wanted_digest": digest(SENT)}
AS_IT_STOOD: Mapping[str, object] = {**PLANNED, "due_at": None, "tries": 0, "wanted": SETTLED, "wanted_digest": digest(SETTLED)}
UNWANTED: Mapping[str, object] = {"wanted": None, "wanted_digest": "", "after": ()}
ABSENT: Mapping[str, object] = {"ask_at": None, "lead": None, "duplicate": False, "error": None}
STANDS: Mapping[str, object] = {"ask_at": None, "written": ANSWER, "error": None}

CASES = [
    Case("settle what is wanted", wants(SENT), settles(), {**LANDED, "state": State.SETTLED}),
    Case("settle what is not wanted any more", {}, settles(), {**LANDED, "state": State.WANTED}),
    Case("settle a create", {**wants(SENT), "sent_verb": "create", "there": 0}, settles(), {**LANDED, "state": State.SETTLED}),
    Case(
        "settle a revival",
        {**wants(SETTLED), "sent_verb": "revive", "there": 0},
        settles(),
        {**ARRIVED, **WRITTEN, "there": True, "state": State.SETTLED},
    ),
    Case(
        "settle a revival of what should be otherwise",
        {"sent_verb": "revive", "there": 0},
        settles(None),
        {**ARRIVED, "there": True, "state": State.WANTED},
    ),
    Case(
        "settle a withdrawal",
        {**NOTHING_WANTED, "sent_verb": "withdraw"},
        settles(None),
        {**ARRIVED, "there": False, "state": State.SETTLED},
    ),
    Case(
        "settle a withdrawal of what is wanted again",
        {"sent_verb": "withdraw"},
        settles(),
        {**ARRIVED, **WRITTEN, "there": False, "state": State.WANTED},
    ),
    Case(
        "settle a deletion",
        {**NOTHING_WANTED, "sent_verb": "withdraw"},
        settles(None, deleted=True),
        {**ARRIVED, "there": False, "state": State.SETTLED, "written": replace(STOOD, status=DELETED)},
    ),
    Case(
        "settle a deletion of what only the id was known of",
        {**NOTHING_WANTED, "sent_verb": "withdraw", "written": None},
        settles(None, deleted=True),
        {**ARRIVED, "there": False, "state": State.SETTLED, "written": Written("70", status=DELETED)},
    ),
    Case(
        "accept what stands",
        {"state": "wanted"},
        lambda journal: journal.accept(REF, SENT, ANSWER, NOW),
        {**ARRIVED, **WRITTEN, "state": State.SETTLED, "settled": SENT, "settled_digest": digest(WANTED)},
    ),
    Case(
        "accept what was never sent",
        {**NEW, "state": "wanted"},
        lambda journal: journal.accept(REF, SENT, None, NOW),
        {
            **ARRIVED,
            "state": State.SETTLED,
            "settled": SENT,
            "settled_digest": digest(WANTED),
            "there": True,
            "sent_verb": "create",
        },
    ),
    Case(
        "accept that nothing stands",
        {**NOTHING_WANTED, "state": "wanted"},
        lambda journal: journal.accept(REF, None, None, NOW),
        {**ARRIVED, "state": State.SETTLED, "there": False},
    ),
    Case(
        "found as it was sent",
        wants(SENT),
        lambda journal: journal.found(REF, ANSWER, NOW, equal=True),
        {**LANDED, "state": State.SETTLED},
    ),
    Case(
        "found otherwise",
        {"there": 0},
        lambda journal: journal.found(REF, ANSWER, NOW, equal=False),
        {**AT_REST, **GONE, **WRITTEN, "there": True, "state": State.WANTED},
    ),
    Case("absent", {}, lambda journal: journal.absent(REF, NOW), {**ABSENT, "state": State.WANTED}),
    Case(
        "absent, and nothing is wanted any more",
        {**NOTHING_WANTED, "there": 0},
        lambda journal: journal.absent(REF, NOW),
        {**ABSENT, "state": State.SETTLED},
    ),
    Case(
        "absent, and what stands should go",
        NOTHING_WANTED,
        lambda journal: journal.absent(REF, NOW),
        {**ABSENT, "state": State.WANTED},
    ),
    Case(
        "stands as it was settled, and is wanted otherwise",
        {},
        lambda journal: journal.stands(REF, ANSWER, NOW),
        {**STANDS, "state": State.WANTED},
    ),
    Case(
        "stands as it is wanted again",
        wants(SETTLED),
        lambda journal: journal.stands(REF, ANSWER, NOW),
        {**STANDS, "state": State.SETTLED},
    ),
    Case(
        "stands no more, though wanted as it stood",
        {**wants(SETTLED), "there": 0},
        lambda journal: journal.stands(REF, ANSWER, NOW),
        {**STANDS, "state": State.WANTED},
    ),
    Case("doubt", {}, lambda journal: journal.doubt(REF, LATER, NOW, ERROR), {"ask_at": LATER, "error": ERROR}),
    Case(
        "doubt without a duplicate",
        {"duplicate": 0},
        lambda journal: journal.doubt(REF, LATER, NOW, ERROR),
        {"ask_at": LATER, "error": ERROR},
    ),
    Case(
        "doubt after a duplicate",
        {"duplicate": 0},
        lambda journal: journal.doubt(REF, LATER, NOW, ERROR, duplicate=True),
        {"ask_at": LATER, "error": ERROR, "duplicate": True},
    ),
    Case(
        "defer",
        {},
        lambda journal: journal.defer(REF, LATER, NOW, ERROR),
        {"state": State.WANTED, "ask_at": None, "due_at": LATER, "lead": None, "tries": 3, "error": ERROR},
    ),
    Case(
        "apart",
        {"alone": 0},
        lambda journal: journal.apart([REF], NOW, ERROR),
        {"state": State.WANTED, "ask_at": None, "due_at": None, "lead": None, "alone": True},
    ),
    Case("fail", {}, lambda journal: journal.fail(REF, ERROR, NOW), {**AT_REST, "state": State.FAILED, "error": ERROR}),
    Case(
        "fail, of another total",
        {},
        lambda journal: journal.fail(REF, ERROR, NOW, proven=False),
        {**AT_REST, "state": State.FAILED, "error": ERROR, "settled_digest": ""},
    ),
    Case("hold", {}, lambda journal: journal.hold(REF, "by hand", NOW), {**AT_REST, "state": State.HELD, "reason": "by hand"}),
    Case(
        "hold what is gone",
        {},
        lambda journal: journal.hold(REF, "deleted", NOW, gone=True),
        {**AT_REST, **GONE, "state": State.HELD, "reason": "deleted"},
    ),
    Case(
        "rename",
        {},
        lambda journal: journal.rename(REF, SENT, NOW),
        {**AT_REST, "state": State.WANTED, "wanted": SENT, "wanted_digest": digest(SENT)},
    ),
    Case("anew", {"there": 0}, lambda journal: journal.anew(REF, NOW), {**GONE, "state": State.WANTED}),
    Case("lost", {}, lambda journal: journal.lost(REF, NOW), {**AT_REST, **GONE, "state": State.WANTED}),
    Case(
        "lost as we wanted", NOTHING_WANTED, lambda journal: journal.lost(REF, NOW), {**AT_REST, **GONE, "state": State.SETTLED}
    ),
    Case("retry", {"state": "failed"}, lambda journal: journal.retry(REF, NOW), {**AGAIN, "state": State.WANTED}),
    Case("retry what is held", {"state": "held"}, lambda journal: journal.retry(REF, NOW), {**AGAIN, "state": State.WANTED}),
    Case(
        "retry what stands as it is wanted",
        {**wants(SETTLED), "state": "failed"},
        lambda journal: journal.retry(REF, NOW),
        {**AGAIN, "state": State.SETTLED},
    ),
    Case(
        "retry unforced",
        {"state": "failed", "forced": 0},
        lambda journal: journal.retry(REF, NOW),
        {**AGAIN, "state": State.WANTED},
    ),
    Case(
        "retry whatever stands",
        {"state": "failed", "forced": 0},
        lambda journal: journal.retry(REF, NOW, force=True),
        {**AGAIN, "state": State.WANTED, "forced": True},
    ),
    Case("retry what is put off", {"state": "wanted"}, lambda journal: journal.retry(REF, NOW), {"due_at": None}),
    Case("retry what is in doubt", {}, lambda journal: journal.retry(REF, NOW)),
    Case("retry what is settled", {"state": "settled"}, lambda journal: journal.retry(REF, NOW)),
    Case(
        "want another body than stands",
        {"state": "settled"},
        asks_for(WANTED),
        {**PLANNED, "state": State.WANTED, "due_at": None, "tries": 0},
    ),
    Case("want what stands", {**wants(SETTLED), "state": "settled"}, asks_for(SETTLED), PLANNED),
    Case(
        "want what stood before it was withdrawn",
        {**NOTHING_WANTED, "state": "settled", "there": 0},
        asks_for(SETTLED),
        {**AS_IT_STOOD, "state": State.WANTED},
    ),
    Case("want what stands after all", {"state": "wanted"}, asks_for(SETTLED), {**AS_IT_STOOD, "state": State.SETTLED}),
    Case("want again what failed", {"state": "failed"}, asks_for(WANTED), PLANNED),
    Case("want another body than failed", {"state": "failed"}, asks_for(SENT), {**OTHERWISE, **AGAIN, "state": State.WANTED}),
    Case(
        "want another body where it is not clear what stands",
        {"state": "failed", "error": complaint_text(Complaint(UNCLEAR, "a person must look"))},
        asks_for(SENT),
        OTHERWISE,
    ),
    Case("want another body in doubt", {}, asks_for(SENT), OTHERWISE),
    Case("want another body of what is held", {"state": "held"}, asks_for(SENT), OTHERWISE),
    Case(
        "want nothing where something stands",
        {"state": "settled"},
        wants_nothing,
        {"state": State.WANTED, "due_at": None, "tries": 0, **UNWANTED},
    ),
    Case("want nothing where nothing stands", {**NOTHING_WANTED, "state": "settled", "there": 0}, wants_nothing, {"after": ()}),
    Case(
        "want nothing of what is on its way there",
        {"state": "wanted", "there": 0},
        wants_nothing,
        {"state": State.SETTLED, **UNWANTED},
    ),
    Case("want nothing of what should have changed", {"state": "wanted"}, wants_nothing, UNWANTED),
    Case(
        "want nothing of what failed and stands",
        {"state": "failed"},
        wants_nothing,
        {"state": State.WANTED, "error": None, **UNWANTED},
    ),
    Case(
        "want nothing of what failed and does not stand",
        {"state": "failed", "there": 0},
        wants_nothing,
        {"state": State.SETTLED, "error": None, **UNWANTED},
    ),
    Case("want nothing in doubt", {}, wants_nothing, UNWANTED),
    Case("want nothing of what is held", {"state": "held"}, wants_nothing, UNWANTED),
]


@pytest.fixture
def store() -> Store:
    return Store.in_memory()


@pytest.fixture
def journal(store: Store) -> Journal:
    return Journal(store, "books:1")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_move_changes_what_it_says_and_nothing_else(store: Store, journal: Journal, case: Case) -> None:
    before = a_row(store, journal, **case.columns)
    with store.commit():
        case.move(journal)
    assert the_row(journal) == replace(before, **case.becomes)  # type: ignore[arg-type]
