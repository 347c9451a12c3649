"""`zsync export deluge E`: a scheduled Deluge function that does one entity's pull inside Creator, from the same map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, EntityArgument, VerboseOption
from zsync.cli.session import Session, build_target, start
from zsync.errors import ConfigError


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Write what runs elsewhere.")
    group.callback()(_export)
    group.command("deluge", epilog="Example: zsync export deluge customers --write customers.dg")(deluge)
    app.add_typer(group, name="export")


def _export() -> None:
    """Write what runs elsewhere."""


def deluge(
    ctx: typer.Context,
    entity: EntityArgument,
    write: Annotated[Path | None, typer.Option("--write", help="Into this file, instead of stdout.", metavar="FILE")] = None,
    without: Annotated[list[str] | None, typer.Option("--without", help="Leave this field out. May be repeated.")] = None,
    connection: Annotated[str, typer.Option("--connection", help="Link name of the connection in Creator.")] = "quickbooks",
    mail: Annotated[str, typer.Option("--mail", help="Whom to tell when something fails.")] = "",
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """A scheduled Deluge function for one entity: for small changes, where there is no machine for cron."""
    session = start(ctx, config, verbose)
    entity = session.check_entity(entity)
    text = session.config.target_plugin.script(
        session.config.entities,
        entity,
        session.config.source,
        {**_facts(session), "realm": _realm(session)},
        connection=connection,
        mail=mail,
        without=tuple(without or ()),
    )
    if write is None:
        session.out.raw(text)
        return
    try:
        with write.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as err:
        raise ConfigError(f"`{write}` is there already", hint="name another file: nothing is overwritten") from err
    except OSError as err:
        raise ConfigError(f"`{write}` cannot be written: {(err.strerror or '').lower()}", hint="name another file") from err
    session.out.line(f"written: {write}")


def _facts(session: Session) -> dict[str, object]:
    """The fields of the forms: as the state knows them, else asked for."""
    if session.config.state_path.exists():
        with session.store() as store:
            kept = store.fact("facts")
        if kept:
            return dict(json.loads(kept))
    target = build_target(session, None)
    try:
        return dict(target.learn())
    finally:
        target.close()


def _realm(session: Session) -> str:
    """The company that the sign-in named, where the configuration does not."""
    from zsync.net.tokens import FileTokenStore

    tokens = FileTokenStore(session.config.source_token_path).load()
    return str(getattr(session.config.source, "realm_id", "")) or (tokens.realm if tokens is not None else "")
