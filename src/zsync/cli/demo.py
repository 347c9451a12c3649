"""`zsync demo`: the whole job on the embedded sandbox, over real sockets, by the same code as `auth`, `init` and `run`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tomli_w
import typer

from zsync.cli import demo_firm as firm
from zsync.cli import log
from zsync.cli.auth import sign_in_with_code
from zsync.cli.init import initialise
from zsync.cli.options import VerboseOption
from zsync.cli.output import Cell, Output, number_cell
from zsync.cli.run import code_of, finish, perform
from zsync.cli.scene import Scene, configuration, firm_configuration, firm_scene, hotel_scene, served
from zsync.cli.session import Session
from zsync.cli.status import show_records, show_summary
from zsync.cli.words import worst
from zsync.config import Config, load
from zsync.errors import ConfigError
from zsync.state.status import Status
from zsync.state.store import Store

if TYPE_CHECKING:
    from zsync.sandbox import Sandbox

_NOT_WRITTEN = ("canceled", "skipped", "held", "failed", "blocked", "pending", "waiting")
_CENT = Decimal("0.01")


def register(app: typer.Typer) -> None:
    app.command("demo", epilog="Example: zsync demo --keep /tmp/zsync-demo")(demo)


def demo(
    scene: Annotated[Scene, typer.Option("--scene", help="What to play.")] = Scene.HOTEL,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep the configuration and the state in this folder.", metavar="DIR")
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the sandbox up at the end, so that the links lead somewhere.")
    ] = False,
    verbose: VerboseOption = 0,
) -> int:
    """A hotel and its books, or a firm's QuickBooks and a Creator app: every entity, then the status table. Needs no account."""
    out, begun = Output(), time.monotonic()
    log.to_stderr(verbose)
    os.umask(0o077)
    hotel = scene is Scene.HOTEL
    sandbox = hotel_scene(limited=False) if hotel else firm_scene(limited=False)
    with served(sandbox) as url, _folder(keep) as folder:
        made = configuration(sandbox, url, "demo.db", calls_per_minute=100_000) if hotel else firm_configuration(sandbox, url)
        session = Session(_prepared(made, folder), out)
        code = _played(session, sandbox, url) if hotel else firm.played(session, sandbox, url)
        out.line(f"\ntime: {time.monotonic() - begun:.1f} s" if out.is_terminal else f"time: {time.monotonic() - begun:.1f} s")
        _where_next(out, keep, hotel=hotel)
        if stay:
            out.line(f"{'the books stand' if hotel else 'the rows stand'} at {url}/app until you press Ctrl-C")
            with session.stop.heeded():
                while not session.stop.wait(3600):
                    pass
        log.close()
    return code


def _played(session: Session, sandbox: Sandbox, url: str) -> int:
    """The job, told as it goes; the exit code."""
    out = session.out
    out.line(f"A hotel (QloApps) and its books (Zoho Books), both played by the sandbox at {url};", "bold")
    out.line("its limit of 100 calls a minute is lifted, so that you need not wait.")
    _step(out, "zsync auth --code ...", "sign in with the code of a self client")
    config = session.config
    scopes = config.target_plugin.scopes(config.target, config.entities)
    sign_in_with_code(session, sandbox.accounts.grant_code(scopes))
    with session.store(create=True) as store:
        _step(out, "zsync init --no-adopt", "read the hotel once; nothing is written")
        codes = [initialise(session, store)]
        _step(out, "zsync run", "write what is wanted")
        codes.append(_run(session, store, sandbox))
        _step(out, "zsync status", "how every record stands now")
        show_summary(session, store)
        _step(out, "zsync status orders", "one kind, with its numbers; on a terminal they are links into the books")
        show_records(session, store, "orders", columns="id,customer,status,synced_at,number,documents")
        _step(out, "side by side", "what the hotel has to show, and what stands in the books")
        codes.append(_totals(out, Status(store), sandbox))
        _step(out, "zsync run", "once more: there is nothing to do")
        codes.append(_run(session, store, sandbox, idle=True))
    return worst(codes)


def _step(out: Output, command: str, words: str) -> None:
    out.line()
    out.line(f"$ {command}    # {words}", "bold cyan")


def _run(session: Session, store: Store, sandbox: Sandbox, *, idle: bool = False) -> int:
    from zsync.engine.job import Options

    before = sandbox.ledger.calls("books")
    report, _ = perform(session, store, Options())
    calls, counts = sandbox.ledger.calls("books") - before, report.counts
    seconds = (report.finished_at - report.started_at).total_seconds()
    if idle:
        session.out.line(f"{calls} calls to Zoho, {report.calls['source']} to the hotel, {seconds:.1f} s")
        if calls:
            session.out.complain("error", "a run with nothing to do must not call Zoho")
    else:
        session.out.line(
            f"{counts['created']} records written with {calls} calls to Zoho, counted by the sandbox, {seconds:.1f} s"
        )
    finish(session, report, as_json=False)
    return worst([code_of(report), 1 if idle and calls else 0])


Sums = dict[str, tuple[int, Decimal]]
"""By currency: how many, and how much."""


def _totals(out: Output, status: Status, sandbox: Sandbox) -> int:
    """Sums of the hotel's own tables and of the books by currency, for what was to be written; 3 if they differ."""
    from zsync.sandbox.hotel import Hotel

    assert isinstance(sandbox.hotel, Hotel)
    hotel, books = sandbox.hotel.tables, sandbox.books
    stands = {(each.entity, each.source_id): each.status for each in status.records()}
    ours = _of_hotel(hotel, lambda entity, row: stands.get((entity, str(row["id"])), "") not in (*_NOT_WRITTEN, ""))
    refunds = [
        (each["currency_code"], refund)
        for kind, name in ((books.creditnotes, "creditnote_refunds"), (books.payments, "payment_refunds"))
        for each in kind.values()
        for refund in each[name]
    ]
    theirs = {
        "orders": _of_books(books.salesorders.values(), "total"),
        "invoices": _of_books(books.invoices.values(), "total"),
        "payments": _of_books(books.payments.values(), "amount"),
        "credit notes": _of_books(books.creditnotes.values(), "total"),
        "paid back": _summed((code, Decimal(str(refund["amount"]))) for code, refund in refunds),
    }
    nothing = (0, Decimal(0))
    rows, equal = [], True
    for name, sums in ours.items():
        for code in sorted({*sums, *theirs[name]}):
            one, other = sums.get(code, nothing), theirs[name].get(code, nothing)
            equal = equal and one == other
            verdict = "equal" if one == other else "DIFFERENT"
            rows.append([Cell(name), Cell(code), *map(number_cell, (*one, *other)), Cell(verdict)])
    out.table("", ["", "", "in the hotel", "sum", "in the books", "sum", ""], rows)
    return 0 if equal else 3


def _of_hotel(tables: Mapping[str, Any], written: Callable[[str, Any], bool]) -> dict[str, Sums]:
    """What the hotel has to show, payments in their order's currency."""
    codes = {str(row["id"]): str(row["iso_code"]) for row in tables["currencies"]}
    orders = {str(row["id"]): row for row in tables["orders"]}
    by_reference = {row["reference"]: row for row in tables["orders"]}

    def of(entity: str, table: str, field: str) -> Sums:
        rows = [row for row in tables[table] if written(entity, row)]
        owners = [orders[str(row.get("id_order", row["id"]))] for row in rows]
        sums = zip(owners, rows, strict=True)
        return _summed((codes[str(order["id_currency"])], Decimal(str(row[field])).quantize(_CENT)) for order, row in sums)

    def paid(row: Any) -> tuple[str, Decimal]:
        order = by_reference[row["order_reference"]]
        worth = Decimal(row["amount"]) * Decimal(order["conversion_rate"]) / Decimal(row["conversion_rate"])
        return codes[str(order["id_currency"])], worth.quantize(_CENT, ROUND_HALF_UP)

    payments = [paid(row) for row in tables["order_payments"] if written("payments", row)]
    return {
        "orders": of("orders", "orders", "total_paid_tax_incl"),
        "invoices": of("invoices", "order_invoices", "total_paid_tax_incl"),
        "payments": _summed(each for each in payments if each[1] > 0),
        "credit notes": of("credit_notes", "order_slip", "total_products_tax_incl"),
        "paid back": _summed((code, -amount) for code, amount in payments if amount < 0),
    }


def _of_books(documents: Iterable[Any], field: str) -> Sums:
    return _summed(
        (each["currency_code"], Decimal(str(each[field])).quantize(_CENT)) for each in documents if each.get("status") != "void"
    )


def _summed(amounts: Iterable[tuple[str, Decimal]]) -> Sums:
    sums: Sums = {}
    for code, amount in amounts:
        count, before = sums.get(code, (0, Decimal(0)))
        sums[code] = count + 1, (before + amount).quantize(_CENT)
    return sums


def _prepared(made: Mapping[str, Any], folder: Path) -> Config:
    """The scene's configuration, written as a file and read like any other."""
    path = folder / "zsync.toml"
    path.write_bytes(tomli_w.dumps(made).encode())
    config = load(path)
    if config.state_path.exists():
        raise ConfigError(
            f"`{config.state_path}` is there already", hint="name an empty folder with --keep: the books start empty"
        )
    log.to_file(config.log_path)
    return config


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="zsync-demo-") as name:
            yield Path(name)
            return
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        reason = (err.strerror or "not possible").lower()
        raise ConfigError(f"the folder `{keep}` cannot be made: {reason}", hint="name another one") from err
    yield keep.absolute()


def _where_next(out: Output, keep: Path | None, *, hotel: bool) -> None:
    scene, what, who = ("", "the books", "hotel") if hotel else (" --scene quickbooks", "the forms", "company")
    out.line(f"next: `zsync demo{scene} --stay` leaves {what} up, to be looked at in a browser;")
    out.line(f"      `zsync sandbox serve{scene}` is the same sandbox to try your own settings on;")
    out.line(f"      README.md takes a real {who} step by step, docs/ says how it works")
    if keep is not None:
        out.line(f"      kept: {keep}/zsync.toml and {keep}/demo.db, for `zsync status --config {keep}/zsync.toml`")
