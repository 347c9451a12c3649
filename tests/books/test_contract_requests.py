"""Every request of the modules is one that Zoho's documents know, less their known gaps, and stays within our scopes."""

from __future__ import annotations

import pytest

from books import test_modules_contract as suites
from books.desk import Desk
from books.fake_books import FakeBooks, Sent
from contract.module_contract import ModuleContract, Stage, created, standing
from contracts_zoho import check_request, needs_contracts, operation
from zsync.model.intent import Written
from zsync.targets.books import plugin
from zsync.targets.books.settings import BooksSettings, Entities

SUITES: tuple[type[ModuleContract], ...] = (
    suites.TestContacts,
    suites.TestItems,
    suites.TestSalesOrders,
    suites.TestSalesOrdersOpen,
    suites.TestInvoices,
    suites.TestInvoicesSent,
    suites.TestPayments,
    suites.TestApplications,
    suites.TestCreditNotes,
    suites.TestCreditNotesOpen,
    suites.TestCreditApplications,
    suites.TestRefunds,
    suites.TestExcessRefunds,
    suites.TestCurrencies,
    suites.TestExchangeRates,
)

pytestmark = needs_contracts


def walked(suite: type[ModuleContract]) -> list[Sent]:
    """All requests of a document's life: asked for, created, read, changed, taken back, taken into use again."""
    stage = suite().stage()
    stage.module.find([(stage.key, stage.body)])
    made = created(stage)
    stage.module.find([(stage.key, stage.body)])
    seen = stage.module.read(standing(stage, made))
    assert isinstance(seen, Written)
    if stage.other is not None:
        stage.module.update(standing(stage, seen), stage.other)
    if stage.withdrawable:
        stage.module.withdraw(standing(stage, made))
        stage.module.withdraw(standing(stage, made))
    if stage.module.revivable:
        stage.module.revive(standing(stage, made))
    return books_of(stage).sent


def books_of(stage: Stage) -> FakeBooks:
    found = getattr(stage.module, "_calls", None)
    assert isinstance(found, FakeBooks)
    return found


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)
def test_each_request_is_documented(suite: type[ModuleContract]) -> None:
    sent = walked(suite)
    assert len(sent) > 3
    faults = [
        fault
        for each in sent
        for fault in check_request(each.method, each.path, {**each.query, "organization_id": "10229182"}, each.body)
    ]
    assert faults == []


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)
def test_each_request_is_within_the_scopes_that_are_asked_for(suite: type[ModuleContract]) -> None:
    settings = BooksSettings.model_validate(
        {"data_center": "eu", "organization_id": "10229182", "client_id": "1000.ABC", "client_secret": "made-up"}
    )
    entities = Entities.model_validate({"payments": {"auto_delete": True}, "currencies": {"multi_currency": True}})
    granted = set(plugin.scopes(settings, entities))
    for each in walked(suite):
        found = operation(each.method, each.path)
        assert found is not None
        assert found.scopes & granted, f"{each.method} {each.path} needs {set(found.scopes)}"


def test_no_scope_is_asked_for_that_no_request_needs() -> None:
    desk = Desk()  # signed in to delete payments, too, as `walked` does
    desk.target.learn()
    list(desk.target.claimed("hotel"))
    sent = [(each.method, each.path) for suite in SUITES for each in walked(suite)]
    sent += [(method, path) for method, path, _, _ in desk.requests()]
    needed = {scope for method, path in sent if (found := operation(method, path)) is not None for scope in found.scopes}
    kept = desk.tokens.load()
    assert kept is not None
    assert set(kept.scopes) - needed == set()


def test_the_checker_sees_what_is_wrong() -> None:
    query = {"organization_id": "1"}
    assert check_request("POST", "/books/v3/invoices/5/mailed", query, None) == [
        "POST /books/v3/invoices/5/mailed is not documented"
    ]
    assert "no organization_id" in check_request("GET", "/invoices", {}, None)[0]
    assert "query `invoice_no`" in check_request("GET", "/invoices", {**query, "invoice_no": "1"}, None)[0]
    assert check_request("GET", "/customerpayments", {**query, "reference_number_startswith": "a"}, None) == []
    (misspelt,) = check_request("POST", "/contacts", query, {"contact_name": "x", "notez": "y"})
    assert "notez" in misspelt
    (typed,) = check_request("PUT", "/contacts/5", query, {"contact_name": 7})
    assert "$.contact_name" in typed
