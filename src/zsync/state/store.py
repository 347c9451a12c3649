"""The state file: one SQLite database that only its owner reads, and the lock that makes zsync its one writer.

WAL with `synchronous=FULL`: a commit that returned is on disk, which is what the journal's promise rests on. Transactions
are explicit and short, never around a network call. `plan` works on a copy. Commands that only leave a note (`retry`,
`resolve`) write the inbox without the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from zsync.errors import ConfigError
from zsync.state.schema import MIGRATIONS

_OWNER_ONLY = 0o600
_DAMAGED = ("malformed", "not a database", "already exists", "unsupported file format")
_DAMAGED_HINT = "the file is damaged: put the newest back-up in its place, then `zsync init --adopt`"
_SIDE_HINT = "restore it, or remove it and run `zsync init`"


def stamp(moment: datetime) -> str:
    """An aware time as the state keeps it: UTC, microseconds, `Z`; sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str | None) -> datetime | None:
    """What `stamp` wrote, or None."""
    return None if text is None else datetime.fromisoformat(text)


class Locked(ConfigError):
    """Another run holds the lock of this state."""

    exit_code = 75


class Store:
    """An open state file. Use `Store.open`, then the parts (`Journal`, `Records`, ...) on its connection."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, on_disk: bool = False) -> None:
        self.path = path
        self.db = connection
        self._on_disk = on_disk
        self._closed = weakref.finalize(self, connection.close)  # also where nobody does: Python 3.13 minds

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Store:
        """The state at `path`, brought to this program's version (with a back-up before the first migration).

        Raises ConfigError if there is none and `create` is false, if it is newer than this program, not a zsync state, not
        writable, or damaged.
        """
        with _plain_words(path):
            try:
                path.stat()
                fresh = False
            except FileNotFoundError:
                fresh = True
        if fresh and not create:
            raise ConfigError(f"no state at `{path.name}` yet", hint="run `zsync init` first")
        with _plain_words(path):
            if fresh:
                os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_EXCL, _OWNER_ONLY))
            connection = _connect(path)
            try:
                behind = _version(connection) < len(MIGRATIONS)
                with _alone(path) if behind else nullcontext():  # not under the feet of a run, nor twice at once
                    _migrate(connection, path)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection, on_disk=True)

    @classmethod
    def in_memory(cls) -> Self:
        """A state without a file, for tests and try-outs."""
        connection = _in_memory()
        _migrate(connection, Path("memory.db"))
        return cls(Path("memory.db"), connection)

    @contextmanager
    def commit(self) -> Iterator[None]:
        """One transaction: everything inside is on disk when it ends, or nothing is. Nested use joins the outer one."""
        if self._inside():
            yield  # the outer one commits
            return
        with _plain_words(self.path):
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self._inside():  # SQLite has rolled back by itself when the disk is full
                    self.db.execute("ROLLBACK")
                raise

    def _inside(self) -> bool:
        return self.db.in_transaction

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only writer of journal and records while this lasts. Raises Locked at once if another process is.

        The lock is the kernel's (flock on a file beside the state): nothing stale is left after a crash.
        """
        with _alone(self.path):
            yield

    def copy(self) -> Self:
        """The same state in memory, for `plan`: nothing written to it reaches the file."""
        memory = _in_memory()
        self.db.backup(memory)
        return type(self)(self.path, memory)

    def close(self) -> None:
        self._closed()

    # --- facts about the state ----------------------------------------------------------------------------------------

    def fact(self, name: str) -> str | None:
        """A fact that was noted under `name`: tag, realm, fingerprint, ..."""
        found = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def note(self, name: str, value: str) -> None:
        """Keep a fact about the state itself."""
        self.db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))

    # --- the side file: has this state been restored, or moved? ---------------------------------------------------------

    def step(self, host: str | None = None) -> None:
        """Count one more run, in the state and then beside it. Called with the lock held, before anything is read or sent.

        In this order a crash between the two leaves the side file behind, never ahead: ahead means an older state.
        """
        with self.commit():
            self.count()
        self.accept_place(host)

    def count(self) -> None:
        """One more step that copies made before do not know: a run, or calls that are about to leave. Inside a commit."""
        self.note("run_counter", str(self._counted() + 1))

    def stepped_back(self) -> bool:
        """Whether this may be an older copy: the side file has counted steps that it does not know, or has not come along."""
        if not self._on_disk:
            return False
        side, known = self._read_side(), self._counted()
        return known > 0 if side is None else int(side.get("run", 0)) > known

    def sided(self) -> bool:
        """Whether the side file is there."""
        return self._read_side() is not None

    def moved_from(self, host: str | None = None) -> str:
        """The host that ran this state last, if it is another one than this; else empty."""
        side = self._read_side()
        if side is None:
            return ""
        last = str(side.get("host", ""))
        return "" if last == (host or socket.gethostname()) else last

    def accept_place(self, host: str | None = None) -> None:
        """This copy on this host is the one from now on. Called outside a commit: the side file counts what is on disk."""
        self._write_side({"run": self._counted(), "host": host or socket.gethostname()})

    def _counted(self) -> int:
        return int(self.fact("run_counter") or "0")

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _read_side(self) -> dict[str, str | int] | None:
        if not self._on_disk:
            return None
        try:
            loaded = json.loads(self._beside(".run").read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as err:
            raise ConfigError(f"the side file `{self.path.name}.run` cannot be read", hint=_SIDE_HINT) from err
        if not isinstance(loaded, dict) or not isinstance(loaded.get("run"), int):
            raise ConfigError(f"the side file `{self.path.name}.run` is not one of ours", hint=_SIDE_HINT)
        return loaded

    def _write_side(self, content: dict[str, str | int]) -> None:
        if not self._on_disk:
            return
        target, draft = self._beside(".run"), self._beside(".run.new")
        with _plain_words(self.path):
            handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, _OWNER_ONLY)
            try:
                os.write(handle, json.dumps(content).encode())
                os.fsync(handle)
            finally:
                os.close(handle)
            draft.replace(target)


def _in_memory() -> sqlite3.Connection:
    """A state without a file. Whichever thread collects garbage may close it."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        _check_ours(connection, path)  # before anything is changed in it
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise ConfigError(
            f"`{path.name}` was written by a newer zsync (version {version} of the state; this program knows {len(MIGRATIONS)})",
            hint="update zsync; the state was left as it is",
        )
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    if version < 0 or bool(tables) != bool(version) or (version and "meta" not in tables):
        raise ConfigError(f"`{path.name}` is a database, but not a zsync state", hint="set `path` under [state] to another file")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if 0 < version < len(MIGRATIONS):
        _back_up(connection, path, version)
    for number in range(version, len(MIGRATIONS)):
        connection.executescript(f"BEGIN IMMEDIATE;\n{MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;")


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    spare = path.with_name(f"{path.name}.v{version}.bak")
    os.close(os.open(spare, os.O_CREAT | os.O_RDWR | os.O_TRUNC, _OWNER_ONLY))
    copy = sqlite3.connect(spare)
    try:
        connection.backup(copy)
    finally:
        copy.close()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the kernel's lock beside the state at `path` while this lasts. Raises Locked at once if another process does."""
    with _plain_words(path):
        handle = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, _OWNER_ONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise Locked(
                "another run is at work on this state", hint="wait until it ends; cron's next run goes on by itself"
            ) from err
        yield
    finally:
        os.close(handle)


@contextmanager
def _plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system complain about into words with a next step."""
    try:
        with plain_words(path):
            yield
    except UnicodeDecodeError as err:  # SQLite's complaint quotes the damaged bytes
        raise ConfigError(f"the state `{path.name}` cannot be used: its text is no UTF-8", hint=_DAMAGED_HINT) from err
    except OSError as err:
        raise ConfigError(
            f"the state `{path.name}` cannot be used: {(err.strerror or 'not possible').lower()}",
            hint="the folder must exist, have room, and be writable by the user who runs zsync (cron's user, too)",
        ) from err


@contextmanager
def plain_words(path: Path) -> Iterator[None]:
    """The same of SQLite alone: damage may show in the middle of a run, when a page is read for the first time."""
    try:
        yield
    except sqlite3.DatabaseError as err:
        text = str(err)
        if "full" in text:
            hint = "the disk is full: make room, then run again; nothing half-written was kept"
        elif "readonly" in text or "unable to open" in text:
            hint = "the folder and the file must be writable by the user who runs zsync (cron's user, too)"
        elif "I/O" in text:
            hint = "the disk does not take what is written: is it full, or failing? Nothing half-written was kept; then run again"
        elif "locked" in text:
            hint = "another program holds the file open; try again"
        elif any(words in text for words in _DAMAGED):
            hint = _DAMAGED_HINT
        else:
            raise
        raise ConfigError(f"the state `{path.name}` cannot be used: {text}", hint=hint) from err
