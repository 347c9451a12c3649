"""A key is the permanent name of a fact: `tag:entity:id`, e.g. `hotel:order:41`.

It goes into the target (a payment's `reference_number` takes 50 characters), so it is ASCII and short; it is never
reused and never built from anything that can change.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode

MAX_LENGTH = 50
_TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,11}\Z")
_ENTITY = re.compile(r"[a-z][a-z0-9_]{0,19}\Z")
_ID = re.compile(r"[!-9;-~]+\Z")  # printable ASCII without blank and colon
_PART = re.compile(r":[1-9][0-9]?\Z")


class Key(str):
    """`tag:entity:id`. Build it with `Key.of`, read one back with `Key.parse`."""

    __slots__ = ()

    @classmethod
    def of(cls, tag: str, entity: str, id: str) -> Key:
        """The key of this fact. An id that is too long or not plain ASCII becomes 26 characters of its SHA-256, or as many as
        there is room for (16 at least).

        Raises ValueError for a tag of more than 12 characters or an entity that is not a lower-case word of at most 20.
        """
        if not _TAG.match(tag):
            raise ValueError(f"`{tag}` is no tag: 1 to 12 of a-z, 0-9 and -")
        if not _ENTITY.match(entity):
            raise ValueError(f"`{entity}` is no entity")
        if not id:
            raise ValueError("a key needs an id")
        text = f"{tag}:{entity}:{id}"
        if len(text) > MAX_LENGTH or not _ID.match(id):
            text = f"{tag}:{entity}:{_hashed(id)}"[:MAX_LENGTH]
        return cls(text)

    @classmethod
    def parse(cls, text: str) -> Key:
        """`text` as a key; ValueError if it is none."""
        parts = text.split(":", 2)
        if len(parts) != 3 or not _TAG.match(parts[0]) or not _ENTITY.match(parts[1]) or not _ID.match(_PART.sub("", parts[2])):
            raise ValueError(f"`{text}` is no key (tag:entity:id)")
        return cls(text)

    @property
    def tag(self) -> str:
        return self.split(":", 2)[0]

    @property
    def entity(self) -> str:
        return self.split(":", 2)[1]

    @property
    def id(self) -> str:
        return self.split(":", 2)[2]

    def part(self, number: int) -> Key:
        """The key of one of several sums that this fact is made of at the remote, e.g. `hotel:payment:22:2`."""
        return Key(f"{self}:{number}")

    def child(self, id: str) -> Key:
        """The key of a part of this fact, e.g. `hotel:payment:13` -> `hotel:payment:13/14` (payment 13 on order 14)."""
        return Key.of(self.tag, self.entity, f"{self.id}/{id}")


def _hashed(id: str) -> str:
    return b32encode(hashlib.sha256(id.encode()).digest()).decode().lower()[:26]
