"""Single customers and items, and the rules of a booking that no recorded one shows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from zsync.errors import Unmappable
from zsync.model.documents import Address, Contact, Document, Invoice, Item, Kind, Line, Payment, Sale
from zsync.model.intent import Body, Intent, Known, KnownRows, Plan, Ref, Written
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.model.record import Record
from zsync.targets.books.mapping import own, plan, refers
from zsync.targets.books.rules import Method, Rules, TaxFields

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 2, 1)
FACTS: Mapping[str, Any] = {
    "organization": {"currency_code": "EUR"},
    "taxes": [{"tax_id": "71", "tax_name": "VAT 20%", "tax_percentage": "20"}],
    "accounts": [{"account_id": "91", "account_name": "Room sales", "account_type": "income"}],
    "currencies": [{"currency_id": "81", "currency_code": "EUR", "price_precision": 2}],
}
RULES = Rules(tag="hotel", methods={"default": Method("others"), "Cash": Method("cash", "Room sales")})
CUSTOMER = Key.of("hotel", "customer", "8")
ORDER = Key.of("hotel", "order", "41")
INVOICE = Key.of("hotel", "invoice", "7")
PAYMENT = Key.of("hotel", "payment", "13")


def record(*documents: Document, fields: Mapping[str, str] | None = None) -> Record:
    scope = documents[0].key if not isinstance(documents[0], Sale) else Key.of("hotel", "booking", "R")
    return Record(scope, documents, "1", NOW, {documents[0].key: dict(fields or {})})


def contact(**fields: Any) -> Contact:
    return replace(Contact(CUSTOMER, "8", "Juan Perez", "EUR", first_name="Juan", last_name="Perez"), **fields)


def body_of(document: Document, rules: Rules = RULES, fields: Mapping[str, str] | None = None) -> Body:
    (intent,) = plan(record(document, fields=fields), {}, {}, FACTS, rules).intents
    return intent.body


def sale(gross: str = "120.00", **fields: Any) -> Sale:
    amount = Decimal(gross)
    line = Line(
        "detail:1", Kind.SERVICE, Key.of("hotel", "service", "6"), "Breakfast", Decimal(1), amount, amount / Decimal("1.2")
    )
    made = Sale(
        key=ORDER,
        source_id="41",
        reference="R",
        day=DAY,
        customer=CUSTOMER,
        total=Money(amount, "EUR"),
        total_net=Money(amount / Decimal("1.2"), "EUR"),
        received=Money(Decimal(0), "EUR"),
        conversion=Decimal(1),
        lines=(replace(line, rate=Decimal(20), invoice=INVOICE),),
    )
    return replace(made, **fields)


def invoice(total: str = "120.00") -> Invoice:
    amount = Money(Decimal(total), "EUR")
    return Invoice(INVOICE, "7", ORDER, "#IN000007", date(2026, 2, 3), amount, Money(amount.amount / Decimal("1.2"), "EUR"))


def payment(amount: str, method: str = "Cash") -> Payment:
    return Payment(PAYMENT, "13", "R", date(2026, 2, 4), Money(Decimal(amount), "EUR"), Decimal(1), method)


def settled(made: Plan, *modules: str) -> KnownRows:
    """These rows of a plan as the journal knows them once they are settled."""
    return {
        (i.module, i.key): Known(i.module, i.key, "settled", i.body, i.body, Written("900", number=i.number))
        for i in made.intents
        if i.module in modules
    }


def modules(made: Plan) -> list[str]:
    return [intent.module for intent in made.intents]


def one(made: Plan, module: str) -> Intent:
    (found,) = [intent for intent in made.intents if intent.module == module]
    return found


# --- customers --------------------------------------------------------------------------------------------------------------


EDITION = replace(
    RULES,
    tax_fields=TaxFields(
        {"vat_treatment": "overseas"}, {"vat_treatment": "eu_vat_registered", "country_code": "AT"}, "vat_reg_no"
    ),
)


@pytest.mark.parametrize(
    ("number", "fields", "noted"),
    [
        ("", {"vat_treatment": "overseas"}, False),
        ("ATU 1234 5678", {"vat_treatment": "eu_vat_registered", "country_code": "AT", "vat_reg_no": "ATU12345678"}, False),
        ("ATU12345678, see letter", {"vat_treatment": "eu_vat_registered", "country_code": "AT"}, True),  # longer than its field
    ],
)
def test_an_edition_s_tax_fields_come_from_the_settings_and_the_number_goes_into_its_field(
    number: str, fields: dict[str, str], noted: bool
) -> None:
    body = body_of(contact(tax_number=number), EDITION)
    names = ("vat_treatment", "country_code", "vat_reg_no", "gst_treatment")
    assert {name: body[name] for name in names if name in body} == fields
    assert (f"VAT number: {number}" in str(body.get("notes"))) is noted


def test_without_such_settings_the_tax_number_stands_in_the_notes() -> None:
    assert body_of(contact(tax_number="ATU12345678"))["notes"] == "VAT number: ATU12345678"


def test_a_customer_bears_its_own_key_as_its_number() -> None:
    """Names are no proof: by the number a contact is known again among equal ones."""
    body = body_of(contact())
    assert (body.get("contact_number"), body.get("ignore_auto_number_generation")) == ("hotel:customer:8", True)


def test_e_mail_and_phones_stand_in_the_contact_person_never_at_the_top() -> None:
    body = body_of(contact(email="juan@example.com", phone="+34 1", mobile="+34 2"))
    assert body["contact_persons"] == [
        {
            "first_name": "Juan",
            "last_name": "Perez",
            "email": "juan@example.com",
            "phone": "+34 1",
            "mobile": "+34 2",
            "is_primary_contact": True,
        }
    ]
    assert not {"email", "phone", "mobile", "is_portal_enabled"} & set(body)
    assert body["contact_number"] == "hotel:customer:8"


def test_a_bad_e_mail_address_goes_to_the_notes_and_is_reported() -> None:
    made = plan(record(contact(email="juan@@nowhere")), {}, {}, FACTS, RULES)
    (intent,) = made.intents
    assert "email" not in intent.body["contact_persons"][0]  # type: ignore[index,operator]
    assert intent.body["notes"] == "E-mail: juan@@nowhere"
    assert [note.code for note in made.notes] == ["email_dropped"]
    assert "juan" not in made.notes[0].message, "a note holds no guest's data"


def test_a_company_of_which_no_person_is_known_has_none() -> None:
    assert "contact_persons" not in body_of(contact(name="ACME", company="ACME", first_name="", last_name=""))


def test_the_second_of_two_equal_names_carries_its_id() -> None:
    assert body_of(contact(distinguished=True))["contact_name"] == "Juan Perez (8)"


def test_texts_are_cut_to_zoho_s_lengths_and_brackets_replaced() -> None:
    body = body_of(contact(name="<b>" + "x" * 400, company="y" * 400, address=Address(street="z" * 900, city="Graz\nAustria")))
    assert len(str(body["contact_name"])) <= 180
    assert "<" not in str(body["contact_name"])
    assert len(str(body["company_name"])) == 200
    assert body["customer_sub_type"] == "business"
    assert body["billing_address"] == {"address": "z" * 499 + "…", "city": "Graz Austria"}


@pytest.mark.parametrize(("language", "sent"), [("de", True), ("pl", False), ("", False)])
def test_only_languages_that_zoho_knows_are_sent(language: str, sent: bool) -> None:
    assert ("language_code" in body_of(contact(language=language))) is sent


def test_a_template_fills_the_notes_of_a_customer() -> None:
    rules = replace(RULES, maps={"customers": {"notes": "{{ company }} / {{ email }}"}})
    assert body_of(contact(), rules, {"company": "ACME", "email": "a@b.example"})["notes"] == "ACME / a@b.example"
    made = plan(record(contact(), fields={"company": "ACME"}), {}, {}, FACTS, rules)
    assert "[entities.customers.map] notes" in made.errors[CUSTOMER].message


def test_a_disabled_customer_wants_nothing() -> None:
    assert plan(record(contact(active=False)), {}, {}, FACTS, RULES).intents == ()


# --- items ------------------------------------------------------------------------------------------------------------------


def test_a_template_that_comes_to_nothing_leaves_the_field_empty() -> None:
    rules = replace(RULES, maps={"customers": {"notes": "{{ company }}"}})
    assert "notes" not in body_of(contact(note="staff only"), rules, {"company": ""})


def test_a_bad_e_mail_address_stands_in_the_notes_beside_what_a_template_makes() -> None:
    rules = replace(RULES, maps={"customers": {"notes": "{{ company }}"}})
    assert body_of(contact(email="juan@@nowhere"), rules, {"company": "ACME"})["notes"] == "E-mail: juan@@nowhere\nACME"


def test_items_are_unique_by_sku_and_by_a_name_that_carries_it() -> None:
    room = Item(
        Key.of("hotel", "room_type", "5"), "5", Kind.ROOM, "Double", Money(Decimal("99.5"), "EUR"), "Standard", Decimal(20)
    )
    rules = replace(RULES, accounts={"room": "Room sales"})
    body = body_of(room, rules)
    assert body == {
        "name": "Double (ROOM-5)",
        "sku": "ROOM-5",
        "rate": Decimal("99.50"),
        "product_type": "service",
        "item_type": "sales",
        "account_id": "91",
        "tax_id": "71",
    }


def test_an_account_that_does_not_exist_names_the_key_to_correct() -> None:
    item = Item(Key.of("hotel", "service", "6"), "6", Kind.SERVICE, "Breakfast")
    made = plan(record(item), {}, {}, FACTS, replace(RULES, accounts={"default": "Sales of rooms"}))
    assert "[target.accounts]" in made.errors[item.key].hint


@pytest.mark.parametrize(("accounts", "named"), [({"default": "Nope"}, "default"), ({"service": "Nope"}, "service")])
def test_an_account_that_is_missing_is_told_with_the_key_that_names_it(accounts: Mapping[str, str], named: str) -> None:
    item = Item(Key.of("hotel", "service", "6"), "6", Kind.SERVICE, "Breakfast")
    error = plan(record(item), {}, {}, FACTS, replace(RULES, accounts=accounts)).errors[item.key]
    assert f"[target.accounts] {named} names" in error.message
    assert f"[target.accounts] {named} = " in error.hint


@pytest.mark.parametrize(
    ("methods", "line"),
    [
        ({"default": Method("cash", "Nope")}, 'default = { mode = "cash", account = "'),
        ({'The "wire"': Method("banktransfer", "Nope")}, '"The \\"wire\\"" = { mode = "banktransfer", account = "'),
        ({}, '"The \\"wire\\"" = { mode = "banktransfer" }'),
    ],
)
def test_what_a_payment_method_lacks_is_told_as_a_line_that_can_be_pasted(methods: Mapping[str, Method], line: str) -> None:
    paid = sale(received=Money(Decimal("120"), "EUR"))
    made = plan(record(paid, invoice(), payment("120.00", 'The "wire"')), {}, {}, FACTS, replace(RULES, methods=methods))
    error = made.errors[PAYMENT]
    assert isinstance(error, Unmappable)
    assert f"[target.payment_methods] {line}" in error.hint
    tomllib.loads(error.config_key.removeprefix("[target.payment_methods] "))


def test_collective_items_are_the_target_s_own_records() -> None:
    made = own(Key.of("hotel", "item", "DEMAND"), NOW)
    assert made is not None
    assert body_of(made.documents[0])["sku"] == "DEMAND"
    assert own(CUSTOMER, NOW) is None


def test_a_template_of_services_does_not_reach_the_collective_items() -> None:
    """They have none of the fields that it names; without them every order with an extra demand would stop."""
    made = own(Key.of("hotel", "item", "SERVICE-OTHER"), NOW)
    assert made is not None
    rules = replace(RULES, maps={"service_products": {"description": "{{ reference }}"}})
    planned = plan(made, {}, {}, FACTS, rules)
    assert planned.errors == {}
    assert "description" not in planned.intents[0].body


# --- bookings ---------------------------------------------------------------------------------------------------------------


def test_the_order_of_work_and_what_refers_to_what() -> None:
    made = plan(record(sale(received=Money(Decimal(120), "EUR")), invoice(), payment("120.00")), {}, {}, FACTS, RULES)
    assert modules(made) == ["salesorders", "salesorders.open", "invoices", "invoices.sent", "payments", "applications"]
    service = Key.of("hotel", "service", "6")
    assert refers(made) == {CUSTOMER: [Ref("contacts", CUSTOMER)], service: [Ref("items", service)]}


def test_due_is_the_first_check_in_or_the_invoice_s_date_if_later() -> None:
    early = plan(record(sale(arrival=date(2026, 1, 5)), invoice()), {}, {}, FACTS, RULES)
    late = plan(record(sale(arrival=date(2026, 5, 5)), invoice()), {}, {}, FACTS, RULES)
    assert one(early, "invoices").body["due_date"] == "2026-02-03"
    assert one(late, "invoices").body["due_date"] == "2026-05-05"


def test_money_before_the_invoice_is_an_advance_and_listed() -> None:
    made = plan(record(sale(received=Money(Decimal("50"), "EUR")), payment("50.00")), {}, {}, FACTS, RULES)
    assert modules(made) == ["salesorders", "salesorders.open", "payments"]
    assert [note.code for note in made.notes] == ["advance"]


def test_a_payment_bears_its_own_key_as_its_reference() -> None:
    """Zoho takes a second payment: by nothing else is one known again after a lost answer."""
    made = plan(record(sale(received=Money(Decimal("50"), "EUR")), payment("50.00")), {}, {}, FACTS, RULES)
    assert one(made, "payments").body["reference_number"] == "hotel:payment:13"


def test_a_payment_method_is_mapped_and_the_default_is_reported() -> None:
    paid = sale(received=Money(Decimal("120"), "EUR"))
    made = plan(record(paid, invoice(), payment("120.00")), {}, {}, FACTS, RULES)
    assert (one(made, "payments").body["payment_mode"], one(made, "payments").body["account_id"]) == ("cash", "91")
    other = plan(record(paid, invoice(), payment("120.00", "Voucher desk")), {}, {}, FACTS, RULES)
    assert one(other, "payments").body["payment_mode"] == "others"
    assert [note.code for note in other.notes] == ["default_method"]
    without = replace(RULES, methods={"Cash": Method("cash")})
    failed = plan(record(paid, invoice(), payment("120.00", "Voucher desk")), {}, {}, FACTS, without)
    assert '[target.payment_methods] "Voucher desk"' in failed.errors[PAYMENT].hint


def test_once_invoiced_the_sales_order_is_accepted_as_it_is() -> None:
    first = plan(record(sale(), invoice()), {}, {}, FACTS, RULES)
    known = settled(first, "salesorders", "invoices", "invoices.sent")
    again = plan(record(sale("240.00"), invoice()), known, {}, FACTS, RULES)
    assert one(again, "salesorders").body == one(first, "salesorders").body


def test_once_invoiced_a_template_does_not_reach_the_sales_order_any_more() -> None:
    first = plan(record(sale(), invoice()), {}, {}, FACTS, RULES)
    known = settled(first, "salesorders", "invoices", "invoices.sent")
    rules = replace(RULES, maps={"orders": {"notes": "stays with us"}})
    assert one(plan(record(sale(), invoice()), {}, {}, FACTS, rules), "salesorders").body["notes"] == "stays with us"
    again = plan(record(sale(), invoice()), known, {}, FACTS, rules)
    assert one(again, "salesorders").body == one(first, "salesorders").body


def test_an_order_whose_template_cannot_be_filled_keeps_its_invoice_and_its_payment_back() -> None:
    paid = sale(received=Money(Decimal("120"), "EUR"))
    rules = replace(RULES, maps={"orders": {"notes": "{{ nosuch }}"}})
    made = plan(record(paid, invoice(), payment("120.00")), {}, {}, FACTS, rules)
    assert made.intents == ()
    assert "[entities.orders.map] notes" in made.errors[ORDER].message
    assert {key: verdict.stand for key, verdict in made.verdicts.items()} == {INVOICE: "blocked", PAYMENT: "blocked"}


def test_an_invoice_whose_total_moved_after_it_was_sent_is_one_failure_for_a_person() -> None:
    first = plan(record(sale(), invoice()), {}, {}, FACTS, RULES)
    known = settled(first, "salesorders", "invoices", "invoices.sent")
    again = plan(record(sale("240.00"), invoice("240.00")), known, {}, FACTS, RULES)
    assert list(again.errors) == [INVOICE]
    assert "240.00" in again.errors[INVOICE].message
    assert "120" in again.errors[INVOICE].message
    assert "zsync resolve invoices 7 --keep zoho" in again.errors[INVOICE].hint
    assert one(again, "invoices").body == one(first, "invoices").body, "nothing is changed behind the accountant's back"


def refused(made: Plan, *modules: str) -> KnownRows:
    """These rows of a plan as the journal knows them when Zoho said no to them: nothing stands there."""
    return {(i.module, i.key): Known(i.module, i.key, "failed", None, i.body, None) for i in made.intents if i.module in modules}


def test_an_invoice_that_zoho_refused_does_not_freeze_its_order() -> None:
    first = plan(record(sale(), invoice()), {}, {}, FACTS, RULES)
    known = {**settled(first, "salesorders", "salesorders.open"), **refused(first, "invoices")}
    again = plan(record(sale("240.00"), invoice("240.00")), known, {}, FACTS, RULES)
    assert again.errors == {}
    assert one(again, "salesorders").body["_total"] == one(again, "invoices").body["_total"] == Decimal("240.00")


def test_cancelled_while_zoho_refused_its_invoice_an_order_is_not_invoiced() -> None:
    first = plan(record(sale(), invoice()), {}, {}, FACTS, RULES)
    known = {**settled(first, "salesorders", "salesorders.open"), **refused(first, "invoices")}
    made = plan(record(sale(cancelled=True), invoice()), known, {}, FACTS, RULES)
    assert made.intents == ()
    assert made.verdicts[ORDER].stand == "canceled"


def test_an_invoice_that_could_not_be_marked_sent_is_a_draft_and_follows_the_hotel() -> None:
    first = plan(record(sale(), invoice()), {}, {}, FACTS, RULES)
    known = {**settled(first, "salesorders", "invoices"), **refused(first, "invoices.sent")}
    again = plan(record(sale("240.00"), invoice("240.00")), known, {}, FACTS, RULES)
    assert again.errors == {}
    assert one(again, "invoices").body["_total"] == Decimal("240.00")


def test_an_application_that_zoho_refused_is_worked_out_anew() -> None:
    paid = sale(received=Money(Decimal("120"), "EUR"))
    first = plan(record(paid, invoice(), payment("120.00")), {}, {}, FACTS, RULES)
    known = {**settled(first, "salesorders", "invoices", "invoices.sent", "payments"), **refused(first, "applications")}
    less = replace(paid, received=Money(Decimal("100"), "EUR"))
    again = plan(record(less, invoice(), payment("120.00")), known, {}, FACTS, RULES)
    assert one(again, "applications").body["amount_applied"] == Decimal("100.00")


def test_cancelled_before_it_was_written_wants_nothing() -> None:
    made = plan(record(sale(cancelled=True)), {}, {}, FACTS, RULES)
    assert made.intents == ()
    assert made.verdicts[ORDER].stand == "canceled"


def test_cancelled_after_it_was_paid_keeps_its_invoice() -> None:
    paid = sale(received=Money(Decimal("120"), "EUR"))
    known = settled(
        plan(record(paid, invoice(), payment("120.00")), {}, {}, FACTS, RULES), "salesorders", "invoices", "invoices.sent"
    )
    made = plan(record(replace(paid, cancelled=True), invoice(), payment("120.00")), known, {}, FACTS, RULES)
    assert "invoices" in modules(made)
    assert made.verdicts[ORDER].stand == "canceled"


def test_orders_before_the_start_date_take_their_share_out_of_a_payment() -> None:
    second = replace(sale("80.00"), key=Key.of("hotel", "order", "42"), source_id="42", received=Money(Decimal("80"), "EUR"))
    first = sale(received=Money(Decimal("120"), "EUR"))
    made = plan(record(first, second, invoice(), payment("200.00")), {}, {ORDER: "before", INVOICE: "before"}, FACTS, RULES)
    body = one(made, "payments").body
    assert body["amount"] == Decimal("80.00")
    assert "200.00 EUR in all" in str(body["description"])


def other_order(id: str = "42", **fields: Any) -> Sale:
    """A second order of the same booking, of 80.00, without an invoice of its own."""
    made = replace(sale("80.00"), key=Key.of("hotel", "order", id), source_id=id, received=Money(Decimal("80"), "EUR"))
    return replace(made, lines=tuple(replace(line, invoice=None) for line in made.lines), **fields)


def test_a_payment_for_orders_before_the_start_date_alone_is_skipped_with_their_reason() -> None:
    second = other_order()
    made = plan(record(sale(), second, payment("80.00")), {}, {second.key: "before the start date"}, FACTS, RULES)
    assert "payments" not in modules(made)
    assert made.verdicts[PAYMENT].stand == "skipped"
    assert made.verdicts[PAYMENT].reason == "before the start date"
    assert made.notes == ()


def test_a_booking_in_two_currencies_of_which_one_is_kept_out_is_planned() -> None:
    dollars = other_order(total=Money(Decimal(80), "USD"), total_net=Money(Decimal(70), "USD"))
    made = plan(record(sale(), dollars, payment("80.00")), {}, {ORDER: "before the start date"}, FACTS, RULES)
    assert made.errors == {}
    assert made.verdicts[PAYMENT].stand == "skipped"


def test_a_sent_payment_whose_orders_are_all_kept_out_by_now_stays_as_it_is() -> None:
    paid = sale(received=Money(Decimal("120"), "EUR"))
    first = plan(record(paid, payment("120.00")), {}, {}, FACTS, RULES)
    made = plan(record(paid, payment("120.00")), settled(first, "payments"), {ORDER: "off"}, FACTS, RULES)
    assert made.intents == ()
    assert PAYMENT not in made.verdicts


def test_an_application_is_at_most_what_the_invoice_that_it_names_has() -> None:
    """An order that was invoiced twice: the rest of the money is listed, and Zoho refuses nothing."""
    second = replace(invoice("30.00"), key=Key.of("hotel", "invoice", "8"), source_id="8", number="#IN000008")
    one_line = sale().lines[0]
    extra = replace(one_line, id="detail:2", gross=Decimal(30), net=Decimal(25), invoice=second.key)
    twice = replace(sale("150.00"), lines=(one_line, extra), received=Money(Decimal(150), "EUR"))
    made = plan(record(twice, invoice(), second, payment("150.00")), {}, {}, FACTS, RULES)
    assert one(made, "applications").body["amount_applied"] == Decimal("120.00")
    assert [(note.code, note.message.split()[0]) for note in made.notes] == [("excess", "30")]


def test_money_that_waits_for_an_order_that_failed_is_listed_as_an_advance() -> None:
    paid = sale(received=Money(Decimal("120"), "EUR"))
    wrong = other_order(total=Money(Decimal("99"), "EUR"))
    theirs = replace(invoice("80.00"), key=Key.of("hotel", "invoice", "8"), source_id="8", sale=wrong.key)
    made = plan(record(paid, wrong, invoice(), theirs, payment("200.00")), {}, {}, FACTS, RULES)
    assert list(made.errors) == [wrong.key]
    assert one(made, "payments").body["amount"] == Decimal("200.00")
    assert one(made, "applications").body["amount_applied"] == Decimal("120.00")
    assert [(note.code, note.message.split()[0]) for note in made.notes] == [("advance", "80")]


def test_an_order_is_paid_by_what_came_back_on_it_alone() -> None:
    """120 came in for order 41 and went back; nothing was ever paid for order 42."""
    refunded, unpaid = sale(), other_order(received=Money(Decimal(0), "EUR"))
    back = replace(payment("-120.00"), key=Key.of("hotel", "payment", "14"), source_id="14")
    made = plan(record(refunded, unpaid, payment("120.00"), back), {}, {}, FACTS, RULES)
    assert (made.progress[ORDER].paid, made.progress[unpaid.key].paid) == (True, False)


@pytest.mark.parametrize("methods", [{"default": Method("others")}, {}], ids=["planned", "failed"])
def test_each_order_of_a_booking_names_the_payments_that_are_for_it(methods: Mapping[str, Method]) -> None:
    """Also while there is no invoice that they could be applied to, and also those that cannot go."""
    second = other_order()
    late = replace(payment("80.00"), key=Key.of("hotel", "payment", "14"), source_id="14")
    paid = sale(received=Money(Decimal("120"), "EUR"))
    made = plan(record(paid, second, payment("120.00"), late), {}, {}, FACTS, replace(RULES, methods=methods))
    assert made.progress[ORDER].documents == (PAYMENT,)
    assert made.progress[second.key].documents == (late.key,)


def test_a_part_that_was_left_out_of_a_payment_is_told_when_its_order_goes_after_all() -> None:
    """Order 42 was before the start date until it got its invoice; the payment stands without its part by then."""
    paid, late = sale(received=Money(Decimal("120"), "EUR")), other_order()
    first = plan(record(paid, late, invoice(), payment("200.00")), {}, {late.key: "before the start date"}, FACTS, RULES)
    assert one(first, "payments").body["amount"] == Decimal("120.00")
    theirs = replace(invoice("80.00"), key=Key.of("hotel", "invoice", "8"), source_id="8", sale=late.key)
    invoiced = replace(late, lines=tuple(replace(line, invoice=theirs.key) for line in late.lines))
    made = plan(record(paid, invoiced, invoice(), theirs, payment("200.00")), settled(first, *modules(first)), {}, FACTS, RULES)
    assert list(made.errors) == [PAYMENT]
    assert "120.00 EUR" in made.errors[PAYMENT].message
    assert "80.00 EUR" in made.errors[PAYMENT].message
    assert "zsync resolve payments 13 --keep zoho" in made.errors[PAYMENT].hint
    assert [each.key.id for each in made.intents if each.module == "applications"] == ["13/41"]
    assert one(made, "payments").ref == one(first, "payments").ref
