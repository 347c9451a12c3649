"""Payments over the orders of a booking."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from zsync.model.documents import Credit, Invoice, Payment, Sale
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.targets.books.booking.split import Settled, Share, divide, in_currency_of, paid_back

DAY = date(2026, 1, 1)


def sale(
    id: str, total: str, received: str | None = None, *, cancelled: bool = False, currency: str = "EUR", rate: str = "1"
) -> Sale:
    money = Money(Decimal(total), currency)
    return Sale(
        key=Key.of("hotel", "order", id),
        source_id=id,
        reference="R",
        day=DAY,
        customer=Key.of("hotel", "customer", "1"),
        total=money,
        total_net=money,
        received=Money(Decimal(received if received is not None else total), currency),
        conversion=Decimal(rate),
        lines=(),
        cancelled=cancelled,
    )


def invoice(id: str, total: str) -> Invoice:
    amount = Money(Decimal(total), "EUR")
    return Invoice(Key.of("hotel", "invoice", id), id, Key.of("hotel", "order", id), f"#IN{id}", DAY, amount, amount)


def payment(id: str, amount: str, currency: str = "EUR", rate: str = "1") -> Payment:
    return Payment(Key.of("hotel", "payment", id), id, "R", DAY, Money(Decimal(amount), currency), Decimal(rate))


def slip(id: str, order: str, amount: str) -> Credit:
    money = Money(Decimal(amount), "EUR")
    return Credit(Key.of("hotel", "slip", id), id, Key.of("hotel", "order", order), f"CS{id}", DAY, money, money, Decimal(1))


def shown(shares: list[Share]) -> dict[str, dict[str, str]]:
    return {share.payment.id: {part.sale.id: str(part.applied) for part in share.parts} for share in shares}


def test_payments_by_id_fill_capacities_by_id() -> None:
    shares = divide(
        [sale("2", "200"), sale("1", "300")],
        [invoice("1", "300"), invoice("2", "200")],
        [payment("11", "150"), payment("10", "250"), payment("12", "100")],
        [],
        Settled(),
    )
    assert shown(shares) == {"10": {"1": "250.00"}, "11": {"1": "50.00", "2": "100.00"}, "12": {"2": "100.00"}}


def test_an_application_is_at_most_what_the_invoice_takes_and_the_rest_is_excess() -> None:
    (share,) = divide([sale("1", "54.87", "75.00")], [invoice("1", "54.87")], [payment("10", "75.00")], [], Settled())
    assert shown([share]) == {"10": {"1": "54.87"}}
    assert share.amount.amount - sum(part.applied for part in share.parts) == Decimal("20.13")


def test_an_order_without_an_invoice_takes_its_part_as_an_advance() -> None:
    (share,) = divide([sale("1", "300")], [], [payment("10", "300")], [], Settled())
    assert [(part.amount, part.applied) for part in share.parts] == [(Decimal("300.00"), Decimal(0))]


def test_money_that_came_back_counts_as_received_once() -> None:
    """Order 24: 27,379.65 paid, 21,903.72 sent back, so 5,475.93 is left in the hotel's books; all of it was applied first."""
    sales, refund = [sale("24", "27379.65", "5475.93")], payment("22", "-21903.72")
    assert paid_back(sales, [refund], [slip("3", "24", "21903.72")]) == {sales[0].key: Decimal("21903.72")}
    slips, payments = [slip("3", "24", "21903.72")], [payment("17", "27379.65"), refund]
    shares = divide(sales, [invoice("24", "27379.65")], payments, slips, Settled())
    assert shown(shares) == {"17": {"24": "27379.65"}}


def test_a_refund_goes_to_orders_with_slips_first_then_to_cancelled_ones_then_to_the_rest() -> None:
    sales = [sale("1", "100", "100"), sale("2", "100", "60", cancelled=True), sale("3", "100", "70")]
    back = paid_back(sales, [payment("9", "-70")], [slip("1", "3", "30")])
    assert {key.id: str(amount) for key, amount in back.items()} == {"1": "0.00", "2": "40.00", "3": "30.00"}


def test_what_is_applied_already_stays_and_later_splits_fill_what_it_leaves() -> None:
    sales = [sale("1", "300"), sale("2", "200")]
    invoices = [invoice("1", "300"), invoice("2", "200")]
    payments = [payment("10", "250"), payment("11", "250")]
    frozen = {(payments[0].key, sales[1].key): Decimal("200")}
    shares = divide(sales, invoices, payments, [], Settled(frozen))
    assert shown(shares) == {"10": {"1": "50.00", "2": "200"}, "11": {"1": "250.00"}}


def test_a_payment_in_another_currency_is_converted_half_up() -> None:
    assert in_currency_of(sale("31", "4612.50"), payment("26", "1000.00", "USD", "1.0842")) == Money(Decimal("922.34"), "EUR")
    assert in_currency_of(sale("1", "10", currency="JPY", rate="160"), payment("1", "1.00")).amount == 160


amounts = st.integers(1, 50_000).map(lambda cents: Decimal(cents) / 100)


@given(st.lists(amounts, min_size=1, max_size=5), st.lists(amounts, min_size=1, max_size=6))
def test_no_payment_gives_more_than_it_has_and_no_invoice_takes_more_than_its_total(
    totals: list[Decimal], paid: list[Decimal]
) -> None:
    left = sum(paid, Decimal(0))
    sales = []
    for number, total in enumerate(totals, 1):
        received = min(left, total) if number < len(totals) else left
        left -= received
        sales.append(sale(str(number), str(total), str(received)))
    invoices = [invoice(each.source_id, str(each.total.amount)) for each in sales]
    payments = [payment(str(number), str(amount)) for number, amount in enumerate(paid, 1)]
    shares = divide(sales, invoices, payments, [], Settled())
    for share in shares:
        assert sum((part.applied for part in share.parts), Decimal(0)) <= share.amount.amount
        assert all(part.applied >= 0 for part in share.parts)
    for each in invoices:
        taken = sum((part.applied for share in shares for part in share.parts if part.sale == each.sale), Decimal(0))
        assert taken <= each.total.amount


@given(st.lists(amounts, min_size=1, max_size=4), st.lists(amounts, min_size=2, max_size=5))
def test_the_same_whether_read_at_once_or_step_by_step(totals: list[Decimal], paid: list[Decimal]) -> None:
    """Payment after payment, each applied before the next is read, gives what one reading of all gives."""
    whole = sum(paid, Decimal(0))

    def at(count: int) -> tuple[list[Sale], list[Payment]]:
        left = sum(paid[:count], Decimal(0))
        sales = []
        for number, total in enumerate(totals, 1):
            received = min(left, total) if number < len(totals) else left
            left -= received
            sales.append(sale(str(number), str(total), str(received)))
        return sales, [payment(str(number), str(amount)) for number, amount in enumerate(paid[:count], 1)]

    invoices = [invoice(str(number), str(total)) for number, total in enumerate(totals, 1)]
    frozen: dict[tuple[Key, Key], Decimal] = {}
    for count in range(1, len(paid) + 1):
        sales, payments = at(count)
        for share in divide(sales, invoices, payments, [], Settled(frozen)):
            frozen |= {(share.payment, part.sale): part.applied for part in share.parts if part.applied > 0}
    at_once = {
        (share.payment, part.sale): part.applied
        for share in divide(*at(len(paid))[:1], invoices, at(len(paid))[1], [], Settled())
        for part in share.parts
        if part.applied > 0
    }
    assert frozen == at_once
    assert sum(frozen.values(), Decimal(0)) <= whole
