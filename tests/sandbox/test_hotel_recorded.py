"""The proof that the stand-in behaves as the real webservice: every recorded GET is asked again and the answers compared."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from zsync.sandbox.hotel import Hotel, recorded

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
RECORDINGS = SHARED / "recordings" / "qloapps"
KEY = "A" * 32
LIMITED = "B" * 32
SHOP = "127.0.0.1:8088"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of the real webservice are not here")

# What is not asked again, with the reason; the first word that is part of the file's name decides.
LEFT_OUT = {
    "__synopsis__": "descriptions of resources (schema=synopsis) are not served: no reader asks for them",
    "bookings__schema": "descriptions of resources (schema=blank) are not served: no reader asks for them",
    "__blank__": "descriptions of resources (schema=blank) are not served: no reader asks for them",
    "bookings_": "the tree of one order (bookings/{id}) is not built: the reader assembles orders from their tables",
    "one_language__": "recorded on the shop before it had its data: other rows",
    "empty__bookings": "recorded on the shop before it had its data: other rows",
    "empty__order": "recorded on the shop before it had its data: other rows",
    "empty__room_bookings": "recorded on the shop before it had its data: other rows",
    "trap__cdata_end": "this customer's note was another one while it was recorded",
}


def _index() -> dict[str, dict[str, Any]]:
    if not RECORDINGS.is_dir():
        return {}
    index: dict[str, dict[str, Any]] = json.loads((RECORDINGS / "index.json").read_text(encoding="utf-8"))
    return index


def _left_out(name: str) -> str | None:
    if name.startswith(("bookings__list", "bookings__full")):
        return None
    return next((reason for part, reason in LEFT_OUT.items() if name.startswith(part) or (part[0] == "_" and part in name)), None)


INDEX = {name: entry for name, entry in _index().items() if entry["method"] in ("GET", "HEAD", "PUT")}
ASKED = sorted(name for name in INDEX if _left_out(name) is None)


@pytest.fixture(scope="module")
def shop() -> Hotel:
    hotel = Hotel(recorded.load(RECORDINGS), api_key=KEY, clock=lambda: 1795300318.0, domain=SHOP)
    hotel.allow(LIMITED, "customers", "currencies")
    hotel.allow("C" * 32, active=False)
    hotel.allow("D" * 32, linked=False)
    return hotel


def _key(entry: dict[str, Any], name: str) -> str | None:
    if "no_key" in name or "ws_key" in name:
        return None
    for word, key in {"short_key": "short", "bad_key": "E" * 32, "inactive": "C" * 32, "not_for_shop": "D" * 32}.items():
        if word in name:
            return key
    return LIMITED if "customers and currencies only" in str(entry["auth"]) else KEY


def ask(hotel: Hotel, name: str, entry: dict[str, Any]) -> Response:
    path, _, query = entry["path"].partition("?")
    headers = {"Host": SHOP, **entry.get("request_headers", {})}
    if key := _key(entry, name):
        headers["Authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    query = query.replace("ZSYNCTESTKEY00000000000000000001", KEY)
    environ = EnvironBuilder(path=path, query_string=query, method=entry["method"], headers=headers).get_environ()
    if "webservice_off" in name:
        hotel.behave("off", times=1)
    answer = hotel.handle(Request(environ))
    return answer if entry["method"] != "HEAD" else Response.from_app(answer, environ)


def comparable(entry: dict[str, Any], body: str) -> object:
    """A body as far as it must agree: JSON by value; errors by code, their prose is for people.

    Rows without `sort`, or whose sort leaves ties, come in an order that means nothing: compared as a set; with a limit as
    well, only their number is the same.
    """
    value = json.loads(body)
    if isinstance(value, dict) and "errors" in value:
        return [error["code"] for error in value["errors"]]
    rows = next(iter(value.values())) if isinstance(value, dict) else None
    all_orders = entry["path"].startswith("/api/bookings?")
    if isinstance(rows, list) and ("id_ASC" not in entry["path"] or all_orders):
        if "limit=" in entry["path"] and not all_orders:
            return [next(iter(value)), len(rows), sorted({key for row in rows for key in row})]
        return [next(iter(value)), sorted(json.dumps(row, sort_keys=True) for row in rows)]
    return value


@pytest.mark.parametrize("name", ASKED)
def test_a_recorded_request_gets_the_recorded_answer(name: str, shop: Hotel) -> None:
    entry = INDEX[name]
    answer = ask(shop, name, entry)
    assert answer.status_code == entry["status"]
    assert answer.headers.get("Content-Type", "").replace(" ", "") == entry["content_type"].replace(" ", "")
    for header in ("Access-Time", "PSWS-Version", "WWW-Authenticate", "Location", "Content-Sha1"):
        assert (header in answer.headers) == (header in entry["headers"]), header
    recorded_body = (RECORDINGS / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        assert comparable(entry, answer.get_data(as_text=True)) == comparable(entry, recorded_body)
    elif name.endswith(".xml"):
        assert answer.get_data(as_text=True).startswith("<?xml")
    else:
        assert answer.get_data(as_text=True) == recorded_body


def test_most_of_what_was_recorded_is_asked_again() -> None:
    asked_json = [name for name in ASKED if name.endswith(".json")]
    all_json = [name for name in INDEX if name.endswith(".json")]
    assert len(asked_json) / len(all_json) > 0.9
    assert all(reason for reason in map(_left_out, set(INDEX) - set(ASKED)))


def test_sorted_answers_agree_to_the_byte(shop: Hotel) -> None:
    """Field order, types, escapes: the whole rendering. (`bookings` sorts nothing.)"""
    names = [name for name in ASKED if name.endswith(".json") and "id_ASC" in INDEX[name]["path"] and name[:9] != "bookings_"]
    differing = [n for n in names if ask(shop, n, INDEX[n]).headers["Content-Sha1"] != INDEX[n]["headers"]["Content-Sha1"]]
    assert differing == []
