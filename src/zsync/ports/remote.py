"""Ports to the world: what the engine expects of a source, a target and its modules, of time and of tokens.

    Source --Record--> engine --Record, Known--> Target.plan --Plan--> engine --Body--> Module.create/update/withdraw

A plugin keeps these promises; the contract suites under `tests/contract` check them on every implementation. Errors are
those of `zsync.errors`: the class decides what the engine does. Nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from zsync.errors import RecordError, ZsyncError
from zsync.model.intent import Body, Difference, KnownRows, Plan, Ref, Written
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record, Unreadable
from zsync.model.row import Row
from zsync.ports.limits import Budget, Quota

# --- time ------------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """Time as an argument, so that a test can hold it still."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; may return early when the program is asked to stop."""
        ...


# --- findings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked before a first run: `ok`, or what is wrong (`message`) and what to do (`hint`)."""

    subject: str
    ok: bool
    message: str
    hint: str = ""


# --- sources ---------------------------------------------------------------------------------------------------------


class Source(Protocol):
    """Where records come from. It only reads. Raises RunError (and ConfigError for a wrong address or key), never InDoubt."""

    @property
    def name(self) -> str:
        """`qloapps`, `quickbooks`: for messages."""
        ...

    @property
    def tag(self) -> str:
        """Names this source in keys for ever."""
        ...

    @property
    def streams(self) -> Sequence[str]:
        """What can be read, in the order in which it should be: what others refer to comes first."""
        ...

    @property
    def calls(self) -> int:
        """How many requests were sent so far by this object."""
        ...

    def read(self, stream: str, cursor: str | None) -> Iterator[Page]:
        """All that may have changed since `cursor` (everything for None), page by page, each with its next cursor.

        At least once: a record may come again unchanged, none is left out. Each page's cursor is never beyond the start
        of this reading less an overlap. The first reading (cursor None) hands out the lowest ids first, so that of equal
        names the lowest id comes first. If nothing changed there may be no page at all, or one without records.
        A table that was full and reads as empty is SuspiciousChange, not a page.
        """
        ...

    def get(self, key: Key) -> Record | Unreadable | Gone:
        """The record of the scope that holds this document (any document's key, or the scope's own), as it is now: as a page
        would hold it.

        Raises RecordError for a key that leads to no record.
        """
        ...

    def ids(self, stream: str) -> frozenset[Key] | None:
        """The scopes of all records that the stream has now, those that cannot be read included: cheaper than reading them. None
        where nothing of the stream ever vanishes.

        A key that is missing is a hint that its record was deleted, and no evidence: `get` says whether it is Gone. A list
        that is seen to be torn, or that reads as empty where nobody can have deleted all, is SuspiciousChange: ask only where
        records are known.
        """
        ...

    def stream_of(self, entity: str) -> str:
        """The stream that hands out documents of this entity (`orders`, `invoices` -> the bookings' stream); KeyError."""
        ...

    def key_of(self, entity: str, source_id: str) -> Key:
        """The key of the document that people call by this id; ConfigError for an id that cannot be one."""
        ...

    def entity_of(self, key: Key) -> str:
        """The entity that people know this record by: of a scope, that of the document which it is all about."""
        ...

    def samples(self, entity: str) -> Iterator[Record]:
        """A few records that hold documents of this entity, the newest where that costs nothing: to see what fields there are."""
        ...

    def check(self) -> Iterator[Finding]:
        """All that can be found out before the first run: address, key, permissions, versions, settings of the shop."""
        ...

    def close(self) -> None: ...


# --- targets ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rider:
    """A row that leaves in the same call as another (an application inside its payment): module, key, resolved body."""

    module: str
    key: Key
    body: Body


@dataclass(frozen=True, slots=True)
class Write:
    """One document to create: `body` has no Refs any more."""

    key: Key
    body: Body
    riders: tuple[Rider, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A document as the journal knows it at the remote: its id, the (resolved) body last settled or sent, the last answer."""

    key: Key
    id: str
    body: Body
    written: Written


@dataclass(frozen=True, slots=True)
class Stranger:
    """What `find` saw under our name that does not carry our key: `ours` is true if its contents equal what was sent."""

    written: Written
    ours: bool
    message: str = ""


Found = Written | Stranger | None

Handling = Literal["find", "read", "create", "update", "withdraw", "revive"]
"""What a call may do to documents of one module."""


class Lots(Protocol):
    """What a module has beside its verbs where one request may carry several documents. Each call is one request.

    Answers come one for each document, in order; a ZsyncError among them speaks of its own document alone, raising one for all.
    None: the answer does not name this document. That is no evidence that it is gone, for a list may lag or be cut short: the
    engine asks about it, by its id alone.
    """

    @property
    def replaces(self) -> bool:
        """A changed document is withdrawn and made anew, both in lots, rather than updated one by one."""
        ...

    @property
    def unseen(self) -> str:
        """What a person can do where a key is refused as taken, and what has it is not to be found."""
        ...

    def most(self, handling: Handling) -> int:
        """How many documents one such request may carry (`find` and `create` are the module's own)."""
        ...

    def alike(self, standing: Standing, body: Body) -> str:
        """Updates with the same text can leave in one request; an empty text: only by itself. Pure."""
        ...

    def read(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | None]: ...

    def update(self, changes: Sequence[tuple[Standing, Body]]) -> Sequence[Written | ZsyncError | None]: ...

    def withdraw(self, standings: Sequence[Standing]) -> Sequence[Written | Gone | ZsyncError | None]: ...


class Module(Protocol):
    """One kind of remote document and its verbs. Each write is exactly one HTTP request; none is repeated inside.

    Writes raise Retryable only if certainly nothing was applied, Refused (or another RecordError) if the remote said no,
    InDoubt if the answer is unknown, RunError if the remote is unusable. Reads never raise InDoubt. All are called from
    several threads at once.
    """

    @property
    def name(self) -> str: ...

    @property
    def batch(self) -> int:
        """How many documents one `create` may carry."""
        ...

    @property
    def keyed(self) -> bool:
        """The remote itself refuses a second document with our key or number."""
        ...

    @property
    def updatable(self) -> bool:
        """False: what is there is accepted as it is (a status, a payment)."""
        ...

    @property
    def revivable(self) -> bool:
        """A withdrawn document can be taken into use again under its id; False: it must be made anew."""
        ...

    @property
    def once(self) -> frozenset[str]:
        """Top-level fields of the body (never a Ref) that are settled with the first write and repeated ever after."""
        ...

    @property
    def rides(self) -> str:
        """The module whose `create` may carry rows of this one as riders, or empty."""
        ...

    @property
    def lots(self) -> Lots | None:
        """None where each request carries one document."""
        ...

    @property
    def parent(self) -> str:
        """For a status module: the module whose row of the same key this is a status of (`invoices`); else empty."""
        ...

    def find(self, asked: Sequence[tuple[Key, Body]]) -> Sequence[Found]:
        """For each (key, body last sent): what stands at the remote for it, if anything. One answer each, in order.

        None means that every question (the parent's own list and the filtered list) said there is none. A void document is
        never found. May lag behind `create` by the remote's indexing delay, which is why settle waits until `ask_at`.
        """
        ...

    def create(self, writes: Sequence[Write]) -> Sequence[Written | ZsyncError]:
        """At most `batch` documents in one request; one answer each, in order. Raising speaks for all of them."""
        ...

    def read(self, standing: Standing) -> Written | Gone:
        """The document as it is now, with `content` set. Gone if it does not exist (or is void, where that means gone)."""
        ...

    def update(self, standing: Standing, body: Body) -> Written:
        """Write the whole document again. Refused with `gone` where it does not exist any more."""
        ...

    def withdraw(self, standing: Standing) -> Written | None:
        """Take it back: void, disable or delete, as the module does. None: it is gone for good. Twice is once."""
        ...

    def revive(self, standing: Standing) -> Written:
        """Undo a withdrawal: active again, or a draft again. Only called where `revivable`."""
        ...

    def differences(self, body: Body, written: Written) -> Sequence[Difference]:
        """Where the fields that we own, as `body` has them, differ from what `written.content` shows. Pure."""
        ...

    def shown(self, body: Body, written: Written) -> bool:
        """Whether the parent's last answer shows already that this status is there. Pure; False for other modules."""
        ...

    def objection(self, body: Body, written: Written) -> RecordError | None:
        """What is wrong with an answer that the remote counts as success (its total is not ours), or None. Pure."""
        ...

    def renamed(self, key: Key, body: Body) -> Body | None:
        """The same document under a name that only we use, for when a stranger has the name; None if it has no name. Pure."""
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """What the target has already for a document that was never sent: `written`, or why a person must look (`unclear`).

    `known`: what stands there is what we would have written, so that a later edit of it is seen; else it was typed by hand, and
    the next change of the source is simply written. `outdated`: it is ours beyond doubt and shows something else, so it is
    updated. `renamed` is the body under whose name it stands.
    """

    written: Written | None = None
    known: bool = True
    outdated: bool = False
    renamed: Body | None = None
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches of one entity: may new records, changed records, vanished or disabled records be written?"""

    create: bool = True
    update: bool = True
    delete: bool = True


class Target(Protocol):
    """Where documents go."""

    @property
    def name(self) -> str: ...

    @property
    def realm(self) -> str:
        """Identity of the remote store, e.g. `zoho-finance:20061234567`."""
        ...

    @property
    def modules(self) -> Mapping[str, Module]: ...

    @property
    def calls(self) -> int:
        """How many requests to the remote itself were sent so far by this object."""
        ...

    @property
    def accounts_calls(self) -> int:
        """How many requests to the sign-in server were sent so far by this object."""
        ...

    def learn(self) -> Mapping[str, Any]:
        """Read what planning needs of the target: organisation, taxes, accounts, currencies. A JSON object, kept in state."""
        ...

    def describe(self, name: str) -> Mapping[str, Any]:
        """The facts of one kind of document, in the shape of `learn`, whether anything is configured for it or not."""
        ...

    def plan(self, record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Mapping[str, Any]) -> Plan:
        """All that `record` wants here. Pure: the same arguments give the same plan.

        `refused` holds the documents that admission keeps out, with the reason; they get no new intents, and what refers
        to them is planned without them. `known` are the scope's rows that were ever sent: what is settled there stays
        frozen where the rules say so.
        """
        ...

    def own(self, key: Key, read_at: datetime) -> Record | None:
        """A record of the target's own making that plans refer to (a collective item), or None for any other key. Pure."""
        ...

    def refers(self, plan: Plan) -> Mapping[Key, Sequence[Ref]]:
        """What its intents refer to outside `plan.scope` (the customer's contact, the items), by the scope that has it. Pure."""
        ...

    def removable(self, rows: Sequence[Row], allowed: Collection[Ref]) -> Collection[Ref]:
        """Of the rows of a scope that the source does not have any more, those of `allowed` that may be taken back. Pure.

        Money that came or went, and what it hangs on, is never taken back because something is missing.
        """
        ...

    def check(self) -> Iterator[Finding]: ...

    @property
    def adoptable(self) -> Sequence[str]:
        """The modules that `recognise` knows, parents first."""
        ...

    @property
    def asked_singly(self) -> Collection[str]:
        """Those of them that cost a question for each document; the others a few lists."""
        ...

    def recognise(self, module: str, asked: Sequence[tuple[Key, Body]]) -> Iterator[Match | None]:
        """For each (key, body that would be written), in order: what the target has for it already. Reads only."""
        ...

    def claimed(self, tag: str) -> Collection[Key]:
        """The keys of `tag` that documents at the remote carry (payments, by reference). One that the state does not know
        means that a state was lost."""
        ...

    def latest(self, tag: str) -> Collection[Key]:
        """Of the same, those of the documents that were written last, in one call where the list shows them."""
        ...

    def link(self, module: str, id: str) -> str:
        """The web address of a document, or empty."""
        ...

    def number_label(self, module: str) -> str:
        """What people call such a document: "sales order", "invoice"."""
        ...

    @property
    def concurrency(self) -> int:
        """How many calls at once the remote bears, now: what begins beyond it would wait with its row `sending`."""
        ...

    def reserve(self, calls: int) -> None:
        """Take `calls` slots of the pace: waits for the minute window. Writes that follow do not wait any more.

        Raises QuotaUsedUp when the day, or a block, does not allow them.
        """
        ...

    def quota(self) -> Quota:
        """The limits as known now, to be kept in the state."""
        ...

    def budget(self) -> Budget:
        """How many calls may leave, today and on each day that follows."""
        ...

    def close(self) -> None: ...


Progressed = Callable[[str, int, int | None], None]
"""Told (what, done, of how many or None) as long work goes on."""
