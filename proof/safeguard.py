"""What a safeguard is, for the tables beside this file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Safeguard:
    """A place in `file` (below src/zsync) without which something is written twice, lost, or shown to somebody else.

    `old` is the text that does it, `new` the program without it, `test` the test (node id) that fails then.
    """

    name: str
    purpose: str
    file: str
    old: str
    new: str
    test: str
