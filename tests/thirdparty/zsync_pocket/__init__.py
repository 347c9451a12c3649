"""A source that somebody else could have written: a JSON file `{"Thing": [{"id": "1", ...}, ...]}`.

It imports what third parties may: `zsync.model`, `zsync.errors`, `zsync.ports`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal, NoReturn

from pydantic import BaseModel, ConfigDict

from zsync.errors import ConfigError
from zsync.model.documents import Entry
from zsync.model.key import Key
from zsync.model.record import Gone, Page, Record
from zsync.ports import Clock, Finding, TokenStore


class Settings(BaseModel):
    """[source]"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["pocket"] = "pocket"
    tag: str
    path: str
    start_date: None = None
    deletions_every: float | None = 3600.0


class Reads(BaseModel):
    """What an entity reads: one of the file's lists."""

    line_id: ClassVar[str] = "id"
    object: str

    def origin(self, name: str) -> str:
        return self.object


class Pocket:
    """Implements `zsync.ports.Source`."""

    name = "pocket"

    def __init__(self, path: Path, tag: str, kinds: Sequence[str], clock: Clock) -> None:
        self.tag = tag
        self.streams = tuple(kinds)
        self.calls = 0
        self._path = path
        self._clock = clock

    def read(self, stream: str, cursor: str | None) -> Iterator[Page]:
        records = tuple(self._record(stream, row) for row in self._rows(stream))
        yield Page(records, self._clock.now().isoformat(), len(records))

    def get(self, key: Key) -> Record | Gone:
        kind = next(kind for kind in self.streams if kind.lower() == key.entity)
        return next((self._record(kind, row) for row in self._rows(kind) if str(row["id"]) == key.id), Gone())

    def ids(self, stream: str) -> frozenset[Key]:
        return frozenset(self._record(stream, row).key for row in self._rows(stream))

    def stream_of(self, entity: str) -> str:
        if entity not in self.streams:
            raise KeyError(entity)
        return entity

    def key_of(self, entity: str, source_id: str) -> Key:
        if entity not in self.streams:
            raise ConfigError(f"the file has no `{entity}`")
        return Key.of(self.tag, entity.lower(), source_id)

    def entity_of(self, key: Key) -> str:
        return next((kind for kind in self.streams if kind.lower() == key.entity), key.entity)

    def samples(self, entity: str) -> Iterator[Record]:
        yield from (self._record(entity, row) for row in self._rows(entity))

    def check(self) -> Iterator[Finding]:
        yield Finding("pocket", self._path.is_file(), f"the file `{self._path.name}`", "put it there")

    def close(self) -> None:
        """Nothing is open."""

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        self.calls += 1
        rows: list[dict[str, Any]] = json.loads(self._path.read_text("utf-8"), parse_float=Decimal).get(kind, [])
        return rows

    def _record(self, kind: str, row: Mapping[str, Any]) -> Record:
        id = str(row["id"])
        key = Key.of(self.tag, kind.lower(), id)
        revision = hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()[:32]
        return Record(key, (Entry(key, id, kind, str(row.get("name", id))),), revision, self._clock.now(), {key: dict(row)})


class Plugin:
    """The door to this source."""

    name = "pocket"
    sign_in_name = ""
    settings = Settings
    reads = Reads

    def scopes(self, settings: Settings) -> tuple[str, ...]:
        return ()

    def sign_in(self, settings: Settings, *, clock: Clock, transport: Any = None) -> NoReturn:
        raise ConfigError("a file has no sign-in")

    def build(
        self, settings: Settings, reads: Mapping[str, Reads], *, clock: Clock, token_store: TokenStore, transport: Any = None
    ) -> Pocket:
        kinds = list(dict.fromkeys(each.object for each in reads.values()))
        return Pocket(Path(settings.path), settings.tag, kinds, clock)


plugin = Plugin()
