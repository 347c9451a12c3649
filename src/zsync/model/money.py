"""Money: an exact amount and its currency. Never a float, never tested for truth (zero is a value).

Rounding happens here and nowhere else: half up, as QloApps (`PS_PRICE_ROUND_MODE` 2) and Zoho Books do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

# ISO 4217: the currencies whose minor unit is not a hundredth.
_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def decimals_of(currency: str) -> int:
    """How many decimals amounts of this ISO currency have (EUR 2, JPY 0, KWD 3)."""
    return _DECIMALS.get(currency.upper(), 2)


def round_half_up(amount: Decimal, decimals: int) -> Decimal:
    """`amount` with exactly `decimals` decimals; halves go away from zero (2.345 -> 2.35, -2.345 -> -2.35)."""
    if not amount.is_finite():
        raise ValueError("not a finite amount")
    with localcontext() as ctx:
        ctx.prec = max(28, amount.adjusted() + decimals + 3)
        return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount in one currency. Adding two currencies is a ValueError; so is a float, NaN or infinity."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"money is Decimal, not {type(self.amount).__name__}")
        if not self.amount.is_finite():
            raise ValueError("money is finite")
        if len(self.currency) != 3 or not self.currency.isalpha() or not self.currency.isupper():
            raise ValueError("a currency is three capital letters (ISO 4217)")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    @property
    def rounded(self) -> Money:
        """To the currency's own decimals, half up."""
        return Money(round_half_up(self.amount, decimals_of(self.currency)), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        raise TypeError("zero money is a value: compare it with Money.zero(currency)")

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.amount


def total(parts: Iterable[Money], currency: str) -> Money:
    """The sum of `parts`, which may be none at all; all must be in `currency`."""
    result = Money.zero(currency)
    for part in parts:
        result += part
    return result


def split(whole: Money, weights: Sequence[Decimal]) -> list[Money]:
    """Divide `whole` in proportion to `weights`; the parts sum to `whole` exactly.

    Parts are rounded to the currency's minor unit; leftover units go to the largest remainders, first come first. What
    `whole` has below the minor unit goes to the part with the largest weight.
    Raises ValueError if the weights are empty, negative or all zero.
    """
    if not weights or any(w < 0 for w in weights) or not any(w > 0 for w in weights):
        raise ValueError("weights must be positive somewhere and negative nowhere")
    unit = Decimal(1).scaleb(-decimals_of(whole.currency))
    with localcontext() as ctx:
        ctx.prec = 60
        weight_sum = sum(weights, Decimal(0))
        units, below = divmod(abs(whole.amount), unit)
        exact = [units * w / weight_sum for w in weights]
        floors = [e // 1 for e in exact]
        left = int(units - sum(floors, Decimal(0)))
        by_remainder = sorted(range(len(weights)), key=lambda i: (floors[i] - exact[i], i))
        for i in by_remainder[:left]:
            floors[i] += 1
        parts = [f * unit for f in floors]
        parts[max(range(len(weights)), key=lambda i: (weights[i], -i))] += below
        sign = -1 if whole.amount < 0 else 1
        return [Money(sign * p, whole.currency) for p in parts]
