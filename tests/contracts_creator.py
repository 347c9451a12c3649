"""Checks requests against Zoho's published document for Creator (v2), with what v2.1 changes.

    check_request("POST", "/data/o/a/form/f", {}, body, {"record_cursor"})  -->  [] or one line per fault

What v2.1 changes stands beside the document: `max_records`, `field_config`, `fields` and the header `record_cursor` in place of
`from` and `limit`, `skip_workflow` in bodies. Every path, method and scope that is used must be in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[1].parent / "shared" / "contracts" / "zoho-creator" / "openapi-v2.json"
needs_contract = pytest.mark.skipif(not FILE.is_file(), reason="the published contract lies outside the project")

_V21_QUERY = {"get": {"max_records", "field_config", "fields"}, "patch": {"process_until_limit"}}
_V21_BODY = {"skip_workflow", "result", "criteria", "data"}


def operation(method: str, path: str) -> Mapping[str, Any] | None:
    """The documented call, or None. `path` is what stands after `/creator/v2.1`."""
    for pattern, operations in _paths().items():
        if re.fullmatch(pattern, path) and method.lower() in operations:
            found: Mapping[str, Any] = operations[method.lower()]
            return found
    return None


def check_request(method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None) -> list[str]:
    """What is wrong with this request; nothing if the document, or the note on v2.1, knows it all."""
    found = operation(method, path)
    if found is None:
        return [f"{method} {path} is not documented"]
    known = {each["name"] for each in found.get("parameters", ()) if each.get("in") == "query"}
    known |= _V21_QUERY.get(method.lower(), set()) | {"criteria"}
    faults = [f"{method} {path}: query `{name}` is not documented" for name in sorted(set(query) - known)]
    if body is not None and method != "GET":
        faults += [f"{method} {path}: body `{name}` is not documented" for name in sorted(set(body) - _V21_BODY)]
        data = body.get("data")
        if method != "DELETE" and not isinstance(data, list | Mapping):
            faults.append(f"{method} {path}: a body without data")
        if isinstance(data, list) and not 1 <= len(data) <= 200:
            faults.append(f"{method} {path}: {len(data)} records")
    return faults


def scopes() -> frozenset[str]:
    """Every scope that the document names."""
    return frozenset(re.findall(r"ZohoCreator\.[a-z]+(?:\.[a-z]+)?\.[A-Z]+", FILE.read_text("utf-8")))


@cache
def _paths() -> Mapping[str, Mapping[str, Any]]:
    document = json.loads(FILE.read_text("utf-8"))
    return {
        re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path.removeprefix("/creator/v2"))): operations
        for path, operations in document["paths"].items()
    }
