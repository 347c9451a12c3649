"""The state file: who may read it, how it moves from version to version, and what it says when it cannot be used."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from zsync.errors import ConfigError
from zsync.state.schema import MIGRATIONS
from zsync.state.store import Locked, Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hotel-books.db"


def test_a_state_that_does_not_exist_names_the_command_that_makes_it(path: Path) -> None:
    with pytest.raises(ConfigError, match="no state") as caught:
        Store.open(path)
    assert "zsync init" in caught.value.hint
    assert not path.exists()


def note_and_break(store: Store) -> None:
    with store.commit():
        store.note("tag", "other")
        raise RuntimeError


def test_a_commit_is_on_disk_or_nothing_of_it_is(path: Path) -> None:
    store = Store.open(path, create=True)
    with store.commit():
        store.note("tag", "hotel")
    with pytest.raises(RuntimeError):
        note_and_break(store)
    store.close()
    again = Store.open(path)
    assert again.fact("tag") == "hotel"
    again.close()


def test_a_nested_commit_joins_the_outer_one() -> None:
    store = Store.in_memory()

    def break_the_outer_one() -> None:
        with store.commit():
            with store.commit():
                store.note("tag", "hotel")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_the_outer_one()
    assert store.fact("tag") is None


def test_durability_is_full_and_tables_are_strict(path: Path) -> None:
    store = Store.open(path, create=True)
    assert store.db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert store.db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    tables = store.db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'")
    assert all(row["strict"] for row in tables)
    store.close()


def test_a_state_from_a_newer_version_is_left_as_it_is(path: Path) -> None:
    Store.open(path, create=True).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="newer zsync"):
        Store.open(path)
    assert path.read_bytes() == before


def test_another_program_s_database_is_not_touched(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    with pytest.raises(ConfigError, match="not a zsync state"):
        Store.open(path)


def test_a_file_that_is_no_database_says_so(path: Path) -> None:
    path.write_bytes(b"this is no database, only text that is long enough to look at" * 20)
    with pytest.raises(ConfigError) as caught:
        Store.open(path)
    assert "damaged" in caught.value.hint


def test_a_migration_makes_a_back_up_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(path, create=True)
    with store.commit():
        store.note("tag", "hotel")
    store.close()
    monkeypatch.setattr("zsync.state.store.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE extra (x INTEGER) STRICT;"))
    Store.open(path).close()
    spare = path.with_name(path.name + f".v{len(MIGRATIONS)}.bak")
    assert spare.stat().st_mode & 0o077 == 0
    old = sqlite3.connect(spare)
    assert old.execute("SELECT value FROM meta WHERE name = 'tag'").fetchone()[0] == "hotel"
    assert not old.execute("SELECT 1 FROM sqlite_schema WHERE name = 'extra'").fetchone()
    old.close()


def test_no_migration_under_the_feet_of_a_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Store.open(path, create=True)
    monkeypatch.setattr("zsync.state.store.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE extra (x INTEGER) STRICT;"))
    with running.locked(), pytest.raises(Locked):
        Store.open(path)
    assert not running.db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'extra'").fetchone()
    running.close()
    Store.open(path).close()


def test_a_migration_that_fails_leaves_the_version_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(path, create=True).close()
    broken = "CREATE TABLE extra (x INTEGER) STRICT; INSERT INTO no_such_table VALUES (1);"
    monkeypatch.setattr("zsync.state.store.MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(sqlite3.OperationalError):
        Store.open(path)
    monkeypatch.undo()
    again = Store.open(path)
    assert not again.db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'extra'").fetchone()
    again.close()


def test_a_disk_that_takes_no_more_bytes_says_so_and_keeps_what_was_there(path: Path) -> None:
    """In a process of its own: no file of it may grow any more."""
    Store.open(path, create=True).close()
    program = """if True:
        import resource, sys
        from pathlib import Path
        from zsync.errors import ConfigError
        from zsync.state.store import Store
        store = Store.open(Path(sys.argv[1]))
        try:
            with store.commit():
                store.note("tag", "x" * 100_000)
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        except ConfigError as err:
            print(err.message, err.hint)
    """

    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)

    assert "cannot be used" in done.stdout
    assert "full" in done.stdout
    with closing(Store.open(path)) as store:
        assert store.fact("tag") is None


def test_a_full_disk_says_so_and_keeps_what_was_there(path: Path) -> None:
    store = Store.open(path, create=True)
    with store.commit():
        store.note("tag", "hotel")
    store.db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(ConfigError, match="full") as caught, store.commit():
        store.db.execute("INSERT INTO meta VALUES ('big', ?)", ("x" * 500_000,))
    assert "make room" in caught.value.hint
    assert store.fact("tag") == "hotel"
    store.close()


def test_a_read_only_folder_names_the_next_step(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("zsync.state.store.os.open", refuse)
    with pytest.raises(ConfigError, match="permission denied") as caught:
        Store.open(path, create=True)
    assert "writable" in caught.value.hint


def test_an_older_copy_in_its_place_is_noticed(path: Path) -> None:
    store = Store.open(path, create=True)
    store.step("desk")
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = path.read_bytes()
    store.step("desk")
    store.close()
    path.write_bytes(old)
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    restored = Store.open(path)
    assert restored.stepped_back()
    restored.accept_place("desk")
    assert not restored.stepped_back()
    restored.close()


def test_a_crash_between_state_and_side_file_is_no_step_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(path, create=True)
    store.step("desk")
    monkeypatch.setattr(store, "_write_side", lambda content: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store.step("desk")
    monkeypatch.undo()
    assert not store.stepped_back()
    store.close()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"run": "many"}', "not JSON"])
def test_a_side_file_that_makes_no_sense_is_no_run_without_it(path: Path, content: str) -> None:
    store = Store.open(path, create=True)
    path.with_name(path.name + ".run").write_text(content)
    with pytest.raises(ConfigError, match=r"hotel-books\.db\.run") as caught:
        store.stepped_back()
    assert "zsync init" in caught.value.hint
    store.close()


def test_another_host_is_noticed(path: Path) -> None:
    store = Store.open(path, create=True)
    store.step("desk")
    assert store.moved_from("desk") == ""
    assert store.moved_from("laptop") == "desk"
    store.close()


def test_a_copy_reaches_no_file(path: Path) -> None:
    store = Store.open(path, create=True)
    copy = store.copy()
    with copy.commit():
        copy.note("tag", "hotel")
    copy.step("elsewhere")
    assert store.fact("tag") is None
    assert store.moved_from("desk") == ""
    copy.close()
    store.close()
