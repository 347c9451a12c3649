"""From a line's rate to the organisation's tax, and from names in the configuration to ids.

[target.taxes] by group name, then by rate  -->  else the organisation's one tax of that percentage  -->  else Unmappable
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from zsync.errors import Unmappable
from zsync.model.intent import plain
from zsync.targets.books.rules import Rules

AN_ACCOUNT = "NAME OF AN ACCOUNT OF THE ORGANISATION"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the organisation has, as `Target.learn` read it."""

    base: str
    taxes: Sequence[Mapping[str, Any]]
    accounts: Sequence[Mapping[str, Any]]
    currencies: Sequence[Mapping[str, Any]]
    locations: Sequence[Mapping[str, Any]] = ()
    initialised: date | None = None  # the day of `init`: who came later may be invited to the portal
    zone: str = "UTC"

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Facts:
        organization = facts.get("organization", {})
        return cls(
            str(organization.get("currency_code", "")),
            facts.get("taxes", ()),
            facts.get("accounts", ()),
            facts.get("currencies", ()),
            facts.get("locations", ()),
            date.fromisoformat(facts["initialised_on"]) if facts.get("initialised_on") else None,
            str(organization.get("time_zone") or "UTC"),
        )

    def decimals(self, currency: str, default: int) -> int:
        """How many decimals the organisation keeps in this currency; `default` where it does not say."""
        kept = next((each.get("price_precision") for each in self.currencies if each["currency_code"] == currency), None)
        return default if kept is None else int(kept)

    def currency_id(self, currency: str) -> str:
        return next((str(each["currency_id"]) for each in self.currencies if each["currency_code"] == currency), "")


def tax_id(rate: Decimal, group: str, rules: Rules, facts: Facts) -> str:
    """The id of the organisation's tax for a line of this rate (percent) and tax group; empty for none at 0 %.

    Raises Unmappable with the line to add where the configuration and the organisation leave it open.
    """
    named = group if group and group in rules.taxes else next((each for each in rules.taxes if _percent(each) == rate), None)
    if named is not None:
        return _named(rules.taxes[named], facts, f"[target.taxes] {quoted(named)}")
    shown = plain(rate)
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


def _percent(text: str) -> Decimal | None:
    """A rate as people write it ("9", "9.0", "9%"); None for the name of a tax group."""
    try:
        return Decimal(text.strip().removesuffix("%"))
    except InvalidOperation:
        return None


def account_id(wanted: str, facts: Facts, where: str, line: str = "") -> str:
    """The id of an account given by name or id. `where` is the key that names it; `line` the line to write there instead,
    if it is not just the name."""
    for account in facts.accounts:
        if wanted in (str(account["account_id"]), account["account_name"]):
            return str(account["account_id"])
    raise Unmappable(
        f"the organisation has no account `{wanted}`, which {where} names",
        config_key=line or f'{where} = "{AN_ACCOUNT}"',
        stale=True,
    )


def quoted(text: str) -> str:
    """A text as a key of TOML; its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)
