"""What the stand-ins answer has the shape of what was recorded, member by member; and they behave as the facts say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.test import Client

from creator.recorded import here as creator_here
from creator.recorded import recording as creator_recording
from quickbooks.recorded import here, recording
from zsync.sandbox import CREATOR_ACCESS, Sandbox
from zsync.sandbox.company import Company, QuickBooks
from zsync.sandbox.company import demo as demo_company
from zsync.sandbox.forms import Creator
from zsync.sandbox.forms import demo as demo_forms

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC).timestamp()


class Bench:
    """The sandbox, asked as a client asks it."""

    def __init__(self, company: Company | None = None) -> None:
        self.now = NOW
        clock = lambda: self.now  # noqa: E731 - the shortest clock
        self.company = company or demo_company.whole(clock)
        self.quickbooks = QuickBooks(self.company)
        self.creator = Creator(demo_forms.whole())
        self.sandbox = Sandbox(quickbooks=self.quickbooks, creator=self.creator, clock=clock)
        self.client = Client(self.sandbox)
        self.intuit, _ = self.quickbooks.intuit.issue()
        self.zoho, _ = self.sandbox.accounts.issue([CREATOR_ACCESS])

    def qbo(self, path: str, *, method: str = "GET", token: str = "", body: Any = None, **query: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.intuit}"}
        answer = self.client.open(
            f"/v3/company/{self.company.realm_id}{path}", method=method, query_string=query, headers=headers, json=body
        )
        return answer.status_code, json.loads(answer.get_data(as_text=True), parse_float=Decimal)

    def zoho_creator(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        sent = {"Authorization": f"Zoho-oauthtoken {self.zoho}", "Accept": "application/json", **(headers or {})}
        answer = self.client.open(f"/creator/v2.1{path}", method=method, query_string=query or {}, headers=sent, json=body)
        return answer.status_code, json.loads(answer.get_data(as_text=True)), answer.headers


def members(node: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """(path, kind) of each member; of a list the first of its kind."""
    match node:
        case dict():
            for name, value in node.items():
                yield f"{at}.{name}", type(value).__name__
                yield from members(value, f"{at}.{name}")
        case list() if node:
            yield from members(node[0], f"{at}[]")
        case _:
            return


def strange(ours: Any, theirs: Any) -> set[tuple[str, str]]:
    """Members that we answer and that were never recorded so. Numbers may be whole or not."""
    alike = {"int": "number", "Decimal": "number"}

    def kinds(node: Any) -> set[tuple[str, str]]:
        return {(path, alike.get(kind, kind)) for path, kind in members(node)}

    return kinds(ours) - kinds(theirs)


# --- QuickBooks -----------------------------------------------------------------------------------------------------------------


@here
def test_a_page_of_a_query_has_its_recorded_frame() -> None:
    bench = Bench()
    _, ours = bench.qbo("/query", query="select * from Invoice orderby Id")
    theirs = recording("query-invoice-page.json")
    assert set(ours) == set(theirs)
    assert set(ours["QueryResponse"]) == set(theirs["QueryResponse"]) - {"totalCount"}
    known = set().union(*(set(each) for each in theirs["QueryResponse"]["Invoice"]))
    assert set().union(*(set(each) for each in ours["QueryResponse"]["Invoice"])) <= known
    lines = {name for each in theirs["QueryResponse"]["Invoice"] for line in each["Line"] for name in line}
    assert {name for each in ours["QueryResponse"]["Invoice"] for line in each["Line"] for name in line} <= lines


@here
@pytest.mark.parametrize(
    ("query", "name"), [("select count(*) from Invoice", "query-count.json"), ("select * from Bill", "query-empty.json")]
)
def test_counts_and_empty_pages_are_as_recorded(query: str, name: str) -> None:
    assert strange(Bench().qbo("/query", query=query)[1], recording(name)) == set()


@here
def test_changes_and_deletions_are_as_recorded() -> None:
    bench = Bench()
    bench.now += 1800
    _, nothing = bench.qbo("/cdc", entities="Bill,Vendor", changedSince="2026-11-24T09:15:00-08:00")
    assert strange(nothing, recording("cdc-no-changes.json")) == set()
    bench.company.delete("Customer", "5")
    theirs = recording("cdc-full-with-deletion.json")
    _, ours = bench.qbo("/cdc", entities="Customer,Invoice", changedSince="2026-11-24T08:00:00-08:00")
    rows = [row for each in ours["CDCResponse"][0]["QueryResponse"] for row in each.get("Customer", ())]
    lists = [listed for each in theirs["CDCResponse"][0]["QueryResponse"] for listed in each.values() if isinstance(listed, list)]
    told = [row for listed in lists for row in listed]
    deleted = next(row for row in told if row.get("status") == "Deleted")
    assert set(rows[-1]) == set(deleted)
    assert rows[-1]["Id"] == "5"
    assert set(ours["CDCResponse"][0]["QueryResponse"][0]) == {"Customer", "startPosition", "maxResults", "totalCount"}


@here
def test_each_item_of_a_batch_is_as_recorded() -> None:
    items = [{"bId": "1", "Query": "select * from Customer"}, {"bId": "2", "Query": "select * from Nothing"}]
    status, ours = Bench().qbo("/batch", method="POST", body={"BatchItemRequest": items})
    theirs = recording("batch-mixed-results.json")["BatchItemResponse"]
    assert status == 200
    assert [set(each) for each in ours["BatchItemResponse"]] == [{"QueryResponse", "bId"}, {"Fault", "bId"}]
    fault = next(each["Fault"] for each in theirs if "Fault" in each)
    assert set(ours["BatchItemResponse"][1]["Fault"]) == set(fault)
    assert set(ours["BatchItemResponse"][1]["Fault"]["Error"][0]) == set(fault["Error"][0])


@here
@pytest.mark.parametrize(
    ("query", "status", "code", "name"),
    [
        ("select * from Customer startposition 0", 400, "4001", "fault-400-invalid-query.json"),
        ("select from where", 400, "4000", "fault-400-query-parse.json"),
        ("select * from Customer where Id > '5'", 400, "4001", "fault-400-invalid-query.json"),
        ("select * from Customer maxresults 1001", 400, "4001", "fault-400-invalid-query.json"),
        ("select * from Invoice where PrivateNote = 'x'", 400, "4001", "fault-400-invalid-query.json"),
    ],
)
def test_what_may_not_be_asked_is_refused_as_recorded(query: str, status: int, code: str, name: str) -> None:
    found, ours = Bench().qbo("/query", query=query)
    assert (found, ours["Fault"]["Error"][0]["code"]) == (status, code)
    assert strange(ours, recording(name)) <= {(".Fault.Error[].element", "str")}


@here
def test_the_gateway_turns_away_in_its_own_spelling() -> None:
    bench = Bench()
    status, ours = bench.qbo("/query", token="nonsense", query="select * from Customer")
    theirs = recording("fault-401-expired-token.json")
    assert (status, set(ours)) == (401, set(theirs))
    assert strange(ours, theirs) == set()


@here
def test_another_company_is_not_the_apps() -> None:
    bench = Bench()
    answer = bench.client.get("/v3/company/1/query", headers={"Authorization": f"Bearer {bench.intuit}"})
    assert answer.status_code == 403
    assert set(json.loads(answer.get_data())["Fault"]) == set(recording("fault-403-authorization.json")["Fault"])


@here
@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("Month", "report-pl-by-month.json"),
        ("Classes", "report-pl-by-class.json"),
        ("Total", "report-pl-sandbox-subaccounts.json"),
    ],
)
def test_reports_have_the_shape_of_the_recorded_ones(by: str, name: str) -> None:
    bench = Bench()
    bench.company.add("Class", Name="North", Active=True)
    for posting in bench.company.postings:
        posting.class_id = "1"
    query = {"start_date": "2026-09-01", "end_date": "2026-11-30", "accounting_method": "Accrual", "summarize_column_by": by}
    _, ours = bench.qbo("/reports/ProfitAndLoss", **query)
    theirs = recording(name)
    assert set(ours["Header"]) == set(theirs["Header"])
    assert strange(ours["Columns"], theirs["Columns"]) == set()
    groups = {"Income", "COGS", "GrossProfit", "Expenses", "NetOperatingIncome", "OtherIncome", "OtherExpenses"}
    assert {row["group"] for row in ours["Rows"]["Row"]} <= groups | {"NetOtherIncome", "NetIncome"}
    recorded = (theirs, recording("report-pl-sandbox-subaccounts.json"))
    shapes = {frozenset(row) for each in recorded for row in _rows(each["Rows"])}
    assert {frozenset(row) for row in _rows(ours["Rows"])} <= shapes


def _rows(rows: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for row in rows.get("Row", ()):
        yield row
        yield from _rows(row.get("Rows", {}))


@here
def test_a_report_without_postings_is_as_recorded() -> None:
    bench = Bench(Company())
    query = {"start_date": "2026-01-01", "end_date": "2026-01-31", "accounting_method": "Accrual", "summarize_column_by": "Total"}
    _, ours = bench.qbo("/reports/ProfitAndLoss", **query)
    theirs = recording("report-pl-empty-no-rows.json")
    assert ours["Rows"] == theirs["Rows"] == {}
    assert strange(ours, theirs) == set()


def test_inactive_names_are_hidden_unless_they_are_asked_for() -> None:
    bench = Bench()
    assert bench.qbo("/query", query="select count(*) from Customer")[1]["QueryResponse"]["totalCount"] == 12
    everyone = "select count(*) from Customer where Active in (true, false)"
    assert bench.qbo("/query", query=everyone)[1]["QueryResponse"]["totalCount"] == 13


def test_conditions_orders_and_pages() -> None:
    bench = Bench()
    query = "select * from Invoice where Balance > '0' and CustomerRef = '3' orderby TxnDate desc maxresults 2"
    _, found = bench.qbo("/query", query=query)
    rows = found["QueryResponse"]["Invoice"]
    assert [row["CustomerRef"]["value"] for row in rows] == ["3", "3"]
    assert rows[0]["TxnDate"] > rows[1]["TxnDate"]
    _, found = bench.qbo("/query", query=r"select * from Customer where DisplayName = 'Amy\'s Bird Sanctuary'")
    assert len(found["QueryResponse"]["Customer"]) == 1
    _, found = bench.qbo("/query", query="select * from Customer where DisplayName like '%Cars%'")
    assert [row["DisplayName"] for row in found["QueryResponse"]["Customer"]] == ["Cool Cars"]


# --- Creator --------------------------------------------------------------------------------------------------------------------

ITEMS = "/data/acme/finance/form/Items"
REPORT = "/data/acme/finance/report/All_Items"


def item(number: int) -> dict[str, Any]:
    return {"QB_Id": str(number), "Item_Name": f"Item {number}", "Kind": "Service"}


@creator_here
def test_added_rows_are_answered_as_recorded() -> None:
    bench = Bench()
    body = {"data": [item(1), item(2)], "result": {"fields": ["QB_Id"], "message": True}}
    _, ours, _ = bench.zoho_creator("POST", ITEMS, body)
    recorded = set(members(creator_recording("add-records-success.json")))
    assert {(path.replace("QB_Id", "Email"), kind) for path, kind in members(ours)} <= recorded
    _, single, _ = bench.zoho_creator("POST", ITEMS, {"data": item(3), "result": {"fields": ["QB_Id"]}})
    assert set(single) == set(creator_recording("add-record-single.json"))
    _, refused, _ = bench.zoho_creator("POST", ITEMS, body)
    theirs = creator_recording("add-records-duplicate-unique.json")
    assert (refused["code"], refused["result"][0]["code"]) == (theirs["code"], theirs["result"][0]["code"])
    assert set(refused["result"][0]) == set(theirs["result"][0])


@creator_here
def test_pages_end_without_a_cursor_and_none_is_a_refusal() -> None:
    bench = Bench()
    assert bench.zoho_creator("GET", REPORT)[:2] == (400, creator_recording("get-records-none-v21.json"))
    for first in range(0, 1200, 200):
        bench.zoho_creator("POST", ITEMS, {"data": [item(number) for number in range(first, first + 200)]})
    whole = {"max_records": "1000"}
    _, page, headers = bench.zoho_creator("GET", REPORT, None, None, whole)
    assert len(page["data"]) == 1000
    _, rest, after = bench.zoho_creator("GET", REPORT, None, {"record_cursor": headers["record_cursor"]}, whole)
    assert (len(rest["data"]), "record_cursor" in after) == (200, False)
    again = bench.zoho_creator("GET", REPORT, None, None, {**whole, "from": "1001"})[1]
    assert again["data"][0] == page["data"][0]  # `from` is not known to v2.1


@creator_here
@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "name"),
    [
        ("GET", REPORT, None, {"Accept": "*/*"}, "error-400-accept-header.json"),
        ("POST", ITEMS, {"data": [{"Colour": "red"}]}, {}, "error-400-extra-key.json"),
        ("POST", ITEMS, {}, {}, "error-400-json-body.json"),
        ("POST", ITEMS, {"data": [item(n) for n in range(201)]}, {}, "error-200-over-200.json"),
        ("GET", "/data/acme/other/report/All_Items", None, {}, "error-404-app.json"),
        ("GET", "/data/acme/finance/report/No", None, {}, "error-404-report.json"),
        ("POST", "/data/acme/finance/form/No", {"data": [{}]}, {}, "error-404-form.json"),
        ("DELETE", ITEMS, None, {}, "error-405-method.json"),
    ],
)
def test_refusals_are_as_recorded(method: str, path: str, body: Any, headers: Mapping[str, str], name: str) -> None:
    from creator.recorded import INDEX

    status, ours, _ = Bench().zoho_creator(method, path, body, headers)
    theirs = creator_recording(name)
    assert (status, ours["code"]) == (INDEX[name]["status"], theirs["code"])
    assert set(ours) == set(theirs)


@creator_here
def test_changes_and_deletions_are_answered_as_recorded() -> None:
    bench = Bench()
    bench.zoho_creator("POST", ITEMS, {"data": [item(number) for number in range(3)]})
    rows = bench.zoho_creator("GET", REPORT)[1]["data"]
    one = bench.zoho_creator("PATCH", f"{REPORT}/{rows[0]['ID']}", {"data": {"Item_Name": "x"}})[1]
    assert set(members(one)) == set(members(creator_recording("update-by-id-success.json")))
    several = bench.zoho_creator("PATCH", REPORT, {"criteria": 'Kind=="Service"', "data": {"Active": True}})[1]
    assert set(members(several)) == set(members(creator_recording("update-by-criteria-success.json")))
    gone = bench.zoho_creator("DELETE", REPORT, {"criteria": f"ID=={rows[0]['ID']}||ID=={rows[1]['ID']}"})[1]
    assert set(members(gone)) == set(members(creator_recording("delete-by-criteria-mixed.json")))
    assert bench.zoho_creator("DELETE", REPORT, {"criteria": f"ID=={rows[0]['ID']}"})[1]["code"] == 3930
    assert bench.zoho_creator("PATCH", f"{REPORT}/{rows[0]['ID']}", {"data": {"Item_Name": "x"}})[1]["code"] == 3190


@creator_here
def test_metadata_is_as_recorded() -> None:
    bench = Bench()
    for path, name in (
        ("/meta/acme/applications", "meta-applications.json"),
        ("/meta/acme/finance/forms", "meta-forms.json"),
        ("/meta/acme/finance/reports", "meta-reports.json"),
    ):
        assert set(members(bench.zoho_creator("GET", path)[1])) == set(members(creator_recording(name)))


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ('QB_Id=="1"||QB_Id=="3"', {"1", "3"}),
        ('(QB_Id=="1"||QB_Id=="3")&&Item_Name=="Item 3"', {"3"}),
        ("QB_Id != null && Price > 2.5", {"3", "4"}),
        ('Item_Name.contains("tem 2")', {"2"}),
        ('Item_Name.startsWith("x")', set()),
        ("Price == null", {"0"}),
    ],
)
def test_criteria(criteria: str, found: set[str]) -> None:
    bench = Bench()
    rows = [{**item(number), **({"Price": number} if number else {})} for number in range(5)]
    bench.zoho_creator("POST", ITEMS, {"data": rows})
    _, answer, _ = bench.zoho_creator("GET", REPORT, None, None, {"criteria": criteria})
    assert {row["QB_Id"] for row in answer.get("data", ())} == found


@pytest.mark.parametrize("criteria", ["Colour==1", 'QB_Id=="a"b"', "QB_Id ==", "QB_Id = 1", "(QB_Id==1"])
def test_a_criteria_that_is_none_is_refused(criteria: str) -> None:
    assert Bench().zoho_creator("GET", REPORT, None, None, {"criteria": criteria})[1]["code"] == 11000


def test_limits_come_as_they_come_live() -> None:
    bench = Bench()
    bench.creator.per_minute = 2
    assert [bench.zoho_creator("GET", "/meta/acme/applications")[0] for _ in range(3)] == [200, 200, 429]
    bench.creator.per_minute, bench.creator.per_day = None, 3
    status, answer, _ = bench.zoho_creator("GET", "/meta/acme/applications")
    assert (status, answer["code"]) == (200, 4000)
    bench.now += 86_400
    assert bench.sandbox.accounts.live_refresh_tokens() == 1
