"""The loopback server over real sockets."""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING

import pytest
from werkzeug import Request, Response

from zsync.sandbox.serve import Server
from zsync.sandbox.web import ConnectionCut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@Request.application
def echo(request: Request) -> Response:
    said = request.query_string.decode(), request.headers.get("X-Word"), request.get_data(as_text=True)
    text = " ".join(str(part) for part in (request.method, request.path, *said))
    return Response(text, headers={"X-Answer": "yes"})


def cutting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/cut":
        raise ConnectionCut("cut")
    if environ["PATH_INFO"] == "/timeout":
        raise ConnectionCut("timeout")
    if environ["PATH_INFO"] == "/broken":
        raise LookupError("a fault of the application")
    return Response("fine")(environ, start_response)


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)


def test_it_answers_with_path_query_headers_and_body_as_sent() -> None:
    with Server(echo) as server:
        link = connect(server)
        link.request("POST", "/a%20b/%C3%A9?x=%5B1%5D", body=b"hello", headers={"X-Word": "w"})
        answer = link.getresponse()
        assert (answer.status, answer.headers["X-Answer"]) == (200, "yes")
        assert answer.read().decode() == "POST /a b/é x=%5B1%5D w hello"
        link.close()


def test_one_connection_carries_many_requests() -> None:
    with Server(echo) as server:
        link = connect(server)
        for number in range(3):
            link.request("GET", f"/{number}")
            socket_used = link.sock
            assert link.getresponse().read().decode().startswith(f"GET /{number}")
            assert link.sock is socket_used
        link.request("HEAD", "/")
        assert link.getresponse().read() == b""
        link.request("GET", "/after")
        assert link.getresponse().read().decode().startswith("GET /after")
        link.close()


def test_requests_are_answered_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    @Request.application
    def meeting(request: Request) -> Response:
        both.wait()
        return Response("met")

    with Server(meeting) as server:
        links = [connect(server), connect(server)]
        for link in links:
            link.request("GET", "/")
        assert [link.getresponse().read() for link in links] == [b"met", b"met"]
        for link in links:
            link.close()


def test_a_cut_closes_the_socket_without_an_answer() -> None:
    with Server(cutting) as server:
        link = connect(server)
        link.request("GET", "/cut")
        with pytest.raises(http.client.RemoteDisconnected):
            link.getresponse()
        link.request("GET", "/")
        assert link.getresponse().read() == b"fine"
        link.close()


def test_a_time_out_holds_the_connection_until_the_client_gives_up() -> None:
    with Server(cutting) as server:
        link = connect(server)
        link.request("GET", "/timeout")
        assert link.sock is not None
        link.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            link.getresponse()
        link.close()
        other = connect(server)
        other.request("GET", "/")
        assert other.getresponse().read() == b"fine"
        other.close()


def test_what_the_application_raises_is_kept_and_answered_500(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(cutting) as server:
        link = connect(server)
        link.request("GET", "/broken")
        assert link.getresponse().status == 500
        assert [str(failure) for failure in server.failures] == ["a fault of the application"]
        link.close()
    assert capsys.readouterr() == ("", "")


def test_it_is_gone_after_the_with_even_with_an_open_connection() -> None:
    with Server(echo) as server:
        link = connect(server)
        link.request("GET", "/")
        link.getresponse().read()
        assert server.url == f"http://127.0.0.1:{server.port}"
    link.close()
    late = connect(server)
    with pytest.raises(ConnectionError):
        late.request("GET", "/")
    server.stop()


def test_it_refuses_any_host_but_loopback() -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        Server(echo, host="0.0.0.0")  # noqa: S104 - the address that must be refused
