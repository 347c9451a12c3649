"""The recorded answers of Zoho Creator, where they are here: tests that need them skip, and say so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

CREATOR = Path(__file__).resolve().parents[2].parent / "shared" / "recordings" / "zoho-creator"
here = pytest.mark.skipif(not CREATOR.is_dir(), reason="../shared is not here (recordings/zoho-creator)")

INDEX: Mapping[str, Any] = (
    {each["file"]: each for each in json.loads((CREATOR / "index.json").read_text("utf-8"))["entries"]}
    if CREATOR.is_dir()
    else {}
)


def recording(name: str) -> Any:
    return json.loads((CREATOR / name).read_text("utf-8"), parse_float=Decimal)


def names(begin: str) -> list[str]:
    return sorted(name for name in INDEX if name.startswith(begin) and name.endswith(".json") and ".txt" not in name) or ["none"]
