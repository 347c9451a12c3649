"""One refresh for all: several real processes with several workers each, over real sockets, and one token file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens
from zsync.sandbox import Accounts, Books, Limits, Sandbox
from zsync.sandbox.serve import Server
from zsync.sources.qloapps.settings import Reads as QloAppsReads
from zsync.targets.books import plugin

PROCESSES, WORKERS = 3, 3
PROGRAM = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from zsync.net.tokens import FileTokenStore
from zsync.ports import Quota
from zsync.targets.books import plugin

class WakefulClock:
    def now(self):
        return datetime.now(UTC)
    def sleep(self, seconds):
        raise AssertionError("nobody waits here")

settings = plugin.settings.model_validate(json.loads(sys.argv[1]))
entities = plugin.entities(None).model_validate({})
target = plugin.build(
    settings,
    entities,
    source_tag="hotel",
    clock=WakefulClock(),
    token_store=FileTokenStore(Path(sys.argv[2])),
    quota=Quota(),
)
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(int(sys.argv[3])) as pool:
    found = list(pool.map(lambda _: list(target.check())[0].ok, range(int(sys.argv[3]))))
target.close()
sys.exit(0 if all(found) else 9)
"""


@dataclass
class Scene:
    """A sandbox that people have signed in to; `settings` lead to it, `tokens` is the file."""

    sandbox: Sandbox
    settings: str
    tokens: FileTokenStore
    path: Path

    def work(self) -> list[int]:
        """Start the processes, let them go at once, and tell how they ended."""
        command = [sys.executable, "-c", PROGRAM, self.settings, str(self.path), str(WORKERS)]
        pipe = subprocess.PIPE
        with ExitStack() as stack:
            running = [
                stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)) for _ in range(PROCESSES)
            ]
            for each in running:
                assert each.stdout is not None
                assert each.stdout.readline() == "ready\n"
            for each in running:
                assert each.stdin is not None
                each.stdin.write("go\n")
                each.stdin.flush()
            for each in running:
                each.communicate(timeout=120)
            return [each.returncode for each in running]

    def refreshes(self) -> int:
        return self.sandbox.ledger.calls("accounts")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    sandbox = Sandbox(books=Books(limits=Limits(per_minute=None, at_once=None)), accounts=Accounts())
    with Server(sandbox) as server:
        client = sandbox.accounts.client
        values = {
            "data_center": "eu",
            "organization_id": sandbox.books.organization.organization_id,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "accounts_url": server.url,
            "api_url": server.url,
        }
        scopes = plugin.scopes(plugin.settings.model_validate(values), plugin.entities(QloAppsReads).model_validate({}))
        access, refresh = sandbox.accounts.issue(scopes)
        store = FileTokenStore(tmp_path / "books.tokens")
        store.save(Tokens(access, datetime.now(UTC) + timedelta(hours=1), refresh, tuple(scopes), server.url, server.url))
        yield Scene(sandbox, json.dumps(values), store, tmp_path / "books.tokens")


def in_its_last_minute(scene: Scene) -> None:
    kept = scene.tokens.load()
    assert kept is not None
    scene.tokens.save(replace(kept, expires_at=datetime.now(UTC) + timedelta(seconds=50)))


def dead_at_the_remote(scene: Scene) -> None:
    """Every call is answered by code 57."""
    scene.sandbox.accounts.expire_access()


@pytest.mark.parametrize("spoil", [in_its_last_minute, dead_at_the_remote])
def test_processes_and_workers_that_need_a_token_at_once_ask_for_one(scene: Scene, spoil: Callable[[Scene], None]) -> None:
    spoil(scene)
    assert scene.work() == [0] * PROCESSES
    assert scene.refreshes() == 1


def test_a_token_that_is_good_is_shared_without_asking(scene: Scene) -> None:
    assert scene.work() == [0] * PROCESSES
    assert scene.refreshes() == 0


def test_processes_that_are_throttled_ask_once(scene: Scene) -> None:
    in_its_last_minute(scene)
    scene.sandbox.accounts.throttle = 0
    assert scene.work() == [9] * PROCESSES
    assert scene.refreshes() == 1
