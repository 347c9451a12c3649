"""Checks requests against Zoho's published documents for Books, less their known gaps.

    check_request("POST", "/books/v3/invoices", {"organization_id": "1"}, body)  -->  [] or one line per fault

A path must be documented with this method, each query parameter declared (or a variant that the prose names), the body
must fit its schema with every object closed, so that a misspelt property is a fault. The documents lie outside the project;
tests that need them are marked with `needs_contracts`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from zsync.net.exact import encode

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "contracts" / "zoho-books"
FILES = (
    "contacts.yml",
    "items.yml",
    "sales-order.yml",
    "invoices.yml",
    "customer-payments.yml",
    "credit-notes.yml",
    "organizations.yml",
    "taxes.yml",
    "chart-of-accounts.yml",
    "currency.yml",
    "locations.yml",
)
PREFIX = "/books/v3"

needs_contracts = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published contracts lie outside the project")

_VARIANT = re.compile(r"<code>([a-z_]+)</code>")


@dataclass(frozen=True)
class Operation:
    """One documented call. `gap` is what the document is known to be wrong about."""

    file: str
    path: str
    method: str
    query: frozenset[str]
    schema: Mapping[str, Any] | None
    scopes: frozenset[str]
    gap: Mapping[str, Any]


def check_request(method: str, path: str, query: Mapping[str, str], body: Mapping[str, object] | None) -> list[str]:
    """What is wrong with this request; nothing if the contract knows it all. Decimals in `body` go as they would be sent."""
    found = operation(method, path)
    if found is None:
        return [f"{method} {path} is not documented"]
    faults = [f"{method} {found.path}: query `{name}` is not documented" for name in sorted(set(query) - found.query)]
    if "organization_id" not in query:
        faults.append(f"{method} {found.path}: no organization_id")
    if body is None:
        return faults
    if found.schema is None:
        return [*faults, f"{method} {found.path}: takes no body"] if body else faults
    return faults + [f"{method} {found.path}: {fault}" for fault in _body_faults(found, json.loads(encode(body)))]


def answer_names(method: str, path: str, name: str) -> frozenset[str]:
    """The fields of `name` (a document, or the rows of a list) that the contract declares in the answer."""
    node = answer_schema(method, path)
    for part in name.split("."):
        node = node["properties"][part]
        node = node.get("items", node)
    return frozenset(node["properties"])


def answer_schema(method: str, path: str) -> Any:
    """What a good answer looks like, every object closed."""
    found = operation(method, path)
    assert found is not None
    document = _loaded(found.file)
    answers = document["paths"][found.path][found.method]["responses"]
    answer = _followed(document, answers.get("200") or answers["201"])
    return _expanded(document, answer["content"]["application/json"]["schema"], [])


def operation(method: str, path: str) -> Operation | None:
    """The documented operation that this request is; literal paths go before those with an id."""
    segments = path.removeprefix(PREFIX).strip("/").split("/")
    fitting = [each for each in _operations() if each.method == method.lower() and _fits(each.path, segments)]
    return min(fitting, key=lambda each: each.path.count("{"), default=None)


def _fits(template: str, segments: list[str]) -> bool:
    parts = template.strip("/").split("/")
    return len(parts) == len(segments) and all(p.startswith("{") or p == s for p, s in zip(parts, segments, strict=True))


@cache
def _operations() -> tuple[Operation, ...]:
    gaps = yaml.safe_load((FOLDER / "known-gaps.yml").read_text("utf-8"))
    return tuple(each for file in FILES for each in _of_file(file, gaps))


def _of_file(file: str, gaps: Mapping[str, Any]) -> Iterator[Operation]:
    loaded = _loaded(file)
    for path, methods in loaded["paths"].items():
        shared = methods.get("parameters", [])
        for method, node in methods.items():
            if method == "parameters":
                continue
            gap = gaps.get(f"{file} {method} {path}", {})
            content = node.get("requestBody", {}).get("content", {}).get("application/json")
            parameters = [_followed(loaded, each) for each in [*node.get("parameters", []), *shared]]
            scopes = frozenset(scope for each in node.get("security", []) for names in each.values() for scope in names)
            schema = _expanded(loaded, content["schema"], gap.get("allow_extra", [])) if content else None
            yield Operation(file, path, method, _query(parameters), schema, scopes, gap)


@cache
def _loaded(file: str) -> Any:
    return yaml.load((FOLDER / file).read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def _query(parameters: list[Mapping[str, Any]]) -> frozenset[str]:
    names: set[str] = set()
    for each in parameters:
        if each["in"] == "query":
            variants = _VARIANT.findall(each.get("description") or "")
            names |= {each["name"], *(name for name in variants if name.startswith(each["name"] + "_"))}
    return frozenset(names)


def _followed(document: Mapping[str, Any], node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        steps, node = node["$ref"].split("/")[1:], document
        for step in steps:
            node = node[step]
    return node


def _expanded(document: Mapping[str, Any], node: Any, extra: list[str]) -> Any:
    """References followed, every object closed."""
    node = _followed(document, node)
    if isinstance(node, list):
        return [_expanded(document, each, extra) for each in node]
    if not isinstance(node, dict):
        return node
    made = {name: _expanded(document, value, extra) for name, value in node.items() if name != "example"}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made["properties"] = {**{name: {} for name in extra}, **made["properties"]}
        made["additionalProperties"] = False
    return made


def _body_faults(found: Operation, body: object) -> Iterator[str]:
    for error in OAS30Validator(found.schema).iter_errors(body):
        name = str(error.path[-1]) if error.path else ""
        if error.validator == "required" and error.message.split("'")[1] in found.gap.get("ignore_required", []):
            continue
        accepted = found.gap.get("retype", {}).get(name, [])
        if error.validator == "type" and not isinstance(error.instance, bool) and isinstance(error.instance, _types(accepted)):
            continue
        yield f"{error.json_path}: {error.message[:200]}"


def _types(names: list[str]) -> tuple[type, ...]:
    known: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "integer": (int,)}
    return tuple(kind for name in names for kind in known[name])
