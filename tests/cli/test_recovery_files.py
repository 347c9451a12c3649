"""The state file damaged, of another version, copied while a run is at work, moved to another machine."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Desk
from cli.recovering import calls, few, nothing_left, put_back, standing, written
from cli.test_messages import refusing, says
from zsync.sandbox import Fault
from zsync.state.schema import MIGRATIONS

__all__ = ["few"]  # a fixture

# --- damaged, foreign, of another version --------------------------------------------------------------------------------


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def scribbled(path: Path) -> None:
    """It opens, and only a question to its journal and its records tells."""
    with sqlite3.connect(path) as db:
        pages = [page for (page,) in db.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('journal', 'records')")]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)


def overwritten(path: Path) -> None:
    path.write_bytes(b"not a database at all, not even nearly one" * 500)


def another_s(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookings (id)")
    db.close()


def of_a_newer_version(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()


DAMAGES: tuple[tuple[Callable[[Path], None], str], ...] = (
    (truncated, "the file is damaged: "),
    (scribbled, "the file is damaged: "),
    (overwritten, "the file is damaged: "),
    (another_s, "is a database, but not a zsync state"),
    (of_a_newer_version, "update zsync; the state was left as it is"),
)


def test_a_state_that_cannot_be_used_stops_everything_with_what_to_do(desk: Desk) -> None:
    desk.initialised()
    path = desk.folder / "zsync.db"
    whole = path.read_bytes()
    written(desk)
    for damage, words in DAMAGES:
        path.write_bytes(whole)
        damage(path)
        content = path.read_bytes()

        says(desk.zsync("status", "orders"), 2, "zsync.db", words)
        says(desk.zsync("run"), 2, "zsync.db", words)

        assert written(desk) == []
        assert damage is scribbled or path.read_bytes() == content


def test_a_state_of_an_older_version_is_taken_along_and_kept_beside(few: Desk) -> None:
    few.loaded()
    with sqlite3.connect(few.folder / "zsync.db") as db:
        db.executescript("DROP TABLE wishes; PRAGMA user_version = 1;")
    db.close()
    before = calls(few, "books")

    nothing_left(few.zsync("run", "--json"))

    assert calls(few, "books") == before
    assert (few.folder / "zsync.db.v1.bak").stat().st_mode & 0o077 == 0
    os.truncate(few.folder / "zsync.db", 0)  # an empty one is one that was never filled
    says(few.zsync("run"), 2, "was not initialised", "zsync init")


def test_a_side_file_that_makes_no_sense_stops_the_run_and_goes_by_adoption(few: Desk) -> None:
    few.loaded()
    side = few.folder / "zsync.db.run"
    side.write_text("?", "utf-8")

    says(few.zsync("run"), 2, "`zsync.db.run`", "remove it and run `zsync init`")
    side.unlink()
    for command in (["run"], ["init", "--no-adopt"]):
        says(few.zsync(*command), 2, "`.run` beside the state is missing", "zsync init --adopt")
    assert few.zsync("init").code == 0
    nothing_left(few.zsync("run", "--json"))


def test_a_folder_that_cannot_be_written_any_more(few: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    few.initialised()
    written(few)
    refusing(monkeypatch, lambda path, flags: "zsync.db.run" in path and bool(flags & os.O_CREAT), 30)

    says(few.zsync("run"), 2, "zsync.db", "read-only", "writable by the user who runs zsync")
    assert written(few) == []


# --- copied and moved ------------------------------------------------------------------------------------------------------


def test_a_copy_made_in_mid_run_is_whole_and_is_known_to_be_older_than_that_very_run(few: Desk) -> None:
    few.initialised()
    copies: list[Path] = []

    def back_up() -> None:
        """With SQLite's own back-up, as `sqlite3 zsync.db ".backup COPY"` does it, and by VACUUM INTO."""
        copies.extend(few.folder / name for name in ("backup.copy", "vacuum.copy"))
        with sqlite3.connect(few.folder / "zsync.db") as state, sqlite3.connect(copies[0]) as copied:
            state.backup(copied)
            state.execute("VACUUM INTO ?", (str(copies[1]),))
        copied.close()
        state.close()

    few.when_slow.append(back_up)
    few.sandbox.faults.add(Fault("slow", "books", "POST", "^/salesorders$", nth=2))
    assert few.zsync("run").code == 0
    before = standing(few)
    written(few)

    for made in copies:
        with sqlite3.connect(made) as copied:
            assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            (sending,) = copied.execute("SELECT count(*) FROM journal WHERE state = 'sending'").fetchone()
        copied.close()
        assert sending > 0
        put_back(few, {few.folder / "zsync.db": made.read_bytes()})
        says(few.zsync("run"), 2, "older than the last run", "zsync init --adopt")
    assert few.zsync("init", "--adopt").code == 0
    assert few.zsync("run").code == 0
    assert written(few) == []
    assert standing(few) == before


def test_on_another_machine_nothing_is_called_once_init_has_taken_it_over(few: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    few.loaded()
    new = few.folder / "new"
    new.mkdir()
    for each in few.folder.glob("zsync.*"):
        shutil.copy2(each, new)
    monkeypatch.chdir(new)
    before = calls(few, "books"), calls(few, "accounts")

    nothing_left(few.zsync("run", "--json"))  # another folder of the same machine
    assert (calls(few, "books"), calls(few, "accounts")) == before
    monkeypatch.setattr("socket.gethostname", lambda: "new-box")
    says(few.zsync("run"), 2, "last used on the host", "zsync init")
    assert few.zsync("init", "--no-adopt").code == 0
    before = calls(few, "books"), calls(few, "accounts")
    nothing_left(few.zsync("run", "--json"))
    assert (calls(few, "books"), calls(few, "accounts")) == before
