"""The shop: what every booking refers to and what has no dates of its own: currencies, taxes, countries, settings.

Read once a run. Taxes are looked up by group and the hotel's country, as QloApps does it (`tax_rules.behavior`: 0 only
this one, 1 combined, 2 one after another).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zsync.errors import ConfigError, RecordError
from zsync.sources.qloapps.values import Row, flag, ident, local_text, number, rate, text


@dataclass(frozen=True, slots=True)
class ShopCurrency:
    """A currency of the shop; `conversion` is units of it for one unit of the default currency."""

    id: str
    code: str
    symbol: str
    decimals: int
    conversion: Decimal
    active: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hotel is: country and state ids of its address."""

    country: str
    state: str


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's settings and tables, by id."""

    zone: ZoneInfo
    language: str
    default_currency: str
    canceled_state: str
    invoice_prefix: str = ""
    invoice_year: str = ""  # "", "before" or "after" the number
    currencies: Mapping[str, ShopCurrency] = field(default_factory=dict)
    countries: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # id -> ISO code, name
    states: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)  # id -> ISO 639-1
    tax_groups: Mapping[str, str] = field(default_factory=dict)  # id -> name
    tax_rules: Sequence[tuple[str, str, str, Decimal, str]] = ()  # group, country, state, rate, behaviour
    tax_rates: Sequence[Decimal] = ()  # percent, of every tax that is in use
    places: Mapping[str, Place] = field(default_factory=dict)  # address id -> where

    def currency(self, id: str) -> ShopCurrency:
        found = self.currencies.get(id)
        if found is None:
            raise RecordError("its currency is not in the shop's list", hint="look at the record in the back office")
        return found

    def group_rate(self, group: str, address: str) -> Decimal | None:
        """Percent of a tax group at the hotel's address: None without a group, 0 where the group has no rule there."""
        if group == "0":
            return None
        place = self.places.get(address)
        if place is None:
            return None
        rules = [rule for rule in self.tax_rules if rule[0] == group and rule[1] == place.country]
        rules = [rule for rule in rules if rule[2] in ("0", place.state)]
        return _combined([(percent, behaviour) for *_, percent, behaviour in rules])

    def line_rate(self, group: str, address: str, gross: Decimal, net: Decimal, pieces: Decimal) -> tuple[Decimal, bool]:
        """(percent, whether it is sure) of a line: its group's if that turns net into gross within a cent per piece, else
        the shop's rate that does, else the group's, which is reported. Channels send taxed lines without a group."""
        of_group = self.group_rate(group, address)
        room = Decimal("0.01") * max(pieces, Decimal(1))
        groups = [found for each in self.tax_groups if (found := self.group_rate(each, address)) is not None]
        for percent in ([of_group] if of_group is not None else []) + [Decimal(0), *groups, *self.tax_rates]:
            if abs(net * (1 + percent / 100) - gross) <= room:
                return percent, True
        return of_group or Decimal(0), False

    def invoice_number(self, number: int, day: date) -> str:
        """As the shop shows it: prefix, six digits, and the year where that is switched on."""
        plain = f"{number:06d}"
        if self.invoice_year == "before":
            return f"{self.invoice_prefix}{day.year}/{plain}"
        if self.invoice_year == "after":
            return f"{self.invoice_prefix}{plain}/{day.year}"
        return f"{self.invoice_prefix}{plain}"


def _combined(rules: Sequence[tuple[Decimal, str]]) -> Decimal:
    if not rules:
        return Decimal(0)
    if rules[0][1] == "0":
        return rules[0][0]
    if any(behaviour == "2" for _, behaviour in rules):
        factor = Decimal(1)
        for percent, _ in rules:
            factor *= 1 + percent / 100
        return ((factor - 1) * 100).quantize(Decimal("0.0001")).normalize()
    return sum((percent for percent, _ in rules), Decimal(0))


def shop(tables: Mapping[str, Sequence[Row]]) -> Shop:
    """The shop from its tables (`configurations`, `translated_configurations`, `currencies`, `countries`, ...)."""
    settings = {text(row, "name"): row for row in tables["configurations"]}
    language = _setting(settings, "PS_LANG_DEFAULT")
    currencies = {ident(row): _currency(row) for row in tables["currencies"]}
    default = currencies.get(_setting(settings, "PS_CURRENCY_DEFAULT"))
    if default is None:
        raise ConfigError("the shop's default currency is not in its list of currencies")
    rates = {ident(row): number(row, "rate") for row in tables["taxes"]}
    prefixes = {text(row, "name"): local_text(row, "value", language) for row in tables["translated_configurations"]}
    year = ""
    if _setting(settings, "PS_INVOICE_USE_YEAR", "0") not in ("", "0"):
        year = "before" if _setting(settings, "PS_INVOICE_YEAR_POS", "0") not in ("", "0") else "after"
    return Shop(
        zone=_zone(_setting(settings, "PS_TIMEZONE")),
        language=language,
        default_currency=default.code,
        canceled_state=_setting(settings, "PS_OS_CANCELED", "4"),
        invoice_prefix=prefixes.get("PS_INVOICE_PREFIX", ""),
        invoice_year=year,
        currencies=currencies,
        countries={ident(row): (text(row, "iso_code").upper(), local_text(row, "name", language)) for row in tables["countries"]},
        states={ident(row): (text(row, "iso_code"), local_text(row, "name", language)) for row in tables["states"]},
        languages={ident(row): text(row, "iso_code").lower() for row in tables["languages"]},
        tax_rates=sorted({rates[ident(row)] for row in tables["taxes"] if flag(row, "active") and not flag(row, "deleted")}),
        tax_groups={ident(row): text(row, "name") for row in tables["tax_rule_groups"]},
        tax_rules=[
            (
                ident(row, "id_tax_rules_group"),
                ident(row, "id_country"),
                ident(row, "id_state"),
                rates.get(ident(row, "id_tax"), Decimal(0)),
                text(row, "behavior"),
            )
            for row in tables["tax_rules"]
        ],
        places={ident(row): Place(ident(row, "id_country"), ident(row, "id_state")) for row in tables["hotel_addresses"]},
    )


def _setting(settings: Mapping[str, Row], name: str, default: str | None = None) -> str:
    row = settings.get(name)
    value = text(row, "value") if row is not None else ""
    if value or default is not None:
        return value or default or ""
    raise ConfigError(
        f"the shop does not tell its setting `{name}`", hint="give the webservice key the GET permission on `configurations`"
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"the shop's time zone `{name}` is not known", hint="set PS_TIMEZONE to an IANA zone") from None


def _currency(row: Row) -> ShopCurrency:
    return ShopCurrency(
        id=ident(row),
        code=text(row, "iso_code").upper(),
        symbol=text(row, "sign"),
        decimals=2 if flag(row, "decimals") else 0,
        conversion=rate(row, "conversion_rate"),
        active=flag(row, "active") and not flag(row, "deleted"),
    )
