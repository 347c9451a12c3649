"""Collect: read a page, plan it, and in one commit write down what we want and how far we have read (J1).

    page --> names claimed --> admit --> target.plan (pure) --> [ records, journal, cursor: one commit ]

A record that cannot be planned is kept with its error and the others of its page go on. What a plan refers to in other
scopes (the customer, the items) is demanded: read and planned whatever its own switches say.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zsync.engine.admit import admit, admit_unreadable, is_wished
from zsync.engine.job import DOUBTFUL_FACTS, Job, Stopped
from zsync.errors import RecordError, Unmappable
from zsync.model.documents import Contact, Currency, Document, Hotel, Item
from zsync.model.intent import Intent, Plan, Ref, Verdict
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.model.row import Row
from zsync.ports import Switches

_FREE_ROWS = 5
"""So many rows of a scope may vanish at once without a person's word."""

DEMANDED = "demanded"
"""The stream that scopes of the target's own making are filed under."""


@dataclass(slots=True)
class Read:
    """What was read in this run: how many records came unchanged, by entity; the streams in which deletions may be missing."""

    unchanged: dict[str, int] = field(default_factory=dict)
    records: int = 0
    torn: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Planned:
    """A record with its plan, not written down yet; `plan` None: nothing changed since it was planned."""

    record: Record
    plan: Plan | None


class Collector:
    """Brings the records of the source into the journal of one job."""

    def __init__(self, job: Job, run: int, *, backfill: bool = False, accepted: bool = False) -> None:
        self._job = job
        self._accepted = accepted
        self._run = run
        self._backfill = backfill
        self._records = job.state.records
        self._journal = job.state.journal
        self._facts = self._with_init(json.loads(job.state.store.fact("facts") or "{}"))
        self._learned = False
        self.read = Read()

    def collect(self, streams: Iterable[str]) -> None:
        """Read what may have changed in these streams, then what people, or other scopes, want read again."""
        for stream in streams:
            before = self.read.records
            for page in self._job.source.read(stream, self._records.cursor(stream)):
                self._heed_stop()
                self._take_page(stream, page)
                self._job.progress(stream, self.read.records - before, page.total)
        self.collect_again()

    def collect_these(self, scopes: Mapping[Key, str]) -> None:
        """Read these scopes, by key with their streams, and what they demand in turn."""
        for key, stream in scopes.items():
            self._heed_stop()
            self._take_again(key, stream)
        self.collect_again()

    def collect_again(self) -> None:
        """Read again, one by one, the scopes that are marked so; what they demand in turn comes along."""
        seen: set[Key] = set()
        while wanted := [key for key in self._records.to_read_again() if key not in seen]:
            for key in wanted:
                self._heed_stop()
                seen.add(key)
                self._take_again(key)

    # --- pages ----------------------------------------------------------------------------------------------------------

    def _take_page(self, stream: str, page: Page) -> None:
        records = [self._doubted(record) for record in page.records]
        readable = [record for record in records if isinstance(record, Record)]
        broken = [record for record in records if isinstance(record, Unreadable)]
        planned = self._planned(readable)
        with self._job.state.store.commit():
            for each in planned:
                self._keep(each, stream)
            for unreadable in broken:
                self._keep_unreadable(unreadable, stream)
            for key in page.gone:
                if self._records.scope(key) is not None and not self._take_back_all(key):
                    self._records.read_again(key)  # the source says so once; `get` will tell
            self._records.set_cursor(stream, page.cursor)
        self.read.records += len(page.records)
        if page.torn:
            self.read.torn.add(stream)

    def _doubted(self, record: Record | Unreadable) -> Record | Unreadable:
        """A scope that was full and is said to hold nothing is for a person to look at, unless he has."""
        if isinstance(record, Unreadable) or not record.hollow or self._accepted:
            return record
        standing = sum(row.there for row in self._journal.scope(record.key))
        if standing <= _FREE_ROWS:
            return record
        error = RecordError(
            f"the source says that there is nothing, where {standing} rows stand",
            hint="look at the source; if that is right, `zsync run --accept-changes` once",
        )
        return Unreadable(record.key, self._job.source.entity_of(record.key), record.key.id, record.key.id, error)

    def _take_again(self, key: Key, stream: str = DEMANDED) -> None:
        scope = self._records.scope(key)
        stream = scope.stream if scope is not None else stream
        try:
            record = self._job.target.own(key, self._job.clock.now()) or self._job.source.get(key)
        except RecordError as err:
            broken = Unreadable(key, self._job.source.entity_of(key), key.id, key.id, err)
            with self._job.state.store.commit():
                self._keep_unreadable(broken, stream)
            return
        if isinstance(record, Unreadable):
            with self._job.state.store.commit():
                self._keep_unreadable(record, stream)
            return
        if isinstance(record, Gone):
            with self._job.state.store.commit():
                self._take_gone(key)
            return
        if record.key != key:  # it was demanded by the key of one of its documents
            with self._job.state.store.commit():
                self._records.lead_on(key, record.key)
        planned = self._planned([record])
        with self._job.state.store.commit():
            self._keep(planned[0], stream)

    def _take_gone(self, key: Key) -> None:
        """Gone once may be a slip of the source; gone in two runs is evidence (architecture: taking back needs evidence)."""
        scope, rows = self._records.scope(key), self._journal.scope(key)
        if scope is not None and scope.demanded and not rows:  # it was never there for us, and others wait for it
            error = RecordError(
                "the source does not have it, and another record refers to it", hint="look at that record in the source"
            )
            self._keep_unreadable(Unreadable(key, self._job.source.entity_of(key), key.id, key.id, error), scope.stream)
            return
        if self._records.gone(key, self._run):
            self._take_back_all(key)

    def _take_back_all(self, key: Key) -> bool:
        """The source does not have this scope any more: what may be taken back is, the rest stays as it is. False where a booking
        that is not through yet needs it: it is looked at again in the next run."""
        rows = self._journal.scope(key)
        allowed = [row.ref for row in rows if self._may_go(row)]
        removable = self._job.target.removable(rows, allowed)
        if any(self._journal.needed(ref) for ref in removable):
            return False
        for row in rows:
            if not row.was_sent or row.ref in removable:
                self._journal.want_nothing(row.ref)
        self._records.mark_gone(key)
        return True

    def _may_go(self, row: Row) -> bool:
        """Whether the switch of its entity lets a document be taken back; one of no known entity stays."""
        switches = self._job.switches.get(self._records.entity(row.owner))
        return switches is not None and switches.delete

    # --- planning (no commit is open, nothing is written but names) -------------------------------------------------------

    def _planned(self, records: list[Record]) -> list[Planned]:
        """Plans for those records that are not as they were when they were planned last."""
        fresh = [record for record in records if not self._unchanged(record)]
        with self._job.state.store.commit():
            named = {record.key: self._named(record) for record in fresh}
        if fresh and self._job.state.store.fact(DOUBTFUL_FACTS):
            self._learn()
        plans = {key: self._plan(record) for key, record in named.items()}
        if any(_wants_newer_facts(plan) for plan in plans.values()) and self._learn():
            plans = {key: self._plan(record) for key, record in named.items()}
        return [Planned(named.get(record.key, record), plans.get(record.key)) for record in records]

    def _unchanged(self, record: Record) -> bool:
        scope = self._records.scope(record.key)
        known = scope is not None and scope.revision == record.revision and scope.fingerprint == self._job.fingerprint
        if known:
            for document in record.documents:
                self.read.unchanged[document.entity] = self.read.unchanged.get(document.entity, 0) + 1
        return known

    def _named(self, record: Record) -> Record:
        """The record with its customers' names made unique (the first who had a name keeps it bare), without the currencies that
        no order of theirs that goes is in, and in use if it was disabled before a booking took it along."""
        documents = (self._trading(self._distinct(document)) for document in record.documents)
        if self._was_taken_along(record):
            documents = (_in_use(document) for document in documents)
        return replace(record, documents=tuple(documents))

    def _was_taken_along(self, record: Record) -> bool:
        """Whether another record demanded this one. Once it was written and is seen enabled, that is over: if the source
        disables it after that, it goes out of use."""
        scope = self._records.scope(record.key)
        if scope is None or not scope.demanded:
            return False
        written = {row.owner for row in self._journal.scope(record.key) if row.was_sent}
        if all(_is_enabled(document) and document.key in written for document in record.documents):
            self._records.end_demand(record.key)
            return False
        return True

    def _distinct(self, document: Document) -> Document:
        if isinstance(document, Contact) and not self._records.claim_name(document):
            return dataclasses.replace(document, distinguished=True)
        return document

    def _trading(self, document: Document) -> Document:
        """Without the currencies of orders before the start date, unless something is written in them, or waits to be."""
        start = self._job.start_date
        if not isinstance(document, Contact) or start is None:
            return document
        rows = {row.key for row in self._journal.scope(document.key)}
        kept = tuple(
            (code, day)
            for code, day in document.trades
            if day >= start or (child := document.key.child(code)) in rows or self._journal.asked_for(child)
        )
        return replace(document, trades=kept)

    def _plan(self, record: Record) -> Plan:
        known = self._journal.known(record.key)
        written = {owner for row in self._journal.scope(record.key) if row.was_sent for owner in (row.owner, row.key)}
        scope = self._records.scope(record.key)
        demanded = scope is not None and scope.demanded
        wishes = self._records.wishes(document.key for document in record.documents)
        early = [key for key, wish in wishes.items() if wish.before_start]
        refused = admit(
            record, self._job.switches, self._job.start_date, written, demanded=demanded, wished=wishes, before_start=early
        )
        try:
            plan = self._job.target.plan(record, known, refused, self._facts)
        except RecordError as err:
            plan = Plan(record.key, errors={document.key: err for document in record.documents})
        verdicts = {key: Verdict("skipped", reason) for key, reason in refused.items()} | dict(plan.verdicts)
        return self._with_rulings(self._without_strays(replace(plan, verdicts=verdicts)), record)

    def _without_strays(self, plan: Plan) -> Plan:
        """The plan without what was written, or left to a person, with another scope: a row belongs to one scope for life (J9),
        and a payment that changed its booking is for a person to look at."""
        errors = dict(plan.errors)
        for intent in plan.intents:
            row = self._journal.row(intent.ref)
            if row is not None and row.scope != plan.scope and not row.may_be_dropped:
                errors[intent.owner] = RecordError(
                    f"it was {'written' if row.was_sent else 'known'} as part of {row.scope}, and now comes with {plan.scope}",
                    hint="set it right in Zoho by hand",
                )
        return replace(plan, errors=errors, intents=tuple(each for each in plan.intents if each.owner not in errors))

    def _with_rulings(self, plan: Plan, record: Record) -> Plan:
        """An error that a person has ruled on stays ended, as long as the record is the one that was ruled on."""
        errors, verdicts = dict(plan.errors), dict(plan.verdicts)
        for key in list(errors):
            ruling = self._records.ruling(key)
            if ruling is not None and ruling.revision == record.revision:
                del errors[key]
                verdicts[key] = Verdict("held", ruling.reason)
        return replace(plan, errors=errors, verdicts=verdicts)

    def _learn(self) -> bool:
        """Read the target's facts again, once a run; whether there may be news."""
        if self._learned:
            return False
        self._learned = True
        learnt = self._job.target.learn()
        self._facts = self._with_init(learnt)
        with self._job.state.store.commit():
            self._job.state.store.note("facts", json.dumps(learnt))
            self._job.state.store.note(DOUBTFUL_FACTS, "")
        return True

    def _with_init(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """The target's facts, with the day (UTC) on which this state was initialised."""
        stamp = self._job.state.store.fact("initialised_at")
        return {**facts, "initialised_on": stamp[:10]} if stamp is not None else facts

    # --- keeping (inside the commit of the page) --------------------------------------------------------------------------

    def _keep(self, planned: Planned, stream: str) -> None:
        record, plan = planned.record, planned.plan
        if plan is None:
            return
        entities = {document.key: document.entity for document in record.documents}
        fresh = self._fresh_wishes(record)
        self._records.keep(record, plan, stream, self._job.fingerprint, backfill=self._backfill)
        for seq, intent in enumerate(plan.intents):
            if self._may_write(record.key, intent, entities) or intent.owner in fresh:
                self._want(record.key, intent, seq)
        self._records.wishes_heard(entities)
        self._take_back(record, plan, entities)
        self._records.forget_absent(record)  # after what was dropped from the journal
        for scope, refs in self._job.target.refers(plan).items():
            self._demand(scope, refs)

    def _fresh_wishes(self, record: Record) -> set[Key]:
        """What a person has just asked for, with the documents of an order."""
        wishes = self._records.wishes(document.key for document in record.documents)
        fresh = [key for key, wish in wishes.items() if wish.fresh]
        return {document.key for document in record.documents if is_wished(document, record, fresh)}

    def _want(self, scope: Key, intent: Intent, seq: int) -> None:
        self._journal.want(scope, intent, seq, self._job.target.modules[intent.module].once)
        row = self._journal.row(intent.ref)
        if intent.stands is not None and row is not None and not row.was_sent:
            self._journal.adopt(intent.ref, intent.stands, None, self._job.clock.now())

    def _may_write(self, scope: Key, intent: Intent, entities: Mapping[Key, str]) -> bool:
        """`auto_update` off: what was ever sent stays as it was wanted then."""
        row = self._journal.row(intent.ref)
        if row is None or not row.was_sent:
            if row is not None and row.scope != scope:  # it never left: it may begin its life here
                self._journal.want_nothing(row.ref)
            return True
        return self._job.switches.get(entities.get(intent.owner, ""), Switches()).update

    def _take_back(self, record: Record, plan: Plan, entities: Mapping[Key, str]) -> None:
        """What the plan no longer names: dropped if it never left, also where the record failed by now (nothing is sent for it,
        in an older version neither); withdrawn only on a state that says so."""
        named = {intent.ref for intent in plan.intents}
        disabled = {document.key for document in record.documents if not _is_enabled(document)}
        for row in self._journal.scope(record.key):
            if row.ref in named:
                continue
            verdict = plan.verdicts.get(row.owner)
            canceled = verdict is not None and verdict.stand == "canceled"
            switches = self._job.switches.get(entities.get(row.owner, ""), Switches())
            if not row.was_sent:
                needed = row.owner in disabled and self._journal.needed(row.ref)
                self._journal.want_nothing(row.ref)
                if needed:  # by a booking, which nobody reads again because its customer was disabled
                    self._demand(record.key, [row.ref])
            elif ((canceled or row.ref in plan.withdrawn) and switches.update) or (row.owner in disabled and switches.delete):
                if self._journal.needed(row.ref):  # by a booking that is not through yet: looked at again in the next run
                    self._records.read_again(record.key)
                else:
                    self._journal.want_nothing(row.ref)

    def _demand(self, key: Key, refs: Sequence[Ref]) -> None:
        """Make sure that what a plan refers to is planned with its own scope, whatever its switches say."""
        if all((row := self._journal.row(ref)) is not None and row.wanted is not None for ref in refs):
            return
        scope = self._records.scope(key)
        self._records.demand(key, scope.stream if scope is not None else DEMANDED)

    def _keep_unreadable(self, broken: Unreadable, stream: str) -> None:
        now, verdict = self._job.clock.now(), self._verdict(broken)
        self._records.keep_unreadable(broken, verdict, stream, self._job.fingerprint, now, backfill=self._backfill)

    def _verdict(self, broken: Unreadable) -> Verdict | None:
        """Why nobody need look at a record that cannot be read: a person has ruled on it, or it would not go anyway."""
        ruling = self._records.ruling(broken.own_key)
        if ruling is not None and ruling.revision == broken.revision:
            return Verdict("held", ruling.reason)
        if any(row.was_sent for row in self._journal.scope(broken.key)):
            return None
        scope = self._records.scope(broken.key)
        demanded = scope is not None and scope.demanded
        refused = admit_unreadable(broken, self._job.switches, self._job.start_date, demanded=demanded)
        return Verdict("skipped", refused) if refused else None

    def _heed_stop(self) -> None:
        if self._job.stop():
            raise Stopped("stopped as asked while reading; the next run goes on where this one was")


def _wants_newer_facts(plan: Plan) -> bool:
    return any(isinstance(error, Unmappable) and error.stale for error in plan.errors.values())


def _is_enabled(document: Document) -> bool:
    return document.active if isinstance(document, Contact | Item | Currency | Hotel) else True


def _in_use(document: Document) -> Document:
    """What an order needs must be usable at the target, also if the hotel disabled it before it was written."""
    return replace(document, active=True) if isinstance(document, Contact | Item | Currency | Hotel) else document
