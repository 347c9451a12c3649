"""What reached the sandbox: one entry per request, so that a test can count calls and read what was sent. No tokens in it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request to `system`: books, accounts, hotel or pages.

    `path` is what stands after the system's prefix; `status` 0: it got no answer; `code`: Zoho's. `fault`: the verb of the
    fault that met it. `landed_late`: it took effect after the client had given up.
    """

    system: str
    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any] | None
    status: int
    code: int | None
    at: float
    fault: str = ""
    landed_late: bool = False


class Ledger:
    """The entries in the order in which they were answered."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)

    def entries(self, system: str = "", method: str = "") -> list[Entry]:
        """Requests that clients made; what landed late was counted when it was made."""
        with self._lock:
            made = [entry for entry in self._entries if not entry.landed_late]
        return [e for e in made if system in ("", e.system) and method in ("", e.method)]

    def late(self) -> list[Entry]:
        """What took effect after its client had given up, with the answer that nobody heard."""
        with self._lock:
            return [entry for entry in self._entries if entry.landed_late]

    def calls(self, system: str = "") -> int:
        return len(self.entries(system))

    def writes(self, system: str = "books") -> list[Entry]:
        """Requests that may change something."""
        return [entry for entry in self.entries(system) if entry.method not in ("GET", "HEAD", "OPTIONS")]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
