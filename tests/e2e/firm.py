"""A firm's QuickBooks, a Creator application, and zsync between them, in process: the real code but for the two services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from e2e.harness import StillClock
from engine.world import Crash
from zsync.cli.scene import FIRM_ENTITIES
from zsync.engine import run as engine
from zsync.engine.job import Job, Options, State
from zsync.mapping.shaped import Shaped
from zsync.net.secret import Secret
from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens
from zsync.sandbox.accounts import Accounts
from zsync.sandbox.app import Sandbox
from zsync.sandbox.company import Company, QuickBooks
from zsync.sandbox.company import demo as demo_company
from zsync.sandbox.forms import Application, Creator
from zsync.sandbox.forms import demo as demo_forms
from zsync.sandbox.transport import InProcess
from zsync.sources.quickbooks import plugin as source_plugin
from zsync.state.desk import Inbox, Meters, Runs
from zsync.state.journal import Journal
from zsync.state.records import Records
from zsync.state.standing import RecordStatus
from zsync.state.status import Status
from zsync.state.store import Store
from zsync.targets.creator import plugin as target_plugin

URL = "http://127.0.0.1"

ENTITIES: Mapping[str, Any] = FIRM_ENTITIES
"""The demo's entities."""


def only(*names: str, **changes: Mapping[str, Any]) -> dict[str, Any]:
    """Some of the entities, with other settings."""
    return {name: {**ENTITIES[name], **changes.get(name, {})} for name in names}


@dataclass
class Firm:
    """`company`, `application` to change; `entities` and `target` are settings."""

    folder: Path
    company: Company | None = None
    application: Application | None = None
    entities: Mapping[str, Any] = field(default_factory=lambda: ENTITIES)
    target: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    start_date: date | None = None
    now: datetime = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    fingerprint: str = "settings-1"
    tag: str = "qbo"

    def __post_init__(self) -> None:
        self.clock = StillClock(self.now)
        self.company = self.company or demo_company.whole(self.clock.timestamp)
        self.company.clock = self.clock.timestamp
        self.app = self.application or demo_forms.whole()
        self.quickbooks = QuickBooks(self.company, clock=self.clock.timestamp)
        self.creator = Creator(self.app)
        self.creator.per_minute = None
        self.sandbox = Sandbox(
            creator=self.creator,
            quickbooks=self.quickbooks,
            accounts=Accounts(throttle=None),
            clock=self.clock.timestamp,
            sleep=self.clock.sleep,
        )
        self.clock.sleep(3600)
        self.store = Store.in_memory()
        self.tokens = FileTokenStore(self.folder / "creator.token")
        self.source_tokens = FileTokenStore(self.folder / "quickbooks.token")
        self.sign_in()

    @property
    def reads(self) -> type[BaseModel]:
        """The source's share of an entity's settings."""
        return source_plugin.reads

    @property
    def firm(self) -> Company:
        assert self.company is not None
        return self.company

    def sign_in(self) -> None:
        """As `zsync auth` leaves it, on both sides."""
        settings, entities = self.settings()
        scopes = tuple(target_plugin.scopes(settings, entities))
        access, refresh = self.sandbox.accounts.issue(scopes)
        self.tokens.save(Tokens(access, self.clock.now() + timedelta(hours=1), refresh, scopes, URL, URL))
        access, refresh = self.quickbooks.intuit.issue()
        end = self.clock.now() + timedelta(days=100)
        kept = Tokens(access, self.clock.now() + timedelta(hours=1), refresh, realm=self.firm.realm_id, idle_until=end)
        self.source_tokens.save(kept)

    def settings(self) -> tuple[Any, Any]:
        client = self.sandbox.accounts.client
        values = {
            "type": "zoho-creator",
            "data_center": "us",
            "owner": self.app.owner,
            "app": self.app.link_name,
            "client_id": client.client_id,
            "client_secret": Secret.of(client.client_secret),
            "accounts_url": URL,
            "api_url": URL,
            "web_url": URL,
            "limits": {"calls_per_minute": 100_000, "calls_per_day": 100_000},
            **self.target,
        }
        entities = target_plugin.entities(self.reads).model_validate(dict(self.entities))
        return target_plugin.settings.model_validate(values), entities

    def source_settings(self) -> Any:
        values = {
            "type": "quickbooks",
            "tag": "qbo",
            "client_id": self.quickbooks.intuit.client_id,
            "client_secret": Secret.of(self.quickbooks.intuit.client_secret),
            "api_url": URL,
            "discovery_url": f"{URL}/.well-known/openid_configuration",
            **self.source,
        }
        return source_plugin.settings.model_validate(values)

    def state(self, store: Store | None = None) -> State:
        settings, _ = self.settings()
        kept = store or self.store
        return State(kept, Journal(kept, target_plugin.realm(settings)), Records(kept), Inbox(kept), Meters(kept), Runs(kept))

    def shaped(self) -> Shaped:
        _, entities = self.settings()
        transport = InProcess(self.sandbox)
        source = source_plugin.build(
            self.source_settings(), entities.root, clock=self.clock, token_store=self.source_tokens, transport=transport
        )
        return Shaped(source, target_plugin.feeds(entities))

    def job(self, stop: Callable[[], bool] = lambda: False) -> Job:
        settings, entities = self.settings()
        state = self.state()
        target = target_plugin.build(
            settings,
            entities,
            source_tag=self.tag,
            clock=self.clock,
            token_store=self.tokens,
            quota=state.meters.load(target_plugin.realm(settings)),
            transport=InProcess(self.sandbox),
        )
        return Job(
            source=self.shaped(),
            target=target,
            state=state,
            clock=self.clock,
            switches=target_plugin.switches(entities),
            fingerprint=self.fingerprint,
            start_date=self.start_date,
            stop=stop,
            deletions_s=self.source_settings().deletions_every,
        )

    def initialise(self, *, adopting: bool = True) -> engine.Report:
        report = engine.initialise(self.job(), self.summary, adopting=adopting)
        assert report.error is None, report.error
        return report

    def run(self, options: Options | None = None, *, minutes: float = 5) -> engine.Report:
        """One `zsync run`, some minutes after the last."""
        self.clock.sleep(minutes * 60)
        report = engine.run(self.job(), options or Options(), self.summary)
        if report.error is not None and report.error.exit_code == 1:
            raise report.error
        return report

    def well(self, options: Options | None = None, *, minutes: float = 5) -> engine.Report:
        """A run that nothing went wrong in."""
        report = self.run(options, minutes=minutes)
        assert report.error is None, report.error
        assert not report.problems, report.problems
        return report

    def run_to_rest(self, limit: int = 40, *, minutes: float = 5) -> int:
        """Run until two runs in a row made no call to Creator and nothing is open or on its way."""
        quiet = 0
        for number in range(1, limit + 1):
            before = self.calls("creator")
            if not self.run_or_die(minutes=minutes):
                continue
            idle = self.calls("creator") == before and not self.sandbox.pending() and not self.open_rows()
            quiet = quiet + 1 if idle else 0
            if quiet == 2:
                return number
        raise AssertionError(f"not at rest after {limit} runs: {self.open_rows()[:5]}")

    def calls(self, system: str, method: str = "") -> int:
        return len(self.sandbox.ledger.entries(system, method))

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

    def statuses(self, entity: str) -> dict[str, str]:
        return {each.source_id: each.status for each in Status(self.store).records(entity)}

    def record(self, entity: str, source_id: str) -> RecordStatus:
        found = Status(self.store).record(entity, source_id)
        assert found is not None
        return found

    def run_or_die(self, *, minutes: float = 5) -> bool:
        """One run, some minutes after the last, unless the process dies in it: whether it came to its end."""
        try:
            return self.run(minutes=minutes).error is None
        except Crash:
            if self.store.db.in_transaction:
                self.store.db.execute("ROLLBACK")
            return False

    def standing(self) -> dict[str, list[str]]:
        """What stands in the application, by form, with labels for lookups and without IDs: to compare, and to count doubles."""
        made = {}
        for form in self.app.forms.values():
            keys = [each.link_name for each in form.fields if not each.is_lookup]
            made[form.link_name] = sorted(str([row.get(name) for name in keys]) for row in self.app.rows(form.link_name).values())
        return made

    def amounts(self, form: str, field_name: str) -> Decimal:
        return sum((Decimal(value) for (value,) in self.app.values(form, field_name) if value), Decimal(0))
