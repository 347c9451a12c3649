"""A small world for tests of the engine: a hotel of one booking, a remote without mercy, a clock that stands still.

The remote has what makes real ones hard: no unique key for payments, an index that lags behind what was written, requests
that land late, and refusals. It counts what stands there, so that doubles and losses show.

    world = World()          # a booking of two orders and three payments, and its customer
    world.run()              # one `zsync run`, minutes after the last
    world.remote.docs        # what stands at the remote
"""

from __future__ import annotations

import copy
import hashlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from zsync.engine import run as engine
from zsync.engine.job import Job, Options, State
from zsync.errors import InDoubt, RecordError, Refused
from zsync.model.documents import Contact, Document, Invoice, Payment, Sale
from zsync.model.intent import Body, Difference, Intent, KnownRows, Plan, Progress, Ref, Verdict, Written
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.model.row import Row
from zsync.ports import Budget, Finding, Found, Match, Module, Quota, Standing, Stranger, Switches, Write
from zsync.state.desk import Inbox, Meters, Runs
from zsync.state.journal import Journal
from zsync.state.records import Records
from zsync.state.store import Store

T = TypeVar("T")

LAG_S = 300.0
"""How long a list does not show what was written."""

LATE_S = 700.0
"""How late a lost request may still land: with the lag of the lists it is within the grace of 17 minutes."""

MANY_CALLS = 5_000
"""No test calls the remote this often: a fault that calls for ever ends here instead of hanging."""


class Crash(BaseException):
    """The process dies here. Nothing below the test catches it."""


@dataclass
class StillClock:
    """Time moves only when told to."""

    moment: datetime = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Fate:
    """Counts the points at which the process may die, and does what the test planned for a call.

    Every commit has two points (before it is on disk, after), every write two (before its effect, after). To die where
    nothing changed since the last point, on disk or at the remote, is to die there: unless `thorough`, such points do not count.
    """

    deaths: list[int] = field(default_factory=list)
    passed: int = 0
    calls: int = 0
    on_call: dict[int, str] = field(default_factory=dict)
    thorough: bool = False
    full_at: int = 0  # the disk is full at this commit, counted from now

    def room(self) -> None:
        """Called when a commit is to reach the disk."""
        self.full_at -= 1
        if self.full_at == 0:
            raise sqlite3.OperationalError("database or disk is full")

    def point(self, *, changed: bool) -> None:
        if not changed and not self.thorough:
            return
        self.passed += 1
        if self.deaths and self.passed == self.deaths[0]:
            self.deaths.pop(0)
            self.passed = 0
            raise Crash


@dataclass
class Doc:
    """A document as it stands at the remote."""

    id: str
    module: str
    body: Body
    shown_at: float
    void: bool = False


class Remote:
    """What stands on the other side. Lists lag, reads by id do not; nothing refuses a second payment."""

    def __init__(self, clock: StillClock, fate: Fate) -> None:
        self.clock = clock
        self.fate = fate
        self.docs: dict[str, Doc] = {}
        self.late: list[tuple[float, Callable[[], object]]] = []
        self.refuse_application: set[str] = set()
        """Numbers of invoices to which nothing may be applied."""
        self.takes_s = 0.0  # how long a write keeps its caller waiting
        self.writes = 0
        self.reads = 0
        self._next = 1000
        self._landed_at: float | None = None

    def now(self) -> float:
        return self.clock.now().timestamp()

    def fork(self, clock: StillClock, fate: Fate) -> Remote:
        """The same remote in another world. Nothing may be on its way."""
        assert not self.late
        twin = copy.copy(self)
        twin.clock, twin.fate, twin.late = clock, fate, []
        twin.docs = {id: replace(doc, body=dict(doc.body)) for id, doc in self.docs.items()}
        twin.refuse_application = set(self.refuse_application)
        return twin

    def tick(self) -> None:
        """Let the requests land that are due."""
        due = [each for each in self.late if each[0] <= self.now()]
        self.late = [each for each in self.late if each[0] > self.now()]
        for landed_at, effect in due:
            self._landed_at = landed_at
            effect()
        self._landed_at = None

    def write(self, effect: Callable[[], T]) -> T:
        """One write request, with what fate has in store for it."""
        self.tick()
        self.writes += 1
        assert self.writes < MANY_CALLS, "the remote is written to without end"
        self.fate.calls += 1
        self.clock.sleep(self.takes_s)
        match self.fate.on_call.pop(self.fate.calls, ""):
            case "died":  # the process was killed, its request is still on the way
                self.late.append((self.now() + LATE_S, lambda: _ignoring_refusals(effect)))
                raise Crash
            case "late":
                self.late.append((self.now() + LATE_S, lambda: _ignoring_refusals(effect)))
                raise InDoubt("cut off before an answer came")
            case "lost":
                raise InDoubt("cut off before an answer came")
            case "unanswered":
                effect()
                raise InDoubt("cut off before an answer came")
            case "refused":
                raise Refused("no, not like that")
            case _:
                pass
        self.fate.point(changed=False)
        done = effect()
        self.fate.point(changed=True)
        return done

    def read(self) -> None:
        self.tick()
        self.reads += 1
        assert self.reads < MANY_CALLS, "the remote is asked without end"

    def add(self, module: str, body: Body) -> Doc:
        self._next += 1
        doc = Doc(str(self._next), module, body, (self._landed_at or self.now()) + LAG_S)
        self.docs[doc.id] = doc
        return doc

    def listed(self, module: str) -> list[Doc]:
        return [doc for doc in self.docs.values() if doc.module == module and doc.shown_at <= self.now() and not doc.void]

    def standing(self, module: str) -> list[Doc]:
        return [doc for doc in self.docs.values() if doc.module == module and not doc.void]

    def balance(self, invoice_id: str) -> Decimal:
        applied = sum((_amount(doc) for doc in self.standing("applications") if doc.body["invoice_id"] == invoice_id), Decimal(0))
        total = self.docs[invoice_id].body["total"]
        assert isinstance(total, Decimal)
        return total - applied


def _amount(doc: Doc) -> Decimal:
    amount = doc.body["amount"]
    assert isinstance(amount, Decimal)
    return amount


def _ignoring_refusals(effect: Callable[[], object]) -> None:
    """A request that lands late is refused without anybody to hear it."""
    try:
        effect()
    except RecordError:
        return


class FakeModule:
    """One kind of document at the remote; how it behaves is data."""

    def __init__(
        self,
        remote: Remote,
        name: str,
        *,
        natural: str,
        keyed: bool = True,
        updatable: bool = True,
        once: frozenset[str] = frozenset(),
        rides: str = "",
        parent: str = "",
        revivable: bool = True,
    ) -> None:
        self.remote = remote
        self.name = name
        self.batch = 1
        self.lots = None
        self.natural = natural
        self.keyed = keyed
        self.updatable = updatable
        self.once = once
        self.rides = rides
        self.parent = parent
        self.revivable = revivable

    def find(self, asked: Sequence[tuple[Key, Body]]) -> Sequence[Found]:
        self.remote.read()
        return [self._find(body) for _, body in asked]

    def _find(self, body: Body) -> Found:
        for doc in self.remote.listed(self.name):
            if all(doc.body.get(name) == body.get(name) for name in self.natural.split()):
                if doc.body.get("key") not in (None, body.get("key")):
                    return Stranger(self._written(doc), ours=False)
                return self._written(doc, read=True)
        return None

    def create(self, writes: Sequence[Write]) -> Sequence[Written | RecordError]:
        (write,) = writes
        try:
            return [self.remote.write(lambda: self._create(write))]
        except RecordError as err:
            return [err]

    def _create(self, write: Write) -> Written:
        body = {name: value for name, value in write.body.items() if not name.startswith("_")}
        if self.keyed:
            for doc in self.remote.standing(self.name):
                if all(doc.body.get(name) == body.get(name) for name in self.natural.split()):
                    raise Refused("it exists already", remote_code="3062", duplicate=True)
        if self.name == "applications":
            self._check_room(str(body["invoice_id"]), body["amount"])
        for rider in write.riders:
            self._check_room(str(rider.body["invoice_id"]), rider.body["amount"])
        doc = self.remote.add(self.name, body)
        carried = {}
        for rider in write.riders:
            applied = self.remote.add(rider.module, {**rider.body, "payment_id": doc.id})
            carried[rider.key] = Written(applied.id)
        return replace(self._written(doc), carried=carried)

    def _check_room(self, invoice_id: str, amount: object) -> None:
        assert isinstance(amount, Decimal)
        invoice = self.remote.docs.get(invoice_id)
        if invoice is None or invoice.body["number"] in self.remote.refuse_application:
            raise Refused("not on this invoice", remote_code="24016")
        if amount > self.remote.balance(invoice_id):
            raise Refused("more than the balance", remote_code="24016")

    def read(self, standing: Standing) -> Written | Gone:
        self.remote.read()
        doc = self.remote.docs.get(standing.id)
        return Gone() if doc is None or doc.void else self._written(doc, read=True)

    def update(self, standing: Standing, body: Body) -> Written:
        return self.remote.write(lambda: self._update(standing.id, body))

    def _update(self, id: str, body: Body) -> Written:
        doc = self._existing(id)
        if doc.void:
            raise Refused("void", remote_code="1002", gone=True)
        doc.body = dict(body)
        return self._written(doc)

    def withdraw(self, standing: Standing) -> Written | None:
        return self.remote.write(lambda: self._void(standing.id))

    def _void(self, id: str) -> Written:
        self._existing(id).void = True
        for doc in self.remote.docs.values():
            if doc.module.startswith(self.name + ".") and doc.body.get("parent_id") == id:
                doc.void = True
        return self._written(self.remote.docs[id])

    def revive(self, standing: Standing) -> Written:
        return self.remote.write(lambda: self._unvoid(standing.id))

    def _unvoid(self, id: str) -> Written:
        self._existing(id).void = False
        return self._written(self.remote.docs[id])

    def _existing(self, id: str) -> Doc:
        if id not in self.remote.docs:
            raise Refused("it does not exist", remote_code="1002", gone=True)
        return self.remote.docs[id]

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        content = written.content or {}
        return [
            Difference(name, str(value), str(content.get(name)))
            for name, value in body.items()
            if not name.startswith("_") and content.get(name) != value
        ]

    def shown(self, body: Body, written: Written) -> bool:
        return False

    def objection(self, body: Body, written: Written) -> RecordError | None:
        return None

    def renamed(self, key: Key, body: Body) -> Body | None:
        return {**body, "name": f"{body['name']} ({key.id})"} if "name" in body and "(" not in str(body["name"]) else None

    def _written(self, doc: Doc, *, read: bool = False) -> Written:
        parts = {"line": f"{doc.id}-1"} if self.name == "salesorders" else {}
        return Written(doc.id, status="void" if doc.void else "open", parts=parts, content=dict(doc.body) if read else None)


@dataclass
class Hotel:
    """The source: what stands in it now. `bump` marks a change."""

    records: dict[Key, Record | Unreadable] = field(default_factory=dict)
    changes: dict[Key, int] = field(default_factory=dict)
    counter: int = 0
    tag: str = "hotel"
    name: str = "fake hotel"
    streams: Sequence[str] = ("customers", "bookings")
    calls: int = 0
    listed: int = 0
    """How often ids were asked for."""
    unlisted: set[Key] = field(default_factory=set)
    """Keys that lists of ids leave out although they are there."""

    def put(self, record: Record | Unreadable) -> None:
        self.counter += 1
        self.changes[record.key] = self.counter
        if isinstance(record, Record):
            record = replace(record, revision=hashlib.sha256(repr(record.documents).encode()).hexdigest())
        self.records[record.key] = record

    def read(self, stream: str, cursor: str | None) -> Iterator[Page]:
        self.calls += 1
        since = int(cursor or 0)
        entity = "customer" if stream == "customers" else "booking"
        fresh = [r for key, r in self.records.items() if key.entity == entity and self.changes[key] > since]
        yield Page(tuple(fresh), str(self.counter))

    def remove(self, key: Key) -> None:
        """Deleted for good: no reading hands it out any more."""
        del self.records[key]

    def get(self, key: Key) -> Record | Gone:
        self.calls += 1
        record = self.records.get(key, Gone())
        if isinstance(record, Unreadable):
            raise record.error
        return record

    def ids(self, stream: str) -> frozenset[Key]:
        self.calls += 1
        self.listed += 1
        entity = "customer" if stream == "customers" else "booking"
        return frozenset(key for key in self.records if key.entity == entity) - self.unlisted

    def stream_of(self, entity: str) -> str:
        return "customers" if entity == "customers" else "bookings"

    def key_of(self, entity: str, source_id: str) -> Key:
        return Key.of(self.tag, {"customers": "customer", "orders": "order", "payments": "payment"}[entity], source_id)

    def entity_of(self, key: Key) -> str:
        return {"customer": "customers", "payment": "payments"}.get(key.entity, "orders")

    def samples(self, entity: str) -> Iterator[Record]:
        found = [each for each in self.records.values() if isinstance(each, Record)]
        yield from (each for each in found if any(document.entity == entity for document in each.documents))

    def check(self) -> Iterator[Finding]:
        yield Finding("hotel", True, "fine")

    def close(self) -> None:
        self.records.clear()


class Books:
    """The target: a plain mapping of documents onto the fake modules."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.name = "fake books"
        self.realm = "fake:1"
        self.refuse_docs: dict[Key, RecordError] = {}
        kinds = [
            FakeModule(remote, "contacts", natural="name"),
            FakeModule(remote, "salesorders", natural="number", once=frozenset({"number"}), revivable=False),
            FakeModule(remote, "invoices", natural="number", once=frozenset({"number"})),
            FakeModule(remote, "invoices.sent", natural="parent_id", updatable=False, parent="invoices", keyed=False),
            FakeModule(remote, "payments", natural="reference", updatable=False, keyed=False),
            FakeModule(remote, "applications", natural="invoice_id payment_id", updatable=False, keyed=False, rides="payments"),
        ]
        self.modules: Mapping[str, Module] = {module.name: module for module in kinds}
        self.reserved = 0
        self.concurrency = 100

    @property
    def calls(self) -> int:
        return self.remote.reads + self.remote.writes

    @property
    def accounts_calls(self) -> int:
        return 0

    def learn(self) -> Mapping[str, Any]:
        return {}

    def describe(self, name: str) -> Mapping[str, Any]:
        return {}

    def plan(self, record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Mapping[str, Any]) -> Plan:
        intents: list[Intent] = []
        verdicts: dict[Key, Verdict] = {}
        progress: dict[Key, Progress] = {}
        errors = {doc.key: self.refuse_docs[doc.key] for doc in record.documents if doc.key in self.refuse_docs}
        for doc in record.documents:
            if doc.key in refused or doc.key in errors:
                continue
            if isinstance(doc, Contact):
                if doc.active:
                    name = f"{doc.name} ({doc.source_id})" if doc.distinguished else doc.name
                    intents.append(Intent("contacts", doc.key, {"name": name, "key": str(doc.key)}, doc.key))
            elif isinstance(doc, Sale):
                invoices = [i for i in record.documents if isinstance(i, Invoice) and i.sale == doc.key]
                if doc.cancelled and not invoices:
                    verdicts[doc.key] = Verdict("canceled", "cancelled in the hotel")
                    continue
                intents += _sale(doc, [invoice for invoice in invoices if invoice.key not in refused])
                paid = doc.received.amount >= doc.total.amount
                payments = [each.key for each in record.documents if isinstance(each, Payment)]
                progress[doc.key] = Progress(bool(invoices), paid, (*(i.key for i in invoices), *payments))
        canceled = [key for key, verdict in verdicts.items() if verdict.stand == "canceled"]
        intents += _payments(record, [*canceled, *refused], errors)
        return Plan(record.key, tuple(intents), errors=errors, verdicts=verdicts, progress=progress)

    def own(self, key: Key, read_at: datetime) -> Record | None:
        return None

    def refers(self, plan: Plan) -> Mapping[Key, Sequence[Ref]]:
        named = {ref for intent in plan.intents for ref in _refs(intent) if ref.module == "contacts" and ref.key != plan.scope}
        return {ref.key: [ref] for ref in sorted(named)}

    def removable(self, rows: Sequence[Row], allowed: Collection[Ref]) -> Collection[Ref]:
        """An invoice to which something is applied stays, with its order; payments stay."""
        applied = {ref for row in rows if row.module == "applications" for ref in row.refs}
        kept = {row.ref for row in rows if row.module in ("payments", "applications") or row.ref in applied}
        kept |= {ref for row in rows if row.ref in kept for ref in row.refs}
        return {row.ref for row in rows if row.ref in allowed and row.ref not in kept}

    def check(self) -> Iterator[Finding]:
        yield Finding("books", True, "fine")

    @property
    def adoptable(self) -> Sequence[str]:
        return [name for name, module in self.modules.items() if not module.parent]

    @property
    def asked_singly(self) -> Collection[str]:
        return ()

    def recognise(self, module: str, asked: Sequence[tuple[Key, Body]]) -> Iterator[Match | None]:
        for key, body in asked:
            (found,) = self.modules[module].find([(key, body)])
            match found:
                case Written():
                    yield Match(found)
                case Stranger():
                    yield Match(found.written, unclear=found.message or "a stranger's")
                case None:
                    yield None

    def claimed(self, tag: str) -> Collection[Key]:
        return {Key(str(doc.body["reference"])) for doc in self.remote.standing("payments")}

    def latest(self, tag: str) -> Collection[Key]:
        return self.claimed(tag)

    def link(self, module: str, id: str) -> str:
        return f"https://books.example.com/{module}/{id}"

    def number_label(self, module: str) -> str:
        return module

    def reserve(self, calls: int) -> None:
        self.reserved += calls

    def quota(self) -> Quota:
        return Quota(calls=self.calls)

    def budget(self) -> Budget:
        return Budget()

    def close(self) -> None:
        return


def _refs(intent: Intent) -> list[Ref]:
    return [value for value in intent.body.values() if isinstance(value, Ref)]


def _sale(sale: Sale, invoices: list[Invoice]) -> list[Intent]:
    customer = Ref("contacts", sale.customer)
    order = Ref("salesorders", sale.key)
    body: Body = {"number": f"SO-{sale.source_id}", "total": sale.total.amount, "customer_id": customer, "note": sale.note}
    intents = [Intent("salesorders", sale.key, body, sale.key)]
    for invoice in invoices:
        lines: Body = {
            "number": invoice.number,
            "total": invoice.total.amount,
            "customer_id": customer,
            "order_line": Ref("salesorders", sale.key, "line"),
        }
        intents.append(Intent("invoices", invoice.key, lines, invoice.key, after=(order,)))
        sent: Body = {"parent_id": Ref("invoices", invoice.key)}
        intents.append(Intent("invoices.sent", invoice.key, sent, invoice.key))
    return intents


def _payments(record: Record, out: Collection[Key], errors: Collection[Key]) -> list[Intent]:
    """Payments fill the invoices of the booking in order; orders that are `out`, or have failed, take none."""
    invoices = [doc for doc in record.documents if isinstance(doc, Invoice) and not {doc.key, doc.sale} & {*out, *errors}]
    room = {invoice.sale: (invoice, invoice.total.amount) for invoice in invoices}
    intents: list[Intent] = []
    for payment in (doc for doc in record.documents if isinstance(doc, Payment) and doc.key not in {*out, *errors}):
        customer = next(doc.customer for doc in record.documents if isinstance(doc, Sale))
        body: Body = {"reference": str(payment.key), "amount": payment.amount.amount, "customer_id": Ref("contacts", customer)}
        intents.append(Intent("payments", payment.key, body, payment.key))
        left = payment.amount.amount
        for sale, (invoice, open_amount) in room.items():
            part = min(left, open_amount)
            if part > 0:
                room[sale] = (invoice, open_amount - part)
                left -= part
                applied: Body = {
                    "invoice_id": Ref("invoices", invoice.key),
                    "payment_id": Ref("payments", payment.key),
                    "amount": part,
                }
                after = (Ref("invoices.sent", invoice.key), Ref("payments", payment.key))
                intents.append(Intent("applications", payment.key.child(sale.id), applied, payment.key, after=after))
    return intents


def key(entity: str, id: str) -> Key:
    return Key.of("hotel", entity, id)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def booking(
    *,
    totals: Sequence[str] = ("300", "200"),
    payments: Sequence[str] = ("250", "150", "100"),
    invoiced: bool = True,
    cancelled: bool = False,
    note: str = "",
    reference: str = "AAAA",
    customer: str = "1",
    first: int = 1,
) -> Record:
    """A booking with one order per total (ids from `first`), an invoice for each if `invoiced`, and the payments."""
    documents: list[Document] = []
    for number, amount in enumerate(totals, first):
        sale = Sale(
            key=key("order", str(number)),
            source_id=str(number),
            reference=reference,
            day=date(2026, 2, number),
            customer=key("customer", customer),
            total=euro(amount),
            total_net=euro(amount),
            received=euro(amount),
            conversion=Decimal(1),
            lines=(),
            cancelled=cancelled,
            note=note,
        )
        documents.append(sale)
        if invoiced:
            invoice_key = key("invoice", str(number))
            documents.append(
                Invoice(invoice_key, str(number), sale.key, f"#IN{number:06}", date(2026, 2, number), euro(amount), euro(amount))
            )
    for number, amount in enumerate(payments, 1):
        documents.append(
            Payment(key("payment", str(number)), str(number), reference, date(2026, 2, 5), euro(amount), Decimal(1), "cash")
        )
    return Record(key("booking", reference), tuple(documents), "", datetime(2026, 3, 1, tzinfo=UTC))


def customer(id: str = "1", name: str = "Ada Guest", *, active: bool = True) -> Record:
    contact = Contact(key("customer", id), id, name, "EUR", active=active)
    return Record(contact.key, (contact,), "", datetime(2026, 3, 1, tzinfo=UTC))


class MortalStore(Store):
    """A state on whose commits the process may die: before they are on disk, or right after."""

    fate: Fate = Fate()  # of one who does not die

    @contextmanager
    def commit(self) -> Iterator[None]:
        outer, before = not self._inside(), self.db.total_changes
        with super().commit():
            yield
            if outer:
                self.fate.point(changed=False)
                self.fate.room()
        if outer:
            self.fate.point(changed=self.db.total_changes > before)


class World:
    """A hotel, its books, and a state that survives what happens to the process."""

    def __init__(self, *, concurrency: int = 1, switches: Mapping[str, Switches] | None = None) -> None:
        self.clock = StillClock()
        self.fate = Fate()
        self.remote = Remote(self.clock, self.fate)
        self.hotel = Hotel()
        self.books = Books(self.remote)
        self.concurrency = concurrency
        self.switches = switches or {}
        self.fingerprint = "settings-1"
        self.start_date: date | None = None
        self.deletions_s: float | None = None
        self.store = MortalStore.in_memory()
        self.store.fate = Fate()  # the initial reading is not under test

    def fork(self) -> World:
        """The same world once more: what happens to the one does not happen to the other."""
        twin = copy.copy(self)
        twin.clock = copy.copy(self.clock)
        twin.fate = replace(self.fate, deaths=list(self.fate.deaths), on_call=dict(self.fate.on_call))
        twin.remote = self.remote.fork(twin.clock, twin.fate)
        twin.hotel = replace(self.hotel, records=dict(self.hotel.records), changes=dict(self.hotel.changes))
        twin.books = Books(twin.remote)
        twin.store = self.store.copy()
        twin.store.fate = twin.fate
        return twin

    def initialise(self) -> engine.Report:
        report = engine.initialise(self.job(), lambda: ({}, ()))
        self.store.fate = self.fate
        return report

    def job(self, stop: Callable[[], bool] = lambda: False) -> Job:
        return Job(
            source=self.hotel,
            target=self.books,
            state=self.state_of(self.store),
            clock=self.clock,
            switches=self.switches,
            fingerprint=self.fingerprint,
            start_date=self.start_date,
            concurrency=self.concurrency,
            stop=stop,
            deletions_s=self.deletions_s,
        )

    def state_of(self, store: Store) -> State:
        journal = Journal(store, self.books.realm)
        return State(store, journal, Records(store), Inbox(store), Meters(store), Runs(store))

    @property
    def journal(self) -> Journal:
        return Journal(self.store, self.books.realm)

    def run(self, options: Options | None = None, *, minutes: float = 5) -> engine.Report:
        """One run, some minutes after the last."""
        self.clock.sleep(minutes * 60)
        report = engine.run(self.job(), options or Options(), lambda: ({}, ()))
        if report.error is not None and report.error.exit_code == 1:
            raise report.error
        return report

    def run_or_die(self, *, minutes: float = 5) -> bool:
        """One run, some minutes after the last, unless the process dies in it: whether it lived."""
        try:
            self.run(minutes=minutes)
        except Crash:
            if self.store.db.in_transaction:
                self.store.db.execute("ROLLBACK")
            return False
        return True

    def run_to_rest(self, limit: int = 40, *, minutes: float = 5) -> int:
        """Run every so many minutes until one had nothing to do, and nothing is in doubt or on its way. A crash just ends a run.

        Returns how many runs it took.
        """
        for number in range(1, limit + 1):
            before = self.remote.writes + self.remote.reads
            if not self.run_or_die(minutes=minutes):
                continue
            idle = self.remote.writes + self.remote.reads == before and not self.remote.late
            if idle and not self.doubtful():
                return number
        raise AssertionError(f"not at rest after {limit} runs: {self.states()}")

    def doubtful(self) -> bool:
        return bool(self.store.db.execute("SELECT 1 FROM journal WHERE state = 'sending'").fetchone())

    def states(self) -> dict[str, str]:
        rows = self.store.db.execute("SELECT module, key, state, error FROM journal").fetchall()
        return {f"{row['module']} {row['key']}": f"{row['state']} {row['error'] or ''}" for row in rows}

    def ledger(self) -> dict[str, list[str]]:
        """What stands at the remote, by module, without ids: for comparing two worlds."""
        result: dict[str, list[str]] = {}
        for doc in self.remote.docs.values():
            if not doc.void:
                result.setdefault(doc.module, []).append(json.dumps(self._nameless(doc.body), sort_keys=True, default=str))
        return {module: sorted(bodies) for module, bodies in sorted(result.items())}

    def _nameless(self, body: Body) -> dict[str, object]:
        names = {doc.id: self._name(doc) for doc in self.remote.docs.values()}
        return {
            field: names.get(str(value).split("-")[0], value)
            if isinstance(value, str) and field.endswith(("_id", "_line"))
            else value
            for field, value in body.items()
            if not field.startswith("_")
        }

    def _name(self, doc: Doc) -> str:
        for field_name in ("name", "number", "reference"):
            if field_name in doc.body:
                return str(doc.body[field_name])
        return doc.module
