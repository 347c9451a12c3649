"""The access token on every request: read from the store, refreshed once for all, repeated once after a refusal.

request --> token younger than its last minute? else refresh (under the lock, after loading again)
        --> refused (the remote says which answers mean so)? refresh once, send once more

Zoho allows ten token requests in ten minutes, for all that a person has signed in. So a refresh that failed is not tried
again by the next worker or call: refused, not with the same tokens; throttled, not before the pause is over, in this
process or another; without an answer, not within some seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2

from zsync.errors import ConfigError, Retryable, SignInNeeded, Throttled, Unavailable, ZsyncError
from zsync.ports import Clock, Tokens, TokenStore

_LAST_MINUTE = timedelta(seconds=60)
_BETWEEN_TRIES = timedelta(seconds=5)
"""Between two refreshes that got no answer: a run stops after a few, so that two runs in ten minutes stay below ten."""
_LONGEST_THROTTLE = timedelta(hours=1)
"""A pause that seems longer was noted by a clock that stood wrong."""


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
        self._refusal: tuple[Tokens, ZsyncError] | None = None
        self._silence: tuple[datetime, Retryable] | None = None

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
            self._tokens = kept if fresh else self._traded(kept)
            return self._tokens

    def _traded(self, kept: Tokens) -> Tokens:
        """Other tokens for these, saved; or what kept the last try from getting any, if this one could do no better."""
        self._heed_failure(kept)
        try:
            fresh = replace(self._refresh(kept), throttled_until=None)
        except (SignInNeeded, ConfigError) as err:
            self._refusal = kept, err
            raise
        except Throttled as err:
            self._store.save(replace(kept, throttled_until=self._clock.now() + timedelta(seconds=err.after_s)))
            raise
        except Retryable as err:
            self._silence = self._clock.now() + _BETWEEN_TRIES, err
            raise
        self._store.save(fresh)
        return fresh

    def _heed_failure(self, kept: Tokens) -> None:
        """Raises what the last try raised, while asking again could only make it worse."""
        now = self._clock.now()
        if kept.throttled_until is not None and now < kept.throttled_until <= now + _LONGEST_THROTTLE:
            left, until = (kept.throttled_until - now).total_seconds(), kept.throttled_until
            raise Throttled("the sign-in server asked for a pause", after_s=left, hint=f"it ends at {until:%H:%M:%S} UTC")
        if self._refusal is not None and self._refusal[0] == kept:
            said = self._refusal[1]
            raise type(said)(said.message, hint=said.hint, remote=said.remote) from said
        if self._silence is not None and now < self._silence[0] <= now + _BETWEEN_TRIES:
            again, silence = self._silence
            left = (again - now).total_seconds()
            raise Unavailable(silence.message, after_s=left, hint=silence.hint, remote=silence.remote) from silence
