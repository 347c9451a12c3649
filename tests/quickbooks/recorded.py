"""The recorded answers of QuickBooks, where they are here: tests that need them skip, and say so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "recordings" / "quickbooks"
here = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared is not here (recordings/quickbooks)")

INDEX: Mapping[str, Any] = (
    {each["file"]: each for each in json.loads((FOLDER / "index.json").read_text("utf-8"))["entries"]} if FOLDER.is_dir() else {}
)


def recording(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"), parse_float=Decimal)


def names(begin: str) -> list[str]:
    """The recordings whose name begins so; one that does not exist where none is here, so that the test says why it skips."""
    return sorted(name for name in INDEX if name.startswith(begin)) or ["none"]
