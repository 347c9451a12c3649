"""QuickBooks into Creator: everything lands once, a quiet run is quiet, and later runs write only what changed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from e2e.firm import ENTITIES, Firm, only
from zsync.engine.job import Options
from zsync.engine.preview import Preview, preview
from zsync.sandbox.company import Company
from zsync.sandbox.ledger import Entry


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """The demo's firm, all of it written."""
    made = Firm(tmp_path)
    made.initialise()
    made.well()
    return made


def writes(firm: Firm, since: int) -> list[Entry]:
    return firm.sandbox.ledger.writes("creator")[since:]


def written(firm: Firm) -> int:
    return len(firm.sandbox.ledger.writes("creator"))


# --- the first run ----------------------------------------------------------------------------------------------------------


def test_every_record_stands_once_with_its_values(firm: Firm) -> None:
    app, company = firm.app, firm.firm
    assert Counter(len(app.rows(form)) > 0 for form in app.forms) == {True: 5}
    customers = {row["QB_Id"]: row for row in app.rows("Customers").values()}
    assert set(customers) == set(company.objects["Customer"])
    amy = customers["1"]
    assert (amy["Display_Name"], amy["Email"], amy["Balance"]) == ("Amy's Bird Sanctuary", "birds@example.com", "0.00")
    assert amy["Contact"]["last_name"] == "Lauterbach"
    assert amy["Address"]["district_city"] == "Bayshore"
    assert customers["9"]["Active"] == "false"  # inactive ones are records like others
    assert customers["6"]["Email"] == ""


def test_lines_refer_to_their_invoice_and_item_and_subtotals_are_no_lines(firm: Firm) -> None:
    invoices = {row["ID"]: row for row in firm.app.rows("Invoices").values()}
    lines = list(firm.app.rows("Invoice_Lines").values())
    expected = {
        f"{id}-{line['Id']}": line["Amount"]
        for id, invoice in firm.firm.objects["Invoice"].items()
        for line in invoice["Line"]
        if "Id" in line
    }
    assert {row["Line_Key"]: Decimal(row["Amount"]) for row in lines} == expected
    for row in lines:
        assert invoices[row["Invoice"]]["QB_Id"] == row["Line_Key"].split("-")[0]
    assert firm.amounts("Invoice_Lines", "Amount") == firm.amounts("Invoices", "Total")


def test_the_profit_and_loss_of_a_year_ties_to_the_postings(firm: Firm) -> None:
    first = date(2025, 12, 1)
    nature = {row["Id"]: row["AccountType"] for row in firm.firm.objects["Account"].values()}
    result = {"Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense"}
    posted = Counter[str]()
    for each in firm.firm.postings:
        if each.day >= first and nature[each.account] in result:
            posted[each.day.strftime("%b-%Y")] += 1
    rows = [row for row in firm.app.rows("PnL").values() if row["Kind"] == "account"]
    assert {row["Period"][3:] for row in rows} == set(posted)
    total = sum((each.amount for each in firm.firm.postings if each.day >= first and nature[each.account] in result), Decimal(0))
    assert sum((Decimal(row["Amount"]) for row in rows), Decimal(0)) == total
    net = {row["Period"]: Decimal(row["Amount"]) for row in firm.app.rows("PnL").values() if row["Section"] == "NetIncome"}
    assert len(net) == 12


def test_a_parents_own_postings_are_rows_and_accounts_of_one_name_stay_apart(firm: Firm) -> None:
    rows = list(firm.app.rows("PnL").values())
    assert any(row["Account"] == "Landscaping Services" and row["Kind"] == "account" for row in rows)
    paths = {row["Account_Path"] for row in rows if row["Account"] == "Plants and Soil"}
    assert paths == {
        "Income / Landscaping Services / Job Materials / Plants and Soil",
        "Expenses / Job Expenses / Job Materials / Plants and Soil",
    }


# --- quiet ------------------------------------------------------------------------------------------------------------------


def test_a_run_without_changes_makes_no_call_to_creator_one_for_changes_and_one_for_each_window(firm: Firm) -> None:
    before, asked = firm.calls("creator"), firm.calls("quickbooks")
    firm.well()
    assert firm.calls("creator") == before
    paths = [each.path.rpartition("4620816365")[2] for each in firm.sandbox.ledger.entries("quickbooks")[asked:]]
    assert paths == ["/cdc", "/reports/ProfitAndLoss", "/reports/ProfitAndLoss"]


def test_what_was_saved_again_without_a_change_of_ours_is_not_written(firm: Firm) -> None:
    before = written(firm)
    firm.firm.change("Customer", "2", Notes="called on Monday")
    firm.well()
    assert written(firm) == before


# --- changes ----------------------------------------------------------------------------------------------------------------


def test_a_changed_record_is_one_question_and_one_update(firm: Firm) -> None:
    before, seen = written(firm), firm.calls("creator")
    firm.firm.change("Customer", "2", DisplayName="Bill's Surf Shop")
    report = firm.well()
    (update,) = writes(firm, before)
    assert update.method == "PATCH"
    assert firm.calls("creator") == seen + 2
    assert report.counts["updated"] == 1
    assert ("Bill's Surf Shop",) in list(firm.app.values("Customers", "Display_Name"))


def test_a_restated_month_updates_exactly_its_changed_rows(firm: Firm) -> None:
    before = written(firm)
    rows = {row["Row_Key"]: row["Amount"] for row in firm.app.rows("PnL").values()}
    firm.firm.post(date(2026, 3, 15), "17", "12.34")  # rent, back-dated
    firm.well()
    after = {row["Row_Key"]: row["Amount"] for row in firm.app.rows("PnL").values()}
    changed = {key for key in after if after[key] != rows.get(key)}
    assert {key.rpartition("/")[2] for key in changed} == {"17", "NetOperatingIncome", "NetIncome"}
    assert all("/2026-03-01/" in key for key in changed)
    assert [each.method for each in writes(firm, before)] == ["PATCH"] * 3


def test_an_account_without_postings_any_more_disappears_from_its_period(firm: Firm) -> None:
    company = firm.firm
    key = "ProfitAndLoss/accrual/2026-03-01/account/49"
    assert (key,) in list(firm.app.values("PnL", "Row_Key"))
    company.postings = [
        each for each in company.postings if not (each.account == "49" and each.day.strftime("%Y-%m") == "2026-03")
    ]
    firm.well()
    assert (key,) not in list(firm.app.values("PnL", "Row_Key"))
    assert ("ProfitAndLoss/accrual/2026-04-01/account/49",) in list(firm.app.values("PnL", "Row_Key"))


def test_a_deleted_invoice_takes_its_lines_with_it(firm: Firm) -> None:
    before = written(firm)
    assert sum(1 for (key,) in firm.app.values("Invoice_Lines", "Line_Key") if key.startswith("7-")) == 4
    firm.firm.delete("Invoice", "7")
    report = firm.well()
    assert ("7",) not in list(firm.app.values("Invoices", "QB_Id"))
    assert not [key for (key,) in firm.app.values("Invoice_Lines", "Line_Key") if key.startswith("7-")]
    assert len(writes(firm, before)) == 2  # one for the lines, one for the invoice
    assert report.counts["deleted"] == 5
    assert firm.record("invoices", "7").status == "deleted"


def test_a_line_that_was_removed_goes_alone(firm: Firm) -> None:
    lines = firm.firm.objects["Invoice"]["7"]["Line"]
    firm.firm.change("Invoice", "7", Line=[line for line in lines if line.get("Id") != "2"])
    firm.well()
    assert sorted(key for (key,) in firm.app.values("Invoice_Lines", "Line_Key") if key.startswith("7-")) == ["7-1", "7-3", "7-4"]


def test_a_voided_invoice_stays_with_nothing_in_it(firm: Firm) -> None:
    firm.firm.void("Invoice", "8")
    firm.well()
    (row,) = [row for row in firm.app.rows("Invoices").values() if row["QB_Id"] == "8"]
    assert row["Total"] == "0.00"


def test_an_emptied_field_is_cleared(firm: Firm) -> None:
    customer = firm.firm.change("Customer", "1")
    del customer["PrimaryEmailAddr"]
    firm.well()
    (row,) = [row for row in firm.app.rows("Customers").values() if row["QB_Id"] == "1"]
    assert row["Email"] == ""


def test_a_period_that_reads_as_empty_is_not_believed_at_once(firm: Firm) -> None:
    def march() -> int:
        return sum(1 for (key,) in firm.app.values("PnL", "Row_Key") if "/2026-03-01/" in key)

    company, before = firm.firm, march()
    kept = company.postings
    company.postings = [each for each in kept if each.day.strftime("%Y-%m") != "2026-03"]
    report = firm.run()
    assert march() == before
    assert [problem.entity for problem in report.problems] == ["pnl"]
    assert "accept-changes" in report.problems[0].hint

    company.postings = kept  # it was a slip
    firm.well()

    company.postings = [each for each in kept if each.day.strftime("%Y-%m") != "2026-03"]
    firm.run(Options(accept_changes=True))
    assert march() == 0


# --- the cost ---------------------------------------------------------------------------------------------------------------


def big(clock: Any, counts: dict[str, int]) -> Company:
    company = Company(clock=clock)
    for kind, count in counts.items():
        for number in range(1, count + 1):
            name = {"DisplayName": f"{kind} {number}"} if kind in ("Customer", "Vendor") else {"Name": f"{kind} {number}"}
            company.add(kind, **name, Active=True)
    return company


FOUR: dict[str, Any] = {
    name: {"object": kind, "form": form, "report_name": f"All_{form}", "key": "QB_Id", "map": {"QB_Id": "Id", field: path}}
    for name, kind, form, field, path in (
        ("customers", "Customer", "Customers", "Display_Name", "DisplayName"),
        ("items", "Item", "Items", "Item_Name", "Name"),
    )
}


@pytest.mark.parametrize(("batch", "most"), [(True, 4), (False, 9)])
def test_5550_records_of_four_kinds_take_few_calls(tmp_path: Path, batch: bool, most: int) -> None:
    names = {"customers": "Customer", "items": "Item", "vendors": "Vendor", "classes": "Class"}
    entities = {
        name: {"object": kind, "form": "Customers", "report_name": "All_Customers", "key": "QB_Id", "where": {"Id": "none"}}
        | {"map": {"QB_Id": "Id", "Display_Name": "DisplayName"}}
        for name, kind in names.items()
    }
    firm = Firm(tmp_path, entities=entities, source={"batch": batch})
    firm.company = firm.quickbooks.company = big(
        firm.clock.timestamp, {"Customer": 3000, "Item": 1500, "Vendor": 1000, "Class": 50}
    )
    source = firm.shaped()
    pages = list(source.read("records", None))
    assert sum(len(page.records) for page in pages) == 5550
    assert source.calls <= most


def test_new_rows_cost_a_call_for_each_two_hundred(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=FOUR)
    firm.company = firm.quickbooks.company = big(firm.clock.timestamp, {"Customer": 1001, "Item": 399})
    firm.initialise(adopting=False)
    before = firm.calls("creator")
    firm.well()
    assert firm.calls("creator") - before == 6 + 2
    assert len(firm.app.rows("Customers")) == 1001


def test_equal_changes_of_many_rows_go_together(tmp_path: Path) -> None:
    entities = {"items": {**FOUR["items"], "map": {**FOUR["items"]["map"], "Active": "Active"}}}
    firm = Firm(tmp_path, entities=entities)
    firm.company = firm.quickbooks.company = big(firm.clock.timestamp, {"Item": 250})
    firm.initialise(adopting=False)
    firm.well()
    before = firm.calls("creator", "PATCH")
    for id in list(firm.firm.objects["Item"])[:230]:
        firm.firm.change("Item", id, Active=False)
    firm.well(Options(accept_changes=True))
    assert firm.calls("creator", "PATCH") - before == 2
    assert sum(1 for (active,) in firm.app.values("Items", "Active") if active == "false") == 230


def test_replace_deletes_and_adds_in_lots(tmp_path: Path) -> None:
    """A restatement of a whole year, which single updates would take a day's quota for."""
    firm = Firm(tmp_path, entities=only("pnl", pnl={"write": "replace"}))
    firm.initialise()
    firm.well()
    for month in range(1, 11):
        firm.firm.post(date(2026, month, 15), "7", "10")
    before = firm.calls("creator")
    firm.well()
    made = firm.sandbox.ledger.entries("creator")[before:]
    assert Counter(each.method for each in made) == {"GET": 1, "DELETE": 1, "POST": 2}  # new rows, then those made anew
    rows = [row for row in firm.app.rows("PnL").values() if row["Row_Key"].endswith("/account/7")]
    assert len(rows) == len({row["Row_Key"] for row in rows}) == 12


# --- deletions after a pause, changes that are too many ------------------------------------------------------------------------


def test_after_a_pause_of_more_than_thirty_days_ids_are_compared(firm: Firm) -> None:
    firm.firm.delete("Invoice", "3")
    firm.clock.sleep(40 * 86_400)
    firm.run()
    assert ("3",) in list(firm.app.values("Invoices", "QB_Id"))  # seen once
    firm.well()
    assert ("3",) not in list(firm.app.values("Invoices", "QB_Id"))


def test_more_changes_than_one_answer_holds_are_read_by_queries(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=FOUR)
    firm.company = firm.quickbooks.company = big(firm.clock.timestamp, {"Customer": 1200, "Item": 20})
    firm.initialise(adopting=False)
    firm.well()
    firm.firm.delete("Item", "20")
    for id in firm.firm.objects["Customer"]:
        firm.firm.change("Customer", id, DisplayName=f"Renamed {id}")
    firm.run(Options(accept_changes=True))
    firm.run(Options(accept_changes=True))
    names = [name for (name,) in firm.app.values("Customers", "Display_Name")]
    assert all(name.startswith("Renamed") for name in names)
    assert ("20",) not in list(firm.app.values("Items", "QB_Id"))


def test_a_row_that_a_person_changed_is_a_conflict(firm: Firm) -> None:
    row = next(row for row in firm.app.rows("Customers").values() if row["QB_Id"] == "2")
    row["Display_Name"] = "typed by hand"
    firm.firm.change("Customer", "2", DisplayName="Bill's Surf Shop")
    report = firm.run()
    assert report.problems[0].code == "conflict"
    assert row["Display_Name"] == "typed by hand"


def test_a_lost_state_is_found_again_by_the_keys(firm: Firm, tmp_path: Path) -> None:
    from zsync.state.store import Store

    before = firm.standing()
    firm.store = Store.in_memory()
    firm.firm.change("Customer", "2", DisplayName="Bill's Surf Shop")  # while nobody looked
    firm.initialise()
    assert written(firm) == len(firm.sandbox.ledger.writes("creator"))
    firm.well()
    after = firm.standing()
    assert {form: len(rows) for form, rows in after.items()} == {form: len(rows) for form, rows in before.items()}
    assert ("Bill's Surf Shop",) in list(firm.app.values("Customers", "Display_Name"))


def test_without_adoption_a_lost_state_doubles_nothing_either(firm: Firm) -> None:
    """The key field is unique: what is there already is refused, looked up, and taken as ours."""
    from zsync.state.store import Store

    before = firm.standing()
    firm.store = Store.in_memory()
    firm.initialise(adopting=False)
    firm.run_to_rest()
    assert firm.standing() == before


def test_the_start_date_leaves_older_transactions_out(tmp_path: Path) -> None:
    firm = Firm(tmp_path, start_date=date(2026, 9, 1))
    firm.initialise()
    firm.well()
    days = [row["TxnDate"] for row in firm.firm.objects["Invoice"].values() if row["TxnDate"] >= "2026-09-01"]
    assert len(firm.app.rows("Invoices")) == len(days)
    counts, _ = firm.summary()
    assert counts["invoices"]["skipped"] == 40 - len(days)


def test_only_the_entities_that_are_asked_for(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=only("customers", "items"))
    firm.initialise()
    firm.well()
    assert not firm.app.rows("Invoices")
    assert not [each for each in firm.sandbox.ledger.entries("quickbooks") if "reports" in each.path]


def test_gone_can_mark_a_row_rather_than_delete_it(tmp_path: Path) -> None:
    marks = {"gone": {"field": "Active", "value": False}, "map": {**ENTITIES["items"]["map"]}}
    del marks["map"]["Active"]
    firm = Firm(tmp_path, entities=only("items", items=marks))
    firm.initialise()
    firm.well()
    gone = firm.firm.objects["Item"]["3"]
    firm.firm.delete("Item", "3")
    firm.well()
    (row,) = [row for row in firm.app.rows("Items").values() if row["QB_Id"] == "3"]
    assert row["Active"] == "false"
    assert firm.record("items", "3").status == "disabled"

    firm.clock.sleep(3600)
    firm.firm.add("Item", Id="3", **{name: gone[name] for name in ("Name", "Type", "UnitPrice", "Active")})
    firm.well()
    assert row["Active"] == "true"
    assert len(firm.app.rows("Items")) == 8


# --- the plan ---------------------------------------------------------------------------------------------------------------


def previewed(firm: Firm) -> Preview:
    """What the next run would do, in changes and calls."""
    copy = firm.store.copy()
    try:
        return preview(firm.job(), firm.state(copy), Options())
    finally:
        copy.close()


def test_the_plan_counts_calls_as_they_are_made(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.initialise(adopting=False)
    seen, before = previewed(firm), firm.calls("creator")
    firm.well()
    assert len(seen.changes) == sum(len(rows) for rows in firm.standing().values())
    assert seen.calls == firm.calls("creator") - before


@pytest.mark.parametrize(("write", "calls"), [("update", 1 + 1 + 29), ("replace", 1 + 1 + 1 + 1)])
def test_the_plan_says_what_a_restatement_costs_either_way(tmp_path: Path, write: str, calls: int) -> None:
    firm = Firm(tmp_path, entities=only("pnl", pnl={"write": write}))
    firm.initialise()
    firm.well()
    for month in range(1, 11):
        firm.firm.post(date(2026, month, 15), "17", str(month))  # each another amount
    seen, before = previewed(firm), firm.calls("creator")
    assert (len(seen.changes), seen.calls) == (30, calls)
    firm.well()
    assert firm.calls("creator") - before <= calls


def test_what_a_server_did_not_know_yet_ten_minutes_later_is_heard_of_the_next_time(firm: Firm) -> None:
    behind = firm.firm.copied()
    firm.firm.change("Customer", "2", DisplayName="Bill and Sons")
    firm.firm.add("Customer", DisplayName="New here", Active=True)
    firm.firm.delete("Invoice", "1")
    firm.clock.sleep(300)
    firm.quickbooks.company = behind
    firm.run()
    firm.quickbooks.company = firm.firm
    firm.well()
    names = {row["Display_Name"] for row in firm.app.rows("Customers").values()}
    assert names >= {"Bill and Sons", "New here"}
    assert "1" not in {row["QB_Id"] for row in firm.app.rows("Invoices").values()}
