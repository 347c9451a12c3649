"""Exchange rates of documents: base currency per unit, by the rule that was chosen; never sent for the base currency itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from zsync.errors import Unmappable
from zsync.model.documents import Sale
from zsync.model.intent import Body
from zsync.model.money import round_half_up
from zsync.targets.books.booking.draft import Draft

_DECIMALS = 12


def rate(draft: Draft, sale: Sale, conversion: Decimal) -> Body:
    """The rate of a document in the currency of `sale`; `conversion` is units of it for one of the source's default currency.

    Raises Unmappable where the rules, or the source, have no rate for it: it is never taken for 1.
    """
    currency = sale.total.currency
    if currency == draft.facts.base or draft.rules.rates == "zoho":
        return {}
    if isinstance(draft.rules.rates, Mapping):
        found = draft.rules.rates.get(currency)
        if found is None:
            raise Unmappable(
                f"[entities.currencies] rates has no rate for {currency}",
                config_key=f'[entities.currencies] rates = {{ {currency} = "{draft.facts.base} FOR ONE {currency}" }}',
                key=sale.key,
            )
        return {"exchange_rate": found}
    return {"exchange_rate": round_half_up(_base_conversion(draft, sale) / conversion, _DECIMALS)}


def _base_conversion(draft: Draft, sale: Sale) -> Decimal:
    """Units of the organisation's currency for one of the source's default currency: 1 where they are the same."""
    rates = draft.record.rates
    if not rates:
        return Decimal(1)
    found = rates.get(draft.facts.base)
    if found is None or found <= 0:
        base = draft.facts.base
        raise Unmappable(
            f"the source has no rate for {base}, the currency of the organisation",
            config_key=f'[entities.currencies] rates = {{ {sale.total.currency} = "{base} FOR ONE {sale.total.currency}" }}',
            key=sale.key,
        )
    return found
