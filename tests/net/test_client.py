"""The client: what a failed call means, what is tried again, what is never sent or shown."""

from __future__ import annotations

import gzip
import logging
import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from decimal import Decimal

import httpx2
import pytest
import respx

from net.timepiece import Timepiece
from zsync.errors import (
    ConfigError,
    ContractBroken,
    InDoubt,
    OutOfReach,
    RecordError,
    Retryable,
    Throttled,
    Unavailable,
    ZsyncError,
)
from zsync.net.client import Answer, Http, Request, check_url

READ = Request("GET", "/things", {"q": "1"})
WRITE = Request("POST", "/things", json={"a": Decimal("1.50")}, write=True)

Handler = Callable[[httpx2.Request], httpx2.Response]


class CountingPace:
    """Notes what the client tells the pace."""

    def __init__(self) -> None:
        self.slots: list[bool] = []
        self.more = 0
        self.heeded: list[str] = []

    @contextmanager
    def slot(self, *, reserved: bool) -> Iterator[None]:
        self.slots.append(reserved)
        yield

    def count(self) -> None:
        self.more += 1

    def heed(self, headers: object) -> None:
        self.heeded.append("heeded")


class Reading(httpx2.Auth):
    """A sign-in that reads what was refused, as one must that looks for a code."""

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        response = yield request
        if response.status_code == 401:
            response.read()


def client(handler: Handler, clock: Timepiece | None = None, **more: object) -> Http:
    clock = clock or Timepiece()
    transport = httpx2.MockTransport(handler)
    return Http("https://api.example.com", "shop", clock=clock, transport=transport, monotonic=clock.monotonic, **more)  # type: ignore[arg-type] # options of the test at hand


def value(answer: Answer) -> object:
    return answer.json()


def raising(error: Exception) -> Handler:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise error

    return handler


# --- what is sent -------------------------------------------------------------------------------------------------------


def test_a_call_sends_exact_json_and_returns_what_the_judge_makes_of_it() -> None:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(201, json={"total": 1.5}, headers={"X-Request-Id": "r-1"})

    made = client(handler).call(WRITE, lambda answer: (answer.status, answer.request_id, answer.content_type, answer.json()))
    assert made == (201, "r-1", "application/json", {"total": Decimal("1.5")})
    assert seen[0].content == b'{"a":1.5}'
    assert seen[0].headers["content-type"] == "application/json"
    assert seen[0].headers["user-agent"].startswith("zsync/")


def test_a_form_is_sent_as_a_form() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        return httpx2.Response(200, json=request.content.decode())

    assert client(handler).call(Request("POST", "/t", form={"a": "b c"}, write=True), value) == "a=b+c"


def test_a_call_goes_to_the_address_and_with_the_parameters_of_the_request(httpx2_mock: respx.Router) -> None:
    route = httpx2_mock.get("https://api.example.com/base/things", params={"q": "a b"})
    route.respond(json={"ok": True})
    http = Http("https://api.example.com/base/", "shop", clock=Timepiece())
    assert http.call(Request("GET", "/things", {"q": "a b"}), value) == {"ok": True}
    assert route.call_count == 1
    http.close()


def test_a_body_that_cannot_be_written_exactly_is_refused_before_anything_is_sent() -> None:
    http = client(raising(AssertionError("sent")))
    with pytest.raises(RecordError):
        http.call(Request("POST", "/t", json={"a": Decimal("NaN")}, write=True), value)
    assert http.calls == 0


# --- what a failure means -------------------------------------------------------------------------------------------------


NEVER_SENT: list[httpx2.HTTPError] = [
    httpx2.ConnectError("refused"),
    httpx2.ConnectTimeout("slow"),
    httpx2.PoolTimeout("full"),
    httpx2.ProxyError("no"),
]
PERHAPS_SENT: list[httpx2.HTTPError] = [
    httpx2.ReadTimeout("slow"),
    httpx2.ReadError("cut"),
    httpx2.WriteError("cut"),
    httpx2.WriteTimeout("slow"),
    httpx2.RemoteProtocolError("nonsense"),
    httpx2.CloseError("cut"),
    httpx2.DecodingError("no gzip"),
]


@pytest.mark.parametrize("error", NEVER_SENT, ids=lambda each: type(each).__name__)
def test_a_write_that_never_left_is_due_again(error: httpx2.HTTPError) -> None:
    http = client(raising(error))
    with pytest.raises(Unavailable) as caught:
        http.call(WRITE, value)
    assert caught.value.remote == "shop"
    assert http.calls == 1


@pytest.mark.parametrize("error", PERHAPS_SENT, ids=lambda each: type(each).__name__)
def test_a_write_that_may_have_left_is_in_doubt_and_not_sent_again(error: httpx2.HTTPError) -> None:
    http = client(raising(error))
    with pytest.raises(InDoubt):
        http.call(WRITE, value)
    assert http.calls == 1


@pytest.mark.parametrize("error", NEVER_SENT + PERHAPS_SENT, ids=lambda each: type(each).__name__)
def test_a_read_that_fails_is_tried_four_times_and_then_out_of_reach(error: httpx2.HTTPError) -> None:
    clock = Timepiece()
    http = client(raising(error), clock)
    with pytest.raises(OutOfReach):
        http.call(READ, value)
    assert http.calls == 4
    assert clock.slept == [1.0, 4.0, 15.0]


def test_a_read_succeeds_when_the_remote_comes_back() -> None:
    answers = iter([httpx2.Response(503), httpx2.Response(200, json=7)])

    def judge(answer: Answer) -> object:
        if answer.status == 503:
            raise Unavailable("busy")
        return answer.json()

    assert client(lambda request: next(answers)).call(READ, judge) == 7


def refusing(error: ZsyncError) -> Callable[[Answer], object]:
    def judge(answer: Answer) -> object:
        raise error

    return judge


def test_a_read_waits_as_long_as_the_remote_asks() -> None:
    clock = Timepiece()
    http = client(lambda request: httpx2.Response(429), clock)
    with pytest.raises(OutOfReach):
        http.call(READ, refusing(Throttled("pause", after_s=30)))
    assert clock.slept == [30, 30, 30]


def test_a_read_does_not_sit_out_a_long_pause() -> None:
    clock = Timepiece()
    http = client(lambda request: httpx2.Response(429), clock)
    with pytest.raises(OutOfReach):
        http.call(READ, refusing(Throttled("pause", after_s=600)))
    assert clock.slept == []
    assert http.calls == 1


def test_a_write_that_the_remote_put_off_goes_up_as_it_is() -> None:
    http = client(lambda request: httpx2.Response(429))
    with pytest.raises(Retryable) as caught:
        http.call(WRITE, refusing(Throttled("pause", after_s=60)))
    assert caught.value.after_s == 60
    assert http.calls == 1


def test_an_answer_to_a_write_that_is_not_understood_is_doubt_and_to_a_read_a_broken_contract() -> None:
    http = client(lambda request: httpx2.Response(200, text="{", headers={"x-request-id": "r-9"}))
    with pytest.raises(InDoubt) as doubt:
        http.call(WRITE, value)
    assert doubt.value.request_id == "r-9"
    with pytest.raises(ContractBroken):
        http.call(READ, value)


def test_a_redirect_is_not_followed_but_judged() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == "api.example.com"
        return httpx2.Response(302, headers={"Location": "https://elsewhere.example.com/"})

    assert client(handler).call(READ, lambda answer: (answer.status, answer.headers["location"])) == (
        302,
        "https://elsewhere.example.com/",
    )


# --- certificates ---------------------------------------------------------------------------------------------------------


def distrusted() -> httpx2.ConnectError:
    error = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError(1, "certificate verify failed")
    return error


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
def test_a_certificate_that_cannot_be_verified_stops_the_run_with_a_hint(request_: Request) -> None:
    http = client(raising(distrusted()))
    with pytest.raises(OutOfReach, match="certificate") as caught:
        http.call(request_, value)
    assert "cannot be switched off" in caught.value.hint
    assert http.calls == 1


def test_an_encryption_error_after_a_write_was_sent_is_doubt() -> None:
    error = httpx2.ReadError("eof in violation of protocol")
    error.__cause__ = ssl.SSLEOFError(8, "eof")
    with pytest.raises(InDoubt):
        client(raising(error)).call(WRITE, value)


# --- bounds ---------------------------------------------------------------------------------------------------------------


class Drops(httpx2.SyncByteStream):
    """An answer that comes drop by drop, some seconds between."""

    def __init__(self, clock: Timepiece, drops: int, seconds: float) -> None:
        self._clock, self._drops, self._seconds = clock, drops, seconds

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self._drops):
            self._clock.pass_by(self._seconds)
            yield b" "


def test_an_answer_that_is_not_whole_by_the_deadline_is_given_up() -> None:
    clock = Timepiece()
    http = client(lambda request: httpx2.Response(200, stream=Drops(clock, 100, 7)), clock, timeout_s=30)
    before = clock.now()
    with pytest.raises(InDoubt):
        http.call(WRITE, value)
    assert (clock.now() - before).total_seconds() == 35


def test_no_phase_of_a_call_is_given_more_time_than_the_call_has() -> None:
    seen: list[dict[str, float]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.extensions["timeout"])
        return httpx2.Response(200, json=1)

    client(handler, timeout_s=30).call(READ, value)
    assert seen == [{"connect": 10.0, "pool": 30.0, "read": 30.0, "write": 30.0}]


def test_an_answer_whose_headers_came_late_is_given_what_is_left_for_its_body() -> None:
    clock = Timepiece()
    seen: list[float] = []

    class Body(httpx2.SyncByteStream):
        def __init__(self, request: httpx2.Request) -> None:
            self._request = request

        def __iter__(self) -> Iterator[bytes]:
            seen.append(self._request.extensions["timeout"]["read"])
            yield b"7"

    def handler(request: httpx2.Request) -> httpx2.Response:
        clock.pass_by(25)
        return httpx2.Response(200, stream=Body(request))

    assert client(handler, clock, timeout_s=30).call(READ, value) == 7
    assert seen == [5.0]


def packed(body: bytes, by: int = 7, encoding: str = "gzip", status: int = 200) -> Handler:
    """Answers with this body, some bytes at a time."""

    def handler(request: httpx2.Request) -> httpx2.Response:
        pieces = iter([body[at : at + by] for at in range(0, len(body), by)])
        return httpx2.Response(status, content=pieces, headers={"Content-Encoding": encoding, "X-Request-Id": "r-9"})

    return handler


TOO_LARGE = [(b"x" * 1001, "identity"), (gzip.compress(b"x" * 100_000, mtime=0), "gzip")]


@pytest.mark.parametrize(("body", "encoding"), TOO_LARGE, ids=["plain", "unpacked"])
@pytest.mark.parametrize("status", [200, 401])
def test_an_answer_that_is_too_large_is_given_up_and_not_asked_for_again(body: bytes, encoding: str, status: int) -> None:
    """Whoever reads it: at 401 the sign-in does, before the client."""
    http = client(packed(body, encoding=encoding, status=status), max_bytes=1000, auth=Reading())
    with pytest.raises(InDoubt, match="larger than 1000 bytes") as doubt:
        http.call(WRITE, lambda answer: len(answer.body))
    assert doubt.value.request_id == "r-9"
    with pytest.raises(ContractBroken, match="larger than 1000 bytes"):
        http.call(READ, lambda answer: len(answer.body))
    assert http.calls == 2


def test_a_few_bytes_that_unfold_into_many_are_not_unfolded() -> None:
    seen: list[int] = []

    class Weighing(httpx2.Auth):
        def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
            response = yield request
            for piece in response.iter_raw():
                seen.append(len(piece))

    body = gzip.compress(b"0" * 50_000_000)
    http = client(packed(body, len(body)), max_bytes=3_000_000, auth=Weighing())
    with pytest.raises(ContractBroken):
        http.call(READ, value)
    assert max(seen) == 1024 * 1024
    assert sum(seen) <= 3_000_000


@pytest.mark.parametrize("by", [1, 7, 10_000_000])
@pytest.mark.parametrize("size", [0, 1, 1000, 1024 * 1024, 3_000_000])
def test_a_packed_answer_is_read_as_it_was_however_it_comes(size: int, by: int) -> None:
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    handler = packed(gzip.compress(body), by)
    assert client(handler).call(READ, lambda answer: answer.body) == body


def test_an_answer_said_to_be_packed_but_empty_is_empty() -> None:
    assert client(packed(b"")).call(WRITE, lambda answer: answer.body) == b""


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(gzip.compress(b"1" * 99, mtime=0)[:-9], "gzip"), (b"no gzip", "gzip"), (b"7", "br"), (b"7", "gzip, gzip")],
)
def test_a_packed_answer_that_cannot_be_unpacked_is_no_answer(body: bytes, encoding: str) -> None:
    http = client(packed(body, encoding=encoding))
    with pytest.raises(InDoubt, match="DecodingError"):
        http.call(WRITE, value)
    with pytest.raises(OutOfReach):
        http.call(READ, value)


def test_only_the_packing_that_is_unpacked_here_is_asked_for() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["accept-encoding"] == "gzip"
        return httpx2.Response(200, json=7)

    assert client(handler).call(READ, value) == 7


# --- the pace -------------------------------------------------------------------------------------------------------------


class SecondTry(httpx2.Auth):
    def auth_flow(self, request: httpx2.Request) -> Iterator[httpx2.Request]:  # type: ignore[override] # narrower than the base
        yield request
        yield request


def test_each_try_takes_a_slot_and_a_repeated_request_counts_too() -> None:
    pace = CountingPace()
    http = client(lambda request: httpx2.Response(200, json=1), pace=pace, auth=SecondTry())
    http.call(READ, value)
    assert (pace.slots, pace.more, pace.heeded, http.calls) == ([False], 1, ["heeded"], 2)


def test_the_slots_that_were_reserved_are_for_writes() -> None:
    pace = CountingPace()
    http = client(lambda request: httpx2.Response(200, json=1), pace=pace)
    http.call(WRITE, value)
    http.call(READ, value)
    assert pace.slots == [True, False]


def test_a_request_that_would_be_repeated_after_the_deadline_is_not_sent_again() -> None:
    clock = Timepiece()

    def slow(request: httpx2.Request) -> httpx2.Response:
        clock.pass_by(100)
        return httpx2.Response(401)

    http = client(slow, clock, auth=SecondTry())
    with pytest.raises(Unavailable):
        http.call(WRITE, value)
    assert http.calls == 1


# --- addresses --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://hotel.example.com",
        "https://h.example.com:8443/shop",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:1",
    ],
)
def test_an_address_is_https_or_http_to_a_loopback_address(url: str) -> None:
    check_url(url, "url")


@pytest.mark.parametrize(
    "url",
    [
        "http://hotel.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://hotel.example.com",
        "hotel.example.com",
        "https://",
        "",
        "https://user:word@hotel.example.com",
        "http://user@localhost",
        "https://hotel.example.com/?key=1",
        "https://hotel.example.com/#a",
        "https://hotel.example.com:port",
        "https://[::1",
    ],
)
def test_any_other_address_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url, "url")


# --- Retry-After ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "Sun, 01 Mar 2026 08:00:30 GMT", "date": "Sun, 01 Mar 2026 08:00:00 GMT"}, 30.0),
        ({"retry-after": "Sun, 01 Mar 2026 07:00:00 GMT", "date": "Sun, 01 Mar 2026 08:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 01 Mar 2026 08:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_the_pause_that_an_answer_asks_for_is_read_if_it_can_be(headers: dict[str, str], seconds: float | None) -> None:
    assert Answer(429, headers, b"").retry_after_s == seconds


# --- privacy ----------------------------------------------------------------------------------------------------------------


def test_nothing_secret_stands_in_log_lines_reprs_or_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("SECRET-KEY", "SECRET-QUERY", "SECRET-GUEST", "SECRET-ANSWER", "SECRET-HEADER")
    request = Request(
        "POST",
        "/things",
        params={"token": "SECRET-QUERY"},
        json={"name": "SECRET-GUEST"},
        headers={"X-Token": "SECRET-HEADER"},
        write=True,
    )
    texts = [repr(request)]

    def note(answer: Answer) -> None:
        texts.append(repr(answer))

    answers: list[Handler] = [
        lambda request: httpx2.Response(200, json={"name": "SECRET-ANSWER"}),
        lambda request: httpx2.Response(200, text="SECRET-ANSWER {"),
        raising(httpx2.ReadTimeout("SECRET-QUERY")),
        raising(httpx2.ConnectError("SECRET-QUERY")),
    ]
    for handler in answers:
        http = client(handler, auth=("SECRET-KEY", ""))
        try:
            http.call(request, note)
            http.call(request, value)
        except ZsyncError as err:
            texts += [str(err), err.hint, repr(err)]
    shown = "\n".join(texts) + caplog.text
    assert "POST /things 200" in shown
    assert "POST /things failed: ReadTimeout" in shown
    assert [secret for secret in secrets if secret in shown] == []
