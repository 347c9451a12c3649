"""What Zoho Books will compute, worked out before anything is sent (facts, sections 5 and 11).

    inclusive:  total = sum of round(rate x quantity) + adjustment;  the tax of a rate is split out of its lines' sum
    exclusive:  net as above;  tax of a rate = round(net sum of its lines x rate);  total = net + taxes + adjustment

Both are computed; only what the source says decides whether a document may go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from zsync.model.money import round_half_up

Prices = Literal["inclusive", "exclusive"]
"""Whether the rates of lines hold their tax."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A line as Zoho sees it: `rate` x `quantity`, taxed at `percent`."""

    rate: Decimal
    quantity: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """A predicted document."""

    total: Decimal
    tax: Decimal


def predict(lines: Sequence[Priced], adjustment: Decimal, decimals: int, prices: Prices) -> Sums:
    """The total and the tax that Zoho will show for these lines."""
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        amount = round_half_up(line.rate * line.quantity, decimals)
        sums[line.percent] = sums.get(line.percent, Decimal(0)) + amount
    plain = sum(sums.values(), Decimal(0))
    if prices == "inclusive":
        tax = sum((round_half_up(s - s / (1 + p / 100), decimals) for p, s in sums.items()), Decimal(0))
        return Sums(round_half_up(plain + adjustment, decimals), tax)
    tax = sum((round_half_up(s * p / 100, decimals) for p, s in sums.items()), Decimal(0))
    return Sums(round_half_up(plain + tax + adjustment, decimals), tax)
