"""The decision table of `docs/cancelling.md`, row by row, in the pure mapping: what stands in Zoho when the hotel has done this.

`lived` plays a booking's versions one after the other, each settled before the next is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from zsync.model.documents import Credit, Document, Invoice, Kind, Line, Payment, Sale
from zsync.model.intent import Known, KnownRows, Plan, Written, plain
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.model.record import Record
from zsync.targets.books.mapping import plan
from zsync.targets.books.rules import Method, Rules

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 2, 1)
FACTS = {
    "organization": {"currency_code": "EUR"},
    "taxes": [{"tax_id": "71", "tax_name": "VAT 20%", "tax_percentage": "20"}],
    "accounts": [{"account_id": "55", "account_name": "Bank", "account_type": "bank"}],
    "currencies": [{"currency_id": "81", "currency_code": "EUR"}, {"currency_id": "82", "currency_code": "USD"}],
}
HOLD = Rules(tag="hotel", methods={"Bank wire": Method("banktransfer", "Bank")}, multi_currency=True)
UNAPPLY = replace(HOLD, refund_without_slip="unapply")
ONE = Decimal("1.2")


def key(entity: str, id: str) -> Key:
    return Key.of("hotel", entity, id)


def order(
    total: str = "1000.00",
    received: str = "0",
    *,
    id: str = "41",
    cancelled: bool = False,
    invoiced: bool = True,
    slips: Sequence[tuple[str, str]] = (),
    currency: str = "EUR",
    conversion: str = "1",
) -> list[Document]:
    """One order of the booking, with its invoice and its slips (id, amount)."""
    amount, invoice = Decimal(total), key("invoice", id)
    line = Line(f"detail:{id}", Kind.ROOM, key("room_type", "5"), "Double", Decimal(1), amount, amount / ONE, rate=Decimal(20))
    sale = Sale(
        key=key("order", id),
        source_id=id,
        reference="R",
        day=DAY,
        customer=key("customer", "8"),
        total=Money(amount, currency),
        total_net=Money(amount / ONE, currency),
        received=Money(Decimal(received), currency),
        conversion=Decimal(conversion),
        lines=(replace(line, invoice=invoice if invoiced else None),),
        cancelled=cancelled,
    )
    documents: list[Document] = [sale]
    if invoiced:
        documents.append(Invoice(invoice, id, sale.key, f"#IN{id}", DAY, sale.total, sale.total_net))
    for slip, given in slips:
        money = Money(Decimal(given), currency)
        back = replace(line, gross=money.amount, net=money.amount / ONE)
        net = Money(money.amount / ONE, currency)
        number = f"CS{int(slip):06d}"
        documents.append(Credit(key("slip", slip), slip, sale.key, number, DAY, money, net, Decimal(conversion), (back,)))
    return documents


def paid(*payments: tuple[str, str], currency: str = "EUR", conversion: str = "1") -> list[Document]:
    """Payments of the booking: (id, amount); negative ones went back."""
    return [
        Payment(key("payment", id), id, "R", DAY, Money(Decimal(amount), currency), Decimal(conversion), "Bank wire")
        for id, amount in payments
    ]


def booking(*documents: list[Document]) -> Record:
    every = [each for part in documents for each in part]
    every.sort(key=lambda each: not isinstance(each, Sale))
    return Record(key("booking", "R"), tuple(every), "1", NOW)


def settled(known: KnownRows, made: Plan) -> KnownRows:
    """What the journal knows once this plan is carried out."""
    rows = dict(known)
    for each in made.intents:
        rows[each.module, each.key] = Known(
            each.module, each.key, "settled", each.body, each.body, Written("1", number=each.number)
        )
    named = {(each.module, each.key) for each in made.intents}
    canceled = {owner for owner, verdict in made.verdicts.items() if verdict.stand == "canceled"}
    for (module, of), row in rows.items():
        if ((module, of) not in named and of in canceled) or any((r.module, r.key) == (module, of) for r in made.withdrawn):
            rows[module, of] = replace(row, body=None, wanted=None)
    return rows


def lived(*versions: Record, rules: Rules = HOLD) -> Plan:
    """The plan of the last version, after the ones before it were carried out."""
    known: KnownRows = {}
    for version in versions:
        made = plan(version, known, {}, FACTS, rules)
        again = plan(version, settled(known, made), {}, FACTS, rules)
        assert figures(again) == figures(made), "planned again with everything settled, nothing changes"
        assert not again.withdrawn
        known = settled(known, made)
    return made


def figures(made: Plan) -> list[str]:
    """Documents with their amounts, without statuses."""
    rows = []
    for each in made.intents:
        if "." not in each.module:
            amount = each.body.get("_total", each.body.get("amount", each.body.get("amount_applied")))
            assert isinstance(amount, Decimal)
            rows.append(f"{each.module} {each.key.id} {plain(amount)}")
    return sorted(rows)


def stands(made: Plan) -> dict[str, str]:
    return {f"{of.entity} {of.id}": verdict.stand for of, verdict in made.verdicts.items()}


def notes(made: Plan) -> list[str]:
    return [note.code for note in made.notes]


SOLD = ["invoices 41 1000", "salesorders 41 1000"]
PAID = ["applications 13/41 1000", "invoices 41 1000", "payments 13 1000", "salesorders 41 1000"]


def body(made: Plan, module: str, id: str) -> dict[str, Any]:
    return next(dict(each.body) for each in made.intents if each.module == module and each.key.id == id)


# --- cancelled --------------------------------------------------------------------------------------------------------------


def test_c1_cancelled_and_never_written_nothing_goes() -> None:
    made = lived(booking(order("0", cancelled=True, invoiced=False)))
    assert (figures(made), stands(made)) == ([], {"order 41": "canceled"})


def test_c2_cancelled_before_its_invoice_the_sales_order_goes() -> None:
    made = lived(booking(order(invoiced=False)), booking(order(invoiced=False, cancelled=True)))
    assert (figures(made), stands(made)) == ([], {"order 41": "canceled"})


def test_c3_cancelled_with_an_advance_the_advance_stays_and_is_listed() -> None:
    before = booking(order(received="300", invoiced=False), paid(("13", "300")))
    made = lived(before, booking(order(received="300", invoiced=False, cancelled=True), paid(("13", "300"))))
    assert (figures(made), stands(made)) == (["payments 13 300"], {"order 41": "canceled"})
    assert [note.message for note in made.notes] == ["300 EUR were paid for a booking that is cancelled: they stay as an advance"]


def test_c4_cancelled_and_its_advance_paid_back_the_money_comes_out_of_the_advance() -> None:
    before = booking(order(received="300", invoiced=False), paid(("13", "300")))
    after = booking(order(received="0", invoiced=False, cancelled=True), paid(("13", "300"), ("14", "-300")))
    for made in (lived(before, after), lived(after)):
        assert figures(made) == ["excessrefunds 14 300", "payments 13 300"]
        assert stands(made) == {"order 41": "canceled"}
        assert notes(made) == []


def test_c5_cancelled_after_its_invoice_and_never_written_nothing_goes() -> None:
    made = lived(booking(order(cancelled=True)))
    assert (figures(made), stands(made)) == ([], {"order 41": "canceled", "invoice 41": "canceled"})


def test_c6_cancelled_after_its_invoice_nothing_paid_both_are_void() -> None:
    made = lived(booking(order()), booking(order(cancelled=True)))
    assert (figures(made), stands(made)) == ([], {"order 41": "canceled", "invoice 41": "canceled"})


def test_c7_cancelled_after_it_was_paid_the_invoice_stands_and_nobody_invents_a_credit() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    after = booking(order(received="1000", cancelled=True), paid(("13", "1000")))
    for made in (lived(before, after), lived(after)):
        assert (figures(made), stands(made)) == (PAID, {"order 41": "canceled"})


def test_c8_cancelled_and_paid_back_without_a_slip_is_held() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    after = booking(order(received="0", cancelled=True), paid(("13", "1000"), ("14", "-1000")))
    for made in (lived(before, after), lived(after)):
        assert (figures(made), stands(made)) == (PAID, {"order 41": "canceled", "payment 14": "held"})


def test_c8_cancelled_and_paid_back_without_a_slip_is_taken_off_where_the_configuration_says_so() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    after = booking(order(received="0", cancelled=True), paid(("13", "1000"), ("14", "-1000")))
    made = lived(before, after, rules=UNAPPLY)
    assert figures(made) == ["excessrefunds 14 1000", "payments 13 1000"]
    assert stands(made) == {"order 41": "canceled", "invoice 41": "canceled"}
    assert figures(lived(after, rules=UNAPPLY)) == ["excessrefunds 14 1000", "payments 13 1000"]


def test_c9_cancelled_unpaid_with_a_slip_the_credit_note_closes_the_invoice() -> None:
    made = lived(booking(order()), booking(order(cancelled=True, slips=[("3", "1000")])))
    assert figures(made) == ["creditapplications 3/41 1000", "creditnotes 3 1000", *SOLD]
    assert stands(made) == {"order 41": "canceled"}


def test_c10_cancelled_paid_and_refunded_with_a_slip() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    after = booking(order(received="0", cancelled=True, slips=[("3", "1000")]), paid(("13", "1000"), ("14", "-1000")))
    for made in (lived(before, after), lived(after)):
        assert figures(made) == sorted([*PAID, "creditnotes 3 1000", "refunds 14 1000"])
        assert stands(made) == {"order 41": "canceled"}


# --- refunded ---------------------------------------------------------------------------------------------------------------


def test_r1_refunded_whole_and_nothing_paid_back_the_credit_note_stays_open() -> None:
    made = lived(booking(order(received="1000", slips=[("3", "1000")]), paid(("13", "1000"))))
    assert figures(made) == sorted([*PAID, "creditnotes 3 1000"])
    assert notes(made) == ["credit_open"]


def test_r2_refunded_in_part_and_nothing_paid_back() -> None:
    made = lived(booking(order(received="1000", slips=[("3", "179.77")]), paid(("13", "1000"))))
    assert figures(made) == sorted([*PAID, "creditnotes 3 179.77"])
    assert stands(made) == {}


def test_r3_a_slip_and_its_money_back_are_a_credit_note_and_a_refund() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    after = booking(order(received="400", slips=[("3", "600")]), paid(("13", "1000"), ("14", "-600")))
    for made in (lived(before, after), lived(after)):
        assert figures(made) == sorted([*PAID, "creditnotes 3 600", "refunds 14 600"])
        assert (stands(made), notes(made)) == ({}, [])
    refund = body(lived(after), "refunds", "14")
    assert (refund["reference_number"], refund["from_account_id"]) == ("hotel:payment:14", "55")


def test_r4_money_back_without_a_slip_is_held_whether_read_at_once_or_step_by_step() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    after = booking(order(received="400"), paid(("13", "1000"), ("14", "-600")))
    for made in (lived(before, after), lived(after)):
        assert (figures(made), stands(made)) == (PAID, {"payment 14": "held"})


def test_r4_money_back_without_a_slip_is_taken_off_the_invoice_where_the_configuration_says_so() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    after = booking(order(received="400"), paid(("13", "1000"), ("14", "-600")))
    at_once = lived(after, rules=UNAPPLY)
    assert figures(at_once) == sorted(["applications 13/41 400", "excessrefunds 14 600", "payments 13 1000", *SOLD])
    later = lived(before, after, rules=UNAPPLY)
    assert figures(later) == sorted(["applications 13/41:2 400", "excessrefunds 14 600", "payments 13 1000", *SOLD])
    gone = [ref.key.id for ref in later.withdrawn]
    assert gone == ["13/41"]
    for module, id in (("applications", "13/41:2"), ("excessrefunds", "14")):
        (waits,) = [each.without for each in later.intents if (each.module, each.key.id) == (module, id)]
        assert [ref.key.id for ref in waits] == ["13/41"], "nothing moves before the money is off the invoice"


def test_r5_a_refund_that_is_asked_for_and_a_voucher_change_nothing() -> None:
    before = booking(order(received="1000"), paid(("13", "1000")))
    assert figures(lived(before, before)) == PAID


def test_r6_a_slip_of_a_half_paid_order_goes_onto_what_is_open_first() -> None:
    before = booking(order(received="700"), paid(("13", "700")))
    after = booking(order(received="700", slips=[("3", "600")]), paid(("13", "700")))
    for made in (lived(before, after), lived(after)):
        shown = ["applications 13/41 700", "creditapplications 3/41 300", "creditnotes 3 600", "payments 13 700", *SOLD]
        assert figures(made) == sorted(shown)
        assert [note.message for note in made.notes] == ["300 EUR of it are open: nothing came back"]


def test_r7_of_what_is_left_after_the_open_balance_the_money_back_is_refunded() -> None:
    after = booking(order(received="400", slips=[("3", "600")]), paid(("13", "700"), ("14", "-300")))
    made = lived(after)
    assert "creditapplications 3/41 300" in figures(made)
    assert "refunds 14 300" in figures(made)
    assert notes(made) == []


def test_r8_a_slip_of_an_order_without_an_invoice_has_nothing_to_credit_until_the_invoice_comes() -> None:
    before = booking(order(received="1000", invoiced=False, slips=[("3", "600")]), paid(("13", "1000")))
    assert stands(lived(before)) == {"slip 3": "skipped"}
    after = booking(order(received="1000", slips=[("3", "600")]), paid(("13", "1000")))
    assert "creditnotes 3 600" in figures(lived(before, after))


def test_r9_an_excess_that_is_paid_back_comes_out_of_the_payment() -> None:
    before = booking(order(received="1075"), paid(("13", "1075")))
    assert notes(lived(before)) == ["excess"]
    after = booking(order(received="1000"), paid(("13", "1075"), ("14", "-75")))
    for made in (lived(before, after), lived(after)):
        sums = ["applications 13/41 1000", "excessrefunds 14 75", "payments 13 1075", *SOLD]
        assert figures(made) == sorted(sums)
        assert (stands(made), notes(made)) == ({}, [])


def test_r10_one_sum_over_two_slips_is_two_refunds() -> None:
    slips = [("3", "200"), ("4", "300")]
    made = lived(booking(order(received="500", slips=slips), paid(("13", "1000"), ("14", "-500"))))
    assert figures(made) == sorted([*PAID, "creditnotes 3 200", "creditnotes 4 300", "refunds 14:1 200", "refunds 14:2 300"])
    assert body(made, "refunds", "14:2")["reference_number"] == "hotel:payment:14:2"


def test_r11_two_sums_against_one_slip_are_two_refunds_of_it() -> None:
    first = booking(order(received="800", slips=[("3", "500")]), paid(("13", "1000"), ("14", "-200")))
    second = booking(order(received="500", slips=[("3", "500")]), paid(("13", "1000"), ("14", "-200"), ("15", "-300")))
    for made in (lived(first, second), lived(second)):
        assert figures(made) == sorted([*PAID, "creditnotes 3 500", "refunds 14 200", "refunds 15 300"])


def test_r12_a_slip_that_comes_after_the_money_is_what_the_money_comes_out_of() -> None:
    first = booking(order(received="400"), paid(("13", "1000"), ("14", "-600")))
    second = booking(order(received="400", slips=[("3", "600")]), paid(("13", "1000"), ("14", "-600")))
    made = lived(first, second)
    assert figures(made) == sorted([*PAID, "creditnotes 3 600", "refunds 14 600"])
    assert stands(made) == {}


def test_r13_a_slip_that_comes_after_the_money_was_taken_off_goes_onto_the_reopened_balance() -> None:
    begin = booking(order(received="1000"), paid(("13", "1000")))
    first = booking(order(received="400"), paid(("13", "1000"), ("14", "-600")))
    second = booking(order(received="400", slips=[("3", "600")]), paid(("13", "1000"), ("14", "-600")))
    made = lived(begin, first, second, rules=UNAPPLY)
    moved = ["applications 13/41:2 400", "creditapplications 3/41 600", "creditnotes 3 600", "excessrefunds 14 600"]
    assert figures(made) == sorted([*moved, "payments 13 1000", *SOLD])
    assert notes(made) == []


def test_r14_more_money_back_than_the_slip_says_comes_out_of_an_excess_and_the_rest_is_held() -> None:
    made = lived(booking(order(received="350", slips=[("3", "600")]), paid(("13", "1050"), ("14", "-700"))))
    assert "refunds 14:1 600" in figures(made)
    assert "excessrefunds 14:2 50" in figures(made)
    assert made.verdicts[key("payment", "14")].reason.startswith("50 EUR were paid back without a credit slip")


def test_r15_in_another_currency_everything_is_in_the_order_s() -> None:
    dollars = order(received="400", slips=[("3", "600")], currency="USD", conversion="1.25")
    made = lived(booking(dollars, paid(("13", "1000"), ("14", "-600"), currency="USD", conversion="1.25")))
    assert figures(made) == sorted([*PAID, "creditnotes 3 600", "refunds 14 600"])
    for module, id in (("creditnotes", "3"), ("refunds", "14")):
        assert body(made, module, id)["exchange_rate"] == Decimal("0.8")
    mixed = booking(
        dollars,
        paid(("13", "1000"), currency="USD", conversion="1.25"),
        paid(
            ("14", "-480"),
        ),
    )
    assert "refunds 14 600" in figures(lived(mixed))
    assert "-480.00 EUR in all" in body(lived(mixed), "refunds", "14")["description"]


def test_r16_over_a_reference_of_several_orders_the_money_goes_to_the_one_with_the_slip() -> None:
    first, second = order("500", "500"), order("300", "100", id="42", slips=[("3", "200")])
    made = lived(booking(first, second, paid(("13", "800"), ("14", "-200"))))
    assert "applications 13/41 500" in figures(made)
    assert "applications 13/42 300" in figures(made)
    assert "refunds 14 200" in figures(made)


def test_r17_a_failed_order_blocks_its_slip_and_its_money_back() -> None:
    wrong = order(received="400", slips=[("3", "600")])
    sale = wrong[0]
    assert isinstance(sale, Sale)
    wrong[0] = replace(sale, total=Money(Decimal("990"), "EUR"))
    made = lived(booking(wrong, paid(("13", "1000"), ("14", "-600"))))
    assert figures(made) == []
    assert stands(made) == {"invoice 41": "blocked", "payment 13": "blocked", "slip 3": "blocked", "payment 14": "blocked"}


def test_r18_on_a_draft_no_credit_is_put_and_the_money_comes_out_of_the_note() -> None:
    drafts = replace(HOLD, final="draft")
    made = lived(booking(order(received="0", slips=[("3", "600")])), rules=drafts)
    assert figures(made) == sorted(["creditnotes 3 600", *SOLD])


def test_a_refund_without_an_account_to_pay_it_from_names_the_line_to_write() -> None:
    rules = replace(HOLD, methods={"Bank wire": Method("banktransfer")})
    made = lived(booking(order(received="400", slips=[("3", "600")]), paid(("13", "1000"), ("14", "-600"))), rules=rules)
    (error,) = made.errors.values()
    assert '[target.payment_methods] "Bank wire"' in error.hint
    assert "creditnotes 3 600" in figures(made), "the others go on"


def test_money_that_rounds_to_nothing_is_no_payment_and_no_refund() -> None:
    made = lived(booking(order(received="1000"), paid(("13", "1000"), ("14", "0.004"), ("15", "-0.004"))))
    assert figures(made) == PAID
    assert stands(made) == {"payment 14": "skipped", "payment 15": "skipped"}


def test_a_slip_that_is_switched_off_keeps_its_money_back() -> None:
    after = booking(order(received="400", slips=[("3", "600")]), paid(("13", "1000"), ("14", "-600")))
    made = plan(after, {}, {key("slip", "3"): "auto_create is off for credit_notes"}, FACTS, HOLD)
    assert figures(made) == PAID
    assert stands(made)["payment 14"] == "skipped"
