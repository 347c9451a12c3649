"""Currencies and their rates: what the hotel trades in, as far as documents in other currencies are wanted at all.

The organisation's own currency, and those that it has already, are taken as they are. Zoho fills rates by itself: one is sent
only when the hotel's has moved since it was first seen, and never where each document's rate is left to Zoho or to a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from zsync.model.documents import Currency
from zsync.model.intent import Body, Intent, KnownRows, Plan, Ref, Verdict, Written
from zsync.model.key import Key
from zsync.model.money import decimals_of, round_half_up
from zsync.model.record import Record
from zsync.model.zones import zone_or_utc
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts
from zsync.targets.books.text import clean

_FORMATS = {0: "1,234,567", 2: "1,234,567.89", 3: "1,234,567.899"}
_RATE_DECIMALS = 12


def plan_currency(
    record: Record, currency: Currency, known: KnownRows, refused: Mapping[Key, str], facts: Facts, rules: Rules
) -> Plan:
    """The currency, and its rate. Nothing for one that the hotel has given up: it goes, unless Zoho says that it is in use."""
    base = currency.code == facts.base
    if not rules.multi_currency and not base:
        return Plan(record.key, verdicts={currency.key: Verdict("skipped", "multi_currency is off")})
    if currency.key in refused or not (currency.active or base):
        return Plan(record.key)
    id = facts.currency_id(currency.code)
    stands = Written(id, currency.code) if id else None
    made = [Intent("currencies", currency.key, _body(currency), currency.key, number=currency.code, stands=stands)]
    rate = None if base or rules.rates != "source" else _rate(record, currency, facts)
    if rate is not None:
        made.append(_exchange_rate(record, currency, rate, known, facts))
    return Plan(record.key, tuple(made))


def _body(currency: Currency) -> Body:
    decimals = decimals_of(currency.code)
    return {
        "currency_code": currency.code,
        "currency_symbol": clean(currency.symbol, 4) or currency.code,
        "price_precision": decimals,
        "currency_format": _FORMATS[decimals],
    }


def _rate(record: Record, currency: Currency, facts: Facts) -> Decimal | None:
    """Base currency for one unit; None where the source does not say."""
    of_base = record.rates.get(facts.base)
    if of_base is None or currency.conversion <= 0:
        return None
    return round_half_up(of_base / currency.conversion, _RATE_DECIMALS)


def _exchange_rate(record: Record, currency: Currency, rate: Decimal, known: KnownRows, facts: Facts) -> Intent:
    """The rate of the day on which it was read first. The one that is first seen is what Zoho may have anyway."""
    before = known.get(("exchangerates", currency.key))
    kept = (before.wanted if before is not None else None) or {}
    same = kept.get("rate") == rate
    body: Body = {
        "currency_id": Ref("currencies", currency.key),
        "rate": rate,
        "effective_date": kept["effective_date"] if same else _today(record, facts).isoformat(),
    }
    after = (Ref("currencies", currency.key),)
    return Intent("exchangerates", currency.key, body, currency.key, after=after, stands=Written("as first seen"))


def _today(record: Record, facts: Facts) -> date:
    """The day of reading in the organisation's zone; UTC's for a zone that this machine does not know."""
    return record.read_at.astimezone(zone_or_utc(facts.zone)).date()
