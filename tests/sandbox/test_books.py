"""The main chain through the stand-in Books: customer, item, order, invoice, sent, payment."""

from __future__ import annotations

from decimal import Decimal

from sandbox.bench import Bench, line

D = Decimal


def test_a_paid_order_is_invoiced_and_paid_in_full() -> None:
    bench = Bench()
    tax = bench.books.taxes["VAT 9%"]
    customer, item = bench.contact(), bench.item("Double room", sku="R1", product_type="service")
    order = bench.order(customer, "QLO-1", line("109", "2", item_id=item, tax_id=tax), is_inclusive_tax=True)
    assert (order["status"], order["total"], order["tax_total"]) == ("open", D("218"), D("18"))
    stay = order["line_items"][0]["line_item_id"]
    invoice = bench.invoice(
        customer, "#IN000001", line("109", "2", item_id=item, tax_id=tax, salesorder_item_id=stay), is_inclusive_tax=True
    )
    assert (invoice["status"], invoice["total"], invoice["balance"]) == ("sent", D("218"), D("218"))
    bench.pay(customer, "218", (invoice["invoice_id"], "218"), reference_number="hotel:payment:1")
    paid = bench.get(f"/invoices/{invoice['invoice_id']}").body["invoice"]
    assert (paid["status"], paid["balance"], paid["payment_made"]) == ("paid", 0, D("218"))
    assert bench.get(f"/salesorders/{order['salesorder_id']}").body["salesorder"]["status"] == "invoiced"
    assert bench.books.unknown_properties == []
