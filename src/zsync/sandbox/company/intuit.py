"""The stand-in sign-in of Intuit: consent, codes, access tokens, and refresh tokens that change (facts, section 1).

    GET  /connect/oauth2 --> redirect with code, state, realmId
    POST /oauth2/v1/tokens/bearer --> access token (an hour), refresh token (100 days, counted anew)
    POST /v2/oauth2/tokens/revoke            GET /.well-known/openid_configuration

After a refresh the old refresh token lives until the new pair is first used: a crash in between loses nothing, a client that does
not keep the new one loses everything.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal
from urllib.parse import urlencode

from werkzeug import Request, Response

from zsync.sandbox.web import json_response, read_json

HOUR_S = 3600
IDLE_S = 8_726_400
HARD_S = 157_680_000


@dataclass(slots=True)
class _Chain:
    """What one consent gave: the refresh token in force, the one before while it still works, when it all ends."""

    current: str
    made: float
    ends: float
    previous: str = ""


class Intuit:
    """Intuit's server, with one app and one company. `rotation`: how often a refresh brings another refresh token."""

    def __init__(
        self,
        *,
        realm_id: str = "4620816365",
        client_id: str = "ABsandboxapp",
        client_secret: str = "sandbox-app-secret",  # noqa: S107 - made up, for the stand-in only
        rotation: Literal["always", "daily", "never"] = "always",
        auto_consent: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.realm_id = realm_id
        self.client_id = client_id
        self.client_secret = client_secret
        self.rotation = rotation
        self.auto_consent = auto_consent
        self.clock = clock
        self._made = 0
        self._codes: dict[str, float] = {}
        self._chains: list[_Chain] = []
        self._access: dict[str, tuple[float, _Chain, str]] = {}

    # --- for tests ------------------------------------------------------------------------------------------------------

    def issue(self) -> tuple[str, str]:
        """(access token, refresh token), as after a sign-in."""
        chain = _Chain(self._name("RT"), self.clock(), self.clock() + HARD_S)
        self._chains.append(chain)
        return self._new_access(chain), chain.current

    def grant_code(self) -> str:
        """A code as the playground page shows it."""
        code = self._name("code")
        self._codes[code] = self.clock() + 600
        return code

    def expire_access(self) -> None:
        self._access.clear()

    def forget(self) -> None:
        """The user has disconnected the app."""
        self._codes.clear()
        self._chains.clear()
        self._access.clear()

    def living(self) -> int:
        """How many consents are in force."""
        return len(self._chains)

    # --- for the API ----------------------------------------------------------------------------------------------------

    def admits(self, authorization: str | None) -> Literal["yes", "expired", "no"]:
        """Whether a request may pass. Using a token settles the refresh that gave it: the one before is dead from now on."""
        kind, _, token = (authorization or "").partition(" ")
        found = self._access.get(token)
        if kind.lower() != "bearer" or not token:
            return "no"
        if found is None or found[0] <= self.clock() or found[1] not in self._chains:
            return "expired"
        if found[2] == found[1].current:
            found[1].previous = ""
        return "yes"

    def handle(self, request: Request) -> Response:
        match (request.method, request.path.rstrip("/")):
            case ("GET", "/.well-known/openid_configuration" | "/.well-known/openid_sandbox_configuration"):
                return self._discovery(request)
            case ("GET", "/connect/oauth2"):
                return self._authorize(request)
            case ("POST", "/oauth2/v1/tokens/bearer"):
                return self._token(request)
            case ("POST", "/v2/oauth2/tokens/revoke"):
                return self._revoke(request)
            case _:
                return Response("not found", status=404, content_type="text/plain")

    def _discovery(self, request: Request) -> Response:
        here = request.host_url.rstrip("/")
        return json_response(
            200,
            {
                "issuer": f"{here}/op/v1",
                "authorization_endpoint": f"{here}/connect/oauth2",
                "token_endpoint": f"{here}/oauth2/v1/tokens/bearer",
                "userinfo_endpoint": f"{here}/v1/openid_connect/userinfo",
                "revocation_endpoint": f"{here}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{here}/op/v1/jwks",
                "response_types_supported": ["code"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            },
        )

    def _authorize(self, request: Request) -> Response:
        asked = request.args.to_dict()
        if asked.get("client_id") != self.client_id or asked.get("response_type") != "code":
            return _page(400, "<p>The app is not known here.</p>")
        if not asked.get("redirect_uri") or not asked.get("state") or not asked.get("scope"):
            return _page(400, "<p>redirect_uri, state and scope are needed.</p>")
        decision = asked.pop("decision", "connect" if self.auto_consent else "")
        if not decision:
            where = {each: f"{request.path}?{urlencode({**asked, 'decision': each})}" for each in ("connect", "cancel")}
            links = " ".join(f'<a href="{escape(address)}">{each}</a>' for each, address in where.items())
            scope = escape(asked["scope"])
            return _page(200, f"<p>An app asks for {scope}.</p><p>{links}</p>")
        back = {"state": asked["state"]}
        if decision != "connect":
            back["error"] = "access_denied"
        else:
            back |= {"code": self.grant_code(), "realmId": self.realm_id}
        return Response("", status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(back)}"})

    def _token(self, request: Request) -> Response:
        if not self._knows(request):
            return json_response(401, {"error": "invalid_client"})
        form = request.form.to_dict()
        match form.get("grant_type"):
            case "authorization_code":
                if self._codes.pop(form.get("code", ""), 0.0) <= self.clock():
                    return _invalid_grant()
                access, _ = self.issue()
                return self._granted(request, access)
            case "refresh_token":
                return self._renewed(request, form.get("refresh_token", ""))
            case _:
                return json_response(400, {"error": "unsupported_grant_type"})

    def _renewed(self, request: Request, token: str) -> Response:
        now = self.clock()
        chain = next((each for each in self._chains if token and token in (each.current, each.previous)), None)
        if chain is None or now - chain.made > IDLE_S or now > chain.ends:
            return _invalid_grant()
        if token == chain.current:
            chain.previous = ""
        if self.rotation == "always" or (self.rotation == "daily" and now - chain.made > 24 * HOUR_S):
            chain.previous, chain.current, chain.made = token, self._name("RT"), now
        return self._granted(request, self._new_access(chain))

    def _granted(self, request: Request, access: str) -> Response:
        chain = self._access[access][1]
        answer = {
            "token_type": "bearer",
            "access_token": access,
            "expires_in": HOUR_S,
            "refresh_token": chain.current,
            "x_refresh_token_expires_in": IDLE_S,
        }
        if request.headers.get("x-include-refresh-token-hard-expires-in") == "true":
            answer["x_refresh_token_hard_expires_in"] = int(chain.ends - self.clock())
        return json_response(200, answer)

    def _revoke(self, request: Request) -> Response:
        if not self._knows(request):
            return json_response(401, {"error": "invalid_client"})
        token = read_json(request.get_data(as_text=True)).get("token", "")
        found = [each for each in self._chains if token in (each.current, each.previous)]
        self._chains = [each for each in self._chains if each not in found]
        return json_response(200, {}) if found else _invalid_grant()

    def _knows(self, request: Request) -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        wanted = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return kind.lower() == "basic" and given == wanted

    def _new_access(self, chain: _Chain) -> str:
        name = self._name("AT")
        self._access[name] = (self.clock() + HOUR_S, chain, chain.current)
        return name

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}{self._made:040x}"


def _invalid_grant() -> Response:
    words: Mapping[str, str] = {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}
    return json_response(400, words)


def _page(status: int, html: str) -> Response:
    head = "<!doctype html><title>Intuit (sandbox)</title><h1>Intuit (sandbox)</h1>"
    return Response(head + html, status=status, content_type="text/html;charset=UTF-8")
