"""What the settler does with a module that takes several documents a call, and with answers that leave some of them out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.world import FakeModule, Remote, World, booking, customer, key
from zsync.engine.job import Options
from zsync.errors import Refused, ZsyncError
from zsync.model.intent import Body, Ref, Written
from zsync.model.record import Gone
from zsync.model.row import State
from zsync.ports import Handling, Standing, Switches, Write

MOST = 3


class LotModule(FakeModule):
    """Contacts, three a call. `silent` holds the names of those that the next answer about several leaves out, `deaf` of those
    that the next call about several does not reach either."""

    def __init__(self, remote: Remote, *, replaces: bool = False) -> None:
        super().__init__(remote, "contacts", natural="key", revivable=not replaces)
        self.batch = MOST
        self.lots = Lots(self, replaces=replaces)  # type: ignore[assignment]
        self.silent: set[str] = set()
        self.deaf: set[str] = set()
        self.calls: list[str] = []

    def create(self, writes: Sequence[Write]) -> Sequence[Written | ZsyncError]:  # type: ignore[override]
        self.calls.append(f"create {len(writes)}")
        return self.remote.write(lambda: [self._one(each) for each in writes])

    def _one(self, write: Write) -> Written | ZsyncError:
        try:
            return self._create(write)
        except Refused as err:
            return err

    def read(self, standing: Standing) -> Written | Gone:
        self.calls.append("read")
        return super().read(standing)

    def update(self, standing: Standing, body: Body) -> Written:
        self.calls.append("update")
        return super().update(standing, body)

    def withdraw(self, standing: Standing) -> Written | None:
        self.calls.append("withdraw")
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
        return str(body["name"]).split()[0]

    def read(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | None]:
        self.module.calls.append(f"read {len(standings)}")
        self.module.remote.read()
        return [self._told(each, FakeModule.read(self.module, each)) for each in standings]

    def update(self, changes: Sequence[tuple[Standing, Body]]) -> Sequence[Written | ZsyncError | None]:
        self.module.calls.append(f"update {len(changes)}")
        reached = [(each, body) for each, body in changes if self._name(each) not in self.module.deaf]
        done = self.module.remote.write(lambda: {each.id: self.module._update(each.id, body) for each, body in reached})
        self.module.deaf.clear()
        return [self._told(each, done.get(each.id)) for each, _ in changes]

    def withdraw(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | ZsyncError | None]:
        self.module.calls.append(f"withdraw {len(standings)}")
        reached = [each for each in standings if self._name(each) not in self.module.deaf]
        done = self.module.remote.write(lambda: {each.id: self.module._void(each.id) for each in reached})
        self.module.deaf.clear()
        return [self._told(each, done.get(each.id)) for each in standings]

    def _told(self, standing: Standing, answer: Written | Gone | None) -> Written | Gone | None:
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
    return made, module


def rename(made: World, *ids: str, name: str = "Anders") -> None:
    """Changes to equal first names are alike."""
    for id in ids:
        made.hotel.put(customer(id, f"{name} {id}"))


def names(made: World) -> dict[str, str]:
    """The first names that stand, by the customers' ids."""
    standing = made.remote.standing("contacts")
    return {str(doc.body["key"]).rpartition(":")[2]: str(doc.body["name"]).split()[0] for doc in standing}


def state(made: World, id: str) -> State:
    row = made.journal.row(Ref("contacts", key("customer", id)))
    assert row is not None
    return row.state


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
