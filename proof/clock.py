"""One clock for several processes. It runs as the machine's does, and jumps when told to: nobody waits for a grace to pass."""

from __future__ import annotations

import mmap
import struct
import time
from datetime import UTC, datetime, timedelta

_DOUBLE = struct.Struct("d")
_AHEAD, _SKEW = 0, _DOUBLE.size


class SharedClock:
    """`world` seconds that everybody is ahead of the machine, and `skew` seconds that zsync's own clock is off besides.

    Processes that are forked after it was made share it.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 2 * _DOUBLE.size)

    def unix_s(self) -> float:
        """The world's time, in Unix seconds: the sandbox's."""
        return time.time() + self._read(_AHEAD)

    def here(self) -> datetime:
        """What time zsync takes it to be."""
        return datetime.now(UTC) + timedelta(seconds=self._read(_AHEAD) + self._read(_SKEW))

    def begin_at(self, moment: datetime) -> None:
        """It is that time now, for everybody."""
        self._write(_AHEAD, moment.timestamp() - time.time())
        self.set_off(0)

    def sleep(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self._write(_AHEAD, self._read(_AHEAD) + seconds)

    def set_off(self, seconds: float) -> None:
        """Somebody sets the clock of the machine that zsync runs on."""
        self._write(_SKEW, seconds)

    def _read(self, at: int) -> float:
        found: float = _DOUBLE.unpack_from(self._memory, at)[0]
        return found

    def _write(self, at: int, value: float) -> None:
        _DOUBLE.pack_into(self._memory, at, value)
