"""Payments with our tag that this state has not written: another state did, so this one is an old copy, or one of two.

The side file tells when the state alone was put back. Where all files were (a folder from a back-up, a machine from its
snapshot), only the target can tell. It is asked by `init --no-adopt`, and before the first write after a silence.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from zsync.engine.job import Job
from zsync.errors import ConfigError
from zsync.model.key import Key

SILENCE = timedelta(hours=1)
"""A state that ran less long ago is the one that ran: back-ups are older. Cron asks nothing; once a night costs a call."""

_SEEN, _STRANGERS = "seen_at", "strangers"

_HINT = "put the newest back-up of the state in its place; without one, adoption (`zsync init --adopt`) must look first"


def knows_its_payments(job: Job) -> None:
    """ConfigError for payments that carry our tag and that the state has not written: it would write them again."""
    _refuse(job, set(job.target.claimed(job.source.tag)) - job.state.journal.sent_keys("payments"))


def wrote_last(job: Job) -> None:
    """The same by the newest payments alone, where the state has been silent. Called when something is about to be written."""
    seen = job.state.store.fact(_SEEN)
    if seen is not None and job.clock.now() - datetime.fromisoformat(seen) < SILENCE:
        return
    known = set(json.loads(job.state.store.fact(_STRANGERS) or "[]"))
    _refuse(job, {key for key in _unknown(job) if str(key) not in known})
    note_seen(job)


def note_seen(job: Job) -> None:
    """All was well at this moment."""
    with job.state.store.commit():
        job.state.store.note(_SEEN, job.clock.now().isoformat())


def note_strangers(job: Job) -> None:
    """What adoption left unknown is no sign of an older state: the source may not have it any more, or counts it out."""
    with_our_tag = sorted(str(key) for key in _unknown(job))
    with job.state.store.commit():
        job.state.store.note(_STRANGERS, json.dumps(with_our_tag))


def _unknown(job: Job) -> set[Key]:
    return set(job.target.latest(job.source.tag)) - job.state.journal.sent_keys("payments")


def _refuse(job: Job, unknown: Collection[Key]) -> None:
    if unknown:
        raise ConfigError(
            f"the organisation has {len(unknown)} payments with our tag `{job.source.tag}` that this state does not know",
            hint=_HINT,
        )
