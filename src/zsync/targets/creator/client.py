"""Calls to one application of Zoho Creator (API v2.1): answers judged, limits heeded, cursors followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zsync.errors import ContractBroken, QuotaUsedUp, Refused, Throttled
from zsync.net.client import Answer, Http, Request
from zsync.net.exact import decode
from zsync.net.pace import Pace
from zsync.targets.creator.errors import DONE, REMOTE, classify, code_of, unreadable, words_of
from zsync.targets.zoho.connection import used_up

PAGE = 1000
"""Creator's largest page."""

LOT = 200
"""The most records of one add, one update or one delete."""

KEYS = 100
"""Keys in one question: its address must stay below some six kilobytes."""

_PREFIX = "/creator/v2.1"
_MOST_PAGES = 10_000


class CreatorClient:
    """The application's forms and reports. Each write is one request; `skip` names the workflows that are left out."""

    def __init__(self, http: Http, pace: Pace, owner: str, app: str, *, environment: str, skip: Sequence[str] = ()) -> None:
        self._http = http
        self._pace = pace
        self._owner = owner
        self._app = app
        self._headers = {} if environment == "production" else {"environment": environment.replace("staging", "stage")}
        self._skip = {"skip_workflow": list(skip)} if skip else {}

    @property
    def calls(self) -> int:
        return self._http.calls

    # --- records ----------------------------------------------------------------------------------------------------------

    def add(self, form: str, records: Sequence[Mapping[str, object]], ask: Sequence[str]) -> list[Mapping[str, Any]]:
        """At most 200 records; one result each, in their order, with the fields `ask`. ContractBroken if results are missing."""
        body = {"data": list(records), **self._skip, "result": {"fields": list(ask), "message": True}}
        found = _results(self._call("POST", f"/data/{self._place}/form/{form}", body=body))
        if len(found) != len(records):
            raise ContractBroken(f"{len(found)} results for {len(records)} records", remote=REMOTE)
        return found

    def where(self, report: str, criteria: str) -> list[Mapping[str, Any]]:
        """The records that match, at most a page of 200: all that the report shows of them."""
        return list(self._records(report, {"criteria": criteria, "max_records": "200", "field_config": "all"}))

    def one(self, report: str, id: str) -> Mapping[str, Any] | None:
        """The record with this ID, as the report shows it; None where there is none. Unlike a list, it leaves nothing out."""
        try:
            answer, _ = self._page(f"/data/{self._place}/report/{report}/{id}", {"field_config": "all"}, {})
        except Refused as err:
            if err.gone:
                return None
            raise
        row = answer.get("data") if answer else None
        if answer and not isinstance(row, Mapping):
            raise ContractBroken("a record that is none", remote=REMOTE)
        return row

    def every(self, report: str) -> Iterator[Mapping[str, Any]]:
        """All records that the report shows, a thousand a call."""
        return self._records(report, {"max_records": str(PAGE), "field_config": "all"})

    def update(self, report: str, id: str, data: Mapping[str, object]) -> Mapping[str, Any]:
        """One record; the fields that are named."""
        return self._call("PATCH", f"/data/{self._place}/report/{report}/{id}", body={"data": dict(data), **self._skip})

    def update_where(self, report: str, criteria: str, data: Mapping[str, object]) -> list[Mapping[str, Any]]:
        """The same fields in all records that match, at most 200."""
        body = {"criteria": criteria, "data": dict(data), **self._skip}
        return _results(self._call("PATCH", f"/data/{self._place}/report/{report}", body=body))

    def delete(self, report: str, id: str) -> list[Mapping[str, Any]]:
        """One record; Refused, `gone`, where there is none."""
        return _results(self._call("DELETE", f"/data/{self._place}/report/{report}/{id}"))

    def delete_where(self, report: str, criteria: str) -> list[Mapping[str, Any]]:
        """All records that match, at most 200."""
        body = {"criteria": criteria, **self._skip}
        return _results(self._call("DELETE", f"/data/{self._place}/report/{report}", body=body))

    # --- metadata ---------------------------------------------------------------------------------------------------------

    def application(self) -> Mapping[str, Any]:
        """The application as Creator lists it: date format and time zone. ContractBroken where it is not among them."""
        listed = self._call("GET", f"/meta/{self._owner}/applications").get("applications")
        found = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
        for each in found:
            if each.get("link_name") == self._app:
                return each
        names = ", ".join(sorted(str(each.get("link_name")) for each in found)) or "none"
        raise ContractBroken(f"the owner has no application `{self._app}`; there are: {names}", remote=REMOTE)

    def fields(self, form: str) -> list[Mapping[str, Any]]:
        listed = self._call("GET", f"/meta/{self._place}/form/{form}/fields").get("fields")
        if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
            raise ContractBroken(f"the fields of `{form}` are no list", remote=REMOTE)
        return listed

    def reports(self) -> list[str]:
        listed = self._call("GET", f"/meta/{self._place}/reports").get("reports")
        return [str(each.get("link_name")) for each in listed or () if isinstance(each, Mapping)]

    # --- kitchen ----------------------------------------------------------------------------------------------------------

    @property
    def _place(self) -> str:
        return f"{self._owner}/{self._app}"

    def _records(self, report: str, params: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Page after page. A cursor, or a first record, that comes again would never end."""
        cursor, seen = "", set[str]()
        for _ in range(_MOST_PAGES):
            headers = {"record_cursor": cursor} if cursor else {}
            answer, next_cursor = self._page(f"/data/{self._place}/report/{report}", params, headers)
            rows = answer.get("data") if answer else []
            if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
                raise ContractBroken("a list of records with something else in it", remote=REMOTE)
            yield from rows
            first = str(rows[0].get("ID")) if rows else ""
            if not next_cursor or not rows:
                return
            if next_cursor in seen or first in seen:
                break
            seen |= {next_cursor, first}
            cursor = next_cursor
        raise ContractBroken(f"the list of `{report}` does not end", remote=REMOTE)

    def _page(self, path: str, params: Mapping[str, str], headers: Mapping[str, str]) -> tuple[Mapping[str, Any], str]:
        request = Request("GET", _PREFIX + path, params=params, headers={**self._headers, **headers})

        def judge(answer: Answer) -> tuple[Mapping[str, Any], str]:
            return self._judged("GET", answer), answer.headers.get("record_cursor", "")

        return self._http.call(request, judge)

    def _call(self, method: str, path: str, *, body: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        request = Request(method, _PREFIX + path, json=body, headers=self._headers, write=method != "GET")
        return self._http.call(request, lambda answer: self._judged(method, answer))

    def _judged(self, method: str, answer: Answer) -> Mapping[str, Any]:
        """What the answer holds; a refusal for lack of room is told to the pace before anybody tries again."""
        try:
            return _judge(method, answer)
        except Throttled as err:
            err.after_s = answer.retry_after_s if answer.retry_after_s is not None else err.after_s
            self._pace.narrow()
            self._pace.fill_minute()
            self._pace.pause(err.after_s)
            raise
        except QuotaUsedUp as err:
            raise used_up(err, self._pace, answer.retry_after_s) from err


def refused_token(status: int, body: bytes) -> bool:
    """Whether an answer means the access token: code 1030, or any other 401 that does not speak of scopes."""
    try:
        loaded = decode(body)
    except ContractBroken:
        return status == 401
    code = code_of(loaded) if isinstance(loaded, dict) else None
    return code == 1030 or (status == 401 and code not in (2945, 1000))


def _judge(method: str, answer: Answer) -> Mapping[str, Any]:
    if answer.status == 204:
        return {}
    if answer.content_type not in ("application/json", "text/json"):
        raise unreadable(method, answer.status, answer.request_id)
    try:
        loaded = answer.json()
    except ContractBroken:
        raise unreadable(method, answer.status, answer.request_id) from None
    if not isinstance(loaded, dict):
        raise unreadable(method, answer.status, answer.request_id)
    error = classify(method, answer.status, code_of(loaded), words_of(loaded), answer.request_id)
    if error is not None:
        raise error
    return loaded if code_of(loaded) == DONE else {}


def _results(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results of a write; none where nothing matched. One record alone comes unwrapped."""
    if not answer:
        return []
    found = answer.get("result", [answer] if "data" in answer else None)
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ContractBroken("an answer without its results", remote=REMOTE)
    return found
