"""From the TOML file to the settings of the plugins, or to the list of everything that is wrong with it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, field_validator

from zsync import plugins
from zsync.config.complaints import complaints, nearest
from zsync.config.places import KeyPath, Problem, dotted, line_of, lines
from zsync.config.secrets import deferred, reference
from zsync.errors import ConfigError
from zsync.net.secret import Secret
from zsync.plugins import SourcePlugin, SourceSettings, TargetPlugin, TargetSettings

_TABLES = ("source", "target", "state", "entities")

_HOW_TO_GET_THERE = frozenset(
    "url api_key timeout page_size deletions_every batch discovery_url redirect_uri"
    " data_center client_id client_secret accounts_url api_url web_url redirect_port limits".split()
)
"""Settings that say how a remote is reached, not what is planned for it: another value changes no plan."""

_LARGEST = 4 * 1024 * 1024

Model = TypeVar("Model", bound=BaseModel)


class StateSettings(BaseModel):
    """[state]"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field("", description="SQLite; default: the configuration file's name with .db, beside it")
    host: str = Field(
        "", max_length=200, description="name of the machine, where its own name changes (containers): one state, one machine"
    )

    @field_validator("path")
    @classmethod
    def _can_be_a_file(cls, path: str) -> str:
        if "\0" in path:
            raise ValueError("no file can be called so: it holds a NUL")
        return path


class ConfigProblems(ConfigError):
    """Everything that is wrong with a configuration file, one `Problem` each; the message is the first."""

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        more = len(problems) - 1
        text = str(first) + (f" (and {more} more: see `zsync config check`)" if more else "")
        super().__init__(text, hint=first.hint)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration. `fingerprint` is a digest of every setting that changes plans; no secret goes into it.

    `warnings` do not stop anything: a secret that others can read.
    """

    path: Path
    source_plugin: SourcePlugin
    target_plugin: TargetPlugin
    source: SourceSettings
    target: TargetSettings
    entities: BaseModel
    state_path: Path
    fingerprint: str
    host: str = ""
    warnings: tuple[Problem, ...] = ()

    @property
    def token_path(self) -> Path:
        """The owner-only file of the target's tokens, beside the state."""
        return self.state_path.with_name(self.state_path.name + ".tokens")

    @property
    def source_token_path(self) -> Path:
        """The same for the source's, where it has a sign-in."""
        return self.state_path.with_name(self.state_path.name + ".source-tokens")

    @property
    def reads(self) -> Mapping[str, Any]:
        """What the source reads for each entity of the user's own; none where the entities are the source's."""
        return self.entities.root if isinstance(self.entities, RootModel) else {}

    @property
    def log_path(self) -> Path:
        """The owner-only log, beside the state."""
        return self.state_path.with_name(self.state_path.name + ".log")


@dataclass(slots=True)
class _File:
    """A parsed file on its way to a Config."""

    path: Path
    data: dict[str, Any]
    places: dict[KeyPath, int]
    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    literals: list[KeyPath] = field(default_factory=list)

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        return Problem(self.path.name, line_of(path, self.places), dotted(path), message, hint)

    def object_to(self, path: KeyPath, message: str, hint: str = "") -> None:
        self.problems.append(self.problem(path, message, hint))


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in this file. Raises ConfigProblems naming each line at fault. No secret is looked up."""
    file = _parsed(path, os.environ if environ is None else environ)
    for name in file.data:
        if name not in _TABLES:
            file.object_to((name,), "there is no such table", nearest(name, _TABLES))
    source_plugin = _plugin(file, "source", plugins.source)
    target_plugin = _plugin(file, "target", plugins.target)
    source = _settings(file, "source", source_plugin.settings) if source_plugin else None
    target = _settings(file, "target", target_plugin.settings) if target_plugin else None
    entities = (
        _settings(file, "entities", target_plugin.entities(source_plugin.reads)) if source_plugin and target_plugin else None
    )
    state = _settings(file, "state", StateSettings)
    if file.problems or not (source_plugin and target_plugin and source and target and entities and state):
        raise ConfigProblems(sorted(file.problems, key=lambda problem: problem.line or sys.maxsize))
    return Config(
        path=path,
        source_plugin=source_plugin,
        target_plugin=target_plugin,
        source=cast(SourceSettings, source),
        target=cast(TargetSettings, target),
        entities=entities,
        state_path=_state_path(path, state),
        fingerprint=_fingerprint(source, target, entities),
        host=state.host,
        warnings=tuple(_warnings(file)),
    )


def _parsed(path: Path, environ: Mapping[str, str]) -> _File:
    try:
        with path.open("rb") as handle:
            raw = handle.read(_LARGEST + 1)
        text = raw.decode("utf-8", "strict" if len(raw) <= _LARGEST else "replace")  # cut off, it is refused below
    except UnicodeDecodeError as err:
        line = err.object.count(b"\n", 0, err.start) + 1
        raise ConfigProblems([Problem(path.name, line, "", "this line is not UTF-8", "save the file as UTF-8")]) from err
    except OSError as err:
        reason = (err.strerror or "not possible").lower()
        raise ConfigError(f"`{path}` cannot be read: {reason}", hint="it must be readable by the user who runs zsync") from err
    if len(raw) > _LARGEST:
        raise ConfigProblems([Problem(path.name, None, "", f"the file is larger than {_LARGEST} bytes", "is it the right file?")])
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ConfigProblems([_syntax(path, text, str(err))]) from err
    except (ValueError, RecursionError) as err:  # neither is told with a place
        what = "brackets nest too deep" if isinstance(err, RecursionError) else "a number is out of all bounds"
        raise ConfigProblems([Problem(path.name, None, "", f"this is not TOML: {what}", "is it the right file?")]) from err
    return _File(path, data, lines(text), environ)


def _syntax(path: Path, text: str, message: str) -> Problem:
    """tomllib says where: `... (at line 3, column 5)`, or at the end of the document."""
    match = re.search(r"^(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)$", message, re.DOTALL)
    words, line = message, text.count("\n") + 1
    if match:
        words, line = match[1], int(match[2]) if match[2] else line
    words = words[:1].lower() + words[1:]
    return Problem(path.name, line, "", f"this is not TOML: {words}", "text stands in quotes, a table's name in brackets")


def _plugin(file: _File, table: str, find: Any) -> Any:
    """The plugin that this table's `type` names; None after a problem."""
    content = file.data.get(table)
    if not isinstance(content, dict):
        file.object_to((table,), f"the table [{table}] is missing", "see zsync.toml.example")
        return None
    type = content.get("type")
    if not isinstance(type, str):
        group = plugins.SOURCES if table == "source" else plugins.TARGETS
        file.object_to((table, "type"), f"say which {table} this is", f"type = one of: {', '.join(plugins.known(group))}")
        return None
    try:
        return find(type)
    except ConfigError as err:
        file.object_to((table, "type"), err.message, err.hint)
        return None


def _settings(file: _File, table: str, model: type[Model]) -> Model | None:
    """This table, validated; None after problems."""
    content = file.data.get(table, {})
    if not isinstance(content, dict):
        file.object_to((table,), f"this must be a table: [{table}]")
        return None
    given = _with_secrets(file, (table,), content, model)
    try:
        return model.model_validate(given)
    except ValidationError as err:
        for path, message, hint in complaints(err, model, (table,)):
            file.object_to(path, message, hint)
        return None


def _with_secrets(file: _File, path: KeyPath, content: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """The table with its secrets made into `Secret`s that are looked up when they are used."""
    made = dict(content)
    for name, field_info in model.model_fields.items():
        key = field_info.alias or name
        value = content.get(key)
        if field_info.annotation is Secret:
            named = reference(value)
            if named is not None:
                at = file.problem((*path, key), "")
                made[key] = deferred(*named, f"{at.file}:{at.line}: {at.key}", file.path.parent, file.environ)
            elif isinstance(value, str):
                file.literals.append((*path, key))
        elif isinstance(value, dict) and isinstance(field_info.annotation, type) and issubclass(field_info.annotation, BaseModel):
            made[key] = _with_secrets(file, (*path, key), value, field_info.annotation)
    return made


def _state_path(path: Path, state: StateSettings) -> Path:
    if state.path:
        return (path.parent / Path(state.path).expanduser()).absolute()
    return path.with_suffix(".db").absolute()


def _fingerprint(*settings: BaseModel) -> str:
    """A digest of what changes plans. Secrets are dumped masked, and left out with all that only says how to get there."""
    dumped = [each.model_dump(mode="json", by_alias=True) for each in settings]
    *sides, entities = dumped
    plain = [{name: value for name, value in each.items() if name not in _HOW_TO_GET_THERE} for each in sides]
    plain.append(entities)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _warnings(file: _File) -> list[Problem]:
    """A secret that stands in the file itself while others can read the file."""
    others_read = file.path.stat().st_mode & 0o077
    if not file.literals or not others_read:
        return []
    message = "others can read this file, and a secret stands in it"
    return [file.problem(path, message, f"`chmod 600 {file.path.name}`, or use {{ env = ... }}") for path in file.literals[:1]]
