"""Laws of the values: money to the cent, keys that fit and stay, bodies that come back as they were written down."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsync.model.intent import Body, Ref, canonical, digest, from_canonical, plain, refs
from zsync.model.key import MAX_LENGTH, Key
from zsync.model.money import Money, decimals_of, round_half_up, split, total

currencies = st.sampled_from(["EUR", "JPY", "KWD", "USD"])
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
weights = st.lists(st.decimals(min_value=0, max_value=10**6, places=6), min_size=1, max_size=12).filter(any)
texts = st.text(max_size=30)
made_keys = st.builds(Key.of, st.just("hotel"), st.sampled_from(["order", "payment"]), st.text(min_size=1, max_size=80))
leaves = st.one_of(texts, st.integers(), st.booleans(), st.none(), amounts, st.builds(Ref, st.just("contacts"), made_keys, texts))
names = st.text(min_size=1, max_size=10).filter(lambda name: not name.startswith("$"))
bodies = st.dictionaries(
    names,
    st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8),
    max_size=5,
)


# --- money ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "decimals", "rounded"),
    [
        ("2.345", 2, "2.35"),
        ("-2.345", 2, "-2.35"),
        ("2.3449999", 2, "2.34"),
        ("0.5", 0, "1"),
        ("1.0005", 3, "1.001"),
        ("7", 2, "7.00"),
        ("12345678901234567890123456789.125", 2, "12345678901234567890123456789.13"),
    ],
)
def test_halves_are_rounded_away_from_zero(amount: str, decimals: int, rounded: str) -> None:
    assert str(round_half_up(Decimal(amount), decimals)) == rounded


def test_what_is_no_number_is_not_rounded() -> None:
    for odd in ("NaN", "Infinity"):
        with pytest.raises(ValueError, match="finite"):
            round_half_up(Decimal(odd), 2)


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("jpy", 0)])
def test_currencies_know_their_decimals(currency: str, decimals: int) -> None:
    assert decimals_of(currency) == decimals


@pytest.mark.parametrize("odd", [1.5, 1, "1", True])
def test_money_is_made_of_decimals_only(odd: object) -> None:
    with pytest.raises(TypeError, match="Decimal"):
        Money(odd, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "E1R", "€"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="currency"):
        Money(Decimal(1), currency)


def test_money_is_never_tested_for_truth_and_never_mixed() -> None:
    with pytest.raises(TypeError, match="zero money is a value"):
        bool(Money.zero("EUR"))
    for mix in (Money.__add__, Money.__sub__, Money.__lt__, Money.__ge__):
        with pytest.raises(ValueError, match="do not add up"):
            mix(Money.zero("EUR"), Money.zero("USD"))


@given(st.lists(amounts, max_size=8), currencies)
def test_a_total_is_the_exact_sum(parts: list[Decimal], currency: str) -> None:
    assert total([Money(part, currency) for part in parts], currency).amount == sum(parts, Decimal(0))


@given(amounts, currencies, weights)
def test_parts_sum_to_the_whole_and_none_is_off_by_a_unit(amount: Decimal, currency: str, by: list[Decimal]) -> None:
    parts = split(Money(amount, currency), by)
    unit = Decimal(1).scaleb(-decimals_of(currency))
    assert sum((part.amount for part in parts), Decimal(0)) == amount
    below = amount % unit  # the largest takes what the whole has below the unit
    largest = max(range(len(by)), key=lambda position: (by[position], -position))
    for position, (part, weight) in enumerate(zip(parts, by, strict=True)):
        rounded = part.amount - below if position == largest else part.amount
        assert rounded == round_half_up(rounded, decimals_of(currency))
        assert abs(rounded - (amount - below) * weight / sum(by, Decimal(0))) < unit


@pytest.mark.parametrize("by", [[], ["0"], ["0", "0"], ["1", "-1"]])
def test_weights_are_positive_somewhere_and_negative_nowhere(by: list[str]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(Money(Decimal(1), "EUR"), [Decimal(weight) for weight in by])


# --- keys -------------------------------------------------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=120), st.text(min_size=1, max_size=120))
def test_a_key_fits_is_ascii_and_names_one_fact(one: str, other: str) -> None:
    made, again = Key.of("hotel", "payment", one), Key.of("hotel", "payment", one)
    assert made == again
    assert len(made) <= MAX_LENGTH
    assert made.isascii()
    assert Key.parse(made) == made
    assert (made.tag, made.entity) == ("hotel", "payment")
    assert (made == Key.of("hotel", "payment", other)) == (one == other)


def test_a_short_id_stands_in_the_key_as_it_is() -> None:
    order = Key.of("hotel", "order", "41")
    assert order == "hotel:order:41"
    assert order.id == "41"
    assert Key.of("hotel", "payment", "13").child("14") == "hotel:payment:13/14"


@pytest.mark.parametrize(("tag", "entity", "id"), [("Hotel", "order", "1"), ("", "order", "1"), ("t" * 13, "order", "1")])
def test_a_tag_is_short_and_plain(tag: str, entity: str, id: str) -> None:
    with pytest.raises(ValueError, match="no tag"):
        Key.of(tag, entity, id)


@pytest.mark.parametrize("text", ["", "hotel", "hotel:order", "hotel:order:", "hotel:Order:1", "hotel:order:a b"])
def test_what_is_no_key_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="is no key"):
        Key.parse(text)


# --- bodies -----------------------------------------------------------------------------------------------------------------


@given(bodies)
def test_a_body_comes_back_as_it_was_written_down(body: Body) -> None:
    again = from_canonical(canonical(body))
    assert again == body
    assert canonical(again) == canonical(body)
    assert sorted(refs(again)) == sorted(refs(body))


@given(bodies)
def test_the_digest_is_the_same_whatever_the_order_of_the_fields(body: Body) -> None:
    assert digest(dict(reversed(body.items()))) == digest(body)


def test_equal_amounts_are_equal_bodies_and_other_kinds_of_value_are_not() -> None:
    assert digest({"rate": Decimal("10.00")}) == digest({"rate": Decimal("1E+1")})
    values: list[Body] = [{"x": Decimal(1)}, {"x": 1}, {"x": "1"}, {"x": True}, {"x": None}, {}, {"y": 1}]
    assert len({digest(value) for value in values}) == len(values)
    assert digest(None) == ""


@given(amounts)
def test_a_plain_number_has_no_exponent_and_keeps_its_value(amount: Decimal) -> None:
    text = plain(amount)
    assert Decimal(text) == amount
    assert set(text) <= set("-0123456789.")
    assert text != "-0"
