"""The effective configuration, for people: defaults filled in, secrets masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from zsync.config.places import KeyPath, dotted
from zsync.config.read import Config


def shown(config: Config) -> dict[str, Any]:
    """The document of `config show --json`: path, source, target, entities, state. Secrets read `****`."""
    return {
        "path": str(config.path),
        "source": _dumped(config.source),
        "target": _dumped(config.target),
        "entities": _dumped(config.entities),
        "state": {"path": str(config.state_path), "host": config.host},
    }


def shown_lines(config: Config) -> Iterator[tuple[str, str]]:
    """(dotted key, value) of every setting, in the order of the example file."""
    for table, content in shown(config).items():
        yield from _flat((table,), content)


def _dumped(settings: object) -> dict[str, Any]:
    if not isinstance(settings, BaseModel):
        raise TypeError(f"settings of a plugin must be a pydantic model, not {type(settings).__name__}")
    return settings.model_dump(mode="json", by_alias=True)


def _flat(path: KeyPath, content: Any) -> Iterator[tuple[str, str]]:
    if isinstance(content, Mapping) and content:
        for name, value in content.items():
            yield from _flat((*path, str(name)), value)
        return
    match content:
        case bool():
            text = "true" if content else "false"
        case None | {} | []:
            text = "-"
        case _:
            text = str(content)
    yield dotted(path), text or "-"
