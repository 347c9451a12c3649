"""Values drawn from a published schema: schemathesis makes what fits it, common and odd, the same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy


def fitting(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    """JSON values that fit this schema (no references in it)."""
    taken = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
    operation = {**taken, "responses": {"200": {"description": "taken"}}}
    document = {"openapi": "3.0.0", "info": {"title": "one", "version": "1"}, "paths": {"/it": {"post": operation}}}
    strategy: SearchStrategy[Any] = schemathesis.openapi.from_dict(document)["/it"]["POST"].as_strategy()
    return strategy.map(lambda case: case.body)


def drawn(schema: Mapping[str, Any], number: int) -> Any:
    """One value that fits, outside of a property test; the first ones that Hypothesis tries are all but empty."""
    found: list[Any] = []

    @seed(number)
    @settings(max_examples=6, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(fitting(schema))
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    return found[-1]


def complete(schema: Any, depth: int = 3) -> Any:
    """The schema that asks for every property that it knows, some levels down."""
    if not isinstance(schema, dict):
        return schema
    properties = schema.get("properties", {})
    made = {**schema, **({"items": complete(schema["items"], depth)} if "items" in schema else {})}
    if properties and depth:
        made |= {
            "required": list(properties),
            "properties": {name: complete(each, depth - 1) for name, each in properties.items()},
        }
    return made
