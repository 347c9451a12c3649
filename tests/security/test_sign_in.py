"""The callback is used once, and no secret follows a redirect of a sign-in server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx2
import pytest

from zsync.net.callback import Callback
from zsync.net.oauth import oauth_client
from zsync.net.secret import Secret


def status(address: str) -> int:
    try:
        with urlopen(address, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as err:
        err.close()
        return err.code


def test_a_second_redirect_with_the_right_state_is_turned_away() -> None:
    with Callback(0, "st4te") as callback, ThreadPoolExecutor() as browser:
        here, answers = f"http://127.0.0.1:{callback.port}/callback?state=st4te&code=", []
        for code in ("first", "second"):
            visit = browser.submit(status, here + code)
            callback._server.handle_request()
            answers.append(visit.result(20))

        assert answers == [200, 404]
        assert callback.wait(1).code == "first"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_secret_follows_a_redirect_of_the_sign_in_server(code: int) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return httpx2.Response(code, headers={"Location": "https://evil.example/token"}, json={"error": "moved"})

    home = "https://accounts.zoho.eu"
    with oauth_client(
        "id", Secret.of("hidden"), home, method="client_secret_post", timeout_s=5, transport=httpx2.MockTransport(answer)
    ) as client:
        reply = client.post(f"{home}/oauth/v2/token/revoke", data={"token": "refresh"}, auth=None)
        with pytest.raises(Exception, match="moved"):
            client.refresh_token(f"{home}/oauth/v2/token", refresh_token="refresh")

    assert reply.status_code == code
    assert asked == ["accounts.zoho.eu"] * 2
