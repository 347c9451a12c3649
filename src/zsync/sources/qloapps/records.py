"""What every record is made of, whichever table it comes from: the source's own fields, a digest of all that was read. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from zsync.model.documents import Document
from zsync.model.key import Key
from zsync.model.record import Value
from zsync.sources.qloapps.values import Row, text


def revision(documents: Sequence[Document], fields: Mapping[Key, Mapping[str, Value]]) -> str:
    """A digest of all that was read, but for the time of the last change: a row that was merely saved again is the same."""
    told = {str(key): {name: each[name] for name in sorted(each) if name != "date_upd"} for key, each in sorted(fields.items())}
    return hashlib.sha256(repr((tuple(documents), told)).encode()).hexdigest()[:32]


_SECRET = frozenset({"passwd", "secure_key", "last_passwd_gen", "ip_registration_newsletter"})


def fields_of(row: Row) -> Mapping[str, Value]:
    """The source's own names and values, as templates may see them; nothing that is a secret."""
    return {name: text(row, name) for name, value in row.items() if name not in _SECRET and not isinstance(value, list | dict)}


def item_key(tag: str, id: str, *, room: bool) -> Key:
    return Key.of(tag, "room_type" if room else "service", id)


def words(value: str) -> str:
    """Single blanks only."""
    return " ".join(value.split())
