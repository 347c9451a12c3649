"""`zsync history`: the runs, and what each wrote."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from zsync.cli.options import ConfigOption, JsonOption, VerboseOption
from zsync.cli.output import Cell, number_cell
from zsync.cli.session import Session, start
from zsync.cli.status import seconds, short_time
from zsync.errors import ConfigError
from zsync.state.desk import PastRun, Runs
from zsync.state.status import PastWrite, Status
from zsync.state.store import Store

_MOST = 2**63 - 1
"""The state counts no further."""


def register(app: typer.Typer) -> None:
    app.command("history", epilog="Example: zsync history 12")(history)


def history(
    ctx: typer.Context,
    run: Annotated[int, typer.Argument(help="What this one wrote; without it, the runs.", metavar="[RUN]")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most N runs, the newest first.", metavar="N")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """The runs, newest first, and what each of them wrote."""
    session = start(ctx, config, verbose)
    with session.store() as store:
        if run:
            _show_one(session, store, run, as_json=as_json)
        else:
            _show_all(session, Runs(store).past(min(limit, _MOST)), as_json=as_json)


def _show_all(session: Session, runs: list[PastRun], *, as_json: bool) -> None:
    if as_json:
        session.out.json([_document(each) for each in runs])
        return
    rows = [
        [
            *(number_cell(each.id), Cell(each.command), Cell(short_time(each.started_at)), Cell(each.outcome or "did not end")),
            Cell(", ".join(f"{count} {name}" for name, count in each.report.get("counts", {}).items() if count)),
            number_cell(each.report.get("calls", {}).get("target", "")),
        ]
        for each in runs
    ]
    session.out.table("", ["run", "command", "began (UTC)", "outcome", "counts", "calls to Zoho"], rows)


def _document(run: PastRun) -> dict[str, Any]:
    return {
        "run_id": run.id,
        "command": run.command,
        "started_at": seconds(run.started_at),
        "finished_at": seconds(run.finished_at),
        "outcome": run.outcome or None,
        "counts": run.report.get("counts", {}),
        "calls": run.report.get("calls", {}),
    }


def _show_one(session: Session, store: Store, number: int, *, as_json: bool) -> None:
    run = Runs(store).one(number) if 0 < number <= _MOST else None
    if run is None:
        raise ConfigError(f"there is no run {number}", hint="`zsync history` lists the runs")
    written = Status(store).written_in(number)
    if as_json:
        session.out.json({**_document(run), "written": [_written(session, each) for each in written]})
        return
    _show_all(session, [run], as_json=False)
    labels = session.config.target_plugin.labels()
    rows = [
        [
            *(Cell(each.entity), Cell(each.source_id), Cell(each.label), Cell(each.verb)),
            *(Cell(labels.get(each.module, each.module)), Cell(each.number or each.target_id, url=_link(session, each))),
        ]
        for each in written
    ]
    if rows:
        session.out.table("", ["entity", "id", "record", "was", "document", "number"], rows)


def _written(session: Session, each: PastWrite) -> dict[str, Any]:
    return {
        "entity": each.entity,
        "source_id": each.source_id,
        "label": each.label,
        "verb": each.verb,
        "module": each.module,
        "target_id": each.target_id or None,
        "target_number": each.number or None,
        "target_url": _link(session, each) or None,
        "at": seconds(each.at),
    }


def _link(session: Session, each: PastWrite) -> str:
    return session.link(each.module, each.target_id)
