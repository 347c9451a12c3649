"""`zsync plan`: the first half of `run` on a copy of the state; writes nothing anywhere."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsync.cli.options import ConfigOption, EntityOption, JsonOption, VerboseOption
from zsync.cli.output import Cell, number_cell
from zsync.cli.progress import watched
from zsync.cli.session import Session, assembled, check_readable, start, state_of

if TYPE_CHECKING:
    from zsync.engine.job import Options
    from zsync.engine.preview import Change, Preview
    from zsync.state.standing import RecordStatus

_VERBS = {"ask": "ask first (in doubt)", "accept": "leave as it is", "disable": "take back"}


def register(app: typer.Typer) -> None:
    app.command("plan", epilog="Example: zsync plan --entity orders --json")(plan)


def plan(
    ctx: typer.Context,
    entity: EntityOption = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, not only what changed.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """What `run` would create, update and disable, field by field, and what it costs. Writes nothing anywhere."""
    from zsync.engine.job import Options

    session = start(ctx, config, verbose)
    return show_plan(session, Options(session.check_entities(entity or ()), full), as_json=as_json)


def show_plan(session: Session, options: Options, *, as_json: bool) -> int:
    """The command's work; the exit code."""
    from zsync.engine.preview import preview
    from zsync.state.status import Status

    with session.store() as store:
        copy = store.copy()
        try:
            with session.stop.heeded(), watched(session) as watch, assembled(session, store, watch.progress) as job:
                watch.calls = lambda: f"{job.source.calls + job.target.calls} calls"
                check_readable(job.source, options.entities)
                seen = preview(job, state_of(copy, job.target.realm), options)
            records = {each.key: each for each in Status(copy).records()}
        finally:
            copy.close()
    changes = [_document(change, records.get(change.owner)) for change in seen.changes]
    if as_json:
        budget = {"calls_left_today": seen.budget.today, "calls_a_day": seen.budget.a_day, "days": seen.days}
        session.out.json({"changes": changes, "calls": seen.calls, **budget})
    else:
        _tell(session, seen, changes)
    return 0


def _document(change: Change, record: RecordStatus | None) -> dict[str, Any]:
    return {
        "entity": change.entity,
        "source_id": record.source_id if record is not None else change.owner.id,
        "label": record.label if record is not None else "",
        "verb": change.verb,
        "module": change.module,
        "number": change.number,
        "calls": change.calls,
        "differences": [{"field": each.field, "from": each.before, "to": each.after} for each in change.differences],
    }


def _tell(session: Session, seen: Preview, changes: list[dict[str, Any]]) -> None:
    out, labels = session.out, session.config.target_plugin.labels()
    rows = []
    for each in changes:
        what = labels.get(each["module"], each["module"])
        verb = _VERBS.get(each["verb"], each["verb"])
        rows.append(
            [
                *(Cell(each["entity"]), Cell(each["source_id"]), Cell(each["label"])),
                *(Cell(verb), Cell(what), Cell(each["number"]), number_cell(each["calls"])),
            ]
        )
        rows += [
            [Cell(""), Cell(""), Cell(f"{d['field']}: {d['from'] or '(nothing)'} -> {d['to'] or '(nothing)'}")]
            + [Cell("")] * 3
            + [number_cell("")]
            for d in each["differences"]
        ]
    if rows:
        out.table("", ["entity", "id", "record", "would", "document", "number", "calls"], rows)
    left = "" if seen.budget.today is None else f"; {seen.budget.today} are left today"
    out.line(f"{len(changes)} changes, {seen.calls} calls to the target at most{left}; nothing was written")
    if seen.days > 1:
        _tell_days(session, seen)


def _tell_days(session: Session, seen: Preview) -> None:
    """What does not fit today: how long it takes, where the calls go, and what would make it shorter."""
    plugin, a_day = session.config.target_plugin, seen.budget.a_day
    labels, spared = plugin.labels(), plugin.spared_by()
    calls: Counter[str] = Counter()
    for change in seen.changes:
        calls[change.module] += change.calls
    session.out.line(
        f"that takes {seen.days} days, the newest business first: {a_day} calls of a day are ours, the rest is kept for others"
    )
    session.out.line("calls: " + ", ".join(f"{count} {labels.get(name, name)}" for name, count in calls.most_common() if count))
    fewer = {setting: sum(calls[name] for name in modules) for setting, modules in spared.items()}
    savings = [f"{setting} ({count} calls less)" for setting, count in fewer.items() if count]
    limits = "a larger `calls_per_day` where the plan has it, a smaller `reserve` (both under [target.limits])"
    session.out.line("sooner: " + ", ".join([limits, *savings, "a later `start_date`"]))
