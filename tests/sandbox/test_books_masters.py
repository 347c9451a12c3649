"""Contacts, items and settings of the stand-in Books: facts, sections 4, 6, 7, 8, 9 and 16."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.bench import Bench, line
from zsync.sandbox import Behaviour, Books, Organization

D = Decimal


# --- the envelope --------------------------------------------------------------------------------------------------------


def test_a_record_comes_back_with_code_message_and_its_resource() -> None:
    answer = Bench().post("/contacts", {"contact_name": "Ada"})
    assert answer.status == 201
    assert (answer.body["code"], answer.body["message"]) == (0, "The contact has been created")
    contact = answer.body["contact"]
    assert len(contact["contact_id"]) == 19
    assert contact["created_time"] == "2026-03-02T13:00:00+0100"
    assert (contact["status"], contact["currency_code"]) == ("active", "EUR")


def test_another_organisation_is_6041_and_none_is_refused() -> None:
    bench = Bench()
    wrong = bench.ask("GET", "/contacts", query={"organization_id": "999"})
    assert (wrong.status, wrong.code) == (400, 6041)
    assert bench.ask("GET", "/contacts", query={"organization_id": ""}).status == 400
    assert bench.ask("GET", "/organizations", query={"organization_id": ""}).status == 200
    assert bench.get("/organizations/999").code == 6041


def test_a_path_that_does_not_exist_is_code_5() -> None:
    answer = Bench().get("/contact")
    assert (answer.status, answer.code) == (404, 5)


@pytest.mark.parametrize(
    ("data", "kind"),
    [("{", "application/json"), ("3", "application/json"), ("contact_name=Ada", "application/x-www-form-urlencoded")],
)
def test_a_body_that_is_no_json_is_1038(data: str, kind: str) -> None:
    bench = Bench()
    response = bench.caller.post(
        "/books/v3/contacts",
        query_string={"organization_id": bench.books.organization.organization_id},
        data=data,
        content_type=kind,
        headers={"Authorization": f"Zoho-oauthtoken {bench.token}"},
    )
    assert (response.status_code, response.json["code"] if response.json else 0) == (400, 1038)


def test_the_older_form_field_works_too() -> None:
    bench = Bench()
    response = bench.caller.post(
        "/books/v3/contacts",
        query_string={"organization_id": bench.books.organization.organization_id},
        data={"JSONString": '{"contact_name":"Ada"}'},
        headers={"Authorization": f"Zoho-oauthtoken {bench.token}"},
    )
    assert response.status_code == 201


def test_amounts_are_numbers_without_needless_zeros() -> None:
    bench = Bench()
    item = bench.item("Room", rate=D("99.90"))
    raw = bench.caller.get(
        f"/books/v3/items/{item}",
        query_string={"organization_id": bench.books.organization.organization_id},
        headers={"Authorization": f"Zoho-oauthtoken {bench.token}"},
    )
    assert '"rate":99.9,' in raw.get_data(as_text=True)


# --- contacts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["Ada", "ada", " Ada "])
def test_a_name_exists_once(again: str) -> None:
    bench = Bench()
    bench.contact("Ada")
    answer = bench.post("/contacts", {"contact_name": again})
    assert (answer.status, answer.code) == (400, 3062)


def test_names_may_differ_in_case_or_be_equal_where_the_switch_says_so() -> None:
    bench = Bench(Behaviour(names_fold_case=False))
    bench.contact("Ada")
    assert bench.post("/contacts", {"contact_name": "ada"}).status == 201
    bench.books.behaviour = Behaviour(duplicate_names=True)
    assert bench.post("/contacts", {"contact_name": "Ada"}).status == 201


def test_an_inactive_contact_keeps_its_name_and_leaves_the_plain_list() -> None:
    bench = Bench()
    id = bench.contact("Ada")
    assert bench.post(f"/contacts/{id}/inactive").status == 200
    assert bench.get("/contacts").body["contacts"] == []
    assert len(bench.get("/contacts", filter_by="Status.All").body["contacts"]) == 1
    assert bench.post("/contacts", {"contact_name": "Ada"}).code == 3062
    bench.post(f"/contacts/{id}/active")
    assert len(bench.get("/contacts").body["contacts"]) == 1


def test_mail_and_phone_on_top_are_silently_dropped_and_noted() -> None:
    bench = Bench()
    id = bench.contact("Ada", email="ada@example.com", phone="1")
    contact = bench.get(f"/contacts/{id}").body["contact"]
    assert (contact["email"], contact["phone"]) == ("", "")
    assert bench.books.unknown_properties == ["contacts.email", "contacts.phone"]


def test_the_primary_person_lends_his_mail() -> None:
    bench = Bench()
    person = {"first_name": "Ada", "email": "ada@example.com"}
    id = bench.contact("Ada", contact_persons=[person, {"first_name": "Bob", "email": "bob@example.com"}])
    contact = bench.get(f"/contacts/{id}").body["contact"]
    assert contact["email"] == "ada@example.com"
    assert [row["is_primary_contact"] for row in contact["contact_persons"]] == [True, False]
    assert len(bench.get("/contacts", email="ada@example.com").body["contacts"]) == 1
    assert bench.get("/contacts", email="ada@example").body["contacts"] == []
    bench.books.behaviour = Behaviour(email_near=True)
    assert len(bench.get("/contacts", email="ada@example").body["contacts"]) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"contact_name": ""}, 3013),
        ({"contact_name": "A<b>"}, 4),
        ({"contact_name": "A\tb"}, 4),
        ({"contact_name": "A" * 201}, 15),
        ({"contact_name": "A", "billing_address": {"zip": "1" * 51}}, 15),
        ({"contact_name": "A", "contact_persons": [{"email": "no address"}]}, 2),
        ({"contact_name": "A", "contact_persons": [{"first_name": "A" * 101}]}, 15),
        ({"contact_name": "A", "currency_id": "77"}, 9004),
        ({"contact_name": "A", "payment_terms": "soon"}, 2),
        ({"contact_name": "A", "billing_address": "Main Street"}, 2),
        ({"contact_name": "A\x7f"}, 4),
        ({"contact_name": "A", "company_name": "B>"}, 4),
        ({"contact_name": "A", "contact_persons": [{"last_name": "<B"}]}, 4),
        ({"contact_name": "A", "contact_persons": [{"contact_person_id": "7"}]}, 1002),
        ({"contact_name": "A", "contact_type": "guest"}, 2),
        ({"contact_name": "A", "customer_sub_type": "guest"}, 2),
        ({"contact_name": "A", "language_code": "xx"}, 2),
        ({"contact_name": "A", "contact_number": "hotel:customer:8"}, 2),
        ({"contact_name": "A", "is_portal_enabled": True}, 2),
        ({"contact_name": "A", "custom_fields": 1}, 2),
    ],
)
def test_a_contact_that_is_not_right_is_refused(body: dict[str, Any], code: int) -> None:
    bench = Bench()
    answer = bench.post("/contacts", body)
    assert (answer.status, answer.code) == (404 if code == 1002 else 400, code)
    assert bench.books.contacts == {}


def test_brackets_and_bad_addresses_pass_where_the_switches_say_so() -> None:
    bench = Bench(Behaviour(brackets_refused=False, email_checked=False))
    assert bench.post("/contacts", {"contact_name": "A<b>", "contact_persons": [{"email": "?"}]}).status == 201


@pytest.mark.parametrize(("kept", "number"), [(True, "hotel:customer:8"), (False, "CUS-00001")])
def test_an_own_contact_number_is_kept_or_not(kept: bool, number: str) -> None:
    bench = Bench(Behaviour(contact_number_kept=kept))
    id = bench.contact("Ada", contact_number="hotel:customer:8", ignore_auto_number_generation=True)
    assert bench.get(f"/contacts/{id}").body["contact"]["contact_number"] == number


@pytest.mark.parametrize(("replaces", "notes"), [(False, "kind"), (True, "")])
def test_a_put_keeps_or_empties_what_it_leaves_out(replaces: bool, notes: str) -> None:
    bench = Bench(Behaviour(put_replaces_contact=replaces))
    id = bench.contact("Ada", notes="kind", company_name="Engines")
    bench.clock.move(10)
    answer = bench.put(f"/contacts/{id}", {"company_name": "Engines Ltd"})
    contact = answer.body["contact"]
    assert (contact["contact_name"], contact["company_name"], contact["notes"]) == ("Ada", "Engines Ltd", notes)
    assert contact["last_modified_time"] == "2026-03-02T13:00:10+0100"
    assert contact["created_time"] == "2026-03-02T13:00:00+0100"


def test_a_contact_may_keep_its_own_name_but_not_take_anothers() -> None:
    bench = Bench()
    ada, _ = bench.contact("Ada"), bench.contact("Bob")
    assert bench.put(f"/contacts/{ada}", {"contact_name": "Ada"}).status == 200
    assert bench.put(f"/contacts/{ada}", {"contact_name": "Bob"}).code == 3062


def test_a_contact_with_transactions_is_not_deleted() -> None:
    bench = Bench()
    used, unused = bench.contact("Ada"), bench.contact("Bob")
    bench.order(used, "1", line("10"))
    assert bench.delete(f"/contacts/{used}").code == 3000
    assert bench.delete(f"/contacts/{unused}").status == 200
    assert bench.delete(f"/contacts/{unused}").code == 1002


def test_a_contact_that_does_not_exist_is_1002() -> None:
    bench = Bench()
    for answer in (bench.get("/contacts/7"), bench.put("/contacts/7", {}), bench.post("/contacts/7/inactive")):
        assert (answer.status, answer.code) == (404, 1002)


def test_the_currency_of_a_contact_is_fixed_by_transactions() -> None:
    bench = Bench()
    dollar = bench.books.add_currency("USD", rate="0.9")
    id = bench.contact("Ada")
    assert bench.put(f"/contacts/{id}", {"currency_id": dollar}).status == 200
    bench.order(id, "1", line("10"))
    assert bench.put(f"/contacts/{id}", {"currency_id": bench.books.currencies["EUR"]}).code == 2


def test_the_portal_makes_zoho_write_to_the_guest() -> None:
    bench = Bench()
    bench.contact("Ada")
    assert bench.books.mails == []
    bench.contact("Bob", contact_persons=[{"email": "bob@example.com", "enable_portal": True}])
    assert [mail.kind for mail in bench.books.mails] == ["portal invitation"]
    bench.books.behaviour = Behaviour(portal=False)
    refused = bench.post("/contacts", {"contact_name": "Eve", "contact_persons": [{"email": "e@x.io", "enable_portal": True}]})
    assert refused.code == 31006
    assert len(bench.books.contacts) == 2


def test_a_vendor_is_no_customer() -> None:
    bench = Bench()
    vendor = bench.contact("Bakery", contact_type="vendor")
    assert bench.post("/salesorders", {"customer_id": vendor, "line_items": [line("1")]}).code == 3004


def test_a_put_with_persons_replaces_them_and_those_with_an_id_keep_it() -> None:
    bench = Bench()
    id = bench.contact("Ada", contact_persons=[{"first_name": "Ada"}, {"first_name": "Bob"}])
    first = bench.get(f"/contacts/{id}").body["contact"]["contact_persons"][0]["contact_person_id"]
    bench.put(f"/contacts/{id}", {"contact_persons": [{"contact_person_id": first, "first_name": "Ada L."}]})
    (person,) = bench.get(f"/contacts/{id}").body["contact"]["contact_persons"]
    assert (person["contact_person_id"], person["first_name"]) == (first, "Ada L.")


# --- items -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001])
def test_a_name_and_a_sku_exist_once(code: Any) -> None:
    bench = Bench(Behaviour(duplicate_item_code=code))
    bench.item("Room", sku="R1")
    assert bench.post("/items", {"name": "Room", "rate": 1}).code == code
    assert bench.post("/items", {"name": "Suite", "rate": 1, "sku": "R1"}).code == code


def test_inactive_items_are_not_listed_by_default() -> None:
    bench = Bench()
    id = bench.item()
    bench.post(f"/items/{id}/inactive")
    assert bench.get("/items").body["items"] == []
    assert bench.get("/items", filter_by="Status.All").body["items"][0]["status"] == "inactive"
    assert bench.get("/items", filter_by="Status.Odd").code == 2


@pytest.mark.parametrize(("filters", "rows"), [(False, 2), (True, 1)])
def test_the_filter_by_sku_is_ignored_or_known(filters: bool, rows: int) -> None:
    bench = Bench(Behaviour(sku_filter=filters))
    bench.item("A", sku="S1")
    bench.item("B", sku="S2")
    assert len(bench.get("/items", sku="S1").body["items"]) == rows


def test_search_text_finds_a_sku() -> None:
    bench = Bench()
    bench.item("A", sku="S1")
    bench.item("B", sku="S2")
    assert [row["name"] for row in bench.get("/items", search_text="S2").body["items"]] == ["B"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "A"}, 2),
        ({"rate": 1}, 2),
        ({"name": "A" * 101, "rate": 1}, 15),
        ({"name": "A<", "rate": 1}, 4),
        ({"name": "A", "rate": "x"}, 2),
        ({"name": "A", "rate": 1, "tax_id": "77"}, 2),
        ({"name": "A", "rate": 1, "account_id": "77"}, 2),
        ({"name": "A", "rate": 1, "description": "x" * 2001}, 15),
        ({"name": "A", "rate": 1, "product_type": "room"}, 2),
        ({"name": "A", "rate": 1, "item_type": "room"}, 2),
        ({"name": "A", "rate": 1, "custom_fields": 1}, 2),
    ],
)
def test_an_item_that_is_not_right_is_refused(body: dict[str, Any], code: int) -> None:
    answer = Bench().post("/items", body)
    assert (answer.status, answer.code) == (400, code)


def test_an_item_in_use_is_neither_deleted_nor_made_goods_of() -> None:
    bench = Bench()
    item = bench.item("Room", product_type="service")
    bench.order(bench.contact(), "1", line("10", item_id=item))
    assert bench.delete(f"/items/{item}").code == 2049
    assert bench.put(f"/items/{item}", {"product_type": "goods"}).code == 2076
    assert bench.put(f"/items/{item}", {"description": "new"}).status == 200


def test_items_are_read_together_by_their_ids() -> None:
    bench = Bench()
    one, two = bench.item("A"), bench.item("B")
    answer = bench.get("/itemdetails", item_ids=f"{one},{two}")
    assert [row["name"] for row in answer.body["items"]] == ["A", "B"]
    missing = bench.get("/itemdetails", item_ids="7")
    assert (missing.status, missing.code) == (404, 2006)


def test_an_account_that_is_inactive_is_11015() -> None:
    bench = Bench()
    account = bench.books.accounts["Other Income"]
    record = bench.books.desk.settings.accounts.get(account)
    assert record is not None
    record["is_active"] = False
    assert bench.post("/items", {"name": "A", "rate": 1, "account_id": account}).code == 11015


# --- settings --------------------------------------------------------------------------------------------------------------


def test_the_organisation_shows_currency_precision_and_zone() -> None:
    bench = Bench(books=Books(Organization(currency_code="KWD", price_precision=3, time_zone="Asia/Kuwait")))
    shown = bench.get("/organizations").body["organizations"][0]
    assert (shown["currency_code"], shown["price_precision"], shown["time_zone"]) == ("KWD", 3, "Asia/Kuwait")
    assert bench.get(f"/organizations/{shown['organization_id']}").body["organization"]["name"] == shown["name"]


@pytest.mark.parametrize("among", [True, False])
def test_tax_groups_stand_among_the_taxes_or_not(among: bool) -> None:
    bench = Bench(Behaviour(groups_among_taxes=among))
    halves = [bench.books.add_tax("CGST", "9"), bench.books.add_tax("SGST", "9")]
    group = bench.books.add_tax_group("GST 18", halves)
    listed = {tax["tax_id"]: tax for tax in bench.get("/settings/taxes").body["taxes"]}
    assert (group in listed) is among
    if among:
        assert (listed[group]["tax_type"], listed[group]["tax_percentage"]) == ("tax_group", D(18))
    assert bench.get(f"/settings/taxgroups/{group}").body["tax_group"]["tax_group_percentage"] == 18


def test_taxes_and_groups_can_be_made_through_the_api() -> None:
    bench = Bench()
    one = bench.post("/settings/taxes", {"tax_name": "GST", "tax_percentage": 5, "tax_type": "tax"}).body["tax"]["tax_id"]
    two = bench.post("/settings/taxes", {"tax_name": "QST", "tax_percentage": 10, "tax_type": "compound_tax"}).body["tax"]
    assert bench.post("/settings/taxes", {"tax_name": "GST", "tax_percentage": 5}).code == 2
    group = bench.post("/settings/taxgroups", {"tax_group_name": "Both", "taxes": f"{one},{two['tax_id']}"}).body["tax_group"]
    # 5 % and 10 % on 105: 15.5 %.
    assert group["tax_group_percentage"] == D("15.5")


def test_the_chart_of_accounts_is_filtered_by_type() -> None:
    bench = Bench()
    income = bench.get("/chartofaccounts", filter_by="AccountType.Income").body["chartofaccounts"]
    assert {row["account_name"] for row in income} == {"Sales", "Other Income"}
    assert len(bench.get("/chartofaccounts").body["chartofaccounts"]) == len(bench.books.accounts)
    assert bench.get("/chartofaccounts", filter_by="AccountType.Odd").code == 2


def test_a_currency_exists_once_and_goes_only_while_it_is_unused() -> None:
    bench = Bench()
    body = {"currency_code": "USD", "currency_format": "1,234,567.89", "price_precision": 2}
    id = bench.post("/settings/currencies", body).body["currency"]["currency_id"]
    assert bench.post("/settings/currencies", body).status == 400
    bench.contact("Ada", currency_id=id)
    assert bench.delete(f"/settings/currencies/{id}").status == 400
    free = bench.books.add_currency("CHF")
    assert bench.delete(f"/settings/currencies/{free}").status == 200
    assert bench.delete(f"/settings/currencies/{bench.books.currencies['EUR']}").status == 400
    codes = [row["currency_code"] for row in bench.get("/settings/currencies").body["currencies"]]
    assert codes == ["EUR", "USD"]


def test_a_document_without_a_rate_takes_the_last_one_on_or_before_its_date() -> None:
    bench = Bench()
    dollar = bench.books.add_currency("USD", rate="0.9")
    for day, rate in (("2026-01-01", "0.91"), ("2026-02-01", "0.92")):
        answer = bench.post(f"/settings/currencies/{dollar}/exchangerates", {"effective_date": day, "rate": D(rate)})
        assert answer.status == 201
    customer = bench.contact("Ada", currency_id=dollar)
    rates = [
        bench.order(customer, number, line("10"), date=day)["exchange_rate"]
        for number, day in (("1", "2025-12-31"), ("2", "2026-01-31"), ("3", "2026-03-01"))
    ]
    assert rates == [D("0.9"), D("0.91"), D("0.92")]
    assert len(bench.get(f"/settings/currencies/{dollar}/exchangerates").body["exchange_rates"]) == 2
