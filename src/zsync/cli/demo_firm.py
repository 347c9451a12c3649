"""`zsync demo --scene quickbooks`: a firm's QuickBooks into a Creator application, by the same code as the commands."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from zsync.cli.auth import side_of, sides, sign_in
from zsync.cli.init import initialise
from zsync.cli.output import Cell, number_cell
from zsync.cli.run import code_of, finish, perform
from zsync.cli.session import Session
from zsync.cli.status import show_records, show_summary
from zsync.cli.words import worst
from zsync.net.callback import parse_redirect
from zsync.state.store import Store

if TYPE_CHECKING:
    from zsync.sandbox import Sandbox


def played(session: Session, sandbox: Sandbox, url: str) -> int:
    """The job, told as it goes; the exit code."""
    out, config = session.out, session.config
    out.line(f"A firm's QuickBooks and a Zoho Creator application, both played by the sandbox at {url};", "bold")
    out.line("Creator's limit of 50 calls a minute is lifted, so that you need not wait.")
    _step(session, "zsync auth quickbooks", "the page of Intuit's sandbox consents by itself; no browser is needed")
    _consent(session)
    _step(session, "zsync auth zoho --code ...", "sign in with the code of a self client")
    scopes = config.target_plugin.scopes(config.target, config.entities)
    sign_in(session, next(sides(session)), True, sandbox.accounts.grant_code(scopes))
    with session.store(create=True) as store:
        _step(session, "zsync init", "read the company once, and look at what the forms have already; nothing is written")
        codes = [initialise(session, store, adopting=True)]
        _step(session, "zsync run", "write what is wanted, up to 200 rows a call")
        codes.append(_run(session, store, sandbox))
        _step(session, "zsync status", "how every record stands now")
        show_summary(session, store)
        _step(session, "zsync status invoices", "one kind, with its keys; on a terminal they are links into the report")
        show_records(session, store, "invoices", columns="id,label,status,synced_at,number")
        _step(session, "side by side", "what the company has, and what stands in the forms")
        codes.append(_totals(session, sandbox))
        _step(session, "zsync run", "once more: one question for changes, the windows of the report, and no call to Creator")
        codes.append(_run(session, store, sandbox, idle=True))
    return worst(codes)


def _step(session: Session, command: str, words: str) -> None:
    session.out.line()
    session.out.line(f"$ {command}    # {words}", "bold cyan")


def _consent(session: Session) -> None:
    """What a person does in a browser: open the address, agree, and come back with the redirect."""
    side = side_of(session, "quickbooks")
    door = side.door()
    address, state = door.invitation()
    tokens = door.redeem(parse_redirect(_led_to(address)), state)
    with side.store.locked():
        side.store.save(tokens)
    session.out.line(f"signed in at the company {tokens.realm}")


class _Stay(urllib.request.HTTPRedirectHandler):
    """A browser that shows where it is led to, and does not go there."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _led_to(address: str) -> str:
    """Where the consent page of the sandbox leads to."""
    try:
        urllib.request.build_opener(_Stay()).open(address, timeout=20).close()
    except urllib.error.HTTPError as redirect:
        with redirect:
            return str(redirect.headers["Location"])
    raise RuntimeError("the consent page of the sandbox led nowhere")


def _run(session: Session, store: Store, sandbox: Sandbox, *, idle: bool = False) -> int:
    from zsync.engine.job import Options

    before, asked = sandbox.ledger.calls("creator"), sandbox.ledger.calls("quickbooks")
    report, _ = perform(session, store, Options())
    calls, questions = sandbox.ledger.calls("creator") - before, sandbox.ledger.calls("quickbooks") - asked
    seconds = (report.finished_at - report.started_at).total_seconds()
    counts = report.counts
    if idle:
        session.out.line(f"{calls} calls to Creator, {questions} to QuickBooks, {seconds:.1f} s")
        if calls:
            session.out.complain("error", "a run with nothing to do must not call Creator")
    else:
        words = f"{counts['created']} rows written with {calls} calls to Creator, counted by the sandbox"
        session.out.line(f"{words}; {questions} calls to QuickBooks; {seconds:.1f} s")
    finish(session, report, as_json=False)
    return worst([code_of(report), 1 if idle and calls else 0])


def _totals(session: Session, sandbox: Sandbox) -> int:
    """Counts and sums of the company's own objects and postings, and of the rows in the forms; 3 if they differ."""
    company, app = sandbox.quickbooks.company, sandbox.creator.application
    invoices = list(company.objects["Invoice"].values())
    total, amount = _of("Total"), _of("Amount")
    lines = [line for invoice in invoices for line in invoice["Line"] if "Id" in line]
    periods = {row["Period"] for row in app.rows("PnL").values()}
    kinds = re.compile("Income|Cost|Expense")
    accounts = {each["Id"] for each in company.objects["Account"].values() if kinds.search(each["AccountType"])}
    posted = [p for p in company.postings if p.account in accounts and p.day.replace(day=1).strftime("%d-%b-%Y") in periods]
    rows = [row for row in app.rows("PnL").values() if row["Kind"] == "account"]
    months = {(p.account, p.day.year, p.day.month) for p in posted}
    sums: dict[str, tuple[int, Decimal, int, Decimal]] = {
        "customers": (len(company.objects["Customer"]), Decimal(0), len(app.rows("Customers")), Decimal(0)),
        "items": (len(company.objects["Item"]), Decimal(0), len(app.rows("Items")), Decimal(0)),
        "invoices": (*_summed(invoices, lambda each: each["TotalAmt"]), *_summed(app.rows("Invoices").values(), total)),
        "invoice lines": (
            *_summed(lines, lambda each: each["Amount"]),
            *_summed(app.rows("Invoice_Lines").values(), amount),
        ),
        "profit and loss": (len(months), sum((p.amount for p in posted), Decimal(0)), *_summed(rows, amount)),
    }
    table, equal = [], True
    for name, (count, ours, their_count, theirs) in sums.items():
        same = (count, ours) == (their_count, theirs)
        equal = equal and same
        cells = [number_cell(count), number_cell(f"{ours:.2f}"), number_cell(their_count), number_cell(f"{theirs:.2f}")]
        table.append([Cell(name), *cells, Cell("equal" if same else "DIFFERENT")])
    session.out.table("", ["", "in QuickBooks", "sum", "in the forms", "sum", ""], table)
    return 0 if equal else 3


def _of(field: str) -> Callable[[dict[str, str]], Decimal]:
    return lambda row: Decimal(row[field])


def _summed(rows: object, amount: Callable[..., Decimal]) -> tuple[int, Decimal]:
    listed = list(rows)  # type: ignore[call-overload] # whatever can be listed
    return len(listed), sum((amount(row) for row in listed), Decimal(0))
