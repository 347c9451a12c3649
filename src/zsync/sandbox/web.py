"""Requests and answers of the stand-ins: JSON with exact numbers both ways, refusals, and connections that break."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from werkzeug import Request, Response

MALFORMED = 1038


class Mountable(Protocol):
    """A stand-in that answers the requests below its prefix; `PATH_INFO` is what stands after it."""

    def handle(self, request: Request) -> Response: ...


TWICE = "X-Sandbox-Twice"
"""A header by which the application asks its server to send the answer two times."""


class ConnectionCut(Exception):
    """The client gets no answer. A server closes the socket; in process it leaves the WSGI callable.

    `kind`: "cut" (closed before an answer), "timeout" (no answer in time), "refused" (nothing was listening).
    """

    def __init__(self, kind: Literal["cut", "timeout", "refused"]) -> None:
        super().__init__(f"connection {kind}")
        self.kind = kind


class Refusal(Exception):
    """A request that is answered with an error: HTTP status, Zoho's code, Zoho's words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Books, decoded. `path` is what stands after `/books/v3`."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A success: `content` holds the resource under its key."""

    content: Mapping[str, Any] = field(default_factory=dict)
    message: str = "success"
    status: int = 200


def read_json(text: str) -> Any:
    """JSON with every number that has a point as Decimal. ValueError if it is none."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def write_json(node: object) -> str:
    """JSON with exact numbers and no needless zeros (`100`, `99.9`). A float is a TypeError."""
    match node:
        case None | bool() | str() | int():
            return json.dumps(node, ensure_ascii=False)
        case Decimal():
            return plain(node)
        case Mapping():
            return "{" + ",".join(f"{json.dumps(str(name))}:{write_json(value)}" for name, value in node.items()) + "}"
        case Sequence():
            return "[" + ",".join(write_json(value) for value in node) + "]"
        case _:
            raise TypeError(f"{type(node).__name__} in an answer")


def plain(number: Decimal) -> str:
    """Without exponent, without zeros at the end."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def body_of(request: Request) -> Mapping[str, Any]:
    """The JSON body, or the older form field JSONString. Refusal 1038 for anything else that is not empty."""
    text = request.get_data(as_text=True)
    if not text.strip():
        return {}
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        text = request.form.get("JSONString", "")
    try:
        loaded = read_json(text)
    except ValueError as err:
        raise Refusal(400, MALFORMED, "JSON is not well formed") from err
    if isinstance(loaded, list):
        return {"": loaded}
    if not isinstance(loaded, dict):
        raise Refusal(400, MALFORMED, "JSON is not well formed")
    return loaded


def json_response(status: int, node: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(write_json(node), status=status, headers=dict(headers or {}), content_type="application/json;charset=UTF-8")


def _no_constant(name: str) -> object:
    raise ValueError(name)
