"""What a move of the journal answers and writes down: begin and adoption by field, attempts for `show`, lines of the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from state.used import (
    ANSWER,
    ERROR,
    KEY,
    LATER,
    LEAD,
    NEW,
    NOW,
    REF,
    SENT,
    SETTLED,
    WANTED,
    a_row,
    asks_for,
    the_row,
    wants_nothing,
)
from zsync.model.intent import Body, Intent, Ref, digest
from zsync.model.key import Key
from zsync.model.row import Begin, State, Verb
from zsync.state.journal import Journal
from zsync.state.store import Store

BEGUN = {"state": State.SENDING, "sent": SENT, "begun_at": NOW, "ask_at": LATER, "due_at": None, "lead": None, "attempts": 4}
UNKNOWN = Ref("salesorders", Key.of("hotel", "order", "2"))


@pytest.fixture
def store() -> Store:
    return Store.in_memory()


@pytest.fixture
def journal(store: Store) -> Journal:
    return Journal(store, "books:1")


@pytest.mark.parametrize(("verb", "sent_digest"), [("create", digest(WANTED)), ("update", digest(WANTED)), ("revive", "")])
def test_begin_writes_down_what_leaves_and_until_when_nobody_asks(
    store: Store, journal: Journal, verb: Verb, sent_digest: str
) -> None:
    before = a_row(store, journal, state="wanted", **({"remote_id": None} if verb == "create" else {}))
    with store.commit():
        journal.begin([Begin(before, verb, SENT)], NOW, LATER)
    assert the_row(journal) == replace(before, **BEGUN, sent_verb=verb, sent_digest=sent_digest)  # type: ignore[arg-type]


def test_begin_keeps_what_was_read_before_and_in_whose_call_it_leaves(store: Store, journal: Journal) -> None:
    before = a_row(store, journal, state="wanted", lead_module=None, lead_key=None)
    with store.commit():
        journal.begin([Begin(before, "update", SENT, LEAD, ANSWER)], NOW, LATER)
    after = the_row(journal)
    assert (after.lead, after.written) == (LEAD, ANSWER)


def test_what_is_adopted_is_known_with_its_id_and_taken_as_it_is(store: Store, journal: Journal) -> None:
    before = a_row(store, journal, **NEW, state="failed")
    with store.commit():
        journal.adopt(REF, ANSWER, SETTLED, NOW)
    assert the_row(journal) == replace(
        before,
        state=State.SETTLED,
        error=None,
        remote_id="77",
        written=ANSWER,
        settled=SETTLED,
        settled_digest=digest(WANTED),
        there=True,
        settled_at=NOW,
    )


def test_what_is_settled_once_stays_as_it_was_adopted(store: Store, journal: Journal) -> None:
    """Nothing was ever sent for it: what stands there decides."""
    a_row(store, journal, **NEW, state="wanted")
    planned: Body = {**SENT, "number": "9"}
    with store.commit():
        journal.adopt(REF, ANSWER, SETTLED, NOW)
        journal.want(KEY, Intent("salesorders", KEY, planned, KEY), 0, frozenset({"number"}))
    assert the_row(journal).wanted == SENT


# --- answers ------------------------------------------------------------------------------------------------------------------


def test_what_is_wanted_for_the_first_time_is_to_be_done(store: Store, journal: Journal) -> None:
    with store.commit():
        assert journal.want(KEY, Intent("salesorders", KEY, WANTED, KEY), 0, frozenset()) is True


@pytest.mark.parametrize(
    ("state", "move", "open_after"),
    [
        ("settled", asks_for(SENT), True),
        ("settled", asks_for(SETTLED), False),
        ("wanted", asks_for(SETTLED), False),
        ("sending", asks_for(SETTLED), True),
        ("held", asks_for(SENT), False),
        ("settled", wants_nothing, True),
        ("sending", wants_nothing, True),
        ("held", wants_nothing, False),
    ],
)
def test_wanting_tells_whether_anything_is_to_be_done_now(
    store: Store, journal: Journal, state: str, move: Callable[[Journal], object], open_after: bool
) -> None:
    a_row(store, journal, state=state)
    with store.commit():
        assert move(journal) is open_after


def test_what_is_not_known_or_was_never_sent_leaves_nothing_to_do(store: Store, journal: Journal) -> None:
    a_row(store, journal, **NEW, state="wanted")
    with store.commit():
        assert journal.want_nothing(UNKNOWN) is False
        assert journal.want_nothing(REF) is False
    assert journal.row(REF) is None


def test_a_move_of_what_is_not_in_the_journal_is_a_defect_that_names_it(store: Store, journal: Journal) -> None:
    with store.commit(), pytest.raises(KeyError, match="hotel:order:2 in salesorders is not in the journal"):
        journal.lost(UNKNOWN, NOW)


def test_an_answer_to_what_was_never_sent_is_a_defect_that_names_it(store: Store, journal: Journal) -> None:
    a_row(store, journal, **NEW, state="wanted")
    with store.commit(), pytest.raises(ValueError, match="hotel:order:1 in salesorders was never sent"):
        journal.settle(REF, ANSWER, NOW)


# --- attempts and log ---------------------------------------------------------------------------------------------------------

Move = Callable[[Journal], object]


@pytest.mark.parametrize(
    ("event", "words", "move"),
    [
        ("settle", ("", "", ""), lambda journal: journal.settle(REF, ANSWER, NOW)),
        ("accept", ("", "", ""), lambda journal: journal.accept(REF, SENT, None, NOW)),
        ("found", ("", "", ""), lambda journal: journal.found(REF, ANSWER, NOW, equal=True)),
        ("found", ("", "", ""), lambda journal: journal.found(REF, ANSWER, NOW, equal=False)),
        ("absent", ("", "", ""), lambda journal: journal.absent(REF, NOW)),
        ("stands", ("", "", ""), lambda journal: journal.stands(REF, ANSWER, NOW)),
        ("doubt", ("refused", "it is locked", "r-7"), lambda journal: journal.doubt(REF, LATER, NOW, ERROR)),
        ("defer", ("refused", "it is locked", "r-7"), lambda journal: journal.defer(REF, LATER, NOW, ERROR)),
        ("apart", ("refused", "it is locked", "r-7"), lambda journal: journal.apart([REF], NOW, ERROR)),
        ("fail", ("refused", "it is locked", "r-7"), lambda journal: journal.fail(REF, ERROR, NOW)),
        ("hold", ("", "by hand", ""), lambda journal: journal.hold(REF, "by hand", NOW)),
        ("rename", ("", "", ""), lambda journal: journal.rename(REF, SENT, NOW)),
        ("anew", ("", "", ""), lambda journal: journal.anew(REF, NOW)),
        ("lost", ("", "", ""), lambda journal: journal.lost(REF, NOW)),
    ],
)
def test_each_move_is_an_attempt_with_its_words_and_a_line_of_the_log_without_them(
    store: Store, journal: Journal, caplog: pytest.LogCaptureFixture, event: str, words: tuple[str, str, str], move: Move
) -> None:
    a_row(store, journal)
    journal.run = 12
    with caplog.at_level(logging.INFO, "zsync.journal"), store.commit():
        move(journal)
    assert attempts(store) == [(12, "2026-03-01T08:00:00.000000Z", "salesorders", str(KEY), str(KEY), event, "update", *words)]
    code = f" {words[0]}" if words[0] else ""
    assert caplog.messages == [f"{event} update salesorders hotel:order:1{code}"]


def test_a_beginning_is_told_by_the_verb_that_leaves_not_by_the_last(
    store: Store, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    row = a_row(store, journal, state="wanted")
    with caplog.at_level(logging.INFO, "zsync.journal"), store.commit():
        journal.begin([Begin(row, "withdraw", None)], NOW, LATER)
    assert [each[5:7] for each in attempts(store)] == [("begin", "withdraw")]
    assert caplog.messages == ["begin withdraw salesorders hotel:order:1"]


def test_what_never_left_is_told_without_a_verb(store: Store, journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    a_row(store, journal, **NEW, state="failed")
    with caplog.at_level(logging.INFO, "zsync.journal"), store.commit():
        journal.retry(REF, NOW)
    assert [each[5:7] for each in attempts(store)] == [("retry", None)]
    assert caplog.messages == ["retry salesorders hotel:order:1"]


def attempts(store: Store) -> list[tuple[object, ...]]:
    columns = "run, at, module, key, owner, event, verb, code, message, request_id"
    return [tuple(each) for each in store.db.execute(f"SELECT {columns} FROM attempts ORDER BY id")]  # noqa: S608 - names are ours
