"""What the settler does with a module that takes several documents a call, and with answers that leave some of them out."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from engine.world import Crash, FakeModule, Remote, World, booking, customer, key
from zsync.engine import run as engine
from zsync.engine import settle
from zsync.engine.job import Options
from zsync.errors import OutOfReach, Refused, Unavailable, ZsyncError
from zsync.model.documents import Contact
from zsync.model.intent import Body, Ref, Written
from zsync.model.key import Key
from zsync.model.record import Gone, Record
from zsync.model.row import Row, State
from zsync.ports import Found, Handling, Standing, Switches, Write

MOST = 3
T = TypeVar("T")


class LotModule(FakeModule):
    """Documents of one kind, three a call.

    `silent` holds the ids of those that the next answer about several leaves out, `deaf` of those that the next call about
    several does not reach either; `told` and `asked` are what it heard, by verb.
    """

    def __init__(self, remote: Remote, name: str = "contacts", natural: str = "key", *, replaces: bool = False) -> None:
        super().__init__(remote, name, natural=natural, revivable=not replaces)
        self.batch = MOST
        self.lots = Lots(self, replaces=replaces)  # type: ignore[assignment]
        self.silent: set[str] = set()
        self.deaf: set[str] = set()
        self.calls: list[str] = []
        self.told: dict[str, list[Standing]] = {}
        self.asked: list[Sequence[tuple[Key, Body]]] = []
        self.on_create: Callable[[Sequence[Write]], None] = lambda writes: None

    def note(self, call: str, *standings: Standing) -> None:
        self.calls.append(call)
        self.told.setdefault(call.split()[0], []).extend(standings)

    def find(self, asked: Sequence[tuple[Key, Body]]) -> Sequence[Found]:
        self.calls.append(f"find {len(asked)}")
        self.asked.append(asked)
        return super().find(asked)

    def create(self, writes: Sequence[Write]) -> Sequence[Written | ZsyncError]:  # type: ignore[override]
        self.calls.append(f"create {len(writes)}")
        self.on_create(writes)
        assert all(str(each.key) == each.body.get("key", str(each.key)) for each in writes)
        return self.remote.write(lambda: [self._one(each) for each in writes])

    def _one(self, write: Write) -> Written | ZsyncError:
        try:
            return self._create(write)
        except Refused as err:
            return err

    def read(self, standing: Standing) -> Written | Gone:
        self.note("read", standing)
        return super().read(standing)

    def update(self, standing: Standing, body: Body) -> Written:
        self.note("update", standing)
        return super().update(standing, body)

    def withdraw(self, standing: Standing) -> Written | None:
        self.note("withdraw", standing)
        return super().withdraw(standing)


class Lots:
    """Implements `zsync.ports.Lots` for them."""

    unseen = "let the list show it"

    def __init__(self, module: LotModule, *, replaces: bool) -> None:
        self.module = module
        self.replaces = replaces

    def most(self, handling: Handling) -> int:
        return 1 if handling == "revive" else MOST

    def alike(self, standing: Standing, body: Body) -> str:
        self.module.told.setdefault("alike", []).append(standing)
        return str(body["name"]).split()[0]

    def read(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | None]:
        self.module.note(f"read {len(standings)}", *standings)
        self.module.remote.read()
        return [self._told(each, FakeModule.read(self.module, each)) for each in standings]

    def update(self, changes: Sequence[tuple[Standing, Body]]) -> Sequence[Written | ZsyncError | None]:
        self.module.note(f"update {len(changes)}", *(each for each, _ in changes))
        reached = [(each, body) for each, body in changes if self._name(each) not in self.module.deaf]
        done = self.module.remote.write(lambda: {each.id: self.module._update(each.id, body) for each, body in reached})
        self.module.deaf.clear()
        return [self._told(each, done.get(each.id)) for each, _ in changes]

    def withdraw(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | ZsyncError | None]:
        self.module.note(f"withdraw {len(standings)}", *standings)
        reached = [each for each in standings if self._name(each) not in self.module.deaf]
        done = self.module.remote.write(lambda: {each.id: self.module._void(each.id) for each in reached})
        self.module.deaf.clear()
        return [self._told(each, done.get(each.id)) for each in standings]

    def _told(self, standing: Standing, answer: T) -> T | None:
        if self._name(standing) not in self.module.silent:
            return answer
        self.module.silent.discard(self._name(standing))
        return None

    def _name(self, standing: Standing) -> str:
        return standing.key.id


def world(count: int = 5, *, replaces: bool = False, concurrency: int = 1) -> tuple[World, LotModule]:
    """So many customers, written, in lots of three."""
    made = World(concurrency=concurrency, switches={"customers": Switches(delete=True)})
    module = LotModule(made.remote, replaces=replaces)
    made.books.modules = {**made.books.modules, "contacts": module}
    for number in range(1, count + 1):
        made.hotel.put(customer(str(number), f"Guest {number}"))
    made.initialise()
    return made, module


def written(count: int = 5, *, replaces: bool = False) -> tuple[World, LotModule]:
    made, module = world(count, replaces=replaces)
    made.run()
    module.calls.clear()
    module.told.clear()
    return made, module


def row(made: World, module: str, entity: str, id: str) -> Row:
    found = made.journal.row(Ref(module, key(entity, id)))
    assert found is not None
    return found


def rename(made: World, *ids: str, name: str = "Anders") -> None:
    """Changes to equal first names are alike."""
    for id in ids:
        made.hotel.put(customer(id, f"{name} {id}"))


def names(made: World) -> dict[str, str]:
    """The first names that stand, by the customers' ids."""
    standing = made.remote.standing("contacts")
    return {str(doc.body["key"]).rpartition(":")[2]: str(doc.body["name"]).split()[0] for doc in standing}


def state(made: World, id: str) -> State:
    return row(made, "contacts", "customer", id).state


def party(*names: str) -> Record:
    """Several customers that are one record, and so one scope."""
    ids = [str(number) for number in range(101, 101 + len(names))]
    contacts = [Contact(key("customer", id), id, name, "EUR") for id, name in zip(ids, names, strict=True)]
    return Record(key("customer", "100"), tuple(contacts), "", datetime(2026, 3, 1, tzinfo=UTC))


# --- how calls are filled -----------------------------------------------------------------------------------------------------


def test_new_documents_leave_as_many_at_once_as_their_module_takes() -> None:
    made, module = world(7)
    made.run()
    assert module.calls == ["create 3", "create 3", "create 1"]
    assert len(names(made)) == 7


def test_equal_changes_leave_together_and_others_by_themselves() -> None:
    made, module = written(5)
    rename(made, "1", "2", "3", "4")
    rename(made, "5", name="Berta")
    made.run()
    assert module.calls == ["read 3", "update 3", "read 2", "update", "update"]
    assert names(made) == {**dict.fromkeys("1234", "Anders"), "5": "Berta"}


def test_lots_fill_calls_that_leave_side_by_side() -> None:
    made, module = world(7, concurrency=3)
    made.run()
    assert sorted(module.calls) == ["create 1", "create 3", "create 3"]
    assert made.books.reserved == 3


def test_a_lot_costs_one_call_of_what_a_person_allows() -> None:
    made, module = world(7)
    report = made.run(Options(max_calls=2))
    assert module.calls == ["create 3", "create 3"]
    assert (report.outcome, made.books.calls) == ("stopped", 2)
    made.run()
    assert len(names(made)) == 7


def test_where_changes_are_replacements_both_halves_leave_in_lots() -> None:
    made, module = written(4, replaces=True)
    rename(made, "1", "2", "3", "4")
    made.run_to_rest()
    assert set(names(made).values()) == {"Anders"}
    assert "update" not in " ".join(module.calls)
    assert "withdraw 3" in module.calls


def test_one_that_is_refused_does_not_keep_the_others_of_its_call() -> None:
    made, module = world(3)
    made.remote.add("contacts", {"name": "Guest 2", "key": "hotel:customer:2"}).void = False
    made.clock.sleep(3600)
    made.run()
    assert module.calls[0] == "create 3"
    assert [state(made, id) for id in "13"] == [State.SETTLED] * 2
    made.run_to_rest()
    assert len(made.remote.standing("contacts")) == 3  # what was there already is ours by its key: none is doubled


# --- answers that leave one out -----------------------------------------------------------------------------------------------


def test_one_that_a_list_leaves_out_is_asked_for_by_itself_and_changed() -> None:
    made, module = written(3)
    rename(made, "1", "2", "3")
    module.silent = {"2"}
    made.run()
    assert module.calls == ["read 3", "update 2", "read", "update"]
    assert names(made) == dict.fromkeys("123", "Anders")
    assert [state(made, id) for id in "123"] == [State.SETTLED] * 3


def test_one_that_is_really_gone_is_held_when_its_id_says_so() -> None:
    made, module = written(3)
    rename(made, "1", "2", "3")
    made.remote.docs.pop(next(id for id, doc in made.remote.docs.items() if doc.body["name"] == "Guest 2"))
    module.silent = {"2"}
    made.run()
    assert state(made, "2") is State.HELD
    assert names(made) == dict.fromkeys("13", "Anders")


@pytest.mark.parametrize("reached", [True, False])
def test_one_that_the_answer_to_a_change_leaves_out_is_asked_about_before_anything_is_sent_again(reached: bool) -> None:
    made, module = written(3)
    rename(made, "1", "2", "3")
    before = made.remote.writes
    inner = module.lots.read  # type: ignore[attr-defined]

    def read(standings: Sequence[Standing]) -> Sequence[Written | Gone | None]:
        found: Sequence[Written | Gone | None] = inner(standings)
        module.silent = {"2"}
        module.deaf = set() if reached else {"2"}
        return found

    module.lots.read = read  # type: ignore[attr-defined]
    made.run()
    assert module.calls[:3] == ["read 3", "update 3", "read"]
    assert names(made) == dict.fromkeys("123", "Anders")
    assert made.remote.writes == before + (1 if reached else 2)
    assert [state(made, id) for id in "123"] == [State.SETTLED] * 3


@pytest.mark.parametrize("reached", [True, False])
def test_one_that_the_answer_to_a_withdrawal_leaves_out_is_asked_about_and_taken_back(reached: bool) -> None:
    made, module = written(3)
    for id in "123":
        made.hotel.put(customer(id, f"Guest {id}", active=False))
    module.silent = {"2"}
    module.deaf = set() if reached else {"2"}
    made.run_to_rest()
    assert module.calls[:2] == ["withdraw 3", "read"]
    assert names(made) == {}
    assert module.calls.count("withdraw") == (0 if reached else 1)


def test_bookings_go_on_beside_lots() -> None:
    made, module = world(4)
    made.hotel.put(booking())
    made.run_to_rest()
    assert len(made.remote.standing("payments")) == 3
    assert module.calls[0] == "create 3"


# --- documents of one scope ---------------------------------------------------------------------------------------------------


def test_documents_of_one_record_leave_together_at_each_of_their_steps() -> None:
    made, module = world(0, replaces=True)
    made.hotel.put(party("Ada", "Berta", "Clara"))
    made.run()
    assert module.calls == ["create 3"]

    module.calls.clear()
    made.hotel.put(party("Ada A", "Berta B", "Clara C"))
    made.run()
    assert module.calls == ["read 3", "withdraw 3", "create 3"]
    assert len(made.remote.standing("contacts")) == 3


def test_what_was_put_off_together_leaves_together_when_it_is_due() -> None:
    made, module = world(0)
    made.hotel.put(party("Ada", "Berta", "Clara"))

    def refuse(writes: Sequence[Write]) -> None:
        module.on_create = lambda writes: None
        raise Unavailable("not now")

    module.on_create = refuse
    made.run()
    assert len(made.remote.standing("contacts")) == 0
    made.run()
    assert module.calls == ["create 3", "create 3"]


def test_orders_of_one_booking_leave_together_with_the_id_of_their_customer() -> None:
    made = World()
    module = LotModule(made.remote, "salesorders", "number", replaces=True)
    made.books.modules = {**made.books.modules, "salesorders": module}
    made.hotel.put(customer())
    made.hotel.put(booking(payments=(), invoiced=False))
    made.initialise()
    made.run()
    assert module.calls == ["create 2"]
    (contact,) = made.remote.standing("contacts")
    assert {doc.body["customer_id"] for doc in made.remote.standing("salesorders")} == {contact.id}


# --- what a module is told ----------------------------------------------------------------------------------------------------


def test_a_module_is_told_what_was_settled_last_and_what_was_just_read() -> None:
    made, module = written(4)
    settled = {id: row(made, "contacts", "customer", id).settled for id in "1234"}
    before = {id: row(made, "contacts", "customer", id).written for id in "1234"}
    rename(made, "1", "2", "3", "4")
    made.run()
    assert {each.key.id: each.body for each in module.told["read"]} == settled
    assert {each.key.id: each.written for each in module.told["read"]} == before
    for verb in ("alike", "update"):
        told = {each.key.id: each for each in module.told[verb]}
        assert {id: each.body for id, each in told.items()} == settled
        assert {id: each.written.content for id, each in told.items()} == settled, "as it was just read"
        assert {each.written.id for each in told.values()} == {each.id for each in told.values()}


def test_a_module_is_told_what_was_sent_where_nothing_is_settled_yet() -> None:
    made, module = world(1)
    made.run()
    with made.store.commit():
        made.store.db.execute("UPDATE journal SET settled = NULL, written = NULL WHERE module = 'contacts'")
    rename(made, "1")
    made.run()
    (told,) = module.told["read"]
    assert told.body == {"name": "Guest 1", "key": "hotel:customer:1"}
    assert told.written == Written(told.id)


def test_what_was_read_before_a_change_is_kept_though_the_process_dies_in_it() -> None:
    made, module = written(1)
    rename(made, "1")
    made.fate.on_call[made.fate.calls + 1] = "died"
    with pytest.raises(Crash):
        made.run()
    if made.store.db.in_transaction:
        made.store.db.execute("ROLLBACK")
    kept = row(made, "contacts", "customer", "1")
    assert (kept.state, kept.sent_verb) == (State.SENDING, "update")
    assert module.calls == ["read", "update"]
    made.run_to_rest()
    assert names(made) == {"1": "Anders"}


def test_lost_answers_are_asked_about_as_many_at_once_as_the_module_takes() -> None:
    made, module = world(3)
    made.fate.on_call[1] = "unanswered"
    made.run()
    made.run(minutes=60)
    assert module.calls == ["create 3", "find 3"]
    (asked,) = module.asked
    assert dict(asked) == {key("customer", id): {"name": f"Guest {id}", "key": f"hotel:customer:{id}"} for id in "123"}
    assert [state(made, id) for id in "123"] == [State.SETTLED] * 3


def test_what_cannot_be_changed_is_accepted_as_it_is_now_wanted() -> None:
    made = World()
    made.hotel.put(customer())
    made.hotel.put(booking())
    made.initialise()
    made.run()
    writes = made.remote.writes
    made.hotel.put(booking(payments=("240", "150", "100")))
    made.run()
    changed = row(made, "payments", "payment", "1")
    assert changed.state is State.SETTLED
    assert changed.settled is not None
    assert str(changed.settled["amount"]) == "240"
    assert {doc.body["reference"]: str(doc.body["amount"]) for doc in made.remote.standing("payments")}[
        "hotel:payment:1"
    ] == "250"
    assert made.remote.writes >= writes


class Shown(FakeModule):
    """A status that stands as soon as its parent does."""

    def shown(self, body: Body, written: Written) -> bool:
        return True


def test_a_status_that_its_parent_shows_is_accepted_with_its_parent_s_answer() -> None:
    made = World()
    status = Shown(made.remote, "invoices.sent", natural="parent_id", updatable=False, parent="invoices", keyed=False)
    made.books.modules = {**made.books.modules, "invoices.sent": status}
    made.hotel.put(customer())
    made.hotel.put(booking(totals=("300",), payments=()))
    made.initialise()
    made.run()
    assert made.remote.standing("invoices.sent") == []
    parent, child = row(made, "invoices", "invoice", "1"), row(made, "invoices.sent", "invoice", "1")
    assert child.state is State.SETTLED
    assert child.written == parent.written
    assert child.remote_id == parent.remote_id


def test_a_status_goes_with_its_document() -> None:
    made = World(switches={name: Switches() for name in ("customers", "orders", "invoices", "payments")})
    made.deletions_s = 86_400.0
    made.hotel.put(customer())
    made.hotel.put(booking(totals=("300",), payments=()))
    made.initialise()
    made.run_to_rest()
    made.hotel.remove(booking().key)
    for _ in range(3):
        made.run(Options(accept_changes=True), minutes=24 * 60)
    assert made.remote.standing("invoices") == []
    child = row(made, "invoices.sent", "invoice", "1")
    assert (child.state, child.there) == (State.SETTLED, False)


# --- calls side by side -------------------------------------------------------------------------------------------------------


def test_all_calls_of_a_wave_are_out_at_once_on_threads_of_their_own() -> None:
    made = World(concurrency=9, switches={})
    module = LotModule(made.remote)
    module.batch = 1
    made.books.modules = {**made.books.modules, "contacts": module}
    for number in range(1, 10):
        made.hotel.put(customer(str(number), f"Guest {number}"))
    made.initialise()
    together, used = threading.Barrier(9, timeout=20), set[str]()

    def meet(writes: Sequence[Write]) -> None:
        used.add(threading.current_thread().name)
        together.wait()

    module.on_create = meet
    made.run()
    assert len(used) == 9
    assert all(name.startswith(settle.CALLS) for name in used)


@pytest.mark.parametrize(("count", "alone"), [(1, True), (2, False)])
def test_a_call_by_itself_is_made_on_the_thread_that_settles(count: int, alone: bool) -> None:
    made, module = world(count, concurrency=2)
    module.batch = 1
    used: list[bool] = []
    module.on_create = lambda writes: used.append(threading.current_thread() is threading.main_thread())
    made.run()
    assert used == [alone] * count


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """Also where the tests were started with interrupts ignored, as in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_interrupts")
def test_a_person_who_interrupts_does_not_wait_for_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal is delivered to a thread that makes a call; the one that settles looks up now and then."""
    monkeypatch.setattr(settle, "_LOOK_UP_S", 0.01)
    made, module = world(2, concurrency=2)
    module.batch = 1
    left, answered = threading.Event(), list[bool]()

    def call(writes: Sequence[Write]) -> None:
        if writes[0].key.id == "1":
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        answered.append(left.wait(10))

    module.on_create = call
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert answered == []
    left.set()


def test_a_remote_that_answers_nothing_at_all_is_out_of_reach() -> None:
    made, _ = world(1, concurrency=4)
    made.fate.on_call[1] = "lost"
    report = made.run()
    assert isinstance(report.error, OutOfReach)


def test_progress_counts_rows_that_are_open_no_more() -> None:
    made, module = world(5)
    told: list[tuple[str, int, int | None]] = []
    made.clock.sleep(300)
    made.fate.on_call[1] = "lost"
    job = dataclasses.replace(made.job(), progress=lambda what, done, of: told.append((what, done, of)))
    engine.run(job, Options(), lambda: ({}, ()))
    assert [each for each in told if each[0] == "writing"] == [("writing", 0, 5), ("writing", 2, 5)]
    assert module.calls == ["create 3", "create 2"]


def test_a_copy_that_settled_is_of_the_host_that_it_says_it_is() -> None:
    made, _ = world(1)
    places: list[str | None] = []
    made.store.accept_place = lambda host=None: places.append(host)  # type: ignore[method-assign]
    made.clock.sleep(300)
    engine.run(dataclasses.replace(made.job(), host="front-desk"), Options(), lambda: ({}, ()))
    assert set(places) == {"front-desk"}
