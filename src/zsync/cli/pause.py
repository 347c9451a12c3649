"""`zsync pause` and `zsync resume`: `run` does nothing in between, and says so. Takes no lock: a run under way ends by itself."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, VerboseOption
from zsync.cli.rest import PAUSED, paused
from zsync.cli.session import start
from zsync.state.store import stamp


def register(app: typer.Typer) -> None:
    app.command("pause", epilog="Example: zsync pause --reason 'the accountant closes the year'")(pause)
    app.command("resume", epilog="Example: zsync resume")(resume)


def pause(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who wonder.", metavar="TEXT")] = "",
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """`run` does nothing until `zsync resume`. A run under way ends by itself; `sync` and `plan` work on."""
    session = start(ctx, config, verbose)
    with session.store() as store, store.commit():
        store.note(PAUSED, json.dumps({"at": stamp(session.clock.now()), "reason": reason.strip()}))
    session.out.line("paused; `zsync resume` goes on")


def resume(ctx: typer.Context, config: ConfigOption = None, verbose: VerboseOption = 0) -> None:
    """`run` works again."""
    session = start(ctx, config, verbose)
    with session.store() as store:
        was = paused(store)
        with store.commit():
            store.note(PAUSED, "")
    session.out.line("goes on with the next run" if was else "it was not paused")
