"""A source as the user named it: his entities made out of the source's own, by `object`, `where` and `each`.

    Record of the source  --feeds-->  Record of the same scope, with an Entry for each of the user's entities that takes it
                                      and, with `each`, one for each line of it

The engine reads through `Shaped` as through any source. A scope stays the source's own, so a document goes with all its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum

from zsync.errors import ConfigError, RecordError
from zsync.mapping.fields import Condition, Fields, as_text, at, matches
from zsync.model.documents import Document, Entry
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.model.record import Gone, Page, Record, Unreadable, Value
from zsync.ports import Finding, Source


@dataclass(frozen=True, slots=True)
class Feed:
    """What one of the user's entities is made of: records that the source calls `origin`, those that match `where`; with `each`
    the members of the list at that path instead of the record itself.

    `line_id` is what such members carry as their own name; those without one are sums, and no lines. Empty: they are numbered.
    """

    entity: str
    origin: str
    where: tuple[Condition, ...] = ()
    each: str = ""
    line_id: str = ""


class Shaped:
    """Implements `zsync.ports.Source` over another one."""

    def __init__(self, source: Source, feeds: Sequence[Feed]) -> None:
        self._source = source
        self._feeds = {feed.entity: feed for feed in feeds}
        self._by_origin: dict[str, list[Feed]] = {}
        for feed in feeds:
            self._by_origin.setdefault(feed.origin, []).append(feed)

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def tag(self) -> str:
        return self._source.tag

    @property
    def streams(self) -> Sequence[str]:
        """Those that one of the entities needs."""
        needed = {self._source.stream_of(feed.origin) for feed in self._feeds.values()}
        return [stream for stream in self._source.streams if stream in needed]

    @property
    def calls(self) -> int:
        return self._source.calls

    def read(self, stream: str, cursor: str | None) -> Iterator[Page]:
        for page in self._source.read(stream, cursor):
            yield replace(page, records=tuple(self._shaped(record) for record in page.records))

    def get(self, key: Key) -> Record | Unreadable | Gone:
        found = self._source.get(self._own_key(key))
        return found if isinstance(found, Gone) else self._shaped(found)

    def ids(self, stream: str) -> frozenset[Key] | None:
        return self._source.ids(stream)

    def stream_of(self, entity: str) -> str:
        return self._source.stream_of(self._feeds[entity].origin)

    def key_of(self, entity: str, source_id: str) -> Key:
        feed = self._feeds.get(entity)
        if feed is None:
            raise ConfigError(f"the configuration has no entity `{entity}`", hint=f"known: {', '.join(self._feeds)}")
        id, line = _parted(feed, source_id)
        found = self._source.key_of(feed.origin, id)
        return Key.of(self.tag, entity, f"{found.id}{line}")

    def entity_of(self, key: Key) -> str:
        if key.entity in self._feeds:
            return key.entity
        origin = self._source.entity_of(key)
        return next((feed.entity for feed in self._by_origin.get(origin, ())), origin)

    def samples(self, entity: str) -> Iterator[Record]:
        for record in self._source.samples(self._feeds[entity].origin):
            yield self._made(record)

    def check(self) -> Iterator[Finding]:
        return self._source.check()

    def close(self) -> None:
        self._source.close()

    # --- shaping ------------------------------------------------------------------------------------------------------

    def _own_key(self, key: Key) -> Key:
        """The source's key of a record that one of the user's entities names."""
        feed = self._feeds.get(key.entity)
        if feed is None:
            return key
        try:
            return self._source.key_of(feed.origin, _parted(feed, key.id)[0])
        except ConfigError as err:
            raise RecordError(f"`{key.entity}` has no record with this id", hint=err.hint, key=key) from err

    def _shaped(self, record: Record | Unreadable) -> Record | Unreadable:
        if isinstance(record, Record):
            return self._made(record)
        entity = next((feed.entity for feed in self._by_origin.get(record.entity, ())), record.entity)
        return replace(record, entity=entity)

    def _made(self, record: Record) -> Record:
        documents: list[Document] = []
        values: dict[Key, Fields] = {}
        for document in record.documents:
            own = record.fields.get(document.key, {})
            if not isinstance(document, Entry):
                own = {**own, "document": _neutral(document)}
            for feed in self._by_origin.get(document.entity, ()):
                for entry, made in entries(feed, document, own, self.tag):
                    documents.append(entry)
                    values[entry.key] = made
        return replace(record, documents=tuple(documents), fields=values)


def _neutral(node: object) -> Value:
    """What the source's reader made of a document, for maps: amounts with their currency, keys as ids, lines as a list."""
    match node:
        case Key():
            return node.id
        case Money():
            return {"amount": node.amount, "currency": node.currency}
        case Enum():
            return str(node.value)
        case None | bool() | str() | Decimal() | date():
            return node
        case tuple():
            return [_neutral(each) for each in node]
        case _ if is_dataclass(node):
            return {each.name: _neutral(getattr(node, each.name)) for each in fields(node)}
        case _:
            return str(node)


def entries(feed: Feed, document: Document, own: Fields, tag: str) -> Iterator[tuple[Entry, Fields]]:
    """What a document of the source is for one of the user's entities: itself, its lines, or nothing."""
    if not feed.each:
        if matches(own, feed.where):
            key = Key.of(tag, feed.entity, document.source_id)
            yield Entry(key, document.source_id, feed.entity, document.label, document.day), {"key": document.source_id, **own}
        return
    for id, line in _lines(at(own, feed.each), feed.line_id):
        values: dict[str, Value] = {"key": f"{document.source_id}-{id}", **line, "parent": dict(own)}
        if matches(values, feed.where):
            source_id = f"{document.source_id}/{id}"
            label = f"{document.label}, {id}" if document.label else id
            yield Entry(Key.of(tag, feed.entity, source_id), source_id, feed.entity, label, document.day), values


def _lines(found: Value, line_id: str) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """The members of a list with their ids, or with numbers from 1."""
    members = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    for number, each in enumerate(members, 1):
        value = each.get(line_id) if line_id else Decimal(number)
        if isinstance(value, str | Decimal | int) and value != "":
            yield as_text(value), each


def _parted(feed: Feed, id: str) -> tuple[str, str]:
    """(the record's id, what names the line in it, with its slash)."""
    record, slash, line = id.rpartition("/") if feed.each else (id, "", "")
    return (record, slash + line) if record else (id, "")
