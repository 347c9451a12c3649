"""Whole plans of single customers, hotels, items and currencies: every field that leaves, and none that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from books.test_mapping import CUSTOMER, FACTS, NOW, RULES, contact, record
from zsync.errors import Unmappable
from zsync.model.documents import Address, Currency, Document, Entry, Hotel, Item, Kind
from zsync.model.intent import Body, Intent, Known, Note, Plan, Ref, Verdict, Written
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.model.record import Record
from zsync.targets.books.mapping import own, plan
from zsync.targets.books.rules import Rules

HOTEL = Key.of("hotel", "hotel", "3")
ROOM = Key.of("hotel", "room", "5")
DOLLAR = Key.of("hotel", "currency", "USD")
LIRA = Key.of("hotel", "currency", "TRY")
GUEST: Body = {
    "contact_name": "Juan Perez",
    "contact_number": "hotel:customer:8",
    "ignore_auto_number_generation": True,
    "contact_type": "customer",
    "customer_sub_type": "individual",
    "currency_id": "81",
    "contact_persons": [{"first_name": "Juan", "last_name": "Perez", "is_primary_contact": True}],
}
WITH_DOLLARS = {**FACTS, "currencies": [*FACTS["currencies"], {"currency_id": "82", "currency_code": "USD"}]}


def planned(document: Document, rules: Rules = RULES, facts: Any = FACTS, **fields: str) -> Plan:
    return plan(record(document, fields=fields), {}, {}, facts, rules)


def alone(module: str, document: Any, body: Body, number: str, *notes: Note) -> Plan:
    """A plan with this one document."""
    return Plan(document.key, (Intent(module, document.key, body, document.key, number=number),), notes=notes)


# --- customers ----------------------------------------------------------------------------------------------------------------


def test_a_guest_of_whom_little_is_known() -> None:
    assert planned(contact()) == alone("contacts", contact(), GUEST, "Juan Perez")


def test_a_company_of_which_everything_is_known() -> None:
    address = Address("Desk", "1 Quay Street", "Floor 2", "Porto", "4000", "Norte", "PT-13", "Portugal", "PT", "+351 1")
    firm = contact(
        name="Perez Ltd",
        company="Perez Ltd",
        email="juan@example.com",
        phone="+34 1",
        mobile="+34 2",
        language="es",
        tax_number="ES 1",
        note="quiet room",
        address=address,
    )
    person = {"first_name": "Juan", "last_name": "Perez", "email": "juan@example.com", "phone": "+34 1", "mobile": "+34 2"}
    body: Body = {
        **GUEST,
        "contact_name": "Perez Ltd",
        "customer_sub_type": "business",
        "company_name": "Perez Ltd",
        "language_code": "es",
        "billing_address": {
            "attention": "Desk",
            "address": "1 Quay Street",
            "street2": "Floor 2",
            "city": "Porto",
            "state": "Norte",
            "zip": "4000",
            "country": "Portugal",
            "phone": "+351 1",
        },
        "contact_persons": [{**person, "is_primary_contact": True}],
        "notes": "quiet room\nVAT number: ES 1",
    }
    assert planned(firm) == alone("contacts", firm, body, "Perez Ltd")


def test_an_address_of_mail_that_zoho_would_refuse_stands_in_the_notes_and_is_told() -> None:
    guest = contact(email="no address", note="quiet room")
    note = Note(CUSTOMER, "email_dropped", "its e-mail address would be refused: it stands in the notes instead")
    body = {**GUEST, "notes": "E-mail: no address\nquiet room"}
    assert planned(guest) == alone("contacts", guest, body, "Juan Perez", note)


def test_notes_that_are_full_lose_their_end_not_the_address_before_them() -> None:
    (intent,) = planned(contact(email="no address", note="x" * 2000)).intents
    assert intent.body["notes"] == "E-mail: no address\n" + "x" * 1981


def test_without_the_organisation_s_currency_the_field_is_left_out() -> None:
    body = {name: value for name, value in GUEST.items() if name != "currency_id"}
    assert planned(contact(), facts={**FACTS, "currencies": []}) == alone("contacts", contact(), body, "Juan Perez")


def test_each_text_is_cut_at_the_length_that_zoho_takes() -> None:
    long = "x" * 600
    address = Address(long, long, long, long, long, long, country=long, phone=long)
    (intent,) = planned(
        contact(name=long, company=long, first_name=long, last_name=long, phone=long, mobile=long, address=address, note=long * 4)
    ).intents
    body = intent.body
    persons = body["contact_persons"]
    assert isinstance(persons, list)
    person, billing = persons[0], body["billing_address"]
    assert isinstance(person, dict)
    assert isinstance(billing, dict)
    texts = {
        **{k: v for k, v in {**body, **person}.items() if isinstance(v, str)},
        **{f"billing {k}": v for k, v in billing.items()},
    }
    assert {name: len(str(value)) for name, value in texts.items() if len(str(value)) > 20} == {
        "contact_name": 180,
        "company_name": 200,
        "first_name": 100,
        "last_name": 100,
        "phone": 50,
        "mobile": 50,
        "notes": 2000,
        "billing attention": 100,
        "billing address": 500,
        "billing street2": 255,
        "billing city": 100,
        "billing state": 100,
        "billing zip": 50,
        "billing country": 100,
        "billing phone": 50,
    }


@pytest.mark.parametrize(
    ("fields", "portal", "initialised", "invited"),
    [
        ({"since": date(2026, 2, 2)}, True, "2026-02-01", True),
        ({"since": date(2026, 2, 1)}, True, "2026-02-01", False),
        ({"since": date(2026, 1, 31)}, True, "2026-02-01", False),
        ({"since": date(2026, 2, 2)}, False, "2026-02-01", False),
        ({"since": date(2026, 2, 2), "email": ""}, True, "2026-02-01", False),
        ({"since": date(2026, 2, 2)}, True, None, False),
        ({}, True, "2026-02-01", False),
    ],
)
def test_only_who_came_after_init_and_has_an_address_is_invited_to_the_portal(
    fields: dict[str, Any], portal: bool, initialised: str | None, invited: bool
) -> None:
    facts = {**FACTS, "initialised_on": initialised}
    guest = contact(**{"email": "juan@example.com", **fields})
    (intent,) = planned(guest, replace(RULES, portal=portal), facts).intents
    assert intent.body.get("is_portal_enabled") is (True if invited else None)


def test_a_tax_number_that_just_fits_its_field_stands_there() -> None:
    rules = replace(RULES, tax_fields=replace(RULES.tax_fields, number="vat_reg_no"))
    (fits,), (too_long,) = (planned(contact(tax_number="1" * length), rules).intents for length in (15, 16))
    assert fits.body["vat_reg_no"] == "1" * 15
    assert "vat_reg_no" not in too_long.body


def test_a_template_fills_the_notes_from_the_record() -> None:
    rules = replace(RULES, maps={"customers": {"notes": "room {{ room }}"}})
    assert planned(contact(), rules, room="12") == alone("contacts", contact(), {**GUEST, "notes": "room 12"}, "Juan Perez")
    bare = Record(CUSTOMER, (contact(),), "1", NOW, {})
    made = plan(bare, {}, {}, FACTS, rules)
    assert made.scope == CUSTOMER
    assert "[entities.customers.map] notes" in made.errors[CUSTOMER].message


def test_each_other_currency_of_a_customer_has_a_contact_of_its_own() -> None:
    rules = replace(RULES, multi_currency=True, portal=True)
    facts = {**WITH_DOLLARS, "initialised_on": "2026-01-01"}
    trades = tuple((code, date(2026, 2, 1)) for code in ("EUR", "USD", "TRY"))
    guest = contact(email="juan@example.com", since=date(2026, 2, 2), trades=trades)
    person: Body = {"first_name": "Juan", "last_name": "Perez", "email": "juan@example.com", "is_primary_contact": True}
    body: Body = {**GUEST, "contact_persons": [person]}
    dollars: Body = {
        **body,
        "contact_name": "Juan Perez (8) USD",
        "contact_number": "hotel:customer:8/USD",
        "currency_id": "82",
    }
    lira: Body = {
        **body,
        "contact_name": "Juan Perez (8) TRY",
        "contact_number": "hotel:customer:8/TRY",
        "currency_id": Ref("currencies", LIRA),
    }
    assert planned(guest, rules, facts) == Plan(
        CUSTOMER,
        (
            Intent("contacts", CUSTOMER, {**body, "is_portal_enabled": True}, CUSTOMER, number="Juan Perez"),
            Intent("contacts", CUSTOMER.child("USD"), dollars, CUSTOMER, number="Juan Perez (8) USD"),
            Intent("contacts", CUSTOMER.child("TRY"), lira, CUSTOMER, number="Juan Perez (8) TRY"),
        ),
    )
    assert len(planned(guest, replace(rules, multi_currency=False), facts).intents) == 1


@pytest.mark.parametrize("document", [contact(), Item(ROOM, "5", Kind.ROOM, "Double"), Hotel(HOTEL, "3", "Harbour")])
def test_who_is_refused_or_out_of_use_wants_nothing(document: Any) -> None:
    assert plan(record(document), {}, {document.key: "off"}, FACTS, RULES) == Plan(document.key)
    assert planned(replace(document, active=False)) == Plan(document.key)


# --- hotels, items, currencies ------------------------------------------------------------------------------------------------


def test_a_hotel_is_an_item_that_nothing_is_sold_under() -> None:
    address = Address(street="1 Quay Street", city="Porto", zip="4000", country="Portugal", phone="+351 1")
    hotel = Hotel(HOTEL, "3", "Harbour House", "desk@example.com", address)
    body: Body = {
        "name": "Harbour House (HOTEL-3)",
        "sku": "HOTEL-3",
        "rate": Decimal(0),
        "product_type": "service",
        "item_type": "sales",
        "description": "1 Quay Street\n4000 Porto\nPortugal\n+351 1\ndesk@example.com",
    }
    assert planned(hotel) == alone("items", hotel, body, "HOTEL-3")
    bare = {name: value for name, value in body.items() if name != "description"}
    assert planned(Hotel(HOTEL, "3", "Harbour House")) == alone("items", hotel, bare, "HOTEL-3")
    rules = replace(RULES, maps={"hotels": {"description": "{{ stars }} stars"}})
    assert planned(hotel, rules, stars="4") == alone("items", hotel, {**body, "description": "4 stars"}, "HOTEL-3")
    (long,) = planned(replace(hotel, email="x" * 4000)).intents
    assert len(str(long.body["description"])) == 2000


@pytest.mark.parametrize(
    ("hotels_as", "why"),
    [
        ("none", 'hotels are left out: as = "none"'),
        ("location", "it is a location of the organisation, which its documents carry"),
    ],
)
def test_a_hotel_that_is_no_item_is_skipped_with_the_reason(hotels_as: Any, why: str) -> None:
    made = planned(Hotel(HOTEL, "3", "Harbour House"), replace(RULES, hotels_as=hotels_as))
    assert made == Plan(HOTEL, verdicts={HOTEL: Verdict("skipped", why)})


def test_a_room_type_with_all_that_it_may_have() -> None:
    room = Item(ROOM, "5", Kind.ROOM, "Double", Money(Decimal("99.995"), "EUR"), "VAT", Decimal(20), "by the sea")
    body: Body = {
        "name": "Double (ROOM-5)",
        "sku": "ROOM-5",
        "rate": Decimal("100.00"),
        "product_type": "service",
        "item_type": "sales",
        "description": "by the sea",
        "account_id": "91",
        "tax_id": "71",
    }
    rules = replace(RULES, accounts={"room": "Room sales"})
    assert planned(room, rules) == alone("items", room, body, "ROOM-5")
    templated = replace(rules, maps={"room_types": {"description": "{{ view }}"}})
    assert planned(room, templated, view="garden") == alone("items", room, {**body, "description": "garden"}, "ROOM-5")


def test_an_item_without_price_account_or_tax_of_its_own() -> None:
    item = Item(ROOM, "5", Kind.ROOM, "Double")
    body: Body = {
        "name": "Double (ROOM-5)",
        "sku": "ROOM-5",
        "rate": Decimal(0),
        "product_type": "service",
        "item_type": "sales",
    }
    assert planned(item) == alone("items", item, body, "ROOM-5")
    named = replace(RULES, accounts={"default": "Room sales"})
    assert planned(item, named) == alone("items", item, {**body, "account_id": "91"}, "ROOM-5")


def test_the_default_tax_of_an_item_follows_its_group_and_is_left_out_where_there_is_none() -> None:
    rules = replace(RULES, taxes={"Spa": "VAT 20%"})
    spa = Item(ROOM, "5", Kind.ROOM, "Double", tax_group="Spa", tax_rate=Decimal(7))
    (intent,) = planned(spa, rules).intents
    assert intent.body["tax_id"] == "71"
    (other,) = planned(replace(spa, tax_group="Other"), rules).intents
    assert "tax_id" not in other.body


def test_an_account_that_the_organisation_does_not_have_fails_the_item_alone() -> None:
    room = Item(ROOM, "5", Kind.ROOM, "Double")
    made = planned(room, replace(RULES, accounts={"room": "Nope"}))
    assert (made.scope, made.intents, list(made.errors)) == (ROOM, (), [ROOM])
    assert '[target.accounts] room = "' in made.errors[ROOM].hint


@pytest.mark.parametrize(
    ("id", "kind", "name"), [("DEMAND", Kind.DEMAND, "Extra demands"), ("SERVICE-OTHER", Kind.SERVICE, "Other services")]
)
def test_a_collective_item_is_a_record_of_ours(id: str, kind: Kind, name: str) -> None:
    key = Key.of("hotel", "item", id)
    assert own(key, NOW) == Record(key, (Item(key, id, kind, name),), f"own:{id}", NOW)
    assert own(Key.of("hotel", "item", "OTHER"), NOW) is None


def test_a_currency_is_planned_where_several_are_kept() -> None:
    dollar = Currency(DOLLAR, "2", "USD", "$", 2, Decimal("1.1"))
    off = planned(dollar)
    assert off == Plan(DOLLAR, verdicts={DOLLAR: Verdict("skipped", "multi_currency is off")})
    rules = replace(RULES, multi_currency=True, rates="zoho")
    made = planned(dollar, rules, WITH_DOLLARS)
    assert (made.scope, [each.key for each in made.intents]) == (DOLLAR, [DOLLAR])
    assert made.intents[0].stands is not None
    assert made.intents[0].stands.id == "82"
    assert plan(record(dollar), {}, {DOLLAR: "off"}, WITH_DOLLARS, rules) == Plan(DOLLAR)


def test_the_rate_of_a_currency_keeps_the_day_on_which_it_was_read_first() -> None:
    dollar = Currency(DOLLAR, "2", "USD", "$", 2, Decimal("1.1"))
    rules = replace(RULES, multi_currency=True)
    read = Record(DOLLAR, (dollar,), "1", NOW, {}, rates={"EUR": Decimal(1)})
    body: Body = {"currency_id": Ref("currencies", DOLLAR), "rate": Decimal("0.909090909091"), "effective_date": "2026-03-01"}
    (rate,) = [each for each in plan(read, {}, {}, WITH_DOLLARS, rules).intents if each.module == "exchangerates"]
    assert rate.body == body
    before = {**body, "effective_date": "2026-02-01"}
    known = {("exchangerates", DOLLAR): Known("exchangerates", DOLLAR, "settled", before, before, Written("as first seen"))}
    (again,) = [each for each in plan(read, known, {}, WITH_DOLLARS, rules).intents if each.module == "exchangerates"]
    assert again.body == before


def test_a_record_of_the_user_s_own_is_nothing_for_books() -> None:
    with pytest.raises(Unmappable, match="Zoho Books has no document for `pnl`") as caught:
        planned(Entry(Key.of("hotel", "row", "1"), "1", "pnl", "a row"))
    assert caught.value.hint == "send it to Zoho Creator"
