"""README, docs and the program agree: every command, exit code and status stands there, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zsync.cli.app import app
from zsync.cli.words import worst
from zsync.sources.qloapps.tables import NEEDED
from zsync.state.status import STATUSES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")])


def test_the_readme_names_every_command() -> None:
    names = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}

    assert {name for name in names if not re.search(rf"zsync {name}\b", README)} == set()


def test_the_readme_lists_exactly_the_tables_that_the_hotels_key_needs() -> None:
    listed = README.split("on exactly these resources:")[1].split("zsync asks for")[0]

    assert set(re.findall(r"`(\w+)`", listed)) == set(NEEDED)


def test_the_readme_explains_every_exit_code() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}

    assert codes == {0, 1, 2, 3, 4, 5, 6, 75, 130}
    assert worst(codes) == 130


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_the_statuses_are_explained(page: str) -> None:
    text = (ROOT / page).read_text("utf-8").replace("_", " ").casefold()

    assert [status for status in STATUSES if status.replace("_", " ") not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_picture_in_the_readme_is_what_the_demo_prints(capsys: pytest.CaptureFixture[str]) -> None:
    from zsync.cli import main

    assert main(["demo"]) == 0

    printed = {_masked(line) for line in capsys.readouterr().out.splitlines()}
    picture = README.split("```\nA hotel (QloApps)")[1].split("```")[0].splitlines()[1:]
    assert [line for line in picture if line != "..." and _masked(line) not in printed] == []


def _masked(line: str) -> str:
    """Without what differs from run to run: ports, times, calls, and the numbers that the books give to payments."""
    line = re.sub(r"127\.0\.0\.1:\d+", "HOST", line)
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", line)
    line = re.sub(r"\d+\.\d s\b", "SECONDS", line)
    line = re.sub(r"\d+ (of \d+ )?calls", "CALLS", line)
    return re.sub(r"(#IN\d+)?(, )?\b\d{1,2}(, \d{1,2})*$", r"\1", line) if "QLO-" in line else line
