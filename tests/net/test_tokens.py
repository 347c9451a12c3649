"""Tokens at rest: only their owner reads them, they are whole or absent, and one process at a time has them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zsync.errors import ConfigError
from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens

TOKENS = Tokens(
    access="SECRET-ACCESS",
    expires_at=datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
    refresh="SECRET-REFRESH",
    scopes=("ZohoBooks.contacts.READ", "ZohoBooks.invoices.READ"),
    accounts_url="https://accounts.zoho.eu",
    api_url="https://www.zohoapis.eu",
    location="eu",
    signed_in_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
    throttled_until=datetime(2026, 3, 1, 8, 10, tzinfo=UTC),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hotel-books.tokens"


def test_nobody_is_signed_in_at_first(path: Path) -> None:
    assert FileTokenStore(path).load() is None


@pytest.mark.parametrize("tokens", [TOKENS, replace(TOKENS, signed_in_at=None, throttled_until=None, scopes=())])
def test_what_was_saved_is_loaded(path: Path, tokens: Tokens) -> None:
    FileTokenStore(path).save(tokens)
    assert FileTokenStore(path).load() == tokens


def test_the_files_are_readable_by_their_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        store = FileTokenStore(path)
        store.save(TOKENS)
        with store.locked():
            pass
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {path.name: 0o600, path.name + ".lock": 0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    FileTokenStore(path).save(TOKENS)
    path.chmod(mode)
    with pytest.raises(ConfigError, match="others can read") as caught:
        FileTokenStore(path).load()
    assert "chmod 600" in caught.value.hint


def test_a_file_of_before_there_were_throttles_is_read(path: Path) -> None:
    FileTokenStore(path).save(TOKENS)
    kept = json.loads(path.read_text("utf-8"))
    del kept["throttled_until"]
    path.write_text(json.dumps(kept), "utf-8")

    assert FileTokenStore(path).load() == replace(TOKENS, throttled_until=None)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", '"x"', '{"access": 1}', "\x00\udcff\udcfe", "[" * 100_000],
)
def test_a_damaged_file_is_named_and_not_shown(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", "surrogateescape")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="is damaged"):
        FileTokenStore(path).load()


def test_a_time_without_a_zone_is_damage(path: Path) -> None:
    FileTokenStore(path).save(TOKENS)
    path.write_text(path.read_text().replace("+00:00", ""))
    with pytest.raises(ConfigError, match="is damaged"):
        FileTokenStore(path).load()


def test_the_old_tokens_stay_whole_when_the_new_cannot_be_put_in_their_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileTokenStore(path)
    store.save(TOKENS)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(ConfigError, match="no space left on device"):
            store.save(replace(TOKENS, access="NEW"))
    assert store.load() == TOKENS
    store.save(replace(TOKENS, access="NEW"))
    assert store.load() == replace(TOKENS, access="NEW")


def test_tokens_are_on_disk_before_they_take_the_name_and_the_name_before_they_are_used(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old refresh token may be dead by then: neither an empty file nor the old one may be what a power cut leaves."""
    FileTokenStore(path).save(TOKENS)
    old, done = path.stat().st_ino, []
    flush = os.fsync

    def noted(handle: int) -> None:
        flush(handle)
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        done.append((kind, os.fstat(handle).st_size > 0, path.stat().st_ino == old))

    monkeypatch.setattr(os, "fsync", noted)
    FileTokenStore(path).save(replace(TOKENS, access="NEW"))
    assert done == [("file", True, True), ("folder", True, False)]


def test_tokens_that_do_not_fit_on_the_disk_leave_the_old_and_no_half_of_the_new(path: Path) -> None:
    """A real limit: the system writes what fits, says so only the second time, and refuses the rest."""
    program = (
        "import resource, signal, sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from zsync.errors import ConfigError\n"
        "from zsync.net.tokens import FileTokenStore\n"
        "store = FileTokenStore(Path(sys.argv[1]))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try:\n"
        "    store.save(replace(store.load(), access='NEW' * 100))\n"
        "except ConfigError as err:\n"
        "    sys.exit(0 if 'cannot be written' in err.message else 8)\n"
        "sys.exit(9)\n"
    )
    store = FileTokenStore(path)
    store.save(TOKENS)
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60).returncode == 0
    assert store.load() == TOKENS


def test_a_folder_that_is_not_there_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "absent" / "tokens")
    with pytest.raises(ConfigError):
        store.save(TOKENS)
    with pytest.raises(ConfigError), store.locked():
        pass


def test_deleting_twice_is_deleting_once(path: Path) -> None:
    store = FileTokenStore(path)
    store.save(TOKENS)
    store.delete()
    store.delete()
    assert store.load() is None


def test_the_lock_is_held_by_one_thread_at_a_time(path: Path) -> None:
    inside, order = threading.Event(), []

    def other() -> None:
        inside.set()
        with FileTokenStore(path).locked():
            order.append("other")

    with FileTokenStore(path).locked():
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "other"]


def test_the_lock_is_held_by_one_process_at_a_time_and_ends_with_it(path: Path) -> None:
    """The other process tells whether it could have the lock at once."""
    program = (
        "import fcntl, os, sys\n"
        "handle = os.open(sys.argv[1], os.O_RDWR)\n"
        "try:\n"
        "    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError:\n"
        "    sys.exit(7)\n"
    )
    command = [sys.executable, "-c", program, f"{path}.lock"]
    with FileTokenStore(path).locked():
        assert subprocess.run(command, check=False, timeout=60).returncode == 7
    assert subprocess.run(command, check=False, timeout=60).returncode == 0


def test_tokens_do_not_show_themselves() -> None:
    assert "SECRET" not in repr(TOKENS)
