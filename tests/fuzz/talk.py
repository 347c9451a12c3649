"""What others say to us over a socket: servers that speak bad HTTP, and visitors of the page that waits for a sign-in."""

from __future__ import annotations

import gzip
import random
import re
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from fuzz.mutate import BODY, mutated
from net.test_wire import OK, READ, WRITE, serving, value
from net.timepiece import Timepiece
from zsync.errors import InDoubt, ZsyncError
from zsync.net.callback import Callback, Redirect
from zsync.net.client import Http, Request

GOOD = b'{"code": 0, "rows": [{"id": "41", "total": 10.50}, {"id": "42", "total": 0}]}'
MOST = 1024 * 1024
"""The largest answer that this client takes; a bomb unfolds into sixty times as much."""


def _answer(body: bytes, *lines: bytes, status: bytes = b"200 OK") -> bytes:
    length = b"Content-Length: " + str(len(body)).encode()
    return b"\r\n".join((b"HTTP/1.1 " + status, b"Content-Type: application/json", *(lines or (length,)), b"", body))


def _length(text: bytes) -> Callable[[bytes], bytes]:
    return lambda body: _answer(body, b"Content-Length: " + text)


def _chunks(text: bytes) -> bytes:
    return _answer(text, b"Transfer-Encoding: chunked")


def _packed(body: bytes, name: bytes = b"gzip") -> bytes:
    return _answer(body, b"Content-Encoding: " + name, b"Content-Length: " + str(len(body)).encode())


ANSWERS: Mapping[str, Callable[[bytes], bytes]] = {
    "as it should be": _answer,
    "no length": lambda body: _answer(body, b"Connection: close"),
    "a length too short": _length(b"3"),
    "a length too long": _length(b"100000"),
    "a negative length": _length(b"-5"),
    "a length of words": _length(b"many"),
    "an endless length": _length(b"9" * 5000),
    "two lengths": lambda body: _answer(body, b"Content-Length: 3", b"Content-Length: 78"),
    "a length and chunks": lambda body: _answer(body, b"Content-Length: 3", b"Transfer-Encoding: chunked"),
    "chunks": lambda body: _chunks(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
    "chunks without an end": lambda body: _chunks(b"%x\r\n%s\r\n" % (len(body), body)),
    "chunks that are none": _chunks,
    "a chunk too large": lambda body: _chunks(b"ffffffffffffffff\r\n" + body),
    "packed": lambda body: _packed(gzip.compress(body)),
    "packed twice over": lambda body: _packed(gzip.compress(gzip.compress(body))),
    "called packed": _packed,
    "half packed": lambda body: _packed(gzip.compress(body)[:-9]),
    "packed, and more": lambda body: _packed(gzip.compress(body) + b"more"),
    "packed in a way nobody asked for": lambda body: _packed(body, b"br"),
    "a bomb": lambda _body: _packed(gzip.compress(b"0" * (60 * MOST), 1)),
    "a large body": lambda _body: _answer(b'"' + b"x" * (2 * MOST) + b'"'),
    "another type": lambda body: _answer(body, b"Content-Type: text/html", b"Connection: close"),
    "a type of nonsense": lambda body: _answer(body, b"Content-Type: \xff\xfe;;charset=\x00", b"Connection: close"),
    "a name of nonsense": lambda body: _answer(body, b"\xff\xfe: x", b"Connection: close"),
    "a line without a colon": lambda body: _answer(body, b"nonsense", b"Connection: close"),
    "a line that goes on": lambda body: _answer(body, b"X-A: 1", b"  2", b"Connection: close"),
    "a line of a megabyte": lambda body: _answer(body, b"X-A: " + b"x" * MOST, b"Connection: close"),
    "ten thousand lines": lambda body: _answer(body, *(b"X-A: 1",) * 10_000, b"Connection: close"),
    "limits that are no numbers": lambda body: _answer(
        body, b"X-Rate-Limit-Limit: \xd9\xa3", b"X-Rate-Limit-Remaining: 1e400", b"X-Rate-Limit-Reset: -1", b"Connection: close"
    ),
    "too many, for ever": lambda body: _answer(body, b"Retry-After: 1e400", b"Connection: close", status=b"429 Slow"),
    "too many, until a day that is none": lambda body: _answer(
        body, b"Retry-After: Fri, 31 Feb 9999 99:99:99 GMT", b"Connection: close", status=b"429 Slow"
    ),
    "no status": lambda body: body,
    "a status of words": lambda body: _answer(body, status=b"fine"),
    "a status that nobody knows": lambda body: _answer(body, status=b"999 Odd"),
    "no content, with content": lambda body: _answer(body, status=b"204 No Content"),
    "switched to another protocol": lambda body: _answer(body, b"Upgrade: x", status=b"101 Switching"),
    "sent elsewhere": lambda body: _answer(body, b"Location: http://127.0.0.1:1/", b"Content-Length: 0", status=b"307 Elsewhere"),
    "early words": lambda body: b"HTTP/1.1 103 Early\r\n\r\n" * 20 + _answer(body),
    "an old protocol": lambda body: _answer(body, b"Connection: close").replace(b"HTTP/1.1", b"HTTP/0.9"),
    "a newer protocol": lambda _body: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

_GO_ON = ("as it should be", "a length too short", "chunks", "packed", "packed, and more", "no content, with content")
"""Answers after which the connection stays open: what was said beyond the answer must not be taken for the next one."""


def wire_case(_folder: Path, rng: random.Random) -> None:
    body = mutated(GOOD, rng.choice(list(BODY)), rng) if rng.randrange(3) == 0 else GOOD
    answered(rng.choice(list(ANSWERS)), body, rng.choice((READ, WRITE)))


def _heard(connection: socket.socket) -> bool:
    """One whole request; False at the end of the connection."""
    said = b""
    while b"\r\n\r\n" not in said or len(said.partition(b"\r\n\r\n")[2]) < _announced(said):
        more = connection.recv(65536)
        if not more:
            return False
        said += more
    return True


def _announced(said: bytes) -> int:
    found = re.search(rb"(?i)content-length: (\d+)", said)
    return int(found[1]) if found else 0


def answered(name: str, body: bytes, request: Request) -> object:
    """What a call makes of a bad answer, or of the good one when it asks again; the next call must see nothing of the bad one."""
    first, closed = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError):  # who has heard enough hangs up
            while _heard(connection):
                odd = not first.is_set()
                first.set()
                connection.sendall(ANSWERS[name](body) if odd else OK)
                if odd and name not in _GO_ON:
                    break
        connection.close()
        closed.set()

    with serving(answer) as port:
        http = Http(f"http://127.0.0.1:{port}", "shop", clock=Timepiece(), timeout_s=20, max_bytes=MOST)
        try:
            return http.call(request, value)
        except ZsyncError as err:
            if request.write and not isinstance(err, InDoubt):
                raise AssertionError(f"a write that had left ended with {type(err).__name__}: it may have been applied") from err
            raise
        finally:
            if name not in _GO_ON:  # a call that meets the closing of its connection would rightly be in doubt
                assert closed.wait(20)
            after = http.call(WRITE, value)
            http.close()
            assert after == 7, f"the next call got {after!r:.80}"


# --- the page that waits for a sign-in ------------------------------------------------------------------------------------------

STATE = "st4te"
REDIRECT = f"/callback?code=c0de&state={STATE}&location=eu"

_HEADS = (
    *(b"GET", b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"\x16\x03\x01\x02", b"get", b"G" * 5000),
    *(
        b"GET /callback?code=evil&state=",
        b"GET http://elsewhere/callback?code=evil",
        b"GET //[",
        b"GET /callback?code=%ff&state=%ff",
    ),
    *(b"GET /callback?" + b"&" * 20_000, b"GET /callback?code=evil&error=denied&state=x", b"GET /callback?error=access_denied"),
    *(b"GET /callback?error=%1b[31m%e2%80%ae&state=st4te", b"GET /callback?error=a&error=b&code=evil&state=st4te"),
    *(b"GET /callback/../callback?code=evil", b"GET /callback;x?code=evil", b"GET \xff\xfe\x00", b""),
)
_TAILS = (b" HTTP/1.1", b" HTTP/9.9", b" HTTP/x", b"", b" HTTP/1.1\r\nHost: elsewhere", b" HTTP/1.1\r\n" + b"A: b\r\n" * 300)


def callback_case(_folder: Path, rng: random.Random) -> None:
    """Somebody talks nonsense to the page; then the browser comes with the right redirect, and that one counts."""
    if rng.randrange(3):
        said = rng.choice(_HEADS) + rng.choice(_TAILS) + rng.choice((b"\r\n\r\n", b"\n\n", b"\r\n", b""))
    else:
        good = bytearray(f"GET {REDIRECT} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        good[rng.randrange(len(good))] = rng.randrange(256)
        said = bytes(good)
    with ExitStack() as ends:
        callback = Callback(0, STATE)
        visitors = threading.Thread(target=_visits, args=(callback.port, said, _GOOD_VISIT))
        ends.callback(visitors.join, 20)
        ends.enter_context(callback)  # closed before: whoever comes too late finds nobody
        visitors.start()
        _of_use(callback.wait(20))


_GOOD_VISIT = f"GET {REDIRECT} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _visits(port: int, *said: bytes) -> None:
    for each in said:
        _visit(port, each)


def _visit(port: int, said: bytes) -> None:
    """Say it, and hear what comes until the end; who is not heard any more has come too late."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as visitor:
            visitor.sendall(said)
            visitor.shutdown(socket.SHUT_WR)
            while visitor.recv(65536):
                pass
    except OSError:
        return


def _of_use(found: Redirect) -> None:
    assert found.state == STATE, "a redirect with another state was taken"
    for each in (found.code, found.location, found.accounts_server, found.realm):
        each.encode()
