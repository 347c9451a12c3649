"""A row of the journal: what is wanted at the remote for one document, what was sent last, what is known to be there.

    (none)--want--> wanted --begin--> sending --settle--> settled --want(other)--> wanted
                     ^  ^               | | `----fail---> failed
                     |  `----defer------' |               held   (only a person's command frees it)
                     `---absent, found----'   asked only after ask_at

The rules J1-J9 stand in `state/journal.py`; this is the value that they move.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from zsync.errors import TotalsDisagree, ZsyncError
from zsync.model.intent import Body, Ref, Written
from zsync.model.key import Key


class State(StrEnum):
    WANTED = "wanted"
    SENDING = "sending"
    SETTLED = "settled"
    FAILED = "failed"
    HELD = "held"


Verb = Literal["create", "update", "withdraw", "revive"]


UNCLEAR = "unclear"
"""The code of a row that may stand at the target already: only a person can say, so another version of it frees nothing."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error as it is kept: its code, what it says, and what a person can do. `detail` may run over many lines."""

    code: str
    message: str
    hint: str = ""
    detail: str = ""
    request_id: str = ""

    @classmethod
    def of(cls, error: ZsyncError) -> Complaint:
        detail = error.detail if isinstance(error, TotalsDisagree) else ""
        return cls(error.code, error.message, error.hint, detail, error.request_id)


@dataclass(frozen=True, slots=True)
class Row:
    """One document at the remote, as the journal has it. Times are aware, UTC. Bodies sent and settled have no Refs.

    `after` must be settled before a call leaves for this row, of `refs` (those in `wanted`) only the ids are needed, and what
    `without` names must not stand any more.
    `there`: the document stands at the remote (false once it was withdrawn; `settled` then is what stood there last).
    `settled` is None where only the id is known. `lead` is the row in whose call this one left. `alone`: the fused call was
    refused, so each row goes by itself. `duplicate`: the last create was refused because the remote has one already.
    `forced`: a person said that the source is right, whatever stands at the remote. `tries` counts deferrals in a row.
    """

    module: str
    key: Key
    scope: Key
    owner: Key
    seq: int
    state: State
    wanted: Body | None
    wanted_digest: str
    after: tuple[Ref, ...] = ()
    refs: tuple[Ref, ...] = ()
    without: tuple[Ref, ...] = ()
    number: str = ""
    sent: Body | None = None
    sent_digest: str = ""
    sent_verb: Verb | None = None
    settled: Body | None = None
    settled_digest: str = ""
    there: bool = False
    remote_id: str = ""
    written: Written | None = None
    begun_at: datetime | None = None
    ask_at: datetime | None = None
    due_at: datetime | None = None
    settled_at: datetime | None = None
    lead: Ref | None = None
    alone: bool = False
    duplicate: bool = False
    forced: bool = False
    attempts: int = 0
    tries: int = 0
    error: Complaint | None = None
    reason: str = ""

    @property
    def ref(self) -> Ref:
        return Ref(self.module, self.key)

    @property
    def satisfied(self) -> bool:
        """What stands at the remote is what is wanted there."""
        if self.wanted is None:
            return not self.there
        return self.there and self.wanted_digest == self.settled_digest

    @property
    def unclear(self) -> bool:
        """Adoption saw what may be this document, and left it to a person."""
        return self.error is not None and self.error.code == UNCLEAR

    @property
    def was_sent(self) -> bool:
        """A call left for this row at some time: the remote may know it."""
        return bool(self.remote_id) or self.sent_verb is not None

    @property
    def may_be_dropped(self) -> bool:
        """The remote cannot know it, and no person has a say in it: were it wanted again, it could begin anew."""
        return not self.was_sent and not self.unclear and self.state is not State.HELD


@dataclass(frozen=True, slots=True)
class Begin:
    """A write about to leave: the row, the verb, the resolved body (None for a withdrawal), the row that carries it."""

    row: Row
    verb: Verb
    body: Body | None
    lead: Ref | None = None
    refreshed: Written | None = None
