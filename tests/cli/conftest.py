"""The command line as a person uses it: a configuration, the sandbox on loopback, exit codes and both streams."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from leaks import STREAMS
from zsync.cli import main
from zsync.cli.timing import unix_s
from zsync.sandbox import Accounts, Books, Limits, Organization, Sandbox
from zsync.sandbox.hotel import Hotel, demo
from zsync.sandbox.serve import Server

TAXES = {"VAT 10%": "10", "VAT 20%": "20", "No VAT": "0"}


@dataclass(frozen=True)
class Said:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """A person at a terminal, in a folder with a zsync.toml; the sandbox that it leads to.

    `when_slow`: what happens in the world while an answer is slow; nobody really waits.
    """

    folder: Path
    sandbox: Sandbox
    url: str
    capsys: pytest.CaptureFixture[str]
    when_slow: list[Callable[[], None]]

    def __post_init__(self) -> None:
        assert isinstance(self.sandbox.hotel, Hotel)
        self.hotel = self.sandbox.hotel
        self.books = self.sandbox.books
        self.configure()

    def configure(self, changes: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Write zsync.toml; `changes` are added to its tables."""
        client = self.sandbox.accounts.client
        tables: dict[str, dict[str, Any]] = {
            "source": {"type": "qloapps", "tag": "hotel", "url": f"{self.url}/hotel", "api_key": self.hotel.api_key},
            "target": {
                "type": "zoho-books",
                "data_center": "eu",
                "organization_id": self.books.organization.organization_id,
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                **dict.fromkeys(("accounts_url", "api_url", "web_url"), self.url),
                "limits": {"calls_per_minute": 100_000, "calls_per_day": 10_000},
            },
        }
        for table, content in (changes or {}).items():
            tables.setdefault(table, {}).update(content)
        path = self.folder / "zsync.toml"
        path.write_bytes(tomli_w.dumps(tables).encode())
        path.chmod(0o600)

    def zsync(self, *arguments: str) -> Said:
        """Carry out a command line."""
        self.capsys.readouterr()
        code = main(list(arguments))
        captured = self.capsys.readouterr()
        STREAMS.take(arguments, captured.out, captured.err)
        return Said(code, captured.out, captured.err)

    def sign_in(self) -> None:
        scopes = self.zsync("auth", "scopes").out.strip().split(",")
        assert self.zsync("auth", "--code", self.sandbox.accounts.grant_code(scopes)).code == 0

    def initialised(self) -> None:
        """As after `auth` and `init`."""
        self.sign_in()
        assert self.zsync("init", "--no-adopt").code == 0

    def loaded(self) -> None:
        """As after a first run in which all went well."""
        self.initialised()
        assert self.zsync("run").code == 0

    def statuses(self, entity: str) -> dict[str, str]:
        """Id -> status of one kind, as `status --json` tells."""
        return {each["source_id"]: each["status"] for each in self.zsync("status", entity, "--json").json}


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon for zsync, and for a sandbox that goes by its time: no day ends in mid-test, whenever the tests are run."""
    now = datetime.now(UTC)
    ahead = now.replace(hour=12, minute=0, second=0, microsecond=0) - now
    monkeypatch.setattr("zsync.cli.timing.now", lambda: datetime.now(UTC) + ahead)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], noon: None) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZSYNC_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))  # all goes over loopback: no certificates are read, for each command anew
    monkeypatch.setattr("zsync.cli.timing.SystemClock.sleep", lambda _self, _seconds: None)  # nobody really waits
    organization = Organization(country="Austria", country_code="AT", time_zone="Europe/Vienna")
    books = Books(organization, limits=Limits(per_minute=None, at_once=None), taxes=TAXES)
    when_slow: list[Callable[[], None]] = []

    def slow(_seconds: float) -> None:
        for each in when_slow:
            each()

    hotel = Hotel(demo.group(), clock=unix_s)
    sandbox = Sandbox(hotel=hotel, books=books, accounts=Accounts(throttle=None), clock=unix_s, sleep=slow)
    before = os.umask(0o022)
    try:
        with Server(sandbox) as server:
            yield Desk(tmp_path, sandbox, server.url, capsys, when_slow)
    finally:
        os.umask(before)
