"""`zsync status`: counts by entity, or the records of one with status, time, number and link. Asks nobody: it reads the state."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from zsync.cli.options import ConfigOption, JsonOption, VerboseOption
from zsync.cli.output import Cell, as_csv, as_html, number_cell, status_cell
from zsync.cli.rest import paused
from zsync.cli.session import Session, start, zone
from zsync.errors import ConfigError
from zsync.state.desk import Meters, Runs
from zsync.state.standing import RecordStatus
from zsync.state.status import STATUSES, Status
from zsync.state.store import Store

_COLUMNS: Mapping[str, Callable[[dict[str, Any]], Cell]] = {
    "id": lambda row: Cell(row["source_id"]),
    "label": lambda row: Cell(row["label"]),
    "status": lambda row: status_cell(row["status"]),
    "synced_at": lambda row: Cell(short_time(row["synced_at"])),
    "number": lambda row: Cell(row["target_number"] or row["target_id"] or "", url=row["target_url"] or ""),
    "error": lambda row: Cell(row["error"]["message"] if row["error"] else ""),
    "hint": lambda row: Cell(row["error"]["hint"] if row["error"] else ""),
    "target_id": lambda row: Cell(row["target_id"] or ""),
    "url": lambda row: Cell(row["target_url"] or "", url=row["target_url"] or ""),
    "attempts": lambda row: number_cell(row["attempts"]),
    "customer": lambda row: Cell(row.get("customer_label", ""), url=row.get("customer_url") or ""),
    "customer_id": lambda row: Cell(row.get("customer_id") or "", url=row.get("customer_url") or ""),
    "credit_note": lambda row: _credit_note(row),
    "documents": lambda row: Cell(", ".join(each["target_number"] or each["label"] for each in row.get("documents", []))),
}
_HEADS = {"synced_at": "synced at (UTC)"}
"""What stands above a column in tables, where its name would not say all."""

_IN_CSV: Mapping[str, Callable[[dict[str, Any]], Cell]] = {"synced_at": lambda row: Cell(row["synced_at"] or "")}
"""What a program gets to read instead of a person's version."""

_SHOWN = ("id", "label", "status", "synced_at", "number", "error")
_SHOWN_OF_ORDERS = ("id", "label", "customer", "status", "synced_at", "number", "documents", "error")


def _credit_note(row: dict[str, Any]) -> Cell:
    """The numbers of an order's credit notes, where it has any; the link leads to the first."""
    notes = [each for each in row.get("documents", []) if each["entity"] == "credit_notes" and each["target_number"]]
    return Cell(", ".join(each["target_number"] for each in notes), url=notes[0]["target_url"] or "" if notes else "")


def register(app: typer.Typer) -> None:
    app.command("status", epilog="Example: zsync status orders --state failed --columns id,label,error,hint")(status)


def status(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="Which records; without it, counts of all.", metavar="[ENTITY]")] = "",
    state: Annotated[str, typer.Option("--state", help="Only these: synced, failed, waiting ...", metavar="STATUS")] = "",
    columns: Annotated[str, typer.Option("--columns", help=f"Any of {', '.join(_COLUMNS)}.", metavar="A,B,...")] = "",
    as_json: JsonOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write one HTML page.", metavar="FILE")] = None,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """How the records stand: counts by entity, or the records of one."""
    session = start(ctx, config, verbose)
    if state and state not in STATUSES:
        raise ConfigError(f"there is no status `{state}`", hint=f"known: {', '.join(STATUSES)}")
    with session.store() as store:
        if entity:
            show_records(session, store, session.check_entity(entity), state, columns, as_json=as_json, csv=csv, html=html)
        else:
            show_summary(session, store, as_json=as_json, csv=csv, html=html)


def show_records(
    session: Session,
    store: Store,
    entity: str,
    state: str = "",
    columns: str = "",
    *,
    as_json: bool = False,
    csv: bool = False,
    html: Path | None = None,
) -> None:
    """The records of one entity, each with status, time, number and link."""
    names = _columns(columns, entity)
    documents = [document(session, each) for each in Status(store).records(entity, state or None)]
    if as_json:
        session.out.json([without_labels(each) for each in documents])
        return
    cells = {**_COLUMNS, **_IN_CSV} if csv else _COLUMNS
    heads = names if csv else [_HEADS.get(name, name) for name in names]
    table = [[cells[name](each) for name in names] for each in documents]
    _print(session, entity, heads, table, csv=csv, html=html)


def show_summary(session: Session, store: Store, *, as_json: bool = False, csv: bool = False, html: Path | None = None) -> None:
    """Counts by entity and status, the last run, the calls of today."""
    counts = Status(store).summary()
    last, quota = Runs(store).last(), Meters(store).load(session.realm)
    told = quota.limit if quota.remaining is not None else None  # else it is what was configured when it was noted
    per_day = told or session.config.target.limits.calls_per_day
    today = session.clock.now().astimezone(ZoneInfo(zone(store))).date()
    calls = quota.calls if quota.day == today else 0
    if as_json:
        session.out.json({"entities": counts, "last_run": last, "calls_today": calls, "calls_per_day": per_day})
        return
    used = [name for name in STATUSES if any(name in by_status for by_status in counts.values())]
    rows = [
        [Cell(entity), *[number_cell(counts[entity].get(name, "")) for name in used]]
        for entity in sorted(counts, key=lambda name: session.entities.index(name) if name in session.entities else 99)
    ]
    heads = ["entity", *[status_cell(name).text for name in used]]
    _print(session, "status", heads, rows, csv=csv, html=html)
    if not csv and html is None:
        ended = f"last run {short_time(last['finished_at'])} UTC: {last['outcome']}; " if last else "no run yet; "
        session.out.line(f"{ended}{calls} of {per_day} calls used today")
        if rest := paused(store):
            session.out.line(rest)


def document(session: Session, record: RecordStatus) -> dict[str, Any]:
    """The shape of `status --json`; `customer_label` is for tables only."""
    error = record.error
    made: dict[str, Any] = {
        "entity": record.entity,
        "source_id": record.source_id,
        "label": record.label,
        "status": record.status,
        "target_id": record.target_id or None,
        "target_number": record.target_number or None,
        "target_url": session.link(record.module, record.target_id) or None,
        "synced_at": seconds(record.synced_at),
        "attempts": record.attempts,
        "error": {"code": error.code, "message": error.message, "hint": error.hint} if error is not None else None,
    }
    if record.entity == "orders":
        customer = record.customer
        made["customer_id"] = (customer.target_id or None) if customer is not None else None
        made["customer_url"] = (session.link(customer.module, customer.target_id) or None) if customer is not None else None
        made["customer_label"] = customer.label if customer is not None else ""
        made["documents"] = [document(session, each) for each in record.documents]
    return made


def without_labels(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "customer_label"}


def seconds(stamp: str) -> str | None:
    """A time of the state to the second: `2026-01-31T12:00:00Z`; None for none."""
    return f"{stamp[:19]}Z" if stamp else None


def short_time(stamp: str | None) -> str:
    """`2026-01-31 12:00`, UTC; empty for none."""
    return stamp[:16].replace("T", " ") if stamp else ""


def _columns(given: str, entity: str) -> list[str]:
    if not given:
        return list(_SHOWN_OF_ORDERS if entity == "orders" else _SHOWN)
    names = [name.strip() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown or not names:
        raise ConfigError(f"there is no column `{(unknown or [given])[0]}`", hint=f"known: {', '.join(_COLUMNS)}")
    return names


def _print(session: Session, title: str, names: list[str], rows: list[list[Cell]], *, csv: bool, html: Path | None) -> None:
    if csv:
        session.out.raw(as_csv(names, [[cell.text for cell in row] for row in rows]))
    elif html is not None:
        _write(html, as_html(f"zsync: {title}", names, rows))
        session.out.line(f"written to {html}")
    else:
        session.out.table("", names, rows)


def _write(path: Path, text: str) -> None:
    """Guests' names stand in it: for its owner alone."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as err:
        raise ConfigError(
            f"`{path}` cannot be written: {(err.strerror or 'not possible').lower()}", hint="name another file"
        ) from err
