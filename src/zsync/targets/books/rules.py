"""The rules of the mapping, as plain values: what the settings say about taxes, accounts, methods, numbers and rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Method:
    """What a payment method of the source becomes: Zoho's mode and the account that the money goes to ("" for Zoho's own)."""

    mode: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class TaxFields:
    """Tax fields of contacts, by Zoho's names, as the organisation's edition wants them: those of guests, those of customers with
    a tax number, and the field that takes the number ("": it stands in the notes)."""

    guest: Mapping[str, str | bool] = field(default_factory=dict)
    registered: Mapping[str, str | bool] = field(default_factory=dict)
    number: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """See `interface.md`, [target] and [entities.*]. `taxes` and `accounts` name taxes and accounts by name or id.

    `locations` names the location of a hotel, by the hotel's id or name, where it is not the hotel's own name.
    `maps` holds the templates that replace text fields, by entity and field.
    """

    tag: str
    prices: Literal["inclusive", "exclusive"] = "inclusive"
    taxes: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, Method] = field(default_factory=dict)
    adjust_up_to: Decimal = Decimal("0.05")
    order_prefix: str = "QLO-"
    final: Literal["sent", "draft"] = "sent"
    multi_currency: bool = False
    rates: Literal["source", "zoho"] | Mapping[str, Decimal] = "source"
    portal: bool = False
    tax_fields: TaxFields = TaxFields()
    hotels_as: Literal["item", "location", "none"] = "item"
    locations: Mapping[str, str] = field(default_factory=dict)
    orders_as: Literal["salesorder", "none"] = "salesorder"
    refund_without_slip: Literal["hold", "unapply"] = "hold"
    credit_prefix: str = "CN-"
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
