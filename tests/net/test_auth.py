"""The token on every request: one refresh for all, one repetition, and never to another host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from net.timepiece import Timepiece
from zsync.errors import ConfigError, InDoubt, OutOfReach, SignInNeeded, Throttled, Unavailable, ZsyncError
from zsync.net.auth import TokenAuth
from zsync.net.client import Answer, Http, Request
from zsync.net.tokens import FileTokenStore
from zsync.ports import Tokens

READ = Request("GET", "/things")
WRITE = Request("POST", "/things", json={}, write=True)


def tokens(access: str, minutes: float = 60) -> Tokens:
    return Tokens(access=access, expires_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC) + timedelta(minutes=minutes), refresh="r")


class Door:
    """A remote that takes some tokens, and a sign-in server that gives new ones."""

    def __init__(self, tmp_path: Path, valid: set[str], kept: Tokens | None) -> None:
        self.valid = valid
        self.clock = Timepiece()
        self.store = FileTokenStore(tmp_path / "tokens")
        if kept is not None:
            self.store.save(kept)
        self.refreshes = 0
        self.knocks: list[str] = []
        self.before_refresh: Callable[[], None] = lambda: None

    def refresh(self, stale: Tokens) -> Tokens:
        self.before_refresh()
        self.refreshes += 1
        access = f"fresh-{self.refreshes}"
        self.valid.add(access)
        return replace(stale, access=access, expires_at=self.clock.now() + timedelta(hours=1))

    def handler(self, request: httpx2.Request) -> httpx2.Response:
        header = request.headers["authorization"]
        self.knocks.append(header)
        scheme, _, access = header.partition(" ")
        assert scheme == "Zoho-oauthtoken"
        return httpx2.Response(200 if access in self.valid else 401, json={})

    def http(
        self, hosts: frozenset[str] = frozenset({"www.zohoapis.eu"}), handler: Callable[..., httpx2.Response] | None = None
    ) -> Http:
        auth = TokenAuth(
            self.store,
            self.clock,
            scheme="Zoho-oauthtoken",
            hosts=hosts,
            refresh=self.refresh,
            refused=lambda status, body: status == 401,
        )
        transport = httpx2.MockTransport(handler or self.handler)
        return Http("https://www.zohoapis.eu", "zoho-books", clock=self.clock, auth=auth, transport=transport)


def status(answer: Answer) -> int:
    return answer.status


def test_a_young_token_is_used_as_it_is(tmp_path: Path) -> None:
    door = Door(tmp_path, {"old"}, tokens("old"))
    http = door.http()
    assert [http.call(READ, status) for _ in range(3)] == [200, 200, 200]
    assert (door.refreshes, door.knocks) == (0, ["Zoho-oauthtoken old"] * 3)


@pytest.mark.parametrize(("minutes", "refreshes"), [(1.02, 0), (1, 1), (0.5, 1), (-60, 1)])
def test_a_token_in_its_last_minute_is_renewed_before_it_is_used(tmp_path: Path, minutes: float, refreshes: int) -> None:
    door = Door(tmp_path, {"old"}, tokens("old", minutes))
    assert door.http().call(READ, status) == 200
    assert (door.refreshes, len(door.knocks)) == (refreshes, 1)


def test_a_refused_token_is_renewed_once_and_the_call_repeated_once(tmp_path: Path) -> None:
    door = Door(tmp_path, set(), tokens("revoked"))
    http = door.http()
    assert http.call(WRITE, status) == 200
    assert door.knocks == ["Zoho-oauthtoken revoked", "Zoho-oauthtoken fresh-1"]
    assert http.calls == 2
    kept = door.store.load()
    assert kept is not None
    assert kept.access == "fresh-1"


def test_a_second_refusal_goes_to_the_judge(tmp_path: Path) -> None:
    door = Door(tmp_path, set(), tokens("old"))
    http = door.http(handler=lambda request: httpx2.Response(401))
    assert http.call(WRITE, status) == 401
    assert (door.refreshes, http.calls) == (1, 2)


def test_a_connection_cut_after_the_renewal_leaves_a_write_in_doubt(tmp_path: Path) -> None:
    door = Door(tmp_path, set(), tokens("revoked"))

    def handler(request: httpx2.Request) -> httpx2.Response:
        if door.refreshes:
            raise httpx2.ReadError("cut")
        return httpx2.Response(401)

    with pytest.raises(InDoubt):
        door.http(handler=handler).call(WRITE, status)


def test_what_another_run_has_renewed_already_is_taken_from_the_store(tmp_path: Path) -> None:
    door = Door(tmp_path, {"theirs"}, tokens("old"))
    http = door.http()
    door.valid.add("old")
    http.call(READ, status)
    door.valid.discard("old")
    door.store.save(tokens("theirs"))
    assert http.call(READ, status) == 200
    assert (door.refreshes, door.knocks[-1]) == (0, "Zoho-oauthtoken theirs")


def test_many_workers_whose_token_died_refresh_once(tmp_path: Path) -> None:
    workers = 6
    door = Door(tmp_path, set(), tokens("dead"))
    together = threading.Barrier(workers, timeout=20)

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.headers["authorization"].endswith("dead"):
            together.wait()  # every worker is refused before any of them renews
        return door.handler(request)

    http = door.http(handler=handler)
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(http.call(WRITE, status))) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * workers
    assert (door.refreshes, http.calls) == (1, 2 * workers)


def test_without_a_sign_in_nothing_is_sent(tmp_path: Path) -> None:
    door = Door(tmp_path, set(), None)
    with pytest.raises(SignInNeeded) as caught:
        door.http().call(READ, status)
    assert "zsync auth" in caught.value.hint
    assert door.knocks == []


@pytest.mark.parametrize("error", [SignInNeeded("revoked"), Throttled("too many sign-ins", after_s=600)])
def test_what_the_sign_in_server_says_reaches_a_write_as_it_is(tmp_path: Path, error: Exception) -> None:
    door = Door(tmp_path, set(), tokens("old", -1))

    def refuse() -> None:
        raise error

    door.before_refresh = refuse
    with pytest.raises(type(error)):
        door.http().call(WRITE, status)
    assert door.knocks == []
    kept = door.store.load()
    assert kept is not None
    assert replace(kept, throttled_until=None) == tokens("old", -1)


# --- ten token requests in ten minutes --------------------------------------------------------------------------------------


class Refusing:
    """A sign-in server that only raises; counts how often it was asked."""

    def __init__(self, door: Door, error: ZsyncError) -> None:
        self.asked = 0
        self.error: ZsyncError | None = error
        door.before_refresh = self

    def __call__(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


REFUSED = [SignInNeeded("revoked", hint="`zsync auth`", remote="accounts"), ConfigError("invalid_client", hint="check it")]


@pytest.mark.parametrize("error", REFUSED)
def test_a_refused_refresh_token_is_not_offered_again_by_the_next_call(tmp_path: Path, error: ZsyncError) -> None:
    door = Door(tmp_path, set(), tokens("old", -1))
    server = Refusing(door, error)
    http = door.http()
    for _ in range(5):
        with pytest.raises(type(error)) as caught:
            http.call(WRITE, status)
        assert (caught.value.message, caught.value.hint, caught.value.remote) == (error.message, error.hint, error.remote)
    assert server.asked == 1


def test_after_a_new_sign_in_the_refusal_of_the_old_token_is_forgotten(tmp_path: Path) -> None:
    door = Door(tmp_path, set(), tokens("old", -1))
    server = Refusing(door, SignInNeeded("revoked"))
    http = door.http()
    with pytest.raises(SignInNeeded):
        http.call(WRITE, status)
    server.error = None
    door.store.save(replace(tokens("old", -1), refresh="r2"))
    assert http.call(WRITE, status) == 200
    assert server.asked == 2


def test_a_throttled_sign_in_is_left_alone_until_the_pause_is_over_in_the_next_run_too(tmp_path: Path) -> None:
    door = Door(tmp_path, set(), tokens("old", -1))
    server = Refusing(door, Throttled("too many sign-ins", after_s=600))
    for minutes in (0, 4, 4):  # the first, then a call of the same run and one of another
        door.clock.pass_by(minutes * 60)
        for http in (door.http(), door.http()):
            with pytest.raises(Throttled) as caught:
                http.call(WRITE, status)
            assert 0 < caught.value.after_s <= 600
    assert caught.value.after_s == pytest.approx(120)
    assert caught.value.hint == "it ends at 08:10:00 UTC"
    assert server.asked == 1
    server.error = None
    door.clock.pass_by(120)
    assert door.http().call(WRITE, status) == 200
    kept = door.store.load()
    assert kept is not None
    assert (server.asked, kept.throttled_until) == (2, None)


def test_a_pause_noted_by_a_clock_that_stood_wrong_is_not_heeded(tmp_path: Path) -> None:
    late = datetime(2031, 1, 1, tzinfo=UTC)
    door = Door(tmp_path, set(), replace(tokens("old", -1), throttled_until=late))
    assert door.http().call(WRITE, status) == 200


def test_a_throttled_sign_in_does_not_hold_up_a_token_that_is_good(tmp_path: Path) -> None:
    soon = datetime(2026, 3, 1, 8, 9, tzinfo=UTC)
    door = Door(tmp_path, {"old"}, replace(tokens("old"), throttled_until=soon))
    assert door.http().call(WRITE, status) == 200


def test_a_sign_in_server_that_does_not_answer_is_asked_a_few_times_by_many_calls(tmp_path: Path) -> None:
    door = Door(tmp_path, set(), tokens("old", -1))
    server = Refusing(door, Unavailable("no answer", remote="accounts"))
    http = door.http()
    for _ in range(8):
        with pytest.raises(Unavailable):
            http.call(WRITE, status)
    assert server.asked == 1
    with pytest.raises(OutOfReach):
        http.call(READ, status)
    assert server.asked <= 5
    door.clock.pass_by(5)
    server.error = None
    assert http.call(WRITE, status) == 200


@pytest.mark.parametrize("hosts", [frozenset[str](), frozenset({"www.zohoapis.com"}), frozenset({"www.zohoapis.eu:8443"})])
def test_a_token_goes_to_no_other_host(tmp_path: Path, hosts: frozenset[str]) -> None:
    door = Door(tmp_path, {"old"}, tokens("old"))
    with pytest.raises(SignInNeeded, match="not for this host"):
        door.http(hosts).call(READ, status)
    assert door.knocks == []


@pytest.mark.parametrize("host", ["www.zohoapis.eu", "WWW.ZohoAPIs.eu", "www.zohoapis.eu:443"])
def test_a_host_may_be_written_in_any_of_its_ways(tmp_path: Path, host: str) -> None:
    door = Door(tmp_path, {"old"}, tokens("old"))
    assert door.http(frozenset({host})).call(READ, status) == 200


def test_a_large_answer_is_not_read_for_the_sake_of_the_token(tmp_path: Path) -> None:
    """Only an answer of 400 to 499 is read in the flow, and that within the client's bounds."""
    door = Door(tmp_path, {"old"}, tokens("old"))
    auth_saw: list[int] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=iter([b"x" * 1000]))

    def refused(code: int, body: bytes) -> bool:
        auth_saw.append(code)
        return False

    auth = TokenAuth(door.store, door.clock, scheme="S", hosts=frozenset({"a.example"}), refresh=door.refresh, refused=refused)
    http = Http("https://a.example", "s", clock=door.clock, auth=auth, transport=httpx2.MockTransport(handler))
    assert http.call(READ, status) == 200
    assert auth_saw == []
