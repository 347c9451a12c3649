"""Where the configuration is: --config, then $ZSYNC_CONFIG, then ./zsync.toml, then the user's configuration folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from zsync.errors import ConfigError

NAME = "zsync.toml"
VARIABLE = "ZSYNC_CONFIG"


def find(given: Path | None = None, environ: Mapping[str, str] | None = None, here: Path | None = None) -> Path:
    """The absolute path of the configuration file in force. ConfigError if there is none, or the named one is missing."""
    environ = os.environ if environ is None else environ
    here = here or Path.cwd()
    if given is not None:
        return _named(given, "--config", here)
    if environ.get(VARIABLE):
        return _named(Path(environ[VARIABLE]), f"${VARIABLE}", here)
    places = [here / NAME, users_folder(environ) / NAME]
    for place in places:
        if place.is_file():
            return place.absolute()
    raise ConfigError(
        f"no configuration: neither ./{NAME} nor {places[1]} exists",
        hint=f"copy zsync.toml.example to {NAME} and fill it in, or name a file with --config; `zsync demo` needs none",
    )


def users_folder(environ: Mapping[str, str] | None = None, program: str = "zsync") -> Path:
    """The user's configuration folder of a program (XDG base directories)."""
    base = (os.environ if environ is None else environ).get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path("~/.config").expanduser()) / program


def _named(path: Path, by: str, here: Path) -> Path:
    found = (here / path.expanduser()).absolute()
    if found.is_dir():
        raise ConfigError(f"`{path}` (named by {by}) is a folder", hint=f"name the file in it: {path / NAME}")
    if not found.exists():
        raise ConfigError(f"there is no file `{path}` (named by {by})", hint="check the path")
    return found
