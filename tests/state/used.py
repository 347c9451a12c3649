"""A row of the journal that has something in every column, for tests that look at whole rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from zsync.model.intent import Body, Intent, Ref, Written, digest
from zsync.model.key import Key
from zsync.model.row import Complaint, Row
from zsync.state.journal import Journal
from zsync.state.rows import complaint_text, packed, written_text
from zsync.state.store import Store, stamp

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(hours=1), NOW + timedelta(minutes=18)
KEY = Key.of("hotel", "order", "1")
REF = Ref("salesorders", KEY)
LEAD = Ref("payments", Key.of("hotel", "payment", "1"))
WANTED: Body = {"number": "1", "total": Decimal(3)}
SENT: Body = {"number": "1", "total": Decimal(2)}
SETTLED: Body = {"number": "1", "total": Decimal(1)}
STOOD, ANSWER = Written("70", "SO-1", Decimal(1), "open"), Written("77", "SO-2", Decimal(2), "sent")
SAID, ERROR = Complaint("out_of_reach", "no answer"), Complaint("refused", "it is locked", "unlock it", request_id="r-7")

USED: Mapping[str, object] = {
    "state": "sending",
    "sent_verb": "update",
    "sent": packed(SENT),
    "sent_digest": digest(SENT),
    "settled": packed(SETTLED),
    "settled_digest": digest(SETTLED),
    "there": 1,
    "remote_id": "70",
    "written": written_text(STOOD),
    "begun_at": stamp(BEFORE),
    "ask_at": stamp(BEFORE),
    "due_at": stamp(BEFORE),
    "settled_at": stamp(BEFORE),
    "lead_module": LEAD.module,
    "lead_key": str(LEAD.key),
    "alone": 1,
    "duplicate": 1,
    "forced": 1,
    "attempts": 3,
    "tries": 2,
    "error": complaint_text(SAID),
    "reason": "as agreed",
}
NEW: Mapping[str, object] = {
    "sent_verb": None,
    "sent": None,
    "sent_digest": "",
    "remote_id": None,
    "written": None,
    "there": 0,
    "settled": None,
    "settled_digest": "",
}
NOTHING_WANTED: Mapping[str, object] = {"wanted": None, "wanted_digest": ""}


def wants(body: Body) -> dict[str, object]:
    return {"wanted": packed(body), "wanted_digest": digest(body)}


def a_row(store: Store, journal: Journal, **columns: object) -> Row:
    """A row with something in every column, but for these `columns`."""
    with store.commit():
        journal.want(KEY, Intent("salesorders", KEY, WANTED, KEY, after=(LEAD,), number="QLO-1"), 4, frozenset())
        values = {**USED, **columns}
        names = ", ".join(f"{name} = ?" for name in values)
        store.db.execute(f"UPDATE journal SET {names}", tuple(values.values()))  # noqa: S608 - names are the test's
    return the_row(journal)


def the_row(journal: Journal) -> Row:
    row = journal.row(REF)
    assert row is not None
    return row


def asks_for(body: Body) -> Callable[[Journal], object]:
    """As planned anew, now the ninth of its scope and under another number."""
    return lambda journal: journal.want(KEY, Intent("salesorders", KEY, body, KEY, number="QLO-2"), 9, frozenset())


def wants_nothing(journal: Journal) -> object:
    return journal.want_nothing(REF)
