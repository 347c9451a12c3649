"""A record: documents as read once, together, with what was read of them and when.

A record is read, planned and settled as one scope: one customer, one item, or a whole booking reference with its orders,
invoices, payments and slips.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from zsync.errors import RecordError
from zsync.model.documents import Document
from zsync.model.key import Key

Value = str | Decimal | int | date | datetime | bool | None | list["Value"] | dict[str, "Value"]
"""What templates and field maps may see of a source's field."""


@dataclass(frozen=True, slots=True)
class Record:
    """The documents of one scope. `key` is the scope's; `fields` the source's own names by document key.

    `revision` is a digest of all that was read: equal revisions are equal records. `read_at` is aware, UTC. `rates` is what
    the source says of its currencies now (units of each for one of its default currency): no part of the record, and asked
    only where a document's own rates do not lead to the target's currency. `hollow`: the source says that there is nothing in
    this scope, which is believed at once only where little stands.
    """

    key: Key
    documents: tuple[Document, ...]
    revision: str
    read_at: datetime
    fields: Mapping[Key, Mapping[str, Value]] = field(default_factory=dict)
    rates: Mapping[str, Decimal] = field(default_factory=dict, compare=False)
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that the source has but that cannot be made sense of: `error` says why. Kept, shown, read again by `retry`.

    `day` is the latest that its orders could count by; None where even that is not known.
    """

    key: Key
    entity: str
    source_id: str
    label: str
    error: RecordError
    day: date | None = None

    @property
    def own_key(self) -> Key:
        """What it is listed under, apart from the documents that it would have."""
        return Key.of(self.key.tag, "unread", f"{self.entity}/{self.source_id}")

    @property
    def revision(self) -> str:
        """The same for as long as it cannot be read for the same reason: so long a person's ruling holds."""
        return hashlib.sha256(self.error.message.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Gone:
    """The source, or the target, says that there is no such thing (any more)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records and how far reading has come: both are written down in one commit.

    `gone` are scopes that the source says were deleted; `torn` that deletions may have passed unseen, so that ids have to be
    compared. `cursor` is text that only its source understands; reading again from it misses nothing. `total` is how many
    records the stream expects to hand out in this reading, for a progress bar, or None.
    """

    records: tuple[Record | Unreadable, ...]
    cursor: str
    total: int | None = None
    gone: tuple[Key, ...] = ()
    torn: bool = False
