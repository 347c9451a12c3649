"""Signing in to Zoho: what is asked, where the secrets go, and what each refusal means."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import respx

from net.timepiece import Timepiece
from zsync.errors import ConfigError, OutOfReach, SignInNeeded, Throttled, Unavailable, ZsyncError
from zsync.net.callback import Redirect, parse_redirect
from zsync.net.secret import Secret
from zsync.ports import Tokens
from zsync.targets.zoho.oauth import Application, Zoho

APPLICATION = Application(
    client_id="1000.ABC",
    client_secret=Secret.of("SECRET-CLIENT"),
    accounts_url="https://accounts.zoho.eu",
    api_url="https://www.zohoapis.eu",
    redirect_uri="http://127.0.0.1:8976/callback",
    scopes=("ZohoBooks.contacts.READ", "ZohoBooks.invoices.CREATE"),
)
GRANT = {
    "access_token": "SECRET-ACCESS",
    "refresh_token": "SECRET-REFRESH",
    "expires_in": 3600,
    "api_domain": "https://www.zohoapis.eu",
    "token_type": "Bearer",
}
REFRESHED = {name: value for name, value in GRANT.items() if name != "refresh_token"}

Answering = Callable[[httpx2.Request], httpx2.Response]


class Accounts:
    """A sign-in whose server is a function; notes what it was asked."""

    def __init__(self, answer: Answering | dict[str, object], application: Application = APPLICATION) -> None:
        self.clock = Timepiece()
        self.asked: list[httpx2.Request] = []

        def handler(request: httpx2.Request) -> httpx2.Response:
            self.asked.append(request)
            return httpx2.Response(200, json=answer) if isinstance(answer, dict) else answer(request)

        self.zoho = Zoho(application, self.clock, transport=httpx2.MockTransport(handler))

    def form(self) -> dict[str, str]:
        (request,) = self.asked
        assert request.url.query == b""  # a secret never stands in an address
        assert "authorization" not in request.headers
        return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}

    def kept(self, **changes: str) -> Tokens:
        kept = Tokens(
            "OLD",
            self.clock.now(),
            "SECRET-REFRESH",
            APPLICATION.scopes,
            "https://accounts.zoho.eu",
            "https://www.zohoapis.eu",
            "eu",
        )
        return replace(kept, **changes)  # type: ignore[arg-type] # the tests change texts only


# --- the invitation -------------------------------------------------------------------------------------------------------


def test_the_invitation_asks_for_exactly_the_scopes_and_a_lasting_consent() -> None:
    accounts = Accounts(GRANT)
    address, state = accounts.zoho.invitation()
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://accounts.zoho.eu/oauth/v2/auth"
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["1000.ABC"],
        "redirect_uri": ["http://127.0.0.1:8976/callback"],
        "scope": ["ZohoBooks.contacts.READ,ZohoBooks.invoices.CREATE"],
        "state": [state],
        "access_type": ["offline"],
        "prompt": ["consent"],
    }
    assert "SECRET" not in address
    assert accounts.asked == []


def test_each_invitation_has_a_state_of_its_own() -> None:
    zoho = Accounts(GRANT).zoho
    states = {zoho.invitation()[1] for _ in range(5)}
    assert len(states) == 5
    assert all(len(state) >= 32 for state in states)


# --- the code -------------------------------------------------------------------------------------------------------------


def test_a_code_is_traded_at_the_server_that_the_redirect_named_and_all_of_the_answer_is_kept() -> None:
    accounts = Accounts({**GRANT, "api_domain": "https://www.zohoapis.in"})
    tokens = accounts.zoho.redeem(Redirect("c0de", "s", "https://accounts.zoho.in", "in"), "s")
    assert str(accounts.asked[0].url) == "https://accounts.zoho.in/oauth/v2/token"
    assert accounts.form() == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "client_id": "1000.ABC",
        "client_secret": "SECRET-CLIENT",
        "redirect_uri": "http://127.0.0.1:8976/callback",
    }
    now = accounts.clock.now()
    assert tokens == Tokens(
        access="SECRET-ACCESS",
        expires_at=now + timedelta(hours=1),
        refresh="SECRET-REFRESH",
        scopes=APPLICATION.scopes,
        accounts_url="https://accounts.zoho.in",
        api_url="https://www.zohoapis.in",
        location="in",
        signed_in_at=now,
    )
    assert accounts.zoho.calls == 1


def test_a_redirect_that_names_no_server_means_the_configured_one() -> None:
    accounts = Accounts(REFRESHED | {"refresh_token": "r", "api_domain": ""})
    tokens = accounts.zoho.redeem(Redirect("c", "s"), "s")
    assert accounts.asked[0].url.host == "accounts.zoho.eu"
    assert (tokens.accounts_url, tokens.api_url) == ("https://accounts.zoho.eu", "https://www.zohoapis.eu")


@pytest.mark.parametrize(
    "server",
    [
        "https://accounts.zoho.example.com",
        "http://accounts.zoho.eu",
        "https://accounts.zoho.eu.example.com",
        "https://accounts.zoho.eu:8443",
        "https://accounts.zoho.eu/x",
        "https://accounts.zoho.eu@example.com",
    ],
)
def test_a_secret_goes_to_no_server_that_is_not_zohos(server: str) -> None:
    accounts = Accounts(GRANT)
    with pytest.raises(ConfigError, match="not one of Zoho's"):
        accounts.zoho.redeem(Redirect("c", "s", server), "s")
    assert accounts.asked == []


@pytest.mark.parametrize("host", ["https://www.zohoapis.example.com", "http://www.zohoapis.eu"])
def test_a_token_is_kept_for_no_api_host_that_is_not_zohos(host: str) -> None:
    with pytest.raises(ConfigError, match="not one of Zoho's"):
        Accounts({**GRANT, "api_domain": host}).zoho.redeem(Redirect("c", "s"), "s")
    accounts = Accounts({**REFRESHED, "api_domain": host})
    with pytest.raises(ConfigError, match="not one of Zoho's"):
        accounts.zoho.refresh(accounts.kept())


def test_an_api_host_that_was_kept_is_not_as_good_as_one_that_is_configured() -> None:
    """Tokens of a sandbox, and a configuration that leads to the real Zoho by now."""
    accounts = Accounts({**REFRESHED, "api_domain": ""})
    with pytest.raises(ConfigError, match="not one of Zoho's"):
        accounts.zoho.refresh(accounts.kept(api_url="http://127.0.0.1:8900"))


def test_a_configured_address_is_as_good_as_zohos() -> None:
    own = replace(APPLICATION, accounts_url="http://127.0.0.1:9000", api_url="http://127.0.0.1:9001")
    accounts = Accounts({**GRANT, "api_domain": "http://127.0.0.1:9001/"}, own)
    tokens = accounts.zoho.redeem(Redirect("c", "s", "http://127.0.0.1:9000"), "s")
    assert (tokens.accounts_url, tokens.api_url) == ("http://127.0.0.1:9000", "http://127.0.0.1:9001")


def test_an_accounts_address_without_encryption_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ConfigError):
        Accounts(GRANT, replace(APPLICATION, accounts_url="http://accounts.zoho.eu"))


@pytest.mark.parametrize("state", ["", "other", "é"])
def test_a_redirect_of_another_sign_in_is_refused(state: str) -> None:
    accounts = Accounts(GRANT)
    with pytest.raises(SignInNeeded, match="does not belong"):
        accounts.zoho.redeem(Redirect("c", state), "s")
    assert accounts.asked == []


def test_a_self_clients_code_is_traded_without_a_redirect_address() -> None:
    accounts = Accounts(GRANT)
    accounts.zoho.redeem_grant_code("1000.self")
    assert accounts.form() == {
        "grant_type": "authorization_code",
        "code": "1000.self",
        "client_id": "1000.ABC",
        "client_secret": "SECRET-CLIENT",
    }


def test_a_consent_without_a_refresh_token_is_no_sign_in() -> None:
    with pytest.raises(SignInNeeded, match="no refresh token"):
        Accounts(dict(REFRESHED)).zoho.redeem(Redirect("c", "s"), "s")


# --- refreshing -------------------------------------------------------------------------------------------------------------


def test_a_refresh_keeps_all_but_the_access_token() -> None:
    accounts = Accounts({**REFRESHED, "expires_in": "1800"})
    kept = accounts.kept()
    fresh = accounts.zoho.refresh(kept)
    assert accounts.form() == {
        "grant_type": "refresh_token",
        "refresh_token": "SECRET-REFRESH",
        "client_id": "1000.ABC",
        "client_secret": "SECRET-CLIENT",
    }
    assert fresh == replace(kept, access="SECRET-ACCESS", expires_at=accounts.clock.now() + timedelta(minutes=30))


def test_a_refresh_goes_to_the_server_that_gave_the_token_if_it_is_zohos() -> None:
    accounts = Accounts(dict(REFRESHED))
    accounts.zoho.refresh(accounts.kept(accounts_url="https://accounts.zoho.com.au"))
    assert accounts.asked[0].url.host == "accounts.zoho.com.au"
    with pytest.raises(ConfigError):
        accounts.zoho.refresh(accounts.kept(accounts_url="https://accounts.example.com"))
    assert len(accounts.asked) == 1


@pytest.mark.parametrize("lifetime", [None, "", -5, 1.5, 0, 60, 3_600_000])
def test_a_strange_lifetime_is_taken_for_an_hour(lifetime: object) -> None:
    accounts = Accounts({**REFRESHED, "expires_in": lifetime})
    assert accounts.zoho.refresh(accounts.kept()).expires_at == accounts.clock.now() + timedelta(hours=1)


# --- refusals -------------------------------------------------------------------------------------------------------------


REFUSALS: list[tuple[int, dict[str, str], type[ZsyncError]]] = [
    (200, {"error": "invalid_code"}, SignInNeeded),
    (200, {"error": "invalid_client"}, ConfigError),
    (400, {"error": "invalid_client"}, ConfigError),
    (200, {"error": "invalid_client_secret"}, ConfigError),
    (200, {"error": "invalid_redirect_uri"}, ConfigError),
    (
        400,
        {
            "error": "Access Denied",
            "error_description": "You have made too many requests continuously. Please try again after some time.",
        },
        Throttled,
    ),
    (200, {"error": "Access Denied"}, Throttled),
    (200, {"error": "something_new"}, SignInNeeded),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
def test_each_refusal_has_its_meaning_whatever_the_status(status: int, body: dict[str, str], kind: type[ZsyncError]) -> None:
    accounts = Accounts(lambda request: httpx2.Response(status, json=body))
    asks: list[Callable[[], Tokens]] = [
        lambda: accounts.zoho.redeem(Redirect("c", "s"), "s"),
        lambda: accounts.zoho.redeem_grant_code("c"),
        lambda: accounts.zoho.refresh(accounts.kept()),
    ]
    for ask in asks:
        with pytest.raises(kind) as caught:
            ask()
        assert type(caught.value) is kind
        assert caught.value.hint
        assert "SECRET" not in str(caught.value) + caught.value.hint


def test_a_throttled_sign_in_is_due_again_in_ten_minutes() -> None:
    accounts = Accounts({"error": "Access Denied"})
    with pytest.raises(Throttled) as caught:
        accounts.zoho.refresh(accounts.kept())
    assert caught.value.after_s == 600


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500),
        httpx2.Response(502, html="<html>"),
        httpx2.Response(200, html="<html>"),
        httpx2.Response(404, html="<html>"),
        httpx2.Response(200, text=""),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, json={}),
        httpx2.Response(200, json={"access_token": ""}),
        httpx2.Response(200, json={"access_token": 5}),
        httpx2.Response(200, json={"access_token": "a", "expires_in": "²"}),
        httpx2.Response(302, headers={"Location": "https://example.com/"}),
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("nonsense"),
    ],
    ids=repr,
)
def test_an_outage_of_the_sign_in_is_not_taken_for_a_refusal(answer: httpx2.Response | httpx2.HTTPError) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, httpx2.HTTPError):
            raise answer
        return answer

    accounts = Accounts(handler)
    with pytest.raises(Unavailable):
        accounts.zoho.refresh(accounts.kept())


def test_a_sign_in_server_that_cannot_be_verified_stops_the_run() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no") from ssl.SSLCertVerificationError(1, "self-signed")

    accounts = Accounts(handler)
    with pytest.raises(OutOfReach, match="certificate"):
        accounts.zoho.refresh(accounts.kept())


# --- revoking -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400])
def test_a_revocation_names_the_refresh_token_in_the_body_and_an_unknown_one_is_revoked_already(status: int) -> None:
    accounts = Accounts(lambda request: httpx2.Response(status, json={"status": "success"}))
    accounts.zoho.revoke(accounts.kept())
    assert str(accounts.asked[0].url) == "https://accounts.zoho.eu/oauth/v2/token/revoke"
    assert accounts.form() == {"token": "SECRET-REFRESH"}
    assert accounts.zoho.calls == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx2.Response(200, html="<html>"), Unavailable),
        (httpx2.Response(404, html="<html>"), Unavailable),
        (httpx2.Response(200, text=""), Unavailable),
        (httpx2.Response(200, json=[]), Unavailable),
        (httpx2.Response(400, json={"error": "Access Denied"}), Throttled),
        (httpx2.ReadTimeout("slow"), Unavailable),
    ],
)
def test_a_revocation_that_zoho_itself_did_not_answer_is_not_taken_for_done(
    answer: httpx2.Response | httpx2.HTTPError, kind: type[ZsyncError]
) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, httpx2.HTTPError):
            raise answer
        return answer

    accounts = Accounts(handler)
    with pytest.raises(kind):
        accounts.zoho.revoke(accounts.kept())


@pytest.mark.parametrize("status", [302, 429, 500, 503])
def test_a_revocation_that_was_not_heard_is_not_taken_for_done(status: int) -> None:
    accounts = Accounts(lambda request: httpx2.Response(status, headers={"Location": "/x"}))
    with pytest.raises(OutOfReach):
        accounts.zoho.revoke(accounts.kept())


# --- the redirect -----------------------------------------------------------------------------------------------------------


ADDRESS = "http://127.0.0.1:8976/callback?state=s1&code=1000.c0de&location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu"


@pytest.mark.parametrize("pasted", [ADDRESS, f"  {ADDRESS}\n", ADDRESS.partition("?")[2], "?" + ADDRESS.partition("?")[2]])
def test_a_pasted_redirect_is_read_whole_or_from_its_query(pasted: str) -> None:
    assert parse_redirect(pasted) == Redirect("1000.c0de", "s1", "https://accounts.zoho.eu", "eu")


@pytest.mark.parametrize("pasted", ["", "http://127.0.0.1:8976/callback", "1000.c0de", "http://127.0.0.1:8976/callback?code=c"])
def test_what_is_no_redirect_is_said_to_be_none(pasted: str) -> None:
    with pytest.raises(SignInNeeded, match="no redirect of the sign-in"):
        parse_redirect(pasted)


def test_a_refused_consent_is_told_with_zohos_word_for_it() -> None:
    with pytest.raises(SignInNeeded, match="access_denied"):
        parse_redirect("http://127.0.0.1:8976/callback?error=access_denied&state=s1")


# --- over the library's own wire --------------------------------------------------------------------------------------------


def test_the_sign_in_over_the_wire_shows_no_secret_in_any_log(
    httpx2_mock: respx.Router, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    route = httpx2_mock.post("https://accounts.zoho.eu/oauth/v2/token").respond(json=GRANT)
    zoho = Zoho(APPLICATION, Timepiece())
    tokens = zoho.redeem(Redirect("SECRET-CODE", "s"), "s")
    zoho.refresh(tokens)
    assert route.call_count == 2
    redirect = parse_redirect("code=SECRET-CODE&state=SECRET-STATE")
    assert "SECRET" not in caplog.text + repr(tokens) + repr(APPLICATION) + repr(redirect)


def test_an_answer_of_the_sign_in_without_end_is_given_up() -> None:
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b" " * 65536

    accounts = Accounts(lambda request: httpx2.Response(200, content=endless()))
    with pytest.raises(Unavailable):
        accounts.zoho.redeem(Redirect("c", "s"), "s")
    assert 10 < len(taken) < 20
