"""The QloApps webservice, as it really answers (facts, sections 1 to 3).

JSON only, the key as user name of basic auth (never in the URL), named fields, `sort=[id_ASC]` with every limit, pages
that halve when the shop's PHP runs out of memory. An empty list is `[]`; whether that can be true is the reader's question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zsync.errors import ConfigError, ContractBroken, OutOfReach, RunError, Unavailable, ZsyncError
from zsync.net.client import Answer, Http, Request
from zsync.sources.qloapps.values import Row

REMOTE = "qloapps"

_SMALLEST_PAGE = 25
_LONGEST_LIST = 400
"""Ids in one filter: request lines of web servers end near 8 kB."""


class PageTooLarge(Unavailable):
    """The shop died on this page (500 with an empty body): ask for half."""


class Client:
    """Reads lists of the webservice. `server_time` is the shop's clock at its last answer (epoch seconds)."""

    def __init__(self, http: Http, page_size: int) -> None:
        self._http = http
        self._page_size = page_size
        self.language = ""
        self.server_time = 0

    @property
    def calls(self) -> int:
        return self._http.calls

    def rows(self, resource: str, fields: str, filters: Mapping[str, str] | None = None, *, dated: bool = False) -> list[Row]:
        """All rows that match, by id. `fields` is what stands in `display=[...]`, or `full`."""
        return [row for page in self.pages(resource, fields, filters, dated=dated) for row in page]

    def pages(
        self, resource: str, fields: str, filters: Mapping[str, str] | None = None, *, dated: bool = False
    ) -> Iterator[list[Row]]:
        """The rows that match, page by page. Where no filter is on `id`, pages go by the last id, not by an offset."""
        wanted, size = dict(filters or {}), self._page_size
        by_id = "id" not in wanted
        last, offset = "0", 0
        while True:
            asked = {**wanted, "id": f">[{last}]"} if by_id and last != "0" else wanted
            limit = f"{size}" if by_id else f"{offset},{size}"
            try:
                page = self._get(resource, fields, asked, limit, dated=dated)
            except PageTooLarge as err:
                if size <= _SMALLEST_PAGE:
                    raise OutOfReach(err.message, hint=err.hint, remote=REMOTE) from err
                size //= 2
                continue
            if page:
                yield page
            if len(page) < size:
                return
            last, offset = str(page[-1].get("id", "0")), offset + len(page)

    def among(self, resource: str, fields: str, name: str, values: Sequence[str]) -> list[Row]:
        """The rows whose field `name` is one of `values`; long lists in several requests, dense numbers as a range."""
        found: list[Row] = []
        for start in range(0, len(values), _LONGEST_LIST):
            some = list(values[start : start + _LONGEST_LIST])
            kept = set(some)
            rows = self.rows(resource, fields, {name: _one_of(some)})
            found += [row for row in rows if str(row.get(name)) in kept]
        return found

    def last(self, resource: str) -> int:
        """The highest id of a table; 0 for an empty one."""
        params = {"display": "[id]", "sort": "[id_DESC]", "limit": "1"}
        rows = self._ask(resource, params)
        return int(str(rows[0].get("id", 0))) if rows else 0

    def permitted(self) -> set[str]:
        """The names of the resources that this key may read."""
        answer = self._http.call(Request("GET", "/api/", {"output_format": "JSON"}), _judge)
        return {str(name) for name in answer}

    def close(self) -> None:
        self._http.close()

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _get(self, resource: str, fields: str, filters: Mapping[str, str], limit: str, *, dated: bool) -> list[Row]:
        params = {"display": fields if fields == "full" else f"[{fields}]", "sort": "[id_ASC]", "limit": limit}
        params |= {f"filter[{name}]": value for name, value in filters.items()}
        if dated:
            params["date"] = "1"
        return self._ask(resource, params)

    def _ask(self, resource: str, params: Mapping[str, str]) -> list[Row]:
        extra = {"output_format": "JSON"} | ({"language": self.language} if self.language else {})
        loaded = self._http.call(Request("GET", f"/api/{resource}", {**params, **extra}), self._judged)
        if isinstance(loaded, list):
            if loaded:
                raise ContractBroken(f"the list of {resource} is not in the form of QloApps 1.6", remote=REMOTE)
            return []
        lists = [value for value in loaded.values() if isinstance(value, list)]
        if len(loaded) != 1 or len(lists) != 1 or not all(isinstance(row, dict) for row in lists[0]):
            raise ContractBroken(f"the list of {resource} is not in the form of QloApps 1.6", remote=REMOTE)
        return list(lists[0])

    def _judged(self, answer: Answer) -> Any:
        moment = answer.headers.get("access-time", "")
        if moment.isdigit():
            self.server_time = int(moment)
        return _judge(answer)


def _one_of(values: Sequence[str]) -> str:
    numbers = sorted(int(value) for value in values if value.isdigit())
    if len(numbers) == len(values) and len(numbers) > 10 and numbers[-1] - numbers[0] < 3 * len(numbers):
        return f"[{numbers[0]},{numbers[-1]}]"
    return f"[{'|'.join(values)}]"


def since(moment: str, until: str) -> str:
    """A filter for times from `moment` on; both ends are inclusive."""
    return f"[{moment},{until}]"


FAR = datetime(2099, 12, 31, 23, 59, 59).strftime("%Y-%m-%d %H:%M:%S")  # noqa: DTZ001 - the shop's wall clock
"""A time that no change is made after."""

_KEY_HINT = "QloApps: advanced parameters > webservice; the key needs GET on what the README lists"


def _judge(answer: Answer) -> Any:
    """The decoded answer, or what it means that there is none (facts, section 1)."""
    status, body = answer.status, answer.body.strip()
    if 300 <= status < 400:
        raise ConfigError(
            "QloApps redirects: the host of `url` is not the shop's own domain",
            hint="set `url` under [source] to the shop's address as it stands in QloApps (with or without www)",
        )
    codes = _codes(answer) if body.startswith(b"{") else []
    if status in (401, 403) or 22 in codes:
        raise _refused(status, codes)
    if status == 404:
        return []
    if status >= 500:
        if not body:
            raise PageTooLarge("QloApps died on this request (500 without words)", hint="raise PHP's memory_limit", remote=REMOTE)
        raise Unavailable(f"QloApps answered {status}", hint="see the shop's PHP log", remote=REMOTE)
    if status == 400:
        raise ContractBroken(
            f"QloApps does not understand a request of ours (codes {codes})", hint="is it QloApps 1.6 or 1.7?", remote=REMOTE
        )
    if status != 200 or not body:
        raise Unavailable(f"QloApps answered {status} with an empty body", hint="see the shop's PHP log", remote=REMOTE)
    if answer.content_type not in ("application/json", "application/javascript"):
        raise Unavailable(
            "QloApps answered with something that is no JSON",
            hint="is the developer mode on, or another page at `url`?",
            remote=REMOTE,
        )
    try:
        return answer.json()
    except ContractBroken as err:
        raise Unavailable(
            "QloApps answered with JSON that cannot be read", hint="switch the developer mode off (_PS_MODE_DEV_)", remote=REMOTE
        ) from err


def _codes(answer: Answer) -> list[int]:
    try:
        errors = answer.json().get("errors", [])
        return [int(each["code"]) for each in errors]
    except (ContractBroken, AttributeError, KeyError, TypeError, ValueError):
        return []


def _refused(status: int, codes: Sequence[int]) -> ZsyncError:
    if 22 in codes:
        return _out("the webservice of QloApps is switched off", "QloApps: advanced parameters > webservice > enable")
    if 26 in codes:
        return ConfigError("the webservice key may not read one of the tables", hint=_KEY_HINT)
    if 132 in codes:
        return ConfigError("the webservice key does not belong to this shop", hint=_KEY_HINT)
    return ConfigError(f"QloApps does not accept the webservice key ({status})", hint=_KEY_HINT)


def _out(message: str, hint: str) -> RunError:
    return OutOfReach(message, hint=hint, remote=REMOTE)
