"""The loopback callback, over a real socket: the right path and state, once."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from zsync.errors import ConfigError, SignInNeeded, ZsyncError
from zsync.net.callback import Callback, Redirect

GOOD = "/callback?" + urlencode(
    {"state": "st4te", "code": "c0de", "location": "eu", "accounts-server": "https://accounts.zoho.eu"}
)


def visit(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """What a browser gets."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def visited(paths: Callable[[int], list[tuple[int, str]]]) -> tuple[list[tuple[int, str]], Redirect | ZsyncError]:
    """What the visits got, and what the waiting sign-in got."""
    pages: list[tuple[int, str]] = []
    with Callback(0, "st4te") as callback:
        browser = threading.Thread(target=lambda: pages.extend(paths(callback.port)))
        browser.start()
        try:
            outcome: Redirect | ZsyncError = callback.wait(20)
        except ZsyncError as err:
            outcome = err
        browser.join(20)
    return pages, outcome


def test_the_redirect_is_taken_and_the_browser_is_told_so() -> None:
    pages, outcome = visited(lambda port: [visit(port, GOOD)])
    assert outcome == Redirect("c0de", "st4te", "https://accounts.zoho.eu", "eu")
    assert pages[0][0] == 200
    assert "Signed in" in pages[0][1]
    assert "c0de" not in pages[0][1]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/callback?state=other&code=evil", "GET", 404),
        ("/callback?code=evil", "GET", 404),
        ("/callback?state=st4te%C3%A9&code=evil", "GET", 404),
        ("/callback?state=other&error=access_denied", "GET", 404),
        ("/elsewhere?state=st4te&code=evil", "GET", 404),
        ("/", "GET", 404),
        ("/favicon.ico", "GET", 404),
        (GOOD, "POST", 501),
    ],
)
def test_anything_else_is_turned_away_and_the_wait_goes_on(path: str, method: str, status: int) -> None:
    pages, outcome = visited(lambda port: [visit(port, path, method), visit(port, GOOD)])
    assert [page[0] for page in pages] == [status, 200]
    assert isinstance(outcome, Redirect)
    assert outcome.code == "c0de"


@pytest.mark.parametrize("query", ["error=access_denied&state=st4te", "error=access_denied"])
def test_a_refused_consent_ends_the_wait(query: str) -> None:
    pages, outcome = visited(lambda port: [visit(port, f"/callback?{query}")])
    assert isinstance(outcome, SignInNeeded)
    assert "access_denied" in outcome.message
    assert "Not signed in" in pages[0][1]


def test_a_connection_that_stays_silent_does_not_hold_up_the_redirect() -> None:
    def paths(port: int) -> list[tuple[int, str]]:
        with socket.create_connection(("127.0.0.1", port), timeout=20):
            return [visit(port, GOOD)]

    pages, outcome = visited(paths)
    assert isinstance(outcome, Redirect)
    assert pages[0][0] == 200


def test_nobody_coming_is_told() -> None:
    with Callback(0, "st4te") as callback, pytest.raises(SignInNeeded, match="nobody finished"):
        callback.wait(0)


def test_a_port_that_is_taken_is_named_with_the_ways_out() -> None:
    with Callback(0, "st4te") as callback, pytest.raises(ConfigError) as caught:
        Callback(callback.port, "other")
    assert str(callback.port) in caught.value.message
    assert "redirect_port" in caught.value.hint
    assert "--no-browser" in caught.value.hint


def test_it_listens_on_the_loopback_address_only() -> None:
    with Callback(0, "st4te") as callback:
        assert callback._server.server_address[0] == "127.0.0.1"


def test_nothing_of_the_address_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    visited(lambda port: [visit(port, "/nowhere?code=c0de"), visit(port, GOOD)])
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")
