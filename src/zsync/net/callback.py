"""The loopback callback of a sign-in: one page on 127.0.0.1, used once, that takes the redirect with the right state."""

from __future__ import annotations

import hmac
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from urllib.parse import parse_qs, urlsplit

from zsync.errors import ConfigError, SignInNeeded

_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>zsync</title>"
    "<body style='font-family:sans-serif;margin:4em'><h1>{title}</h1><p>{words}</p></body></html>"
)


CALLBACK_PATH = "/callback"


@dataclass(frozen=True, slots=True)
class Redirect:
    """What came back through the browser. Code and state are as good as a key for a minute: neither stands in repr.

    Zoho names its accounts server and data centre (`location`), Intuit the company (`realm`).
    """

    code: str = field(repr=False)
    state: str = field(repr=False)
    accounts_server: str = ""
    location: str = ""
    realm: str = ""


class Callback:
    """Listens from its making on, so that the redirect cannot come too early. A context manager.

    Browsers open connections that they do not use; each has a thread of its own, so none of them holds up the redirect.
    """

    def __init__(self, port: int, state: str) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._found: Redirect | SignInNeeded | None = None
        outer = self

        class Page(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                outer._take(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the address holds the code."""

        try:
            self._server = _Server(("127.0.0.1", port), Page)
        except OSError as err:
            raise ConfigError(
                f"port {port} on 127.0.0.1 is taken",
                hint="end the program that has it, set redirect_port under [target], or use `zsync auth --no-browser`",
            ) from err

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Callback:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, seconds: float) -> Redirect:
        """The redirect, when it comes. SignInNeeded when it does not, or when the user refused."""
        until = monotonic() + seconds
        while not self._answered.is_set():
            left = until - monotonic()
            if left <= 0:
                raise SignInNeeded("nobody finished the sign-in in the browser", hint="`zsync auth` again")
            self._server.timeout = min(left, 0.2)
            self._server.handle_request()
        match self._found:
            case Redirect():
                return self._found
            case SignInNeeded():
                raise self._found
            case _:
                raise RuntimeError("answered without an answer")

    def _take(self, page: BaseHTTPRequestHandler) -> None:
        """The right path and the right state, once; a refusal may come without the state."""
        parts = urlsplit(page.path)
        fields = parse_qs(parts.query)
        state = fields.get("state", [""])[0]
        ours = hmac.compare_digest(state.encode(), self._state.encode()) or ("error" in fields and "state" not in fields)
        with self._lock:
            if parts.path != CALLBACK_PATH or not ours or self._found is not None:
                _show(page, 404, "Not here", "This page only takes the answer to the sign-in that is under way.")
                return
            try:
                self._found = parse_redirect(parts.query)
            except SignInNeeded as err:
                self._found = err
        try:
            if isinstance(self._found, Redirect):
                _show(page, 200, "Signed in", "zsync has what it needs. Close this page and go back to the terminal.")
            else:
                _show(page, 200, "Not signed in", "The access was not granted. You can close this page.")
        finally:
            self._answered.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_port = False  # the redirect must come to one program, whatever the library's default is by then

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a browser that hangs up is no matter, and the traceback would hold the address with the code."""


def _show(page: BaseHTTPRequestHandler, status: int, title: str, words: str) -> None:
    body = _PAGE.format(title=title, words=words).encode()
    page.send_response(status)
    page.send_header("Content-Type", "text/html; charset=utf-8")
    page.send_header("Content-Length", str(len(body)))
    page.send_header("Cache-Control", "no-store")
    page.send_header("Connection", "close")
    page.end_headers()
    page.wfile.write(body)


def parse_redirect(text: str) -> Redirect:
    """The code out of a redirect: the whole address as the browser shows it, or its query. SignInNeeded for a refusal."""
    try:
        query = urlsplit(text.strip()).query or text.strip().lstrip("?")
        query.encode("utf-8")  # half a character could not be sent on
    except ValueError as err:
        raise _no_redirect() from err
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    if "error" in fields:
        raise SignInNeeded(f"the access was not granted ({plain_word(fields['error'])})", hint="`zsync auth` again, and accept")
    if "code" not in fields or "state" not in fields:
        raise _no_redirect()
    return Redirect(
        fields["code"], fields["state"], fields.get("accounts-server", ""), fields.get("location", ""), fields.get("realmId", "")
    )


def _no_redirect() -> SignInNeeded:
    return SignInNeeded(
        "that is no redirect of the sign-in: it must hold both a code and a state",
        hint="`zsync auth` again, and paste the whole address of the page that it led to",
    )


def plain_word(text: str) -> str:
    """An error's name, without what else may stand in it."""
    return "".join(c for c in text if c.isalnum() or c in "_- ")[:40]
