"""Errors as words and as exit codes: the end of the road for everything in `zsync.errors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zsync.config import ConfigProblems
from zsync.errors import ZsyncError

INTERRUPTED, DEFECT, USAGE, LOCKED, SIGN_IN, OUT_OF_REACH, QUOTA, LOOK, WELL = 130, 1, 2, 75, 4, 5, 6, 3, 0
_PRECEDENCE = (INTERRUPTED, DEFECT, USAGE, LOCKED, SIGN_IN, OUT_OF_REACH, QUOTA, LOOK, WELL)


def worst(codes: Iterable[int]) -> int:
    """The exit code that goes before the others; 0 of none."""
    return min(codes, key=_PRECEDENCE.index, default=WELL)


def spoken(error: ZsyncError) -> Iterator[tuple[str, str]]:
    """(kind of line, text) for stderr: `error`, then `hint`. Everything wrong with a configuration gets its own pair."""
    if isinstance(error, ConfigProblems):
        for problem in error.problems:
            yield from _pair(str(problem), problem.hint)
        return
    message = f"{error.key}: {error.message}" if error.key else error.message
    if error.request_id:
        message += f" (request {error.request_id})"
    yield from _pair(message, error.hint)


def _pair(message: str, hint: str) -> Iterator[tuple[str, str]]:
    yield "error", message
    if hint:
        yield "hint", hint
