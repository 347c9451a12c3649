"""From a line's rate to the organisation's tax, and from names in the configuration to ids.

[target.taxes] by group name, then by rate  -->  else the organisation's one tax of that percentage  -->  else Unmappable
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zsync.errors import Unmappable
from zsync.model.intent import plain
from zsync.targets.books.rules import Rules


@dataclass(frozen=True, slots=True)
class Facts:
    """What the organisation has, as `Target.learn` read it."""

    base: str
    taxes: Sequence[Mapping[str, Any]]
    accounts: Sequence[Mapping[str, Any]]
    currencies: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Facts:
        organization = facts.get("organization", {})
        return cls(
            str(organization.get("currency_code", "")),
            facts.get("taxes", ()),
            facts.get("accounts", ()),
            facts.get("currencies", ()),
        )

    def decimals(self, currency: str, default: int) -> int:
        """How many decimals the organisation keeps in this currency."""
        for each in self.currencies:
            if each["currency_code"] == currency:
                return int(each.get("price_precision", default))
        return default

    def currency_id(self, currency: str) -> str:
        return next((str(each["currency_id"]) for each in self.currencies if each["currency_code"] == currency), "")


def tax_id(rate: Decimal, group: str, rules: Rules, facts: Facts) -> str:
    """The id of the organisation's tax for a line of this rate (percent) and tax group; empty for none at 0 %.

    Raises Unmappable with the line to add where the configuration and the organisation leave it open.
    """
    shown = plain(rate)
    wanted = rules.taxes.get(group) if group else None
    wanted = wanted or rules.taxes.get(shown)
    if wanted is not None:
        return _named(wanted, facts, f'[target.taxes] "{shown}"')
    same = [tax for tax in facts.taxes if Decimal(str(tax["tax_percentage"])) == rate]
    if len(same) == 1:
        return str(same[0]["tax_id"])
    if rate == 0 and not same:
        return ""
    what = "no tax" if not same else f"{len(same)} taxes"
    raise Unmappable(
        f"the organisation has {what} of {shown} %",
        config_key=f'[target.taxes] "{shown}" = "NAME OF THE TAX"',
        stale=not same,
    )


def _named(wanted: str, facts: Facts, where: str) -> str:
    for tax in facts.taxes:
        if wanted in (str(tax["tax_id"]), tax["tax_name"]):
            return str(tax["tax_id"])
    raise Unmappable(
        f"the organisation has no tax `{wanted}`, which {where} names",
        config_key=f'{where} = "NAME OF A TAX OF THE ORGANISATION"',
        stale=True,
    )


def account_id(wanted: str, facts: Facts, where: str) -> str:
    """The id of an account given by name or id."""
    for account in facts.accounts:
        if wanted in (str(account["account_id"]), account["account_name"]):
            return str(account["account_id"])
    raise Unmappable(
        f"the organisation has no account `{wanted}`, which {where} names",
        config_key=f'{where} = "NAME OF AN ACCOUNT OF THE ORGANISATION"',
        stale=True,
    )
