"""What a sales document comes to, in exact decimals: lines, discounts, taxes, total.

    rate x quantity --> line discount --> document discount --> taxes --> shipping, adjustment --> total

Every amount is rounded half up to the currency's decimals where it is shown. Prices without tax: each tax is worked out on
the sum of its lines (or line by line, as the organisation has it), a group component by component, and added. Prices with
tax: the sum of the lines is the total, and each tax is split out of the sum of its lines. (Facts, section 5.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext

from zsync.model.money import round_half_up

_HUNDRED = Decimal(100)
_DIGITS = 50
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax. `compound`: worked out on the amount with the simple taxes of its group added."""

    id: str
    name: str
    percentage: Decimal
    compound: bool = False


@dataclass(frozen=True, slots=True)
class Discount:
    """Taken off: an amount of money, or a percentage."""

    value: Decimal
    percent: bool = False


NO_DISCOUNT = Discount(ZERO)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was sent; `taxes` has one tax, the components of a group, or nothing."""

    rate: Decimal
    quantity: Decimal = Decimal(1)
    taxes: tuple[Tax, ...] = ()
    discount: Discount = NO_DISCOUNT


@dataclass(frozen=True, slots=True)
class Terms:
    """How a document is worked out.

    `inclusive`: rates contain tax. `discount` is the document's own; `before_tax`: it lowers what is taxed.
    `tax_per_line`: a tax is rounded on each line and summed, instead of once on the sum. `net_first`: where rates contain
    tax, the net of each line is rounded and taxed again, so that the total may miss the sum of the lines by a cent.
    `whole_total`: the total is rounded to whole units. `rate_decimals`: what is kept of a rate and of a quantity.
    """

    decimals: int = 2
    inclusive: bool = False
    tax_per_line: bool = False
    net_first: bool = False
    whole_total: bool = False
    discount: Discount = NO_DISCOUNT
    before_tax: bool = True
    shipping: Decimal = ZERO
    adjustment: Decimal = ZERO
    rate_decimals: int = 6


@dataclass(frozen=True, slots=True)
class Priced:
    """A line worked out: `amount` as it stands on the document (with tax where rates contain it), `net` without tax."""

    amount: Decimal
    discount: Decimal
    net: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """A document worked out. `taxes`: each tax with its amount, in order of first appearance."""

    lines: tuple[Priced, ...]
    sub_total: Decimal
    sub_total_inclusive: Decimal
    discount: Decimal
    taxes: tuple[tuple[Tax, Decimal], ...]
    tax_total: Decimal
    total: Decimal


@dataclass(slots=True)
class _Pot:
    """The lines of one tax or one group, and what they sum to after discounts."""

    taxes: tuple[Tax, ...]
    amounts: list[Decimal] = field(default_factory=list)


def work_out(lines: Sequence[Line], terms: Terms) -> Sums:
    """The sums of a document."""
    with localcontext() as ctx:
        ctx.prec = _DIGITS
        return _work_out(lines, terms)


def _work_out(lines: Sequence[Line], terms: Terms) -> Sums:
    pairs = [_line_amount(line, terms) for line in lines]
    if terms.inclusive and terms.net_first:
        pairs = [(_priced(line, amount, off, terms).net, off) for line, (amount, off) in zip(lines, pairs, strict=True)]
        terms = replace(terms, inclusive=False)
    amounts = [amount for amount, _ in pairs]
    whole = sum(amounts, ZERO)
    off = _discount_of(whole, terms.discount, terms.decimals)
    taxed = _spread(amounts, off, terms.decimals) if terms.before_tax else amounts
    taxes = _taxes(lines, taxed, terms)
    tax_total = sum((amount for _, amount in taxes), ZERO)
    added = ZERO if terms.inclusive else tax_total
    total = whole - off + added + _rounded(terms.shipping, terms) + _rounded(terms.adjustment, terms)
    zero = round_half_up(ZERO, terms.decimals)
    return Sums(
        lines=tuple(_priced(line, amount, less, terms) for line, (amount, less) in zip(lines, pairs, strict=True)),
        sub_total=zero + (whole - tax_total if terms.inclusive else whole),
        sub_total_inclusive=zero + (whole if terms.inclusive else whole + tax_total),
        discount=zero + off,
        taxes=tuple(taxes),
        tax_total=zero + tax_total,
        total=zero + (round_half_up(total, 0) if terms.whole_total else total),
    )


def _rounded(amount: Decimal, terms: Terms) -> Decimal:
    return round_half_up(amount, terms.decimals)


def _line_amount(line: Line, terms: Terms) -> tuple[Decimal, Decimal]:
    """(what the line comes to, what its discount took off)."""
    rate = round_half_up(line.rate, terms.rate_decimals)
    quantity = round_half_up(line.quantity, terms.rate_decimals)
    full = round_half_up(rate * quantity, terms.decimals)
    off = _discount_of(full, line.discount, terms.decimals)
    return full - off, off


def _discount_of(amount: Decimal, discount: Discount, decimals: int) -> Decimal:
    value = amount * discount.value / _HUNDRED if discount.percent else discount.value
    return round_half_up(value, decimals)


def _spread(amounts: Sequence[Decimal], off: Decimal, decimals: int) -> list[Decimal]:
    """The amounts less their share of a document's discount; shares are whole minor units that sum to it exactly."""
    whole = sum(amounts, ZERO)
    if off == 0 or whole == 0:
        return list(amounts)
    unit = Decimal(1).scaleb(-decimals)
    exact = [off * amount / whole / unit for amount in amounts]
    shares = [each.to_integral_value(rounding="ROUND_FLOOR") for each in exact]
    left = int(off / unit - sum(shares, ZERO))
    for i in sorted(range(len(amounts)), key=lambda i: (shares[i] - exact[i], i))[:left]:
        shares[i] += 1
    return [amount - share * unit for amount, share in zip(amounts, shares, strict=True)]


def _taxes(lines: Sequence[Line], amounts: Sequence[Decimal], terms: Terms) -> list[tuple[Tax, Decimal]]:
    pots: dict[tuple[str, ...], _Pot] = {}
    for line, amount in zip(lines, amounts, strict=True):
        if line.taxes:
            pots.setdefault(tuple(tax.id for tax in line.taxes), _Pot(line.taxes)).amounts.append(amount)
    found: dict[Tax, Decimal] = {}
    for pot in pots.values():
        bases = pot.amounts if terms.tax_per_line else [sum(pot.amounts, ZERO)]
        for base in bases:
            for tax, amount in _split(base, pot.taxes, terms):
                found[tax] = found.get(tax, ZERO) + amount
    return list(found.items())


def _split(base: Decimal, taxes: Sequence[Tax], terms: Terms) -> Iterable[tuple[Tax, Decimal]]:
    """Each tax on `base`, rounded; out of it where rates contain tax."""
    factor = Decimal(1)
    shares: list[tuple[Tax, Decimal]] = []
    for tax in taxes:
        if not tax.compound:
            shares.append((tax, tax.percentage / _HUNDRED))
    simple = factor + sum((share for _, share in shares), ZERO)
    shares += [(tax, simple * tax.percentage / _HUNDRED) for tax in taxes if tax.compound]
    whole = factor + sum((share for _, share in shares), ZERO)
    net = base / whole if terms.inclusive else base
    return [(tax, round_half_up(net * share, terms.decimals)) for tax, share in shares]


def _priced(line: Line, amount: Decimal, off: Decimal, terms: Terms) -> Priced:
    tax = sum((part for _, part in _split(amount, line.taxes, terms)), ZERO)
    net, gross = (amount - tax, amount) if terms.inclusive else (amount, amount + tax)
    return Priced(amount, off, net, gross)
