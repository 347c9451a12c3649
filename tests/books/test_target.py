"""The target as a whole, over HTTP: what it learns, what it checks, whose payments it sees, and what it does not send."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from books.bodies import CONTACT, PAYMENT, key
from books.desk import Desk
from zsync.errors import ConfigError, InDoubt, Refused, SignInNeeded, Unavailable
from zsync.ports import Finding, Quota, Write
from zsync.sandbox import Behaviour, Fault
from zsync.targets.books import plugin
from zsync.targets.books.modules import modules
from zsync.targets.books.settings import BooksSettings, Entities
from zsync.targets.books.taxes import Facts


def findings(desk: Desk) -> dict[str, Finding]:
    return {each.subject: each for each in desk.target.check()}


def test_what_is_learnt_can_be_kept_as_json_and_planned_with() -> None:
    desk = Desk()
    learnt = desk.target.learn()
    assert learnt["organization"]["currency_code"] == "EUR"
    assert {"tax_id": desk.books.taxes["VAT 9%"], "tax_name": "VAT 9%", "tax_type": "tax", "tax_percentage": "9"} in learnt[
        "taxes"
    ]
    assert "Sales" in {account["account_name"] for account in learnt["accounts"]}
    assert Facts.of(learnt).currency_id("EUR") == desk.books.currencies["EUR"]
    assert _leaves(learnt) <= {str, int, bool, type(None)}
    assert len(desk.requests()) == 4


def _leaves(node: Any) -> set[type]:
    match node:
        case dict():
            return {kind for value in node.values() for kind in _leaves(value)}
        case list():
            return {kind for value in node for kind in _leaves(value)}
        case _:
            return {type(node)}


def test_nothing_is_sent_before_something_is_asked() -> None:
    assert Desk().requests() == []


def test_the_realm_is_the_same_with_and_without_the_target() -> None:
    desk = Desk()
    assert desk.target.realm == plugin.realm(desk.settings) == "zoho-finance:20061234567"


def test_check_finds_each_tax_account_and_deposit_account_that_the_configuration_names() -> None:
    found = findings(
        Desk(
            taxes={"9": "VAT 9%", "19": "VAT 19%"},
            accounts={"room": "Sales", "service": "Spa"},
            payment_methods={"Wire": {"mode": "banktransfer", "account": "Vault"}, "default": {"mode": "others"}},
        )
    )
    assert {subject for subject, each in found.items() if not each.ok} == {
        '[target.taxes] "19"',
        "[target.accounts] service",
        '[target.payment_methods] "Wire"',
    }
    assert "VAT 19%" in found['[target.taxes] "19"'].message
    assert all(each.hint for each in found.values() if not each.ok)
    assert "Sandbox Hotels" in found["Zoho Books"].message


def test_check_says_that_zoho_may_write_to_guests_by_itself() -> None:
    assert "reminders" in findings(Desk())["mails to guests"].hint


@pytest.mark.parametrize(("told", "fits"), [(2000, False), (20_000, True)])
def test_check_compares_the_configured_calls_with_what_the_answers_say(told: int, fits: bool) -> None:
    desk = Desk()
    desk.books.limits = replace(desk.books.limits, per_day=told)
    found = findings(desk)["[target.limits] calls_per_day"]
    assert found.ok is fits
    assert str(told) in found.message
    assert f"calls_per_day = {told}" in found.hint


def test_a_wrong_organisation_is_a_finding_with_a_way_out() -> None:
    desk = Desk(organization_id="999")
    (found,) = desk.target.check()
    assert not found.ok
    assert "organisation" in found.message
    assert "organization_id" in found.hint
    with pytest.raises(ConfigError):
        desk.target.learn()


def test_somebody_who_never_signed_in_is_told_how() -> None:
    desk = Desk()
    desk.tokens.tokens = None
    (found,) = desk.target.check()
    assert "zsync auth" in found.hint
    with pytest.raises(SignInNeeded):
        desk.target.learn()


def test_payments_of_our_tag_are_claimed_and_no_others() -> None:
    desk = Desk()
    customer = desk.books.create("contacts", {"contact_name": "Ada Guest"})["contact_id"]
    for reference in ("hotel:payment:13", "hotel:payment:1 3", "hotel:payments", "hotels:payment:14", "", "INV-7"):
        given = {**PAYMENT, "customer_id": customer, "reference_number": reference}
        desk.books.create("payments", given)
    assert desk.target.claimed("hotel") == {key("payment:13")}


@pytest.mark.parametrize(("lean", "seen", "calls"), [(False, 12, 1), (True, 10, 11)])
def test_the_newest_payments_cost_one_call_or_a_few_where_the_list_shows_no_references(lean: bool, seen: int, calls: int) -> None:
    desk = Desk(Behaviour(lean=lean))
    customer = desk.books.create("contacts", {"contact_name": "Ada Guest"})["contact_id"]
    for number in range(12):
        desk.clock.sleep(60)
        given = {**PAYMENT, "customer_id": customer, "reference_number": f"hotel:payment:{number}"}
        desk.books.create("payments", given)
    before = len(desk.requests())
    found = desk.target.latest("hotel")
    assert len(desk.requests()) - before == calls
    assert found == {key(f"payment:{number}") for number in range(12 - seen, 12)}


def test_a_call_counts_and_so_does_a_sign_in() -> None:
    desk = Desk()
    desk.target.learn()
    assert (desk.target.calls, desk.target.accounts_calls) == (4, 0)
    desk.sandbox.accounts.expire_access()
    desk.target.learn()
    assert desk.target.accounts_calls == 1
    assert desk.target.quota().calls == desk.target.calls


@pytest.mark.parametrize(
    ("fault", "error", "stands"),
    [
        (Fault("cut_after", method="POST"), InDoubt, 1),
        (Fault("cut_before", method="POST"), InDoubt, 0),
        (Fault("error_after", method="POST"), InDoubt, 1),
        (Fault("html", method="POST"), InDoubt, 1),
        (Fault("truncated", method="POST"), InDoubt, 1),
        (Fault("refused_connection", method="POST"), Unavailable, 0),
    ],
    ids=lambda value: value.verb if isinstance(value, Fault) else "",
)
def test_a_create_that_goes_wrong_on_the_way_is_sent_once_and_never_passed_over(
    fault: Fault, error: type[Exception], stands: int
) -> None:
    desk = Desk()
    desk.sandbox.faults.add(fault)
    body = {name: value for name, value in CONTACT.items() if name != "currency_id"}
    with pytest.raises(error):
        desk.target.modules["contacts"].create([Write(key("customer:8"), body)])
    assert desk.writes() == 1
    assert len(desk.books.contacts) == stands


def test_a_refusal_is_an_answer_with_zohos_code() -> None:
    desk = Desk()
    body = {**CONTACT, "currency_id": "1"}
    (said,) = desk.target.modules["contacts"].create([Write(key("customer:8"), body)])
    assert isinstance(said, Refused)
    assert said.remote_code


def test_every_module_has_a_label_and_its_parents_and_leads_exist() -> None:
    desk = Desk()
    every = desk.target.modules
    for name, module in every.items():
        assert module.name == name
        assert desk.target.number_label(name) != name or name in ("contacts", "items")
        assert module.batch == 1
        assert module.parent in ("", *every)
        assert module.rides in ("", *every)


def test_the_custom_field_of_the_settings_reaches_the_contacts() -> None:
    desk = Desk(contact_key_field="cf_guest")
    body = {name: value for name, value in CONTACT.items() if name != "currency_id"}
    desk.target.modules["contacts"].create([Write(key("customer:8"), body)])
    (sent,) = [each.body for each in desk.sandbox.ledger.writes()]
    assert sent is not None
    assert sent["custom_fields"] == [{"api_name": "cf_guest", "value": "hotel:customer:8"}]


def test_amounts_arrive_as_they_were_sent() -> None:
    desk = Desk()
    customer = str(desk.books.create("contacts", {"contact_name": "Ada Guest"})["contact_id"])
    body = {**PAYMENT, "customer_id": customer, "amount": Decimal("1234567.89")}
    modules(desk.target._client)["payments"].create([Write(key("payment:13"), body)])
    (payment,) = desk.books.payments.values()
    assert payment["amount"] == Decimal("1234567.89")


def test_a_token_is_not_sent_to_an_api_host_that_is_only_kept() -> None:
    """It was given by the sandbox; by now the configuration leads to the real Zoho."""
    desk = Desk()
    kept = desk.tokens.load()
    assert kept is not None
    desk.tokens.save(replace(kept, api_url="http://127.0.0.1:8900"))

    def build(settings: BooksSettings) -> None:
        plugin.build(
            settings, Entities(), source_tag="hotel", clock=desk.clock, token_store=desk.tokens, quota=Quota(), zone="UTC"
        ).close()

    with pytest.raises(ConfigError, match=r"127\.0\.0\.1"):
        build(desk.settings)
    build(desk.settings.model_copy(update={"api_url": "http://127.0.0.1:8900"}))
