"""How a row of the journal lies in its table: bodies compressed (J8), answers and complaints as JSON, times as text."""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import asdict
from decimal import Decimal
from functools import lru_cache

from zsync.model.intent import Body, Difference, Intent, Ref, Written, canonical, from_canonical, refs
from zsync.model.key import Key
from zsync.model.row import Complaint, Row, State
from zsync.state.store import moment

SETTLED_FIRST, ONLY_ID, GONE = 0, 1, 2
"""How a row needs another: settled first (`after`), only its id (named in the body), or not standing any more (`without`)."""


def needs_text(intent: Intent) -> str:
    """What a row needs, as a list of [module, key, how]."""
    ids = {(ref.module, str(ref.key)) for ref in refs(intent.body)}
    return json.dumps(
        [[ref.module, str(ref.key), SETTLED_FIRST] for ref in intent.after]
        + [[*each, ONLY_ID] for each in sorted(ids)]
        + [[ref.module, str(ref.key), GONE] for ref in intent.without]
    )


@lru_cache(maxsize=2048)
def _needed(text: str) -> tuple[tuple[Ref, ...], tuple[Ref, ...], tuple[Ref, ...]]:
    """(what must be settled first, what only the id of is needed, what must not stand any more)."""
    found: tuple[list[Ref], list[Ref], list[Ref]] = ([], [], [])
    for module, key, how in json.loads(text):
        found[how].append(Ref(module, Key(key)))
    return tuple(found[SETTLED_FIRST]), tuple(found[ONLY_ID]), tuple(found[GONE])


def packed(body: Body | None) -> bytes | None:
    return None if body is None else zlib.compress(canonical(body).encode())


def _unpacked(blob: bytes | None) -> Body | None:
    return None if blob is None else _decoded(blob)


@lru_cache(maxsize=2048)
def _decoded(blob: bytes) -> Body:
    """A kept body. Rows are read far more often than they change, and nobody writes into a body that he was given."""
    return from_canonical(zlib.decompress(blob).decode())


def written_text(written: Written) -> str:
    return json.dumps(
        {
            "id": written.id,
            "number": written.number,
            "total": None if written.total is None else str(written.total),
            "status": written.status,
            "modified": written.modified,
            "parts": dict(written.parts),
            "otherwise": [[each.field, each.ours, each.theirs] for each in written.otherwise],
        },
        ensure_ascii=False,
    )


@lru_cache(maxsize=2048)
def _written(text: str | None) -> Written | None:
    if text is None:
        return None
    loaded = json.loads(text)
    total = loaded["total"]
    return Written(
        loaded["id"],
        loaded["number"],
        None if total is None else Decimal(total),
        loaded["status"],
        loaded["modified"],
        loaded["parts"],
        tuple(Difference(*each) for each in loaded.get("otherwise", ())),
    )


def complaint_text(error: Complaint) -> str:
    return json.dumps(asdict(error), ensure_ascii=False)


@lru_cache(maxsize=2048)
def row_of(found: sqlite3.Row) -> Row:
    """The value of a row. The same row is read many times while its scope is settled, and the value never changes."""
    after, ids, without = _needed(found["needs"])
    lead = Ref(found["lead_module"], Key(found["lead_key"])) if found["lead_module"] else None
    return Row(
        module=found["module"],
        key=Key(found["key"]),
        scope=Key(found["scope"]),
        owner=Key(found["owner"]),
        seq=found["seq"],
        state=State(found["state"]),
        wanted=_unpacked(found["wanted"]),
        wanted_digest=found["wanted_digest"],
        after=after,
        refs=ids,
        without=without,
        number=found["number"],
        sent=_unpacked(found["sent"]),
        sent_digest=found["sent_digest"],
        sent_verb=found["sent_verb"],
        settled=_unpacked(found["settled"]),
        settled_digest=found["settled_digest"],
        there=bool(found["there"]),
        remote_id=found["remote_id"] or "",
        written=_written(found["written"]),
        begun_at=moment(found["begun_at"]),
        ask_at=moment(found["ask_at"]),
        due_at=moment(found["due_at"]),
        settled_at=moment(found["settled_at"]),
        lead=lead,
        alone=bool(found["alone"]),
        duplicate=bool(found["duplicate"]),
        forced=bool(found["forced"]),
        attempts=found["attempts"],
        tries=found["tries"],
        error=Complaint(**json.loads(found["error"])) if found["error"] else None,
        reason=found["reason"],
    )
