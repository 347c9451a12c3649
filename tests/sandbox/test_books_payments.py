"""Payments, their applications, and credit notes of the stand-in Books: facts, sections 4, 12 and 13."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.bench import Bench, line
from zsync.sandbox import Behaviour

D = Decimal


def bench_with_invoice(behaviour: Behaviour | None = None, *, sent: bool = True) -> tuple[Bench, str, str]:
    """(bench, customer, an invoice of 100)."""
    bench = Bench(behaviour)
    customer = bench.contact()
    return bench, customer, bench.invoice(customer, "I-1", line("100"), sent=sent)["invoice_id"]


def balance(bench: Bench, invoice: str) -> Any:
    return D(bench.get(f"/invoices/{invoice}").body["invoice"]["balance"])


def unused(bench: Bench, payment: str) -> Any:
    return D(bench.get(f"/customerpayments/{payment}").body["payment"]["unused_amount"])


def payment_body(customer: str, amount: str, *parts: tuple[str, str]) -> dict[str, Any]:
    invoices = [{"invoice_id": id, "amount_applied": D(applied)} for id, applied in parts]
    return {"customer_id": customer, "payment_mode": "cash", "amount": D(amount), "date": "2026-03-02", "invoices": invoices}


def credits(bench: Bench, invoice: str, payment: str, amount: str) -> int:
    row = {"payment_id": payment, "amount_applied": D(amount)}
    return bench.post(f"/invoices/{invoice}/credits", {"invoice_payments": [row]}).code


def test_a_payment_settles_several_invoices_and_keeps_the_rest() -> None:
    bench, customer, first = bench_with_invoice()
    second = bench.invoice(customer, "I-2", line("50"))["invoice_id"]
    made = bench.pay(customer, "170", (first, "100"), (second, "50"), reference_number="hotel:payment:1")
    assert made["unused_amount"] == 20
    assert [(part["invoice_number"], part["amount_applied"], part["balance_amount"]) for part in made["invoices"]] == [
        ("I-1", 100, 0),
        ("I-2", 50, 0),
    ]
    statuses = [bench.get(f"/invoices/{id}").body["invoice"]["status"] for id in (first, second)]
    assert statuses == ["paid", "paid"]


def test_a_part_payment_leaves_the_invoice_partially_paid() -> None:
    bench, customer, invoice = bench_with_invoice()
    bench.pay(customer, "30", (invoice, "30"))
    shown = bench.get(f"/invoices/{invoice}").body["invoice"]
    assert (shown["status"], shown["balance"], shown["payment_made"]) == ("partially_paid", 70, 30)


def test_a_second_payment_with_the_same_reference_is_accepted_and_money_doubles() -> None:
    bench, customer, _ = bench_with_invoice()
    for _ in range(2):
        bench.pay(customer, "10", reference_number="hotel:payment:1")
    assert bench.books.snapshot()["payments"].rows == (("hotel:payment:1", D(10)), ("hotel:payment:1", D(10)))
    assert bench.books.snapshot()["payments"].amount == 20


@pytest.mark.parametrize(
    ("parts", "code"),
    [(("100.01",), 24016), (("60", "60"), 24016), (("0",), 2), (("-1",), 2)],
)
def test_more_than_is_open_is_refused_and_nothing_is_kept(parts: tuple[str, ...], code: int) -> None:
    bench, customer, invoice = bench_with_invoice()
    body = payment_body(customer, "500", *((invoice, part) for part in parts))
    assert bench.post("/customerpayments", body).code == code
    assert bench.books.payments == {}
    assert balance(bench, invoice) == 100


def test_more_than_the_payment_itself_cannot_be_applied() -> None:
    bench, customer, invoice = bench_with_invoice()
    assert bench.post("/customerpayments", payment_body(customer, "10", (invoice, "11"))).status == 400
    assert bench.books.payments == {}


@pytest.mark.parametrize(("needs", "code"), [(True, 12005), (False, 0)])
def test_payments_on_a_draft_are_refused_where_the_switch_says_so(needs: bool, code: int) -> None:
    bench, customer, invoice = bench_with_invoice(Behaviour(credits_need_sent=needs), sent=False)
    assert bench.post("/customerpayments", payment_body(customer, "10", (invoice, "10"))).code == code
    advance = bench.pay(customer, "5")["payment_id"]
    assert credits(bench, invoice, advance, "5") == code


def test_payments_on_a_void_or_a_strangers_invoice_are_refused() -> None:
    bench, customer, invoice = bench_with_invoice()
    stranger = bench.contact("Bob")
    assert bench.post("/customerpayments", payment_body(stranger, "10", (invoice, "10"))).code == 2
    bench.post(f"/invoices/{invoice}/status/void")
    assert bench.post("/customerpayments", payment_body(customer, "10", (invoice, "10"))).code == 12007
    assert bench.post("/customerpayments", payment_body(customer, "10", ("7", "10"))).code == 1002


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"customer_id": "7"}, 3004),
        ({"amount": 0}, 2),
        ({"amount": "ten"}, 2),
        ({"payment_mode": ""}, 2),
        ({"date": "today"}, 2),
        ({"date": None}, 2),
        ({"custom_fields": 1}, 2),
        ({"reference_number": "1" * 51}, 15),
        ({"account_id": "7"}, 2),
        ({"bank_charges": 1}, 2),
    ],
)
def test_a_payment_that_is_not_right_is_refused(changes: dict[str, Any], code: int) -> None:
    bench, customer, _ = bench_with_invoice()
    assert bench.post("/customerpayments", {**payment_body(customer, "10"), **changes}).code == code
    assert bench.books.payments == {}


def test_amounts_as_text_are_accepted() -> None:
    bench, customer, _ = bench_with_invoice()
    answer = bench.post("/customerpayments", {**payment_body(customer, "10"), "amount": "10.50"})
    assert answer.body["payment"]["amount"] == D("10.5")


def test_a_contact_person_on_a_payment_gets_a_thank_you_mail() -> None:
    bench, customer, _ = bench_with_invoice()
    bench.pay(customer, "10")
    assert bench.books.mails == []
    bench.pay(customer, "10", contact_persons=["1"])
    assert [mail.kind for mail in bench.books.mails] == ["payment thank-you"]


# --- advances and applications ---------------------------------------------------------------------------------------------


def test_an_advance_is_applied_later() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "130")["payment_id"]
    assert unused(bench, payment) == 130
    assert credits(bench, invoice, payment, "100") == 0
    assert (unused(bench, payment), balance(bench, invoice)) == (30, 0)
    rows = bench.get(f"/invoices/{invoice}/payments").body["payments"]
    assert [(row["payment_id"], row["amount"]) for row in rows] == [(payment, 100)]


def test_an_application_is_accepted_twice_while_both_have_room() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "130")["payment_id"]
    assert [credits(bench, invoice, payment, "50") for _ in range(2)] == [0, 0]
    assert len(bench.get(f"/invoices/{invoice}/payments").body["payments"]) == 2
    assert credits(bench, invoice, payment, "1") == 12006


def test_a_paid_invoice_is_closed_to_credits_and_has_no_room_for_a_payment() -> None:
    bench, customer, invoice = bench_with_invoice()
    bench.pay(customer, "100", (invoice, "100"))
    advance = bench.pay(customer, "5")["payment_id"]
    note = bench.post("/creditnotes", note_body(customer, "5")).body["creditnote"]["creditnote_id"]
    assert credits(bench, invoice, advance, "5") == 12006
    rows = {"invoices": [{"invoice_id": invoice, "amount_applied": 5}]}
    assert bench.post(f"/creditnotes/{note}/invoices", rows).code == 12006
    assert bench.post("/customerpayments", payment_body(customer, "5", (invoice, "5"))).code == 24016


def test_an_application_beyond_the_payment_is_refused() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "30")["payment_id"]
    assert credits(bench, invoice, payment, "31") == 24016
    assert credits(bench, invoice, "7", "1") == 1002
    assert bench.post(f"/invoices/{invoice}/credits", {}).code == 2
    assert balance(bench, invoice) == 100


def test_an_application_can_be_taken_off_and_the_money_stays() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "100", (invoice, "100"))["payment_id"]
    application = bench.get(f"/invoices/{invoice}/payments").body["payments"][0]["invoice_payment_id"]
    assert bench.delete(f"/invoices/{invoice}/payments/{application}").status == 200
    assert (unused(bench, payment), balance(bench, invoice)) == (100, 100)
    assert bench.delete(f"/invoices/{invoice}/payments/{application}").code == 1002


def test_void_loosens_payments_and_credits() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "60", (invoice, "60"))["payment_id"]
    note = bench.post("/creditnotes", note_body(customer, "40"), invoice_id=invoice).body["creditnote"]["creditnote_id"]
    bench.post(f"/invoices/{invoice}/status/void")
    assert unused(bench, payment) == 60
    assert bench.get(f"/creditnotes/{note}").body["creditnote"]["balance"] == 40
    assert bench.get(f"/contacts/{customer}").body["contact"]["unused_credits_receivable_amount"] == 100


def test_deleting_a_payment_opens_its_invoices() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "100", (invoice, "100"))["payment_id"]
    assert bench.delete(f"/customerpayments/{payment}").status == 200
    assert balance(bench, invoice) == 100
    assert bench.get(f"/customerpayments/{payment}").code == 1002


def test_several_payments_are_deleted_at_once() -> None:
    bench, customer, _ = bench_with_invoice()
    ids = [bench.pay(customer, "1")["payment_id"] for _ in range(3)]
    assert bench.delete("/customerpayments", payment_id=",".join(ids[:2])).code == 2
    assert bench.delete("/customerpayments", payment_id=",".join(ids[:2]), bulk_delete="true").status == 200
    assert list(bench.books.payments) == ids[2:]


def test_an_edit_of_a_payment_may_move_its_applications() -> None:
    bench, customer, first = bench_with_invoice()
    second = bench.invoice(customer, "I-2", line("50"))["invoice_id"]
    payment = bench.pay(customer, "100", (first, "100"))["payment_id"]
    rows = [{"invoice_id": first, "amount_applied": 40}, {"invoice_id": second, "amount_applied": 50}]
    assert bench.put(f"/customerpayments/{payment}", {"invoices": rows}).status == 200
    assert (balance(bench, first), balance(bench, second), unused(bench, payment)) == (60, 0, 10)
    assert bench.put(f"/customerpayments/{payment}", {"amount": 80}).status == 400
    assert bench.put(f"/customerpayments/{payment}", {"description": "by hand"}).body["payment"]["description"] == "by hand"


def test_only_the_excess_is_refunded() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "130", (invoice, "100"))["payment_id"]
    body = {"date": "2026-03-02", "amount": D("30.01"), "from_account_id": bench.books.accounts["Bank"]}
    assert bench.post(f"/customerpayments/{payment}/refunds", body).status == 400
    for missing in ("date", "from_account_id"):
        assert bench.post(f"/customerpayments/{payment}/refunds", {**body, "amount": 1, missing: ""}).code == 2
    assert bench.post(f"/customerpayments/{payment}/refunds", {**body, "amount": 30}).status == 200
    assert unused(bench, payment) == 0
    assert len(bench.get(f"/customerpayments/{payment}/refunds").body["payment_refunds"]) == 1


def test_a_payment_of_another_currency_than_the_invoice_is_refused() -> None:
    bench = Bench()
    bench.books.add_currency("USD", rate="0.9")
    customer = bench.contact()
    dollars = bench.invoice(customer, "I-1", line("10"), currency_code="USD")["invoice_id"]
    euros = bench.invoice(customer, "I-2", line("10"))["invoice_id"]
    assert bench.pay(customer, "10", (dollars, "10"))["currency_code"] == "USD"
    advance = bench.pay(customer, "10")["payment_id"]
    assert credits(bench, euros, advance, "5") == 0
    again = bench.invoice(customer, "I-3", line("10"), currency_code="USD")["invoice_id"]
    assert credits(bench, again, advance, "5") == 2


@pytest.mark.parametrize("key", ["customerpayments", "customer_payments"])
def test_the_list_of_payments_has_the_live_key_or_that_of_the_contract(key: Any) -> None:
    bench, customer, _ = bench_with_invoice(Behaviour(payments_list_key=key))
    bench.pay(customer, "10", reference_number="a")
    bench.pay(customer, "10", reference_number="b")
    rows = bench.get("/customerpayments", reference_number="b").body[key]
    assert [row["reference_number"] for row in rows] == ["b"]


# --- credit notes ----------------------------------------------------------------------------------------------------------


def note_body(customer: str, amount: str, **more: object) -> dict[str, object]:
    return {"customer_id": customer, "date": "2026-03-02", "line_items": [line(amount)], **more}


def test_a_note_made_for_an_invoice_is_applied_to_it() -> None:
    bench, customer, invoice = bench_with_invoice()
    answer = bench.post("/creditnotes", note_body(customer, "30"), invoice_id=invoice)
    assert answer.status == 201
    assert (answer.body["creditnote"]["status"], answer.body["creditnote"]["balance"]) == ("closed", 0)
    assert balance(bench, invoice) == 70
    assert bench.get(f"/invoices/{invoice}/creditsapplied").body["credits"][0]["amount_applied"] == 30


def test_an_open_note_is_applied_and_paid_back() -> None:
    bench, customer, invoice = bench_with_invoice()
    note = bench.post("/creditnotes", note_body(customer, "80")).body["creditnote"]["creditnote_id"]
    rows = {"invoices": [{"invoice_id": invoice, "amount_applied": 50}]}
    assert bench.post(f"/creditnotes/{note}/invoices", rows).status == 200
    refund = {"date": "2026-03-02", "amount": 31, "refund_mode": "cash", "reference_number": "hotel:payment:9"}
    assert bench.post(f"/creditnotes/{note}/refunds", refund).code == 2
    assert bench.post(f"/creditnotes/{note}/refunds", {**refund, "amount": 30}).status == 200
    assert bench.post(f"/creditnotes/{note}/refunds", {**refund, "amount": 1}).code == 12003
    assert bench.get(f"/creditnotes/{note}").body["creditnote"]["status"] == "closed"
    assert bench.get(f"/creditnotes/{note}/refunds").body["creditnote_refunds"][0]["amount"] == 30
    application = bench.get(f"/creditnotes/{note}/invoices").body["invoices_credited"][0]["creditnote_invoice_id"]
    assert bench.delete(f"/creditnotes/{note}/invoices/{application}").status == 200
    assert balance(bench, invoice) == 100


def test_credits_of_both_kinds_are_applied_together_or_not_at_all() -> None:
    bench, customer, invoice = bench_with_invoice()
    payment = bench.pay(customer, "60")["payment_id"]
    note = bench.post("/creditnotes", note_body(customer, "40")).body["creditnote"]["creditnote_id"]
    body = {
        "invoice_payments": [{"payment_id": payment, "amount_applied": 60}],
        "apply_creditnotes": [{"creditnote_id": note, "amount_applied": D("40.01")}],
    }
    assert bench.post(f"/invoices/{invoice}/credits", body).code == 24016
    assert balance(bench, invoice) == 100
    body["apply_creditnotes"][0]["amount_applied"] = D(40)
    assert bench.post(f"/invoices/{invoice}/credits", body).status == 200
    assert balance(bench, invoice) == 0


def test_a_note_number_exists_once_and_the_flag_may_stand_in_the_body() -> None:
    bench, customer, _ = bench_with_invoice()
    body = note_body(customer, "10", creditnote_number="hotel-3", ignore_auto_number_generation=True)
    assert bench.post("/creditnotes", body).status == 201
    assert bench.post("/creditnotes", body).code == 12018


def test_a_draft_note_is_opened_before_it_is_used() -> None:
    bench, customer, invoice = bench_with_invoice()
    note = bench.post("/creditnotes", note_body(customer, "10", is_draft=True)).body["creditnote"]["creditnote_id"]
    rows = {"invoices": [{"invoice_id": invoice, "amount_applied": 5}]}
    assert bench.post(f"/creditnotes/{note}/invoices", rows).code == 12004
    assert bench.post(f"/creditnotes/{note}/status/open").status == 200
    assert bench.post(f"/creditnotes/{note}/invoices", rows).status == 200
    assert bench.post(f"/creditnotes/{note}/status/void").code == 4043
    assert bench.delete(f"/creditnotes/{note}").status == 400
