"""The sandbox as a transport of httpx2: no sockets, the same answers, and connections that break as they do on a wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

from zsync.sandbox.app import PATIENCE, Sandbox
from zsync.sandbox.web import ConnectionCut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class InProcess(httpx2.BaseTransport):
    """Hands requests to the sandbox whatever their host.

    A cut connection is a ReadError, an answer that does not come in time (late, or slower than the request's read
    time-out) a ReadTimeout, a refused connection a ConnectError.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        patience = request.extensions.get("timeout", {}).get("read")

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return self._sandbox({**environ, PATIENCE: patience}, start_response)

        try:
            return httpx2.WSGITransport(app=app).handle_request(request)
        except ConnectionCut as err:
            raise _as_httpx(err, request) from err


def _as_httpx(err: ConnectionCut, request: httpx2.Request) -> httpx2.HTTPError:
    kinds: dict[str, Any] = {"cut": httpx2.ReadError, "timeout": httpx2.ReadTimeout, "refused": httpx2.ConnectError}
    found: httpx2.HTTPError = kinds[err.kind](str(err), request=request)
    return found
