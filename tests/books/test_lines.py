"""Lines, discounts, quantities, taxes and totals, to the cent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsync.errors import TotalsDisagree, Unmappable
from zsync.model.documents import Discount, Kind, Line
from zsync.model.intent import plain
from zsync.model.key import Key
from zsync.model.money import Money
from zsync.targets.books.lines import Sheet, sheet
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts, tax_id
from zsync.targets.books.totals import Priced, predict

OWNER = Key.of("hotel", "order", "1")
ITEM = Key.of("hotel", "service", "6")
RULES = Rules(tag="hotel")
FACTS = Facts(
    "EUR",
    [
        {"tax_id": "1", "tax_name": "VAT 20%", "tax_percentage": "20"},
        {"tax_id": "2", "tax_name": "VAT 10%", "tax_percentage": "10.00"},
        {"tax_id": "3", "tax_name": "Lodging", "tax_percentage": "10"},
    ],
    [],
    [],
)


def line(gross: str, quantity: str = "1", rate: str = "20", **fields: object) -> Line:
    amount = Decimal(gross)
    return Line(
        id=str(fields.pop("id", "detail:1")),
        kind=fields.pop("kind", Kind.SERVICE),  # type: ignore[arg-type]
        item=fields.pop("item", ITEM),  # type: ignore[arg-type]
        name="Breakfast",
        quantity=Decimal(quantity),
        gross=amount,
        net=amount / (1 + Decimal(rate) / 100),
        rate=Decimal(rate),
        **fields,  # type: ignore[arg-type]
    )


def made(lines: list[Line], total: str, discounts: list[Discount] | None = None, rules: Rules = RULES, net: str = "") -> Sheet:
    own = Money(Decimal(total), "EUR")
    own_net = Money(Decimal(net), "EUR") if net else Money(sum((each.net for each in lines), Decimal(0)), "EUR")
    return sheet(OWNER, lines, discounts or [], own, own_net, rules, FACTS)


def products(found: Sheet) -> list[str]:
    return [f"{plain(body['quantity'])} x {plain(body['rate'])}" for body in found.line_items]  # type: ignore[arg-type]


def total_of(found: Sheet) -> Decimal:
    return sum((body["quantity"] * body["rate"] for body in found.line_items), Decimal(0)) + found.adjustment  # type: ignore[operator]


@pytest.mark.parametrize(
    ("gross", "quantity", "shown"),
    [
        ("92.26", "6", "1 x 92.26"),  # 15.376667 does not divide
        ("92.28", "6", "6 x 15.38"),
        ("100.00", "3", "1 x 100"),
        ("0.03", "3", "3 x 0.01"),
        ("50.00", "0.5", "1 x 50"),
    ],
)
def test_quantity_and_rate_only_where_they_multiply_exactly(gross: str, quantity: str, shown: str) -> None:
    assert products(made([line(gross, quantity)], gross)) == [shown]


def test_pieces_that_do_not_divide_stand_in_the_text() -> None:
    (body,) = made([line("92.26", "6")], "92.26").line_items
    assert body["description"] == "6 pieces"


def test_discounts_lower_gross_lines_in_proportion_and_say_so() -> None:
    found = made(
        [line("100.00"), line("50.00", id="detail:2", rate="10", tax_group="Lodging")],
        "140.00",
        [Discount("discount:1", "Voucher", Decimal("10.00"), Decimal("8.50"))],
        Rules(tag="hotel", taxes={"Lodging": "3"}),
    )
    assert products(found) == ["1 x 93.33", "1 x 46.67"]
    assert found.line_items[0]["description"] == "100.00 before discount, 6.67 off (Voucher)"
    assert "discount" not in found.line_items[0], "no Zoho discount: a bare number is an amount there, a text a percentage"


def test_every_discount_of_a_document_is_named_once() -> None:
    found = made(
        [line("100.00", description="sea view")],
        "85.00",
        [
            Discount("discount:1", "Voucher", Decimal("10.00"), Decimal("8.33")),
            Discount("discount:2", "Voucher", Decimal("5.00"), Decimal("4.17")),
        ],
    )
    assert found.line_items[0]["description"] == "sea view, 100.00 before discount, 15.00 off (Voucher)"


def test_rounding_alone_is_not_called_a_discount() -> None:
    """38.335 three times: one of them goes down to 38.33."""
    found = made([line("38.335", id=f"detail:{n}") for n in range(3)], "115.005")
    assert [body.get("description") for body in found.line_items] == [None, None, None]


@pytest.mark.parametrize(("gross", "shown"), [("100.00", "3 nights"), ("99.99", None)])
def test_the_nights_of_a_room_line_without_stays_stand_in_the_text_where_they_do_not_divide(
    gross: str, shown: str | None
) -> None:
    (body,) = made([line(gross, "3", kind=Kind.ROOM)], gross).line_items
    assert body.get("description") == shown


@pytest.mark.parametrize(
    ("currency", "gross", "quantity", "shown"),
    [
        ("JPY", "30000", "3", "3 x 10000"),
        ("JPY", "10000", "3", "1 x 10000"),
        ("KWD", "10.005", "3", "3 x 3.335"),
        ("KWD", "10.004", "3", "1 x 10.004"),
    ],
)
def test_amounts_keep_the_decimals_of_their_currency(currency: str, gross: str, quantity: str, shown: str) -> None:
    own = Money(Decimal(gross), currency)
    found = sheet(OWNER, [line(gross, quantity)], [], own, own, RULES, FACTS)
    assert products(found) == [shown]
    assert total_of(found) == found.total == Decimal(gross)


def test_cents_that_the_organisation_does_not_keep_are_refused_before_anything_is_sent() -> None:
    """Hungarian forints have hundredths by ISO 4217; an organisation may keep none."""
    own = Money(Decimal("100.50"), "HUF")
    whole = replace(FACTS, currencies=[{"currency_id": "1", "currency_code": "HUF", "price_precision": 0}])
    with pytest.raises(TotalsDisagree) as caught:
        sheet(OWNER, [line("100.50")], [], own, own, RULES, whole)
    assert "100.50" in caught.value.message
    assert "decimals" in caught.value.hint
    unsaid = replace(FACTS, currencies=[{"currency_id": "1", "currency_code": "HUF", "price_precision": None}])
    assert sheet(OWNER, [line("100.50")], [], own, own, RULES, unsaid).total == Decimal("100.50")


def test_a_discount_of_everything_leaves_zero_lines() -> None:
    found = made([line("80.00")], "0.00", [Discount("discount:1", "Staff", Decimal("80.00"), Decimal("66.67"))], net="0")
    assert found.total == 0
    assert products(found) == ["1 x 0"]


def test_cancelled_stays_without_a_price_make_no_line() -> None:
    found = made([line("80.00"), line("0.00", id="stay:2", cancelled=True)], "80.00")
    assert len(found.line_items) == 1


def test_a_channel_s_third_decimals_are_rounded_together() -> None:
    """Three lines of 38.335 make 115.005: half up per document is 115.01, and the lines sum to it."""
    found = made([line("38.335", id=f"detail:{n}") for n in range(3)], "115.005")
    assert found.total == Decimal("115.01")
    assert total_of(found) == Decimal("115.01")
    assert found.adjustment == 0


def test_a_difference_of_cents_goes_into_the_adjustment_with_words_and_is_counted() -> None:
    found = made([line("80.00")], "80.02")
    assert found.adjustment == Decimal("0.02")
    assert next(note.code for note in found.notes) == "adjusted"


def test_more_than_that_is_refused_and_both_sums_are_shown_line_by_line() -> None:
    with pytest.raises(TotalsDisagree) as caught:
        made([line("80.00"), line("20.00", id="detail:2")], "100.06")
    assert "0.06 EUR apart" in caught.value.message
    assert [row.split()[0] for row in caught.value.detail.splitlines()] == ["80", "20", "100", "100.06"]
    assert caught.value.hint


def test_products_that_are_gone_and_demands_stand_on_collective_items() -> None:
    found = made([line("80.00", item=None), line("5.00", id="demand:1", item=None, kind=Kind.DEMAND)], "85.00")
    assert [body["item_id"].key for body in found.line_items] == ["hotel:item:SERVICE-OTHER", "hotel:item:DEMAND"]  # type: ignore[union-attr]


def test_a_tax_that_differs_is_reported_and_never_adjusted() -> None:
    found = made([line("120.00")], "120.00", net="99.98")
    assert found.adjustment == 0
    assert [note.code for note in found.notes] == ["tax_differs"]


# --- taxes ------------------------------------------------------------------------------------------------------------------


def test_a_rate_finds_the_organisation_s_one_tax_of_that_percentage() -> None:
    assert tax_id(Decimal("20.000"), "", RULES, FACTS) == "1"


def test_two_taxes_of_one_percentage_are_left_to_the_configuration() -> None:
    with pytest.raises(Unmappable) as caught:
        tax_id(Decimal(10), "", RULES, FACTS)
    assert '[target.taxes] "10" = ' in caught.value.config_key
    assert not caught.value.stale


@pytest.mark.parametrize("named", ["Lodging", "3"])
def test_the_configuration_names_a_tax_by_rate_or_group_by_name_or_id(named: str) -> None:
    assert tax_id(Decimal(10), "", Rules(tag="hotel", taxes={"10": named}), FACTS) == "3"
    assert tax_id(Decimal(10), "Reduced", Rules(tag="hotel", taxes={"Reduced": named}), FACTS) == "3"


@pytest.mark.parametrize("written", ["10.0", "10.00", "10%"])
def test_a_rate_may_be_written_in_any_way(written: str) -> None:
    assert tax_id(Decimal(10), "", Rules(tag="hotel", taxes={written: "Lodging"}), FACTS) == "3"


@pytest.mark.parametrize(("group", "key"), [("", "10.0"), ('Reduced "city"', 'Reduced \\"city\\"')])
def test_a_tax_that_is_missing_is_told_with_the_key_that_names_it(group: str, key: str) -> None:
    rules = Rules(tag="hotel", taxes={group or "10.0": "VAT 19%"})
    with pytest.raises(Unmappable) as caught:
        tax_id(Decimal(10), group, rules, FACTS)
    assert f'[target.taxes] "{key}" names' in caught.value.message
    assert f'[target.taxes] "{key}" = ' in caught.value.config_key


def test_a_rate_without_a_tax_names_the_line_to_add_and_newer_facts_may_answer() -> None:
    with pytest.raises(Unmappable) as caught:
        tax_id(Decimal("13.5"), "", RULES, FACTS)
    assert '"13.5"' in caught.value.hint
    assert caught.value.stale


def test_a_name_that_the_organisation_does_not_have_is_an_error() -> None:
    with pytest.raises(Unmappable, match="no tax `VAT 19%`"):
        tax_id(Decimal(10), "", Rules(tag="hotel", taxes={"10": "VAT 19%"}), FACTS)


def test_nothing_at_zero_percent_needs_no_tax() -> None:
    assert tax_id(Decimal(0), "", RULES, FACTS) == ""


def test_a_line_without_tax_says_so_or_zoho_may_take_the_item_s() -> None:
    (body,) = made([line("10", rate="0")], "10").line_items
    assert body["tax_id"] == ""


# --- totals -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rates", "prices", "total", "tax"),
    [
        ([("120", "20")], "inclusive", "120", "20.00"),
        ([("100", "20")], "exclusive", "120.00", "20.00"),
        # 10.10 net at 9 % twice: 0.909 a line would be 0.91 + 0.91; on the sum it is 1.818 -> 1.82
        ([("10.10", "9"), ("10.10", "9")], "exclusive", "22.02", "1.82"),
        # 3.35 net at 9 % three times: 0.3015 a line -> 0.90; on the sum 0.9045 -> 0.90
        ([("3.35", "9")] * 3, "exclusive", "10.95", "0.90"),
        # 0.333 would be a third decimal: a rate of 1.11 three times
        ([("1.11", "23")] * 3, "inclusive", "3.33", "0.62"),
        ([("100", "20"), ("50", "10")], "exclusive", "175.00", "25.00"),
    ],
)
def test_both_ways_of_pricing_are_predicted(rates: list[tuple[str, str]], prices: str, total: str, tax: str) -> None:
    lines = [Priced(Decimal(rate), Decimal(1), Decimal(percent)) for rate, percent in rates]
    sums = predict(lines, Decimal(0), 2, prices)  # type: ignore[arg-type]
    assert (sums.total, sums.tax) == (Decimal(total), Decimal(tax))


# --- laws -------------------------------------------------------------------------------------------------------------------

cents = st.decimals(min_value=0, max_value=5000, places=3)


@given(st.lists(st.tuples(cents, st.integers(1, 14)), min_size=1, max_size=8), st.integers(0, 100))
def test_lines_less_discounts_always_sum_to_the_document_s_total(amounts: list[tuple[Decimal, int]], percent: int) -> None:
    lines = [line(str(gross), str(quantity), id=f"detail:{n}") for n, (gross, quantity) in enumerate(amounts)]
    whole = sum((each.gross for each in lines), Decimal(0))
    off = (whole * percent / 100).quantize(Decimal("0.01"))
    total = whole - off
    found = made(lines, str(max(total, Decimal(0))), [Discount("discount:1", "Voucher", off, off)] if off else [])
    assert total_of(found) == found.total
    assert abs(found.adjustment) <= Decimal("0.05")
