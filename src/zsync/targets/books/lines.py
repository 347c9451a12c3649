"""The lines of a sales order or an invoice, to the cent.

lines, rounded so that they sum to the rounded sum  -->  discounts taken off in proportion  -->  quantity x rate where
that multiplies exactly, else 1 x amount  -->  what is missing to the source's own total: adjustment, or TotalsDisagree

With prices inclusive a line's amount is its gross, with exclusive its net: Zoho then adds the tax of each rate's sum, which
comes to another cent than the source's tax line by line now and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from zsync.errors import TotalsDisagree
from zsync.model.documents import Discount, Kind, Line
from zsync.model.intent import Body, Node, Note, Ref, plain
from zsync.model.key import Key
from zsync.model.money import Money, decimals_of, round_half_up, split
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts, tax_id
from zsync.targets.books.text import block, clean
from zsync.targets.books.totals import Priced, Prices, predict


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines of one document with what is missing to its total, ready for a body; `total` is what Zoho must answer, with tax,
    whether the lines include it (`inclusive`) or not."""

    line_items: tuple[Body, ...]
    total: Decimal
    adjustment: Decimal
    notes: tuple[Note, ...]
    inclusive: bool = True


def sheet(
    owner: Key, lines: Sequence[Line], discounts: Sequence[Discount], own: Money, own_net: Money, rules: Rules, facts: Facts
) -> Sheet:
    """The lines of a document whose own total in the source is `own`.

    Raises TotalsDisagree where lines and total differ by more than `adjust_up_to`, Unmappable for a tax that is not known.
    """
    kept = [line for line in lines if not (line.cancelled and line.gross == 0)]
    decimals = decimals_of(own.currency)
    total = own.rounded.amount
    amounts = _reduced(kept, discounts, own.currency, decimals, rules.prices)
    names = ", ".join(dict.fromkeys(discount.name for discount in discounts if discount.name))
    bodies, priced = [], []
    for line, amount in zip(kept, amounts, strict=True):
        quantity, rate = _quantity_and_rate(line, amount.left, decimals)
        priced.append(Priced(rate, quantity, line.rate))
        bodies.append(_body(line, quantity, rate, _words(line, amount, quantity, names), rules, facts))
    adjustment = total - predict(priced, Decimal(0), decimals, rules.prices).total
    if abs(adjustment) > rules.adjust_up_to:
        raise _disagreement(owner, kept, discounts, own, adjustment, rules.prices)
    predicted = predict(priced, adjustment, facts.decimals(own.currency, decimals), rules.prices)
    if predicted.total != total:
        raise TotalsDisagree(
            f"Zoho would show {plain(predicted.total)} {own.currency}, the source says {own.rounded}",
            hint=f"let the organisation keep {decimals} decimals of {own.currency} (settings > currencies in Zoho)",
            key=owner,
        )
    notes = _notes(owner, adjustment, predicted.tax, own, own_net, [line for line in kept if not line.rate_sure])
    return Sheet(tuple(bodies), total, adjustment, tuple(notes), rules.prices == "inclusive")


@dataclass(frozen=True, slots=True)
class _Amount:
    """A line's amount in minor units, gross or net: `left` after its share `off` of the discounts was taken."""

    left: Decimal
    off: Decimal = Decimal(0)


def _reduced(lines: Sequence[Line], discounts: Sequence[Discount], currency: str, decimals: int, prices: Prices) -> list[_Amount]:
    """The amounts of the lines, less their share of the discounts, in minor units that sum up exactly."""
    rounded = _rounded_together([_side(line, prices) for line in lines], decimals)
    off = round_half_up(sum((_side(discount, prices) for discount in discounts), Decimal(0)), decimals)
    weights = [max(amount, Decimal(0)) for amount in rounded]
    if off == 0 or not any(weights):
        return [_Amount(amount) for amount in rounded]
    shares = split(Money(off, currency), weights)
    return [_Amount(amount - share.amount, share.amount) for amount, share in zip(rounded, shares, strict=True)]


def _side(one: Line | Discount, prices: Prices) -> Decimal:
    return one.gross if prices == "inclusive" else one.net


def _rounded_together(amounts: Sequence[Decimal], decimals: int) -> list[Decimal]:
    """Each amount to the minor unit, so that they sum to the rounded sum: a unit too few goes to the largest remainders."""
    unit = Decimal(1).scaleb(-decimals)
    floors = [(amount / unit).to_integral_value(rounding="ROUND_FLOOR") for amount in amounts]
    whole = round_half_up(sum(amounts, Decimal(0)), decimals) / unit
    missing = int(whole - sum(floors, Decimal(0)))
    order = sorted(range(len(amounts)), key=lambda i: (floors[i] - amounts[i] / unit, i))
    for i in order[:missing]:
        floors[i] += 1
    return [round_half_up(floor * unit, decimals) for floor in floors]


def _quantity_and_rate(line: Line, amount: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    """Quantity and rate where they multiply exactly at the currency's precision, else one piece of the whole amount."""
    if line.quantity > 1 and line.quantity == line.quantity.to_integral_value():
        rate = round_half_up(amount / line.quantity, decimals)
        if rate * line.quantity == amount:
            return line.quantity, rate
    return Decimal(1), amount


def _body(line: Line, quantity: Decimal, rate: Decimal, words: str, rules: Rules, facts: Facts) -> Body:
    item = line.item or _collective(line.kind, rules.tag)
    body: dict[str, Node] = {
        "_id": line.id,
        "item_id": Ref("items", item),
        "name": clean(line.name, 100) or line.kind.value,
        "quantity": quantity,
        "rate": rate,
    }
    if words:
        body["description"] = words
    # Also where it is none: a line that says nothing may take the tax of its item.
    body["tax_id"] = tax_id(line.rate, line.tax_group, rules, facts)
    return body


def _words(line: Line, amount: _Amount, quantity: Decimal, discounts: str) -> str:
    """The stay, and what quantity and rate do not show: pieces that do not divide, what was taken off and its name."""
    parts = [line.description]
    if quantity == 1 and line.quantity != 1 and not (line.kind is Kind.ROOM and line.description):
        parts.append(f"{plain(line.quantity)} {'nights' if line.kind is Kind.ROOM else 'pieces'}")
    if amount.off != 0:
        taken = f"{amount.left + amount.off:f} before discount, {amount.off:f} off"
        parts.append(f"{taken} ({discounts})" if discounts else taken)
    return block(", ".join(part for part in parts if part), 2000)


def _collective(kind: Kind, tag: str) -> Key:
    """The item that lines without one of their own stand on."""
    return Key.of(tag, "item", "DEMAND" if kind is Kind.DEMAND else "SERVICE-OTHER")


def _disagreement(
    owner: Key, lines: Sequence[Line], discounts: Sequence[Discount], own: Money, difference: Decimal, prices: Prices
) -> TotalsDisagree:
    rows = [f"{plain(_side(line, prices)):>14}  {line.id}" for line in lines]
    rows += [f"{plain(-_side(discount, prices)):>14}  {discount.id}" for discount in discounts]
    off = sum((_side(each, prices) for each in discounts), Decimal(0))
    lines_sum = sum((_side(line, prices) for line in lines), Decimal(0)) - off
    rows.append(f"{plain(lines_sum):>14}  sum of the lines")
    if prices == "exclusive":
        tax = own.rounded.amount - difference - round_half_up(lines_sum, decimals_of(own.currency))
        rows.append(f"{plain(tax):>14}  tax that Zoho would add")
    rows.append(f"{plain(own.amount):>14}  total in the source")
    return TotalsDisagree(
        f"the source's total is {own.rounded}, its lines make {plain(own.rounded.amount - difference)}: "
        f"{plain(abs(difference))} {own.currency} apart",
        detail="\n".join(rows),
        hint="correct the order in the source, enter it by hand in Zoho and `zsync resolve ... --ignore REASON`",
        key=owner,
    )


def _notes(owner: Key, adjustment: Decimal, tax: Decimal, own: Money, own_net: Money, unsure: Sequence[Line]) -> list[Note]:
    notes = []
    if adjustment != 0:
        notes.append(Note(owner, "adjusted", f"{plain(adjustment)} {own.currency} of rounding went into the adjustment"))
    own_tax = round_half_up(own.amount - own_net.amount, decimals_of(own.currency))
    if tax != own_tax:
        notes.append(Note(owner, "tax_differs", f"tax {plain(tax)} {own.currency}, the source says {plain(own_tax)}"))
    for line in unsure:
        notes.append(Note(owner, "rate_unsure", f"line {line.id}: no rate of the shop turns its net into its gross"))
    return notes
