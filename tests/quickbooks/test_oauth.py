"""Signing in to Intuit, and refresh tokens that change: no crash, no second process and no fault loses the connection."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug import Request, Response

from quickbooks.front import Desk, TokensInMemory
from zsync.errors import ConfigError, OutOfReach, SignInNeeded, Unavailable
from zsync.net.callback import Redirect, parse_redirect
from zsync.net.secret import Secret
from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens
from zsync.sandbox.company import demo
from zsync.sandbox.faults import Fault, Verb
from zsync.sandbox.serve import Server
from zsync.sandbox.transport import InProcess
from zsync.sources.quickbooks import plugin
from zsync.sources.quickbooks.oauth import Intuit

CUSTOMERS = {"customers": {"object": "Customer"}}


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.company = made.quickbooks.company = demo.whole(made.clock.timestamp)
    return made


def door(desk: Desk, **changes: str) -> Intuit:
    return plugin.sign_in(desk.settings(**changes), clock=desk.clock, transport=InProcess(desk.sandbox))


def asks(desk: Desk) -> int:
    """How many customers a new process reads."""
    source = desk.source(CUSTOMERS)
    return sum(len(page.records) for page in source.read("records", None))


# --- signing in -------------------------------------------------------------------------------------------------------------


def test_the_redirect_brings_tokens_of_the_company(desk: Desk) -> None:
    desk.quickbooks.intuit.auto_consent = True
    intuit = door(desk, environment="sandbox")
    address, state = intuit.invitation()
    asked = parse_qs(urlsplit(address).query)
    assert asked["scope"] == ["com.intuit.quickbooks.accounting"]
    assert asked["redirect_uri"] == ["http://localhost:8976/callback"]
    redirect = Redirect(desk.quickbooks.intuit.grant_code(), state, realm=desk.company.realm_id)
    tokens = intuit.redeem(redirect, state)
    assert (tokens.realm, tokens.scopes) == (desk.company.realm_id, ("com.intuit.quickbooks.accounting",))
    assert tokens.idle_until == desk.clock.now() + timedelta(days=101)
    assert tokens.ends_at is not None
    desk.tokens.save(tokens)
    assert asks(desk) == 13


def test_production_keys_are_redirected_to_a_page_that_shows_the_address(desk: Desk) -> None:
    address, _ = door(desk).invitation()
    assert "developer.intuit.com%2Fv2%2FOAuth2Playground" in address
    assert not desk.settings().listens
    assert desk.settings(environment="sandbox").listens


def test_the_pasted_address_tells_the_company() -> None:
    found = parse_redirect("https://app.example.com/cb?code=AB1&state=s1&realmId=4620816365")
    assert (found.code, found.state, found.realm) == ("AB1", "s1", "4620816365")


def test_a_code_works_once_and_for_the_company_that_is_meant(desk: Desk) -> None:
    intuit = door(desk, realm_id="999")
    with pytest.raises(SignInNeeded, match="was for the company 4620816365"):
        intuit.redeem(Redirect(desk.quickbooks.intuit.grant_code(), "s", realm="4620816365"), "s")
    code = desk.quickbooks.intuit.grant_code()
    assert intuit.redeem_grant_code(code).realm == "999"
    with pytest.raises(SignInNeeded, match="does not know this code"):
        intuit.redeem_grant_code(code)


def test_a_sign_in_that_names_no_company_asks_for_it(desk: Desk) -> None:
    with pytest.raises(SignInNeeded, match="which company"):
        door(desk).redeem_grant_code(desk.quickbooks.intuit.grant_code())


def test_an_answer_to_another_sign_in_is_refused(desk: Desk) -> None:
    with pytest.raises(SignInNeeded, match="does not belong"):
        door(desk).redeem(Redirect("code", "theirs", realm="1"), "ours")


def test_the_wrong_secret_is_a_matter_of_the_configuration(desk: Desk) -> None:
    intuit = door(desk, client_secret=Secret.of("wrong"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="does not know this client"):
        intuit.redeem_grant_code(desk.quickbooks.intuit.grant_code())


def test_revoking_ends_the_connection_and_twice_is_once(desk: Desk) -> None:
    kept = desk.tokens.load()
    assert kept is not None
    door(desk).revoke(kept)
    assert desk.quickbooks.intuit.living() == 0
    door(desk).revoke(kept)


def test_a_discovery_document_that_leads_elsewhere_is_not_believed(desk: Desk) -> None:
    settings = desk.settings(discovery_url="http://127.0.0.1/.well-known/openid_configuration")
    intuit = plugin.sign_in(settings, clock=desk.clock, transport=InProcess(desk.sandbox))
    desk.sandbox.faults.add(Fault("refuse", system="intuit", path="well-known"))
    with pytest.raises(Unavailable, match="discovery document"):
        intuit.invitation()


# --- refresh tokens that change ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", ["always", "daily", "never"])
def test_a_connection_lasts_however_often_tokens_change(desk: Desk, rotation: str) -> None:
    desk.quickbooks.intuit.rotation = rotation  # type: ignore[assignment]
    for _ in range(30):
        desk.clock.sleep(13 * 3600)
        assert asks(desk) == 13
    assert desk.quickbooks.intuit.living() == 1


def test_the_new_pair_is_kept_before_the_access_token_is_used(desk: Desk) -> None:
    """A crash between the two must find the new refresh token on disk: the old one dies with the first use."""
    kept = []

    class Watching(TokensInMemory):
        def save(self, tokens: Tokens) -> None:
            kept.append((desk.sandbox.ledger.calls("quickbooks"), tokens.refresh))
            super().save(tokens)

    desk.tokens = Watching(desk.tokens.load())
    desk.clock.sleep(2 * 3600)
    asks(desk)
    assert [calls for calls, _ in kept] == [0]
    saved = desk.tokens.load()
    assert saved is not None
    assert saved.refresh == kept[0][1]


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("when", ["before the answer", "before it is kept", "after it is kept"])
def test_a_crash_at_any_point_of_a_refresh_loses_nothing(desk: Desk, when: str) -> None:
    """Twelve times in a row, so that a second crash meets what the first one left."""
    answer = desk.sandbox.answer

    class Mortal(TokensInMemory):
        def save(self, tokens: Tokens) -> None:
            if when == "before it is kept":
                raise Died
            super().save(tokens)
            if when == "after it is kept":
                raise Died

    def unheard(request: Request, **options: Any) -> Response:
        response = answer(request, **options)
        if "bearer" in request.path:
            raise Died
        return response

    for _ in range(12):
        desk.clock.sleep(2 * 3600)
        desk.tokens = Mortal(desk.tokens.load())
        if when == "before the answer":
            desk.sandbox.answer = unheard  # type: ignore[method-assign]
        with pytest.raises(Died):
            asks(desk)
        desk.sandbox.answer = answer  # type: ignore[method-assign]
        desk.tokens = TokensInMemory(desk.tokens.load())
        desk.clock.sleep(60)
        assert asks(desk) == 13
    assert desk.quickbooks.intuit.living() == 1


@pytest.mark.parametrize("told", [{"refresh_token": {}}, {"refresh_token": "\ud800"}, {"access_token": 5}, {"expires_in": [{}]}])
def test_an_answer_whose_tokens_cannot_be_read_is_not_used_and_the_connection_lives(desk: Desk, told: dict[str, Any]) -> None:
    """Using its access token would end the refresh token that is kept."""
    answer = desk.sandbox.answer

    def spoilt(request: Request, **options: Any) -> Response:
        response = answer(request, **options)
        if "bearer" in request.path:
            response.set_data(json.dumps({**json.loads(response.get_data()), **told}))
        return response

    before = desk.tokens.load()
    desk.clock.sleep(2 * 3600)
    desk.sandbox.answer = spoilt  # type: ignore[method-assign]
    with pytest.raises(OutOfReach):
        asks(desk)
    assert desk.tokens.load() == before
    desk.sandbox.answer = answer  # type: ignore[method-assign]
    desk.clock.sleep(60)
    assert asks(desk) == 13


VERBS: tuple[Verb, ...] = ("cut_before", "cut_after", "error_before", "error_after", "html", "truncated", "refused_connection")


@pytest.mark.parametrize("verb", VERBS)
def test_a_fault_at_the_token_server_is_no_loss(desk: Desk, verb: Verb) -> None:
    for _ in range(4):
        desk.clock.sleep(2 * 3600)
        desk.sandbox.faults.add(Fault(verb, system="intuit", path="tokens/bearer"))
        assert asks(desk) == 13  # the question is asked again, after a pause


def test_a_dead_connection_asks_for_a_person_and_is_not_asked_again(desk: Desk) -> None:
    desk.clock.sleep(120 * 86_400)
    with pytest.raises(SignInNeeded, match=r"does not know"):
        asks(desk)


def test_an_expired_access_token_is_renewed_in_the_middle(desk: Desk) -> None:
    source = desk.source(CUSTOMERS)
    list(source.read("records", None))
    desk.quickbooks.intuit.expire_access()
    assert list(source.read("records", None))


READER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from zsync.net.tokens import FileTokenStore
from zsync.sources.quickbooks import plugin
from zsync.sources.quickbooks.settings import QuickBooksSettings, Reads

class WakefulClock:
    def now(self):
        return datetime.now(UTC)
    def sleep(self, seconds):
        raise AssertionError("nobody waits here")

settings = QuickBooksSettings.model_validate(json.loads(sys.argv[1]))
source = plugin.build(
    settings, {"customers": Reads(object="Customer")}, clock=WakefulClock(), token_store=FileTokenStore(Path(sys.argv[2]))
)
print(sum(len(page.records) for page in source.read("records", None)))
"""


def test_two_processes_at_once_renew_once(tmp_path: Path, desk: Desk) -> None:
    """Both find the access token dead; one renews it under the lock, the other takes what that one kept."""
    desk.clock.moment = datetime.now(UTC)
    path = tmp_path / "state.db.source-tokens"
    kept = desk.tokens.load()
    assert kept is not None
    for _ in range(3):
        FileTokenStore(path).save(replace(kept, expires_at=datetime.now(UTC) - timedelta(hours=1)))
        with Server(desk.sandbox) as server:
            settings = {
                "tag": "qbo",
                "client_id": desk.quickbooks.intuit.client_id,
                "client_secret": desk.quickbooks.intuit.client_secret,
                "api_url": server.url,
                "discovery_url": f"{server.url}/.well-known/openid_configuration",
            }
            before = sum("bearer" in each.path for each in desk.sandbox.ledger.entries("intuit"))
            command = [sys.executable, "-c", READER, json.dumps(settings), str(path)]
            pair = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
            said = [each.communicate(timeout=60) for each in pair]
            assert [out.strip() for out, _ in said] == ["13", "13"], said
            assert sum("bearer" in each.path for each in desk.sandbox.ledger.entries("intuit")) == before + 1
        found = FileTokenStore(path).load()
        assert found is not None
        kept = found


def test_no_token_is_shown(desk: Desk) -> None:
    tokens = desk.tokens.load()
    assert tokens is not None
    assert tokens.access not in repr(tokens)
    assert tokens.refresh not in repr(tokens)
    entries: Callable[[], object] = desk.sandbox.ledger.entries
    assert tokens.refresh not in str(entries())
