"""The threat model and the guarantees name tests, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from proof.cases import ALL_FAMILIES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text("utf-8")


@pytest.mark.parametrize("page", [PAGE, GUARANTEES], ids=["threat-model.md", "guarantees.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    ours = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    named = re.findall(r"`(test_\w+)`", page)

    assert len(named) > 15
    assert [name for name in named if name not in ours] == []


def test_every_line_of_its_tables_names_a_test() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| what we do", "| ---"))]

    assert [line for line in lines if not re.search(r"\| `test_\w+` \|$", line)] == []


def test_the_guarantees_speak_of_every_promise_and_of_every_family_of_the_proof() -> None:
    promises = ("Once", "Nothing lost", "To the cent", "Quiet when idle", "Within the quota", "Private", "Silent to guests")
    assert [each for each in promises if f"| **{each}.**" not in GUARANTEES] == []
    assert [each for each in ALL_FAMILIES if each not in GUARANTEES] == []
    commands = set(re.findall(r"`make (\w+)`", GUARANTEES))
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert commands <= targets
