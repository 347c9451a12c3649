"""`zsync queue`: the next run takes these records, whatever the switches say. Leaves a note in the inbox, takes no lock."""

from __future__ import annotations

from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, EntityArgument, VerboseOption
from zsync.cli.session import start
from zsync.cli.show import known_record
from zsync.errors import ConfigError
from zsync.state.desk import Inbox
from zsync.state.status import Status


def register(app: typer.Typer) -> None:
    app.command("queue", epilog="Example: zsync queue orders 41 42; zsync queue customers --all")(queue)


def queue(
    ctx: typer.Context,
    entity: EntityArgument,
    ids: Annotated[list[str] | None, typer.Argument(help="Their ids in the source.", metavar="[ID...]")] = None,
    every: Annotated[bool, typer.Option("--all", help="All records of this kind.")] = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """The next run takes these records, whatever the switches say; an order takes its documents along."""
    if bool(ids) == every:
        raise ConfigError("say which records", hint="ids as `zsync status` shows them, or --all")
    session = start(ctx, config, verbose)
    name = session.check_entity(entity)
    with session.store() as store:
        known = [each.source_id for each in Status(store).records(name)] if every else []
        chosen = known or [known_record(store, name, id).source_id for id in ids or []]
        Inbox(store).post("queue", session.clock.now(), name, chosen)
    session.out.line(f"taken up by the next run: {len(chosen)} record{'' if len(chosen) == 1 else 's'}")
