"""Signing in through a browser: with the loopback callback, and with a pasted address where the browser is elsewhere."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import IO
from urllib.parse import urlsplit

import pytest

from cli.conftest import Desk
from zsync.ports import Tokens
from zsync.targets.zoho.oauth import Zoho


def a_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Stay(urllib.request.HTTPRedirectHandler):
    """A browser on another machine: it is led to 127.0.0.1, where nobody answers it."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        return None


def led_to(address: str) -> str:
    """Where the browser is led after the consent."""
    try:
        urllib.request.build_opener(Stay()).open(address, timeout=20)
    except urllib.error.HTTPError as redirect:
        with redirect:
            return str(redirect.headers["Location"])
    raise AssertionError("the consent page led nowhere")


@pytest.fixture
def consenting(desk: Desk) -> Desk:
    desk.sandbox.accounts.auto_consent = True
    desk.configure({"target": {"redirect_port": a_free_port()}})
    return desk


def test_the_browser_comes_back_to_the_callback(consenting: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    browsers: list[threading.Thread] = []

    def browse(address: str) -> bool:
        def go() -> None:
            with urllib.request.urlopen(address, timeout=20) as page:
                page.read()

        browsers.append(threading.Thread(target=go))
        browsers[0].start()
        return True

    monkeypatch.setattr("webbrowser.open", browse)

    said = consenting.zsync("auth")
    browsers[0].join()

    assert said.code == 0, said.err
    assert said.out.startswith("signed in at ")
    assert consenting.zsync("auth", "status").code == 0


def zsync_auth(desk: Desk) -> subprocess.Popen[str]:
    program = "import sys; from zsync.cli import main; sys.exit(main(['auth', 'zoho', '--no-browser']))"
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], cwd=desk.folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def invitation(run: subprocess.Popen[str]) -> str:
    assert run.stdout is not None
    run.stdout.readline()
    return run.stdout.readline().strip()


def test_a_pasted_address_does_as_well(consenting: Desk) -> None:
    with zsync_auth(consenting) as run:
        out, err = run.communicate(led_to(invitation(run)) + "\n", timeout=60)

    assert run.returncode == 0, err
    assert "signed in at " in out
    assert consenting.zsync("auth", "status").code == 0


def test_without_a_browser_here_the_callback_is_still_waited_for(consenting: Desk) -> None:
    with zsync_auth(consenting) as run:
        address = invitation(run)
        assert run.stdin is not None
        run.stdin.close()
        with urllib.request.urlopen(address, timeout=20) as page:
            assert b"Signed in" in page.read()
        assert run.wait(timeout=60) == 0


def test_a_foreign_redirect_is_refused(consenting: Desk) -> None:
    with zsync_auth(consenting) as run:
        redirect = urlsplit(led_to(invitation(run)))
        forged = redirect._replace(query=redirect.query.replace("state=", "state=x")).geturl()
        _, err = run.communicate(forged + "\n", timeout=60)

    assert run.returncode == 4
    assert "does not belong to this sign-in" in err
    assert not (consenting.folder / "zsync.db.tokens").exists()


@pytest.fixture
def taken(consenting: Desk) -> Iterator[int]:
    """The callback's port, which another program has."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = int(listener.getsockname()[1])
        consenting.configure({"target": {"redirect_port": port}})
        yield port


def test_a_taken_callback_port_is_named(consenting: Desk, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)

    said = consenting.zsync("auth")

    assert said.code == 2
    assert f"port {taken} on 127.0.0.1 is taken" in said.err
    assert "--no-browser" in said.err
    assert opened == []


def test_where_the_callback_port_is_taken_a_pasted_address_will_do(consenting: Desk, taken: int) -> None:
    with zsync_auth(consenting) as run:
        out, err = run.communicate(led_to(invitation(run)) + "\n", timeout=60)

    assert run.returncode == 0, err
    assert "signed in at " in out
    assert f"port {taken} on 127.0.0.1 is taken: only a pasted address" in err


def test_where_the_callback_port_is_taken_and_nothing_is_pasted_the_end_of_input_ends_the_wait(
    consenting: Desk, taken: int
) -> None:
    with zsync_auth(consenting) as run:
        _, err = run.communicate("", timeout=60)

    assert run.returncode == 4
    assert "nobody pasted" in err


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("1000.c0de", "must hold both a code and a state"),
        ("http://127.0.0.1:1/callback?error=access_denied", "the access was not granted (access_denied)"),
        ("http://127.0.0.1:1/callback?code=1000.c0de&state=x&accounts-server=https%3A%2F%2Fevil.example.com", "does not belong"),
    ],
)
def test_what_is_pasted_wrong_is_said_and_nothing_is_sent(consenting: Desk, pasted: str, words: str) -> None:
    with zsync_auth(consenting) as run:
        _, err = run.communicate(pasted + "\n", timeout=60)

    assert run.returncode == 4
    assert words in err
    assert "c0de" not in err
    assert [each for each in consenting.sandbox.ledger.entries("accounts") if each.method == "POST"] == []


def test_an_accounts_server_that_is_nobodys_gets_no_secret(consenting: Desk) -> None:
    consenting.sandbox.accounts.accounts_server = "https://accounts.zoho.eu.example.com"
    with zsync_auth(consenting) as run:
        _, err = run.communicate(led_to(invitation(run)) + "\n", timeout=60)

    assert run.returncode == 2
    assert "accounts.zoho.eu.example.com" in err
    assert "accounts_url" in err


def test_revoking_holds_the_lock_so_that_no_run_writes_the_file_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sign_in()
    locked: list[str] = []

    def revoke(_door: Zoho, _tokens: Tokens) -> None:
        handle = os.open(desk.folder / "zsync.db.tokens.lock", os.O_RDWR)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(handle)
        locked.append("yes")

    monkeypatch.setattr(Zoho, "revoke", revoke)

    assert desk.zsync("auth", "revoke").code == 0
    assert locked == ["yes"]
    assert not (desk.folder / "zsync.db.tokens").exists()


def test_a_code_that_is_no_good_asks_to_sign_in_again(consenting: Desk) -> None:
    said = consenting.zsync("auth", "--code", "1000.wrong")

    assert said.code == 4
    assert "zsync auth" in said.err
