"""`zsync init`: read the source once and fill the entity tables. Nothing is written to the target."""

from __future__ import annotations

from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, JsonOption, QuietOption, VerboseOption
from zsync.cli.output import Cell, number_cell
from zsync.cli.progress import watched
from zsync.cli.run import finish
from zsync.cli.session import Session, assembled, standing, start
from zsync.errors import ConfigError
from zsync.state.store import Store


def register(app: typer.Typer) -> None:
    app.command("init", epilog="Example: zsync init --no-adopt")(init)


def init(
    ctx: typer.Context,
    adopt: Annotated[
        bool, typer.Option("--adopt/--no-adopt", help="Link records that the target has already (comes with a later release).")
    ] = True,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """Read the source once; nothing is written to the target. `run` is refused before it."""
    if adopt:
        raise ConfigError(
            "adopting what the target has already is not in this release",
            hint="`zsync init --no-adopt`, if none of these orders, invoices and payments stand in the target yet",
        )
    session = start(ctx, config, verbose, quiet=quiet)
    with session.store(create=True) as store:
        return initialise(session, store, as_json=as_json)


def initialise(session: Session, store: Store, *, as_json: bool = False) -> int:
    """The command's work on an open state; the exit code."""
    from zsync.engine import run as engine

    with store.locked(), session.stop.heeded(), watched(session) as watch, assembled(session, store, watch.progress) as job:
        watch.calls = lambda: f"{job.source.calls + job.target.calls} calls"
        report = engine.initialise(job, lambda: standing(store))
    if not as_json and report.error is None:
        _tell(session, store)
    return finish(session, report, as_json=as_json)


def _tell(session: Session, store: Store) -> None:
    from zsync.state.status import Status

    counts = Status(store).summary()
    rows = [[Cell(entity), number_cell(sum(by_status.values()))] for entity, by_status in sorted(counts.items())]
    session.out.table("read", ["entity", "records"], rows)
    session.out.line("nothing was written; next: `zsync plan` shows what `zsync run` would write")
