"""Calls to one QuickBooks company: queries, batches of them, changes, reports. Every answer is judged; a 200 may hold a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from zsync.errors import ContractBroken, SignInNeeded, ZsyncError
from zsync.net.client import Answer, Http, Request
from zsync.sources.quickbooks.faults import REMOTE, classify, fault_of
from zsync.sources.quickbooks.parse import PAGE

_MINOR = {"minorversion": "75"}


class Company:
    """One company (realm). `realm` is asked for when the first call leaves: the sign-in may have to tell it."""

    def __init__(self, http: Http, realm: Callable[[], str]) -> None:
        self._http = http
        self._realm = realm

    @property
    def calls(self) -> int:
        return self._http.calls

    @property
    def realm(self) -> str:
        found = self._realm()
        if not found:
            raise SignInNeeded("nobody is signed in to QuickBooks", hint="`zsync auth quickbooks`", remote=REMOTE)
        return found

    def query(self, text: str) -> Mapping[str, Any]:
        """The `QueryResponse` of one query."""
        return _member(self._get("/query", {"query": text, **_MINOR}), "QueryResponse")

    def batch(self, queries: Sequence[str]) -> list[Mapping[str, Any]]:
        """The `QueryResponse` of each query, in order, of one call. Raises what the first refused one says."""
        items = [{"bId": str(number), "Query": text} for number, text in enumerate(queries, 1)]
        answer = self._call(Request("POST", self._path("/batch"), params=_MINOR, json={"BatchItemRequest": items}))
        listed = answer.get("BatchItemResponse")
        found = {str(each.get("bId")): each for each in listed if isinstance(each, Mapping)} if isinstance(listed, list) else {}
        return [self._of_batch(found.get(item["bId"])) for item in items]

    def changes(self, entities: Sequence[str], since: str) -> tuple[list[Mapping[str, Any]], str]:
        """(the members of the change data answer, the moment of the answer as the server says it)."""
        answer = self._get("/cdc", {"entities": ",".join(entities), "changedSince": since, **_MINOR})
        outer = answer.get("CDCResponse")
        first = outer[0] if isinstance(outer, list) and outer and isinstance(outer[0], Mapping) else {}
        members = first.get("QueryResponse")
        if not isinstance(members, list) or not all(isinstance(each, Mapping) for each in members):
            raise ContractBroken("a change data answer without its list", remote=REMOTE)
        for each in members:
            _no_fault(each)
        return members, str(answer.get("time") or "")

    def report(self, name: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        return self._get(f"/reports/{name}", {**params, **_MINOR})

    def info(self) -> Mapping[str, Any]:
        return _member(self._get(f"/companyinfo/{self.realm}", _MINOR), "CompanyInfo")

    def close(self) -> None:
        self._http.close()

    # --- kitchen ------------------------------------------------------------------------------------------------------

    def _of_batch(self, item: object) -> Mapping[str, Any]:
        if not isinstance(item, Mapping):
            raise ContractBroken("a batch answer without one of its items", remote=REMOTE)
        _no_fault(item)
        return _member(item, "QueryResponse")

    def _get(self, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        return self._call(Request("GET", self._path(path), params=params))

    def _path(self, path: str) -> str:
        return f"/v3/company/{self.realm}{path}"

    def _call(self, request: Request) -> Mapping[str, Any]:
        return self._http.call(request, _judge)


def _judge(answer: Answer) -> Mapping[str, Any]:
    body: object = None
    if answer.content_type == "application/json":
        with suppress(ContractBroken):  # cut short, or a gateway's: as good as none
            body = answer.json()
    error: ZsyncError | None = classify(answer.status, body, answer.request_id, answer.retry_after_s)
    if error is not None:
        raise error
    if not isinstance(body, Mapping):
        raise ContractBroken("the answer is no JSON object", remote=REMOTE, request_id=answer.request_id)
    return body


def _no_fault(part: Mapping[str, Any]) -> None:
    """A part of an answer may be a refusal of its own."""
    if fault_of(part) is not None:
        error = classify(400, part)
        if error is not None:
            raise error


def _member(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = answer.get(name)
    if not isinstance(found, Mapping):
        raise ContractBroken(f"an answer without `{name}`", remote=REMOTE)
    return found


# --- queries --------------------------------------------------------------------------------------------------------------

_NAMES = frozenset(
    "Account Budget Class CompanyCurrency Customer Department Employee Item PaymentMethod TaxAgency TaxCode TaxRate Term"
    " Vendor".split()
)
"""Kinds whose inactive members a query hides unless it asks for them."""


def page_query(kind: str, position: int, size: int = PAGE, *, since: str = "") -> str:
    """One page of a kind, by Id, inactive ones too; those changed at or after `since`."""
    conditions = ["Active in (true, false)"] if kind in _NAMES else []
    if since:
        conditions.append(f"MetaData.LastUpdatedTime >= '{since}'")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select * from {kind}{where} orderby Id startposition {position} maxresults {size}"  # noqa: S608 - checked names


def count_query(kind: str) -> str:
    where = " where Active in (true, false)" if kind in _NAMES else ""
    return f"select count(*) from {kind}{where}"  # noqa: S608 - a checked name, and no SQL


def one_query(kind: str, id: str) -> str:
    """The object with this id; `id` is digits only."""
    active = " and Active in (true, false)" if kind in _NAMES else ""
    return f"select * from {kind} where Id = '{id}'{active}"  # noqa: S608 - a checked name, digits, and no SQL


def report_params(start: date, end: date, basis: str, columns: str) -> dict[str, str]:
    """Explicit dates make stable periods."""
    params = {"start_date": start.isoformat(), "end_date": end.isoformat(), "accounting_method": basis.capitalize()}
    return params | ({"summarize_column_by": columns} if columns else {})
