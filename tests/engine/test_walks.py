"""Random walks: hotel, people, remote and process do what they please for a while; then the world calms down.

Whatever happened: no document stands twice, none that is settled is missing or differs from what is wanted, a run ends in
nothing but our own errors, an idle run makes no call, and what is not settled is seen in `status` with the reason.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from engine.world import Books, Crash, Doc, Remote, T, World, booking, customer, key
from zsync.engine import run as engine
from zsync.engine.job import Options
from zsync.errors import ContractBroken, OutOfReach, RecordError, Refused, SignInNeeded, Throttled, Unavailable
from zsync.model.documents import Document, Invoice, Payment, Sale
from zsync.model.intent import Node, Ref
from zsync.model.key import Key
from zsync.model.record import Record
from zsync.ports import Switches
from zsync.state.desk import Inbox
from zsync.state.status import Status

SEEDS = 200
ENTITIES = {
    "customers": ("1", "2"),
    "orders": ("1", "2", "11", "12"),
    "invoices": ("1", "2", "11", "12"),
    "payments": ("1", "2", "3", "11", "12"),
}


class Moody(Remote):
    """A remote that now and then answers with any error there is, as often as `mood` says."""

    chance: random.Random
    mood = 0.0

    def write(self, effect: Callable[[], T]) -> T:
        if self.chance.random() < self.mood:
            fate = self.chance.choice(["late", "lost", "unanswered", "down", "throttled", "refused", "signed out", "garbled"])
            if fate in ("late", "lost", "unanswered"):
                self.fate.on_call[self.fate.calls + 1] = fate
            else:
                self._fail(fate, effect)
        return super().write(effect)

    def _fail(self, fate: str, effect: Callable[[], object]) -> None:
        self.tick()
        match fate:
            case "down":
                raise Unavailable("down")
            case "throttled":
                raise Throttled("slow down", after_s=30)
            case "refused":
                raise Refused("no")
            case "signed out":
                raise SignInNeeded("sign in")
            case _:
                effect()
                raise ContractBroken("not JSON")

    def read(self) -> None:
        super().read()
        if self.chance.random() < self.mood:
            raise self.chance.choice(
                [Unavailable("down"), Throttled("slow", after_s=20), RecordError("odd"), OutOfReach("silent")]
            )


class Walk:
    """One world and one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a walk that can be repeated
        self.world = World(concurrency=self.chance.choice((1, 1, 4)))
        self.remote = Moody(self.world.clock, self.world.fate)
        self.remote.chance = self.chance
        self.world.remote, self.world.books = self.remote, Books(self.remote)
        self.touched: set[str] = set()  # documents that a person edited or deleted
        self.left: set[Key] = set()  # records of which a person said that the remote's version stays
        self.moved: set[Key] = set()  # payments that changed their booking
        for record in (customer(), customer("2", "ada guest"), booking(), other_booking()):
            self.world.hotel.put(record)
        self.world.initialise()

    def go(self) -> None:
        self.remote.mood = self.chance.choice((0.0, 0.05, 0.2, 0.4))
        for _ in range(self.chance.randint(2, 14)):
            if self.world.concurrency == 1 and self.chance.random() < 0.3:
                self.world.fate.deaths, self.world.fate.passed = [self.chance.randint(1, 30)], 0
            for _ in range(self.chance.choice((0, 1, 1, 2))):
                self._something_happens()
            self.counts_are_those_of_the_list()  # commands may wait in the inbox
            self._run(self.chance.choice((1, 5, 5, 20)))
            self.nothing_stands_twice()
            self.counts_are_those_of_the_list()
        self._calm_down()
        self.nothing_stands_twice()
        self.what_is_settled_stands()
        self.what_is_not_settled_is_explained()

    def _run(self, minutes: int) -> None:
        options = Options(accept_changes=self.chance.random() < 0.5, limit=self.chance.choice((None, None, None, 1)))
        try:
            self.world.run(options, minutes=minutes)
        except Crash:
            self._rolled_back()

    def _rolled_back(self) -> None:
        if self.world.store.db.in_transaction:
            self.world.store.db.execute("ROLLBACK")

    def _calm_down(self) -> None:
        """All that can go by itself goes; three runs in a row have nothing to do."""
        self.remote.mood = 0
        self.world.fate.deaths, self.world.fate.on_call = [], {}
        self.world.books.refuse_docs.clear()
        self.remote.refuse_application.clear()
        self.world.fingerprint = "settings at last"
        idle = 0
        for _ in range(60):
            before = self.world.books.calls
            self.world.clock.sleep(20 * 60)
            report = engine.run(self.world.job(), Options(accept_changes=True), lambda: ({}, ()))
            assert report.error is None or report.error.exit_code != 1
            rests = self.world.books.calls == before and not self.remote.late and not self.world.doubtful()
            idle = idle + 1 if rests else 0
            if idle == 3:
                return
        raise AssertionError(f"never at rest: {self.world.states()}")

    # --- what may happen --------------------------------------------------------------------------------------------------

    def _something_happens(self) -> None:
        events = [
            *(self._booking_changes, self._customer_changes, self._person_commands, self._person_edits, self._person_deletes),
            *(self._settings_change, self._clock_jumps, self._planning_fails, self._payment_moves, self._records_vanish),
        ]
        try:
            self.chance.choice(events)()
        except Crash:
            self._rolled_back()

    def _booking_changes(self) -> None:
        """An edit, a cancellation, or its end, other amounts, an invoice."""
        make = self.chance.choice((booking, other_booking))
        before = self.world.hotel.records.get(make().key)
        invoiced = isinstance(before, Record) and any(isinstance(doc, Invoice) for doc in before.documents)
        note, cancelled = self.chance.choice(("", "late", "early")), self.chance.random() < 0.3
        self.world.hotel.put(make(invoiced=invoiced or self.chance.random() < 0.5, cancelled=cancelled, note=note))

    def _customer_changes(self) -> None:
        name, active = self.chance.choice(("Ada Guest", "Bo", "Cy", "ada guest")), self.chance.random() < 0.7
        self.world.hotel.put(customer(self.chance.choice("12"), name, active=active))

    def _person_commands(self) -> None:
        entity = self.chance.choice(list(ENTITIES))
        id, verb = self.chance.choice(ENTITIES[entity]), self.chance.choice(("retry", "resolve"))
        keep = self.chance.choice(("zoho", "source", "ignore"))
        if (verb, keep) == ("resolve", "zoho"):
            self.left.add(key(entity.removesuffix("s"), id))
        Inbox(self.world.store).post(verb, self.world.clock.now(), entity, [id], {"keep": keep, "reason": "as agreed"})

    def _person_edits(self) -> None:
        docs = [doc for doc in self.remote.docs.values() if doc.module in ("contacts", "salesorders", "invoices")]
        if docs:
            doc = self.chance.choice(docs)
            doc.body = {**doc.body, "name" if doc.module == "contacts" else "note": "by hand"}
            self.touched.add(doc.id)

    def _person_deletes(self) -> None:
        if self.remote.docs and self.chance.random() < 0.4:
            self.touched.add(self.chance.choice(list(self.remote.docs)))
            for id in self.touched & set(self.remote.docs):
                del self.remote.docs[id]

    def _settings_change(self) -> None:
        self.world.fingerprint = str(self.chance.random())
        self.world.switches = {entity: Switches(*(self.chance.random() < 0.7 for _ in range(3))) for entity in ENTITIES}

    def _clock_jumps(self) -> None:
        self.world.clock.sleep(60 * self.chance.choice((-30, -5, 60, 600)))

    def _planning_fails(self) -> None:
        failing = self.chance.choice((key("customer", "1"), key("order", "1"), key("order", "12"), key("payment", "1")))
        self.world.books.refuse_docs = {failing: RecordError("it cannot be planned")} if self.chance.random() < 0.6 else {}

    def _payment_moves(self) -> None:
        """Payment 3 leaves its booking for the other one."""
        if self.chance.random() < 0.3:
            moved = replace(payment_of(booking(), "3"), reference="BBBB")
            self.moved.add(moved.key)
            self.world.hotel.put(booking(payments=("250", "150")))
            self.world.hotel.put(replace(other_booking(), documents=(*other_booking().documents, moved)))

    def _records_vanish(self) -> None:
        for found in list(self.world.hotel.records):
            if self.chance.random() < 0.2:
                del self.world.hotel.records[found]

    # --- what holds ---------------------------------------------------------------------------------------------------------

    def nothing_stands_twice(self) -> None:
        names = Counter(self._name(doc) for doc in self.remote.docs.values() if not doc.void and doc.id not in self.touched)
        assert [name for name, count in names.items() if count > 1] == []

    def _name(self, doc: Doc) -> tuple[str, Node, Node]:
        fields = {
            "contacts": ("key", ""),
            "payments": ("reference", ""),
            "invoices.sent": ("parent_id", ""),
            "applications": ("payment_id", "invoice_id"),
        }
        first, second = fields.get(doc.module, ("number", ""))
        return doc.module, doc.body[first], doc.body.get(second)

    def what_is_settled_stands(self) -> None:
        for row in self.world.store.db.execute("SELECT module, key FROM journal WHERE state = 'settled'").fetchall():
            kept = self.world.journal.row(Ref(row["module"], Key(row["key"])))
            assert kept is not None
            doc = self.remote.docs.get(kept.remote_id)
            if kept.remote_id in self.touched or (doc is None and not kept.there):
                continue
            assert doc is not None, f"{kept.module} {kept.key} is missing"
            assert doc.void is not kept.there, f"{kept.module} {kept.key}"
            left_as_it_is = kept.owner in self.left or not self.world.books.modules[kept.module].updatable
            if kept.there and kept.wanted is not None and not left_as_it_is:
                assert _own_fields(doc.body) == _own_fields(kept.wanted)

    def counts_are_those_of_the_list(self) -> None:
        """The database counts what is done by itself; the list looks at each record."""
        status = Status(self.world.store)
        listed = status.records()
        counts: dict[str, Counter[str]] = {}
        for each in listed:
            counts.setdefault(each.entity, Counter())[each.status] += 1
        assert status.standing() == (counts, [each for each in listed if each.status == "failed"])

    def what_is_not_settled_is_explained(self) -> None:
        seen = {str(each.key): each for each in Status(self.world.store).records()}
        for row in self.world.store.db.execute(
            "SELECT module, key, owner, state FROM journal WHERE state != 'settled'"
        ).fetchall():
            record = seen[row["owner"]]
            asks_for_a_person = record.status in ("failed", "blocked", "held") or record.key in self.moved
            assert asks_for_a_person, (dict(row), record, self.world.states())
            assert record.error is not None
            assert record.error.message


def _own_fields(body: dict[str, Node]) -> dict[str, Node]:
    """Without the ids of other documents: one that was deleted and made anew has another."""
    return {name: value for name, value in body.items() if not name.endswith(("_id", "_line"))}


def payment_of(record: Record, id: str) -> Payment:
    return next(doc for doc in record.documents if isinstance(doc, Payment) and doc.source_id == id)


def other_booking(**changes: object) -> Record:
    """A second booking, of customer 2: orders and invoices 11 and 12, payments 11 and 12."""
    small = {"totals": ("80", "20"), "payments": ("50", "50"), "reference": "BBBB", "customer": "2"}
    made = booking(**small | changes)  # type: ignore[arg-type]
    return replace(made, documents=tuple(_ten_later(doc) for doc in made.documents))


def _ten_later(doc: Document) -> Document:
    def later(name: Key) -> Key:
        return key(name.entity, str(int(name.id) + 10))

    match doc:
        case Invoice():
            return replace(doc, key=later(doc.key), source_id=later(doc.key).id, sale=later(doc.sale), number=f"{doc.number}-B")
        case Sale() | Payment():
            return replace(doc, key=later(doc.key), source_id=later(doc.key).id)
        case _:
            raise TypeError(f"a booking has no {type(doc).__name__}")


def test_whatever_happens_each_document_stands_once_or_status_says_why_not() -> None:
    wrong = {}
    for seed in range(SEEDS):
        try:
            Walk(seed).go()
        except Exception as err:  # noqa: BLE001 - the seeds that failed are the report
            wrong[seed] = f"{type(err).__name__}: {err}"
    assert not wrong
