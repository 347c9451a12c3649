"""The table of safeguards names texts and tests that exist; `python -m proof.safeguards` takes them out one by one."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from proof.edited import ROOT, SOURCE, BadEdit, Copy, replaced, verdict_of
from proof.safeguard import Safeguard
from proof.safeguards import SAFEGUARDS, page

_INHERITED = ROOT / "tests" / "contract"
"""What test classes inherit their tests from."""


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of functions and methods in a file."""
    return frozenset(each.name for each in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(each, ast.FunctionDef))


def classes(path: Path) -> set[str]:
    return {each.name for each in ast.parse(path.read_text("utf-8")).body if isinstance(each, ast.ClassDef)}


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda each: each.name)
def test_the_text_of_a_safeguard_stands_in_its_file_once_and_can_be_taken_out(safeguard: Safeguard) -> None:
    text = (SOURCE / safeguard.file).read_text("utf-8")
    ast.parse(replaced(text, safeguard.old, safeguard.new))
    assert safeguard.old != safeguard.new


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda each: each.name)
def test_the_test_of_a_safeguard_exists(safeguard: Safeguard) -> None:
    file, *inside, name = safeguard.test.split("::")
    own = functions(ROOT / file)
    if inside:
        assert inside[0] in classes(ROOT / file)
        own = own.union(*(functions(each) for each in _INHERITED.glob("*.py")))
    assert name in own


def test_the_page_of_safeguards_is_the_table() -> None:
    """`python -m proof.safeguards --page docs/safeguards.md` writes it anew."""
    assert (ROOT / "docs" / "safeguards.md").read_text("utf-8") == page()


def test_each_safeguard_has_a_name_of_its_own() -> None:
    assert len({each.name for each in SAFEGUARDS}) == len(SAFEGUARDS)


@pytest.mark.parametrize("text", ["", "a guard, and a guard"])
def test_a_text_that_does_not_stand_there_exactly_once_is_not_replaced(text: str) -> None:
    with pytest.raises(BadEdit, match=f"{text.count('guard')} times"):
        replaced(text, "guard", "")


@pytest.mark.parametrize(
    ("case", "caught", "all_passed"),
    [
        ("", False, True),
        ('<failure message="assert 1 == 2"/>', True, False),
        ('<failure message="Failed: DID NOT RAISE"/>', True, False),
        ('<failure message="NameError: name &apos;x&apos; is not defined"/>', False, False),
        ('<error message="collection failure"/>', False, False),
        ("<skipped/>", False, False),
    ],
    ids=["passed", "failed", "did not raise", "the edit is broken", "not collected", "skipped"],
)
def test_a_safeguard_is_caught_by_a_test_that_fails_and_by_nothing_else(case: str, caught: bool, all_passed: bool) -> None:
    report = ElementTree.fromstring(f"<testsuite><testcase>{case}</testcase></testsuite>")  # noqa: S314 - the test's own text
    verdict = verdict_of(report)
    assert (verdict.caught, verdict.all_passed) == (caught, all_passed)


def test_an_edit_lasts_as_long_as_it_is_tried_and_reaches_the_copy_only(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    edited, own = tmp_path / "src" / "zsync" / "errors.py", SOURCE / "errors.py"
    before = own.read_text("utf-8")
    with copy.edited("errors.py", before, "x = 1\n"):
        assert edited.read_text("utf-8") == "x = 1\n"
    assert edited.read_text("utf-8") == own.read_text("utf-8") == before
