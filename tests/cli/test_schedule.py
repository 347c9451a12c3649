"""`zsync schedule`: our own two lines of a crontab, and not a byte of anybody else's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cli.conftest import Desk

THEIRS = "# my own\nMAILTO=me@example.com\n\n0 3 * * * /usr/bin/backup --100\\%\n\n"

CRONTAB = """#!{python}
import pathlib, sys
kept = pathlib.Path({kept!r})
if sys.argv[1:] == ["-l"]:
    if not kept.exists():
        sys.exit(print("no crontab for me", file=sys.stderr) or 1)
    sys.stdout.buffer.write(kept.read_bytes())
elif sys.argv[1:] == ["-"]:
    kept.write_bytes(sys.stdin.buffer.read())
else:
    sys.exit(2)
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The crontab that a program of this name keeps."""
    folder = tmp_path / "bin"
    folder.mkdir()
    kept = tmp_path / "kept.crontab"
    program = folder / "crontab"
    program.write_text(CRONTAB.format(python=sys.executable, kept=str(kept)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return kept


def test_install_writes_one_line_however_often_and_remove_leaves_the_rest_as_it_was(desk: Desk, table: Path) -> None:
    table.write_text(THEIRS)

    assert desk.zsync("schedule", "install").code == 0
    assert desk.zsync("schedule", "install", "--every", "10").code == 0

    text = table.read_text()
    assert text.startswith(THEIRS)
    mark, line = text[len(THEIRS) :].splitlines()
    assert mark == f"# zsync: {desk.folder / 'zsync.toml'}"
    assert line.startswith("*/10 * * * * PATH=")
    assert line.endswith(f"zsync run --quiet --config {desk.folder / 'zsync.toml'}")
    assert desk.zsync("schedule", "show").out.splitlines() == [mark, line]
    assert desk.zsync("schedule", "remove").out == "removed\n"
    assert table.read_text() == THEIRS
    assert desk.zsync("schedule", "remove").out == "nothing was installed for this configuration\n"
    assert desk.zsync("schedule", "show").code == 3


def test_lines_of_another_configuration_and_bytes_that_are_no_text_stay(desk: Desk, table: Path) -> None:
    before = b"# zsync: /other/zsync.toml\n*/5 * * * * zsync run --config /other/zsync.toml\n# caf\xe9\n"
    table.write_bytes(before)

    desk.zsync("schedule", "install")
    assert table.read_bytes().startswith(before)
    desk.zsync("schedule", "remove")

    assert table.read_bytes() == before


def test_a_line_that_a_person_put_after_our_mark_is_theirs(desk: Desk, table: Path) -> None:
    """They took our line away by hand, and left the mark."""
    desk.zsync("schedule", "install")
    mark = table.read_text().splitlines()[0]
    table.write_text(f"{mark}\n0 3 * * * /usr/bin/backup\n")

    assert desk.zsync("schedule", "show").out.splitlines() == [mark]
    desk.zsync("schedule", "remove")

    assert table.read_text() == "0 3 * * * /usr/bin/backup\n"


def test_a_first_crontab_is_made_where_there_was_none(desk: Desk, table: Path) -> None:
    assert desk.zsync("schedule", "show").code == 3
    desk.zsync("schedule", "install")
    assert len(table.read_text().splitlines()) == 2


def test_secrets_that_cron_cannot_see_are_named(desk: Desk, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTEL_KEY", "k" * 32)
    desk.configure({"source": {"api_key": {"env": "HOTEL_KEY"}}})

    said = desk.zsync("schedule", "install")

    assert "the secret in $HOTEL_KEY is not seen there" in said.err
    assert "k" * 32 not in table.read_text()


def test_without_a_crontab_program_the_other_way_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(desk.folder))

    said = desk.zsync("schedule", "install")

    assert said.code == 2
    assert "no `crontab` program" in said.err
    assert "--systemd" in said.err


def test_a_systemd_timer_is_written_for_the_user_and_taken_away_again(desk: Desk) -> None:
    said = desk.zsync("schedule", "install", "--systemd", "--every", "15")

    assert said.code == 0
    assert "systemctl --user enable --now zsync-" in said.out
    folder = desk.folder / "home" / "systemd" / "user"
    service, timer = sorted(folder.iterdir())
    assert 'run" "--quiet" "--config"' in service.read_text()
    assert "OnCalendar=*:0/15" in timer.read_text()
    assert len(desk.zsync("schedule", "show", "--systemd").out.splitlines()) == 2
    assert desk.zsync("schedule", "remove", "--systemd").code == 0
    assert list(folder.iterdir()) == []
