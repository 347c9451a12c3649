"""The real thing: a real process over real sockets, killed by SIGKILL in the middle of its calls, again and again.

The sandbox serves on loopback; `zsync run` is a process of its own. At every fifth write it is killed, before the write's
effect or right after it, and started again, until a run ends by itself. In the end the books are those of a hotel whose run
was left in peace. The grace is not waited for: the state's `ask_at` is moved into the past, which is what seventeen
minutes would do.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w

from zsync.cli.scene import configuration, hotel_scene
from zsync.sandbox.app import Sandbox
from zsync.sandbox.serve import Server
from zsync.sandbox.web import ConnectionCut

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ZSYNC = Path(sys.executable).with_name("zsync")
EVERY = 5


class Trap:
    """The sandbox, with a hook that kills the caller at every n-th write, in turn before and after its effect."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.armed = False
        self.victim: subprocess.Popen[str] | None = None
        self.kills = 0
        self._writes = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            write = self.armed and environ["REQUEST_METHOD"] != "GET" and environ["PATH_INFO"].startswith("/books/")
            self._writes += write
            if not write or self._writes < EVERY:
                return self.sandbox(environ, start_response)
            self._writes = 0
            self.kills += 1
            if self.kills % 2:
                list(self.sandbox(environ, lambda *_: lambda _body: None))
            assert self.victim is not None
            os.kill(self.victim.pid, signal.SIGKILL)
            self.victim.wait()
            raise ConnectionCut("cut")


def test_a_process_killed_again_and_again_writes_everything_once(tmp_path: Path) -> None:
    sandbox = hotel_scene(limited=False)
    trap = Trap(sandbox)
    with Server(trap) as server:
        config = signed_in(tmp_path / "killed", sandbox, server)
        ended = None
        for _ in range(60):
            trap.armed = True
            trap.victim = _zsync(config, "run")
            ended = trap.victim.wait()
            trap.armed = False
            if ended != -signal.SIGKILL:
                break
            _let_the_grace_pass(config.with_name("books.db"))
        assert ended == 0
        assert trap.kills >= 15
        before = sandbox.ledger.calls("books")
        assert _zsync(config, "run").wait() == 0
        assert sandbox.ledger.calls("books") == before, "nothing is left to do, nothing in doubt"
    peaceful = hotel_scene(limited=False)
    with Server(peaceful) as server:
        assert _zsync(signed_in(tmp_path / "in-peace", peaceful, server), "run").wait() == 0
    assert _books(sandbox) == _books(peaceful)
    assert all(len(found) == len(set(found)) for found in _books(sandbox).values())


def signed_in(folder: Path, sandbox: Sandbox, server: Server) -> Path:
    """The configuration, after `auth` and `init`."""
    folder.mkdir()
    config = folder / "zsync.toml"
    tables = configuration(sandbox, server.url, str(folder / "books.db"), calls_per_minute=10_000)
    config.write_text(tomli_w.dumps(tables), "utf-8")
    config.chmod(0o600)
    assert _zsync(config, "auth", "--code", sandbox.accounts.grant_code(["ZohoBooks.fullaccess.all"])).wait() == 0
    assert _zsync(config, "init", "--no-adopt").wait() == 0
    sandbox.ledger.clear()
    return config


def _zsync(config: Path, *words: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZSYNC")}
    command = [str(ZSYNC), words[0], *words[1:], "--config", str(config)]
    return subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _let_the_grace_pass(state: Path) -> None:
    database = sqlite3.connect(state)
    with database:
        database.execute("UPDATE journal SET ask_at = '2020-01-01T00:00:00.000000Z' WHERE ask_at IS NOT NULL")
    database.close()


def _books(sandbox: Sandbox) -> dict[str, list[str]]:
    """Everything that stands in the books, without ids: numbers, sums, balances, statuses, and what is applied to what."""
    books = sandbox.books
    payments = books.all("payments").values()
    return {
        "contacts": sorted(row["contact_name"] for row in books.all("contacts").values()),
        "items": sorted(row["sku"] for row in books.all("items").values()),
        "salesorders": sorted(
            f"{row['salesorder_number']} {row['total']} {row['status']}" for row in books.all("salesorders").values()
        ),
        "invoices": sorted(
            f"{row['invoice_number']} {row['total']} {row['balance']} {row['status']}" for row in books.all("invoices").values()
        ),
        "payments": sorted(f"{row['reference_number']} {row['amount']}" for row in payments),
        "applications": sorted(
            f"{row['reference_number']} on {each['invoice_number']}: {each['amount_applied']}"
            for row in payments
            for each in row["invoices"]
        ),
    }
