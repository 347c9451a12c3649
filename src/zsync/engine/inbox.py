"""The inbox: commands that people left between runs, carried out at the start of the next one.

Each command and its removal share a commit, so it is carried out once.
"""

from __future__ import annotations

from zsync.engine.decide import resolved
from zsync.engine.job import Job
from zsync.model.intent import Body, Ref
from zsync.model.key import Key
from zsync.model.row import Row, State
from zsync.ports.state import Command


def take_inbox(job: Job) -> None:
    """Carry out what waits in the inbox. Commands about records that are not known (any more) change nothing."""
    for command in job.state.inbox.take():
        with job.state.store.commit():
            found = job.state.records.find(command.entity, command.source_id)
            if found is not None:
                _carry_out(job, command, *found)
            job.state.inbox.done(command)


def _carry_out(job: Job, command: Command, key: Key, scope: Key) -> None:
    match command.verb:
        case "retry":
            _retry(job, key, scope)
        case "queue":
            ask_for(job, key, scope)
        case "resolve":
            _resolve(job, key, scope, command.argument.get("keep", "ignore"), command.argument.get("reason", ""))
        case _:
            raise ValueError(f"the inbox holds `{command.verb}`, which this release does not know")


def _retry(job: Job, key: Key, scope: Key) -> None:
    """Plan it again from what the source has now, and free its failed rows."""
    job.state.records.drop_ruling(key)
    job.state.records.read_again(scope)
    for row in _rows(job, key):
        if row.state is State.FAILED or (row.state is State.WANTED and row.due_at is not None):
            job.state.journal.retry(row.ref, job.clock.now())


def ask_for(job: Job, key: Key, scope: Key, *, before_start: bool = False) -> None:
    """A person wants this record, whatever the switches say: also what failed, was ended, or was deleted in Zoho."""
    job.state.records.wish(key, before_start=before_start)
    _retry(job, key, scope)
    for row in _rows(job, key):
        if row.state is State.HELD:
            job.state.journal.retry(row.ref, job.clock.now())


def _resolve(job: Job, key: Key, scope: Key, keep: str, reason: str) -> None:
    """End a conflict or a failure as the person said: leave Zoho's version, write the source's, or leave it for good."""
    now = job.clock.now()
    failed = [row for row in _rows(job, key) if row.state is State.FAILED]
    match keep:
        case "zoho":
            for row in failed:
                kept = _kept(job, row)
                if kept is not None:
                    job.state.journal.accept(row.ref, kept, None, now)
                else:
                    job.state.journal.hold(row.ref, "left as it is in Zoho", now)
            job.state.records.rule(key, "zoho", "left as it is in Zoho")
        case "source":
            for row in failed:
                job.state.journal.retry(row.ref, now, force=True)
            job.state.records.drop_ruling(key)
        case _:
            for row in failed:
                job.state.journal.hold(row.ref, reason, now)
            job.state.records.rule(key, "ignore", reason)
    job.state.records.read_again(scope)


def _kept(job: Job, row: Row) -> Body | None:
    """What is wanted for a document that stands in Zoho, to be taken as what stands there; None where none stands."""
    if row.wanted is None or not row.remote_id or not row.there:
        return None
    try:
        return resolved(row.wanted, job.state.journal.row)
    except LookupError:  # it refers to what is not written yet
        return None


def _rows(job: Job, key: Key) -> list[Row]:
    refs: list[Ref] = job.state.records.owned(key)
    return [row for ref in refs if (row := job.state.journal.row(ref)) is not None]
