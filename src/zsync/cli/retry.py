"""`zsync retry`: failed records are planned and tried again in the next run. Leaves a note in the inbox, takes no lock."""

from __future__ import annotations

from typing import Annotated

import typer

from zsync.cli.options import ConfigOption, VerboseOption
from zsync.cli.session import start
from zsync.cli.show import known_record
from zsync.model.row import UNCLEAR
from zsync.state.desk import Inbox
from zsync.state.records import Records
from zsync.state.store import Store


def register(app: typer.Typer) -> None:
    app.command("retry", epilog="Example: zsync retry orders 41 42")(retry)


def retry(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="Which records; without it, all that failed.", metavar="[ENTITY]")] = "",
    ids: Annotated[list[str] | None, typer.Argument(help="Their ids; without them, all that failed.", metavar="[ID...]")] = None,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """Plan and try failed records again in the next run."""
    session = start(ctx, config, verbose)
    entity = session.check_entity(entity) if entity else ""
    with session.store() as store:
        chosen = _chosen(store, entity, ids or [])
        inbox, now = Inbox(store), session.clock.now()
        with store.commit():
            for each_entity, id in chosen:
                inbox.post("retry", now, each_entity, [id])
    count = len(chosen)
    session.out.line(f"tried again in the next run: {count} record{'' if count == 1 else 's'}")


def _chosen(store: Store, entity: str, ids: list[str]) -> list[tuple[str, str]]:
    """(entity, id) of what is to be tried again. An order brings along those of its documents that failed.

    What may stand at the target already is tried again only when it is named itself.
    """
    if not ids:
        return sorted(Records(store).failed(entity or None))
    chosen: dict[tuple[str, str], None] = {}
    for id in ids:
        record = known_record(store, entity, id)
        chosen[entity, id] = None
        for each in record.documents:
            if each.status == "failed" and each.error is not None and each.error.code != UNCLEAR:
                chosen[each.entity, each.source_id] = None
    return list(chosen)
