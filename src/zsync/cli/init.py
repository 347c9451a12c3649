"""`zsync init`: read the source once and fill the entity tables. Nothing is written to the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, EntityOption, JsonOption, QuietOption, VerboseOption
from zsync.cli.output import Cell, number_cell
from zsync.cli.progress import watched
from zsync.cli.run import finish
from zsync.cli.session import Session, assembled, check_readable, standing, start
from zsync.state.store import Store


def register(app: typer.Typer) -> None:
    app.command("init", epilog="Example: zsync init")(init)


def init(
    ctx: typer.Context,
    entity: EntityOption = None,
    adopt: Annotated[
        bool, typer.Option("--adopt/--no-adopt", help="Link what the target has already, so that nothing is created twice.")
    ] = True,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """Read the source once; nothing is written to the target. `run` is refused before it."""
    session = start(ctx, config, verbose, quiet=quiet)
    with session.store(create=True) as store:
        return initialise(session, store, session.check_entities(entity or ()), adopting=adopt, as_json=as_json)


def initialise(
    session: Session, store: Store, entities: Sequence[str] = (), *, adopting: bool = False, as_json: bool = False
) -> int:
    """The command's work on an open state; the exit code."""
    from zsync.engine import run as engine

    with store.locked(), session.stop.heeded(), watched(session) as watch, assembled(session, store, watch.progress) as job:
        watch.calls = lambda: f"{job.source.calls + job.target.calls} calls"

        def told(calls: int) -> None:
            if not as_json:
                left = job.target.budget().today
                today = "" if left is None else f"; {left} are left today"
                session.out.line(f"adopting asks the target what it has: at least {calls} calls{today}")

        check_readable(job.source, entities)
        report = engine.initialise(job, lambda: standing(store), entities=entities, adopting=adopting, told=told)
    if not as_json and report.error is None:
        _tell(session, store)
        if adopting:
            session.out.line(f"adopted: {report.counts['adopted']} records that the target had already")
    return finish(session, report, as_json=as_json)


def _tell(session: Session, store: Store) -> None:
    from zsync.state.status import Status

    counts = Status(store).summary()
    rows = [[Cell(entity), number_cell(sum(by_status.values()))] for entity, by_status in sorted(counts.items())]
    session.out.table("read", ["entity", "records"], rows)
    ready = store.fact("initialised_at") is not None
    plan, rest = "`zsync plan` shows what `zsync run` would write", "`zsync init` reads the rest; no run goes before it"
    session.out.line(f"nothing was written; next: {plan if ready else rest}")
