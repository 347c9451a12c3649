"""Real processes that carry out `zsync` command lines, without the half second that a fresh interpreter takes.

A Stable is forked once, with zsync imported and no thread running. For each command it forks a process of its own, which can
be killed like any other. What a command prints is kept; what is to happen inside of it (a kill around a commit, a full disk)
is put in place after the fork, so that the code under test is the installed one.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import resource
import signal
import socket
import ssl
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import zsync
from proof.clock import SharedClock

LONGEST_S = 120
"""No command of the small scenes takes longer; one that does hangs, and is ended."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What happens inside the process: at its `commit`-th commit, counted from 1 (0: nothing).

    kill_before: SIGKILL when the transaction is complete but not committed; kill_after: right after it is on disk;
    full: no file grows by a byte any more; readonly: the state refuses to be written.
    """

    what: str = ""
    commit: int = 0


NOTHING = Inside()


@dataclass(frozen=True, slots=True)
class Ended:
    """`code` is the exit code, or minus the signal that ended it; `commits` how many the process had made (-1: was killed)."""

    code: int
    out: str
    err: str
    commits: int

    @property
    def document(self) -> Any:
        """What `--json` printed, or None where nothing was."""
        return json.loads(self.out) if self.out.strip() else None


class Stable:
    """Starts one process at a time. Made before the first thread of its maker."""

    def __init__(self, clock: SharedClock) -> None:
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _serve(theirs, clock)
        theirs.close()
        self._wire = ours.makefile("rw", encoding="utf-8", newline="\n")
        ours.close()
        self.running = 0

    def start(self, words: Sequence[str], folder: Path, inside: Inside = NOTHING) -> int:
        """Its process id."""
        print(json.dumps({"words": list(words), "folder": str(folder), "inside": asdict(inside)}), file=self._wire, flush=True)
        self.running = int(self._wire.readline())
        return self.running

    def wait(self) -> Ended:
        ended = json.loads(self._wire.readline())
        self.running = 0
        return Ended(**ended)

    def close(self) -> None:
        """It is told, and does not wait for the end of the wire: stables that were forked later hold a copy of it."""
        print(file=self._wire, flush=True)
        self._wire.close()
        os.waitpid(self._pid, 0)


def _serve(wire: socket.socket, clock: SharedClock) -> NoReturn:
    """The stable's own process: fork for each command, wait for its end. It ends when its maker does."""
    for module in pkgutil.walk_packages(zsync.__path__, "zsync."):  # imported once, not in each process
        if not module.name.startswith("zsync.sandbox") and module.name != "zsync.__main__":
            importlib.import_module(module.name)
    _spare()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines = wire.makefile("rw", encoding="utf-8", newline="\n")
    while line := lines.readline().strip():
        asked = json.loads(line)
        pipes = {name: os.pipe() for name in ("out", "err", "commits")}
        pid = os.fork()
        if pid == 0:
            wire.close()
            _carry_out(asked, {name: write for name, (_, write) in pipes.items()}, clock)
        for _, write in pipes.values():
            os.close(write)
        print(pid, file=lines, flush=True)
        print(json.dumps(_ended(pid, {name: read for name, (read, _) in pipes.items()})), file=lines, flush=True)
    os._exit(0)


def _spare() -> None:
    """What costs each process more than its run, and has nothing to do with it: the tree of commands is built once, and no
    certificates are read, as all goes over plain http to loopback."""
    import typer

    from zsync.cli.app import app

    command = typer.main.get_command(app)
    typer.main.get_command = lambda typer_instance: command
    ssl.SSLContext.load_verify_locations = lambda *_words, **_options: None  # type: ignore[method-assign]


def _ended(pid: int, pipes: dict[str, int]) -> dict[str, Any]:
    import selectors

    said = dict.fromkeys(pipes, b"")
    with selectors.DefaultSelector() as selector:
        for name, pipe in pipes.items():
            selector.register(pipe, selectors.EVENT_READ, name)
        while selector.get_map():
            ready = selector.select(LONGEST_S)
            if not ready:
                os.kill(pid, signal.SIGKILL)
                said["err"] += b"\nit hung and was ended"
            for key, _ in ready:
                part = os.read(key.fd, 65536)
                said[key.data] += part
                if not part:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    _, status = os.waitpid(pid, 0)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    words = {name: said[name].decode("utf-8", "replace") for name in ("out", "err")}
    return {"code": code, **words, "commits": int(said["commits"] or b"-1")}


# --- in the process itself --------------------------------------------------------------------------------------------------


def _carry_out(asked: dict[str, Any], pipes: dict[str, int], clock: SharedClock) -> NoReturn:
    code = 1
    count = [0]
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(asked["folder"])
        os.environ["XDG_CONFIG_HOME"] = asked["folder"]
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, number in ((nothing, 0), (pipes["out"], 1), (pipes["err"], 2)):
            os.dup2(source, number)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        _set_clock(clock)
        _watch_commits(Inside(**asked["inside"]), count)
        from zsync.cli import main

        code = main(asked["words"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a forked process must not return into the stable; what it was is shown
        traceback.print_exc()
        sys.stderr.flush()
    os.write(pipes["commits"], str(count[0]).encode())
    os._exit(code)


def _set_clock(clock: SharedClock) -> None:
    from zsync.cli import timing
    from zsync.engine.job import Stopped

    def sleep(self: timing.SystemClock, seconds: float) -> None:
        self._on_wait(seconds)
        if self._stop():
            raise Stopped("stopped as asked while waiting; the rest goes in the next run")
        clock.sleep(seconds)

    timing.now = clock.here
    timing.SystemClock.sleep = sleep  # type: ignore[method-assign]


def _watch_commits(inside: Inside, count: list[int]) -> None:
    """Count what is committed to the state file, and strike at the commit that `inside` names."""
    from zsync.state.store import Store

    commit: Callable[[Store], Any] = Store.commit

    @contextmanager
    def watched(self: Store) -> Iterator[None]:
        if not self._on_disk or self.db.in_transaction:
            with commit(self):
                yield
            return
        count[0] += 1
        struck = inside.what if count[0] == inside.commit else ""
        if struck == "readonly":
            self.db.execute("PRAGMA query_only = 1")
        with commit(self):
            yield
            if struck == "kill_before":
                os.kill(os.getpid(), signal.SIGKILL)
            if struck == "full":
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        if struck == "kill_after":
            os.kill(os.getpid(), signal.SIGKILL)

    Store.commit = watched  # type: ignore[method-assign]
