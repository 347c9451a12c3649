"""The loopback callback of a sign-in: one page on 127.0.0.1, used once, that takes the redirect with the right state."""

from __future__ import annotations

import hmac
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from urllib.parse import parse_qs, urlsplit

from zsync.errors import ConfigError, SignInNeeded
from zsync.targets.zoho.oauth import CALLBACK_PATH, Redirect, parse_redirect

_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>zsync</title>"
    "<body style='font-family:sans-serif;margin:4em'><h1>{title}</h1><p>{words}</p></body></html>"
)


class Callback:
    """Listens from its making on, so that the redirect cannot come too early. A context manager."""

    def __init__(self, port: int, state: str) -> None:
        self._state = state
        self._found: Redirect | None = None
        self._refusal: SignInNeeded | None = None
        outer = self

        class Page(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                outer._take(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the address holds the code."""

        try:
            self._server = HTTPServer(("127.0.0.1", port), Page)
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
        while self._found is None and self._refusal is None:
            left = until - monotonic()
            if left <= 0:
                raise SignInNeeded("nobody finished the sign-in in the browser", hint="`zsync auth` again")
            self._server.timeout = min(left, 1.0)
            self._server.handle_request()
        if self._refusal is not None:
            raise self._refusal
        assert self._found is not None
        return self._found

    def _take(self, page: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(page.path)
        state = parse_qs(parts.query).get("state", [""])[0]
        if parts.path != CALLBACK_PATH or not hmac.compare_digest(state.encode(), self._state.encode()):
            _show(page, 404, "Not here", "This page only takes the answer to the sign-in that is under way.")
            return
        try:
            self._found = parse_redirect(parts.query)
        except SignInNeeded as err:
            self._refusal = err
            _show(page, 200, "Not signed in", "Zoho did not grant the access. You can close this page.")
            return
        _show(page, 200, "Signed in", "zsync has what it needs. You can close this page and go back to the terminal.")


def _show(page: BaseHTTPRequestHandler, status: int, title: str, words: str) -> None:
    body = _PAGE.format(title=title, words=words).encode()
    page.send_response(status)
    page.send_header("Content-Type", "text/html; charset=utf-8")
    page.send_header("Content-Length", str(len(body)))
    page.send_header("Cache-Control", "no-store")
    page.send_header("Connection", "close")
    page.end_headers()
    page.wfile.write(body)
