"""The installed line under Debian's own cron: it runs against the sandbox, and what else the crontab holds stays as it was.

Needs root, and the Debian packages cron and faketime; skipped elsewhere. Nothing of the machine's own is touched: cron lives
in a mount namespace with a crontab of its own, and its clock runs sixty times as fast, so that nobody waits for a minute. What
cron starts has the true time.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from e2e.test_sigkill import ZSYNC, signed_in
from zsync.cli.scene import hotel_scene
from zsync.sandbox.app import Sandbox
from zsync.sandbox.serve import Server
from zsync.state.status import Status
from zsync.state.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PROGRAMS = ("cron", "crontab", "faketime", "unshare", "nsenter")
SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

ALONE = """
set -e
mount -t tmpfs none /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /run
mount --bind /dev/null /etc/crontab
"""
"""A spool without crontabs, and no jobs of the system."""

THEIRS = '# my own\nMAILTO=""\n\n0 3 1 1 * /bin/true --100\\%\n'

PATIENCE_S = 60
"""How long cron's first run is waited for, at most; it comes after some two seconds."""


def missing() -> str:
    """Why this machine cannot have a cron of its own; empty if it can."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=SEARCHED) is None]
    if absent:
        return f"no {', '.join(absent)} here"
    done = subprocess.run([_found("unshare"), "--mount", "sh", "-c", ALONE], capture_output=True, check=False)
    return "" if done.returncode == 0 else "no mount namespace of one's own here"


def _found(program: str) -> str:
    return shutil.which(program, path=SEARCHED) or program


@dataclass(frozen=True)
class Cron:
    """Debian's cron at work, with a crontab that nobody else sees."""

    process: subprocess.Popen[str]
    log: Path

    def inside(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """A command that sees this crontab."""
        entered = [_found("nsenter"), "--mount", f"--target={self.process.pid}", "--", *command]
        return subprocess.run(entered, input=given, capture_output=True, text=True, check=False)


@contextmanager
def cron(folder: Path) -> Iterator[Cron]:
    log = folder / "cron.log"
    script = f"{ALONE}\necho ready; exec {_found('faketime')} -f '+0 x60' {_found('cron')} -f -L 15"
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [_found("unshare"), "--mount", "sh", "-c", script], stdout=subprocess.PIPE, stderr=said, text=True
        )
        try:
            ready: IO[str] | None = process.stdout
            assert ready is not None
            assert ready.readline() == "ready\n"
            yield Cron(process, log)
        finally:
            process.terminate()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


class Watched:
    """The sandbox, and an event for its first write."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.written = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" and environ["PATH_INFO"].startswith("/books/"):
            self.written.set()
        return self.sandbox(environ, start_response)


def test_debian_s_cron_runs_the_installed_line_and_remove_leaves_the_rest_of_the_crontab(tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    watched = Watched(hotel_scene(limited=False))
    with Server(watched) as server, cron(tmp_path) as daemon:
        config = signed_in(tmp_path / "a hotel's 5%", watched.sandbox, server)
        assert daemon.inside(_found("crontab"), "-", given=THEIRS).returncode == 0
        installed = daemon.inside(str(ZSYNC), "schedule", "install", "--every", "1", "--config", str(config))
        assert installed.returncode == 0, installed.stderr

        assert watched.written.wait(PATIENCE_S), daemon.log.read_text("utf-8")
        removed = daemon.inside(str(ZSYNC), "schedule", "remove", "--config", str(config))

        assert removed.returncode == 0, removed.stderr
        assert daemon.inside(_found("crontab"), "-l").stdout == THEIRS
        state = config.with_name("books.db")
        _until_nobody_runs(state)
        with closing(Store.open(state)) as store:
            counts, problems = Status(store).standing()
        assert problems == []
        assert {status for by_status in counts.values() for status in by_status} & {"pending", "waiting", "queued"} == set()
        orders = watched.sandbox.books.salesorders.values()
        assert len({each["salesorder_number"] for each in orders}) == len(orders) > 0


def _until_nobody_runs(state: Path) -> None:
    """Wait for the run's lock: who holds it is at work."""
    with state.with_name(state.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
