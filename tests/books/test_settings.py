"""What the settings of a Zoho Books target take, refuse, and hand on to the mapping."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from zsync.ports import Switches
from zsync.targets.books import plugin
from zsync.targets.books.settings import BooksSettings, Entities, rules

LEAST = {"data_center": "eu", "organization_id": "20061234567", "client_id": "1000.ABC", "client_secret": "made-up"}


def settings(**more: Any) -> BooksSettings:
    return BooksSettings.model_validate({**LEAST, **more})


def complaint(model: type[BaseModel], given: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as found:
        model.model_validate(given)
    (error,) = found.value.errors()
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def test_the_defaults_are_those_of_the_documentation() -> None:
    found = settings()
    assert (found.prices, found.limits.calls_per_minute, found.limits.calls_per_day) == ("inclusive", 80, 1000)
    assert (found.limits.reserve, found.limits.timeout, found.limits.grace) == (Decimal("0.2"), 60.0, 1020.0)
    assert found.rounding.adjust_up_to == Decimal("0.05")
    assert found.numbers.orders == "QLO-"
    assert found.centre.accounts == "https://accounts.zoho.eu"


def test_documents_of_money_are_not_taken_back_by_default() -> None:
    switches = Entities().switches()
    assert {name for name, each in switches.items() if not each.delete} == {"orders", "invoices", "payments", "credit_notes"}
    assert switches["customers"] == Switches(True, True, True)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("17m", 1020.0), ("1h", 3600.0)])
def test_durations_are_read_with_their_unit_and_shown_with_it(text: str, seconds: float) -> None:
    limits = settings(limits={"grace": text}).limits
    assert limits.grace == seconds
    assert limits.model_dump(mode="json")["grace"] == text


def test_what_is_shown_can_be_read_again() -> None:
    before = settings(limits={"reserve": "35%", "timeout": "45s"}, rounding={"adjust_up_to": "0.02"})
    dumped = {**before.model_dump(mode="json", by_alias=True), "client_secret": "made-up"}
    assert BooksSettings.model_validate(dumped) == before


@pytest.mark.parametrize("wrong", ["17", 17, "17d", "m", "0s", "-1m", "1.5h", "\u0663m"])
def test_a_duration_without_a_proper_unit_is_refused(wrong: object) -> None:
    assert 'a number with its unit: "60s"' in complaint(BooksSettings, {**LEAST, "limits": {"grace": wrong}})


@pytest.mark.parametrize("wrong", [0.05, 1, "-0.01", "2", "NaN", "a cent"])
def test_an_adjustment_is_text_and_small(wrong: object) -> None:
    assert complaint(BooksSettings, {**LEAST, "rounding": {"adjust_up_to": wrong}}).startswith("rounding.adjust_up_to")


@pytest.mark.parametrize(
    "wrong",
    ["http://books.example.com", "https://user:pw@books.example.com", "https://books.example.com?x=1", "books.example.com"],
)
@pytest.mark.parametrize("name", ["accounts_url", "api_url", "web_url"])
def test_addresses_are_https_and_nothing_more(name: str, wrong: str) -> None:
    assert "address must" in complaint(BooksSettings, {**LEAST, name: wrong})


@pytest.mark.parametrize("right", ["https://books.example.com/", "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:5"])
def test_plain_http_is_for_a_loopback_address(right: str) -> None:
    assert settings(web_url=right).centre.books == right.rstrip("/")


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (Entities, {"currencies": {"default": "EUR"}}),
    ],
)
def test_what_comes_with_the_next_release_says_so(model: type[BaseModel], given: dict[str, Any]) -> None:
    assert "not carried yet" in complaint(model, given)


@pytest.mark.parametrize(
    ("model", "given", "where"),
    [
        (BooksSettings, {**LEAST, "pricing": "x"}, "pricing"),
        (BooksSettings, {**LEAST, "limits": {"calls": 1}}, "limits.calls"),
        (BooksSettings, {**LEAST, "payment_methods": {"Cash": {"mode": "gold"}}}, "payment_methods.Cash.mode"),
        (BooksSettings, {**LEAST, "accounts": {"rooms": "Sales"}}, "accounts.rooms"),
        (BooksSettings, {**LEAST, "contact_key_field": "Guest id"}, "contact_key_field"),
        (Entities, {"guests": {}}, "guests"),
        (Entities, {"customers": {"map": {"name": "{{ x }}"}}}, "customers.map.name"),
        (Entities, {"customers": {"map": {"notes": "{{ x"}}}, "customers.map.notes"),
    ],
)
def test_an_unknown_key_or_value_names_its_place(model: type[BaseModel], given: dict[str, Any], where: str) -> None:
    assert complaint(model, given).startswith(where)


def test_the_secret_shows_nowhere() -> None:
    found = settings()
    assert "made-up" not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"


def test_every_setting_is_described_for_the_reference() -> None:
    models: list[type[BaseModel]] = [BooksSettings, Entities, *_models(BooksSettings), *_models(Entities)]
    missing = [
        f"{model.__name__}.{name}" for model in models for name, field in model.model_fields.items() if not field.description
    ]
    assert missing == []
    assert BooksSettings.model_json_schema()["$defs"]["LimitSettings"]["properties"]["grace"]["type"] == "string"


def _models(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [field.annotation for field in model.model_fields.values()]
    return [each for each in inner if isinstance(each, type) and issubclass(each, BaseModel)]


def test_the_rules_of_the_mapping_come_out_of_the_settings() -> None:
    found = rules(
        settings(
            taxes={"9": "VAT 9%"},
            accounts={"default": "Sales"},
            payment_methods={"Bank wire": {"mode": "banktransfer", "account": "Bank"}},
            numbers={"orders": "H-"},
        ),
        Entities.model_validate({"invoices": {"final": "draft"}, "customers": {"map": {"notes": "{{ company }}"}}}),
        "hotel",
    )
    assert (found.tag, found.order_prefix, found.final) == ("hotel", "H-", "draft")
    assert found.taxes == {"9": "VAT 9%"}
    assert found.methods["Bank wire"].mode == "banktransfer"
    assert found.maps == {"customers": {"notes": "{{ company }}"}}


def test_links_lead_to_the_documents_page_and_statuses_have_none() -> None:
    link = plugin.links(settings(web_url="https://books.example.com"), Entities())
    assert link("invoices", "5") == "https://books.example.com/app/20061234567#/invoices/5"
    assert link("items", "5") == "https://books.example.com/app/20061234567#/inventory/items/5"
    assert link("payments", "5") == "https://books.example.com/app/20061234567#/customerpayments/5"
    assert link("applications", "2/5") == ""


def test_deleting_payments_is_asked_for_only_where_it_is_switched_on() -> None:
    assert "ZohoBooks.customerpayments.DELETE" not in plugin.scopes(settings(), Entities())
    on = Entities.model_validate({"payments": {"auto_delete": True}})
    assert "ZohoBooks.customerpayments.DELETE" in plugin.scopes(settings(), on)


def test_links_and_settings_need_no_network_library() -> None:
    code = (
        "import sys; from zsync.targets.books import plugin; plugin.settings; plugin.entities(None)().switches();"
        "print([name for name in ('httpx2', 'authlib') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
