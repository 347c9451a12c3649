"""Compare: what we know of a stream with the ids that the source has now. A key that is missing is a hint, and no more.

    ids of a stream, now and then --> missing ones are read again, each by `get` --> Gone is noted, and believed in another run

What is done with what is gone stands in `collect.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from zsync.engine.job import Job
from zsync.errors import SuspiciousChange

_FREE = 5
"""So many missing at once are never suspicious; above, a fifth of what is known is."""


def compare(job: Job, streams: Iterable[str], *, at_once: bool = False, accepted: bool = False) -> None:
    """Mark to be read again whatever the source does not list any more, in those streams whose time has come.

    `at_once`: whenever that was last done. SuspiciousChange for many at once, unless a person has `accepted` that.
    """
    for stream in streams:
        if at_once or _is_due(job, stream):
            _compare_stream(job, stream, accepted=accepted)


def note_compared(job: Job, stream: str) -> None:
    """Inside a commit: the stream is known whole by now."""
    job.state.store.note(_name(stream), job.clock.now().isoformat())


def never_compared(job: Job) -> list[str]:
    """The streams that were never read to their end."""
    return [stream for stream in job.source.streams if job.state.store.fact(_name(stream)) is None]


def _compare_stream(job: Job, stream: str, *, accepted: bool) -> None:
    known = job.state.records.known(stream)
    listed = job.source.ids(stream) if known else frozenset()
    missing = known - listed if listed is not None else frozenset()
    if len(missing) > max(_FREE, len(known) // 5) and not accepted:
        raise SuspiciousChange(
            f"{len(missing)} of {len(known)} records of `{stream}` are not in the source any more",
            hint="look at the source; if that is right, `zsync run --accept-changes` once",
        )
    with job.state.store.commit():
        for key in missing:
            job.state.records.read_again(key)
        note_compared(job, stream)


def _is_due(job: Job, stream: str) -> bool:
    """Whether anything of this stream could be taken back at all, and it was not asked about for a while."""
    every = job.deletions_s
    if every is None or not any(job.switches[name].delete for name in job.switches if _stream(job, name) == stream):
        return False
    last = job.state.store.fact(_name(stream))
    now = job.clock.now()
    return last is None or not now - timedelta(seconds=every) < datetime.fromisoformat(last) <= now


def _stream(job: Job, entity: str) -> str:
    """The stream that hands out an entity; empty for one that this source does not have."""
    try:
        return job.source.stream_of(entity)
    except KeyError:
        return ""


def _name(stream: str) -> str:
    return f"compared/{stream}"
