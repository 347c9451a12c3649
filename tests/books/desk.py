"""The real target over the sandbox, in process: what is tested here speaks HTTP, is paced, and signs in.

desk = Desk()                     # an organisation with taxes and accounts, and the target that writes there
desk.target.modules["contacts"]   # its modules; desk.sandbox.books shows what stands there
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from zsync.ports import Quota, Tokens
from zsync.sandbox import NO_LIMITS, Accounts, Behaviour, Books, Sandbox
from zsync.sandbox.transport import InProcess
from zsync.targets.books import plugin
from zsync.targets.books.settings import BooksSettings, Entities
from zsync.targets.books.target import BooksTarget

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class HeldClock:
    """Time moves only by waiting."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class TokensInMemory:
    def __init__(self, tokens: Tokens | None) -> None:
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
    """A sandbox and a target that is signed in to it with exactly our scopes."""

    def __init__(self, behaviour: Behaviour | None = None, **more: Any) -> None:
        self.clock = HeldClock()
        books = Books(behaviour=behaviour, limits=NO_LIMITS, taxes={"VAT 9%": "9", "VAT 0%": "0"})
        accounts = Accounts(api_domain="https://www.zohoapis.eu", accounts_server="https://accounts.zoho.eu")
        self.sandbox = Sandbox(
            books=books, accounts=accounts, clock=lambda: self.clock.moment.timestamp(), sleep=self.clock.sleep
        )
        client = self.sandbox.accounts.client
        self.settings = BooksSettings.model_validate(
            {
                "data_center": "eu",
                "organization_id": books.organization.organization_id,
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "limits": {"calls_per_minute": 10_000, "calls_per_day": 10_000},
                **more,
            }
        )
        entities = Entities.model_validate({"payments": {"auto_delete": True}, "currencies": {"multi_currency": True}})
        scopes = plugin.scopes(self.settings, entities)
        access, refresh = self.sandbox.accounts.issue(scopes)
        self.tokens = TokensInMemory(Tokens(access, NOW + timedelta(hours=1), refresh, scopes))
        self.target: BooksTarget = plugin.build(
            self.settings,
            entities,
            source_tag="hotel",
            clock=self.clock,
            token_store=self.tokens,
            quota=Quota(),
            zone="Europe/Berlin",
            transport=InProcess(self.sandbox),
        )
        self.sandbox.ledger.clear()

    @property
    def books(self) -> Books:
        return self.sandbox.books

    def writes(self) -> int:
        return len(self.sandbox.ledger.writes())

    def requests(self) -> list[tuple[str, str, Mapping[str, str], Mapping[str, Any] | None]]:
        """(method, path, query, body) of all that reached the books."""
        return [(each.method, each.path, each.query, each.body) for each in self.sandbox.ledger.entries("books")]
