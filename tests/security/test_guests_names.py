"""A guest chooses his own name: it does nothing to a terminal, a page, a spreadsheet or a log of the hotel's."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO

import pytest

from cli.conftest import Desk, desk, noon  # noqa: F401 - the fixtures of the command line
from zsync.cli.output import Output, as_csv

FIRST = "=cmd|' /C calc'!A0\x1b[2J\x9b31m"
LAST = "\x1b]8;;https://evil.example\x07Nov\u202eak\n[red]<script>alert(1)</script>"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f]")


def test_a_guests_name_is_only_a_name_in_every_output(desk: Desk) -> None:  # noqa: F811
    desk.hotel.desk.edit_customer(6, firstname=FIRST, lastname=LAST)
    desk.initialised()
    plan = desk.zsync("plan")
    run = desk.zsync("run", "-v")
    said = [plan, run, *(desk.zsync(*line.split()) for line in ("status customers", "status customers --csv"))]
    said += [desk.zsync(*line.split()) for line in ("show customers 6", "show customers 6 --json", "status customers --json")]
    assert desk.zsync("status", "customers", "--html", "page.html").code == 0
    page, log = (desk.folder / "page.html").read_text("utf-8"), "".join(p.read_text("utf-8") for p in desk.folder.glob("*.log"))

    assert any("evil.example" in each.out for each in said)  # the name does come through
    assert [OBEYED.findall(text) for each in said for text in (each.out, each.err) if OBEYED.search(text)] == []
    assert not OBEYED.search(page + log)
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert log
    assert "evil.example" not in log + run.err
    cells = [cell for row in csv.reader(StringIO(said[3].out)) for cell in row]
    assert [cell for cell in cells if "cmd|" in cell and not cell.startswith("'=")] == []


@pytest.mark.parametrize("text", ["=cmd", " =cmd", "\t=cmd", "\r=cmd", "\uff1dcmd", "+cmd", "-cmd", "@cmd"])
def test_a_formula_in_a_csv_is_text_however_it_is_led(text: str) -> None:
    assert as_csv(["n"], [[text]]).splitlines()[1].lstrip('"').startswith("'")


def test_json_says_the_same_without_a_byte_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    Output().json({"label": FIRST + LAST + "Żółć 佐藤"})

    said = capsys.readouterr().out
    assert not OBEYED.search(said)
    assert json.loads(said) == {"label": FIRST + LAST + "Żółć 佐藤"}
    assert "Żółć 佐藤" in said
