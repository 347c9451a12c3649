"""The stand-in Zoho Accounts: consent, codes, access and refresh tokens, their limits (facts, section 1).

    GET /oauth/v2/auth --> redirect with code, state, location, accounts-server
    POST /oauth/v2/token --> access token (an hour), refresh token (offline and consent only), api_domain
    POST /oauth/v2/token/revoke

Errors come with HTTP 200, as live. Nothing here is a secret of anybody: the client is made up.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlencode, urlsplit

from werkzeug import Request, Response

from zsync.sandbox.web import Refusal, json_response

HOUR_S = 3600
FULL_ACCESS = "ZohoBooks.fullaccess.all"
DEAD_TOKEN = Refusal(401, 57, "You are not authorized to perform this operation")
NO_TOKEN = Refusal(401, 14, "Invalid value passed for authtoken.")


@dataclass(frozen=True, slots=True)
class Client:
    """An application of the API console. `redirect_uris` None: any loopback address (a convenience of the sandbox)."""

    client_id: str = "1000.SANDBOXCLIENT"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - made up, for the stand-in only
    redirect_uris: frozenset[str] | None = None


@dataclass(slots=True)
class _Code:
    scopes: frozenset[str]
    expires: float
    redirect_uri: str | None
    offline: bool


@dataclass(slots=True)
class _Refresh:
    scopes: frozenset[str]
    access: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Access:
    scopes: frozenset[str]
    expires: float


class Accounts:
    """Zoho Accounts of one data centre, with one user and one client.

    `auto_consent`: the consent page agrees by itself. `throttle`: access tokens in ten minutes, None for no limit.
    `error_status`: the HTTP status of token errors (200 live, sometimes 400). `api_domain`, `accounts_server`: what the
    answers name; empty: the address that the request came to. `multi_dc`: switched on for the client; else a redirect
    names neither location nor server. Another data centre's client is `invalid_client` here.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        location: str = "eu",
        auto_consent: bool = False,
        throttle: int | None = 10,
        error_status: int = 200,
        api_domain: str = "",
        accounts_server: str = "",
        multi_dc: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.client = client or Client()
        self.location = location
        self.auto_consent = auto_consent
        self.throttle = throttle
        self.error_status = error_status
        self.api_domain = api_domain
        self.accounts_server = accounts_server
        self.multi_dc = multi_dc
        self.clock = clock
        self._made = 0
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._access: dict[str, _Access] = {}
        self._asked: deque[float] = deque()

    # --- for tests and for people ------------------------------------------------------------------------------------

    def grant_code(self, scopes: Iterable[str], *, lives_s: float = 600) -> str:
        """A code as the API console makes it for a self client."""
        return self._new_code(_Code(frozenset(scopes), self.clock() + lives_s, None, True))

    def issue(self, scopes: Iterable[str] = (FULL_ACCESS,)) -> tuple[str, str]:
        """(access token, refresh token), as after a sign-in."""
        wanted = frozenset(scopes)
        refresh = self._new_refresh(wanted)
        return self._new_access(wanted, refresh), refresh

    def expire_access(self) -> None:
        """Every access token dies now; refresh tokens live on."""
        self._access.clear()

    def forget(self) -> None:
        """The user has revoked everything."""
        for kept in (self._codes, self._refresh, self._access):
            kept.clear()

    def live_refresh_tokens(self) -> int:
        return len(self._refresh)

    # --- for the API -------------------------------------------------------------------------------------------------

    def scopes_of(self, authorization: str | None) -> frozenset[str]:
        """The scopes of the token in a header. Refusal 401 with code 14 (none) or 57 (dead)."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() not in ("zoho-oauthtoken", "bearer") or not token.strip():
            raise NO_TOKEN
        found = self._access.get(token.strip())
        if found is None or found.expires <= self.clock():
            raise DEAD_TOKEN
        return found.scopes

    def handle(self, request: Request) -> Response:
        match (request.method, request.path.rstrip("/")):
            case ("GET", "/oauth/v2/auth"):
                return self._authorize(request)
            case ("POST", "/oauth/v2/token"):
                return self._token(request, {**request.args.to_dict(), **request.form.to_dict()})
            case ("POST", "/oauth/v2/token/revoke"):
                return self._revoke({**request.args.to_dict(), **request.form.to_dict()})
            case ("GET", "/oauth/serverinfo"):
                return json_response(200, {"result": "success", "locations": {self.location: self._server(request)}})
            case _:
                return _page(404, "There is no such page at the accounts server.")

    # --- consent -----------------------------------------------------------------------------------------------------

    def _authorize(self, request: Request) -> Response:
        asked = request.args.to_dict()
        target = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.client.client_id:
            return _page(400, "invalid_client: this client does not exist at this data centre.")
        if not self._registered(target):
            return _page(400, "invalid_redirect_uri: this redirect address is not registered for the client.")
        if asked.get("response_type") != "code" or not asked.get("scope"):
            return _page(400, "invalid_request: response_type=code and a scope are needed.")
        decision = asked.pop("decision", "accept" if self.auto_consent else "")
        if not decision:
            return self._consent(request.path, asked)
        back: dict[str, str] = {"state": asked["state"]} if "state" in asked else {}
        if decision != "accept":
            return _redirect(target, back | {"error": "access_denied"})
        offline = asked.get("access_type") == "offline" and asked.get("prompt") == "consent"
        scopes = frozenset(asked["scope"].replace(" ", ",").split(",")) - {""}
        code = self._new_code(_Code(scopes, self.clock() + 60, target, offline))
        where = {"location": self.location, "accounts-server": self._server(request)} if self.multi_dc else {}
        return _redirect(target, back | {"code": code} | where)

    def _consent(self, path: str, asked: Mapping[str, str]) -> Response:
        def link(decision: str, text: str) -> str:
            return f'<a href="{escape(path + "?" + urlencode({**asked, "decision": decision}))}">{text}</a>'

        scopes = "".join(f"<li>{escape(scope)}</li>" for scope in asked["scope"].replace(" ", ",").split(","))
        words = f"<p>An application asks for:</p><ul>{scopes}</ul><p>{link('accept', 'Accept')} {link('reject', 'Reject')}</p>"
        return _page(200, "", words)

    def _registered(self, target: str) -> bool:
        if self.client.redirect_uris is not None:
            return target in self.client.redirect_uris
        return urlsplit(target).hostname in ("127.0.0.1", "localhost", "::1")

    # --- tokens ------------------------------------------------------------------------------------------------------

    def _token(self, request: Request, form: Mapping[str, str]) -> Response:
        if self._throttled():
            words = "You have made too many requests continuously. Please try again after some time."
            return json_response(400, {"error": "Access Denied", "error_description": words})
        if form.get("client_id") != self.client.client_id:
            return self._error("invalid_client")
        if form.get("client_secret") != self.client.client_secret:
            return self._error("invalid_client_secret")
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchange(request, form)
            case "refresh_token":
                return self._renew(request, form.get("refresh_token", ""))
            case _:
                return self._error("unsupported_grant_type")

    def _exchange(self, request: Request, form: Mapping[str, str]) -> Response:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires <= self.clock():
            return self._error("invalid_code")
        if code.redirect_uri is not None and form.get("redirect_uri") != code.redirect_uri:
            return self._error("invalid_redirect_uri")
        refresh = self._new_refresh(code.scopes) if code.offline else ""
        answer = self._granted(request, self._new_access(code.scopes, refresh))
        return json_response(200, answer | ({"refresh_token": refresh} if refresh else {}))

    def _renew(self, request: Request, token: str) -> Response:
        found = self._refresh.get(token)
        if found is None:
            return self._error("invalid_code")
        return json_response(200, self._granted(request, self._new_access(found.scopes, token)))

    def _granted(self, request: Request, access: str) -> dict[str, object]:
        domain = self.api_domain or request.host_url.rstrip("/")
        return {"access_token": access, "api_domain": domain, "token_type": "Bearer", "expires_in": HOUR_S}

    def _revoke(self, form: Mapping[str, str]) -> Response:
        found = self._refresh.pop(form.get("token", ""), None)
        if found is None:
            return json_response(400, {"error": "invalid_token"})
        for access in found.access:
            self._access.pop(access, None)
        return json_response(200, {"status": "success"})

    def _throttled(self) -> bool:
        now = self.clock()
        while self._asked and self._asked[0] <= now - 600:
            self._asked.popleft()
        self._asked.append(now)
        return self.throttle is not None and len(self._asked) > self.throttle

    def _error(self, error: str) -> Response:
        return json_response(self.error_status, {"error": error})

    def _server(self, request: Request) -> str:
        return self.accounts_server or request.host_url.rstrip("/")

    def _new_code(self, code: _Code) -> str:
        name = self._name("1000.code")
        self._codes[name] = code
        return name

    def _new_refresh(self, scopes: frozenset[str]) -> str:
        """A user keeps 20 refresh tokens: the 21st silently deletes the oldest."""
        name = self._name("1000.refresh")
        self._refresh[name] = _Refresh(scopes)
        while len(self._refresh) > 20:
            del self._refresh[next(iter(self._refresh))]
        return name

    def _new_access(self, scopes: frozenset[str], refresh: str) -> str:
        """A refresh token keeps 10 live access tokens: the oldest dies."""
        name = self._name("1000.access")
        self._access[name] = _Access(scopes, self.clock() + HOUR_S)
        if refresh:
            mine = self._refresh[refresh].access
            mine.append(name)
            while len(mine) > 10:
                self._access.pop(mine.pop(0), None)
        return name

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}.{self._made:032x}"


def _redirect(target: str, fields: Mapping[str, str]) -> Response:
    joint = "&" if urlsplit(target).query else "?"
    return Response("", status=302, headers={"Location": f"{target}{joint}{urlencode(fields)}"})


def _page(status: int, words: str, html: str = "") -> Response:
    head = '<!doctype html><meta name="viewport" content="width=device-width, initial-scale=1"><title>Accounts (sandbox)</title>'
    body = f"{head}<h1>Accounts (sandbox)</h1>{html or f'<p>{escape(words)}</p>'}"
    return Response(body, status=status, content_type="text/html;charset=UTF-8")
