"""The sandbox: all systems as one WSGI application, with faults on the way and a ledger of what arrived.

    /oauth/...          --> accounts     /hotel/api/...             --> hotel (prefix /hotel as SCRIPT_NAME)
    /books/v3/...       --> books        /app/{org}                 --> pages to look at
    /creator/v2.1/...   --> creator      /v3/company/...            --> quickbooks
                                         /connect, /oauth2, ...     --> intuit

    request --> late ones that are due --> fault before? --> the system, under its lock --> fault after? --> answer, ledger

Time is what `clock` says; nothing waits but the fault `slow`, by the `sleep` that was given.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from werkzeug import Request, Response
from werkzeug.test import EnvironBuilder

from zsync.sandbox import pages
from zsync.sandbox.accounts import DEAD_TOKEN, Accounts
from zsync.sandbox.books import Books
from zsync.sandbox.books.books import PREFIX
from zsync.sandbox.company import QuickBooks
from zsync.sandbox.company.query import Fault as QuickBooksFault
from zsync.sandbox.company.service import PREFIX as COMPANY_PREFIX
from zsync.sandbox.company.service import THROTTLED
from zsync.sandbox.faults import Fault, Faults
from zsync.sandbox.forms import Application, Creator
from zsync.sandbox.forms import pages as forms_pages
from zsync.sandbox.forms.service import DAY_USED_UP, TOO_MANY
from zsync.sandbox.forms.service import DEAD_TOKEN as CREATOR_DEAD_TOKEN
from zsync.sandbox.forms.service import PREFIX as CREATOR_PREFIX
from zsync.sandbox.ledger import Entry, Ledger
from zsync.sandbox.limits import TOO_MANY_AT_ONCE, TOO_MANY_IN_A_MINUTE, day_used_up
from zsync.sandbox.web import TWICE, ConnectionCut, Mountable, Refusal, json_response, read_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATIENCE = "zsync.patience_s"
"""Key of the WSGI environment: how long the client waits for an answer, in seconds (None or absent: for ever)."""

HTML = "<!doctype html><html><head><title>Service</title></head><body><h1>We are working on it</h1></body></html>"


@dataclass(order=True, slots=True)
class _Late:
    due: float
    turn: int
    system: str = field(compare=False)
    request: Request = field(compare=False)


class Sandbox:
    """The WSGI application. Raises ConnectionCut out of the callable where the client is to get no answer."""

    def __init__(
        self,
        *,
        hotel: Mountable | None = None,
        books: Books | None = None,
        accounts: Accounts | None = None,
        creator: Creator | None = None,
        quickbooks: QuickBooks | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.hotel = hotel
        self.books = books or Books()
        self.accounts = accounts or Accounts()
        self.creator = creator or Creator(Application())
        self.quickbooks = quickbooks or QuickBooks()
        self.books.clock = self.accounts.clock = self.creator.clock = clock
        self.quickbooks.clock = self.quickbooks.company.clock = self.quickbooks.intuit.clock = clock
        self.faults = Faults()
        self.ledger = Ledger()
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.RLock()
        self._late: list[_Late] = []
        self._turns = itertools.count()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(dict(environ))
        response = self.answer(request, patience_s=environ.get(PATIENCE))
        return response(environ, start_response)

    def tick(self) -> int:
        """Let late requests that are due take effect; how many did."""
        with self._lock:
            due = []
            while self._late and self._late[0].due <= self._clock():
                due.append(heapq.heappop(self._late))
            for each in due:
                with self.books.as_of(each.due), self.creator.as_of(each.due):
                    response = self._serve(each.system, each.request, trusted=True)
                self._note(each.system, each.request, response, landed_late=True)
            return len(due)

    def pending(self) -> int:
        """How many late requests are still on their way."""
        return len(self._late)

    # --- one request -------------------------------------------------------------------------------------------------

    def answer(self, request: Request, *, patience_s: float | None = None) -> Response:
        system, inner = _route(request)
        if not system:
            return Response("not found", status=404, content_type="text/plain")
        inner.get_data(cache=True)
        self.tick()
        fault = self.faults.take(system, request.method, inner.path)
        try:
            with self._under_way(system):
                response = self._through(system, inner, fault, patience_s)
        except ConnectionCut:
            self._note(system, inner, None, fault)
            raise
        self._note(system, inner, response, fault)
        return response

    def _through(self, system: str, request: Request, fault: Fault | None, patience_s: float | None) -> Response:
        if fault is None:
            return self._serve(system, request)
        match fault.verb:
            case "refuse" | "throttle_minute" | "throttle_day" | "throttle_concurrent" | "expired_token":
                return self._turned_away(system, fault)
            case "error_before":
                return _internal_error()
            case "error_after":
                self._serve(system, request)
                return _internal_error()
            case "cut_before":
                raise ConnectionCut("cut")
            case "cut_after":
                self._serve(system, request)
                raise ConnectionCut("cut")
            case "refused_connection":
                raise ConnectionCut("refused")
            case "late":
                self._put_off(system, request, fault.seconds)
                raise ConnectionCut("timeout")
            case "twice":
                response = self._serve(system, request)
                response.headers[TWICE] = "yes"
                return response
            case "slow":
                return self._slow(self._serve(system, request), fault.seconds, patience_s)
            case "html":
                if fault.after:
                    self._serve(system, request)
                return Response(HTML, status=fault.status or 200, content_type="text/html;charset=UTF-8")
            case "truncated":
                return self._truncated(system, request, fault)
            case _:
                assert_never(fault.verb)

    def _turned_away(self, system: str, fault: Fault) -> Response:
        """Refused at the door, in the words of the system."""
        match fault.verb, system:
            case "refuse", "quickbooks":
                return self.quickbooks.refused(QuickBooksFault(fault.status or 400, fault.code, fault.message))
            case "refuse", _:
                return _refused(Refusal(fault.status or 400, fault.code, fault.message))
            case "expired_token", "quickbooks":
                return self.quickbooks.refused(QuickBooksFault(401, 3200, "AuthenticationFailed", kind="AUTHENTICATION"))
            case "expired_token", "creator":
                return _refused(CREATOR_DEAD_TOKEN)
            case "expired_token", _:
                return _refused(DEAD_TOKEN)
            case _, "quickbooks":
                return self.quickbooks.refused(THROTTLED)
            case "throttle_day", "creator":
                return _refused(DAY_USED_UP)
            case _, "creator":
                return _refused(TOO_MANY)
            case "throttle_day", _:
                return _refused(day_used_up(self.books.limits.per_day or 1000))
            case "throttle_minute", _:
                return _refused(TOO_MANY_IN_A_MINUTE)
            case _:
                return _refused(TOO_MANY_AT_ONCE)

    def _slow(self, response: Response, seconds: float, patience_s: float | None) -> Response:
        if patience_s is not None and seconds > patience_s:
            self._sleep(patience_s)
            raise ConnectionCut("timeout")
        self._sleep(seconds)
        return response

    def _truncated(self, system: str, request: Request, fault: Fault) -> Response:
        whole = self._serve(system, request).get_data() if fault.after else b'{"code":0,"message":"success"}'
        return Response(whole[: max(1, len(whole) // 2)], status=200, content_type="application/json;charset=UTF-8")

    def _put_off(self, system: str, request: Request, seconds: float) -> None:
        builder = EnvironBuilder(
            path=request.path,
            method=request.method,
            query_string=request.query_string.decode("ascii"),
            data=request.get_data(),
            headers=[(name, value) for name, value in request.headers if name.lower() != "content-length"],
        )
        copy = Request(builder.get_environ())
        copy.get_data(cache=True)
        with self._lock:
            heapq.heappush(self._late, _Late(self._clock() + seconds, next(self._turns), system, copy))

    # --- the systems -------------------------------------------------------------------------------------------------

    @contextmanager
    def _under_way(self, system: str) -> Iterator[None]:
        """Counted among the calls to Books, or to Creator, that are in flight, also while a slow answer is on its way."""
        meter, one, other = self.books.meter, int(system == "books"), int(system == "creator")
        with self.books.lock, self.creator.lock:
            meter.under_way += one
            self.creator.under_way += other
        try:
            yield
        finally:
            with self.books.lock, self.creator.lock:
                meter.under_way -= one
                self.creator.under_way -= other

    def _serve(self, system: str, request: Request, *, trusted: bool = False) -> Response:
        match system:
            case "books":
                return self._zoho(request, trusted, self.books.handle)
            case "creator":
                return self._zoho(request, trusted, self.creator.handle)
            case "quickbooks":
                return self.quickbooks.handle(request)
            case "intuit":
                with self.quickbooks.lock:
                    return self.quickbooks.intuit.handle(request)
            case "accounts":
                with self._lock:
                    return self.accounts.handle(request)
            case "pages":
                return self._page(request)
            case _:
                if self.hotel is None:
                    return Response("not found", status=404, content_type="text/plain")
                with self._lock:
                    return self.hotel.handle(request)

    def _page(self, request: Request) -> Response:
        app = self.creator.application
        base = f"/app/{app.owner}/{app.link_name}/"
        if f"{request.path.rstrip('/')}/".startswith(base) or (app.forms and request.path in ("/", "/app", "/app/")):
            with self.creator.lock:
                return forms_pages.handle(request, app, base)
        return pages.handle(request, self.books)

    def _zoho(self, request: Request, trusted: bool, handle: Callable[..., Response]) -> Response:
        """A request that landed late was admitted when it arrived."""
        if trusted:
            return handle(request)
        try:
            with self._lock:
                scopes = self.accounts.scopes_of(request.headers.get("Authorization"))
        except Refusal as no:
            return _refused(no if handle == self.books.handle else CREATOR_DEAD_TOKEN)
        return handle(request, scopes)

    # --- the ledger --------------------------------------------------------------------------------------------------

    def _note(
        self, system: str, request: Request, response: Response | None, fault: Fault | None = None, *, landed_late: bool = False
    ) -> None:
        code = None
        if response is not None and response.mimetype == "application/json" and system in ("books", "creator"):
            code = _code_of(response)
        self.ledger.add(
            Entry(
                system=system,
                method=request.method,
                path=request.path,
                query=_shown_query(system, request),
                body=_shown_body(system, request),
                status=response.status_code if response is not None else 0,
                code=code,
                at=self._clock(),
                fault=fault.verb if fault is not None else "",
                landed_late=landed_late,
            )
        )


def _route(request: Request) -> tuple[str, Request]:
    """(system, the request as it sees it); an empty system: nothing stands there."""
    path = request.path
    if path.startswith(PREFIX + "/"):
        return "books", _below(request, PREFIX)
    if path.startswith(CREATOR_PREFIX + "/"):
        return "creator", _below(request, CREATOR_PREFIX)
    if path.startswith(COMPANY_PREFIX + "/"):
        return "quickbooks", _below(request, COMPANY_PREFIX)
    if path.startswith(("/connect/", "/oauth2/", "/v2/oauth2/", "/.well-known/")):
        return "intuit", request
    if path.startswith("/oauth/"):
        return "accounts", request
    if path.startswith("/hotel/"):
        return "hotel", _below(request, "/hotel")
    if path in ("/", "/app") or path.startswith("/app/"):
        return "pages", request
    return "", request


def _below(request: Request, prefix: str) -> Request:
    environ = dict(request.environ)
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
    environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :]
    environ.pop("werkzeug.request", None)
    return Request(environ)


def _refused(no: Refusal) -> Response:
    return json_response(no.status, {"code": no.code, "message": no.message})


def _internal_error() -> Response:
    return json_response(500, {"code": 1000, "message": "Internal Error"})


def _code_of(response: Response) -> int | None:
    try:
        loaded = read_json(response.get_data(as_text=True))
    except ValueError:
        return None
    code = loaded.get("code") if isinstance(loaded, dict) else None
    return code if isinstance(code, int) else None


def _shown_query(system: str, request: Request) -> Mapping[str, str]:
    """Accounts' queries may hold codes and tokens: only what kind of request it was is kept."""
    query: Mapping[str, str] = request.args.to_dict()
    if system in ("accounts", "intuit"):
        merged = {**query, **request.form.to_dict()}
        return {name: merged[name] for name in ("grant_type", "scope", "access_type", "prompt") if name in merged}
    if system == "hotel":
        return {name: value for name, value in query.items() if name != "ws_key"}
    return query


def _shown_body(system: str, request: Request) -> Mapping[str, Any] | None:
    if system not in ("books", "creator", "quickbooks") or not request.get_data():
        return None
    text = request.form.get("JSONString", "") if request.form else request.get_data(as_text=True)
    try:
        loaded = read_json(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None
