"""Calls to a Zoho finance product: organisation added, answers judged, limits heeded, pages followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zsync.errors import ContractBroken, QuotaUsedUp, Throttled, Unavailable
from zsync.net.client import Answer, Http, Request
from zsync.net.exact import decode
from zsync.net.pace import Pace
from zsync.targets.zoho.connection import used_up
from zsync.targets.zoho.errors import AT_ONCE_S, LIMITS, REMOTE, TOKEN, classify, code_of, unreadable

PER_PAGE = 200
"""Zoho's largest page."""

_MOST_PAGES = 10_000


class ZohoClient:
    """`get`, `post`, `put`, `delete` under `prefix` (`/books/v3`), each one request; the decoded answer comes back."""

    def __init__(self, http: Http, pace: Pace, prefix: str, organization_id: str) -> None:
        self._http = http
        self._pace = pace
        self._prefix = prefix
        self._organization = organization_id

    @property
    def calls(self) -> int:
        return self._http.calls

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._call("GET", path, params)

    def post(
        self, path: str, body: Mapping[str, object] | None = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return self._call("POST", path, params, body)

    def put(self, path: str, body: Mapping[str, object], params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._call("PUT", path, params, body)

    def delete(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._call("DELETE", path, params)

    def pages(self, path: str, name: str, params: Mapping[str, str] | None = None) -> Iterator[Mapping[str, Any]]:
        """The rows of a list, page after page. Some lists come under another name live: `name` may hold `a|b`."""
        before: list[Mapping[str, Any]] | None = None
        for page in range(1, _MOST_PAGES):
            answer = self.get(path, {**(params or {}), "page": str(page), "per_page": str(PER_PAGE)})
            found = rows(answer, name)
            if found == before:
                break  # the same page again: the remote does not count
            yield from found
            if not _has_more(answer, len(found), path):
                return
            before = found
        raise ContractBroken(f"the list {path} does not end", remote=REMOTE)

    def _call(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        request = Request(
            method,
            self._prefix + path,
            params={"organization_id": self._organization, **(params or {})},
            json=body,
            write=method != "GET",
        )
        return self._http.call(request, lambda answer: self._judged(method, answer))

    def _judged(self, method: str, answer: Answer) -> dict[str, Any]:
        """What the answer holds; a refusal for lack of room is told to the pace before anybody tries again."""
        try:
            return _judge(method, answer)
        except Throttled as err:
            err.after_s = self._slowed(err, answer.retry_after_s)
            raise
        except Unavailable as err:
            err.after_s = answer.retry_after_s or 0.0
            raise
        except QuotaUsedUp as err:
            raise used_up(err, self._pace, answer.retry_after_s) from err

    def _slowed(self, err: Throttled, asked_s: float | None) -> float:
        """Seconds to wait: what the answer asks for, else what the table says."""
        wait_s = asked_s if asked_s is not None else err.after_s
        if err.after_s == AT_ONCE_S:
            self._pace.narrow()
        else:
            self._pace.fill_minute()
        self._pace.pause(wait_s)
        return wait_s


def refused_token(status: int, body: bytes) -> bool:
    """Whether an answer means the access token: code 57 or 14 with any refusal, and 401 unless it speaks of a limit."""
    try:
        loaded = decode(body)
    except ContractBroken:
        return status == 401
    code = code_of(loaded) if isinstance(loaded, dict) else ""
    return code in TOKEN or (status == 401 and code not in LIMITS)


def rows(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The list in an answer; `name` may hold alternatives: `customerpayments|customer_payments`.

    ContractBroken if it is not there, or holds anything but objects: a row left out would read as an absent document.
    """
    for each in name.split("|"):
        found = answer.get(each)
        if isinstance(found, list):
            if not all(isinstance(row, Mapping) for row in found):
                raise ContractBroken(f"a list `{each}` with something else in it", remote=REMOTE)
            return found
    raise ContractBroken(f"an answer without `{name}`", remote=REMOTE)


def resource(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The document in an answer."""
    found = answer.get(name)
    if not isinstance(found, Mapping):
        raise ContractBroken(f"an answer without `{name}`", remote=REMOTE)
    return found


def _has_more(answer: Mapping[str, Any], found: int, path: str) -> bool:
    """Whether a page follows. A short page that does not say so is the last; a full one must say."""
    context = answer.get("page_context")
    more = context.get("has_more_page") if isinstance(context, Mapping) else None
    if isinstance(more, bool):
        return more
    if found >= PER_PAGE:
        raise ContractBroken(f"the list {path} does not say whether more follows", remote=REMOTE)
    return False


def _judge(method: str, answer: Answer) -> dict[str, Any]:
    if answer.content_type not in ("application/json", "text/json"):
        raise unreadable(method, answer.status, answer.request_id)
    try:
        loaded = answer.json()
    except ContractBroken:
        raise unreadable(method, answer.status, answer.request_id) from None
    if not isinstance(loaded, dict):
        raise unreadable(method, answer.status, answer.request_id)
    error = classify(method, answer.status, code_of(loaded), str(loaded.get("message", "")), answer.request_id)
    if error is not None:
        raise error
    return loaded
