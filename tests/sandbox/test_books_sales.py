"""Sales orders and invoices of the stand-in Books: facts, sections 4, 5, 10 and 11."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.bench import Answer, Bench, line
from zsync.sandbox import Behaviour, Books, Organization

D = Decimal
OWN = {"ignore_auto_number_generation": "true"}


def bench_and_customer(behaviour: Behaviour | None = None) -> tuple[Bench, str]:
    bench = Bench(behaviour)
    return bench, bench.contact()


def status_of(bench: Bench, order: Any) -> str:
    return str(bench.get(f"/salesorders/{order['salesorder_id']}").body["salesorder"]["status"])


def invoice(bench: Bench, id: str) -> Any:
    return bench.get(f"/invoices/{id}").body["invoice"]


# --- numbers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "field", "code"), [("/salesorders", "salesorder_number", 36004), ("/invoices", "invoice_number", 1001)]
)
def test_an_own_number_exists_once_also_when_its_document_is_void(path: str, field: str, code: int) -> None:
    bench, customer = bench_and_customer()
    body = {"customer_id": customer, field: "X-1", "line_items": [line("10")]}
    made = bench.post(path, body, **OWN)
    assert made.status == 201
    assert bench.post(path, body, **OWN).code == code
    resource = made.body[path[1:-1]]
    bench.post(f"{path}/{resource[path[1:-1] + '_id']}/status/void")
    assert bench.post(path, body, **OWN).code == code


@pytest.mark.parametrize(("rule", "number"), [("refused", None), ("ignored", "SO-00001"), ("accepted", "X-1")])
def test_an_own_number_without_the_flag(rule: Any, number: str | None) -> None:
    bench, customer = bench_and_customer(Behaviour(own_number_without_flag=rule))
    answer = bench.post("/salesorders", {"customer_id": customer, "salesorder_number": "X-1", "line_items": [line("10")]})
    assert (answer.body["salesorder"]["salesorder_number"] if answer.status == 201 else None) == number


def test_the_flag_without_a_number_is_refused_and_without_both_zoho_counts() -> None:
    bench, customer = bench_and_customer()
    body = {"customer_id": customer, "line_items": [line("10")]}
    assert bench.post("/invoices", body, **OWN).code == 2
    assert [bench.post("/invoices", body).body["invoice"]["invoice_number"] for _ in range(2)] == ["INV-00001", "INV-00002"]


def test_zoho_passes_over_a_number_that_somebody_took() -> None:
    bench, customer = bench_and_customer()
    bench.invoice(customer, "INV-00002", line("10"))
    body = {"customer_id": customer, "line_items": [line("10")]}
    assert [bench.post("/invoices", body).body["invoice"]["invoice_number"] for _ in range(2)] == ["INV-00001", "INV-00003"]


@pytest.mark.parametrize(("rule", "number"), [("refused", None), ("ignored", "X-1"), ("accepted", "X-2")])
def test_an_edit_changes_a_number_by_the_same_rule(rule: Any, number: str | None) -> None:
    bench, customer = bench_and_customer(Behaviour(own_number_without_flag=rule))
    where = f"/invoices/{bench.invoice(customer, 'X-1', line('10'))['invoice_id']}"
    assert bench.put(where, {"invoice_number": "X-1"}).status == 200
    answer = bench.put(where, {"invoice_number": "X-2"})
    assert (answer.body["invoice"]["invoice_number"] if answer.status == 200 else None) == number
    assert bench.put(where, {"invoice_number": "X-3"}, **OWN).body["invoice"]["invoice_number"] == "X-3"


# --- lines and sums --------------------------------------------------------------------------------------------------------


def test_lines_come_back_in_their_order_with_ids_taxes_and_sums() -> None:
    bench, customer = bench_and_customer()
    nine, twenty = bench.books.taxes["VAT 9%"], bench.books.taxes["VAT 20%"]
    order = bench.order(
        customer, "1", line("109", "2", "Stay", tax_id=nine), line("60", "1", "Spa", tax_id=twenty), is_inclusive_tax=True
    )
    assert [row["name"] for row in order["line_items"]] == ["Stay", "Spa"]
    assert [row["item_order"] for row in order["line_items"]] == [1, 2]
    assert [row["item_total_inclusive_of_tax"] for row in order["line_items"]] == [218, 60]
    assert [row["item_total"] for row in order["line_items"]] == [200, 50]
    assert (order["sub_total"], order["tax_total"], order["total"]) == (250, 28, 278)
    assert [(tax["tax_name"], tax["tax_amount"]) for tax in order["taxes"]] == [("VAT 9% (9%)", 18), ("VAT 20% (20%)", 10)]


def test_exclusive_taxes_are_added() -> None:
    bench, customer = bench_and_customer()
    order = bench.order(customer, "1", line("100", tax_id=bench.books.taxes["VAT 9%"]), adjustment=D("-0.01"))
    assert (order["sub_total"], order["tax_total"], order["adjustment"], order["total"]) == (100, 9, D("-0.01"), D("108.99"))


@pytest.mark.parametrize(("per_line", "tax"), [(False, "0.02"), (True, "0.03")])
def test_the_switch_decides_whether_a_tax_is_rounded_on_each_line(per_line: bool, tax: str) -> None:
    bench, customer = bench_and_customer(Behaviour(tax_per_line=per_line))
    nine = bench.books.taxes["VAT 9%"]
    order = bench.order(customer, "1", *[line("0.06", tax_id=nine)] * 3)
    assert order["tax_total"] == D(tax)


@pytest.mark.parametrize(
    ("behaviour", "total"),
    [(Behaviour(), "150"), (Behaviour(net_first=True), "149.99"), (Behaviour(net_first=True, whole_totals=True), "150")],
    ids=["exact", "net first", "whole"],
)
def test_the_switches_decide_whether_gross_lines_sum_up_to_the_total(behaviour: Behaviour, total: str) -> None:
    bench, customer = bench_and_customer(behaviour)
    nine = bench.books.taxes["VAT 9%"]
    order = bench.order(customer, "1", line("100", tax_id=nine), line("50", tax_id=nine), is_inclusive_tax=True)
    assert order["total"] == D(total)


def test_documents_and_payments_in_a_locked_time_are_refused() -> None:
    bench, customer = bench_and_customer(Behaviour(locked_until="2026-01-31"))
    body = {"customer_id": customer, "line_items": [line("10")], "payment_mode": "cash", "amount": 1}
    for path in ("/salesorders", "/invoices", "/customerpayments", "/creditnotes"):
        assert bench.post(path, {**body, "date": "2026-01-31"}).status == 400
        assert bench.post(path, {**body, "date": "2026-02-01"}).status == 201
    (id,) = bench.books.invoices
    assert bench.put(f"/invoices/{id}", {"date": "2026-01-31"}).status == 400


def test_a_numeric_discount_is_money_and_a_text_with_percent_a_share() -> None:
    bench, customer = bench_and_customer()
    assert bench.order(customer, "1", line("200", discount=10))["total"] == 190
    assert bench.order(customer, "2", line("200", discount="10%"))["total"] == 180
    assert bench.order(customer, "3", line("200"), discount="10%", discount_type="entity_level")["total"] == 180


def test_a_tax_group_is_a_tax_id_of_a_line() -> None:
    bench, customer = bench_and_customer()
    group = bench.books.add_tax_group("GST 18", [bench.books.add_tax("CGST", "9"), bench.books.add_tax("SGST", "9")])
    order = bench.order(customer, "1", line("100.05", tax_id=group))
    assert order["line_items"][0]["tax_type"] == "tax_group"
    assert [tax["tax_amount"] for tax in order["taxes"]] == [9, 9]
    assert order["total"] == D("118.05")


@pytest.mark.parametrize(("applies", "tax"), [(True, 20), (False, 0)])
def test_a_line_takes_the_tax_of_its_item_where_the_switch_says_so(applies: bool, tax: int) -> None:
    bench, customer = bench_and_customer(Behaviour(item_tax_applies=applies))
    item = bench.item("Spa", tax_id=bench.books.taxes["VAT 20%"])
    assert bench.order(customer, "1", {"item_id": item})["tax_total"] == tax
    assert bench.order(customer, "2", {"item_id": item, "tax_id": ""})["tax_total"] == 0


@pytest.mark.parametrize(("decimals", "total"), [(0, "1001"), (3, "1000.5")])
def test_sums_have_the_decimals_of_the_currency(decimals: int, total: str) -> None:
    bench = Bench(books=Books(Organization(currency_code="XXX", price_precision=decimals)))
    assert bench.order(bench.contact(), "1", line("333.5", "3"))["total"] == D(total)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"customer_id": "7"}, 3004),
        ({"customer_id": ""}, 3004),
        ({"line_items": []}, 2),
        ({"line_items": [{"item_id": "7"}]}, 2006),
        ({"line_items": [{"rate": 1}]}, 2),
        ({"line_items": [{"name": "A"}]}, 2),
        ({"line_items": [line("1", tax_id="7")]}, 2),
        ({"line_items": [line("1", name="A" * 101)]}, 15),
        ({"line_items": [line("1", name="A<b>")]}, 4),
        ({"line_items": [line("1", description="A" * 2001)]}, 15),
        ({"line_items": [line("1", salesorder_item_id="7")]}, 2),
        ({"line_items": [line("1", line_item_id="7")]}, 1002),
        ({"date": "02.03.2026"}, 2),
        ({"date": "2026-02-30"}, 2),
        ({"due_date": "2020-01-01"}, 2),
        ({"payment_terms": "Net 15"}, 2),
        ({"currency_id": "7"}, 9004),
        ({"currency_code": "USD"}, 9004),
        ({"custom_fields": "x"}, 2),
        ({"reference_number": "1" * 101}, 15),
        ({"invoice_number": "1" * 101}, 15),
        ({"discount": "ten"}, 2),
    ],
)
def test_an_invoice_that_is_not_right_is_refused_whole(changes: dict[str, Any], code: int) -> None:
    bench, customer = bench_and_customer()
    body = {"customer_id": customer, "invoice_number": "1", "line_items": [line("10")], **changes}
    assert bench.post("/invoices", body, **OWN).code == code
    assert bench.books.invoices == {}


def test_unknown_properties_are_noted_and_do_no_harm() -> None:
    bench, customer = bench_and_customer()
    bench.order(customer, "1", line("10", quantty=2), line_itmes=[])
    assert bench.books.unknown_properties == ["salesorders.line_itmes", "salesorders.line_items.quantty"]


def test_what_the_contract_does_not_know_has_no_effect() -> None:
    bench, customer = bench_and_customer()
    bench.books.add_currency("USD", rate="0.9")
    order = bench.order(customer, "1", line("10", discount_amount=1), currency_code="USD", reason="x")
    assert (order["currency_code"], order["total"], order["reason"]) == ("EUR", 10, "")
    assert len(bench.books.unknown_properties) == 3


def test_inactive_customers_and_items_get_no_new_documents_where_the_switch_says_so() -> None:
    bench, customer = bench_and_customer()
    item = bench.item()
    bench.post(f"/items/{item}/inactive")
    body = {"customer_id": customer, "line_items": [line("1", item_id=item)]}
    assert bench.post("/invoices", body).code == 2006
    bench.post(f"/contacts/{customer}/inactive")
    assert bench.post("/invoices", body).code == 1002
    bench.books.behaviour = Behaviour(inactive_refused=False)
    assert bench.post("/invoices", body).status == 201


def test_a_document_takes_the_currency_of_its_customer_unless_it_names_one() -> None:
    bench = Bench()
    dollar = bench.books.add_currency("USD", rate="0.9")
    customer = bench.contact("Ada", currency_id=dollar)
    assert bench.invoice(customer, "1", line("10"))["currency_code"] == "USD"
    assert bench.invoice(customer, "2", line("10"), currency_code="EUR")["currency_code"] == "EUR"
    foreign = {"customer_id": customer, "line_items": [line("10")], "exchange_rate": 0}
    assert bench.post("/invoices", foreign).code == 2
    assert bench.invoice(customer, "3", line("10"), currency_code="EUR", exchange_rate=2)["exchange_rate"] == 1
    bench.books.behaviour = Behaviour(document_currency_free=False)
    body = {"customer_id": customer, "currency_code": "EUR", "line_items": [line("10")]}
    assert bench.post("/invoices", body).code == 2


# --- sales orders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["draft", "open"])
def test_a_sales_order_starts_as_the_switch_says_and_can_be_opened(start: Any) -> None:
    bench, customer = bench_and_customer(Behaviour(salesorder_starts=start))
    order = bench.order(customer, "1", line("10"))
    assert order["status"] == start
    opened = bench.post(f"/salesorders/{order['salesorder_id']}/status/open")
    assert opened.code == (0 if start == "draft" else 4043)
    assert status_of(bench, order) == "open"


def test_an_open_order_is_called_confirmed_where_the_switch_says_so() -> None:
    bench, customer = bench_and_customer(Behaviour(open_orders="confirmed"))
    order = bench.order(customer, "1", line("10"))
    assert order["status"] == "confirmed"
    linked(bench, customer, "I-1", order, "1")
    assert status_of(bench, order) == "invoiced"


def linked(bench: Bench, customer: str, number: str, order: Any, *quantities: str) -> Any:
    rows = [
        line("10", quantity, salesorder_item_id=row["line_item_id"])
        for row, quantity in zip(order["line_items"], quantities, strict=False)
    ]
    return bench.invoice(customer, number, *rows, sent=False)


def test_the_status_of_an_order_moves_with_its_invoices() -> None:
    bench, customer = bench_and_customer()
    order = bench.order(customer, "1", line("10", "3"), line("10", "1"))
    first = linked(bench, customer, "I-1", order, "2")
    assert status_of(bench, order) == "partially_invoiced"
    assert (first["salesorder_id"], first["salesorder_number"]) == (order["salesorder_id"], "1")
    second = linked(bench, customer, "I-2", order, "1", "1")
    assert status_of(bench, order) == "invoiced"
    shown = bench.get(f"/salesorders/{order['salesorder_id']}").body["salesorder"]
    assert [row["invoice_number"] for row in shown["invoices"]] == ["I-1", "I-2"]
    assert [row["quantity_invoiced"] for row in shown["line_items"]] == [3, 1]
    bench.post(f"/invoices/{second['invoice_id']}/status/void")
    assert status_of(bench, order) == "partially_invoiced"
    bench.delete(f"/invoices/{first['invoice_id']}")
    assert status_of(bench, order) == "open"


def test_an_invoiced_order_is_neither_voided_nor_deleted() -> None:
    bench, customer = bench_and_customer()
    order = bench.order(customer, "1", line("10"))
    linked(bench, customer, "I-1", order, "1")
    path = f"/salesorders/{order['salesorder_id']}"
    assert bench.post(f"{path}/status/void").code == 4043
    assert bench.delete(path).status == 400
    assert bench.put(path, {"line_items": [line("10")]}).status == 400
    assert bench.put(path, {"notes": "seen"}).status == 200


def test_a_void_order_keeps_its_reason_takes_no_invoice_and_no_edit() -> None:
    bench, customer = bench_and_customer()
    order = bench.order(customer, "1", line("10"))
    path = f"/salesorders/{order['salesorder_id']}"
    assert bench.post(f"{path}/status/void", {"reason": "x" * 501}).code == 15
    assert bench.post(f"{path}/status/void", {"reason": "cancelled"}).status == 201
    assert status_of(bench, order) == "void"
    assert bench.post(f"{path}/status/void").code == 4043
    assert bench.put(path, {"notes": "seen"}).code == 4043
    assert bench.post(f"{path}/status/open").code == 4043
    row = line("10", salesorder_item_id=order["line_items"][0]["line_item_id"])
    assert bench.post("/invoices", {"customer_id": customer, "line_items": [row]}).code == 4043


def test_an_invoice_of_a_draft_order_is_a_matter_of_the_switch() -> None:
    bench, customer = bench_and_customer(Behaviour(salesorder_starts="draft", invoice_needs_open_order=True))
    order = bench.order(customer, "1", line("10"))
    body = {"customer_id": customer, "line_items": [line("10", salesorder_item_id=order["line_items"][0]["line_item_id"])]}
    assert bench.post("/invoices", body).code == 4043
    bench.books.behaviour = Behaviour(salesorder_starts="draft")
    assert bench.post("/invoices", body).status == 201


def test_an_edited_invoice_stays_with_its_order() -> None:
    bench, customer = bench_and_customer()
    order = bench.order(customer, "1", line("10"))
    made = linked(bench, customer, "I-1", order, "1")
    rows = [{**line("11"), "line_item_id": made["line_items"][0]["line_item_id"]}]
    assert bench.put(f"/invoices/{made['invoice_id']}", {"line_items": rows}).body["invoice"]["salesorder_number"] == "1"
    assert status_of(bench, order) == "invoiced"


def test_a_line_of_another_customers_order_is_refused() -> None:
    bench, customer = bench_and_customer()
    order = bench.order(customer, "1", line("10"))
    row = line("10", salesorder_item_id=order["line_items"][0]["line_item_id"])
    assert bench.post("/invoices", {"customer_id": bench.contact("Bob"), "line_items": [row]}).code == 2


@pytest.mark.parametrize("path", ["/salesorders", "/invoices"])
def test_an_edit_deletes_the_lines_that_are_not_sent(path: str) -> None:
    bench, customer = bench_and_customer()
    resource = path[1:-1]
    make = bench.order if resource == "salesorder" else bench.invoice
    made = make(customer, "1", line("10", name="A"), line("20", name="B"))
    first = made["line_items"][0]["line_item_id"]
    where = f"{path}/{made[resource + '_id']}"
    rows = [{**line("11", name="A"), "line_item_id": first}, line("5", name="C")]
    edited = bench.put(where, {"line_items": rows}).body[resource]
    assert [row["name"] for row in edited["line_items"]] == ["A", "C"]
    assert edited["line_items"][0]["line_item_id"] == first
    assert edited["total"] == 16
    assert bench.put(where, {"notes": "only"}).body[resource]["total"] == 16


# --- invoices --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("auto", "status"), [(False, "draft"), (True, "sent")])
def test_an_invoice_starts_as_a_draft_or_sent_by_the_organisation(auto: bool, status: str) -> None:
    bench, customer = bench_and_customer(Behaviour(auto_sent=auto))
    assert bench.invoice(customer, "1", line("10"), sent=False)["status"] == status
    assert bench.books.mails == []


def test_sending_by_the_create_call_writes_to_the_guest() -> None:
    bench, customer = bench_and_customer()
    body = {"customer_id": customer, "line_items": [line("10")]}
    assert bench.post("/invoices", body, send="true").body["invoice"]["status"] == "sent"
    assert [mail.kind for mail in bench.books.mails] == ["invoice"]


@pytest.mark.parametrize(("rule", "code"), [("refused", 4043), ("accepted", 0)])
def test_marking_twice_is_refused_or_harmless(rule: Any, code: int) -> None:
    bench, customer = bench_and_customer(Behaviour(repeated_status=rule))
    id = bench.invoice(customer, "1", line("10"))["invoice_id"]
    assert bench.post(f"/invoices/{id}/status/sent").code == code
    assert invoice(bench, id)["status"] == "sent"


def test_an_invoice_of_nothing_is_paid_once_it_is_sent() -> None:
    bench, customer = bench_and_customer()
    assert bench.invoice(customer, "1", line("0"), sent=False)["status"] == "draft"
    assert bench.invoice(customer, "2", line("0"))["status"] == "paid"


@pytest.mark.parametrize(("first", "status"), [(True, "overdue"), (False, "partially_paid")])
def test_past_its_due_date_an_invoice_is_overdue(first: bool, status: str) -> None:
    bench, customer = bench_and_customer(Behaviour(overdue_before_partial=first))
    id = bench.invoice(customer, "1", line("10"), date="2026-03-01", due_date="2026-03-02")["invoice_id"]
    assert invoice(bench, id)["status"] == "sent"
    bench.clock.move(86400)
    bench.token, _ = bench.sandbox.accounts.issue()
    assert invoice(bench, id)["status"] == "overdue"
    bench.pay(customer, "4", (id, "4"))
    assert invoice(bench, id)["status"] == status


def test_the_due_date_follows_the_terms() -> None:
    bench = Bench()
    customer = bench.contact("Ada", payment_terms=15)
    assert bench.invoice(customer, "1", line("10"), date="2026-03-02")["due_date"] == "2026-03-17"
    assert bench.invoice(customer, "2", line("10"), date="2026-03-02", payment_terms=30)["due_date"] == "2026-04-01"


def test_a_void_invoice_can_become_a_draft_again_and_a_sent_one_cannot() -> None:
    bench, customer = bench_and_customer()
    id = bench.invoice(customer, "1", line("10"))["invoice_id"]
    assert bench.post(f"/invoices/{id}/status/draft").code == 4043
    assert bench.post(f"/invoices/{id}/status/void").status == 200
    assert (invoice(bench, id)["status"], invoice(bench, id)["balance"]) == ("void", 0)
    assert bench.post(f"/invoices/{id}/status/sent").code == 4043
    assert bench.post(f"/invoices/{id}/status/draft").status == 200
    assert (invoice(bench, id)["status"], invoice(bench, id)["balance"]) == ("draft", 10)


def refuses_customer(bench: Bench, id: str, other: str) -> Answer:
    return bench.put(f"/invoices/{id}", {"customer_id": other})


def test_payments_and_credits_fix_the_customer_and_keep_the_invoice() -> None:
    bench, customer = bench_and_customer()
    other = bench.contact("Bob")
    paid = bench.invoice(customer, "1", line("10"))["invoice_id"]
    bench.pay(customer, "4", (paid, "4"))
    assert refuses_customer(bench, paid, other).code == 3010
    assert bench.delete(f"/invoices/{paid}").code == 4001
    credited = bench.invoice(customer, "2", line("10"))["invoice_id"]
    bench.post("/creditnotes", {"customer_id": customer, "date": "2026-03-02", "line_items": [line("3")]}, invoice_id=credited)
    assert refuses_customer(bench, credited, other).code == 3009
    assert bench.delete(f"/invoices/{credited}").code == 12008
    free = bench.invoice(customer, "3", line("10"))["invoice_id"]
    assert refuses_customer(bench, free, other).status == 200
    assert bench.delete(f"/invoices/{free}").status == 200
    assert bench.get(f"/invoices/{free}").code == 1002


def test_an_edit_cannot_go_below_what_is_paid() -> None:
    bench, customer = bench_and_customer()
    id = bench.invoice(customer, "1", line("10"))["invoice_id"]
    bench.pay(customer, "10", (id, "10"))
    assert bench.put(f"/invoices/{id}", {"line_items": [line("9")]}).code == 24016
    assert bench.put(f"/invoices/{id}", {"line_items": [line("12")]}).body["invoice"]["balance"] == 2
    bench.books.behaviour = Behaviour(paid_invoices_locked=True)
    assert bench.put(f"/invoices/{id}", {"notes": "x"}).status == 200
    bench.pay(customer, "2", (id, "2"))
    assert bench.put(f"/invoices/{id}", {"notes": "y"}).code == 4043
