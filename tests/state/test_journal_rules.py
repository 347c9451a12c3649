"""The journal's rules J1 to J9, each with a test of its name. Breaking a rule makes its test fail.

J1, J2, J7 and J9 need the engine around the journal; their tests drive it in the small world of `engine/world.py`.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from engine.world import Crash, World, booking, customer, key
from zsync.engine.job import Options
from zsync.engine.preview import preview
from zsync.errors import RecordError
from zsync.model.intent import Body, Intent, Ref, Written
from zsync.model.row import Begin, Complaint, Row, State
from zsync.state.journal import Journal
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


# --- J1 ---------------------------------------------------------------------------------------------------------------------


def test_j1_the_cursor_and_the_intents_of_a_page_commit_together() -> None:
    """Die at every commit of a reading: never is the cursor ahead of what was written down."""
    for point in range(1, 30):
        world = World()
        world.initialise()
        world.hotel.put(customer())
        world.hotel.put(booking())
        world.fate.deaths = [point]
        try:
            world.run()
        except Crash:
            if world.store.db.in_transaction:
                world.store.db.execute("ROLLBACK")
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


def test_j2_the_slot_of_the_pace_is_taken_before_begin() -> None:
    world = World()
    world.hotel.put(customer())
    world.initialise()

    def reserve(calls: int) -> None:
        assert not world.doubtful(), "the pace was asked while a row said `sending`"

    world.books.reserve = reserve  # type: ignore[method-assign]
    world.run()
    assert len(world.remote.standing("contacts")) == 1


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
        world.fate.deaths = [point]
        try:
            world.run()
        except Crash:
            if world.store.db.in_transaction:
                world.store.db.execute("ROLLBACK")
        row = world.journal.row(Ref("contacts", key("customer", "1")))
        if row is not None and row.state is State.SENDING:
            assert row.begun_at is not None
            assert row.ask_at == row.begun_at + timedelta(seconds=60 + 17 * 60)
            doubtful += 1
    assert doubtful == 4, "after begin, before the effect, after it, before the answer is on disk"


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


# --- J6 ---------------------------------------------------------------------------------------------------------------------


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


def test_j6_withdrawing_twice_is_withdrawing_once() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(invoiced=False, payments=()))
    world.initialise()
    world.run()
    world.fate.on_call = {world.fate.calls + 1: "unanswered"}
    world.hotel.put(booking(invoiced=False, payments=(), cancelled=True))
    world.run_to_rest()
    assert world.remote.standing("salesorders") == []
    assert len([doc for doc in world.remote.docs.values() if doc.module == "salesorders"]) == 2


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


# --- J8 ---------------------------------------------------------------------------------------------------------------------


def test_j8_only_the_wanted_the_last_sent_and_the_last_settled_body_are_kept_compressed(store: Store, journal: Journal) -> None:
    for version in range(1, 6):
        want(store, journal, {"total": Decimal(version), "note": "guest" * 50})
        begin(store, journal, {"total": Decimal(version), "note": "guest" * 50})
        settle(store, journal)
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


def test_j9_refused_for_an_application_the_payment_goes_alone_and_only_that_application_fails() -> None:
    world = World()
    world.hotel.put(customer())
    world.hotel.put(booking(payments=("500",)))
    world.initialise()
    add = world.remote.add

    def adding(module: str, body: Body) -> object:
        doc = add(module, body)
        if module == "invoices" and str(body["number"]).endswith("2"):
            world.remote.refuse_application.add(doc.id)
        return doc

    world.remote.add = adding  # type: ignore[method-assign,assignment]
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


def test_the_tables_are_strict_and_refuse_a_state_that_does_not_exist(store: Store, journal: Journal) -> None:
    want(store, journal, {"total": Decimal(1)})
    with pytest.raises(sqlite3.IntegrityError):
        store.db.execute("UPDATE journal SET state = 'lost'")
    with pytest.raises(sqlite3.IntegrityError):
        store.db.execute("UPDATE journal SET state = 'sending', ask_at = NULL")
