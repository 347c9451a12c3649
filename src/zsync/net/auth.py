"""The access token on every request: read from the store, refreshed once for all, repeated once after a refusal.

request --> token younger than its last minute? else refresh (under the lock, after loading again)
        --> refused (the remote says which answers mean so)? refresh once, send once more
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from datetime import timedelta

import httpx2

from zsync.errors import SignInNeeded
from zsync.ports import Clock, Tokens, TokenStore

_LAST_MINUTE = timedelta(seconds=60)


class TokenAuth(httpx2.Auth):
    """Puts `Authorization: <scheme> <token>` on requests to the allowed hosts, and on no other.

    `hosts` are hosts as they stand in an address, with the port where it is not the scheme's own. `refresh` trades a
    refresh token for new tokens (it raises SignInNeeded, Throttled, ...); `refused` tells from status and body whether
    the remote means the token. It is asked about answers of 400 to 499 only: those were turned away at the door.
    """

    def __init__(
        self,
        store: TokenStore,
        clock: Clock,
        *,
        scheme: str,
        hosts: frozenset[str],
        refresh: Callable[[Tokens], Tokens],
        refused: Callable[[int, bytes], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._scheme = scheme
        self._hosts = frozenset(httpx2.URL(f"https://{host}").netloc for host in hosts)  # as httpx2 writes them
        self._refresh = refresh
        self._refused = refused
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """The flow that httpx2 runs around one request."""
        if request.url.netloc not in self._hosts:
            raise SignInNeeded("the token is not for this host", hint="check api_url and data_center under [target]")
        tokens = self._usable()
        request.headers["Authorization"] = f"{self._scheme} {tokens.access}"
        response = yield request
        if not 400 <= response.status_code < 500:
            return
        response.read()
        if not self._refused(response.status_code, response.content):
            return
        tokens = self._renewed(tokens.access)
        request.headers["Authorization"] = f"{self._scheme} {tokens.access}"
        yield request

    def _usable(self) -> Tokens:
        with self._lock:
            if self._tokens is None:
                self._tokens = self._store.load()
            tokens = self._tokens
            if tokens is None or not tokens.refresh:
                raise SignInNeeded("nobody is signed in", hint="`zsync auth`")
            if tokens.expires_at - self._clock.now() > _LAST_MINUTE:
                return tokens
        return self._renewed(tokens.access)

    def _renewed(self, stale: str) -> Tokens:
        """New tokens, unless another worker or process has fetched them already: then its own."""
        with self._lock, self._store.locked():
            kept = self._store.load()
            if kept is None:
                raise SignInNeeded("nobody is signed in", hint="`zsync auth`")
            fresh = kept.access != stale and kept.expires_at - self._clock.now() > _LAST_MINUTE
            if not fresh:
                kept = self._refresh(kept)
                self._store.save(kept)
            self._tokens = kept
            return kept
