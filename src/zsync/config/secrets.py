"""Secrets of the configuration: text, or where it stands. Nothing is looked up before the secret is used.

"text"   { env = "NAME" }   { file = "PATH" }   { keyring = "service/name" }
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from zsync.errors import ConfigError
from zsync.net.secret import Secret

KINDS = ("env", "file", "keyring")
_LARGEST_FILE = 64 * 1024


def deferred(kind: str, name: str, where: str, folder: Path, environ: Mapping[str, str]) -> Secret:
    """The secret that `{ kind = name }` stands for. `where` names file, line and key; paths are relative to `folder`."""
    resolve: dict[str, Callable[[], str]] = {
        "env": lambda: _from_environment(name, where, environ),
        "file": lambda: _from_file(name, where, folder),
        "keyring": lambda: _from_keyring(name, where),
    }
    return Secret.deferred(f"{kind} {name}", resolve[kind])


def reference(value: object) -> tuple[str, str] | None:
    """(kind, name) of `{ env = ... }`, `{ file = ... }` or `{ keyring = ... }`; None for anything else."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    kind, name = next(iter(value.items()))
    return (kind, name) if kind in KINDS and isinstance(name, str) and name else None


def _from_environment(name: str, where: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigError(
            f"{where}: the environment variable `{name}` is not set",
            hint=f"`export {name}=...`; cron knows only what its own file sets",
        )
    return value


def _from_file(name: str, where: str, folder: Path) -> str:
    path = folder / Path(name).expanduser()
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            value = file.read(_LARGEST_FILE).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        reason = (err.strerror or "not possible").lower() if isinstance(err, OSError) else "it is no text"
        raise ConfigError(
            f"{where}: the secret file `{name}` cannot be read: {reason}",
            hint="it must hold the secret alone, and belong to the user who runs zsync",
        ) from err
    if mode & 0o077:
        raise ConfigError(
            f"{where}: others can read the secret file `{name}`",
            hint=f"`chmod 600 {name}` (a container's secret: mode 0400, owned by the user who runs zsync)",
        )
    if not value:
        raise ConfigError(f"{where}: the secret file `{name}` is empty", hint="put the secret alone into it")
    return value


def _from_keyring(name: str, where: str) -> str:
    service, slash, user = name.partition("/")
    if not slash or not service or not user:
        raise ConfigError(f"{where}: `{name}` is no keyring entry", hint='write { keyring = "service/name" }')
    try:
        keyring = import_module("keyring")  # an extra: only those who use it need it
        errors = import_module("keyring.errors")
    except ImportError as err:
        raise ConfigError(f"{where}: the package keyring is not installed", hint="`pip install 'zsync[keyring]'`") from err
    try:
        value = keyring.get_password(service, user)
    except errors.KeyringError as err:
        raise ConfigError(
            f"{where}: the keyring cannot be read ({type(err).__name__})", hint="cron has no unlocked keyring: use env or file"
        ) from err
    if not value:
        raise ConfigError(f"{where}: the keyring has no `{name}`", hint=f"`keyring set {service} {user}`")
    return str(value)
