"""Zoho Accounts of the sandbox, as the facts describe the real ones: section 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client as Caller
from werkzeug.test import TestResponse

from sandbox.bench import ORGANIZATION, Answer, Bench, answered
from zsync.sandbox import Accounts, Client

BACK = "http://127.0.0.1:8976/callback"
CLIENT = Client()
ASKED = {
    "client_id": CLIENT.client_id,
    "response_type": "code",
    "redirect_uri": BACK,
    "scope": "ZohoBooks.contacts.READ,ZohoBooks.settings.READ",
    "state": "abc",
    "access_type": "offline",
    "prompt": "consent",
}


def ask(bench: Bench, **changes: str) -> TestResponse:
    return bench.caller.get("/oauth/v2/auth", query_string={**ASKED, **changes})


def redirected(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 302
    target = response.headers["Location"]
    assert target.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def token(bench: Bench, **form: str) -> Answer:
    known = {"client_id": CLIENT.client_id, "client_secret": CLIENT.client_secret}
    return answered(bench.caller.post("/oauth/v2/token", data={**known, **form}))


def exchange(bench: Bench, code: str, **more: str) -> Answer:
    return token(bench, grant_type="authorization_code", code=code, redirect_uri=BACK, **more)


def contacts(bench: Bench, header: str) -> Answer:
    headers = {"Authorization": header} if header else {}
    return answered(bench.caller.get("/books/v3/contacts", query_string={"organization_id": ORGANIZATION}, headers=headers))


def signed_in(bench: Bench) -> Mapping[str, Any]:
    answer = exchange(bench, redirected(ask(bench))["code"])
    assert isinstance(answer.body, dict)
    return answer.body


def agreeing(**more: Any) -> Bench:
    return Bench(accounts=Accounts(auto_consent=True, **more))


def test_the_consent_page_offers_to_accept_and_to_reject() -> None:
    bench = Bench()
    page = ask(bench).get_data(as_text=True)
    assert "ZohoBooks.contacts.READ" in page
    assert "decision=accept" in page
    assert redirected(ask(bench, decision="reject")) == {"state": "abc", "error": "access_denied"}
    assert redirected(ask(bench, decision="accept"))["state"] == "abc"


def test_the_redirect_names_location_and_accounts_server() -> None:
    back = redirected(ask(agreeing(location="in", accounts_server="https://accounts.example.com")))
    assert back["location"] == "in"
    assert back["accounts-server"] == "https://accounts.example.com"


def test_a_code_becomes_tokens_that_open_the_books() -> None:
    bench = agreeing()
    tokens = signed_in(bench)
    assert set(tokens) == {"access_token", "refresh_token", "expires_in", "api_domain", "token_type"}
    assert tokens["expires_in"] == 3600
    assert contacts(bench, f"Zoho-oauthtoken {tokens['access_token']}").status == 200
    assert contacts(bench, f"Bearer {tokens['access_token']}").status == 200


def test_a_code_can_be_used_once() -> None:
    bench = agreeing()
    code = redirected(ask(bench))["code"]
    assert "access_token" in exchange(bench, code).body
    again = exchange(bench, code)
    assert (again.status, again.body) == (200, {"error": "invalid_code"})


def test_a_code_lives_a_minute() -> None:
    bench = agreeing()
    code = redirected(ask(bench))["code"]
    bench.clock.move(61)
    assert exchange(bench, code).body == {"error": "invalid_code"}


def test_a_self_client_trades_its_code_without_redirect() -> None:
    bench = Bench()
    code = bench.sandbox.accounts.grant_code(["ZohoBooks.contacts.READ"])
    bench.clock.move(300)
    assert "refresh_token" in token(bench, grant_type="authorization_code", code=code).body


@pytest.mark.parametrize("changes", [{"access_type": "online"}, {"prompt": "none"}])
def test_without_offline_access_or_consent_there_is_no_refresh_token(changes: dict[str, str]) -> None:
    bench = agreeing()
    assert "refresh_token" not in exchange(bench, redirected(ask(bench, **changes))["code"]).body


def test_an_access_token_dies_after_an_hour_and_is_renewed() -> None:
    bench = agreeing()
    tokens = signed_in(bench)
    bench.clock.move(3600)
    dead = contacts(bench, f"Zoho-oauthtoken {tokens['access_token']}")
    assert (dead.status, dead.code) == (401, 57)
    renewed = token(bench, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).body
    assert "refresh_token" not in renewed
    assert contacts(bench, f"Zoho-oauthtoken {renewed['access_token']}").status == 200


def test_a_revoked_refresh_token_takes_its_access_tokens_with_it() -> None:
    bench = agreeing()
    tokens = signed_in(bench)
    revoked = answered(bench.caller.post("/oauth/v2/token/revoke", query_string={"token": tokens["refresh_token"]}))
    assert revoked.body == {"status": "success"}
    assert contacts(bench, f"Zoho-oauthtoken {tokens['access_token']}").code == 57
    assert token(bench, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).body == {"error": "invalid_code"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "1000.OTHER"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"refresh_token": "1000.unknown"}, "invalid_code"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_token_errors_come_with_http_200(form: dict[str, str], error: str) -> None:
    answer = token(Bench(), **{"grant_type": "refresh_token", "refresh_token": "x", **form})
    assert (answer.status, answer.body) == (200, {"error": error})


def test_token_errors_may_come_with_http_400() -> None:
    answer = token(agreeing(error_status=400), grant_type="refresh_token", refresh_token="x")
    assert (answer.status, answer.body) == (400, {"error": "invalid_code"})


def test_a_code_belongs_to_its_redirect_address() -> None:
    bench = agreeing()
    code = redirected(ask(bench))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1:1/callback"}
    assert token(bench, **form).body == {"error": "invalid_redirect_uri"}


def test_an_address_that_is_not_registered_letter_by_letter_gets_a_page_and_no_redirect() -> None:
    bench = Bench(accounts=Accounts(Client(redirect_uris=frozenset({"http://localhost:8976/callback"})), auto_consent=True))
    response = ask(bench)
    assert response.status_code == 400
    assert "invalid_redirect_uri" in response.get_data(as_text=True)


def test_a_client_of_another_data_centre_is_unknown_at_the_consent_page() -> None:
    response = ask(Bench(), client_id="1000.US")
    assert response.status_code == 400
    assert "invalid_client" in response.get_data(as_text=True)


def test_the_eleventh_token_in_ten_minutes_is_refused_and_allowed_again_later() -> None:
    bench = agreeing()
    tokens = signed_in(bench)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for _ in range(9):
        assert "access_token" in token(bench, **form).body
    refused = token(bench, **form)
    assert (refused.status, refused.body["error"]) == (400, "Access Denied")
    assert "too many requests" in refused.body["error_description"]
    bench.clock.move(601)
    assert "access_token" in token(bench, **form).body


def test_the_oldest_of_eleven_access_tokens_dies() -> None:
    bench = agreeing(throttle=None)
    tokens = signed_in(bench)
    for _ in range(10):
        token(bench, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert contacts(bench, f"Zoho-oauthtoken {tokens['access_token']}").code == 57


def test_the_oldest_of_twenty_one_refresh_tokens_is_deleted() -> None:
    bench = agreeing(throttle=None)
    first = signed_in(bench)["refresh_token"]
    for _ in range(20):
        bench.sandbox.accounts.issue()
    assert token(bench, grant_type="refresh_token", refresh_token=first).body == {"error": "invalid_code"}


def test_a_missing_token_is_code_14_and_a_missing_scope_code_57() -> None:
    bench = Bench()
    assert contacts(bench, "").code == 14
    access, _ = bench.sandbox.accounts.issue(["ZohoBooks.invoices.ALL", "ZohoBooks.contacts.CREATE"])
    refused = contacts(bench, f"Zoho-oauthtoken {access}")
    assert (refused.status, refused.code) == (401, 57)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/contacts", "contacts.READ"),
        ("POST", "/contacts", "contacts.CREATE"),
        ("GET", "/items", "settings.READ"),
        ("GET", "/chartofaccounts", "accountants.READ"),
        ("POST", "/invoices/1/status/sent", "invoices.CREATE"),
        ("DELETE", "/invoices/1/payments/2", "invoices.DELETE"),
        ("PUT", "/salesorders/1", "salesorders.UPDATE"),
        ("GET", "/customerpayments", "customerpayments.READ"),
    ],
)
def test_each_call_needs_the_scope_of_its_module(method: str, path: str, scope: str) -> None:
    bench = Bench()
    for granted, allowed in (
        (f"ZohoBooks.{scope}", True),
        (f"ZohoBooks.{scope.split('.')[0]}.ALL", True),
        ("ZohoBooks.x", False),
    ):
        bench.token, _ = bench.sandbox.accounts.issue([granted])
        answer = bench.ask(method, path)
        assert (answer.status == 401) is not allowed


def test_the_ledger_holds_no_token_and_no_code() -> None:
    bench = agreeing()
    tokens = signed_in(bench)
    contacts(bench, f"Zoho-oauthtoken {tokens['access_token']}")
    written = repr(bench.sandbox.ledger.entries())
    assert bench.sandbox.ledger.calls("accounts") == 2
    assert "1000." not in written
    assert CLIENT.client_secret not in written


def test_an_unknown_page_of_the_accounts_server_is_not_found() -> None:
    assert Caller(Bench().sandbox).get("/oauth/v3/token").status_code == 404


@pytest.mark.parametrize("multi_dc", [True, False])
def test_a_redirect_names_its_data_centre_where_the_client_has_several(multi_dc: bool) -> None:
    fields = redirected(ask(agreeing(multi_dc=multi_dc)))
    assert ("location" in fields, "accounts-server" in fields) == (multi_dc, multi_dc)
    assert fields["code"]
