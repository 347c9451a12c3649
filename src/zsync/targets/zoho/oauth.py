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
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from zsync.errors import ConfigError, ContractBroken, OutOfReach, SignInNeeded, Throttled, Unavailable, ZsyncError
from zsync.net.client import bound, check_url, is_loopback, mute_wire_logs, untrusted, usable_environment
from zsync.net.secret import Secret
from zsync.ports import Clock, Tokens
from zsync.targets.zoho.centres import known_accounts, known_api

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client

REMOTE = "zoho-accounts"
CALLBACK_PATH = "/callback"
_THROTTLED = "Access Denied"
_MOST_BYTES = 1024 * 1024
_HOUR_S, _LONGEST_LIFE_S = 3600, 86400
_LAST_MINUTE_S = 60
"""A token that lives no longer would be renewed for each call, and ten in ten minutes are all that Zoho gives."""


@dataclass(frozen=True, slots=True)
class Application:
    """The client of the Zoho API console, and where it signs in."""

    client_id: str
    client_secret: Secret
    accounts_url: str
    api_url: str
    redirect_uri: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """What came back through the browser. Code and state are as good as a key for a minute: neither stands in repr."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    accounts_server: str = ""
    location: str = ""


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
            expires_at=self._clock.now() + timedelta(seconds=_seconds(answer)),
            refresh=str(answer.get("refresh_token") or tokens.refresh),
            api_url=known_api(str(answer.get("api_domain") or tokens.api_url), self._app.api_url),
        )

    def revoke(self, tokens: Tokens) -> None:
        """Tell Zoho to forget the refresh token. A token that it does not know is forgotten already.

        Only an answer of Zoho's own is believed: a gateway's page comes with any status, and the token would live on.
        """
        accounts = known_accounts(tokens.accounts_url, self._app.accounts_url)
        with self._calling:
            self.calls += 1
        with self._client(accounts) as client, _plain_words():
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
        refresh = answer.get("refresh_token")
        if not isinstance(refresh, str) or not refresh:
            raise SignInNeeded(
                "Zoho gave no refresh token",
                hint="remove zsync under accounts > connected apps, then `zsync auth` again",
                remote=REMOTE,
            )
        now = self._clock.now()
        return Tokens(
            access=answer["access_token"],
            expires_at=now + timedelta(seconds=_seconds(answer)),
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
        with self._client(accounts) as client, _plain_words():
            answer = ask(client, f"{accounts}/oauth/v2/token")
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            raise Unavailable("the sign-in server's answer holds no token", remote=REMOTE)
        return dict(answer)

    def _client(self, accounts: str) -> OAuth2Client:
        from authlib.integrations.httpx_client import OAuth2Client  # heavy, and needed once an hour

        heedful, until = not is_loopback(urlsplit(accounts).hostname or ""), time.monotonic() + self._timeout_s
        with usable_environment():
            # Authlib's own, where it cannot be made, prints a complaint of its destructor.
            httpx2.Client(transport=self._transport, trust_env=heedful).close()
        return OAuth2Client(
            client_id=self._app.client_id,
            client_secret=self._app.client_secret.reveal(),
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            timeout=self._timeout_s,
            transport=self._transport,
            follow_redirects=False,
            trust_env=heedful,
            event_hooks={"response": [lambda response: bound(response, _MOST_BYTES, until)]},
        )


def parse_redirect(text: str) -> Redirect:
    """The code out of a redirect: the whole address as the browser shows it, or its query. SignInNeeded for a refusal."""
    query = urlsplit(text.strip()).query or text.strip().lstrip("?")
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if "error" in fields:
        raise SignInNeeded(f"Zoho did not grant the access ({_word(fields['error'])})", hint="`zsync auth` again, and accept")
    if "code" not in fields or "state" not in fields:
        raise SignInNeeded(
            "that is no redirect of Zoho: it must hold both a code and a state",
            hint="`zsync auth` again, and paste the whole address of the page that it led to",
        )
    return Redirect(fields["code"], fields["state"], fields.get("accounts-server", ""), fields.get("location", ""))


class _plain_words:  # noqa: N801 - reads as a sentence: with client, _plain_words()
    """Turn what Authlib and httpx2 raise into our errors; no token, code or secret is repeated."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, err: BaseException | None, trace: object) -> None:
        from authlib.integrations.base_client import OAuthError

        match err:
            case OAuthError():
                raise _token_error(str(err.error), str(err.description or "")) from err
            case httpx2.HTTPStatusError():
                raise Unavailable(f"the sign-in server answered {err.response.status_code}", remote=REMOTE) from err
            case httpx2.ConnectError() if untrusted(err):
                raise OutOfReach(
                    "the certificate of the sign-in server cannot be verified",
                    hint="check the address and the system's certificates; verification cannot be switched off",
                    remote=REMOTE,
                ) from err
            case httpx2.HTTPError():
                raise Unavailable(f"the sign-in server does not answer ({type(err).__name__})", remote=REMOTE) from err
            case ValueError() | ContractBroken():
                raise Unavailable("the sign-in server's answer is not understood", hint="try again later", remote=REMOTE) from err
            case _:
                return


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
            return SignInNeeded(f"Zoho refused the sign-in ({_word(error)})", hint="`zsync auth` again", remote=REMOTE)


def _word(text: str) -> str:
    """An error's name, without what else may stand in it."""
    return "".join(c for c in text if c.isalnum() or c in "_- ")[:40]


def _seconds(answer: dict[str, Any]) -> int:
    """How long the access token lives: an hour, unless the answer says something else that can be true."""
    text = str(answer.get("expires_in", ""))
    said = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return said if _LAST_MINUTE_S < said <= _LONGEST_LIFE_S else _HOUR_S
