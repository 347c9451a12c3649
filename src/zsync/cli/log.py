"""The log: an owner-only file beside the state, and stderr under --verbose. Keys, states, durations and counts; no names.

A defect of ours goes there with the places in our code that it came through, but without the exception's own words: they
may hold a guest's data.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

_LARGEST = 2_000_000
_KEPT = 3
_ROOT = logging.getLogger("zsync")


class _OwnerOnly(RotatingFileHandler):
    """Each file is created for its owner alone. What cannot be written (a full disk) is lost, and `trouble` says why: the log
    is no reason to end a run."""

    trouble = ""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - a name of logging
        self._lost(sys.exc_info()[1])

    def close(self) -> None:
        try:
            super().close()
        except OSError as err:
            self._lost(err)

    def _lost(self, error: BaseException | None) -> None:
        self.trouble = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__

    def _open(self) -> Any:
        handle = os.open(self.baseFilename, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")


def to_stderr(verbosity: int) -> None:
    """Log lines on stderr: none (0), what happens (1), every call (2)."""
    _ROOT.setLevel(logging.DEBUG)
    _ROOT.propagate = False
    _drop(logging.StreamHandler)
    if verbosity:
        handler = logging.StreamHandler(sys.stderr)
        handler.setLevel(logging.INFO if verbosity == 1 else logging.DEBUG)
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        _ROOT.addHandler(handler)
    else:
        _ROOT.addHandler(logging.NullHandler())


def to_file(path: Path) -> None:
    """Log lines in this file from now on. Where it cannot be written (a folder that is not ours) there is no log file."""
    _drop(_OwnerOnly)
    try:
        handler = _OwnerOnly(str(path), maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")
    except OSError:
        return  # the state lies in the same folder: opening it says what is wrong, in better words
    handler.setLevel(logging.INFO)
    formatter = logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    _ROOT.addHandler(handler)


def file() -> str:
    """Where the log file is; empty if there is none."""
    return next((each.baseFilename for each in _ROOT.handlers if isinstance(each, _OwnerOnly)), "")


def close() -> str:
    """End of the invocation: files are closed. Why lines of the log were lost; empty if none was."""
    trouble = ""
    for handler in list(_ROOT.handlers):
        _ROOT.removeHandler(handler)
        handler.close()
        if isinstance(handler, _OwnerOnly):
            trouble = handler.trouble
    return trouble


def defect(error: BaseException) -> str:
    """The places that an unforeseen exception came through, and the kinds of its causes; also written to the log."""
    pieces = []
    each: BaseException | None = error
    while each is not None:
        frames = traceback.extract_tb(each.__traceback__)
        places = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
        pieces.append("\n".join([type(each).__name__, *places]))
        each = each.__cause__ or each.__context__
    report = "\ncaused by ".join(pieces)
    _ROOT.error("defect: %s", report)
    return report


def _drop(kind: type[logging.Handler]) -> None:
    for handler in list(_ROOT.handlers):
        if type(handler) is kind or isinstance(handler, logging.NullHandler):
            _ROOT.removeHandler(handler)
            handler.close()
