"""`zsync resolve`: end a conflict or a failure that only a person can. Leaves a note in the inbox, takes no lock."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, EntityArgument, IdArgument, VerboseOption
from zsync.cli.session import start
from zsync.cli.show import known_record
from zsync.errors import ConfigError
from zsync.state.desk import Inbox
from zsync.state.standing import RecordStatus


class Keep(StrEnum):
    ZOHO = "zoho"
    SOURCE = "source"


def register(app: typer.Typer) -> None:
    app.command("resolve", epilog="Example: zsync resolve invoices 12 --keep zoho")(resolve)


def resolve(
    ctx: typer.Context,
    entity: EntityArgument,
    id: IdArgument,
    keep: Annotated[
        Keep | None, typer.Option("--keep", help="zoho: what stands there is right; source: write the source's version.")
    ] = None,
    ignore: Annotated[str, typer.Option("--ignore", help="Leave it for good, for this reason.", metavar="REASON")] = "",
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """Say how a conflict or a failure ends. The next run carries it out."""
    if (keep is None) == (not ignore.strip()):
        raise ConfigError("say how it ends, in one way", hint="--keep zoho, --keep source or --ignore REASON")
    session = start(ctx, config, verbose)
    entity = session.check_entity(entity)
    argument = {"keep": keep.value, "reason": ""} if keep is not None else {"keep": "ignore", "reason": ignore.strip()}
    with session.store() as store:
        _may_be_ended(known_record(store, entity, id))
        Inbox(store).post("resolve", session.clock.now(), entity, [id], argument)
    session.out.line(f"{entity} {id}: the next run carries it out")


def _may_be_ended(record: RecordStatus) -> None:
    """ConfigError unless this very record has failed."""
    failed = [each for each in record.documents if each.status == "failed"]
    if failed:
        names = ", ".join(f"`{each.entity} {each.source_id}`" for each in failed)
        raise ConfigError(f"it is not the order itself that failed, but {names}", hint="resolve that one")
    if record.status != "failed":
        raise ConfigError(
            f"{record.entity} {record.source_id} has not failed: it is {record.status.replace('_', ' ')}",
            hint=f"`zsync show {record.entity} {record.source_id}` tells its story",
        )
