"""A plain model of the journal's rows, and of the remote that they write to: what `test_journal_machine.py` compares with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from zsync.model.intent import Body, Ref
from zsync.model.row import Verb


@dataclass
class Expected:
    """A row as the model has it. `stands` is the body that is known to stand, `serves` the wanted one that it is there for."""

    state: str = "wanted"
    wanted: Body | None = None
    sent: Body | None = None
    sent_for: Body | None = None
    verb: Verb | None = None
    stands: Body | None = None
    serves: Body | None = None
    there: bool = False
    id: str = ""
    ask_at: datetime | None = None
    due_at: datetime | None = None
    lead: Ref | None = None
    unclear: bool = False  # it may stand there already: a person must say
    taken: bool = False  # as it stands, by a person's word: it need not be what is wanted

    @property
    def was_sent(self) -> bool:
        return bool(self.id) or self.verb is not None

    @property
    def is_open(self) -> bool:
        return self.state in ("wanted", "sending")

    @property
    def satisfied(self) -> bool:
        return self.there and self.wanted == self.serves if self.wanted is not None else not self.there

    def rest(self, state: str = "") -> None:
        """Not in doubt any more. Without a state: settled if what stands is what is wanted."""
        self.state, self.ask_at, self.due_at, self.lead, self.unclear = state or self.by_itself, None, None, None, False

    @property
    def by_itself(self) -> str:
        return "settled" if self.satisfied else "wanted"

    def forget(self) -> None:
        self.id, self.stands, self.serves, self.there = "", None, None, False

    def settle(self, id: str) -> None:
        self.id = id or self.id
        if self.verb in ("create", "update"):
            self.stands, self.serves, self.taken = self.sent, self.sent_for, False
        self.there = self.verb != "withdraw"
        self.rest()


@dataclass
class FarSide:
    """What really stands at the remote, by id, and what is still on its way there."""

    docs: dict[str, tuple[Ref, Body]] = field(default_factory=dict)
    void: dict[str, tuple[Ref, Body]] = field(default_factory=dict)
    late: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    made: int = 100

    def write(self, ref: Ref, verb: Verb, id: str, body: Body | None) -> str:
        """Returns the id. What is not there any more is not changed."""
        match verb:
            case "create":
                self.made += 1
                self.docs[str(self.made)] = (ref, dict(body or {}))
                return str(self.made)
            case "update":
                if id in self.docs:
                    self.docs[id] = (ref, dict(body or {}))
            case "withdraw":
                if id in self.docs:
                    self.void[id] = self.docs.pop(id)
            case "revive":
                if id in self.void:
                    self.docs[id] = self.void.pop(id)
        return id

    def find(self, ref: Ref) -> str:
        return next((id for id, (owner, _) in self.docs.items() if owner == ref), "")

    def land(self, now: datetime) -> None:
        due, self.late = [e for e in self.late if e[0] <= now], [e for e in self.late if e[0] > now]
        for _, effect in due:
            effect()
