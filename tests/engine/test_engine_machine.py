"""A state machine over the whole engine: Hypothesis chooses what hotel, people, remote and process do, and shrinks what fails.

After each step nothing stands twice, nothing settled is missing, each record says how it stands, and status counts what it lists.
In the end the world calms down, a person frees what waits for him, and what stands is what `engine/stays.py` says ought to.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from engine.scripted import ANSWERS, READINGS, Scripted
from engine.stays import Guest, Stay, Thing
from engine.world import Books, Doc, World
from steady import walks
from zsync.engine import settle
from zsync.engine.job import Options
from zsync.model.key import Key
from zsync.model.record import Record
from zsync.ports import Switches
from zsync.state.desk import Inbox
from zsync.state.status import Status

ENTITIES = ("customers", "orders", "invoices", "payments")
NAMES = ("Ada", "ada ", "Bo")
MINUTES = st.sampled_from((1, 5, 20, 60, 1500))


class EngineMachine(RuleBasedStateMachine):
    """One hotel, its books, and everything that may happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.deletions_s = 3600
        self.remote = Scripted(self.world)
        self.world.remote, self.world.books = self.remote, Books(self.remote)
        self.guests = {"1": Guest("1", "Ada"), "2": Guest("2", "Bo")}
        self.stays: list[Stay] = []
        self.edited: dict[str, tuple[str, str]] = {}  # ids of documents that a person edited, with entity and id of the record
        self.forced: set[tuple[str, str]] = set()  # records of which a person said that the source is right
        self.deleted: set[str] = set()  # or deleted, or that hung on one
        self.typed: set[str] = set()  # or typed in
        self.unmade: set[Thing] = set()  # names of what a person deleted
        self.resplit: set[str] = set()  # stays of which a person asked for a part while the switches kept the rest out
        self.torn: set[str] = set()  # stays of which a person deleted invoices or payments: nothing can be applied to them
        self.still = False  # nothing has happened since a run that left nothing open

    @initialize(concurrency=st.sampled_from((1, 3)), totals=st.sampled_from((("300", "200"), ("80",))), invoiced=st.booleans())
    def begins(self, concurrency: int, totals: tuple[str, ...], invoiced: bool) -> None:
        self.world.concurrency = concurrency
        for guest in self.guests.values():
            self.world.hotel.put(guest.record)
        self.stays.append(Stay(1, "1", totals, ["80"], invoiced))
        self.world.hotel.put(self.stays[0].record)
        self.world.initialise()

    # --- the hotel --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.stays) < 3)
    @rule(guest=st.sampled_from("12"), totals=st.sampled_from((("100",), ("70", "50"))))
    def a_stay_is_booked(self, guest: str, totals: tuple[str, ...]) -> None:
        self.stays.append(Stay(len(self.stays) + 1, guest, totals))
        self._put(self.stays[-1])

    @rule(which=st.integers(0, 2), note=st.sampled_from(("", "late", "early")))
    def a_note_is_added(self, which: int, note: str) -> None:
        self._change(which, note=note)

    @rule(which=st.integers(0, 2), cancelled=st.booleans())
    def it_is_cancelled_or_not_any_more(self, which: int, cancelled: bool) -> None:
        self._change(which, cancelled=cancelled)

    @rule(which=st.integers(0, 2))
    def it_is_invoiced(self, which: int) -> None:
        self._change(which, invoiced=True)

    @rule(which=st.integers(0, 2), share=st.sampled_from((1, 2)))
    def a_payment_comes(self, which: int, share: int) -> None:
        stay = self._stay(which)
        if stay.due > 0 and len(stay.payments) < 4:
            self._change(which, payments=[*stay.payments, f"{stay.due / share:f}"])

    @rule(which=st.integers(0, 2))
    def a_stay_is_deleted(self, which: int) -> None:
        stay = self._stay(which)
        if not stay.gone:
            stay.gone = True
            self.world.hotel.remove(stay.key)
            self.still = False

    @rule(which=st.integers(0, 2))
    def a_deleted_stay_comes_back(self, which: int) -> None:
        if self._stay(which).gone:
            self._put(self._stay(which))

    @rule(id=st.sampled_from("12"), name=st.sampled_from(NAMES), active=st.booleans())
    def a_guest_changes(self, id: str, name: str, active: bool) -> None:
        self.guests[id] = Guest(id, name, active)
        self._put(self.guests[id])

    def _stay(self, which: int) -> Stay:
        return self.stays[which % len(self.stays)]

    def _change(self, which: int, **changes: Any) -> None:
        stay = self._stay(which)
        if not stay.gone:
            self.stays[which % len(self.stays)] = replace(stay, **changes)
            self._put(self._stay(which))

    def _put(self, thing: Stay | Guest) -> None:
        if isinstance(thing, Stay):
            thing.gone = False
        self.world.hotel.put(thing.record)
        self.still = False

    # --- people -----------------------------------------------------------------------------------------------------------

    @rule(
        entity=st.sampled_from(ENTITIES),
        which=st.integers(0, 2),
        place=st.integers(0, 1),
        command=st.sampled_from(("queue", "retry", "zoho", "source", "ignore")),
    )
    def a_person_commands(self, entity: str, which: int, place: int, command: str) -> None:
        stay = self._stay(which)
        known = {"customers": ["1", "2"], "orders": stay.rooms, "invoices": stay.rooms, "payments": stay.receipts}[entity]
        if command == "queue" and entity != "customers" and not self._switches("orders").create:
            self.resplit.add(str(stay.number))
        if known:
            self._post(command, entity, known[place % len(known)])

    def _post(self, command: str, entity: str, id: str) -> None:
        verb = command if command in ("queue", "retry") else "resolve"
        keep = {"keep": command, "reason": "as agreed"} if verb == "resolve" else {}
        if command == "source":
            self.forced.add((entity, id))
        Inbox(self.world.store).post(verb, self.world.clock.now(), entity, [id], keep)
        self.still = False

    @rule(which=st.integers(0, 30))
    def a_person_edits(self, which: int) -> None:
        docs = [doc for doc in self._known() if doc.module in ("contacts", "salesorders")]
        if docs:
            doc = docs[which % len(docs)]
            doc.body = {**doc.body, "name" if doc.module == "contacts" else "note": "by hand"}
            name = ("customers", doc.body["key"]) if doc.module == "contacts" else ("orders", doc.body["number"])
            self.edited[doc.id] = name[0], str(name[1]).replace("SO-", ":").split(":")[-1]

    @rule(which=st.integers(0, 30))
    def a_person_deletes(self, which: int) -> None:
        """With what hangs on it."""
        docs = self._known()
        if docs:
            going = {docs[which % len(docs)].id}
            for doc in [*self.remote.docs.values()] * 2:
                if {doc.body.get(name) for name in ("parent_id", "invoice_id", "payment_id")} & going:
                    going.add(doc.id)
            self.unmade |= {self._thing(self.remote.docs[id])[:2] for id in going}
            for id in going:
                doc = self.remote.docs.pop(id)
                if doc.module in ("invoices", "payments"):
                    self.torn.add(_stay_of(self._thing(doc)))
            self.deleted |= going

    @rule(name=st.sampled_from(NAMES))
    def a_person_types_a_contact(self, name: str) -> None:
        if all(doc.body["name"] != name for doc in self.remote.standing("contacts")):
            self.typed.add(self.remote.add("contacts", {"name": name, "key": "a person's"}).id)

    def _known(self) -> list[Doc]:
        """Documents whose id is written down: no person is faster than a request that is still on its way."""
        rows = self.world.store.db.execute("SELECT remote_id FROM journal WHERE remote_id IS NOT NULL AND state != 'sending'")
        ids = {row[0] for row in rows}
        return [doc for doc in self.remote.docs.values() if doc.id in ids and not doc.void]

    @rule(group=st.sampled_from(("customers", "the rest")), create=st.booleans(), update=st.booleans(), delete=st.booleans())
    def switches_are_set(self, group: str, create: bool, update: bool, delete: bool) -> None:
        names = ENTITIES[:1] if group == "customers" else ENTITIES[1:]
        self.world.switches = {**self.world.switches, **dict.fromkeys(names, Switches(create, update, delete))}
        self.world.fingerprint += "+"
        self.still = False

    def _switches(self, entity: str) -> Switches:
        return self.world.switches.get(entity, Switches())

    # --- the remote and the machine ---------------------------------------------------------------------------------------

    @rule(writes=st.lists(st.sampled_from(ANSWERS), max_size=6), reads=st.lists(st.sampled_from(READINGS), max_size=4))
    def the_remote_will_answer_so(self, writes: list[str], reads: list[str]) -> None:
        self.remote.answers, self.remote.readings = writes, reads

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        for clock in (self.world.clock, self.remote.true_time):
            clock.sleep(60 * minutes)
        self.remote.tick()

    @rule(minutes=st.sampled_from((3, 45)))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.world.clock.moment -= timedelta(minutes=minutes)

    @rule(minutes=MINUTES, accepted=st.booleans(), limit=st.sampled_from((None, None, 1)))
    def a_run(self, minutes: int, accepted: bool, limit: int | None) -> None:
        self.time_passes(minutes)
        idle, before = self.still, self.remote.calls()
        report = self.world.run(Options(accept_changes=accepted, limit=limit), minutes=0)
        assert not idle or self.remote.calls() == before, "a run with nothing to do made a call"
        self.still = report.error is None and not self._open() and not self._to_read_again()
        if report.error is None:
            self.nothing_is_forgotten()

    @rule(minutes=st.sampled_from((1, 5)), before=st.integers(0, 9), answer=st.sampled_from(ANSWERS[1:]), again=st.booleans())
    def a_run_in_which_one_write_is_answered_so(self, minutes: int, before: int, answer: str, again: bool) -> None:
        """And perhaps the next one, soon after it."""
        self.remote.answers = [""] * before + [answer]
        for _ in range(1 + again):
            self.a_run(minutes, True, None)

    @rule(minutes=MINUTES, point=st.one_of(st.integers(1, 4), st.integers(1, 25)))
    def a_run_dies(self, minutes: int, point: int) -> None:
        self.time_passes(minutes)
        self.world.fate.deaths, self.world.fate.passed = [point], 0
        self.world.run_or_die(minutes=0)
        self.world.fate.deaths, self.still = [], False

    @rule(minutes=MINUTES, before=st.integers(0, 4))
    def a_run_is_killed_while_its_request_is_on_the_way(self, minutes: int, before: int) -> None:
        self.remote.answers = [""] * before + ["died"]
        self.time_passes(minutes)
        self.world.run_or_die(minutes=0)
        self.remote.answers, self.still = [], False

    def _open(self) -> int:
        return self.world.journal.count_open()

    def _to_read_again(self) -> list[Key]:
        return self.world.job().state.records.to_read_again()

    # --- what holds after each step ---------------------------------------------------------------------------------------

    @invariant()
    def nothing_stands_twice(self) -> None:
        names = Counter(self._thing(doc)[:2] for doc in self.remote.docs.values() if not doc.void and doc.id not in self.typed)
        doubles = [name for name, count in names.items() if count > 1]
        assert not doubles, doubles

    @invariant()
    def what_is_settled_stands(self) -> None:
        for row in self.world.store.db.execute("SELECT * FROM journal WHERE state = 'settled'").fetchall():
            doc = self.remote.docs.get(row["remote_id"])
            if row["remote_id"] not in self.deleted:
                assert (doc is not None and not doc.void) == bool(row["there"]), f"{row['module']} {row['key']}"

    @invariant()
    def what_a_person_edited_is_not_overwritten_without_his_word(self) -> None:
        for id, name in self.edited.items():
            if name not in self.forced and id in self.remote.docs:
                assert "by hand" in self.remote.docs[id].body.values(), name

    @invariant()
    def every_record_says_how_it_stands(self) -> None:
        for each in Status(self.world.store).records():
            if each.status in ("failed", "blocked", "held", "skipped"):
                assert each.error is not None, each
                assert each.error.message, each
            if each.status == "waiting":
                assert each.on or each.until or each.error, each

    @invariant()
    def status_counts_what_it_lists(self) -> None:
        status = Status(self.world.store)
        listed, counts = status.records(), {}  # type: tuple[Any, dict[str, Counter[str]]]
        for each in listed:
            counts.setdefault(each.entity, Counter())[each.status] += 1
        assert status.standing() == (counts, [each for each in listed if each.status == "failed"])

    def nothing_is_forgotten(self) -> None:
        """After a run that was not stopped, each document that the hotel has is in the list."""
        listed = {each.key for each in Status(self.world.store).records()}
        for record in self.world.hotel.records.values():
            assert isinstance(record, Record)
            assert {document.key for document in record.documents} <= listed

    # --- the end ----------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not self.stays:  # it never began
            return
        self.remote.answers, self.remote.readings = [], []
        if self.world.switches:  # else nothing is read again in the end: what was missed stays missed
            self.switches_are_set("customers", True, True, True)
            self.switches_are_set("the rest", True, True, True)
        for _ in range(4):
            self._come_to_rest()
            waiting = [each for each in Status(self.world.store).records() if each.status in ("failed", "held")]
            waiting = [each for each in waiting if self._is_here(each.key)]
            waiting = [each for each in waiting if each.entity == "customers" or each.source_id[0] not in self.torn]
            if not waiting:
                break
            for each in waiting:
                self._post("source" if each.status == "failed" else "queue", each.entity, each.source_id)
        else:
            raise AssertionError(f"a person cannot free {waiting}")
        self._what_stands_is_what_ought_to()
        self._everything_is_through()

    def _come_to_rest(self) -> None:
        """Run until three runs in a row had nothing to do."""
        idle = 0
        for _ in range(60):
            self.time_passes(20)
            before = self.remote.calls()
            report = self.world.run(Options(accept_changes=True), minutes=0)
            assert report.error is None, report.error
            idle = idle + 1 if self.remote.calls() == before and not self.remote.late and not self.world.doubtful() else 0
            if idle == 3:
                return
        raise AssertionError(f"never at rest: {self.world.states()}")

    def _is_here(self, key: Key) -> bool:
        """Whether the hotel (still) has it."""
        records = (each for each in self.world.hotel.records.values() if isinstance(each, Record))
        return any(document.key == key for each in records for document in each.documents)

    def _what_stands_is_what_ought_to(self) -> None:
        docs = [doc for doc in self.remote.docs.values() if not doc.void and doc.id not in self.typed]
        there = {thing for doc in docs if "deleted" not in (thing := self._thing(doc))[1]}
        edited = {self._thing(doc)[:2] for doc in docs if doc.id in self.edited}
        wanted = {thing for stay in self.stays if not stay.gone for thing in stay.things()}
        wanted |= {("contacts", str(guest.key), guest.name) for guest in self.guests.values() if guest.active}
        free: set[Thing] = {
            ("contacts", str(guest.key)) for guest in self.guests.values() if not guest.active
        }  # who needs them decides
        free |= {thing[:2] for stay in self.stays if stay.gone for thing in stay.things()}  # what may be taken back was
        missing = {thing for thing in wanted - there if thing[:2] not in edited | self.unmade and not self._torn(thing)}
        assert not missing, missing
        too_much = {thing for thing in there - wanted if thing[:2] not in edited | free and not self._torn(thing)}
        assert not too_much, too_much

    def _torn(self, thing: Thing) -> bool:
        """Whether a person's deed decides how it stands."""
        stay = _stay_of(thing)
        return stay in self.torn or (stay in self.resplit and thing[0] == "applications")

    def _everything_is_through(self) -> None:
        ends = ("synced", "canceled", "disabled", "invoice_sync", "payment_sync")
        here = [each for each in Status(self.world.store).records() if self._is_here(each.key)]
        here = [each for each in here if each.entity == "customers" or each.source_id[0] not in self.torn]
        idle = {guest.key for guest in self.guests.values() if not guest.active}  # skipped, if nobody ever needed him
        not_through = [each for each in here if each.status not in ends and each.key not in idle]
        assert not not_through, not_through

    # --- names --------------------------------------------------------------------------------------------------------------

    def _thing(self, doc: Doc) -> Thing:
        body = {name: str(value) for name, value in doc.body.items()}
        match doc.module:
            case "contacts":
                return doc.module, body["key"], body["name"].split(" (")[0]
            case "salesorders":
                return doc.module, body["number"], body["total"], body["note"]
            case "invoices":
                return doc.module, body["number"], body["total"]
            case "payments":
                return doc.module, body["reference"], body["amount"]
            case "invoices.sent":
                return doc.module, self._name(body["parent_id"], "number")
            case _:
                names = f"{self._name(body['payment_id'], 'reference')} on {self._name(body['invoice_id'], 'number')}"
                return doc.module, names, body["amount"]

    def _name(self, id: str, field: str) -> str:
        doc = self.remote.docs.get(id)
        return f"deleted {id}" if doc is None else str(doc.body[field])


def _stay_of(thing: Thing) -> str:
    """The number of the stay that a document is of; empty for a contact. Its own number, or its payment's, begins with it."""
    name = thing[1].split(" ")[0]
    return "" if thing[0] == "contacts" else "".join(filter(str.isdigit, name))[:1]


def test_whatever_happens_what_stands_in_the_end_is_what_ought_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of one wave go one after the other here, so that the same choices always do the same."""
    monkeypatch.setattr(settle, "_side_by_side", lambda calls, _pool: [settle._performed(call) for call in calls])
    run_state_machine_as_test(EngineMachine, settings=walks(60, 25))
