"""Everything that can go wrong between QuickBooks and Creator, at each call and each commit: in the end each row stands once.

A story in two parts: a small firm is written for the first time; then customers are renamed, a month is restated, an invoice
deleted, another one added, and an item deleted, whose row is only marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from e2e.firm import ENTITIES, Firm
from engine.world import Fate, MortalStore
from zsync.errors import QuotaUsedUp, SignInNeeded
from zsync.sandbox.company import Company
from zsync.sandbox.faults import Fault, Verb

LATE_S = 600.0


def company(clock: Callable[[], float]) -> Company:
    """Three customers, three items, three invoices with two lines each, two months of postings."""
    made = Company(clock=clock)
    for id, name, kind in (("1", "Services", "Income"), ("2", "Design", "Income"), ("3", "Rent", "Expense")):
        made.add("Account", Id=id, Name=name, AccountType=kind, Active=True)
    for number in range(1, 4):
        made.add("Customer", DisplayName=f"Customer {number}", Active=True, Balance=Decimal(0))
        made.add("Item", Name=f"Item {number}", Type="Service", UnitPrice=Decimal(10 * number), Active=True)
    for number in range(1, 4):
        invoice(made, number)
    for month in (10, 11):
        for account in ("1", "2", "3"):
            made.post(date(2026, month, 3), account, Decimal(100 * int(account) + month))
    return made


def invoice(company: Company, number: int) -> None:
    lines: list[dict[str, Any]] = [
        {
            "Id": str(place),
            "Amount": Decimal(10 * number + place),
            "Description": f"line {place}",
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": str(place)},
                "Qty": Decimal(1),
                "UnitPrice": Decimal(10 * number + place),
            },
        }
        for place in (1, 2)
    ]
    total = sum((line["Amount"] for line in lines), Decimal(0))
    who = {"value": str((number - 1) % 3 + 1)}
    company.add(
        "Invoice", DocNumber=f"{number}", TxnDate="2026-11-02", CustomerRef=who, Line=lines, TotalAmt=total, Balance=total
    )


def entities() -> Mapping[str, Any]:
    """Items are marked rather than deleted, the report is replaced rather than updated."""
    made = {name: dict(each) for name, each in ENTITIES.items()}
    made["pnl"] |= {"periods": 2, "write": "replace"}
    items = {**made["items"]["map"]}
    del items["Active"]
    made["items"] |= {"gone": {"field": "Active", "value": False}, "map": items}
    return made


def begun(folder: Path) -> Firm:
    """Everything still to write. Reports show what was added a minute late."""
    firm = Firm(folder, entities=entities())
    firm.company = firm.quickbooks.company = company(firm.clock.timestamp)
    firm.creator.lag_s = 60.0
    firm.store = MortalStore.in_memory()
    firm.initialise(adopting=False)
    firm.sandbox.ledger.clear()
    return firm


def change(firm: Firm) -> None:
    """What happens in QuickBooks after the first part."""
    it = firm.firm
    it.change("Customer", "1", DisplayName="Customer One", PrimaryEmailAddr={"Address": "one@example.com"})
    it.change("Customer", "3", DisplayName="Customer Three")
    it.post(date(2026, 10, 9), "3", "0.45")
    it.delete("Invoice", "2")
    it.delete("Item", "3")
    invoice(it, 4)


def second_part(folder: Path) -> Firm:
    """The first part is written, and the changes have happened."""
    firm = begun(folder)
    firm.run_to_rest()
    change(firm)
    firm.sandbox.ledger.clear()
    return firm


PARTS: Mapping[str, Callable[[Path], Firm]] = {"first": begun, "second": second_part}


@cache
def undisturbed(part: str) -> tuple[dict[str, list[str]], Counter[str]]:
    """What stands when nothing goes wrong, and how many writes it took, by method."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        firm = PARTS[part](Path(name))
        firm.run_to_rest()
        return firm.standing(), Counter(each.method for each in firm.sandbox.ledger.writes("creator"))


# --- deaths -----------------------------------------------------------------------------------------------------------------


def mortal(firm: Firm, deaths: list[int], *, thorough: bool = True) -> Fate:
    """From now on the process dies at its `deaths`-th commit or write, before it or after it."""
    fate = Fate(deaths=deaths, thorough=thorough)
    assert isinstance(firm.store, MortalStore)
    firm.store.fate = fate
    answer = firm.sandbox.answer

    def answered(request: Request, *, patience_s: float | None = None) -> Response:
        write = request.path.startswith("/creator/") and request.method != "GET"
        if write:
            fate.point(changed=False)
        response = answer(request, patience_s=patience_s)
        if write:
            fate.point(changed=True)
        return response

    firm.sandbox.answer = answered  # type: ignore[method-assign]
    return fate


@cache
def points(part: str) -> int:
    """At how many points the process could die."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        firm = PARTS[part](Path(name))
        fate = mortal(firm, [])
        firm.run_to_rest()
        return fate.passed


@pytest.mark.parametrize("part", PARTS)
def test_the_process_dies_at_each_point_and_every_row_stands_once(part: str, tmp_path: Path, thorough: bool) -> None:
    expected, _ = undisturbed(part)
    wrong = {}
    step = 1 if thorough else 2
    for point in range(1, points(part) + 1, step):
        firm = PARTS[part](tmp_path)
        mortal(firm, [point])
        firm.run_to_rest(minutes=9)
        if firm.standing() != expected:
            wrong[point] = firm.standing()
    assert not wrong


def test_the_process_dies_twice_and_every_row_stands_once(tmp_path: Path, thorough: bool) -> None:
    expected, _ = undisturbed("second")
    every = points("second")
    step = 3 if thorough else 11
    for first in range(1, every + 1, step):
        for second in range(1 + first % 5, every + 1, step):
            firm = second_part(tmp_path)
            mortal(firm, [first, second])
            firm.run_to_rest(minutes=9)
            assert firm.standing() == expected, (first, second)


# --- faults -----------------------------------------------------------------------------------------------------------------

VERBS: tuple[Verb, ...] = (
    "cut_before",
    "cut_after",
    "error_before",
    "error_after",
    "late",
    "html",
    "truncated",
    "throttle_minute",
    "throttle_concurrent",
    "expired_token",
    "refused_connection",
)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("verb", VERBS)
def test_whatever_happens_to_one_write_every_row_stands_once(verb: Verb, part: str, tmp_path: Path) -> None:
    expected, writes = undisturbed(part)
    for method, count in writes.items():
        for nth in range(1, count + 1):
            firm = PARTS[part](tmp_path)
            firm.sandbox.faults.add(Fault(verb, system="creator", method=method, nth=nth, seconds=LATE_S))
            firm.run_to_rest(minutes=9)
            assert firm.standing() == expected, (nth, method)


@pytest.mark.parametrize("verb", VERBS)
def test_whatever_happens_to_one_question_every_row_stands_once(verb: Verb, tmp_path: Path) -> None:
    """To QuickBooks, and to Creator: what is asked is asked again, in this run or the next."""
    expected, _ = undisturbed("second")
    for system in ("creator", "quickbooks"):
        for nth in (1, 2, 3):
            firm = second_part(tmp_path)
            firm.sandbox.faults.add(Fault(verb, system=system, method="GET", nth=nth, times=2, seconds=LATE_S))
            firm.run_to_rest(minutes=9)
            assert firm.sandbox.faults.met() > 0 or system == "creator"
            assert firm.standing() == expected, (system, nth)


def test_answers_lost_all_the_time_for_an_hour_leave_no_double(tmp_path: Path) -> None:
    expected, _ = undisturbed("second")
    for verb in ("cut_after", "late", "error_after"):
        firm = second_part(tmp_path)
        for method in ("POST", "PATCH", "DELETE"):
            firm.sandbox.faults.add(Fault(verb, system="creator", method=method, times=0, seconds=LATE_S))
        for _ in range(4):
            assert firm.run().exit_code in (0, 5)
        firm.sandbox.faults.clear()
        firm.run_to_rest()
        assert firm.standing() == expected


def test_the_day_s_quota_comes_as_a_success_and_stops_the_run_all_the_same(tmp_path: Path) -> None:
    expected, _ = undisturbed("first")
    firm = begun(tmp_path)
    firm.sandbox.faults.add(Fault("throttle_day", system="creator", method="POST", nth=2))
    report = firm.run()
    assert report.exit_code == 6
    assert isinstance(report.error, QuotaUsedUp)
    before = firm.calls("creator")
    assert firm.run().exit_code == 6
    assert firm.calls("creator") == before
    firm.clock.sleep(86_400)
    firm.run_to_rest()
    assert firm.standing() == expected


def test_access_that_was_taken_away_asks_for_a_person_and_goes_on_after_it(tmp_path: Path) -> None:
    expected, _ = undisturbed("first")
    for forget in ("zoho", "intuit"):
        firm = begun(tmp_path)
        if forget == "zoho":
            firm.sandbox.accounts.forget()
        else:
            firm.quickbooks.intuit.forget()
        report = firm.run()
        assert isinstance(report.error, SignInNeeded)
        firm.sign_in()
        firm.run_to_rest()
        assert firm.standing() == expected


def test_a_report_that_hides_a_row_is_said_to(tmp_path: Path) -> None:
    """The key is refused as taken, and the report does not show who has it: nothing is doubled, and a person is told why."""
    firm = begun(tmp_path)
    firm.app.put("Customers", QB_Id="2", Display_Name="typed by hand")
    report = firm.app.reports["All_Customers"]
    firm.app.reports["All_Customers"] = type(report)(
        report.link_name, report.form, report.hidden, lambda row: row["QB_Id"] != "2"
    )
    for _ in range(6):
        firm.run(minutes=9)
    (problem,) = [each for each in firm.summary()[1] if each.entity == "customers"]
    assert problem.source_id == "2"
    assert "All_Customers" in problem.hint
    assert sorted(key for (key,) in firm.app.values("Customers", "QB_Id")) == ["1", "2", "3"]


def test_a_refused_row_fails_alone_and_the_others_of_its_lot_stand(tmp_path: Path) -> None:
    firm = begun(tmp_path)
    firm.firm.change("Customer", "2", PrimaryEmailAddr={"Address": "no address"})
    for _ in range(3):
        firm.run()
    (problem,) = firm.summary()[1]
    assert (problem.entity, problem.source_id, problem.code) == ("customers", "2", "refused")
    assert "Email" in problem.message
    assert len(firm.app.rows("Customers")) == 2
    blocked = [key for key, status in firm.statuses("invoices").items() if status == "blocked"]
    assert blocked == ["2"]

    firm.firm.change("Customer", "2", PrimaryEmailAddr={"Address": "right@example.com"})
    firm.run_to_rest()
    assert len(firm.app.rows("Invoices")) == 3
