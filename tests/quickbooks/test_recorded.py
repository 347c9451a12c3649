"""Every recorded answer of QuickBooks is understood: records, changes, faults, tokens, and reports that tie to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from quickbooks.recorded import INDEX, here, names, recording
from zsync.errors import ConfigError, Refused, SignInNeeded, Throttled, TotalsDisagree, Unavailable
from zsync.mapping.shaped import Feed, entries
from zsync.model.record import Record
from zsync.sources.quickbooks.faults import classify, fault_of
from zsync.sources.quickbooks.parse import id_of, is_deleted, record_of, rows_of
from zsync.sources.quickbooks.reports import Row, rows, take_apart

pytestmark = here
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def records(response: Mapping[str, Any]) -> list[Record]:
    """Everything in a query's answer, as records."""
    found = []
    for kind, listed in response.items():
        if isinstance(listed, list):
            made = [record_of("qbo", kind, row, NOW) for row in rows_of(response, kind) if not is_deleted(row)]
            found += [each for each in made if isinstance(each, Record)]
            assert len(made) == len([each for each in made if isinstance(each, Record)])
    return found


# --- records ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names("query-"))
def test_every_recorded_page_becomes_records(name: str) -> None:
    response = recording(name)["QueryResponse"]
    made = records(response)
    listed = [row for rows in response.values() if isinstance(rows, list) for row in rows]
    assert len(made) == len(listed)
    assert {record.documents[0].source_id for record in made} == {
        id_of("ExchangeRate" if "AsOfDate" in r else "", r) for r in listed
    }
    for record in made:
        fields = record.fields[record.key]
        assert fields
        assert record.documents[0].label
        assert not any(isinstance(value, float) for value in fields.values())


def test_a_known_invoice_is_read_to_the_cent() -> None:
    (record,) = records(recording("query-invoice-one.json")["QueryResponse"])
    document, fields = record.documents[0], record.fields[record.key]
    assert (record.key, document.source_id, document.label, document.day) == ("qbo:invoice:239", "239", "1070", date(2015, 7, 24))
    assert fields["TotalAmt"] == Decimal("150.0")
    assert fields["CustomerRef"] == {"name": "Amy's Bird Sanctuary", "value": "1"}


def test_subtotals_of_recorded_invoices_are_no_lines() -> None:
    """One of them, made of a statement charge, has nothing but a subtotal."""
    found = records(recording("query-invoice-page.json")["QueryResponse"])
    feed = Feed("lines", "Invoice", each="Line", line_id="Id")
    for record in found:
        fields = record.fields[record.key]
        told = fields["Line"]
        assert isinstance(told, list)
        expected = [line["Id"] for line in told if isinstance(line, dict) and "Id" in line]
        lines = [values for _, values in entries(feed, record.documents[0], fields, "qbo")]
        assert [line["Id"] for line in lines] == expected
        assert all(line["DetailType"] != "SubTotalLineDetail" for line in lines)
    assert any(not isinstance(f["Line"], list) or len(f["Line"]) == 1 for f in (r.fields[r.key] for r in found))


def test_deletions_are_told_from_changes() -> None:
    members = recording("cdc-full-with-deletion.json")["CDCResponse"][0]["QueryResponse"]
    rows = [(kind, row) for member in members for kind, listed in member.items() if isinstance(listed, list) for row in listed]
    deleted = [(kind, id_of(kind, row)) for kind, row in rows if is_deleted(row)]
    assert deleted
    assert len(rows) > len(deleted)
    assert all(record_of("qbo", kind, row, NOW) for kind, row in rows if not is_deleted(row))


def test_no_changes_are_no_records() -> None:
    members = recording("cdc-no-changes.json")["CDCResponse"][0]["QueryResponse"]
    assert [rows_of(member, "Customer") for member in members] == [[], []]


# --- faults -----------------------------------------------------------------------------------------------------------------

FAULTS: Mapping[str, type[Exception]] = {
    "fault-200-body.json": Refused,
    "fault-400-business-rule.json": ConfigError,  # the recorded rule is an ended subscription
    "fault-400-duplicate-name.json": Refused,
    "fault-400-invalid-query.json": Refused,
    "fault-400-multiple-errors.json": Refused,
    "fault-400-object-not-found.json": Refused,
    "fault-400-query-parse.json": Refused,
    "fault-400-required-param.json": Refused,
    "fault-400-stale-object.json": Refused,
    "fault-401-expired-token.json": SignInNeeded,
    "fault-401-malformed-token.json": SignInNeeded,
    "fault-403-authorization.json": SignInNeeded,
    "fault-403-throttle-old.json": Throttled,
    "fault-429-throttle.json": Throttled,
    "fault-500-system.json": Unavailable,
}


def test_every_recorded_fault_has_its_expectation() -> None:
    assert set(FAULTS) == set(names("fault-"))


@pytest.mark.parametrize("name", FAULTS)
def test_every_recorded_fault_says_what_to_do(name: str) -> None:
    body, status = recording(name), INDEX[name]["status"]
    found = fault_of(body)
    assert found is not None
    assert found.words != "no words"
    error = classify(status, body, "1-tid")
    assert type(error) is FAULTS[name]
    assert getattr(error, "request_id", "") == "1-tid"
    assert "AB01" not in str(error)


def test_each_item_of_a_batch_speaks_for_itself() -> None:
    items = recording("batch-mixed-results.json")["BatchItemResponse"]
    assert [fault_of(item) is not None for item in items] == ["Fault" in item for item in items]
    assert sum(len(records(item["QueryResponse"])) for item in items if "QueryResponse" in item) >= 1


def test_an_ended_subscription_stops_the_job() -> None:
    body = {"Fault": {"Error": [{"Message": "x", "Detail": "Subscription period has ended", "code": "6190"}]}}
    assert isinstance(classify(400, body), ConfigError)


# --- reports ----------------------------------------------------------------------------------------------------------------

SUMMARIES = [name for name in names("report-") if name != "report-pl-detail.json"]


def of(name: str, **options: Any) -> list[Row]:
    return rows(take_apart(recording(name)), date(2026, 1, 1), date(2026, 1, 31), "accrual", **options)


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_recorded_summary_ties_and_no_two_rows_share_a_key(name: str) -> None:
    made = of(name, subtotals=True)
    assert len({row.key for row in made}) == len(made)
    assert len(made) > 0 or take_apart(recording(name)).empty
    assert all(isinstance(row.fields["amount"], Decimal) for row in made)


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_cent_anywhere_in_a_recorded_section_is_noticed(name: str) -> None:
    """Each summary that stands under rows is moved by a cent, one after the other."""
    report = recording(name)
    summaries = list(_summaries(report["Rows"]))
    for cells in summaries:
        amounts = [cell for cell in cells[1:] if cell["value"] not in ("", None)]
        for cell in amounts:
            was = cell["value"]
            cell["value"] = str(Decimal(str(was)) + Decimal("0.01"))
            with pytest.raises(TotalsDisagree):
                take_apart(report)
            cell["value"] = was
    take_apart(report)


def _summaries(rows: Mapping[str, Any]) -> Any:
    for row in rows.get("Row", ()):
        if "Rows" in row:
            yield from _summaries(row["Rows"])
            if "Summary" in row:
                yield row["Summary"]["ColData"]


def test_the_accounts_of_a_recorded_year_make_its_net_income() -> None:
    made = of("report-pl-sandbox-subaccounts.json")
    sums = {group: Decimal(0) for group in ("Income", "COGS", "Expenses", "OtherIncome", "OtherExpenses")}
    for row in made:
        if row.fields["kind"] == "account":
            sums[str(row.fields["group"])] += row.fields["amount"]  # type: ignore[operator] # a Decimal
    (net,) = [row for row in made if row.key.endswith("/total/NetIncome")]
    expected = sums["Income"] - sums["COGS"] - sums["Expenses"] + sums["OtherIncome"] - sums["OtherExpenses"]
    assert net.fields["amount"] == expected == Decimal("-644.71")


def test_a_parents_own_postings_are_a_row_with_its_account() -> None:
    made = {row.key: row for row in of("report-pl-sandbox-subaccounts.json")}
    own = made["ProfitAndLoss/accrual/2026-01-01/account/45"]
    assert (own.fields["account_name"], own.fields["amount"], own.fields["path"]) == (
        "Landscaping Services",
        Decimal("567.50"),
        "Income / Landscaping Services",
    )


def test_accounts_of_the_same_name_stay_apart() -> None:
    made = [row for row in of("report-pl-sandbox-subaccounts.json") if row.fields["account_name"] == "Plants and Soil"]
    assert {(row.fields["account_id"], row.fields["path"]) for row in made} == {
        ("49", "Income / Landscaping Services / Job Materials / Plants and Soil"),
        ("66", "Expenses / Job Expenses / Job Materials / Plants and Soil"),
    }


def test_columns_that_are_periods_are_periods_of_their_rows() -> None:
    made = rows(take_apart(recording("report-pl-by-month.json")), date(2026, 1, 1), date(2026, 3, 31), "accrual")
    assert {(row.start, row.fields["period_end"]) for row in made} == {
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 15)),
    }
    assert all(row.fields["column"] == "" for row in made)


def test_columns_that_are_classes_are_named_by_their_id() -> None:
    made = of("report-pl-by-class.json")
    assert {row.fields["column"] for row in made} == {"100000000001634765", "100000000001634762", "not_specified"}


def test_the_columns_of_a_trial_balance_go_by_their_place() -> None:
    assert {(row.fields["column"], row.fields["column_title"]) for row in of("report-trial-balance.json")} == {
        ("1", "Debit"),
        ("2", "Credit"),
    }


def test_a_report_without_rows_is_empty() -> None:
    assert take_apart(recording("report-pl-empty-no-rows.json")).empty
    assert of("report-pl-empty-no-rows.json") == []
    assert of("report-pl-empty-by-day.json") == []
