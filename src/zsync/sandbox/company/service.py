"""QuickBooks' accounting API over a company: query, batch, change data, reports, faults (facts, sections 2 to 9)."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from werkzeug import Request, Response

from zsync.sandbox.company.company import Company, Thing, stamp
from zsync.sandbox.company.intuit import Intuit
from zsync.sandbox.company.query import Fault, page, parsed, selected
from zsync.sandbox.company.reports import report
from zsync.sandbox.web import json_response, read_json

PREFIX = "/v3/company"
_CHANGES = 1000
_LOOK_BACK = timedelta(days=30)
_UNTOLD = frozenset("JournalCode TaxAgency TimeActivity TaxCode TaxRate".split())
_KINDS = frozenset(
    "Account Bill Budget Class CompanyCurrency CompanyInfo CreditMemo Customer Department Deposit Employee Estimate ExchangeRate"
    " Invoice Item JournalEntry Payment PaymentMethod Preferences Purchase PurchaseOrder RefundReceipt SalesReceipt TaxAgency"
    " TaxCode TaxRate Term TimeActivity Transfer Vendor VendorCredit BillPayment".split()
)

THROTTLED = Fault(
    429, 3001, "message=ThrottleExceeded; errorCode=003001; statusCode=429", "The request limit was reached.", "SERVICE"
)


class QuickBooks:
    """The service. `batch_allowed` False refuses batches; `per_minute` is the limit of the company, None for none."""

    def __init__(
        self, company: Company | None = None, intuit: Intuit | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.company = company or Company(clock=clock)
        self.intuit = intuit or Intuit(realm_id=self.company.realm_id, clock=clock)
        self.clock = clock
        self.lock = threading.RLock()
        self.batch_allowed = True
        self.batch_items_most = 30
        self.per_minute: int | None = None
        self._recent: deque[float] = deque()
        self._asked = itertools.count(1)

    def handle(self, request: Request) -> Response:
        with self.lock:
            tid = {"intuit_tid": f"1-{next(self._asked):08x}-sandbox", "QBO-Version": "1.0"}
            admitted = self.intuit.admits(request.headers.get("Authorization"))
            if admitted != "yes":
                return json_response(401, _turned_away(admitted, self.clock()), tid)
            try:
                self._count()
                return json_response(200, self._answer(request), tid)
            except Fault as no:
                return json_response(no.status, self._fault(no), tid)

    def refused(self, no: Fault) -> Response:
        """An answer that is this fault."""
        return json_response(no.status, self._fault(no), {"intuit_tid": "1-00000000-sandbox"})

    def _count(self) -> None:
        now = self.clock()
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        self._recent.append(now)
        if self.per_minute is not None and len(self._recent) > self.per_minute:
            raise THROTTLED

    def _answer(self, request: Request) -> Thing:
        realm, _, what = request.path.strip("/").partition("/")
        if realm != self.company.realm_id:
            raise Fault(
                403, 3100, "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", kind="AuthorizatonFault"
            )
        match request.method, what.split("/"):
            case "GET", ["query"]:
                return {"QueryResponse": self._query(request.args.get("query", "")), "time": self._time}
            case "POST", ["query"]:
                return {"QueryResponse": self._query(request.get_data(as_text=True)), "time": self._time}
            case "POST", ["batch"]:
                return self._batch(request)
            case "GET", ["cdc"]:
                return self._changes(request.args.get("entities", ""), request.args.get("changedSince", ""))
            case "GET", ["companyinfo", _]:
                return {"CompanyInfo": self._single("CompanyInfo"), "time": self._time}
            case "GET", ["preferences"]:
                return {"Preferences": self._single("Preferences"), "time": self._time}
            case "GET", ["reports", name]:
                return self._report(name, request.args.to_dict())
            case _:
                raise Fault(400, 500, "Unsupported Operation", f"Operation {what} is not supported.")

    # --- query ----------------------------------------------------------------------------------------------------------

    def _query(self, text: str) -> Thing:
        query = parsed(text)
        if query.kind not in _KINDS:
            raise Fault(400, 4000, "Error parsing query", f"QueryParserError: Invalid entity {query.kind}")
        rows = selected(query, list(self.company.objects.get(query.kind, {}).values()))
        if query.counts:
            return {"totalCount": len(rows)}
        found = page(query, rows)
        if not found:
            return {}
        return {query.kind: found, "startPosition": query.start, "maxResults": len(found)}

    def _batch(self, request: Request) -> Thing:
        if not self.batch_allowed:
            raise Fault(400, 500, "Unsupported Operation", "Operation batch is not supported.")
        items = read_json(request.get_data(as_text=True)).get("BatchItemRequest", [])
        if len(items) > self.batch_items_most:
            raise Fault(400, 2020, "Required parameter is wrong", "Too many batch items.")
        return {"BatchItemResponse": [self._batch_item(each) for each in items], "time": self._time}

    def _batch_item(self, item: Mapping[str, Any]) -> Thing:
        try:
            return {"QueryResponse": self._query(str(item.get("Query", ""))), "bId": item.get("bId", "")}
        except Fault as no:
            return {"Fault": self._fault(no)["Fault"], "bId": item.get("bId", "")}

    def _single(self, kind: str) -> Thing:
        rows = list(self.company.objects.get(kind, {}).values())
        if not rows:
            raise Fault(400, 610, "Object Not Found", f"Object Not Found : {kind}")
        return rows[0]

    # --- changes --------------------------------------------------------------------------------------------------------

    def _changes(self, entities: str, since: str) -> Thing:
        kinds = [each.strip() for each in entities.split(",") if each.strip()]
        if any(kind in _UNTOLD or kind not in _KINDS for kind in kinds) or not kinds:
            raise Fault(400, 2020, "Required parameter is wrong", f"Invalid entities: {entities}")
        try:
            moment = datetime.fromisoformat(since)
        except ValueError as err:
            raise Fault(400, 2020, "Required parameter is wrong", "Invalid changedSince") from err
        if self.company.now() - moment > _LOOK_BACK:
            raise Fault(400, 2020, "Required parameter is wrong", "changedSince may not be more than 30 days ago")
        left, members = _CHANGES, []
        for kind in kinds:
            found = self._changed(kind, moment)[:left]
            left -= len(found)
            counted = {"startPosition": 1, "maxResults": len(found), "totalCount": len(found)}
            members.append({kind: found, **counted} if found else {})
        return {"CDCResponse": [{"QueryResponse": members}], "time": self._time}

    def _changed(self, kind: str, since: datetime) -> list[Thing]:
        """What changed, whole; then what was deleted, by its Id."""
        rows = self.company.objects.get(kind, {}).values()
        changed = [row for row in rows if datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]) >= since]
        gone = [
            {"status": "Deleted", "domain": "QBO", "Id": id, "MetaData": {"LastUpdatedTime": stamp(at)}}
            for each, id, at in self.company.deleted
            if each == kind and at >= since
        ]
        return [*changed, *gone]

    # --- reports --------------------------------------------------------------------------------------------------------

    def _report(self, name: str, params: Mapping[str, str]) -> Thing:
        if not params.get("start_date") or not params.get("end_date") or params["start_date"] > params["end_date"]:
            raise Fault(400, 2020, "Required parameter is wrong", "start_date and end_date")
        made = report(self.company, name, params)
        if made is None:
            raise Fault(400, 500, "Unsupported Operation", f"Report {name} is not supported.")
        return made

    # --- kitchen --------------------------------------------------------------------------------------------------------

    @property
    def _time(self) -> str:
        return stamp(self.company.now())

    def _fault(self, no: Fault) -> Thing:
        error = {"Message": no.message, "Detail": no.detail, "code": str(no.code), "element": ""}
        return {"Fault": {"Error": [error], "type": no.kind}, "time": self._time}


def _turned_away(why: str, now: float) -> Thing:
    """The gateway's 401, in its own spelling."""
    detail = "Token expired: AB01************" if why == "expired" else "Malformed bearer token: too short or too long"
    empty: Sequence[str] = ("report", "queryResponse", "syncErrorResponse", "requestId", "status")
    error = {"message": "message=AuthenticationFailed; errorCode=003200; statusCode=401", "detail": detail, "code": "3200"}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [{**error, "element": None}], "type": "AUTHENTICATION"},
        **dict.fromkeys(empty),
        "batchItemResponse": [],
        "attachableResponse": [],
        "time": int(now * 1000),
        "cdcresponse": [],
    }
