"""The shop: what every booking refers to and what has no dates of its own: currencies, taxes, countries, settings.

Read once a run. Taxes are looked up by group and the hotel's country, as QloApps does it (`tax_rules.behavior`: 0 only
this one, 1 combined, 2 one after another).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zsync.errors import ConfigError, ContractBroken, RecordError
from zsync.model.money import round_half_up
from zsync.sources.qloapps.values import LOOK, REMOTE, Row, flag, ident, local_text, number, plain, text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShopCurrency:
    """A currency of the shop; `conversion` is units of it for one unit of the default currency, and may be 0 where nobody has
    set it: what is in that currency says so itself."""

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
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A tax of a group in one country, or in one of its states ("0": all), or in a range of its postcodes."""

    group: str
    country: str
    state: str
    percent: Decimal
    behaviour: str
    postcodes: tuple[str, str] = ("0", "0")

    def holds_at(self, place: Place) -> bool:
        first, last = self.postcodes
        everywhere = last == "0" and first in ("0", place.postcode)
        return (
            self.country == place.country and self.state in ("0", place.state) and (everywhere or first <= place.postcode <= last)
        )


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop's settings and tables, by id."""

    zone: ZoneInfo
    language: str
    default_currency: str
    canceled_state: str
    default_id: str = ""  # of the currency
    invoice_prefix: str = ""
    invoice_year: str = ""  # "", "before" or "after" the number
    slip_prefix: str = ""
    currencies: Mapping[str, ShopCurrency] = field(default_factory=dict)
    countries: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # id -> ISO code, name
    states: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)  # id -> ISO 639-1
    tax_groups: Mapping[str, str] = field(default_factory=dict)  # id -> name
    tax_rules: Sequence[TaxRule] = ()
    tax_rates: Sequence[Decimal] = ()  # percent; those in use first
    places: Mapping[str, Place] = field(default_factory=dict)  # address id -> where

    @property
    def rates(self) -> Mapping[str, Decimal]:
        """What the shop says of its currencies now: units of each one in use for one of its default currency."""
        in_use = {each.code: each.conversion for each in self.known_currencies() if each.active and each.conversion > 0}
        return {**in_use, self.default_currency: Decimal(1)}

    def known_currencies(self) -> list[ShopCurrency]:
        """One for each ISO code: of several rows the default, else the one in use, else the latest. A row without a code is
        none: documents in it say so themselves."""
        rising = sorted(self.currencies.values(), key=lambda row: (row.id == self.default_id, row.active, int(row.id)))
        found = {each.code: each for each in rising if is_code(each.code)}
        return [found[code] for code in sorted(found)]

    def currency(self, id: str) -> ShopCurrency:
        found = self.currencies.get(id)
        if found is None or not is_code(found.code):
            raise RecordError("its currency is not in the shop's list, or has no ISO code", hint=LOOK)
        return found

    def group_rate(self, group: str, address: str) -> Decimal | None:
        """Percent of a tax group at the hotel's address: None without a group, 0 where the group has no rule there."""
        if group == "0":
            return None
        place = self.places.get(address)
        if place is None:
            return None
        return _combined([rule for rule in self.tax_rules if rule.group == group and rule.holds_at(place)])

    def line_rate(self, group: str, address: str, gross: Decimal, net: Decimal, pieces: Decimal) -> tuple[Decimal, bool]:
        """(percent, whether it is sure) of a line: its group's if that turns net into gross within a cent per piece, else
        the shop's rate that does, else the group's, which is reported. Channels send taxed lines without a group."""
        of_group = self.group_rate(group, address)
        room = Decimal("0.01") * max(pieces, Decimal(1))
        groups = [found for each in self.tax_groups if (found := self.group_rate(each, address)) is not None]
        for percent in ([of_group] if of_group is not None else []) + [Decimal(0), *groups, *self.tax_rates]:
            if abs(round_half_up(net * (1 + percent / 100), 2) - gross) <= room:
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

    def slip_number(self, id: int) -> str:
        """A credit slip's number as the shop shows it: prefix and six digits of its id."""
        return f"{self.slip_prefix}{id:06d}"


def _combined(rules: Sequence[TaxRule]) -> Decimal:
    """The rate that the rules make together, as QloApps does it: the most specific first, up to and with the first that
    wants to be alone; the first one says whether they add up or follow one another."""
    specific_first = sorted(rules, key=lambda rule: (rule.postcodes == ("0", "0"), rule.state == "0"))
    taken: list[Decimal] = []
    for rule in specific_first:
        taken.append(rule.percent)
        if rule.behaviour == "0":
            break
    if specific_first and specific_first[0].behaviour == "2":
        factor = Decimal(1)
        for percent in taken:
            factor *= 1 + percent / 100
        return ((factor - 1) * 100).quantize(Decimal("0.0001")).normalize()
    return sum(taken, Decimal(0))


@dataclass(frozen=True, slots=True)
class Basics:
    """What must be known before anything can be asked properly: the shop's time zone and its default language's id."""

    zone: ZoneInfo
    language: str


def basics(configurations: Sequence[Row]) -> Basics:
    settings = {plain(row, "name"): row for row in configurations}
    language = _setting(settings, "PS_LANG_DEFAULT")
    if not language.isdecimal():
        raise ConfigError("the shop's default language is not understood", hint="look at PS_LANG_DEFAULT of the shop")
    return Basics(_zone(_setting(settings, "PS_TIMEZONE")), language)


def shop(tables: Mapping[str, Sequence[Row]]) -> Shop:
    """The shop from its tables (`configurations`, `translated_configurations`, `currencies`, `countries`, ...).

    ContractBroken, naming the row, if one of them makes no sense: every booking would be read with a hole in its taxes.
    """
    settings = {plain(row, "name"): row for row in tables["configurations"]}
    known = basics(tables["configurations"])
    language = known.language
    currencies = dict(_each(tables, "currencies", _currency))
    default = currencies.get(_setting(settings, "PS_CURRENCY_DEFAULT"))
    if default is None or not is_code(default.code):
        raise ConfigError(
            "the shop's default currency is not in its list of currencies, or has no ISO code",
            hint="choose it in the back office under Localization",
        )
    rates = dict(_each(tables, "taxes", lambda row: number(row, "rate")))
    texts = _each(tables, "translated_configurations", lambda row: (text(row, "name"), local_text(row, "value", language)))
    prefixes = dict(words for _, words in texts)
    year = ""
    if _setting(settings, "PS_INVOICE_USE_YEAR", "0") not in ("", "0"):
        year = "before" if _setting(settings, "PS_INVOICE_YEAR_POS", "0") not in ("", "0") else "after"
    return Shop(
        zone=known.zone,
        language=language,
        default_currency=default.code,
        default_id=default.id,
        canceled_state=_setting(settings, "PS_OS_CANCELED", "4"),
        invoice_prefix=prefixes.get("PS_INVOICE_PREFIX", ""),
        slip_prefix=prefixes.get("PS_CREDIT_SLIP_PREFIX", ""),
        invoice_year=year,
        currencies=currencies,
        countries=dict(
            _each(tables, "countries", lambda row: (text(row, "iso_code").upper(), local_text(row, "name", language)))
        ),
        states=dict(_each(tables, "states", lambda row: (text(row, "iso_code"), local_text(row, "name", language)))),
        languages=dict(_each(tables, "languages", lambda row: text(row, "iso_code").lower())),
        tax_rates=_rates(tables["taxes"], rates),
        tax_groups=dict(_each(tables, "tax_rule_groups", lambda row: text(row, "name"))),
        tax_rules=[rule for _, rule in _each(tables, "tax_rules", lambda row: _tax_rule(row, rates))],
        places=dict(_each(tables, "hotel_addresses", _place)),
    )


def _each(tables: Mapping[str, Sequence[Row]], table: str, read: Callable[[Row], T]) -> Iterator[tuple[str, T]]:
    """The id and the value of each row."""
    for row in tables[table]:
        try:
            yield ident(row), read(row)
        except RecordError as err:
            raise ContractBroken(
                f"row {plain(row, 'id')} of the shop's `{table}` makes no sense: {err.message}", hint=err.hint, remote=REMOTE
            ) from err


def is_code(code: str) -> bool:
    """Whether it can be an ISO 4217 code."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def _setting(settings: Mapping[str, Row], name: str, default: str | None = None) -> str:
    row = settings.get(name)
    value = plain(row, "value") if row is not None else ""
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


def _rates(taxes: Sequence[Row], rates: Mapping[str, Decimal]) -> list[Decimal]:
    """Every rate once: those in use first, then the retired ones, which explain old orders."""
    in_use = {rates[ident(row)] for row in taxes if plain(row, "active") == "1" and plain(row, "deleted") in ("", "0")}
    return sorted(in_use) + sorted(set(rates.values()) - in_use)


def _tax_rule(row: Row, rates: Mapping[str, Decimal]) -> TaxRule:
    return TaxRule(
        group=ident(row, "id_tax_rules_group"),
        country=ident(row, "id_country"),
        state=ident(row, "id_state"),
        percent=rates.get(ident(row, "id_tax"), Decimal(0)),
        behaviour=text(row, "behavior"),
        postcodes=(text(row, "zipcode_from") or "0", text(row, "zipcode_to") or "0"),
    )


def _place(row: Row) -> Place:
    return Place(ident(row, "id_country"), ident(row, "id_state"), text(row, "postcode"))


def _currency(row: Row) -> ShopCurrency:
    return ShopCurrency(
        id=ident(row),
        code=text(row, "iso_code").upper(),
        symbol=text(row, "sign"),
        decimals=2 if flag(row, "decimals") else 0,
        conversion=number(row, "conversion_rate"),
        active=flag(row, "active") and not flag(row, "deleted"),
    )
