"""Which line a key of a TOML text stands on, so that an error can name it.

`tomllib` tells values but not places. The text has been parsed already, so this scan may trust it: it only has to skip
strings, comments and brackets properly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

KeyPath = tuple[str, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the configuration: which file, which line (None: unknown), which key, what, and what to do."""

    file: str
    line: int | None
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


def lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every key and table header of a valid TOML text, by its path from the root."""
    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for path, line, is_header in _Scanner(text).statements():
        if is_header:
            table = path
        full = path if is_header else table + path
        for length in range(1, len(full) + 1):
            found.setdefault(full[:length], line)
        found[full] = line if not is_header else min(found[full], line)
    return found


def line_of(path: Sequence[str], places: dict[KeyPath, int]) -> int | None:
    """The line of this key or, where it does not stand, of the table that it should stand in."""
    for length in range(len(path), 0, -1):
        line = places.get(tuple(path[:length]))
        if line is not None:
            return line
    return None


def dotted(path: Sequence[str]) -> str:
    """A key path as one would write it: `target.payment_methods."Bank wire".mode`."""
    return ".".join(part if _BARE.fullmatch(part) else '"' + part.replace('"', '\\"') + '"' for part in path)


class _Scanner:
    """Walks over a valid TOML text, statement by statement."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def statements(self) -> Iterator[tuple[KeyPath, int, bool]]:
        """(key path as written, line, whether it is a table header) of each header and each assignment, nested ones, too."""
        while True:
            self._skip_blank()
            if self._at >= len(self._text):
                return
            line = self._line()
            if self._text[self._at] == "[":
                self._at += 2 if self._text.startswith("[[", self._at) else 1
                yield self._key(), line, True
                self._at = self._end_of_line()
            else:
                path = self._key()
                yield path, line, False
                self._past("=")
                yield from self._value(path)

    def _value(self, path: KeyPath) -> Iterator[tuple[KeyPath, int, bool]]:
        self._skip_blank()
        first = self._text[self._at]
        if first == "{":
            yield from self._inline_table(path)
        elif first == "[":
            yield from self._array(path)
        elif first in "\"'":
            self._string()
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}\n#":
                self._at += 1

    def _inline_table(self, path: KeyPath) -> Iterator[tuple[KeyPath, int, bool]]:
        self._at += 1
        while True:
            self._skip_blank()
            if self._text[self._at] == "}":
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            line = self._line()
            inner = path + self._key()
            yield inner, line, False
            self._past("=")
            yield from self._value(inner)

    def _array(self, path: KeyPath) -> Iterator[tuple[KeyPath, int, bool]]:
        self._at += 1
        while True:
            self._skip_blank()
            if self._text[self._at] == "]":
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            yield from self._value(path)

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip_blank()
            parts.append(self._string() if self._text[self._at] in "\"'" else self._bare())
            self._skip_blank()
            if self._at >= len(self._text) or self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _bare(self) -> str:
        match = _BARE.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no key at {self._at}")
        self._at = match.end()
        return match.group()

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no string at {self._at}")
        self._at = match.end()
        raw = match.group()
        if raw.startswith('"') and not raw.startswith('"""'):
            return _ESCAPE.sub(_unescaped, raw[1:-1])
        return raw[1:-1]

    def _skip_blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _past(self, sign: str) -> None:
        self._at = self._text.index(sign, self._at) + 1

    def _end_of_line(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if code[0] in "uU" and len(code) > 1 else _ESCAPED.get(code, code)
