"""The stand-in QloApps webservice: what it answers to each request, over tables that a test or the desk can change.

    host name -> key -> webservice on -> resource -> permission -> one object or a list -> rendering

The order of the gates is the real one's: a wrong host name is redirected before anything is looked at, a request without
any key is refused in plain text, and only then JSON errors begin.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from werkzeug import Request, Response

from zsync.sandbox.hotel.desk import Desk
from zsync.sandbox.hotel.faults import Fault, Mood
from zsync.sandbox.hotel.query import Complaint, Display, Row, languages, select, shown, shuffled, view
from zsync.sandbox.hotel.tables import NAMES, RESOURCES

DEMO_KEY = "ZSYNCSANDBOXHOTELKEY000000000001"
"""The key of the stand-in, 32 characters, good for nothing else."""

_READING = frozenset({"GET", "HEAD"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may do: `resources` it may read (None: all), whether it is `active` and `linked` to the shop."""

    resources: frozenset[str] | None = None
    active: bool = True
    linked: bool = True

    def may(self, resource: str) -> bool:
        return self.resources is None or resource in self.resources


class Hotel:
    """A QloApps shop behind its webservice.

    `tables` maps a resource to its rows, each shaped as `display=full` shows it (see `recorded.load` and `demo.group`); the
    lists are used as they are, so changes show at once. `clock` gives Unix seconds (`Access-Time`, and the desk's time),
    `domain` the only Host header that is not redirected (None: any). `asked` collects method, path and query of each
    request, without keys. More than `max_rows` displayed rows end as PHP ends out of memory: 500, empty.
    """

    def __init__(
        self,
        tables: Mapping[str, list[dict[str, Any]]],
        *,
        api_key: str = DEMO_KEY,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        domain: str | None = None,
        max_rows: int | None = None,
    ) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {name: tables.get(name, []) for name in RESOURCES}
        self.keys: dict[str, Key] = {api_key: Key()}
        self.api_key = api_key
        self.clock = clock
        self.domain = domain
        self.max_rows = max_rows
        self.asked: list[str] = []
        self.desk = Desk(self.tables, clock=clock)
        self._mood = Mood(sleep)

    def allow(self, key: str, *resources: str, active: bool = True, linked: bool = True) -> None:
        """Add a key, or change one; without `resources` it may read all of them."""
        self.keys[key] = Key(frozenset(resources) or None, active, linked)

    def behave(self, fault: Fault, *, resource: str | None = None, times: int | None = None, after: int = 0) -> None:
        """Misbehave from now on: on requests for `resource` (None: any), `times` times (None: until `behave_well`).

        The first `after` such requests are still answered well.
        """
        self._mood.turn(fault, resource=resource, times=times, after=after)

    def behave_well(self) -> None:
        """Forget all faults."""
        self._mood.clear()

    def handle(self, request: Request) -> Response:
        """The answer to one request whose path begins with `/api`."""
        segments = [part for part in request.path.split("/") if part]
        resource = segments[1] if len(segments) > 1 else ""
        self._note(request)
        fault = self._mood.next(resource)
        if fault == "redirect" or self._elsewhere(request):
            return self._redirect(request, resource)
        if not segments or segments[0] != "api":
            return Response("Not Found", status=404, content_type="text/html; charset=utf-8")
        try:
            permitted = self._admit(request, off=fault == "off")
            body = self._answer(request, permitted, segments[1:])
        except Complaint as complaint:
            return self._complain(request, complaint)
        if body is None:
            return self._bare(404)
        return self._mood.spoil(fault, self._render(request, body), resource)

    # -- the gates --------------------------------------------------------------------------------------------------

    def _note(self, request: Request) -> None:
        query = "&".join(f"{k}={v}" for k, v in request.args.items(multi=True) if k != "ws_key")
        self.asked.append(f"{request.method} {request.path}" + (f"?{query}" if query else ""))

    def _elsewhere(self, request: Request) -> bool:
        return (self.domain is not None and request.host != self.domain) or "id_shop" in request.args

    def _redirect(self, request: Request, resource: str) -> Response:
        query = request.query_string.decode("latin-1")
        where = f"http://{self.domain or request.host}/index.php?{query}{'&' if query else ''}url={resource}"
        response = Response(b"", status=302, content_type="text/html; charset=utf-8")
        response.autocorrect_location_header = False
        response.headers["Location"] = where
        return response

    def _admit(self, request: Request, *, off: bool) -> Key:
        """The key that the request carries; Complaint with the code of the gate that it does not pass."""
        text = (request.authorization.username or "") if request.authorization else request.args.get("ws_key", "")
        if not text:
            raise Complaint(401)
        if off or self._setting("PS_WEBSERVICE") == "0":
            raise Complaint(503, (22, "The QloApps webservice is disabled. Please activate it in the QloApps Back Office"))
        if len(text) != 32:
            raise Complaint(401, (18, "Invalid authentication key format"))
        key = self.keys.get(text)
        if key is None or not key.active:
            inactive, unknown = "Authentification key is not active", "No permission for this authentication key"
            raise Complaint(401, (20, inactive), (21, unknown))
        if not key.linked:
            raise Complaint(403, (132, "No permission for this key on this shop"))
        return key

    def _setting(self, name: str) -> str | None:
        return next((str(row["value"]) for row in self.tables["configurations"] if row["name"] == name), None)

    # -- the answers ------------------------------------------------------------------------------------------------

    def _answer(self, request: Request, key: Key, segments: list[str]) -> _Body | None:
        """What to render; None for an object that does not exist. Raises Complaint."""
        if request.method not in _METHODS:
            raise Complaint(405, (23, f"Method {request.method} is not valid"))
        if not segments:
            return _Body("api", "", [{"name": name} for name in NAMES if key.may(name)], names=True)
        resource = segments[0]
        if resource not in NAMES:
            full = '", "'.join(NAMES)
            raise Complaint(400, (27, f'Resource of type "{resource}" does not exists. The full list is: "{full}"'))
        if not key.may(resource):
            raise Complaint(401, (26, f'Resource of type "{resource}" is not allowed with this authentication key'))
        if request.method not in _READING:
            refused = f"Method {request.method} is not allowed for the resource {resource} with this authentication key"
            raise Complaint(405, (25, refused))
        if resource not in RESOURCES:
            return self._apart(resource, segments[1:])
        return self._object(request, resource, segments[1]) if len(segments) > 1 else self._list(request, resource)

    def _apart(self, resource: str, rest: list[str]) -> _Body | None:
        """Resources without a table of their own.

        `bookings` lists the numbers of all orders, whatever else is asked. The tree of one order is not built here, and
        `extra_services` dies in the real one too: both end as a PHP fatal does, so that nobody leans on them.
        """
        if resource == "extra_services" or (resource == "bookings" and rest):
            return _Body("", "", [], died=True)
        rows = shuffled("bookings", self.tables["orders"]) if resource == "bookings" else []
        return _Body(resource, resource, [{"id": int(row["id"])} for row in rows])

    def _list(self, request: Request, resource: str) -> _Body:
        spec = RESOURCES[resource]
        spoken = languages(request.args.get("language"), self._languages())
        display, rows = select(spec, self.tables[resource], request.args)
        if self.max_rows is not None and len(rows) > self.max_rows and not display.ids_only:
            return _Body("", "", [], died=True)
        return _Body(spec.listed, spec.item, [view(spec, row, display, spoken) for row in rows])

    def _object(self, request: Request, resource: str, text: str) -> _Body | None:
        """One object in full; with a `display` of any kind only its number, as a list."""
        spec = RESOURCES[resource]
        spoken = languages(request.args.get("language"), self._languages())
        row = next((row for row in self.tables[resource] if str(row["id"]) == text), None)
        if row is None:
            return None
        if "display" in request.args:
            shown(spec, request.args["display"])
            return _Body(spec.listed, spec.item, [{"id": int(row["id"])}])
        return _Body(spec.listed, spec.item, [view(spec, row, Display(everything=True), spoken)], single=True)

    def _languages(self) -> list[int]:
        return [int(row["id"]) for row in self.tables["languages"]] or [1]

    # -- rendering --------------------------------------------------------------------------------------------------

    def _complain(self, request: Request, complaint: Complaint) -> Response:
        if not complaint.errors:
            response = Response("401 Unauthorized", status=401, content_type="text/html; charset=utf-8")
            response.headers["WWW-Authenticate"] = _REALM.format("PrestaShop")
            response.headers["Set-Cookie"] = "QloApps-0=none; path=/; httponly"
            return response
        errors = [{"code": code, "message": message} for code, message in complaint.errors]
        response = self._dressed(request, complaint.status, {"errors": errors}, _xml_errors(errors))
        if complaint.status == 401 and complaint.errors[0][0] != 26:
            response.headers["WWW-Authenticate"] = _REALM.format("QloApps")
        return response

    def _render(self, request: Request, body: _Body) -> Response:
        if body.died:
            return Response(b"", status=500, content_type="text/html; charset=utf-8")
        return self._dressed(request, 200, body.json(), body.xml())

    def _dressed(self, request: Request, status: int, as_json: object, as_xml: str) -> Response:
        if _format(request) == "JSON":
            text = json.dumps(as_json, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
            response = Response(text, status=status, content_type="application/json")
        else:
            response = Response(as_xml, status=status, content_type="text/xml;charset=utf-8")
        self._stamp(response)
        if status == 200:
            response.headers["Content-Sha1"] = hashlib.sha1(response.get_data(), usedforsecurity=False).hexdigest()
        return response

    def _bare(self, status: int) -> Response:
        """An answer with neither body nor content type, as for an object that does not exist."""
        response = Response(b"", status=status)
        self._stamp(response)
        del response.headers["Content-Type"]
        return response

    def _stamp(self, response: Response) -> None:
        response.headers["Access-Time"] = str(int(self.clock()))
        response.headers["PSWS-Version"] = "1.6.1.23"
        response.headers["Execution-Time"] = "0.003"
        response.headers["X-Powered-By"] = "PrestaShop Webservice"


_REALM = 'Basic realm="Welcome to {} Webservice, please enter the authentication key as the login. No password required."'


@dataclass(frozen=True, slots=True)
class _Body:
    """An answer before it is written: rows under their element names, one `single` object, or mere `names`."""

    listed: str
    item: str
    rows: list[Row]
    single: bool = False
    names: bool = False
    died: bool = False

    def json(self) -> object:
        if self.names:
            return [row["name"] for row in self.rows]
        if self.single:
            return {self.item: self.rows[0]}
        return {self.listed: self.rows} if self.rows else []

    def xml(self) -> str:
        if self.names:
            inner = "".join(f"<{row['name']}/>" for row in self.rows)
            return _xml(f"<api>{inner}</api>")
        items = "".join(_element(self.item, row) for row in self.rows)
        return _xml(items if self.single else f"<{self.listed}>{items}</{self.listed}>")


def _format(request: Request) -> str:
    """The format asked for, in the query or in a header; only `JSON`, so written, is JSON."""
    asked = (
        request.args.get("output_format")
        or request.args.get("io_format")
        or request.headers.get("Output-Format")
        or request.headers.get("Io-Format")
    )
    return "JSON" if asked == "JSON" else "XML"


def _xml(inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<qloapps xmlns:xlink="http://www.w3.org/1999/xlink">\n{inner}\n</qloapps>\n'


def _xml_errors(errors: list[dict[str, Any]]) -> str:
    return _xml("<errors>" + "".join(_element("error", error) for error in errors) + "</errors>")


def _element(name: str, value: object) -> str:
    """One value as an element. Unlike the real one it is escaped: nothing of ours reads XML."""
    if isinstance(value, Mapping):
        return f"<{name}>" + "".join(_element(str(k), v) for k, v in value.items()) + f"</{name}>"
    if isinstance(value, list):
        return f"<{name}>" + "".join(_element("item", part) for part in value) + f"</{name}>"
    text = "" if value is None or value is False else str(value)
    return f"<{name}>{escape(''.join(c for c in text if c >= ' ' or c in chr(9) + chr(10)))}</{name}>"
