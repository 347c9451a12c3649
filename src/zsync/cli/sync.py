"""`zsync sync`: these records now, whatever the switches say."""

from __future__ import annotations

from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, EntityArgument, JsonOption, VerboseOption
from zsync.cli.output import status_name
from zsync.cli.progress import watched
from zsync.cli.run import finish
from zsync.cli.session import assembled, check_readable, standing, start
from zsync.state.status import Status


def register(app: typer.Typer) -> None:
    app.command("sync", epilog="Example: zsync sync orders 41 --before-start")(sync)


def sync(
    ctx: typer.Context,
    entity: EntityArgument,
    ids: Annotated[list[str], typer.Argument(help="Their ids in the source.", metavar="ID...")],
    before_start: Annotated[bool, typer.Option("--before-start", help="Also if they lie before the start date.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> int:
    """Read and write these records now, whatever the switches say. What they need comes along."""
    from zsync.engine import run as engine

    session = start(ctx, config, verbose)
    name = session.check_entity(entity)
    with (
        session.store() as store,
        store.locked(),
        session.stop.heeded(),
        watched(session) as watch,
        assembled(session, store, watch.progress) as job,
    ):
        watch.calls = lambda: f"{job.source.calls + job.target.calls} calls"
        check_readable(job.source, [name])
        asked = [(name, id) for id in dict.fromkeys(ids)]
        report = engine.sync(job, asked, lambda: standing(store), before_start=before_start)
        if not as_json:
            for _, id in asked:
                record = Status(store).record(name, job.source.key_of(name, id).id)
                if record is not None:
                    number = f", {record.target_number}" if record.target_number else ""
                    session.out.line(f"{name} {record.source_id}: {status_name(record.status)}{number}")
    return finish(session, report, as_json=as_json)
