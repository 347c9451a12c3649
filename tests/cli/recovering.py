"""What tests of recovery share: back-ups and their return, what stands in the books, hours that pass."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Desk, Said
from cli.test_firm import Office
from zsync.cli import timing
from zsync.cli.timing import unix_s
from zsync.sandbox.hotel import Hotel, demo

KINDS = ("contacts", "items", "salesorders", "invoices", "payments", "creditnotes")
ENTITIES = ("customers", "orders", "invoices", "payments", "credit_notes")

LAST: dict[str, Mapping[str, Any]] = {
    "source": {"start_date": date(2026, 3, 10)},
    "entities": {name: {"auto_create": False} for name in ("customers", "room_types", "service_products", "hotels")},
}

Later = Callable[[float], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """So many hours pass, for zsync and for the sandbox."""

    def pass_by(hours: float) -> None:
        before: Callable[[], datetime] = timing.now
        monkeypatch.setattr("zsync.cli.timing.now", lambda: before() + timedelta(hours=hours))

    return pass_by


@pytest.fixture
def whole(desk: Desk) -> Desk:
    """With all that the demo hotel has: refunds, credit notes, two currencies."""
    desk.hotel = desk.sandbox.hotel = Hotel(demo.whole(), clock=unix_s)
    desk.books.add_account("Bank", "bank")
    methods = {"default": {"mode": "others", "account": "Bank"}}
    desk.configure({"entities": {"currencies": {"multi_currency": True}}, "target": {"payment_methods": methods}})
    return desk


@pytest.fixture
def few(desk: Desk) -> Desk:
    """With the last orders and what they need: quicker."""
    desk.configure(LAST)
    return desk


def standing(desk: Desk) -> dict[str, Any]:
    """All documents, as a GET would show them."""
    return {kind: copy.deepcopy(desk.books.all(kind)) for kind in KINDS}


def calls(desk: Desk | Office, system: str) -> int:
    return desk.sandbox.ledger.calls(system)


def written(desk: Desk | Office, system: str = "books") -> list[str]:
    """The writes since somebody last looked."""
    found = [f"{each.method} {each.path}" for each in desk.sandbox.ledger.writes(system)]
    desk.sandbox.ledger.clear()
    return found


def states(desk: Desk | Office) -> list[Path]:
    """The state with all that lies beside it, but for the tokens."""
    return [each for each in sorted(desk.folder.glob("*.db*")) if not each.name.endswith((".lock", "tokens"))]


def kept(desk: Desk | Office, *, only: str = "") -> dict[Path, bytes]:
    """A back-up of these files, made while no run is at work."""
    return {each: each.read_bytes() for each in states(desk) if only in ("", each.suffix)}


def put_back(desk: Desk | Office, copies: dict[Path, bytes]) -> None:
    """As the runbook says: the files of SQLite go first, then the copies take their places."""
    for each in states(desk):
        if each in copies or each.suffix in (".db-wal", ".db-shm"):
            each.unlink()
    for path, content in copies.items():
        path.write_bytes(content)


def nothing_left(said: Said) -> None:
    assert said.code == 0, said.out + said.err
    assert said.json["counts"]["created"] == 0, said.out
