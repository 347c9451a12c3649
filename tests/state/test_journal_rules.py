"""The journal's rules J1 to J9, each with a test of its name. Breaking a rule makes its test fail.

J1, J2, J7 and J9 need the engine around the journal; their tests drive it in the small world of `engine/world.py`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from engine.world import Crash, World, booking, customer, key
from zsync.engine import run as engine
from zsync.engine.decide import Call, Rest, Step, next_step
from zsync.engine.job import Options
from zsync.engine.preview import preview
from zsync.errors import ContractBroken, RecordError, Unavailable
from zsync.model.intent import Body, Intent, Ref, Written
from zsync.model.record import Unreadable
from zsync.model.row import UNCLEAR, Begin, Complaint, Row, State, Verb
from zsync.ports import Stranger
from zsync.state.desk import Inbox
from zsync.state.journal import Journal
from zsync.state.status import Status
from zsync.state.store import Locked, Store

T = TypeVar("T")
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=18)
SCOPE = key("order", "1")
REF = Ref("salesorders", SCOPE)
NOTHING: frozenset[str] = frozenset()


@pytest.fixture
def store() -> Store:
    return Store.in_memory()


@pytest.fixture
def journal(store: Store) -> Journal:
    return Journal(store, "books:1")


def want(store: Store, journal: Journal, body: Body, once: frozenset[str] = NOTHING) -> None:
    with store.commit():
        journal.want(SCOPE, Intent("salesorders", SCOPE, body, SCOPE), 0, once)


def begin(store: Store, journal: Journal, body: Body) -> None:
    row = get(journal)
    with store.commit():
        journal.begin([Begin(row, "update" if row.remote_id else "create", body)], NOW, LATER)


def settle(store: Store, journal: Journal, id: str = "77") -> None:
    with store.commit():
        journal.settle(REF, Written(id), NOW)


def get(journal: Journal) -> Row:
    row = journal.row(REF)
    assert row is not None
    return row


@dataclass
class Diary:
    """What the remote was asked and told, and when."""

    world: World
    events: list[tuple[str, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        read, write = self.world.remote.read, self.world.remote.write

        def noted_read() -> None:
            self.events.append(("read", self.world.clock.now()))
            read()

        def noted_write(effect: Callable[[], T]) -> T:
            self.events.append(("write", self.world.clock.now()))
            return write(effect)

        self.world.remote.read = noted_read  # type: ignore[method-assign]
        self.world.remote.write = noted_write  # type: ignore[method-assign]

    @property
    def words(self) -> list[str]:
        return [word for word, _ in self.events]


def guest(fate: str = "") -> World:
    """A hotel with one customer; `fate` is what becomes of the first write. One run has been."""
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.fate.on_call = {1: fate} if fate else {}
    world.run()
    return world


def names(world: World) -> list[str]:
    return sorted(str(doc.body["name"]) for doc in world.remote.standing("contacts"))


# --- J1 ---------------------------------------------------------------------------------------------------------------------


def test_j1_the_cursor_and_the_intents_of_a_page_commit_together() -> None:
    """Die at every commit of a reading: never is the cursor ahead of what was written down."""
    for point in range(1, 30):
        world = World()
        world.initialise()
        world.hotel.put(customer())
        world.hotel.put(booking())
        world.fate.thorough, world.fate.deaths = True, [point]
        world.run_or_die()
        cursor = world.job().state.records.cursor("bookings")
        rows = world.journal.scope(key("booking", "AAAA"))
        assert bool(rows) == (cursor == "2"), f"died at point {point}"


def test_j1_a_record_that_cannot_be_planned_is_kept_with_its_error_and_the_others_go_on() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(customer("2", "Bo Guest"))
    world.books.refuse_docs[key("customer", "2")] = RecordError("it has no name")
    world.initialise()
    world.run()
    assert [doc.body["name"] for doc in world.remote.standing("contacts")] == ["Ada Guest"]
    assert world.job().state.records.failed() == [("customers", "2")]


def test_j1_changed_settings_read_a_failed_record_again() -> None:
    world = World()
    world.hotel.put(customer())
    world.books.refuse_docs[key("customer", "1")] = RecordError("it has no name")
    world.initialise()
    world.run()
    assert world.remote.writes == 0
    world.books.refuse_docs.clear()
    world.run()
    assert world.remote.writes == 0, "unchanged settings, unchanged record: it is not tried again by the clock"
    world.fingerprint = "settings-2"
    world.run()
    assert len(world.remote.standing("contacts")) == 1


def test_j1_a_record_of_which_the_target_makes_nothing_is_kept_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(customer("2", "Bo Guest"))
    plan = world.books.plan

    def refusing(record, *rest):  # type: ignore[no-untyped-def]
        if record.key.id == "2":
            raise RecordError("it has no name")
        return plan(record, *rest)

    monkeypatch.setattr(world.books, "plan", refusing)
    world.initialise()
    world.run()
    assert names(world) == ["Ada Guest"]
    assert world.job().state.records.failed() == [("customers", "2")]


def unreadable() -> World:
    """Customer 2 cannot be made sense of."""
    world = World()
    world.hotel.put(customer())
    broken = Unreadable(key("customer", "2"), "customers", "2", "2", RecordError("it has no name", hint="give it one"))
    world.hotel.put(broken)
    world.initialise()
    world.run()
    return world


def test_j1_an_unreadable_record_is_kept_with_its_error_and_the_others_go_on() -> None:
    world = unreadable()
    assert names(world) == ["Ada Guest"]
    found = Status(world.store).record("customers", "2")
    assert found is not None
    assert (found.status, found.error.message if found.error else "") == ("failed", "it has no name")


@pytest.mark.parametrize("how", ["retry", "settings", "change"])
def test_j1_retry_changed_settings_or_a_change_read_an_unreadable_record_again(how: str) -> None:
    world = unreadable()
    mended = customer("2", "Bo Guest")
    world.hotel.put(mended)
    if how != "change":
        world.hotel.changes[mended.key] = 1  # the source does not say that it is another
    world.run()
    assert ("Bo Guest" in names(world)) == (how == "change")
    if how == "retry":
        Inbox(world.store).post("retry", world.clock.now(), "customers", ["2"])
    world.fingerprint = "settings-2" if how == "settings" else world.fingerprint
    world.run()
    assert names(world) == ["Ada Guest", "Bo Guest"]
    assert Status(world.store).problems() == []


def test_j1_retry_reads_a_record_that_could_not_be_planned_and_plans_it_again() -> None:
    world = World()
    world.hotel.put(customer())
    world.books.refuse_docs[key("customer", "1")] = RecordError("it has no name")
    world.initialise()
    world.books.refuse_docs.clear()
    Inbox(world.store).post("retry", world.clock.now(), "customers", ["1"])
    world.run()
    assert names(world) == ["Ada Guest"]


# --- J2 ---------------------------------------------------------------------------------------------------------------------


def test_j2_no_write_leaves_unless_its_row_says_sending_on_disk() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking())
    world.initialise()
    seen: list[int] = []

    def look() -> None:
        assert not world.store.db.in_transaction, "a call left inside a transaction"
        seen.append(world.store.db.execute("SELECT count(*) FROM journal WHERE state = 'sending'").fetchone()[0])

    inner = world.remote.write

    def write(effect):  # type: ignore[no-untyped-def]
        look()
        return inner(effect)

    world.remote.write = write  # type: ignore[method-assign]
    world.run()
    assert len(seen) == world.remote.writes == 10
    assert all(count >= 1 for count in seen)


def test_j2_a_row_that_is_not_wanted_cannot_begin(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    begin(store, journal, {"total": Decimal(1)})
    with pytest.raises(ValueError, match="nothing may leave"):
        begin(store, journal, {"total": Decimal(1)})


def test_j2_a_row_begins_once_though_it_was_read_twice(store: Store, journal: Journal) -> None:
    """What the row says on disk counts, not what it said when it was read."""
    want(store, journal, {"total": Decimal(1)})
    read_before = get(journal)
    begin(store, journal, {"total": Decimal(1)})
    with store.commit(), pytest.raises(ValueError, match="nothing may leave"):
        journal.begin([Begin(read_before, "create", {"total": Decimal(1)})], NOW, LATER)


@pytest.mark.parametrize("state", [State.FAILED, State.HELD])
def test_what_waits_for_a_person_waits_also_while_nothing_is_wanted(store: Store, journal: Journal, state: State) -> None:
    """Adoption saw what may be this document. It is not written because the record was out of the plan for a while."""
    want(store, journal, {"total": Decimal(1)})
    with store.commit():
        if state is State.FAILED:
            journal.fail(REF, Complaint(UNCLEAR, "a stranger's"), NOW)
        else:
            journal.hold(REF, "as agreed", NOW)
        assert journal.want_nothing(REF) is False
    want(store, journal, {"total": Decimal(2)})
    assert get(journal).state is state
    with store.commit():
        journal.retry(REF, NOW)
    assert get(journal).state is State.WANTED


def test_j2_the_slot_of_the_pace_is_taken_before_begin() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()

    def reserve(calls: int) -> None:
        assert not world.doubtful(), "the pace was asked while a row said `sending`"

    world.books.reserve = reserve  # type: ignore[method-assign]
    world.run()
    assert len(world.remote.standing("contacts")) == 1


def test_j2_every_row_of_a_wave_and_every_row_of_a_fused_call_says_sending_when_its_call_leaves() -> None:
    world = World(concurrency=4)
    for number in range(1, 7):
        world.hotel.put(customer(str(number), f"Guest {number}"))
    world.hotel.put(booking(payments=("500",)))
    world.initialise()
    states: list[tuple[str, str]] = []
    one_at_a_time = threading.Lock()  # calls leave on threads, and they share one connection here

    def watch(module_name: str) -> None:
        module = world.books.modules[module_name]
        create = module.create

        def watched(writes):  # type: ignore[no-untyped-def]
            left = [Ref(module_name, writes[0].key), *(Ref(rider.module, rider.key) for rider in writes[0].riders)]
            with one_at_a_time:
                states.extend((ref.module, row.state) for ref in left if (row := world.journal.row(ref)) is not None)
            return create(writes)

        module.create = watched  # type: ignore[method-assign]

    for name in ("contacts", "payments"):
        watch(name)
    world.run()
    assert sorted(states) == [("applications", "sending")] * 2 + [("contacts", "sending")] * 6 + [("payments", "sending")]


def test_j2_a_signal_ends_the_run_before_begin_or_after_the_answer_never_between() -> None:
    """Whenever the signal comes, no row says `sending` without its call having left."""
    for nth in range(1, 30):
        world = World()
        world.hotel.put(customer())
        world.initialise()
        asked: list[None] = []

        def stop(asked: list[None] = asked, nth: int = nth) -> bool:
            asked.append(None)
            return len(asked) >= nth

        report = engine.run(world.job(stop), Options(), lambda: ({}, ()))
        assert not world.doubtful()
        assert report.exit_code == (130 if len(asked) >= nth else 0)


def test_j2_on_disk_means_synced_to_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "books.db", create=True)
    assert store.db.execute("PRAGMA synchronous").fetchone()[0] == 2
    store.close()


# --- J3 ---------------------------------------------------------------------------------------------------------------------


def test_j3_a_row_in_doubt_is_not_asked_about_before_ask_at_and_then_before_anything_else() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    asked_at: list[datetime] = []
    inner = world.remote.read

    def read() -> None:
        asked_at.append(world.clock.now())
        inner()

    world.remote.read = read  # type: ignore[method-assign]
    world.fate.on_call = {1: "unanswered"}
    world.run()
    given_up, writes = world.clock.now(), world.remote.writes
    world.run_to_rest()
    assert asked_at
    assert asked_at[0] >= given_up + timedelta(minutes=17)
    assert world.remote.writes == writes, "it was there: nothing needed to be sent again"
    assert len(world.remote.standing("contacts")) == 1


def test_j3_after_a_crash_the_longest_life_of_a_call_comes_on_top_of_the_grace() -> None:
    doubtful = 0
    for point in range(1, 20):
        world = World()
        world.hotel.put(customer())
        world.initialise()
        world.fate.thorough, world.fate.deaths = True, [point]
        world.run_or_die()
        row = world.journal.row(Ref("contacts", key("customer", "1")))
        if row is not None and row.state is State.SENDING:
            assert row.begun_at is not None
            assert row.ask_at == row.begun_at + timedelta(seconds=60 + 17 * 60)
            doubtful += 1
    assert doubtful == 4, "after begin, before the effect, after it, before the answer is on disk"


def test_j3_the_grace_begins_when_the_call_was_given_up_not_when_it_began() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.remote.takes_s = 55
    world.fate.on_call = {1: "late"}
    world.run()
    row = world.journal.row(Ref("contacts", key("customer", "1")))
    assert row is not None
    assert row.begun_at is not None
    assert row.ask_at == row.begun_at + timedelta(seconds=55 + 17 * 60)


def test_j3_it_holds_for_a_question_by_id_too() -> None:
    world = guest()
    world.fate.on_call = {2: "late"}
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run()
    given_up, diary = world.clock.now(), Diary(world)
    world.run_to_rest()
    assert diary.words == ["read"]
    assert diary.events[0][1] >= given_up + timedelta(minutes=17)
    assert names(world) == ["Ada B. Guest"]


@pytest.mark.parametrize("fate", ["lost", "unanswered", "late"])
def test_j3_it_holds_also_when_nothing_is_wanted_any_more(fate: str) -> None:
    world = guest(fate)
    given_up, diary = world.clock.now(), Diary(world)
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    assert diary.words == (["read"] if fate == "lost" else ["read", "write"])
    assert diary.events[0][1] >= given_up + timedelta(minutes=17)
    assert names(world) == []


def test_j3_what_is_in_doubt_is_asked_about_before_anything_else_of_its_scope() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(totals=("300",), payments=("100",)))
    world.initialise()
    world.fate.on_call = {5: "unanswered"}
    world.run()
    assert world.doubtful()
    world.hotel.put(booking(totals=("300",), payments=("100", "200"), note="an edit"))
    diary = Diary(world)
    world.run(minutes=30)
    assert diary.words[:2] == ["read", "read"], "the payment and its application"
    assert "write" in diary.words


@pytest.mark.parametrize("error", [Unavailable("down"), RecordError("odd"), ContractBroken("not JSON")])
def test_j3_a_question_without_an_answer_is_no_answer(error: Exception) -> None:
    world = guest("unanswered")
    module = world.books.modules["contacts"]
    find = module.find

    def failing(asked):  # type: ignore[no-untyped-def]
        raise error

    module.find = failing  # type: ignore[method-assign]
    for _ in range(6):
        world.run()
    row = world.journal.row(Ref("contacts", key("customer", "1")))
    assert row is not None
    assert row.state is State.SENDING
    assert world.remote.writes == 1
    module.find = find  # type: ignore[method-assign]
    world.run_to_rest()
    assert world.remote.writes == 1
    assert names(world) == ["Ada Guest"]


@pytest.mark.parametrize("error", [ContractBroken("not JSON"), KeyError("a defect of ours")])
def test_j3_whatever_else_a_write_ends_in_its_answer_is_unknown(error: Exception) -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    module = world.books.modules["contacts"]
    create = module.create

    def spoilt(writes):  # type: ignore[no-untyped-def]
        create(writes)
        module.create = create  # type: ignore[method-assign]
        raise error

    module.create = spoilt  # type: ignore[method-assign]
    with contextlib.suppress(KeyError):  # a defect ends the program
        world.run()
    assert world.doubtful()
    world.run_to_rest()
    assert world.remote.writes == 1
    assert names(world) == ["Ada Guest"]


# --- J4 ---------------------------------------------------------------------------------------------------------------------


def test_j4_a_new_version_neither_shortens_the_wait_nor_ends_sending(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    begin(store, journal, {"total": Decimal(1)})
    want(store, journal, {"total": Decimal(2)})
    row = get(journal)
    assert row.state is State.SENDING
    assert row.ask_at == LATER
    assert row.sent == {"total": Decimal(1)}
    assert row.wanted == {"total": Decimal(2)}


def test_j4_wanting_nothing_does_not_end_sending_either(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    begin(store, journal, {"total": Decimal(1)})
    with store.commit():
        journal.want_nothing(REF)
    row = get(journal)
    assert (row.state, row.ask_at, row.wanted) == (State.SENDING, LATER, None)


def test_j4_the_newer_version_goes_once_the_doubt_is_over(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    begin(store, journal, {"total": Decimal(1)})
    want(store, journal, {"total": Decimal(2)})
    settle(store, journal)
    row = get(journal)
    assert row.state is State.WANTED
    assert row.settled == {"total": Decimal(1)}


def test_j4_neither_does_a_person_who_asks_for_another_try() -> None:
    world = guest("late")
    before = world.journal.row(Ref("contacts", key("customer", "1")))
    assert before is not None
    Inbox(world.store).post("retry", world.clock.now(), "customers", ["1"])
    Inbox(world.store).post("resolve", world.clock.now(), "customers", ["1"], {"keep": "source", "reason": ""})
    world.run()
    row = world.journal.row(Ref("contacts", key("customer", "1")))
    assert row is not None
    assert (row.state, row.ask_at) == (State.SENDING, before.ask_at)
    world.run_to_rest()
    assert names(world) == ["Ada Guest"]


# --- J5 ---------------------------------------------------------------------------------------------------------------------


def test_j5_in_doubt_find_asks_with_the_body_last_sent() -> None:
    world = World()
    world.hotel.put(customer(name="Ada Guest"))
    world.initialise()
    world.fate.on_call = {1: "unanswered"}
    world.run()
    world.hotel.put(customer(name="Ada Newname"))
    module = world.books.modules["contacts"]
    asked: list[object] = []
    inner = module.find

    def find(pairs):  # type: ignore[no-untyped-def]
        asked.extend(body["name"] for _, body in pairs)
        return inner(pairs)

    module.find = find  # type: ignore[method-assign]
    world.run_to_rest()
    assert asked == ["Ada Guest"]
    assert [doc.body["name"] for doc in world.remote.standing("contacts")] == ["Ada Newname"]


def test_j5_found_tells_the_id_and_an_update_follows_if_the_content_differs(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    begin(store, journal, {"total": Decimal(1)})
    with store.commit():
        journal.found(REF, Written("77"), NOW, equal=False)
    row = get(journal)
    assert row.state is State.WANTED
    assert row.remote_id == "77"
    assert row.settled is None


def test_j5_a_create_refused_as_duplicate_that_find_does_not_see_is_doubt_then_conflict() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    hidden = world.remote.add("contacts", {"name": "Ada Guest", "key": "hotel:customer:1"})
    hidden.shown_at = float("inf")  # the index never shows it
    world.run()
    assert world.states() == {"contacts hotel:customer:1": world.states()["contacts hotel:customer:1"]}
    assert world.states()["contacts hotel:customer:1"].startswith("sending")
    world.run_to_rest()
    assert world.states()["contacts hotel:customer:1"].startswith("failed")
    assert '"conflict"' in world.states()["contacts hotel:customer:1"]
    assert len(world.remote.standing("contacts")) == 1


def test_j5_a_strangers_name_is_left_to_him_and_ours_carries_its_id() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.remote.add("contacts", {"name": "Ada Guest", "key": "somebody else's"}).shown_at = 0
    world.run_to_rest()
    assert sorted(str(doc.body["name"]) for doc in world.remote.standing("contacts")) == ["Ada Guest", "Ada Guest (1)"]


def test_j5_what_is_found_with_our_key_and_another_content_is_written_over() -> None:
    """The create landed, its answer was lost, and a person (or the remote) has changed the document since."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(totals=("300",), payments=(), invoiced=False, note="late arrival"))
    world.initialise()
    world.fate.on_call = {2: "unanswered"}
    world.run()
    (order,) = world.remote.standing("salesorders")
    order.body = {**order.body, "note": "cut off"}
    world.run_to_rest()
    assert [doc.body["note"] for doc in world.remote.standing("salesorders")] == ["late arrival"]


def test_j5_what_is_found_without_our_key_is_ours_if_it_equals_what_was_sent() -> None:
    world = guest("unanswered")
    module = world.books.modules["contacts"]
    find = module.find

    def nameless(asked):  # type: ignore[no-untyped-def]
        return [Stranger(found, ours=True) if isinstance(found, Written) else found for found in find(asked)]

    module.find = nameless  # type: ignore[method-assign]
    world.run_to_rest()
    assert Status(world.store).summary() == {"customers": {"synced": 1}}
    assert world.remote.writes == 1


# --- J6 ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["create", "update", "withdraw", "revive"])
def test_j6_a_row_with_a_remote_id_is_not_created_and_one_without_is_not_changed(
    store: Store, journal: Journal, verb: Verb
) -> None:
    want(store, journal, {"total": Decimal(1)})
    if verb == "create":
        begin(store, journal, {"total": Decimal(1)})
        settle(store, journal)
        want(store, journal, {"total": Decimal(2)})
    with store.commit(), pytest.raises(ValueError, match=f"no {verb} may leave"):
        journal.begin([Begin(get(journal), verb, {"total": Decimal(1)})], NOW, LATER)
    assert get(journal).state is State.WANTED


def test_j6_after_a_lost_update_nothing_leaves_before_ask_at_and_the_next_step_is_a_read() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.run()
    world.fate.on_call = {world.fate.calls + 1: "late"}
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run()
    lost_at = world.clock.now()
    world.hotel.put(customer(name="Ada C. Guest"))
    events: list[tuple[str, datetime]] = []
    read, write = world.remote.read, world.remote.write

    def noted_read() -> None:
        events.append(("read", world.clock.now()))
        read()

    def noted_write(effect: Callable[[], T]) -> T:
        events.append(("write", world.clock.now()))
        return write(effect)

    world.remote.read = noted_read  # type: ignore[method-assign]
    world.remote.write = noted_write  # type: ignore[method-assign]
    world.run_to_rest()
    assert events[0][0] == "read"
    assert events[0][1] >= lost_at + timedelta(minutes=17)
    assert [doc.body["name"] for doc in world.remote.standing("contacts")] == ["Ada C. Guest"]


def test_j6_a_row_with_a_remote_id_is_never_created_again() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    world.run()
    for version in range(3):
        world.fate.on_call = {world.fate.calls + 1: "lost"}
        world.hotel.put(customer(name=f"Ada {version} Guest"))
        world.run_to_rest()
    assert len(world.remote.docs) == 1
    assert names(world) == ["Ada 2 Guest"], "and what was lost is written again"


@pytest.mark.parametrize(("fate", "writes"), [("lost", 3), ("unanswered", 2), ("late", 2)])
def test_j6_withdrawing_twice_is_withdrawing_once(fate: str, writes: int) -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(invoiced=False, payments=()))
    world.initialise()
    world.run()
    world.fate.on_call = {world.fate.calls + 1: fate}
    world.hotel.put(booking(invoiced=False, payments=(), cancelled=True))
    before = world.remote.writes
    world.run_to_rest()
    assert world.remote.standing("salesorders") == []
    assert len([doc for doc in world.remote.docs.values() if doc.module == "salesorders"]) == 2
    assert world.remote.writes == before + writes
    assert {each.status for each in Status(world.store).records("orders")} == {"canceled"}


def test_j6_what_a_person_deleted_before_our_withdrawal_is_withdrawn() -> None:
    world = guest()
    world.remote.docs.clear()
    world.hotel.put(customer(active=False))
    world.run_to_rest()
    assert Status(world.store).summary() == {"customers": {"disabled": 1}}


def test_j6_what_a_person_deleted_while_our_update_was_in_doubt_is_held_or_as_we_want_it_by_now() -> None:
    for active, status in ((True, "held"), (False, "disabled")):
        world = guest()
        world.fate.on_call = {2: "lost"}
        world.hotel.put(customer(name="Ada B. Guest"))
        world.run()
        world.remote.docs.clear()
        world.hotel.put(customer(name="Ada B. Guest", active=active))
        world.run_to_rest()
        assert Status(world.store).summary() == {"customers": {status: 1}}
        assert world.remote.docs == {}


def test_j6_an_update_that_was_lost_over_a_persons_edit_is_a_conflict() -> None:
    """The read shows neither what was sent nor what was settled."""
    world = guest()
    world.fate.on_call = {2: "lost"}
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run()
    world.remote.standing("contacts")[0].body = {"name": "Edited by hand"}
    world.run_to_rest()
    row = world.journal.row(Ref("contacts", key("customer", "1")))
    assert row is not None
    assert row.error is not None
    assert (row.state, row.error.code) == (State.FAILED, "conflict")
    assert names(world) == ["Edited by hand"]


@pytest.mark.parametrize("fate", ["lost", "unanswered", "late"])
def test_j6_what_a_person_decided_holds_also_when_the_update_is_lost(fate: str) -> None:
    """What stood there was accepted when the update began, so finding it again is no new conflict."""
    world = guest()
    world.remote.standing("contacts")[0].body = {"name": "Edited by hand"}
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run_to_rest()
    Inbox(world.store).post("resolve", world.clock.now(), "customers", ["1"], {"keep": "source", "reason": ""})
    world.fate.on_call = {world.fate.calls + 1: fate}
    world.run_to_rest()
    assert names(world) == ["Ada B. Guest"]
    assert Status(world.store).problems() == []


def test_j6_an_update_carries_the_whole_document() -> None:
    world = guest()
    bodies: list[Body] = []
    module = world.books.modules["contacts"]
    update = module.update

    def noted(standing, body):  # type: ignore[no-untyped-def]
        bodies.append(body)
        return update(standing, body)

    module.update = noted  # type: ignore[method-assign]
    world.hotel.put(customer(name="Ada B. Guest"))
    world.run()
    assert bodies == [{"name": "Ada B. Guest", "key": "hotel:customer:1"}]


def test_j6_what_was_read_before_an_update_is_kept_in_the_commit_that_begins_it(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    begin(store, journal, {"total": Decimal(1)})
    settle(store, journal)
    want(store, journal, {"total": Decimal(2)})
    with store.commit():
        journal.begin([Begin(get(journal), "update", {}, refreshed=Written("77", parts={"stay:1": "9"}))], NOW, LATER)
    assert get(journal).written == Written("77", parts={"stay:1": "9"})


# --- J7 ---------------------------------------------------------------------------------------------------------------------


def test_j7_one_writer_a_second_run_is_turned_away_and_nothing_is_stale_after_a_crash(tmp_path: Path) -> None:
    first = Store.open(tmp_path / "books.db", create=True)
    second = Store.open(tmp_path / "books.db")
    with first.locked(), pytest.raises(Locked), second.locked():
        pass
    with second.locked():
        pass
    first.close()
    second.close()


def test_j7_a_move_outside_a_commit_is_a_defect(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    with pytest.raises(RuntimeError, match="outside a commit"):
        journal.want_nothing(REF) if get(journal).was_sent else journal.fail(REF, Complaint("x", "y"), NOW)


def test_j7_plan_works_on_a_copy() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()
    before = list(world.store.db.iterdump())
    copy = world.store.copy()
    world.hotel.put(customer("2", "Bo Guest"))
    seen = preview(world.job(), world.state_of(copy), Options())
    assert [(change.module, change.verb, change.calls) for change in seen.changes] == [("contacts", "create", 1)] * 2
    assert list(world.store.db.iterdump()) == before
    assert world.remote.writes + world.remote.reads == 0


def test_j7_people_leave_their_commands_without_the_lock(tmp_path: Path) -> None:
    running = Store.open(tmp_path / "books.db", create=True)
    person = Store.open(tmp_path / "books.db")
    with running.locked():
        Inbox(person).post("retry", NOW, "orders", ["41"])
    assert [(command.verb, command.source_id) for command in Inbox(running).take()] == [("retry", "41")]
    running.close()
    person.close()


def test_j7_a_command_and_its_removal_are_one_commit() -> None:
    """Die at every commit: never is a command carried out and still there."""
    for point in range(1, 8):
        world = World()
        world.hotel.put(customer())
        world.books.refuse_docs[key("customer", "1")] = RecordError("it has no name")
        world.initialise()
        world.run()
        Inbox(world.store).post("retry", world.clock.now(), "customers", ["1"])
        world.fate.thorough, world.fate.passed, world.fate.deaths = True, 0, [point]
        with pytest.raises(Crash):
            world.run()
        waiting, again = list(Inbox(world.store).take()), world.job().state.records.to_read_again()
        assert not (waiting and again), f"died at point {point}"


# --- J8 ---------------------------------------------------------------------------------------------------------------------


def test_j8_only_the_wanted_the_last_sent_and_the_last_settled_body_are_kept_compressed(store: Store, journal: Journal) -> None:
    for version in range(1, 6):
        want(store, journal, {"total": Decimal(version), "note": "guest" * 50})
        begin(store, journal, {"total": Decimal(version), "note": "guest" * 50})
        with store.commit():
            journal.settle(REF, Written("77", content={"note": "guest" * 50}), NOW)
    blobs = [
        value
        for table in ("journal", "attempts", "records", "scopes", "meta")
        for row in store.db.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
        for value in tuple(row)
        if isinstance(value, bytes)
    ]
    assert len(blobs) == 3
    assert all(b"guest" not in blob and b"guest" in zlib.decompress(blob) for blob in blobs)
    assert "guest" not in "".join(store.db.iterdump())


def test_j8_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    Store.open(path, create=True).close()
    assert path.stat().st_mode & 0o077 == 0


# --- J9 ---------------------------------------------------------------------------------------------------------------------


def test_j9_a_row_belongs_to_one_scope_for_life(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    with store.commit(), pytest.raises(ValueError, match="belongs to"):
        journal.want(key("order", "2"), Intent("salesorders", SCOPE, {"total": Decimal(1)}, SCOPE), 0, NOTHING)


def test_j9_rows_of_one_call_share_their_absence() -> None:
    """A payment that left with two applications was lost: all three are wanted again by one question."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(payments=("500",)))
    world.initialise()
    world.fate.on_call = {8: "lost"}
    world.run()
    assert sum(state.startswith("sending") for state in world.states().values()) == 3
    reads = world.remote.reads
    world.run_to_rest()
    assert world.remote.reads == reads + 1
    assert len(world.remote.standing("payments")) == 1
    assert len(world.remote.standing("applications")) == 2


def fused(*, before: int = 7) -> World:
    """A payment with two applications is the next call of the first run."""
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(payments=("500",)))
    world.initialise()
    world.run(Options(max_calls=before))
    assert world.remote.writes == before
    return world


def test_j9_in_doubt_the_applications_are_not_asked_about_before_their_payment() -> None:
    world = fused()
    world.fate.on_call = {8: "unanswered"}
    world.run()
    module = world.books.modules["payments"]
    find = module.find

    def silent(asked):  # type: ignore[no-untyped-def]
        raise Unavailable("down")

    module.find = silent  # type: ignore[method-assign]
    diary = Diary(world)
    world.run(minutes=30)
    assert diary.words == [], "the payment's question was not answered"
    module.find = find  # type: ignore[method-assign]
    world.run_to_rest()
    assert diary.words == ["read"] * 3
    assert {each.status for each in Status(world.store).records("payments")} == {"synced"}


def test_j9_an_application_that_the_answer_does_not_name_is_asked_about_and_not_sent_again() -> None:
    world = fused()
    module = world.books.modules["payments"]
    create = module.create

    def forgetful(writes):  # type: ignore[no-untyped-def]
        (written,) = create(writes)
        assert isinstance(written, Written)
        return [dataclasses.replace(written, carried={})]

    module.create = forgetful  # type: ignore[method-assign]
    world.run()
    assert sorted(name.split()[0] for name, state in world.states().items() if state.startswith("sending")) == [
        "applications",
        "applications",
    ]
    world.run_to_rest()
    assert world.remote.writes == 8
    assert len(world.remote.standing("applications")) == 2
    assert {each.status for each in Status(world.store).records("payments")} == {"synced"}


def test_j9_refused_for_an_application_the_payment_goes_alone_and_only_that_application_fails() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(payments=("500",)))
    world.initialise()
    world.remote.refuse_application = {"#IN000002"}
    world.run_to_rest()
    assert len(world.remote.standing("payments")) == 1
    assert len(world.remote.standing("applications")) == 1
    failed = [name for name, state in world.states().items() if state.startswith("failed")]
    assert failed == ["applications hotel:payment:1/2"]


# --- what the columns promise -------------------------------------------------------------------------------------------------


def test_once_fields_are_repeated_as_first_settled(store: Store, journal: Journal) -> None:
    once = frozenset({"date"})
    want(store, journal, {"date": "2026-01-01", "total": Decimal(1)}, once)
    begin(store, journal, {"date": "2026-01-01", "total": Decimal(1)})
    settle(store, journal)
    want(store, journal, {"date": "2026-02-02", "total": Decimal(1)}, once)
    assert get(journal).state is State.SETTLED
    want(store, journal, {"date": "2026-02-02", "total": Decimal(2)}, once)
    assert get(journal).wanted == {"date": "2026-01-01", "total": Decimal(2)}


def test_once_fields_of_a_write_that_was_refused_are_planned_anew(store: Store, journal: Journal) -> None:
    """A stranger had the number, the day was locked: what never stood there fixes nothing."""
    once = frozenset({"number"})
    want(store, journal, {"number": "#IN000007"}, once)
    begin(store, journal, {"number": "#IN000007"})
    want(store, journal, {"number": "#FA000007"}, once)
    assert get(journal).wanted == {"number": "#IN000007"}, "in doubt it may have landed"
    with store.commit():
        journal.fail(REF, Complaint("conflict", "a stranger's"), NOW)
    want(store, journal, {"number": "#FA000007"}, once)
    assert get(journal).wanted == {"number": "#FA000007"}
    assert get(journal).state is State.WANTED


def test_what_was_found_is_known_with_the_body_last_sent_until_it_is_settled(store: Store, journal: Journal) -> None:
    """Planning keeps to the number that stands there, also between the finding and the update that follows."""
    want(store, journal, {"number": "QLO-1", "total": Decimal(1)})
    begin(store, journal, {"number": "QLO-1", "total": Decimal(1)})
    with store.commit():
        journal.found(REF, Written("77", "QLO-1"), NOW, equal=False)
    assert journal.known(SCOPE)["salesorders", SCOPE].body == {"number": "QLO-1", "total": Decimal(1)}


@pytest.mark.parametrize("state", ["wanted", "sending", "settled", "deferred", "failed", "held", "withdrawn"])
def test_wanting_the_same_again_changes_nothing(store: Store, journal: Journal, state: str) -> None:
    body: Body = {"total": Decimal(1)}
    want(store, journal, body)
    complaint = Complaint("refused", "no")
    if state in ("sending", "settled", "withdrawn"):
        begin(store, journal, body)
    if state in ("settled", "withdrawn"):
        settle(store, journal)
    with store.commit():
        match state:
            case "deferred":
                journal.defer(REF, LATER, NOW, complaint)
            case "failed":
                journal.fail(REF, complaint, NOW)
            case "held":
                journal.hold(REF, "ignored", NOW)
            case "withdrawn":
                journal.want_nothing(REF)
                journal.begin([Begin(get(journal), "withdraw", None)], NOW, LATER)
                journal.settle(REF, None, NOW)
    if state == "withdrawn":
        want(store, journal, body)
    before = get(journal)
    want(store, journal, body)
    assert get(journal) == before


def test_a_failed_row_waits_for_another_body_or_a_person(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    with store.commit():
        journal.fail(REF, Complaint("refused", "no"), NOW)
    want(store, journal, {"total": Decimal(1)})
    assert get(journal).state is State.FAILED
    want(store, journal, {"total": Decimal(2)})
    assert get(journal).state is State.WANTED


def test_a_held_row_is_freed_only_by_a_person(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    with store.commit():
        journal.hold(REF, "deleted in Zoho", NOW)
    want(store, journal, {"total": Decimal(2)})
    assert get(journal).state is State.HELD
    with store.commit():
        journal.retry(REF, NOW)
    assert get(journal).state is State.WANTED


def test_what_the_target_is_known_to_have_is_adopted_and_taken_as_it_is_until_another_body_is_wanted(
    store: Store, journal: Journal
) -> None:
    want(store, journal, {"note": "A"})
    with store.commit():
        journal.adopt(REF, Written("77", number="QLO-1"), None, NOW)
    row = get(journal)
    assert (row.state, row.remote_id, row.there, row.was_sent, row.attempts) == (State.SETTLED, "77", True, True, 0)
    want(store, journal, {"note": "A"})
    assert get(journal).state is State.SETTLED
    want(store, journal, {"note": "B"})
    assert (get(journal).state, get(journal).remote_id) == (State.WANTED, "77"), "an update of what is there, never a create"


def test_a_document_that_a_call_left_for_is_not_adopted(store: Store, journal: Journal) -> None:
    want(store, journal, {"note": "A"})
    begin(store, journal, {"note": "A"})
    with pytest.raises(ValueError, match="was sent"), store.commit():
        journal.adopt(REF, Written("77"), None, NOW)


def row_of(store: Store, journal: Journal, name: str, *, there: bool, without: tuple[Ref, ...] = ()) -> Row:
    """An application of this name in SCOPE: one that stands, or one that is wanted."""
    made = Intent("applications", key("payment", name), {"amount": Decimal(1)}, SCOPE, without=without)
    with store.commit():
        journal.want(SCOPE, made, 0, NOTHING)
        if there:
            journal.adopt(made.ref, Written(name), made.body, NOW)
    row = journal.row(made.ref)
    assert row is not None
    return row


def test_what_may_only_stand_without_another_waits_until_that_is_gone(store: Store, journal: Journal) -> None:
    """Money is off the one invoice before it goes onto another: a refund never runs ahead of it."""
    old = row_of(store, journal, "1", there=True)
    new = row_of(store, journal, "2", there=False, without=(old.ref,))
    modules = World().books.modules

    def step() -> Step:
        return next_step([new], journal.row, modules, {}, NOW)

    assert step() == Rest(on=old.ref, stuck=True), "nothing takes the old one away"
    with store.commit():
        journal.want_nothing(old.ref)
    assert step() == Rest(on=old.ref)
    row = journal.row(old.ref)
    assert row is not None
    with store.commit():
        journal.begin([Begin(row, "withdraw", None)], NOW, LATER)
    assert step() == Rest(on=old.ref), "in doubt it may still stand"
    with store.commit():
        journal.settle(old.ref, None, NOW)
    assert step() == Call(new, "create", {"amount": Decimal(1)})


def test_a_parent_is_not_taken_back_while_the_withdrawal_of_its_child_is_in_doubt(store: Store, journal: Journal) -> None:
    """An order whose invoice may still stand cannot be voided: Zoho refuses it, and a refusal would be a person's matter."""
    with store.commit():
        for seq, module in enumerate(("salesorders", "invoices")):
            made = Intent(module, SCOPE, {"note": "A"}, SCOPE)
            journal.want(SCOPE, made, seq, NOTHING)
            journal.adopt(made.ref, Written(module), made.body, NOW)
            journal.want_nothing(made.ref)
    order, invoice = journal.scope(SCOPE)
    modules = World().books.modules
    assert next_step([order, invoice], journal.row, modules, {}, NOW) == Call(invoice, "withdraw", None), "children first"
    with store.commit():
        journal.begin([Begin(invoice, "withdraw", None)], NOW, LATER)
    assert next_step(journal.scope(SCOPE), journal.row, modules, {}, NOW) == Rest(on=invoice.ref)
    with store.commit():
        journal.settle(invoice.ref, None, NOW)
    assert next_step(journal.scope(SCOPE), journal.row, modules, {}, NOW) == Call(order, "withdraw", None)


def test_the_tables_are_strict_and_refuse_a_state_that_does_not_exist(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    with pytest.raises(sqlite3.IntegrityError):
        store.db.execute("UPDATE journal SET state = 'lost'")
    with pytest.raises(sqlite3.IntegrityError):
        store.db.execute("UPDATE journal SET state = 'sending', ask_at = NULL")
