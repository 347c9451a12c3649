"""Tokens at rest: a file that only its owner reads, written whole or not at all, locked across processes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from zsync.errors import ConfigError
from zsync.ports import Tokens

_OWNER_ONLY = 0o600


class FileTokenStore:
    """Implements `zsync.ports.TokenStore` beside the state."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Tokens | None:
        """What was saved last. ConfigError if others can read the file, or it cannot be understood."""
        try:
            mode = self._path.stat().st_mode
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as err:
            raise ConfigError(
                f"the token file `{self._path.name}` cannot be read", hint="it must belong to the user who runs zsync"
            ) from err
        if mode & 0o077:
            raise ConfigError(
                f"others can read the token file `{self._path.name}`",
                hint=f"`chmod 600 {self._path.name}`; if somebody may have read it, `zsync auth revoke` and sign in again",
            )
        try:
            return _tokens(json.loads(content.decode("utf-8")))
        except (ValueError, KeyError, TypeError, RecursionError) as err:
            raise ConfigError(
                f"the token file `{self._path.name}` is damaged", hint="remove it and sign in again: `zsync auth`"
            ) from err

    def save(self, tokens: Tokens) -> None:
        """On disk before this returns: the new file is flushed, then put in place of the old."""
        kept = {
            "access": tokens.access,
            "expires_at": tokens.expires_at.isoformat(),
            "refresh": tokens.refresh,
            "scopes": list(tokens.scopes),
            "accounts_url": tokens.accounts_url,
            "api_url": tokens.api_url,
            "location": tokens.location,
            "signed_in_at": tokens.signed_in_at.isoformat() if tokens.signed_in_at else None,
            "throttled_until": tokens.throttled_until.isoformat() if tokens.throttled_until else None,
            "realm": tokens.realm,
            "idle_until": tokens.idle_until.isoformat() if tokens.idle_until else None,
            "ends_at": tokens.ends_at.isoformat() if tokens.ends_at else None,
        }
        draft = self._path.with_name(self._path.name + ".new")
        try:
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY), "wb") as file:
                file.write(json.dumps(kept).encode())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as err:
            raise ConfigError(
                f"the token file `{self._path.name}` cannot be written: {(err.strerror or 'not possible').lower()}",
                hint="its folder must be writable by the user who runs zsync",
            ) from err

    def delete(self) -> None:
        """Nobody is signed in any more. Without a file this does nothing."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as err:
            raise ConfigError(
                f"the token file `{self._path.name}` cannot be removed", hint="remove it by hand: it holds a key to the books"
            ) from err

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Held by one process and one thread at a time; waits for the other. Load again inside it."""
        try:
            handle = os.open(self._path.with_name(self._path.name + ".lock"), os.O_CREAT | os.O_RDWR, _OWNER_ONLY)
        except OSError as err:
            raise ConfigError(
                f"the folder of the token file `{self._path.name}` cannot be written",
                hint="it must be writable by the user who runs zsync",
            ) from err
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _tokens(kept: dict[str, Any]) -> Tokens:
    """What the file says. ValueError, KeyError or TypeError for anything but what `save` wrote."""
    return Tokens(
        access=_text(kept["access"]),
        expires_at=_moment(kept["expires_at"]),
        refresh=_text(kept["refresh"]),
        scopes=tuple(_text(scope) for scope in kept["scopes"]),
        accounts_url=_text(kept["accounts_url"]),
        api_url=_text(kept["api_url"]),
        location=_text(kept["location"]),
        signed_in_at=_moment(kept["signed_in_at"]) if kept["signed_in_at"] else None,
        throttled_until=_moment(kept["throttled_until"]) if kept.get("throttled_until") else None,
        realm=_text(kept.get("realm", "")),
        idle_until=_moment(kept["idle_until"]) if kept.get("idle_until") else None,
        ends_at=_moment(kept["ends_at"]) if kept.get("ends_at") else None,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode("utf-8")  # half a character could neither be sent nor written again
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment
