"""A folder of recordings of the real webservice, read as the tables of a stand-in.

The folder holds one file a resource, `RESOURCE__full_sorted__json.json`: the answer to `display=full&sort=[id_ASC]`. Two
resources are recorded in another way: the configuration comes as all names and as the values of some, and its multilingual
part as one file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zsync.sandbox.hotel.tables import RESOURCES

_FULL = "__full_sorted__json.json"


def load(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The tables of all resources recorded in `folder`; those that were not recorded are empty.

    Raises FileNotFoundError where `folder` holds no such recording at all.
    """
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in RESOURCES}
    files = sorted(folder.glob(f"*{_FULL}"))
    if not files:
        raise FileNotFoundError(f"no recordings `*{_FULL}` in the folder")
    for file in files:
        name = file.name.removesuffix(_FULL)
        if name in tables:
            tables[name] = _rows(file)
    tables["configurations"] = _configurations(folder)
    tables["translated_configurations"] = _rows(folder / "translated_configurations__full__json.json")
    return tables


def _rows(file: Path) -> list[dict[str, Any]]:
    """The rows of one recorded list; an empty one is a bare `[]`, and a file that is absent counts as one."""
    if not file.exists():
        return []
    body = json.loads(file.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = body if isinstance(body, list) else next(iter(body.values()))
    return rows


def _configurations(folder: Path) -> list[dict[str, Any]]:
    """All names, with the values of those that were recorded with them."""
    known = {row["id"]: row for row in _rows(folder / "configurations__keys__json.json")}
    names = _rows(folder / "configurations__names__json.json")
    unset = {k: v for k, v in RESOURCES["configurations"].blank().items() if k not in ("id", "name")}
    return [known.get(row["id"]) or {**row, **unset} for row in names]
