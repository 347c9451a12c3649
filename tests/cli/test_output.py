"""What reaches the terminal: links and colour there, plain lines in a pipe, and nothing that a guest's name could do to it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from cli.conftest import Desk
from zsync.cli.output import Cell, Output, as_csv, as_html, clean, plain_table, status_name

ESCAPE = "\x1b"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("Anna\x1b[31mBerger", "Anna\ufffd[31mBerger"),
        ("a\x9b31mb", "a\ufffd31mb"),
        ("line\nbreak\tand tab\r", "line break and tab "),
        ("abc\u202edef", "abc\ufffddef"),
        ("bell\x07", "bell\ufffd"),
        ("佐藤 O'Brien Żółkiewski", "佐藤 O'Brien Żółkiewski"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
    ],
)
def test_nothing_that_a_terminal_would_obey_gets_through(text: str, harmless: str) -> None:
    assert clean(text) == harmless


def test_a_pipe_gets_aligned_lines_with_nothing_cut_off() -> None:
    rows = [[Cell("1"), Cell("佐藤"), Cell("7", right=True)], [Cell("22"), Cell("x" * 200), Cell("1234", right=True)]]

    lines = plain_table(["id", "name", "sum"], rows).splitlines()

    assert lines[0].startswith("id  name")
    assert lines[2].endswith("x" * 200 + "  1234")
    assert lines[1].endswith("     7")


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    text = as_csv(["name", "sum"], [["=HYPERLINK(1)", "-5.20"], ["@x", "+1"], ['a "b", c', "0"]])

    assert text == 'name,sum\n\'=HYPERLINK(1),-5.20\n\'@x,+1\n"a ""b"", c",0\n'


def test_a_page_escapes_names_and_links_only_to_the_web() -> None:
    page = as_html(
        "x", ["n"], [[Cell("<script>"), Cell("a", url="javascript:alert(1)"), Cell("b", url="https://books.example/?a=1&b=2")]]
    )

    assert "<script>" not in page
    assert "javascript" not in page
    assert '<a href="https://books.example/?a=1&amp;b=2" rel="noopener noreferrer">b</a>' in page


def test_statuses_are_named_as_people_know_them() -> None:
    assert status_name("invoice_sync") == "Invoice Sync"
    assert status_name("payment_sync") == "Payment Sync"
    assert status_name("synced") == "Synced"


def test_one_document_with_exact_amounts(capsys: pytest.CaptureFixture[str]) -> None:
    Output().json({"amount": Decimal("10.10"), "name": "佐藤"})

    out = capsys.readouterr().out
    assert json.loads(out) == {"amount": "10.10", "name": "佐藤"}
    with pytest.raises(TypeError):
        Output().json({"x": object()})


def test_a_reader_that_went_away_is_no_defect_and_the_work_goes_on(desk: Desk) -> None:
    desk.initialised()
    program = "import sys; from zsync.cli import main; sys.exit(main(['run']))"
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=desk.folder, stdout=nobody, stderr=subprocess.PIPE, timeout=60, check=False
        )

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(desk.books.salesorders) == 22


def on_a_terminal(desk: Desk, *arguments: str, **environ: str) -> str:
    """What a person at a terminal of 160 columns sees of this command line."""
    leader, follower = pty.openpty()
    program = f"import sys; from zsync.cli import main; sys.exit(main({list(arguments)!r}))"
    surroundings = {**os.environ, "COLUMNS": "160", "TERM": "xterm-256color", **environ}
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=desk.folder, stdin=follower, stdout=follower, stderr=follower, env=surroundings
    ) as run:
        os.close(follower)
        seen = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            seen += piece
        run.wait(timeout=60)
    os.close(leader)
    return seen.decode()


def test_numbers_are_links_on_a_terminal_and_plain_in_a_pipe(desk: Desk) -> None:
    desk.loaded()

    seen = on_a_terminal(desk, "status", "orders")

    order = next(iter(desk.books.salesorders))
    assert re.search(rf"\x1b\]8;[^;]*;{re.escape(desk.url)}/app/\d+#/salesorders/{order}\x1b\\QLO-", seen)
    assert ESCAPE not in desk.zsync("status", "orders").out


def test_a_guests_name_does_nothing_to_the_terminal(desk: Desk) -> None:
    desk.hotel.desk.edit_customer(6, firstname="[red]Mira[/]\x1b[2J", lastname="\x1b]8;;https://evil.example\x07Novak")
    desk.loaded()

    seen = on_a_terminal(desk, "status", "customers")

    assert "[red]Mira[/]" in seen
    assert "\x1b[2J" not in seen
    assert "\x1b]8;;https://evil.example" not in seen


def test_no_colour_where_none_is_wanted(desk: Desk) -> None:
    assert "\x1b[1;31m" in on_a_terminal(desk, "runn")
    assert "\x1b[1;31m" not in on_a_terminal(desk, "runn", NO_COLOR="1")


def test_long_work_shows_a_bar_with_calls_on_a_terminal(desk: Desk) -> None:
    desk.initialised()

    seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on_a_terminal(desk, "run"))

    assert re.search(r"writing.* \d+/\d\d+ .*\d+ calls", seen)
    assert "0/0" not in seen


def test_a_character_that_the_terminal_lacks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    class Narrow:
        encoding = "ascii"

        def write(self, text: str) -> None:
            written.append(text)

        def flush(self) -> None:
            written.append("")

    monkeypatch.setattr("sys.stdout", Narrow())
    Output().raw("佐藤\n")

    assert written[0] == "??\n"


def test_a_log_that_cannot_be_written_is_said_once_and_ends_no_run(desk: Desk) -> None:
    desk.initialised()
    (desk.folder / "zsync.db.log").unlink()
    (desk.folder / "zsync.db.log").symlink_to("/dev/full")

    said = desk.zsync("run")

    assert said.code == 0
    assert said.err.count("the log could not be written: No space left on device") == 1
    assert "Traceback" not in said.err
