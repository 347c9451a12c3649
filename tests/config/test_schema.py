"""`zsync config schema`: every key of the example is in it, with a description, and what the program refuses it refuses, too."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from zsync import plugins
from zsync.config.schema import schema

EXAMPLE = Path(__file__).resolve().parents[2] / "zsync.toml.example"
SCHEMA = schema(plugins.source("qloapps"), plugins.target("zoho-books"))


def example() -> dict[str, Any]:
    """The example as an editor sees it: without dates, which JSON has not."""
    found = tomllib.loads(EXAMPLE.read_text("utf-8"))
    found["source"]["start_date"] = found["source"]["start_date"].isoformat()
    return found


def faults(file: Mapping[str, Any]) -> list[str]:
    return [fault.json_path for fault in OAS31Validator(SCHEMA).iter_errors(file)]


def test_the_schema_is_one_and_takes_the_example() -> None:
    OAS31Validator.check_schema(SCHEMA)
    assert faults(example()) == []


@pytest.mark.parametrize(
    ("table", "change", "where"),
    [
        ("target", {"data_centre": "eu"}, "$.target"),
        ("target", {"prices": "gross"}, "$.target.prices"),
        ("source", {"api_key": {"vault": "x"}}, "$.source.api_key"),
        ("entities", {"payments": {"refund_without_slip": "maybe"}}, "$.entities.payments.refund_without_slip"),
    ],
)
def test_a_mistake_is_seen_where_it_stands(table: str, change: dict[str, Any], where: str) -> None:
    file = example()
    file[table] = {**file[table], **change}
    assert where in faults(file)


def test_every_setting_has_a_description() -> None:
    assert [path for path, node in _settings(SCHEMA["properties"], "") if not node.get("description")] == []


def _settings(properties: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, node in properties.items():
        yield f"{path}{name}", node
        yield from _settings(node.get("properties", {}), f"{path}{name}.")


def test_a_file_of_the_users_own_entities_fits_its_schema() -> None:
    """Of the other pair: texts alone and tables in a map, the source's and the target's share of an entity in one."""
    own = schema(plugins.source("quickbooks"), plugins.target("zoho-creator"))
    OAS31Validator.check_schema(own)
    path = EXAMPLE.with_name("examples") / "quickbooks-to-creator" / "zsync.toml"
    file = tomllib.loads(path.read_text("utf-8"))
    file["source"]["start_date"] = file["source"]["start_date"].isoformat()
    assert [fault.json_path for fault in OAS31Validator(own).iter_errors(file)] == []
    file["entities"]["customers"]["map"]["Email"] = {"form": "PrimaryEmailAddr.Address"}
    file["entities"]["pnl"]["by"] = "week"
    found = [fault.json_path for fault in OAS31Validator(own).iter_errors(file)]
    assert sorted(found) == ["$.entities.customers.map.Email", "$.entities.pnl.by"]
    assert [path for path, node in _settings(own["properties"], "") if not node.get("description")] == []
    entity = own["$defs"]["Entity"]["properties"]
    assert [name for name, node in entity.items() if not node.get("description")] == []
