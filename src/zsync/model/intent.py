"""Intents: what should stand at the target, decided before anything is sent.

    Record --plan--> Plan(scope, intents, verdicts, notes)         Intent(module, key, body with Refs, after)

A body is a JSON object as the module sends it, with two extras: Decimal for every number that is money, rate or
quantity, and Ref where the id of another document goes that may not be known yet. `canonical` and `digest` are the only
way bodies are compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from zsync.errors import RecordError
from zsync.model.key import Key


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The remote id of the document `key` in `module`; with `part`, the remote id of that line of it."""

    module: str
    key: Key
    part: str = ""


Node = str | int | Decimal | bool | None | Ref | list["Node"] | dict[str, "Node"]
Body = dict[str, Node]


@dataclass(frozen=True, slots=True)
class Intent:
    """ "This document should exist at the remote with this body."

    `owner` is the key of the document that people know it by (the order of a sales order, the payment of an application).
    `after` must be settled first; the ids of the Refs in `body` must be known first; what `without` names must not stand any
    more (money that was taken off an invoice before it goes elsewhere). `number` is the number that the document will carry
    where we choose it, for plans and tables. `stands` is what the target is known to have for it already: nothing is created.
    """

    module: str
    key: Key
    body: Body
    owner: Key
    after: tuple[Ref, ...] = ()
    number: str = ""
    without: tuple[Ref, ...] = ()
    stands: Written | None = None

    @property
    def ref(self) -> Ref:
        return Ref(self.module, self.key)


Stand = Literal["skipped", "canceled", "blocked", "held"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a document of the record has no (complete) intents: a switch, a failed parent, a cancellation, a person's turn."""

    stand: Stand
    reason: str
    on: Key | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something to report about a planned document that does not stop it: a cent adjusted, money left unapplied.

    `code` is stable: adjusted, tax_differs, excess, default_method, email_dropped, text_cut, ...
    """

    key: Key
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order is in the source, for its status: has it been invoiced, is it paid, which documents belong to it. `own`
    is false where the order itself becomes nothing, so that its documents are all there is of it."""

    invoiced: bool
    paid: bool
    documents: tuple[Key, ...]
    own: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one record wants at one target. What a plan of a scope no longer names should not be there.

    `errors` keep single documents from being planned; the others go on. `progress` is given for orders. `withdrawn` are
    documents that stood and must not any more, by what the source says now.
    """

    scope: Key
    intents: tuple[Intent, ...] = ()
    errors: Mapping[Key, RecordError] = field(default_factory=dict)
    verdicts: Mapping[Key, Verdict] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    progress: Mapping[Key, Progress] = field(default_factory=dict)
    withdrawn: frozenset[Ref] = frozenset()


DELETED, KEPT = "deleted", "kept"
"""What became of a document that was taken back, as the status of the last answer, where it is neither void nor out of use: it is
gone for good; or it was to go, is in use at the remote, and stays."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a document that is not what we last wrote there. Values are shown to a person, never logged."""

    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Written:
    """What the remote answered about a document. `parts` maps our line ids to the remote's.

    `total` is the remote's own total; `modified` its text. `content` is the raw answer where a whole document was read: it
    is compared, never kept. `otherwise` are fields that the remote keeps otherwise than they were sent, and that a person should
    know of; they do not keep the document from standing. `carried` holds the answers for the riders of a fused call.
    """

    id: str
    number: str = ""
    total: Decimal | None = None
    status: str = ""
    modified: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    otherwise: tuple[Difference, ...] = ()
    content: Mapping[str, object] | None = field(default=None, compare=False)
    carried: Mapping[Key, Written] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of one remote document of the scope that was ever sent: see `Target.plan`.

    `body` is the body last sent (while `sending`) or last settled, with its Refs resolved; `written` is None until
    answered. `wanted` is the body that is wanted there now, with Refs, or None when nothing should be there.
    """

    module: str
    key: Key
    state: str
    body: Body | None
    wanted: Body | None
    written: Written | None


KnownRows = Mapping[tuple[str, Key], Known]


def refs(node: Node) -> Iterator[Ref]:
    """Every Ref in a body, in order of appearance."""
    match node:
        case Ref():
            yield node
        case list():
            for child in node:
                yield from refs(child)
        case dict():
            for child in node.values():
                yield from refs(child)
        case _:
            return


def canonical(body: Mapping[str, Node]) -> str:
    """The body as JSON text: keys sorted, Decimals and Refs tagged so that `from_canonical` gives back an equal body.

    Decimals are written in their shortest form, so 10.0 and 10.00 are the same body.
    """
    return json.dumps(_tagged(dict(body)), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def from_canonical(text: str) -> Body:
    """The body that `canonical` wrote down."""
    loaded = _untagged(json.loads(text))
    if not isinstance(loaded, dict):
        raise ValueError("a body is a JSON object")
    return loaded


def digest(body: Mapping[str, Node] | None) -> str:
    """A short hash of the canonical body; empty for None: nothing should be there."""
    return "" if body is None else hashlib.sha256(canonical(body).encode()).hexdigest()[:32]


def plain(number: Decimal) -> str:
    """The shortest decimal text without an exponent: 10.00 -> "10", 1E+2 -> "100", 0.50 -> "0.5"."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _tagged(node: Node) -> object:
    match node:
        case Decimal():
            return {"$d": plain(node)}
        case Ref():
            return {"$ref": [node.module, str(node.key), node.part]}
        case list():
            return [_tagged(child) for child in node]
        case dict():
            return {name: _tagged(child) for name, child in node.items()}
        case _:
            return node


def _untagged(node: object) -> Node:
    match node:
        case {"$d": str(text)}:
            return Decimal(text)
        case {"$ref": [str(module), str(key), str(part)]}:
            return Ref(module, Key(key), part)
        case list():
            return [_untagged(child) for child in node]
        case dict():
            return {str(name): _untagged(child) for name, child in node.items()}
        case str() | bool() | int() | None:
            return node
        case _:
            raise ValueError(f"not a body: {type(node).__name__}")
