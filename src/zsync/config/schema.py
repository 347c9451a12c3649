"""The configuration as a JSON Schema (2020-12), for editors: every table and key with its description."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from zsync.config.read import StateSettings
from zsync.net.secret import Secret
from zsync.plugins import SourcePlugin, TargetPlugin

_SECRET: dict[str, Any] = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        *(
            {
                "type": "object",
                "properties": {where: {"type": "string", "minLength": 1}},
                "required": [where],
                "additionalProperties": False,
            }
            for where in ("env", "file", "keyring")
        ),
    ]
}


def schema(source: SourcePlugin, target: TargetPlugin) -> dict[str, Any]:
    """The schema of a file with this source and this target."""
    models: dict[str, type[BaseModel]] = {
        "source": source.settings,
        "target": target.settings,
        "state": StateSettings,
        "entities": target.entities(source.reads),
    }
    parts = {name: _of(model) for name, model in models.items()}
    definitions = {key: value for part in parts.values() for key, value in part.pop("$defs", {}).items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "zsync.toml",
        "description": "One source, one target, and what happens between them",
        "type": "object",
        "properties": parts,
        "required": ["source", "target"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _of(model: type[BaseModel]) -> dict[str, Any]:
    made = model.model_json_schema(mode="validation")
    for name, field in model.model_fields.items():
        if field.annotation is Secret:
            made["properties"][name] = {**_SECRET, "description": field.description or ""}
    return made
