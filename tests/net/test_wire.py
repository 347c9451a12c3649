"""The client over real sockets: what the operating system and the encryption say reaches the right class."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from net.timepiece import Timepiece
from zsync.errors import ConfigError, InDoubt, OutOfReach, Unavailable
from zsync.net.callback import Redirect
from zsync.net.client import Answer, Http, Request
from zsync.net.secret import Secret
from zsync.targets.zoho.oauth import Application, Zoho

READ = Request("GET", "/things")
WRITE = Request("POST", "/things", json={"a": 1}, write=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n7"


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on a loopback port that gives each connection to `answer`, until the end of the block."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # closed: the test is over
            with connection:
                answer(connection)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def client(url: str) -> Http:
    return Http(url, "shop", clock=Timepiece(), timeout_s=20)


def value(answer: Answer) -> object:
    return answer.json()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_write_to_a_closed_port_was_certainly_not_applied() -> None:
    http = client(f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(Unavailable) as caught:
        http.call(WRITE, value)
    assert "127.0.0.1" in caught.value.message
    http.close()


def cut_before_the_answer(connection: socket.socket) -> None:
    connection.recv(65536)


def cut_within_the_answer(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(OK.replace(b"Content-Length: 1", b"Content-Length: 100"))


def talk_nonsense(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


@pytest.mark.parametrize("answer", [cut_before_the_answer, cut_within_the_answer, talk_nonsense])
def test_a_write_whose_connection_broke_is_in_doubt_and_a_read_is_tried_again(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as port:
        http = client(f"http://127.0.0.1:{port}")
        with pytest.raises(InDoubt):
            http.call(WRITE, value)
        assert http.calls == 1
        with pytest.raises(OutOfReach):
            http.call(READ, value)
        assert http.calls == 5
        http.close()


def test_a_proxy_of_the_environment_is_not_asked_about_a_loopback_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK)

    with serving(answer) as port:
        http = client(f"http://127.0.0.1:{port}")
        assert http.call(WRITE, value) == 7
        http.close()


def test_one_connection_serves_call_after_call_refused_ones_too() -> None:
    connections: list[int] = []

    def answer(connection: socket.socket) -> None:
        connections.append(0)
        while connection.recv(65536):
            connections[-1] += 1
            refused = OK.replace(b"200 OK", b"404 Not Found")
            connection.sendall(refused if connections[-1] % 2 else OK)

    with serving(answer) as port:
        http = client(f"http://127.0.0.1:{port}")
        assert [http.call(READ, lambda answer: answer.status) for _ in range(4)] == [404, 200, 404, 200]
        http.close()
    assert connections == [4]


def test_a_connection_that_the_other_side_has_closed_meanwhile_is_not_used_for_a_write() -> None:
    closed = threading.Event()
    served: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        served.append(connection.recv(65536)[:4])
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        closed.set()

    with serving(answer) as port:
        http = client(f"http://127.0.0.1:{port}")
        for _ in range(3):
            closed.clear()
            assert http.call(Request("DELETE", "/things", write=True), value) == 7
            assert closed.wait(10)
        http.close()
    assert served == [b"DELE"] * 3


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names neither proxy nor certificates."""
    for name in (*PROXIES, *(each.lower() for each in PROXIES), *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value_"),
    [
        ("HTTPS_PROXY", "socks5://user:SECRET@127.0.0.1:1080"),
        ("HTTPS_PROXY", "ftp://user:SECRET@127.0.0.1:21"),
        ("HTTPS_PROXY", "http://user:SECRET@[::1"),
        ("ALL_PROXY", "socks4://127.0.0.1:1080"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        ("SSL_CERT_FILE", "/etc/hostname"),
    ],
)
def test_a_proxy_or_certificate_of_the_environment_that_cannot_be_used_is_named(
    bare: pytest.MonkeyPatch, name: str, value_: str
) -> None:
    bare.setenv(name, value_)
    zoho = Zoho(
        Application(
            "1000.A", Secret.of("s"), "https://accounts.zoho.eu", "https://www.zohoapis.eu", "http://127.0.0.1:1/callback", ("a",)
        ),
        Timepiece(),
    )
    for make in (lambda: client("https://hotel.example.com"), zoho.invitation):
        with pytest.raises(ConfigError, match="environment") as caught:
            make()
        assert name in caught.value.hint
        assert "SECRET" not in caught.value.message


def test_a_proxy_that_is_not_there_was_certainly_not_passed_by_a_write(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("HTTPS_PROXY", f"http://user:SECRET@127.0.0.1:{closed_port()}")
    http = client("https://hotel.example.com")
    with pytest.raises(Unavailable) as caught:
        http.call(WRITE, value)
    assert "SECRET" not in caught.value.message + caught.value.hint
    http.close()


def test_a_proxy_that_refuses_the_connection_was_certainly_not_passed_by_a_write(bare: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with serving(refuse) as port:
        bare.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        http = client("https://hotel.example.com")
        with pytest.raises(Unavailable):
            http.call(WRITE, value)
        http.close()
    assert [each.split(b"\r\n")[0] for each in heard] == [b"CONNECT hotel.example.com:443 HTTP/1.1"]


# --- certificates ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def unknown_certificate(tmp_path: Path) -> ssl.SSLContext:
    """The encryption of a server whose certificate nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def encrypted(context: ssl.SSLContext, heard: list[bytes]) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as safe:
                heard.append(safe.recv(65536))
        except OSError:  # the client hangs up during the handshake, as it should
            return

    return answer


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_nothing_is_sent_to_a_server_whose_certificate_nobody_signed(
    unknown_certificate: ssl.SSLContext, request_: Request
) -> None:
    heard: list[bytes] = []
    with serving(encrypted(unknown_certificate, heard)) as port:
        http = client(f"https://localhost:{port}")
        with pytest.raises(OutOfReach, match="certificate") as caught:
            http.call(request_, value)
        http.close()
    assert "cannot be switched off" in caught.value.hint
    assert [each for each in heard if each] == []


def test_no_secret_is_sent_to_a_sign_in_server_whose_certificate_nobody_signed(unknown_certificate: ssl.SSLContext) -> None:
    heard: list[bytes] = []
    with serving(encrypted(unknown_certificate, heard)) as port:
        url = f"https://localhost:{port}"
        zoho = Zoho(Application("1000.A", Secret.of("s"), url, url, "http://127.0.0.1:1/callback", ("a",)), Timepiece())
        with pytest.raises(OutOfReach, match="certificate"):
            zoho.redeem(Redirect("c", "s"), "s")
    assert [each for each in heard if each] == []


def test_an_unencrypted_answer_to_an_encrypted_call_was_certainly_not_a_write() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK)

    with serving(answer) as port:
        http = client(f"https://localhost:{port}")
        with pytest.raises(Unavailable):
            http.call(WRITE, value)
        http.close()


@pytest.mark.parametrize("more", [OK, OK[:20], b"noise"], ids=["whole", "half", "noise"])
def test_an_answer_that_comes_twice_is_not_taken_for_the_answer_to_the_next_call(more: bytes) -> None:
    """The second copy is read together with the first, and would wait in the connection."""
    answers = iter([OK + more, OK.replace(b"7", b"8"), OK.replace(b"7", b"9")])

    def talk(connection: socket.socket) -> None:
        while heard := connection.recv(65536):
            if heard.startswith((b"GET", b"POST")):  # a body may come by itself
                connection.sendall(next(answers))

    with serving(talk) as port:
        http = client(f"http://127.0.0.1:{port}")
        said = [http.call(request, value) for request in (READ, WRITE, WRITE)]
        http.close()

    assert said == [7, 8, 9]


def test_a_connection_on_which_all_is_well_is_used_again() -> None:
    connections = []

    def talk(connection: socket.socket) -> None:
        connections.append(connection)
        while connection.recv(65536):
            connection.sendall(OK)

    with serving(talk) as port:
        http = client(f"http://127.0.0.1:{port}")
        assert [http.call(READ, value) for _ in range(3)] == [7, 7, 7]
        http.close()

    assert len(connections) == 1
