"""A QuickBooks source over the sandbox's company, in process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from zsync.net.secret import Secret
from zsync.ports import Tokens
from zsync.sandbox.app import Sandbox
from zsync.sandbox.company import Company, QuickBooks
from zsync.sandbox.transport import InProcess
from zsync.sources.quickbooks import plugin
from zsync.sources.quickbooks.settings import QuickBooksSettings, Reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zsync.sources.quickbooks.source import QuickBooks as Source

URL = "http://127.0.0.1"


@dataclass
class StillClock:
    """Time moves only when told to, or when somebody waits."""

    moment: datetime = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def timestamp(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class TokensInMemory:
    def __init__(self, tokens: Tokens | None = None) -> None:
        self.tokens = tokens

    def load(self) -> Tokens | None:
        return self.tokens

    def save(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def delete(self) -> None:
        self.tokens = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        yield


class Desk:
    """A company behind its API, and a source that is signed in to it."""

    def __init__(self, company: Company | None = None) -> None:
        self.clock = StillClock()
        self.company = company or Company()
        self.quickbooks = QuickBooks(self.company)
        self.sandbox = Sandbox(quickbooks=self.quickbooks, clock=self.clock.timestamp, sleep=self.clock.sleep)
        access, refresh = self.quickbooks.intuit.issue()
        ends = self.clock.now() + timedelta(days=100)
        self.tokens = TokensInMemory(
            Tokens(access, self.clock.now() + timedelta(hours=1), refresh, realm=self.company.realm_id, idle_until=ends)
        )

    def settings(self, **changes: Any) -> QuickBooksSettings:
        values = {
            "tag": "qbo",
            "client_id": self.quickbooks.intuit.client_id,
            "client_secret": Secret.of(self.quickbooks.intuit.client_secret),
            "api_url": URL,
            "discovery_url": f"{URL}/.well-known/openid_configuration",
        }
        return QuickBooksSettings.model_validate(values | changes)

    def source(self, reads: Mapping[str, Mapping[str, Any]], **changes: Any) -> Source:
        """As a new run builds it."""
        wanted = {name: Reads.model_validate(each) for name, each in reads.items()}
        return plugin.build(
            self.settings(**changes), wanted, clock=self.clock, token_store=self.tokens, transport=InProcess(self.sandbox)
        )
