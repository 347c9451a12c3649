"""Signing in to Zoho: the authorization code flow, on Authlib over httpx2 (facts, section 1).

    browser --> accounts/oauth/v2/auth --> http://127.0.0.1:PORT/callback?code&state&location&accounts-server
            --> POST accounts-server/oauth/v2/token --> access token (an hour), refresh token (until revoked), api_domain

Errors come with HTTP 200; a success is only JSON with an access token. "Access Denied" is a throttle of ten minutes, not
a refusal. Tokens go to Zoho's accounts servers, or the configured one, and nowhere else.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2

from zsync.errors import ConfigError, OutOfReach, SignInNeeded, Throttled, Unavailable, ZsyncError
from zsync.net.callback import Redirect, plain_word
from zsync.net.client import check_url, mute_wire_logs
from zsync.net.oauth import lifetime_s, oauth_client, plain_words, token_in
from zsync.net.secret import Secret
from zsync.ports import Clock, Tokens
from zsync.targets.zoho.centres import known_accounts, known_api

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client

REMOTE = "zoho-accounts"
_THROTTLED = "Access Denied"


@dataclass(frozen=True, slots=True)
class Application:
    """The client of the Zoho API console, and where it signs in."""

    client_id: str
    client_secret: Secret
    accounts_url: str
    api_url: str
    redirect_uri: str
    scopes: tuple[str, ...]


class Zoho:
    """Sign-in, refresh and revocation of one application."""

    def __init__(
        self, application: Application, clock: Clock, *, timeout_s: float = 30.0, transport: httpx2.BaseTransport | None = None
    ) -> None:
        check_url(application.accounts_url, "accounts_url")
        mute_wire_logs()
        self._app = application
        self._clock = clock
        self._timeout_s = timeout_s
        self._transport = transport
        self._calling = threading.Lock()
        self.calls = 0

    def invitation(self) -> tuple[str, str]:
        """(the address to open in a browser, the state that must come back)."""
        state = secrets.token_urlsafe(24)
        with self._client(self._app.accounts_url) as client:
            address, _ = client.create_authorization_url(
                f"{self._app.accounts_url}/oauth/v2/auth",
                state=state,
                scope=",".join(self._app.scopes),
                redirect_uri=self._app.redirect_uri,
                access_type="offline",
                prompt="consent",
            )
        return str(address).replace("+", "%20"), state

    def redeem(self, redirect: Redirect, state: str) -> Tokens:
        """Trade the code of the redirect for tokens, at the accounts server that the redirect named."""
        if not hmac.compare_digest(redirect.state.encode(), state.encode()):
            raise SignInNeeded("the answer does not belong to this sign-in", hint="start `zsync auth` again")
        accounts = known_accounts(redirect.accounts_server, self._app.accounts_url)
        return self._trade(accounts, redirect.location, code=redirect.code, redirect_uri=self._app.redirect_uri)

    def redeem_grant_code(self, code: str) -> Tokens:
        """Trade the code of a self client, made in the API console, for tokens."""
        return self._trade(self._app.accounts_url, "", code=code, redirect_uri=None)

    def refresh(self, tokens: Tokens) -> Tokens:
        """A new access token. SignInNeeded if the refresh token is no good any more."""
        answer = self._post(
            known_accounts(tokens.accounts_url, self._app.accounts_url),
            lambda client, url: client.refresh_token(url, refresh_token=tokens.refresh),
        )
        return replace(
            tokens,
            access=str(answer["access_token"]),
            expires_at=self._clock.now() + timedelta(seconds=lifetime_s(answer)),
            refresh=token_in(answer, "refresh_token") or tokens.refresh,
            api_url=known_api(str(answer.get("api_domain") or tokens.api_url), self._app.api_url),
        )

    def revoke(self, tokens: Tokens) -> None:
        """Tell Zoho to forget the refresh token. A token that it does not know is forgotten already.

        Only an answer of Zoho's own is believed: a gateway's page comes with any status, and the token would live on.
        """
        accounts = known_accounts(tokens.accounts_url, self._app.accounts_url)
        with self._calling:
            self.calls += 1
        with self._client(accounts) as client, plain_words(_token_error, REMOTE):
            # In the body, where Zoho's page shows the query: a token never stands in an address.
            answer = client.post(f"{accounts}/oauth/v2/token/revoke", data={"token": tokens.refresh}, auth=None)
            if answer.status_code >= 500 or answer.is_redirect or answer.status_code == 429:
                raise OutOfReach(f"Zoho answered {answer.status_code} to the revocation", hint="try again later", remote=REMOTE)
            said = answer.json()
        if not isinstance(said, dict):
            raise Unavailable("the sign-in server's answer is not understood", hint="try again later", remote=REMOTE)
        if said.get("error") == _THROTTLED:
            raise _token_error(_THROTTLED, "")

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _trade(self, accounts: str, location: str, *, code: str, redirect_uri: str | None) -> Tokens:
        answer = self._post(
            accounts,
            lambda client, url: client.fetch_token(
                url,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,  # None: it is left out
            ),
        )
        refresh = token_in(answer, "refresh_token")
        if not refresh:
            raise SignInNeeded(
                "Zoho gave no refresh token",
                hint="remove zsync under accounts > connected apps, then `zsync auth` again",
                remote=REMOTE,
            )
        now = self._clock.now()
        return Tokens(
            access=answer["access_token"],
            expires_at=now + timedelta(seconds=lifetime_s(answer)),
            refresh=refresh,
            scopes=self._app.scopes,
            accounts_url=accounts,
            api_url=known_api(str(answer.get("api_domain") or ""), self._app.api_url),
            location=location,
            signed_in_at=now,
        )

    def _post(self, accounts: str, ask: Callable[[OAuth2Client, str], Any]) -> dict[str, Any]:
        """The token endpoint's answer, which holds an access token."""
        with self._calling:
            self.calls += 1
        with self._client(accounts) as client, plain_words(_token_error, REMOTE):
            answer = ask(client, f"{accounts}/oauth/v2/token")
        if not token_in(answer, "access_token"):
            raise Unavailable("the sign-in server's answer holds no token", remote=REMOTE)
        return dict(answer)

    def _client(self, accounts: str) -> OAuth2Client:
        return oauth_client(
            self._app.client_id,
            self._app.client_secret,
            accounts,
            method="client_secret_post",
            timeout_s=self._timeout_s,
            transport=self._transport,
        )


def _token_error(error: str, description: str) -> ZsyncError:
    """What Zoho's word for it means (facts, section 1)."""
    if error == _THROTTLED or "too many requests" in description:
        return Throttled("too many sign-ins in ten minutes", after_s=600, hint="wait ten minutes", remote=REMOTE)
    match error:
        case "invalid_code":
            return SignInNeeded(
                "Zoho does not know this code or token (any more)",
                hint="`zsync auth` again; if it persists, check data_center under [target]",
                remote=REMOTE,
            )
        case "invalid_client" | "invalid_client_secret":
            return ConfigError(
                f"Zoho does not know this client ({error})",
                hint="check client_id, client_secret and data_center under [target]; the secret may differ by data centre",
                remote=REMOTE,
            )
        case "invalid_redirect_uri":
            return ConfigError(
                "the redirect address is not registered with this client",
                hint="register http://127.0.0.1:8976/callback (or your redirect_port) letter by letter in the API console",
                remote=REMOTE,
            )
        case _:
            return SignInNeeded(f"Zoho refused the sign-in ({plain_word(error)})", hint="`zsync auth` again", remote=REMOTE)
