"""A run: what cron calls. Inbox, collect, settle, report; `initialise` is the first half once, `plan` the first half on a copy.

guard (init done? same tag, same store, same place?) --> inbox --> collect --> brake --> settle --> report
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zsync.engine.adopt import adopt, cost
from zsync.engine.collect import DEMANDED, Collector
from zsync.engine.compare import compare, never_compared, note_compared
from zsync.engine.inbox import ask_for, take_inbox
from zsync.engine.job import Job, Options, Stopped
from zsync.engine.outcome import Tally
from zsync.engine.settle import BudgetSpent, Settler
from zsync.engine.strangers import knows_its_payments, note_seen, note_strangers, wrote_last
from zsync.errors import ConfigError, OutOfReach, Refused, SuspiciousChange, ZsyncError
from zsync.model.key import Key
from zsync.model.record import Gone

log = logging.getLogger("zsync.run")

_COUNTS = ("created", "updated", "disabled", "deleted", "adopted", "unchanged", "failed", "blocked", "waiting")
_VERBS = {
    "create": "created",
    "update": "updated",
    "withdraw": "disabled",
    "delete": "deleted",
    "revive": "updated",
    "adopt": "adopted",
}

_FREE_CHANGES = 25
"""This many changes of settled documents in one run are never suspicious; above, a fifth of all that stands is."""

_FREE_WITHDRAWALS = 5
"""The same for documents that are to be taken back."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that a person must look at."""

    entity: str
    source_id: str
    code: str
    message: str
    hint: str


@dataclass(slots=True)
class Report:
    """What a run did. `as_json` is the shape of `zsync run --json`, the same in every release."""

    run_id: int
    started_at: datetime
    finished_at: datetime
    outcome: str = "ok"
    dry_run: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    entities: dict[str, dict[str, int]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    error: ZsyncError | None = None

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        return 3 if self.counts["failed"] or self.counts["blocked"] else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "run_id": str(self.run_id),
            "started_at": _stamp(self.started_at),
            "finished_at": _stamp(self.finished_at),
            "dry_run": self.dry_run,
            "outcome": self.outcome,
            "counts": self.counts,
            "entities": self.entities,
            "calls": self.calls,
            "errors": [
                {"entity": p.entity, "source_id": p.source_id, "code": p.code, "message": p.message, "hint": p.hint}
                for p in (*self._own_problem(), *self.problems)
            ],
        }

    def _own_problem(self) -> Iterator[Problem]:
        """What ended the run itself, as a problem of no record."""
        if self.error is not None:
            yield Problem("", "", self.error.code, self.error.message, self.error.hint)


Summary = Callable[[], tuple[Mapping[str, Mapping[str, int]], Iterable[Problem]]]
"""How every record stands now: counts by entity and status, and the problems. A query of the state, handed in."""


def initialise(
    job: Job,
    summary: Summary,
    *,
    entities: Sequence[str] = (),
    adopting: bool = False,
    told: Callable[[int], None] = lambda _calls: None,
) -> Report:
    """Read the source once and fill the entity tables; nothing is written to the target.

    With `entities` only the streams that hand them out, and what they refer to; initialised is who has read all of them.
    With `adopting`, what the target has already is linked; `told` hears beforehand how many calls that takes at least. Without,
    it is refused (ConfigError) when the target carries documents with our tag that this state does not know: the state was lost.
    May be called again: what is known stays, an interrupted reading goes on where it was.
    """
    store, streams = job.state.store, _streams(job, Options(tuple(entities)))
    _same_tag_and_realm(job)
    try:
        if not adopting:
            _newest(job)
            knows_its_payments(job)
        facts = job.target.learn()
    except ZsyncError as err:
        _keep_meter(job)  # it may say that nothing may leave before tomorrow
        raise _of_the_run(err) from err
    run = job.state.runs.start("init", job.clock.now())
    report = _report(job, run)
    with store.commit():
        store.note("tag", job.source.tag)
        store.note("realm", job.target.realm)
        store.note("facts", json.dumps(facts))
        store.note("fingerprint", job.fingerprint)

    tally = Tally()

    def work() -> None:
        Collector(job, run, backfill=store.fact("initialised_at") is None).collect(streams)
        if adopting:
            told(cost(job))
            adopt(job, tally)
        with store.commit():
            for stream in streams:
                note_compared(job, stream)
            if not entities or not never_compared(job):
                store.note("initialised_at", _stamp(job.clock.now()))
        if not entities:  # else there may be payments that were not looked for
            if adopting:
                note_strangers(job)
            note_seen(job)
            store.accept_place(job.host)

    _guarded(job, report, work)
    return _finish(job, report, summary, tally, {})


def run(job: Job, options: Options, summary: Summary) -> Report:
    """One incremental pass. Never raises what ends a run in an orderly way: the report holds it, with its exit code.

    Raises ConfigError when it may not start, and lets defects through.
    """
    _may_run(job)
    _same_place(job)
    job.state.store.step(job.host)
    number = job.state.runs.start("run", job.clock.now())
    job.state.journal.run = number
    report, tally = _report(job, number), Tally()
    unchanged: dict[str, int] = {}

    def work() -> None:
        take_inbox(job)
        collector = Collector(job, number, accepted=options.accept_changes)
        collector.read.unchanged = unchanged
        _heed_settings(job, options)
        _collect(job, collector, options)
        if job.state.journal.count_open():
            wrote_last(job)  # an old state would change a lot, too
            _brake(job, options)
            Settler(job, options, tally).settle(lambda: _scopes(job, options))
        if not options.entities:
            note_seen(job)

    _guarded(job, report, work)
    return _finish(job, report, summary, tally, unchanged)


def sync(job: Job, asked: Sequence[tuple[str, str]], summary: Summary, *, before_start: bool = False) -> Report:
    """These records now, by (entity, source id), whatever the switches say; with `before_start` whatever day they count by.

    What they need comes along; everything else waits for the next run. ConfigError for a record that the source does not have.
    """
    _may_run(job)
    _same_place(job)
    found = [_found(job, entity, id) for entity, id in asked]
    job.state.store.step(job.host)
    number = job.state.runs.start("sync", job.clock.now())
    job.state.journal.run = number
    report, tally = _report(job, number), Tally()

    def work() -> None:
        take_inbox(job)
        with job.state.store.commit():
            for key, scope, _ in found:
                ask_for(job, key, scope, before_start=before_start)
        scopes = {scope: stream for _, scope, stream in found}
        Collector(job, number).collect_these(scopes)
        wrote_last(job)
        Settler(job, Options(), tally).settle(lambda: (scope for scope in job.state.journal.open_scopes() if scope in scopes))

    _guarded(job, report, work)
    return _finish(job, report, summary, tally, {})


def _found(job: Job, entity: str, source_id: str) -> tuple[Key, Key, str]:
    """(key, scope, stream) of the record that people call so; of one that is not known here the source is asked."""
    key, stream = job.source.key_of(entity, source_id), job.source.stream_of(entity)
    known = job.state.records.find(entity, key.id)
    if known is not None:
        return *known, stream
    found = job.source.get(key)
    if isinstance(found, Gone):
        raise ConfigError(f"the source has no {entity} `{key.id}`", hint=f"`zsync status {entity}` lists what is known")
    return key, found.key, stream


def collect_only(job: Job, options: Options) -> None:
    """The first half of `run`, for `plan`: called on a copy of the state, it writes nothing anywhere else."""
    _may_run(job)
    take_inbox(job)
    _heed_settings(job, options)
    _collect(job, Collector(job, 0), options)


def _collect(job: Job, collector: Collector, options: Options) -> None:
    """Read what may have changed, and what the source may not have any more."""
    streams = _streams(job, options)
    compare(job, streams, at_once=options.full, accepted=options.accept_changes)
    collector.collect(streams)
    if collector.read.torn:
        compare(job, collector.read.torn, at_once=True, accepted=options.accept_changes)
        collector.collect_again()


# --- guards ---------------------------------------------------------------------------------------------------------------


def _may_run(job: Job) -> None:
    if job.state.store.fact("initialised_at") is None:
        raise ConfigError("this state was not initialised", hint="run `zsync init` first: it reads the source and writes nothing")
    _same_tag_and_realm(job)


def _same_place(job: Job) -> None:
    """One state per source and organisation: an older copy, or one on a second machine, would write twice."""
    _newest(job)
    if before := job.state.store.moved_from(job.host):
        raise ConfigError(
            f"this state was last used on the host `{before}`",
            hint="if it was moved, and runs there no more: `zsync init` takes it over. Containers: set `host` under [state]",
        )


def _newest(job: Job) -> None:
    """Documents that were written after an old copy was made are not in it: only adoption finds them."""
    store = job.state.store
    if store.stepped_back():
        if store.sided():
            words = "the state is older than the last run: a back-up was put in its place"
        else:
            words = "the file `.run` beside the state is missing: without it nobody can tell whether this is the newest copy"
        raise ConfigError(words, hint="put the newest copy back; without one, `zsync init --adopt` finds what was written since")


def _same_tag_and_realm(job: Job) -> None:
    tag, realm = job.state.store.fact("tag"), job.state.store.fact("realm")
    if tag is not None and tag != job.source.tag:
        raise ConfigError(
            f"the state was made with the tag `{tag}`, the configuration says `{job.source.tag}`",
            hint="the tag names the source in keys for ever: set it back, or use another state file for another source",
        )
    if realm is not None and realm != job.target.realm:
        raise ConfigError(
            f"the state belongs to `{realm}`, the configuration leads to `{job.target.realm}`",
            hint="one state per source and organisation: use another state file, or set the organisation back",
        )


def _heed_settings(job: Job, options: Options) -> None:
    """Other settings may change any plan, and `--full` asks for it: everything is read from its start again."""
    store = job.state.store
    if options.full or store.fact("fingerprint") != job.fingerprint:
        with store.commit():
            job.state.records.forget_cursors(DEMANDED)
            store.note("fingerprint", job.fingerprint)


def _brake(job: Job, options: Options) -> None:
    """Too much at once of what stands already: a person looks first."""
    by_scope = [name for name, module in job.target.modules.items() if module.lots is not None]
    settled, changed, withdrawn = job.state.journal.count_changes(by_scope)
    too_many = changed > max(_FREE_CHANGES, settled // 5) or withdrawn > max(_FREE_WITHDRAWALS, settled // 20)
    if too_many and not options.accept_changes:
        raise SuspiciousChange(
            f"{changed} of {settled} documents in the target would change and {withdrawn} be taken back in one run",
            hint="look at `zsync plan`; if that is right, `zsync run --accept-changes` once",
        )


# --- scope of a run ---------------------------------------------------------------------------------------------------------


def _streams(job: Job, options: Options) -> list[str]:
    """The streams to read, in the source's order."""
    if not options.entities:
        return list(job.source.streams)
    wanted = {job.source.stream_of(entity) for entity in options.entities}
    return [stream for stream in job.source.streams if stream in wanted]


def _scopes(job: Job, options: Options) -> Iterator[Key]:
    """The scopes to work off; with `--entity` those of its streams (what they refer to is pulled in)."""
    if not options.entities:
        yield from job.state.journal.open_scopes()
        return
    streams = set(_streams(job, options))
    for key in job.state.journal.open_scopes():
        scope = job.state.records.scope(key)
        if scope is not None and scope.stream in streams:
            yield key


# --- ending -----------------------------------------------------------------------------------------------------------------


def _guarded(job: Job, report: Report, work: Callable[[], None]) -> None:
    """Do the work; what ends a run in an orderly way is kept in the report."""
    try:
        work()
    except BudgetSpent:
        report.outcome = "stopped"
    except Stopped as err:
        report.outcome, report.error = "stopped", err
    except ZsyncError as err:
        report.outcome, report.error = "failed", _of_the_run(err)
    _keep_meter(job)


def _of_the_run(err: ZsyncError) -> ZsyncError:
    """What ended a run as its own error: a question about no record that was refused is no record's matter (exit code 5)."""
    if not isinstance(err, Refused):
        return err
    hint = "it was asked about no record: run again; if it stays so, `zsync doctor` tells what can be reached"
    return OutOfReach(err.message, hint=hint, remote=err.remote, request_id=err.request_id)


def _keep_meter(job: Job) -> None:
    """The calls so far, and until when none may leave, on disk for the next run."""
    with job.state.store.commit():
        job.state.meters.save(job.target.realm, job.target.quota())


def _report(job: Job, number: int) -> Report:
    now = job.clock.now()
    log.info("run %d begins", number)
    return Report(number, now, now)


def _finish(job: Job, report: Report, summary: Summary, tally: Tally, unchanged: Mapping[str, int]) -> Report:
    statuses, problems = summary()
    for (owner, verb), count in tally.done.items():
        entity = job.state.records.entity(owner)
        _add(report, entity, _VERBS[verb], count)
    for entity, count in unchanged.items():
        _add(report, entity, "unchanged", count)
    for entity, counts in statuses.items():
        for status in ("failed", "blocked", "waiting"):
            _add(report, entity, status, counts.get(status, 0))
    report.problems = list(problems)
    report.calls = {"source": job.source.calls, "target": job.target.calls, "accounts": job.target.accounts_calls}
    report.finished_at = job.clock.now()
    if report.outcome == "ok" and (report.counts["failed"] or report.counts["blocked"]):
        report.outcome = "partial"
    job.state.runs.finish(report.run_id, report.finished_at, report.outcome, report.as_json())
    _log_end(report)
    return report


def _log_end(report: Report) -> None:
    if report.error is not None:
        log.warning("run %d: %s: %s", report.run_id, report.error.code, report.error.message)
    counts = ", ".join(f"{count} {name}" for name, count in report.counts.items() if count) or "nothing to do"
    calls = ", ".join(f"{count} {name}" for name, count in report.calls.items())
    log.info("run %d ends %s: %s; calls: %s", report.run_id, report.outcome, counts, calls)


def _add(report: Report, entity: str, name: str, count: int) -> None:
    if count:
        report.counts[name] += count
        of_entity = report.entities.setdefault(entity, dict.fromkeys(_COUNTS, 0))
        of_entity[name] += count


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
