"""Signing in to Intuit: the authorization code flow with refresh tokens that change (facts, section 1).

    discovery document --> browser --> redirect?code&state&realmId --> POST token --> access (an hour), refresh (100 days)

A refresh answers with a refresh token that may be another one: both are kept before the access token is first used, under one
lock for all processes (`net/auth.py`), for the old one dies once the new one is in use. `x_refresh_token_expires_in` counts anew
with each, `x_refresh_token_hard_expires_in` is the end of the whole chain.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from zsync.errors import ConfigError, OutOfReach, SignInNeeded, Throttled, Unavailable, ZsyncError
from zsync.net.callback import Redirect, plain_word
from zsync.net.client import check_url, mute_wire_logs
from zsync.net.oauth import lifetime_s, oauth_client, plain_words, token_in
from zsync.net.secret import Secret
from zsync.ports import Clock, Tokens

REMOTE = "intuit"
SCOPE = "com.intuit.quickbooks.accounting"
_HARD_END = {"x-include-refresh-token-hard-expires-in": "true"}
_LONGEST_LIFE_S = 157_680_000


@dataclass(frozen=True, slots=True)
class Servers:
    """Where to sign in. The defaults are what the discovery document has said for years."""

    authorize: str = "https://appcenter.intuit.com/connect/oauth2"
    token: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
    revoke: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"


@dataclass(frozen=True, slots=True)
class App:
    """The app of Intuit's developer portal. `realm` is the company that is meant, where the configuration names one."""

    client_id: str
    client_secret: Secret
    discovery_url: str
    redirect_uri: str
    realm: str = ""


class Intuit:
    """Sign-in, refresh and revocation of one app."""

    def __init__(self, app: App, clock: Clock, *, timeout_s: float = 30.0, transport: Any = None) -> None:
        check_url(app.discovery_url, "discovery_url")
        mute_wire_logs()
        self._app = app
        self._clock = clock
        self._timeout_s = timeout_s
        self._transport = transport
        self._lock = threading.Lock()
        self._servers: Servers | None = None
        self.calls = 0

    def invitation(self) -> tuple[str, str]:
        """(the address to open in a browser, the state that must come back)."""
        state, server = secrets.token_urlsafe(24), self.servers.authorize
        with self._client(server) as client:
            address, _ = client.create_authorization_url(
                server, state=state, scope=SCOPE, redirect_uri=self._app.redirect_uri, response_type="code"
            )
        return str(address).replace("+", "%20"), state

    def redeem(self, redirect: Redirect, state: str) -> Tokens:
        """Trade the code of the redirect for tokens of the company that it names."""
        if not hmac.compare_digest(redirect.state.encode(), state.encode()):
            raise SignInNeeded("the answer does not belong to this sign-in", hint="start `zsync auth quickbooks` again")
        return self._trade(redirect.code, redirect.realm)

    def redeem_grant_code(self, code: str) -> Tokens:
        """Trade a code of Intuit's playground page for tokens; the company is the one that the configuration names."""
        return self._trade(code, "")

    def refresh(self, tokens: Tokens) -> Tokens:
        """Another access token, and the refresh token that goes with it from now on. SignInNeeded if the old one is dead."""
        answer = self._post({"grant_type": "refresh_token", "refresh_token": tokens.refresh})
        following = token_in(answer, "refresh_token")
        if not following and answer.get("refresh_token") not in (None, ""):
            # The one that is kept lives for as long as this answer's access token is not used.
            raise Unavailable("the sign-in server's answer holds no refresh token", remote=REMOTE)
        now = self._clock.now()
        return replace(
            tokens,
            access=str(answer["access_token"]),
            expires_at=now + timedelta(seconds=lifetime_s(answer)),
            refresh=following or tokens.refresh,
            idle_until=_end(now, answer.get("x_refresh_token_expires_in")) or tokens.idle_until,
            ends_at=_end(now, answer.get("x_refresh_token_hard_expires_in")) or tokens.ends_at,
        )

    def revoke(self, tokens: Tokens) -> None:
        """Tell Intuit to forget the permission. A token that it does not know is forgotten already."""
        server = self.servers.revoke
        with self._lock:
            self.calls += 1
        with self._client(server) as client, plain_words(_token_error, REMOTE):
            headers = {"Authorization": f"Basic {self._basic()}", "Accept": "application/json"}
            answer = client.post(server, json={"token": tokens.refresh}, headers=headers, auth=None)
        if answer.status_code in (200, 400):
            return
        if answer.status_code in (401, 403):
            raise _token_error("invalid_client", "")
        raise OutOfReach(f"Intuit answered {answer.status_code} to the revocation", hint="try again later", remote=REMOTE)

    @property
    def servers(self) -> Servers:
        """What the discovery document says, asked once; its old contents where it does not answer."""
        with self._lock:
            if self._servers is None:
                self._servers = self._discovered()
            return self._servers

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _discovered(self) -> Servers:
        """Servers are believed only on the discovery document's own kind of host: tokens go there."""
        known = Servers()
        self.calls += 1
        try:
            with self._client(self._app.discovery_url) as client, plain_words(_token_error, REMOTE):
                answer = client.get(self._app.discovery_url, headers={"Accept": "application/json"}, auth=None)
                told = answer.json() if answer.status_code == 200 else None
        except (Unavailable, OutOfReach):
            told = None
        if not isinstance(told, Mapping):
            if _is_intuits(self._app.discovery_url):
                return known
            raise Unavailable("the discovery document cannot be read", hint="check discovery_url under [source]", remote=REMOTE)
        return Servers(
            self._trusted(told.get("authorization_endpoint"), known.authorize),
            self._trusted(told.get("token_endpoint"), known.token),
            self._trusted(told.get("revocation_endpoint"), known.revoke),
        )

    def _trusted(self, url: object, known: str) -> str:
        text = str(url or known)
        if _is_intuits(text) or urlsplit(text).netloc == urlsplit(self._app.discovery_url).netloc:
            return text
        raise ConfigError(
            f"the discovery document names the server `{urlsplit(text).hostname}`, which is not Intuit's",
            hint="check discovery_url under [source]",
        )

    def _trade(self, code: str, realm: str) -> Tokens:
        if self._app.realm and realm and realm != self._app.realm:
            raise SignInNeeded(
                f"the sign-in was for the company {realm}, and the configuration names {self._app.realm}",
                hint="choose the right company in the browser, or set realm_id under [source]",
            )
        answer = self._post({"grant_type": "authorization_code", "code": code, "redirect_uri": self._app.redirect_uri})
        refresh = token_in(answer, "refresh_token")
        if not refresh:
            raise SignInNeeded("Intuit gave no refresh token", hint="`zsync auth quickbooks` again", remote=REMOTE)
        found = realm or self._app.realm
        if not found:
            raise SignInNeeded(
                "the sign-in does not say which company it is for", hint="set realm_id under [source], then sign in again"
            )
        now = self._clock.now()
        return Tokens(
            access=str(answer["access_token"]),
            expires_at=now + timedelta(seconds=lifetime_s(answer)),
            refresh=refresh,
            scopes=(SCOPE,),
            accounts_url=self.servers.token,
            signed_in_at=now,
            realm=found,
            idle_until=_end(now, answer.get("x_refresh_token_expires_in")),
            ends_at=_end(now, answer.get("x_refresh_token_hard_expires_in")),
        )

    def _post(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint's answer, which holds an access token."""
        server = self.servers.token
        with self._lock:
            self.calls += 1
        with self._client(server) as client, plain_words(_token_error, REMOTE):
            if form["grant_type"] == "refresh_token":
                answer = client.refresh_token(server, refresh_token=form["refresh_token"], headers=self._headers())
            else:
                answer = client.fetch_token(server, **form, headers=self._headers())
        if not token_in(answer, "access_token"):
            raise Unavailable("the sign-in server's answer holds no token", remote=REMOTE)
        return dict(answer)

    def _headers(self) -> dict[str, str]:
        return {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **_HARD_END}

    def _basic(self) -> str:
        return base64.b64encode(f"{self._app.client_id}:{self._app.client_secret.reveal()}".encode()).decode()

    def _client(self, server: str) -> Any:
        return oauth_client(
            self._app.client_id,
            self._app.client_secret,
            server,
            method="client_secret_basic",
            timeout_s=self._timeout_s,
            transport=self._transport,
        )


def _token_error(error: str, description: str) -> ZsyncError:
    """What Intuit's word for it means. The description is not repeated: it may hold a token."""
    del description
    match error:
        case "invalid_grant":
            return SignInNeeded(
                "Intuit does not know this code or token (any more)",
                hint="`zsync auth quickbooks` again; a connection that is not used for 100 days ends",
                remote=REMOTE,
            )
        case "invalid_client":
            return ConfigError(
                "Intuit does not know this client",
                hint="check client_id, client_secret and environment under [source]: the sandbox has keys of its own",
                remote=REMOTE,
            )
        case "too_many_requests" | "slow_down":
            return Throttled("too many sign-ins", after_s=60, hint="wait a minute", remote=REMOTE)
        case _:
            return SignInNeeded(
                f"Intuit refused the sign-in ({plain_word(error)})", hint="`zsync auth quickbooks` again", remote=REMOTE
            )


def _is_intuits(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return urlsplit(url).scheme == "https" and (host == "intuit.com" or host.endswith(".intuit.com"))


def _end(now: datetime, seconds: object) -> datetime | None:
    """A moment so many seconds from now; None where the answer does not say, or says what cannot be."""
    text = json.dumps(seconds) if isinstance(seconds, int) else str(seconds or "")
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= _LONGEST_LIFE_S:
        return None
    return now + timedelta(seconds=int(text))
