"""Money by example: what the laws of `test_values.py` leave open."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal

import pytest

from zsync.model.money import Money, split


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_amounts_of_one_currency_are_added_subtracted_and_turned_exactly() -> None:
    assert euro("1.10") + euro("0.005") == euro("1.105")
    assert euro("1.10") - euro("0.005") == euro("1.095")
    assert -euro("1.10") == euro("-1.10")


@pytest.mark.parametrize(
    ("compare", "less", "same", "more"),
    [
        (operator.lt, True, False, False),
        (operator.le, True, True, False),
        (operator.gt, False, False, True),
        (operator.ge, False, True, True),
    ],
)
def test_amounts_compare_within_their_currency(
    compare: Callable[[Money, Money], bool], less: bool, same: bool, more: bool
) -> None:
    assert [compare(euro(amount), euro("2")) for amount in ("1.99", "2.00", "2.01")] == [less, same, more]
    with pytest.raises(ValueError, match="EUR and USD do not add up"):
        compare(euro("1"), Money(Decimal(1), "USD"))


@pytest.mark.parametrize("odd", ["NaN", "Infinity"])
def test_what_is_no_amount_is_no_money(odd: str) -> None:
    with pytest.raises(ValueError, match="money is finite"):
        euro(odd)


@pytest.mark.parametrize(
    ("whole", "weights", "parts"),
    [
        ("0.10", "1 2 4", "0.01 0.03 0.06"),  # 1.43, 2.86, 5.71 cents: the second and the third have the largest remainders
        ("0.10", "1 1 1", "0.04 0.03 0.03"),  # equal ones: first come first
        ("-0.10", "1 2 4", "-0.01 -0.03 -0.06"),
        ("0.105", "1 2 1", "0.03 0.055 0.02"),  # what is below the cent goes to the largest weight
        ("0", "1 1", "0.00 0.00"),  # and no -0.00
    ],
)
def test_units_that_are_left_over_go_to_the_largest_remainders(whole: str, weights: str, parts: str) -> None:
    found = split(euro(whole), [Decimal(weight) for weight in weights.split()])
    assert [f"{part.amount:.3f}" for part in found] == [f"{Decimal(part):.3f}" for part in parts.split()]
