"""The threat model names tests, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")


def test_every_test_that_the_threat_model_names_exists() -> None:
    ours = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    named = re.findall(r"`(test_\w+)`", PAGE)

    assert len(named) > 20
    assert [name for name in named if name not in ours] == []


def test_every_line_of_its_tables_names_a_test() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| what we do", "| ---"))]

    assert [line for line in lines if not re.search(r"\| `test_\w+` \|$", line)] == []
