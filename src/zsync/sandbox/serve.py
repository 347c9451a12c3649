"""A WSGI application on loopback, for people and for tests over real sockets.

It listens on 127.0.0.1 and nowhere else, answers several requests at once, keeps connections open between requests, and
stops when its `with` ends. An application that raises ConnectionCut gets the socket closed without an answer, which is how
a client meets an answer that is lost; one of kind `timeout` is held open until the client gives up.

werkzeug's own server closes the connection after every answer; hence the standard library's, with the application run by
werkzeug.
"""

from __future__ import annotations

import io
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote_to_bytes

from werkzeug.test import run_wsgi_app

from zsync.sandbox.web import TWICE, ConnectionCut

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOPBACK = "127.0.0.1"


class Server:
    """`with Server(app) as server: ... server.url`; `port` 0 takes a free one.

    Raises ValueError for any host but loopback, and OSError where the port is taken. An exception of the application other
    than ConnectionCut is answered 500 and kept in `failures`.
    """

    def __init__(self, app: WSGIApplication, port: int = 0, *, host: str = LOOPBACK) -> None:
        if host != LOOPBACK:
            raise ValueError(f"the sandbox listens on {LOOPBACK} only")
        self._server = _Loopback((host, port), app)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="zsync-sandbox", daemon=True)
        self._running = False

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        """The address without a slash at its end: `http://127.0.0.1:PORT`."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def failures(self) -> list[Exception]:
        """What the application raised, oldest first."""
        return self._server.failures

    def start(self) -> None:
        """Answer from now on, in a thread of its own."""
        self._thread.start()
        self._running = True

    def stop(self) -> None:
        """Stop listening and close the connections that clients keep open; may be called twice."""
        if self._running:
            self._running = False
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def wait(self, timeout_s: float | None = None) -> None:
        """Let it run until `stop` is called elsewhere, or for `timeout_s` seconds."""
        self._thread.join(timeout_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class _Loopback(ThreadingHTTPServer):
    """A threaded server that knows its open connections, so that stopping does not wait for clients that keep them."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], app: WSGIApplication) -> None:
        self.app = app
        self.failures: list[Exception] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            _cut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed for a connection that broke: its client has seen it."""


class _Connection(BaseHTTPRequestHandler):
    """One connection: HTTP/1.1, kept open, each answer in one piece, no log line."""

    server: _Loopback
    protocol_version = "HTTP/1.1"
    server_version = "zsync-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def _answer(self) -> None:
        environ = self._environ()
        try:
            chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
            body = b"".join(chunks)
        except ConnectionCut as cut:
            self._leave(cut)
            return
        except Exception as failure:  # noqa: BLE001 - whatever the application raises: kept for the test, told as a 500
            self.server.failures.append(failure)
            self.send_error(500)
            self.wfile.flush()
            return
        code, _, reason = status.partition(" ")
        for _ in range(2 if headers.pop(TWICE, "") else 1):
            self.send_response(int(code), reason)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", headers.get("Content-Length", str(len(body))))
            self.end_headers()
            self.wfile.write(body if self.command != "HEAD" else b"")
        self.wfile.flush()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer  # noqa: N815 - names of http.server

    def _leave(self, cut: ConnectionCut) -> None:
        """No answer: the connection is closed, or for a time-out held until the client gives up."""
        self.close_connection = True
        if cut.kind == "timeout":
            self.rfile.read(1)
        _cut(self.connection)

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": _decoded(path),
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": LOOPBACK,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            if name.lower() not in ("content-type", "content-length"):
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: queries can hold keys, and the terminal belongs to the caller."""


def _decoded(path: str) -> str:
    """A path as WSGI wants it: percent signs undone, its bytes as latin-1."""
    return unquote_to_bytes(path).decode("latin-1")


def _cut(connection: socket.socket) -> None:
    """Close a connection in both directions; one that is closed already stays so."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
