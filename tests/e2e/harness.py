"""The whole of zsync against the sandbox, in process: reader, mapping, modules, engine and state are the real ones.

No socket and no sleep: the transport calls the WSGI application, and the clock moves when told to, or when somebody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts_zoho import check_request
from zsync.engine import run as engine
from zsync.engine.job import Job, Options, State
from zsync.net.secret import Secret
from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens
from zsync.sandbox.accounts import Accounts
from zsync.sandbox.app import Sandbox
from zsync.sandbox.books import Books
from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.hotel import Hotel
from zsync.sandbox.limits import Limits
from zsync.sandbox.transport import InProcess
from zsync.sources.qloapps import plugin as source_plugin
from zsync.state.desk import Inbox, Meters, Runs
from zsync.state.journal import Journal
from zsync.state.records import Records
from zsync.state.standing import RecordStatus
from zsync.state.status import Status
from zsync.state.store import Store
from zsync.targets.books import plugin as target_plugin

RECORDINGS = Path(__file__).resolve().parents[2].parent / "shared" / "recordings" / "qloapps"
CONTRACTS = Path(__file__).resolve().parents[2].parent / "shared" / "contracts" / "zoho-books"
URL = "http://127.0.0.1"

TAXES = {"0": "0", "9": "9", "10": "10", "12": "12", "13.5": "13.5", "14.0454": "14.0454", "20": "20", "23": "23"}


def needs(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not folder.is_dir(), reason=f"../shared is not here ({folder.name})")


@dataclass
class StillClock:
    """Time moves only when told to, or when somebody waits."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def timestamp(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class House:
    """A hotel, its books, and zsync between them. `tables` are the hotel's data; `target`, `entities` settings to change."""

    tables: dict[str, list[dict[str, Any]]]
    folder: Path
    behaviour: Behaviour = field(default_factory=Behaviour)
    limits: Limits = field(default_factory=Limits)
    target: Mapping[str, Any] = field(default_factory=dict)
    entities: Mapping[str, Any] = field(default_factory=dict)
    start_date: date | None = None
    now: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    fingerprint: str = "settings-1"
    deletions_s: float | None = 86_400.0

    def __post_init__(self) -> None:
        self.clock = StillClock(self.now)
        taxes: Mapping[str, Decimal | str] = {f"VAT {rate}%": rate for rate in TAXES}
        self.books = Books(behaviour=self.behaviour, limits=self.limits, taxes=taxes, clock=self.clock.timestamp)
        self.income = self.books.add_account("Room sales", "income")
        self.hotel = Hotel(self.tables, clock=self.clock.timestamp)
        self.sandbox = Sandbox(
            hotel=self.hotel,
            books=self.books,
            accounts=Accounts(throttle=None),
            clock=self.clock.timestamp,
            sleep=self.clock.sleep,
        )
        self.clock.sleep(3600)  # the organisation was set up a while ago: its lists do not lag
        self.store = Store.in_memory()
        self.tokens = FileTokenStore(self.folder / "books.token")
        self.sign_in()

    def sign_in(self, scopes: Iterable[str] | None = None) -> None:
        """As `zsync auth` leaves it."""
        settings, entities = self.settings()
        wanted = tuple(scopes) if scopes is not None else target_plugin.scopes(settings, entities)
        access, refresh = self.sandbox.accounts.issue(wanted)
        self.tokens.save(Tokens(access, self.clock.now() + timedelta(hours=1), refresh, wanted, URL, URL))

    def settings(self) -> tuple[Any, Any]:
        values = {
            "type": "zoho-books",
            "data_center": "eu",
            "organization_id": self.books.organization.organization_id,
            "client_id": self.sandbox.accounts.client.client_id,
            "client_secret": Secret.of(self.sandbox.accounts.client.client_secret),
            "accounts_url": URL,
            "api_url": URL,
            "web_url": URL,
            "accounts": {"default": "Room sales"},
            "limits": {"calls_per_day": 10_000},
            **self.target,
        }
        return target_plugin.settings.model_validate(values), target_plugin.entities(source_plugin.reads).model_validate(
            dict(self.entities)
        )

    def state(self, store: Store | None = None) -> State:
        settings, _ = self.settings()
        kept = store or self.store
        journal = Journal(kept, target_plugin.realm(settings))
        return State(kept, journal, Records(kept), Inbox(kept), Meters(kept), Runs(kept))

    def job(self, stop: Callable[[], bool] = lambda: False) -> Job:
        settings, entities = self.settings()
        transport = InProcess(self.sandbox)
        values = {"type": "qloapps", "tag": "hotel", "url": f"{URL}/hotel", "api_key": Secret.of(self.hotel.api_key)}
        source = source_plugin.build(
            source_plugin.settings.model_validate(values), {}, clock=self.clock, token_store=self.tokens, transport=transport
        )
        state = self.state()
        target = target_plugin.build(
            settings,
            entities,
            source_tag="hotel",
            clock=self.clock,
            token_store=self.tokens,
            quota=state.meters.load(target_plugin.realm(settings)),
            transport=transport,
        )
        return Job(
            source=source,
            target=target,
            state=state,
            clock=self.clock,
            switches=target_plugin.switches(entities),
            fingerprint=self.fingerprint,
            start_date=self.start_date,
            stop=stop,
            deletions_s=self.deletions_s,
        )

    def initialise(self) -> engine.Report:
        return engine.initialise(self.job(), self.summary)

    def run(self, options: Options | None = None, *, minutes: float = 5) -> engine.Report:
        """One `zsync run`, some minutes after the last."""
        self.clock.sleep(minutes * 60)
        report = engine.run(self.job(), options or Options(), self.summary)
        if report.error is not None and report.error.exit_code == 1:
            raise report.error
        assert self.books.unknown_properties == [], "the books were sent what the contract does not know"
        return report

    def run_to_rest(self, limit: int = 40, *, minutes: float = 5) -> int:
        """Run until two runs in a row made no call to the books and nothing is open or on its way."""
        quiet = 0
        for number in range(1, limit + 1):
            before = self.sandbox.ledger.calls("books")
            self.run(minutes=minutes)
            idle = self.sandbox.ledger.calls("books") == before and not self.sandbox.pending() and not self.open_rows()
            quiet = quiet + 1 if idle else 0
            if quiet == 2:
                return number
        raise AssertionError(f"not at rest after {limit} runs: {self.open_rows()}")

    def faults_by_contract(self) -> list[str]:
        """Every request to the books so far that Zoho's documents do not know, with what is wrong."""
        return [
            f"{each.method} {each.path}: {fault}"
            for each in self.sandbox.ledger.entries("books")
            for fault in check_request(each.method, each.path, each.query, each.body)
        ]

    def open_rows(self) -> list[str]:
        rows = self.store.db.execute("SELECT module, key, state, error FROM journal WHERE state IN ('wanted', 'sending')")
        return [f"{row['module']} {row['key']} {row['state']} {row['error'] or ''}" for row in rows]

    def summary(self) -> tuple[Mapping[str, Mapping[str, int]], list[engine.Problem]]:
        counts, failed = Status(self.store).standing()
        problems = []
        for each in failed:
            code, message, hint = (each.error.code, each.error.message, each.error.hint) if each.error else ("", "", "")
            problems.append(engine.Problem(each.entity, each.source_id, code, message, hint))
        return counts, problems

    def status(self, entity: str) -> dict[str, str]:
        return {each.source_id: each.status for each in Status(self.store).records(entity)}

    def record(self, entity: str, source_id: str) -> RecordStatus:
        found = Status(self.store).record(entity, source_id)
        assert found is not None
        return found

    def standing(self) -> dict[str, list[str]]:
        """What stands in the books, by kind, without ids: for comparing two houses, and for counting doubles."""
        books = self.books
        sales = {
            "salesorders": [f"{d['salesorder_number']} {d['total']} {d['status']}" for d in books.all("salesorders").values()],
            "invoices": [
                f"{d['invoice_number']} {d['total']} {d['balance']} {d['status']}" for d in books.all("invoices").values()
            ],
        }
        return {
            "contacts": sorted(str(d["contact_name"]) for d in books.all("contacts").values()),
            "items": sorted(str(d["sku"]) for d in books.all("items").values()),
            **{kind: sorted(each for each in rows if "void" not in each) for kind, rows in sales.items()},
            "payments": sorted(f"{d['reference_number']} {d['amount']}" for d in books.all("payments").values()),
            "applications": sorted(
                f"{d['reference_number']} on {row['invoice_number']}: {row['amount_applied']}"
                for d in books.all("payments").values()
                for row in d["invoices"]
            ),
        }
