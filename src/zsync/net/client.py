"""The HTTP client: one request, one classified answer.

    call(request, judge):  slot of the pace --> send (one deadline, no redirect, TLS verified) --> Answer --> judge --> value

`judge` belongs to the remote: it returns the decoded value or raises what `zsync.errors` says. Reads that end in
Retryable are tried again here, a few times; writes never are: their way back is the journal. Whatever goes wrong after a
write was sent is InDoubt; a refused connection is Unavailable, certainly not applied.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx2

from zsync import __version__
from zsync.errors import ConfigError, ContractBroken, InDoubt, OutOfReach, RecordError, Retryable, Unavailable, ZsyncError
from zsync.ports import Clock

log = logging.getLogger("zsync.http")

T = TypeVar("T")

_REQUEST_IDS = ("x-request-id", "x-zoho-request-id", "intuit_tid", "x-trace-id")
_READ_TRIES_S = (1.0, 4.0, 15.0)
"""Pauses before the second, third and fourth try of a read."""
_LONGEST_PAUSE_S = 90.0
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `write`: it may change something. `json` may hold Decimals; `paced`: its slot was reserved before."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    write: bool = False
    paced: bool = False


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
        try:
            text = self.body.decode("utf-8")
            loaded = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_twice)
        except (ValueError, RecursionError) as err:
            raise ContractBroken("the answer is no proper JSON", request_id=self.request_id) from err
        _check_depth(loaded)
        return loaded


class Pacer(Protocol):
    """What the client asks of the pace (see `net/pace.py`)."""

    def take(self) -> None: ...

    def heed(self, headers: Mapping[str, str]) -> None: ...


class Http:
    """A client for one host. Thread-safe. `base_url` is https, plain http only to a loopback address."""

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
    ) -> None:
        check_url(base_url, f"the address of {remote}")
        self.base_url = base_url.rstrip("/")
        self.remote = remote
        self.calls = 0
        self._timeout_s = timeout_s
        self._clock = clock
        self._pace = pace
        self._max_bytes = max_bytes
        self._client = httpx2.Client(
            auth=auth,
            transport=transport,
            timeout=httpx2.Timeout(timeout_s, connect=min(10.0, timeout_s)),
            limits=httpx2.Limits(max_connections=concurrency * 2, max_keepalive_connections=concurrency),
            headers={"User-Agent": f"zsync/{__version__}", "Accept": "application/json"},
            follow_redirects=False,
            trust_env=transport is None,
        )

    def call(self, request: Request, judge: Callable[[Answer], T]) -> T:
        """Send it and return what `judge` makes of the answer. Reads are tried again on Retryable, then OutOfReach."""
        if request.write:
            return self._once(request, judge)
        for pause in (*_READ_TRIES_S, None):
            try:
                return self._once(request, judge)
            except Retryable as err:
                if pause is None or err.after_s > _LONGEST_PAUSE_S:
                    raise OutOfReach(err.message, hint=err.hint, remote=self.remote, request_id=err.request_id) from err
                self._clock.sleep(max(pause, err.after_s))
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._client.close()

    def _once(self, request: Request, judge: Callable[[Answer], T]) -> T:
        content = encode(request.json) if request.json is not None else None
        if self._pace is not None and not request.paced:
            self._pace.take()
        self.calls += 1
        started = time.monotonic()
        try:
            answer = self._send(request, content, started + self._timeout_s)
        except httpx2.HTTPError as err:
            raise self._lost(request, err) from err
        log.debug("%s %s %s %d ms %s", request.method, request.path, answer.status, _ms(started), answer.request_id)
        if self._pace is not None:
            self._pace.heed(answer.headers)
        try:
            return judge(answer)
        except ContractBroken as err:
            # A write whose answer cannot be understood may well have been applied.
            raise (InDoubt(err.message, remote=self.remote, request_id=answer.request_id) if request.write else err) from err

    def _send(self, request: Request, content: bytes | None, deadline: float) -> Answer:
        headers = dict(request.headers)
        if content is not None:
            headers["Content-Type"] = "application/json"
        url = self.base_url + request.path
        with self._client.stream(request.method, url, params=dict(request.params), content=content, headers=headers) as reply:
            pieces, size = [], 0
            for piece in reply.iter_bytes():
                size += len(piece)
                if size > self._max_bytes:
                    raise httpx2.ReadError(f"more than {self._max_bytes} bytes", request=reply.request)
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer took too long as a whole", request=reply.request)
                pieces.append(piece)
            names = {name.lower(): value for name, value in reply.headers.items()}
            request_id = next((names[name] for name in _REQUEST_IDS if name in names), "")
            return Answer(reply.status_code, names, b"".join(pieces), request_id)

    def _lost(self, request: Request, err: httpx2.HTTPError) -> ZsyncError:
        """What a failed transport means: not sent, or sent and unknown."""
        words = type(err).__name__
        log.debug("%s %s failed: %s", request.method, request.path, words)
        if _is_tls(err):
            return OutOfReach(
                f"the certificate of {self.remote} cannot be verified",
                hint="check the address and the system's certificates; verification cannot be switched off",
                remote=self.remote,
            )
        if isinstance(err, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError):
            host = urlsplit(self.base_url).hostname
            return Unavailable(f"{self.remote} cannot be reached at `{host}` ({words})", remote=self.remote)
        if request.write:
            return InDoubt(f"no answer from {self.remote} to a write ({words})", remote=self.remote)
        return Unavailable(f"no answer from {self.remote} ({words})", remote=self.remote)


def check_url(url: str, what: str) -> None:
    """ConfigError unless this is https, or http to a loopback address, without user or query."""
    parts = urlsplit(url)
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return
    if parts.scheme != "https" or not parts.hostname:
        raise ConfigError(f"{what} must begin with https://", hint="plain http is for a loopback address only")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"{what} must not hold a user name, a query or a fragment")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def encode(body: Mapping[str, object]) -> bytes:
    """JSON with exact numbers: a Decimal goes only if a reader that takes it for a double gets the same number back."""
    return json.dumps(_plain(body), ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_refuse).encode()


class _Number(float):
    """A float that is written as the text it was made from."""

    text: str

    def __new__(cls, text: str) -> _Number:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __repr__(self) -> str:
        return self.text


def _plain(node: object) -> object:
    if isinstance(node, Decimal):
        return _exact(node)
    if isinstance(node, float):
        raise TypeError("a float in a body: money is Decimal")
    if isinstance(node, Mapping):
        return {str(name): _plain(value) for name, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str | bytes):
        return [_plain(value) for value in node]
    return node


def _exact(number: Decimal) -> object:
    if not number.is_finite():
        raise RecordError("an amount that is no number")
    if number == number.to_integral_value() and abs(number) < 2**53:
        return int(number)
    text = f"{number.normalize():f}"
    if Decimal(repr(float(text))) != number:
        raise RecordError("an amount has more digits than the target keeps", hint="look at the record in the source")
    return _Number(text)


def _refuse(node: object) -> object:
    raise TypeError(f"{type(node).__name__} in a body")


def _no_constant(_name: str) -> object:
    raise ValueError("NaN or infinity")


def _no_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _check_depth(node: object, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise ContractBroken("the answer is nested too deep")
    if isinstance(node, dict):
        for value in node.values():
            _check_depth(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            _check_depth(value, depth + 1)


def _is_tls(err: BaseException | None) -> bool:
    while err is not None:
        if isinstance(err, ssl.SSLError) or "CERTIFICATE_VERIFY" in str(err):
            return True
        err = err.__cause__ or err.__context__
    return False


def _ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
