"""`zsync show`: one record's story, from the source's values to what it waits for and what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsync.cli.fields import side_by_side, values_at_target
from zsync.cli.options import ConfigOption, EntityArgument, IdArgument, JsonOption, VerboseOption
from zsync.cli.output import Cell, Output, status_name
from zsync.cli.session import Session, build_source, start
from zsync.cli.status import document, seconds, short_time, without_labels
from zsync.errors import ConfigError, ZsyncError
from zsync.model.intent import Ref, plain
from zsync.state.standing import RecordStatus
from zsync.state.status import Status
from zsync.state.store import Store

if TYPE_CHECKING:
    from zsync.model.key import Key
    from zsync.state.journal import Journal


def register(app: typer.Typer) -> None:
    app.command("show", epilog="Example: zsync show orders 41")(show)


def show(
    ctx: typer.Context,
    entity: EntityArgument,
    id: IdArgument,
    offline: Annotated[bool, typer.Option("--offline", help="Do not read the source's values.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """One record: source values, mapped payload, documents at the target, every attempt, what it waits for, what to do."""
    session = start(ctx, config, verbose)
    entity = session.check_entity(entity)
    with session.store() as store:
        record = known_record(store, entity, id)
        story = _story(session, store, record)
        asked = not offline and bool(session.config.reads)
        stands = values_at_target(session, store, record) if asked else {}
    story["source"] = {} if offline else _source_values(session, record.key)
    if session.config.reads:
        story["fields"] = side_by_side(session, record, story, stands)
    if as_json:
        session.out.json(story)
    else:
        _tell(session.out, story)


def known_record(store: Store, entity: str, id: str) -> RecordStatus:
    """The record that people call by this id. ConfigError if there is none."""
    record = Status(store).record(entity, id)
    if record is None:
        raise ConfigError(
            f"{entity} {id} is not known",
            hint=f"`zsync status {entity}` lists them; what is new in the source comes with `zsync run`",
        )
    return record


def next_step(record: RecordStatus) -> str:
    """What a person can do about a record, or that there is nothing to do."""
    name = f"{record.entity} {record.source_id}"
    match record.status:
        case "failed":
            hint = f"{record.error.hint}; " if record.error is not None and record.error.hint else ""
            return f"{hint}then `zsync retry {name}`; to leave it: `zsync resolve {name} --ignore REASON`"
        case "blocked":
            return f"it goes by itself once {record.on} is through"
        case "waiting":
            when = f" after {short_time(record.until)} UTC" if record.until else ""
            return f"nothing: a run{when} goes on with it"
        case "pending" | "queued":
            return "nothing: the next `zsync run` takes it"
        case "invoice_sync":
            return "nothing: the invoice comes once the hotel has made it"
        case "payment_sync":
            return "nothing: the payments come once the hotel has them"
        case "held":
            return f"if it should go after all: `zsync queue {name}`"
        case "skipped":
            return f"if it should go whatever the switches say: `zsync queue {name}`"
        case _:
            return ""


def _story(session: Session, store: Store, record: RecordStatus) -> dict[str, Any]:
    from zsync.state.journal import Journal

    status, journal = Status(store), Journal(store, session.realm)
    rows = []
    for row in status.rows(record.key):
        kept = journal.row(Ref(row["module"], record.key.parse(row["key"])))
        rows.append(
            {
                "module": row["module"],
                "key": row["key"],
                "state": row["state"],
                "target_id": row["target_id"] or None,
                "target_number": row["number"] or None,
                "target_url": session.link(row["module"], row["target_id"]) or None,
                "settled_at": seconds(row["settled_at"]),
                "needs": row["needs"],
                "payload": _payload(kept.wanted, journal) if kept is not None and kept.wanted is not None else None,
            }
        )
    attempts = [{**each, "at": seconds(each["at"])} for each in status.attempts(record.key)]
    return without_labels(document(session, record)) | {
        "key": str(record.key),
        "detail": record.error.detail if record.error is not None else "",
        "waits_for": record.on or None,
        "waits_until": seconds(record.until),
        "next_step": next_step(record) or None,
        "notes": [dict(note) for note in record.notes],
        "rows": rows,
        "attempts": attempts,
    }


def _payload(body: Mapping[str, Any], journal: Journal | None = None) -> Any:
    """A body as a person reads it: without what is ours alone, Refs as ids where they are known, amounts as they are."""

    def shown(node: Any) -> Any:
        match node:
            case Mapping():
                return {name: shown(value) for name, value in node.items() if not name.startswith("_")}
            case list():
                return [shown(value) for value in node]
            case Ref():
                return _id(node, journal)
            case Decimal():
                return plain(node)
            case _:
                return node

    return shown(body)


def _id(ref: Ref, journal: Journal | None) -> str:
    """The remote id that a Ref stands for, or whose it will be."""
    row = journal.row(Ref(ref.module, ref.key)) if journal is not None else None
    if row is not None and row.remote_id:
        known = row.written.parts.get(ref.part, "") if ref.part and row.written is not None else row.remote_id
        if known:
            return known
    part = f" line {ref.part}" if ref.part else ""
    return f"(id of {ref.module} {ref.key}{part})"


def _source_values(session: Session, key: Key) -> dict[str, Any]:
    """What the source has now; where it cannot be read, the reason, said on stderr."""
    try:
        source = build_source(session)
        try:
            read = source.get(key)
        finally:
            source.close()
    except ZsyncError as err:
        session.out.complain("warning", f"the source's values cannot be read: {err.message}")
        return {}
    fields = getattr(read, "fields", {})
    return _payload(dict(fields.get(key, {}))) or {}


def _tell(out: Output, story: Mapping[str, Any]) -> None:
    out.line(f"{story['entity']} {story['source_id']}  {story['label']}", "bold")
    out.line(
        f"status: {status_name(story['status'])}"
        + (f", last written {short_time(story['synced_at'])} UTC" if story["synced_at"] else "")
    )
    if story["error"]:
        out.line(f"why: {story['error']['message']}")
    for line in story["detail"].splitlines():
        out.line(f"  {line}")
    if story["waits_for"]:
        out.line(
            f"waits for: {story['waits_for']}"
            + (f" until {short_time(story['waits_until'])} UTC" if story["waits_until"] else "")
        )
    if story["next_step"]:
        out.line(f"what to do: {story['next_step']}")
    for note in story["notes"]:
        out.line(f"note: {note.get('message', '')}")
    for each in story.get("documents", []):
        number = f" {each['target_number']}" if each["target_number"] else ""
        why = f": {each['error']['message']}" if each["error"] else ""
        out.line(f"belongs to it: {each['entity']} {each['source_id']}{number}, {status_name(each['status'])}{why}")
    for each in story["rows"]:
        _tell_row(out, each, payload="fields" not in story)
    if story.get("fields"):
        rows = [[Cell(each[name] or "") for name in ("field", "from", "source", "mapped", "target")] for each in story["fields"]]
        out.table("", ["field", "from", "in the source", "mapped", "in the form"], rows)
    if story["source"] and "fields" not in story:
        out.line("in the source:", "bold")
        for name, value in story["source"].items():
            out.line(f"  {name} = {_text(value)}")
    if story["attempts"]:
        rows = [
            [
                *(Cell(short_time(each["at"])), Cell(each["module"]), Cell(each["event"]), Cell(each["verb"] or "")),
                *(Cell(each["message"] or each["code"]), Cell(each["request_id"])),
            ]
            for each in story["attempts"]
        ]
        out.table("attempts", ["at (UTC)", "document", "event", "verb", "words", "request"], rows)


def _tell_row(out: Output, row: Mapping[str, Any], *, payload: bool) -> None:
    number = f" {row['target_number']}" if row["target_number"] else ""
    out.line(f"{row['module']}{number}: {row['state']}" + (f", id {row['target_id']}" if row["target_id"] else ""), "bold")
    if row["target_url"]:
        out.line(f"  {row['target_url']}")
    if payload and isinstance(row["payload"], Mapping):
        for name, value in row["payload"].items():
            if isinstance(value, list):
                out.line(f"  {name}:")
                for each in value:
                    out.line(f"    - {_text(each)}")
            else:
                out.line(f"  {name} = {_text(value)}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
