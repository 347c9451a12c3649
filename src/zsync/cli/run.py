"""`zsync run`: one incremental pass; what cron calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsync.cli.options import ConfigOption, EntityOption, JsonOption, QuietOption, VerboseOption
from zsync.cli.output import Cell, number_cell
from zsync.cli.plan import show_plan
from zsync.cli.progress import watched
from zsync.cli.rest import paused
from zsync.cli.session import Session, assembled, check_readable, standing, start
from zsync.cli.words import spoken, worst
from zsync.state.store import Locked, Store

if TYPE_CHECKING:
    from zsync.engine.job import Options
    from zsync.engine.run import Report

_SHOWN = ("created", "updated", "disabled", "deleted", "unchanged", "failed", "blocked", "waiting")


def register(app: typer.Typer) -> None:
    app.command("run", epilog="Example: zsync run --quiet --config hotel-books.toml")(run)


def run(
    ctx: typer.Context,
    entity: EntityOption = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Begin at most N records; what they need comes along.", metavar="N"),
    ] = None,
    max_calls: Annotated[int | None, typer.Option("--max-calls", min=1, help="At most N calls to Zoho.", metavar="N")] = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Write, although suspiciously much would change at once.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same as `zsync plan`.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """One pass: read what changed, write what is wanted. What cron calls."""
    from zsync.engine.job import Options

    session = start(ctx, config, verbose, quiet=quiet)
    options = Options(session.check_entities(entity or ()), full, limit, max_calls, accept_changes)
    if dry_run:
        return show_plan(session, options, as_json=as_json)
    try:
        with session.store() as store:
            return one_run(session, store, options, as_json=as_json)
    except Locked as err:
        if quiet:  # cron starts the next one in time; a mail would say nothing new
            return err.exit_code
        raise


def one_run(session: Session, store: Store, options: Options, *, as_json: bool = False) -> int:
    """The command's work on an open state; the exit code."""
    rest = paused(store)
    if rest:
        return _at_rest(session, rest, as_json=as_json)
    report, before = perform(session, store, options)
    if session.out.quiet and not as_json:
        return _news(session, report, before)
    if not as_json:
        _tell(session, report)
        if options.limit is not None or options.max_calls is not None:
            _tell_what_is_left(session, store)
    return finish(session, report, as_json=as_json)


def _tell_what_is_left(session: Session, store: Store) -> None:
    """As asked, not all of it went."""
    from zsync.state.status import Status

    left = Status(store).count_open()
    if left:
        session.out.line(f"{left} documents are left for the next run: as many went as --limit and --max-calls allow")


def _at_rest(session: Session, words: str, *, as_json: bool) -> int:
    """A paused run: nothing was done, and that is as it should be."""
    from zsync.engine.run import Report

    if as_json:
        now = session.clock.now()
        calls = dict.fromkeys(("source", "target", "accounts"), 0)
        session.out.json(Report(0, now, now, outcome="stopped", calls=calls).as_json())
    elif not session.out.quiet:
        session.out.line(words)
    return 0


def perform(session: Session, store: Store, options: Options) -> tuple[Report, Mapping[str, Any]]:
    """Run, under the lock; the report, and the one of the run before."""
    from zsync.engine import run as engine
    from zsync.state.desk import Runs

    with store.locked():
        before = Runs(store).last() or {}
        with session.stop.heeded(), watched(session) as watch, assembled(session, store, watch.progress) as job:
            watch.calls = lambda: f"{job.source.calls + job.target.calls} calls"
            check_readable(job.source, options.entities)
            return engine.run(job, options, lambda: standing(store)), before


def finish(session: Session, report: Report, *, as_json: bool) -> int:
    """Print the document or the problems; the exit code of the report."""
    if as_json:
        session.out.json(report.as_json())
    else:
        for problem in report.problems:
            session.out.line(f"{problem.entity} {problem.source_id} failed: {problem.message}")
            if problem.hint:
                session.out.line(f"  hint: {problem.hint}")
    if report.error is not None:
        for kind, text in spoken(report.error):
            session.out.complain(kind, text)
    return code_of(report)


def code_of(report: Report) -> int:
    looked_at = 3 if report.counts["failed"] or report.counts["blocked"] else 0
    return worst([report.exit_code, looked_at])


def _tell(session: Session, report: Report) -> None:
    used = [name for name in _SHOWN if report.counts[name]]
    if used:
        rows = [
            [Cell(entity), *[number_cell(counts[name] or "") for name in used]]
            for entity, counts in sorted(report.entities.items())
        ]
        session.out.table("", ["entity", *used], rows)
    calls, seconds = report.calls, (report.finished_at - report.started_at).total_seconds()
    nothing = "" if any(report.counts[name] for name in _SHOWN[:4]) else "nothing to write; "
    session.out.line(
        f"{nothing}{calls['target']} calls to the target, {calls['source']} to the source,"
        f" {calls['accounts']} to the sign-in server, {seconds:.1f} s: {report.outcome}"
    )


def _news(session: Session, report: Report, before: Mapping[str, Any]) -> int:
    """Under --quiet: problems that the run before did not have, and those that it had and that are over."""
    now, past = _named(report.as_json()["errors"]), _named(before.get("errors", []))
    for key in now:
        if key not in past:
            session.out.must(f"new: {_sentence(now[key])}")
            if now[key]["hint"]:
                session.out.must(f"  hint: {now[key]['hint']}")
    for key in past:
        if key not in now:
            session.out.must(f"over: {_sentence(past[key])}")
    return code_of(report)


def _sentence(problem: Mapping[str, str]) -> str:
    record = f"{problem['entity']} {problem['source_id']} ".lstrip()
    return f"{record}{problem['message']}"


def _named(errors: Sequence[Mapping[str, str]]) -> dict[tuple[str, str, str], Mapping[str, str]]:
    return {(each["entity"], each["source_id"], each["code"]): each for each in errors}
