"""The settings of a Zoho Books target: [target] and [entities.*]. Names are those of `interface.md`; unknown ones are errors."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from zsync.errors import ConfigError
from zsync.mapping.templates import check
from zsync.net.duration import Duration
from zsync.net.secret import Secret
from zsync.ports import Switches
from zsync.targets.books.rules import Method, Rules, TaxFields
from zsync.targets.zoho.centres import CENTRES, Centre
from zsync.targets.zoho.settings import Share, Url


def _amount(value: object) -> object:
    if isinstance(value, str):
        return value
    raise ValueError('give the amount as text, such as "0.05": money is exact')


def _template(value: str) -> str:
    try:
        check(value, "this field")
    except ConfigError as err:
        raise ValueError(err.message) from err
    return value


def _carried(*values: object) -> BeforeValidator:
    """Refuses what the documentation promises for the next release, in words that say so."""

    def only(value: object) -> object:
        if value in values:
            return value
        shown = " or ".join(f"{str(each).lower()}" if isinstance(each, bool) else f'"{each}"' for each in values)
        raise ValueError(f"this value is not carried yet; for now it can be {shown}")

    return BeforeValidator(only)


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Rate = Annotated[Decimal, BeforeValidator(_amount), Field(gt=0)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
TaxField = Literal[
    "gst_treatment",
    "place_of_contact",
    "vat_treatment",
    "tax_treatment",
    "tax_regime",
    "country_code",
    "is_taxable",
    "tax_id",
    "tax_exemption_id",
    "tax_authority_id",
]
Template = Annotated[str, AfterValidator(_template)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class LimitSettings(_Strict):
    """[target.limits]"""

    calls_per_minute: int = Field(
        80, ge=1, le=100_000, description="calls in any 60 seconds; Zoho allows an organisation 100, all programs together"
    )
    calls_per_day: int = Field(1000, ge=1, description="calls a day: the plan's number (Free 1000, Standard 2000 ...)")
    reserve: Share = Field(Decimal("0.2"), description="share of the day that is left to people and other programs")
    concurrency: int = Field(4, ge=1, le=10, description="calls under way at once")
    timeout: Duration = Field(60.0, description="longest life of one call")
    grace: Duration = Field(17 * 60.0, description="how long a write whose answer was lost may still land and be found")


class MethodSettings(_Strict):
    """A line of [target.payment_methods]"""

    mode: Literal["check", "cash", "creditcard", "banktransfer", "bankremittance", "autotransaction", "others"] = Field(
        "others", description="Zoho's payment mode"
    )
    account: str = Field("", description="the account that the money goes to, by name or id; empty: Zoho's default")


class RoundingSettings(_Strict):
    """[target.rounding]"""

    adjust_up_to: Amount = Field(
        Decimal("0.05"), ge=0, le=1, description="a difference of lines and total up to this goes into the adjustment"
    )


class NumberSettings(_Strict):
    """[target.numbers]"""

    orders: str = Field("QLO-", max_length=30, pattern=r"^[A-Za-z0-9#./_-]*$", description="prefix of sales order numbers")
    credit_notes: str = Field(
        "CN-", max_length=30, pattern=r"^[A-Za-z0-9#./_-]*$", description="prefix of credit note numbers where the hotel has none"
    )


class BooksSettings(_Strict):
    """[target]"""

    type: Literal["zoho-books"] = Field("zoho-books", description="the target")
    data_center: Literal["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"] = Field(description="Zoho's data centre")
    organization_id: str = Field(pattern=r"^\d{1,19}$", description="Zoho Books > settings > organisation profile")
    prices: Literal["inclusive", "exclusive"] = Field(
        "inclusive", description="lines with tax included, or without: totals then come out exact less often"
    )
    client_id: str = Field(min_length=1, description="of the client in the Zoho API console")
    client_secret: Secret = Field(description="of the client in the Zoho API console")
    accounts_url: Url = Field("", description="overrides the data centre's sign-in server")
    api_url: Url = Field("", description="overrides the data centre's API host")
    web_url: Url = Field("", description="overrides the data centre's web address, for links")
    contact_key_field: str = Field(
        "",
        pattern=r"^(cf_[a-z0-9_]{1,60})?$",
        description="API name (cf_...) of a custom field of contacts that shall hold our key; empty: contact numbers alone",
    )
    redirect_port: int = Field(8976, ge=1024, le=65535, description="port of the sign-in's callback on 127.0.0.1")
    limits: LimitSettings = Field(default_factory=LimitSettings, description="calls, time-outs")
    taxes: Mapping[str, str] = Field(default_factory=dict, description="rate or tax group = tax of the organisation")
    accounts: Mapping[Literal["room", "service", "demand", "default"], str] = Field(
        default_factory=dict, description="income account by kind"
    )
    payment_methods: Mapping[str, MethodSettings] = Field(
        default_factory=lambda: {"default": MethodSettings()}, description="the hotel's text = mode and account"
    )
    rounding: RoundingSettings = Field(default_factory=RoundingSettings, description="cents")
    numbers: NumberSettings = Field(default_factory=NumberSettings, description="prefixes")

    @property
    def centre(self) -> Centre:
        """The addresses in force."""
        base = CENTRES[self.data_center]
        return Centre(self.accounts_url or base.accounts, self.api_url or base.api, self.web_url or base.books)

    @property
    def redirect_uri(self) -> str:
        return f"http://127.0.0.1:{self.redirect_port}/callback"


class EntitySettings(_Strict):
    """[entities.E] of records that are not money"""

    auto_create: bool = Field(True, description="new records are written to the target")
    auto_update: bool = Field(True, description="changed records are written again")
    auto_delete: bool = Field(True, description="deleted or disabled in the source: disabled in the target")


class MoneySettings(EntitySettings):
    """[entities.E] of documents of money"""

    auto_delete: bool = Field(False, description="deleted in the source: taken back in the target")


class PaymentSettings(MoneySettings):
    """[entities.payments]"""

    refund_without_slip: Literal["hold", "unapply"] = Field(
        "hold", description="money paid back without a credit slip: left to a person, or taken off its invoice and refunded"
    )


class TaxFieldSettings(_Strict):
    """[entities.customers.tax]: what the organisation's edition wants to know of contacts"""

    guest: Mapping[TaxField, str | bool] = Field(
        default_factory=dict, description="tax fields of customers without a tax number, by Zoho's names"
    )
    registered: Mapping[TaxField, str | bool] = Field(
        default_factory=dict, description="tax fields of customers with a tax number"
    )
    number: Literal["", "vat_reg_no", "gst_no", "tax_reg_no"] = Field(
        "", description="the field that takes the tax number; without one it stands in the notes"
    )


class CustomerSettings(EntitySettings):
    """[entities.customers]"""

    portal: bool = Field(
        False, description="Zoho customer portal, only for customers created after init: Zoho invites them by mail"
    )
    tax: TaxFieldSettings = Field(
        default_factory=TaxFieldSettings, description="country tax fields, where the edition asks for them"
    )
    map: Mapping[Literal["notes"], Template] = Field(default_factory=dict, description="templates of text fields")


class ItemSettings(EntitySettings):
    """[entities.room_types], [entities.service_products]"""

    map: Mapping[Literal["description"], Template] = Field(default_factory=dict, description="templates of text fields")


class OrderSettings(MoneySettings):
    """[entities.orders]"""

    as_: Literal["salesorder", "none"] = Field(
        "salesorder", alias="as", description="what an order becomes; `none`: its invoices stand alone"
    )
    map: Mapping[Literal["notes"], Template] = Field(default_factory=dict, description="templates of text fields")


class InvoiceSettings(MoneySettings):
    """[entities.invoices]"""

    final: Literal["sent", "draft"] = Field("sent", description="mark invoices as sent (never mailed), or leave drafts")


class HotelSettings(EntitySettings):
    """[entities.hotels]"""

    as_: Literal["item", "location", "none"] = Field(
        "item", alias="as", description="what a hotel becomes: an item, the location of its documents, or nothing"
    )
    locations: Mapping[str, str] = Field(
        default_factory=dict, description="location of a hotel, by the hotel's id or name, where it is not the hotel's name"
    )
    map: Mapping[Literal["description"], Template] = Field(default_factory=dict, description="templates of text fields")


class CurrencySettings(EntitySettings):
    """[entities.currencies]"""

    multi_currency: bool = Field(False, description="documents in other currencies than the organisation's")
    rates: Literal["source", "zoho"] | Mapping[CurrencyCode, Rate] = Field(
        "source",
        description="exchange rates: each document's own in the source, left to Zoho, or a table of base currency for one unit",
    )
    default: Annotated[Literal[""], _carried("")] = Field(
        "", description="the one used where a record names none: every record of QloApps names its own, so it stays empty"
    )


class Entities(_Strict):
    """[entities.*]"""

    currencies: CurrencySettings = Field(default_factory=CurrencySettings, description="currencies")
    customers: CustomerSettings = Field(default_factory=CustomerSettings, description="customers")
    hotels: HotelSettings = Field(default_factory=HotelSettings, description="hotels")
    room_types: ItemSettings = Field(default_factory=ItemSettings, description="room types")
    service_products: ItemSettings = Field(default_factory=ItemSettings, description="service products")
    orders: OrderSettings = Field(default_factory=OrderSettings, description="orders")
    invoices: InvoiceSettings = Field(default_factory=InvoiceSettings, description="invoices")
    payments: PaymentSettings = Field(default_factory=PaymentSettings, description="payments")
    credit_notes: MoneySettings = Field(default_factory=MoneySettings, description="credit notes")

    def switches(self) -> dict[str, Switches]:
        """The switches of every entity."""
        every: dict[str, EntitySettings] = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: Switches(each.auto_create, each.auto_update, each.auto_delete) for name, each in every.items()}


def rules(settings: BooksSettings, entities: Entities, tag: str) -> Rules:
    """The mapping's rules out of the settings."""
    maps: dict[str, Mapping[str, str]] = {
        "customers": {str(name): text for name, text in entities.customers.map.items()},
        "room_types": {str(name): text for name, text in entities.room_types.map.items()},
        "service_products": {str(name): text for name, text in entities.service_products.map.items()},
        "orders": {str(name): text for name, text in entities.orders.map.items()},
        "hotels": {str(name): text for name, text in entities.hotels.map.items()},
    }
    return Rules(
        tag=tag,
        prices=settings.prices,
        taxes=settings.taxes,
        accounts={str(kind): account for kind, account in settings.accounts.items()},
        methods={name: Method(each.mode, each.account) for name, each in settings.payment_methods.items()},
        adjust_up_to=settings.rounding.adjust_up_to,
        order_prefix=settings.numbers.orders,
        final=entities.invoices.final,
        refund_without_slip=entities.payments.refund_without_slip,
        multi_currency=entities.currencies.multi_currency,
        rates=entities.currencies.rates,
        portal=entities.customers.portal,
        tax_fields=_tax_fields(entities.customers.tax),
        hotels_as=entities.hotels.as_,
        locations=entities.hotels.locations,
        orders_as=entities.orders.as_,
        credit_prefix=settings.numbers.credit_notes,
        maps={entity: each for entity, each in maps.items() if each},
    )


def _tax_fields(settings: TaxFieldSettings) -> TaxFields:
    guest: dict[str, str | bool] = {str(name): value for name, value in settings.guest.items()}
    registered: dict[str, str | bool] = {str(name): value for name, value in settings.registered.items()}
    return TaxFields(guest, registered, settings.number)
