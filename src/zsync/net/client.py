"""The HTTP client: one request, one classified answer.

    call(request, judge):  slot of the pace --> send (no redirect, TLS verified) --> Answer --> judge --> value

`judge` belongs to the remote: it returns the decoded value or raises what `zsync.errors` says. Reads that end in
Retryable are tried again here, a few times; writes never are: their way back is the journal. Whatever goes wrong after a
write was sent is InDoubt; a connection that was never made is Unavailable, certainly not applied.

Time: connecting takes ten seconds at most, no silence lasts longer than what is left of `timeout_s`, and no part of an
answer is taken that comes later than `timeout_s` after the start, a renewed sign-in included.

Size: an answer is unpacked here, piece by piece, and given up at `max_bytes`, whoever reads it.
"""

from __future__ import annotations

import ipaddress
import logging
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx2

from zsync import __version__
from zsync.errors import ConfigError, ContractBroken, InDoubt, OutOfReach, Retryable, Unavailable, ZsyncError
from zsync.net.exact import decode, encode
from zsync.ports import Clock

log = logging.getLogger("zsync.http")

T = TypeVar("T")

_REQUEST_IDS = ("x-request-id", "x-zoho-request-id", "x-com-zoho-request-id", "intuit_tid", "x-trace-id")
_READ_TRIES_S = (1.0, 4.0, 15.0)
"""Pauses before the second, third and fourth try of a read."""
_LONGEST_PAUSE_S = 90.0
_CONNECT_S = 10.0
_UNPACKED = 1024 * 1024
"""The largest piece that is unpacked at once: a few bytes may unfold into a thousand times as many."""
_DEADLINE = "zsync.deadline"
_REPEATED = "zsync.repeated"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `write`: it may change something. The body is `json` (may hold Decimals) or `form`, not both.

    Parameters and bodies may hold keys and guests' data: neither stands in repr.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Mapping[str, object] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    write: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str = ""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON, every number with a point as Decimal. Raises ContractBroken if it is none."""
        return decode(self.body, self.request_id)

    @property
    def retry_after_s(self) -> float | None:
        """What `Retry-After` asks for, in seconds; None if it is absent or cannot be understood.

        A moment is counted from the answer's own `Date`, so that the two clocks need not agree.
        """
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return float(text)
        try:
            until, sent = parsedate_to_datetime(text), parsedate_to_datetime(self.headers.get("date", ""))
            return max((until - sent).total_seconds(), 0.0)
        except (ValueError, TypeError):  # no date; or one with a zone and one without
            return None


class Pacer(Protocol):
    """What the client asks of the pace (see `net/pace.py`)."""

    def slot(self, *, reserved: bool) -> AbstractContextManager[None]:
        """Held while a request is under way; waits until it may leave. `reserved`: it may use a slot taken for a write."""
        ...

    def count(self) -> None:
        """One request more has left, inside a slot that is held (repeated with a new token)."""
        ...

    def heed(self, headers: Mapping[str, str]) -> None: ...


class Http:
    """A client for one host. Thread-safe. `base_url` is https, plain http only to a loopback address.

    `calls` counts every request that was sent, repeated and refused ones, too. Proxies and certificates of the
    environment are respected as httpx2 does it (not for a loopback address); verification cannot be switched off.
    """

    def __init__(
        self,
        base_url: str,
        remote: str,
        *,
        timeout_s: float = 60.0,
        clock: Clock,
        pace: Pacer | None = None,
        auth: httpx2.Auth | tuple[str, str] | None = None,
        transport: httpx2.BaseTransport | None = None,
        max_bytes: int = 64 * 1024 * 1024,
        concurrency: int = 4,
        user_agent: str = f"zsync/{__version__}",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        check_url(base_url, f"the address of {remote}")
        mute_wire_logs()
        self.base_url = base_url.rstrip("/")
        self.remote = remote
        self._calls = 0
        self._counting = threading.Lock()
        self._timeout_s = timeout_s
        self._clock = clock
        self._pace = pace
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        with usable_environment():
            self._client = httpx2.Client(
                auth=auth,
                transport=transport,
                timeout=httpx2.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
                limits=httpx2.Limits(max_connections=concurrency * 2, max_keepalive_connections=concurrency),
                headers={"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"},
                follow_redirects=False,
                trust_env=not is_loopback(urlsplit(base_url).hostname or ""),
                event_hooks={"request": [self._leaving], "response": [self._arriving]},
            )

    @property
    def calls(self) -> int:
        return self._calls

    def call(self, request: Request, judge: Callable[[Answer], T]) -> T:
        """Send it and return what `judge` makes of the answer. Reads are tried again on Retryable, then OutOfReach."""
        if request.write:
            return self._once(request, judge)
        pauses = iter(_READ_TRIES_S)
        while True:
            try:
                return self._once(request, judge)
            except Retryable as err:
                pause = next(pauses, None)
                if pause is None or err.after_s > _LONGEST_PAUSE_S:
                    raise OutOfReach(err.message, hint=err.hint, remote=self.remote, request_id=err.request_id) from err
                self._clock.sleep(max(pause, err.after_s))

    def close(self) -> None:
        self._client.close()

    # --- one request ----------------------------------------------------------------------------------------------------

    def _once(self, request: Request, judge: Callable[[Answer], T]) -> T:
        content = encode(request.json) if request.json is not None else None
        try:
            with self._pace.slot(reserved=request.write) if self._pace is not None else nullcontext():
                answer = self._answered(request, content)
                if self._pace is not None:
                    self._pace.heed(answer.headers)
            return judge(answer)
        except ContractBroken as err:
            if not request.write:
                raise
            # It may well have been applied: only the words of the answer are beyond us.
            raise InDoubt(err.message, hint=err.hint, remote=self.remote, request_id=err.request_id) from err

    def _answered(self, request: Request, content: bytes | None) -> Answer:
        started = self._monotonic()
        try:
            answer = self._send(request, content, started + self._timeout_s)
        except httpx2.HTTPError as err:
            log.debug("%s %s failed: %s", request.method, request.path, type(err).__name__)
            raise self._lost(request, err) from err
        took_ms = int((self._monotonic() - started) * 1000)
        log.debug("%s %s %s %d ms %s", request.method, request.path, answer.status, took_ms, answer.request_id)
        return answer

    def _send(self, request: Request, content: bytes | None, deadline: float) -> Answer:
        headers = dict(request.headers)
        if content is not None:
            headers["Content-Type"] = "application/json"
        with self._client.stream(
            request.method,
            self.base_url + request.path,
            params=dict(request.params),
            content=content,
            data=dict(request.form) if request.form is not None else None,
            headers=headers,
            extensions={_DEADLINE: deadline},
        ) as reply:
            names = {name.lower(): value for name, value in reply.headers.items()}
            return Answer(reply.status_code, names, reply.read(), _request_id(reply.headers))

    def _leaving(self, request: httpx2.Request) -> None:
        """Told by httpx2 before each request: the first, and the one repeated with a new token."""
        left = request.extensions[_DEADLINE] - self._monotonic()
        if left <= 0:
            # A repeated request that has no time any more: the first was refused at the door, so nothing was applied.
            raise httpx2.ConnectTimeout("no time left for this call", request=request)
        request.extensions["timeout"] = {
            "connect": min(_CONNECT_S, left),
            "pool": left,
            "read": left,
            "write": left,
        }
        with self._counting:
            self._calls += 1
        if self._pace is not None and request.extensions.get(_REPEATED):
            self._pace.count()
        request.extensions[_REPEATED] = True

    def _arriving(self, response: httpx2.Response) -> None:
        """Bound the answer before anybody (the sign-in, too) reads it. No silence in it outlasts what is left now."""
        deadline = response.request.extensions[_DEADLINE]
        response.request.extensions["timeout"]["read"] = max(deadline - self._monotonic(), 0.001)  # 0 would be for ever
        bound(response, self._max_bytes, deadline, self._monotonic)

    def _lost(self, request: Request, err: httpx2.HTTPError) -> ZsyncError:
        """What a failed transport means: not sent, or sent and unknown."""
        words = type(err).__name__
        if isinstance(err, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError):
            if untrusted(err):
                return OutOfReach(
                    f"the certificate of {self.remote} cannot be verified",
                    hint="check the address and the system's certificates; verification cannot be switched off",
                    remote=self.remote,
                )
            host = urlsplit(self.base_url).hostname
            return Unavailable(
                f"{self.remote} cannot be reached at `{host}` ({words})",
                hint="check the address and the network",
                remote=self.remote,
            )
        if request.write:
            return InDoubt(f"no answer from {self.remote} to a write ({words})", remote=self.remote)
        return Unavailable(f"no answer from {self.remote} ({words})", remote=self.remote)


def bound(response: httpx2.Response, max_bytes: int, deadline: float, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Give up this answer beyond `max_bytes` unpacked bytes, and after `deadline`: for a response hook, before it is read.

    Whoever reads it gets ContractBroken, ReadTimeout, or DecodingError for a packing that was not asked for.
    """
    assert isinstance(response.stream, httpx2.SyncByteStream)
    packing = response.headers.pop("content-encoding", "").strip().lower()
    response.stream = _Bounded(response, response.stream, packing, max_bytes, deadline, monotonic)


class _Bounded(httpx2.SyncByteStream):
    """The bytes of an answer, unpacked, cut off at a size and at a moment."""

    def __init__(
        self,
        response: httpx2.Response,
        inner: httpx2.SyncByteStream,
        packing: str,
        max_bytes: int,
        deadline: float,
        monotonic: Callable[[], float],
    ) -> None:
        self._response = response
        self._inner = inner
        self._packing = packing
        self._max_bytes = max_bytes
        self._deadline = deadline
        self._monotonic = monotonic

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._unpacked():
            size += len(piece)
            if size > self._max_bytes:
                raise ContractBroken(
                    f"the answer is larger than {self._max_bytes} bytes", request_id=_request_id(self._response.headers)
                )
            yield piece

    def _unpacked(self) -> Iterator[bytes]:
        if self._packing in ("", "identity"):
            yield from self._timely()
            return
        if self._packing not in ("gzip", "x-gzip"):
            raise httpx2.DecodingError(f"packed as {self._packing[:20]}", request=self._response.request)
        unpacker, empty = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), True
        try:
            for piece in self._timely():
                while piece and not unpacker.eof:
                    yield unpacker.decompress(piece, _UNPACKED)
                    piece, empty = unpacker.unconsumed_tail, False
            yield unpacker.flush()
        except zlib.error as err:
            raise httpx2.DecodingError("no gzip", request=self._response.request) from err
        if not (unpacker.eof or empty):
            raise httpx2.DecodingError("gzip without an end", request=self._response.request)

    def _timely(self) -> Iterator[bytes]:
        for piece in self._inner:
            if self._monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer took too long as a whole", request=self._response.request)
            yield piece

    def close(self) -> None:
        _hear_no_more(self._inner)
        self._inner.close()


def _hear_no_more(stream: object) -> None:
    """A server that said more than one answer: the rest, read already, would be taken for the answer to the next call on this
    connection. Its state is spoilt, so that httpcore2 closes it instead of using it again; it looks at the socket only."""
    connection: Any = stream
    while connection is not None and not hasattr(connection, "_h11_state"):
        parts = ("_inner", "_stream", "_httpcore_stream", "_connection")
        connection = next((getattr(connection, part) for part in parts if hasattr(connection, part)), None)
    if connection is not None and connection._h11_state.trailing_data[0]:
        connection._h11_state.send_failed()


def _request_id(headers: Mapping[str, str]) -> str:
    """The remote's own number for the request, for support; names of headers have no case."""
    names = {name.lower(): value for name, value in headers.items()}
    return next((names[name] for name in _REQUEST_IDS if name in names), "")


# --- addresses, certificates, logs --------------------------------------------------------------------------------------


@contextmanager
def usable_environment() -> Iterator[None]:
    """A client is made in here. ConfigError for a proxy or a certificate of the environment that it cannot use."""
    try:
        yield
    except (OSError, ImportError, ValueError, httpx2.InvalidURL) as err:
        # Their words may hold the proxy's password.
        raise ConfigError(
            f"the proxy or the certificates that the environment names cannot be used ({type(err).__name__})",
            hint="look at HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE, SSLKEYLOGFILE; a proxy is http://host:port, never SOCKS",
        ) from err


def check_url(url: str, what: str) -> None:
    """ConfigError unless this is https, or http to a loopback address, without user, query or fragment."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as err:
        raise ConfigError(f"{what} is no web address", hint="write it as https://host, or https://host:port") from err
    if not host or parts.scheme not in ("https", "http"):
        raise ConfigError(f"{what} must begin with https://", hint="write it as https://host, or https://host:port")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"{what} must not hold a user name, a query or a fragment", hint="write only https://host and a path")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"{what} must begin with https://", hint="plain http is for a loopback address only")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def untrusted(err: BaseException | None) -> bool:
    """Whether a failed connection failed on the other side's certificate."""
    while err is not None:
        if isinstance(err, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(err):
            return True
        err = err.__cause__ or err.__context__
    return False


def mute_wire_logs() -> None:
    """Keep the libraries' own log lines out: they hold whole addresses with their queries, and headers with tokens."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
