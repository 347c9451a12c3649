"""Documents: what a fact is, neutral of source and target. A closed union; `match` over it ends in `assert_never`.

Amounts of lines stay as the source gave them (a channel may send 115.005); rounding is the mapping's business. Gross is
with tax, net without. A document's `key` is permanent; `source_id` is what people call it in the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from zsync.model.key import Key
from zsync.model.money import Money


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; empty text for what is not known. `country_code` is ISO 3166 alpha-2, `state_code` the source's."""

    attention: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    zip: str = ""
    state: str = ""
    state_code: str = ""
    country: str = ""
    country_code: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer: a person, or a company when `company` is set.

    `currency` is the source's own; `trades` names every currency that the customer's orders use, with the day of the newest
    of them (by its invoice, else its own): a target whose contacts know one currency only makes one for each.
    `name` is what the contact is called at the target, trimmed and with single blanks; `distinguished` says that another
    customer had that name first, so that the mapping adds the id.
    """

    key: Key
    source_id: str
    name: str
    currency: str
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    language: str = ""  # ISO 639-1, or empty
    tax_number: str = ""
    note: str = ""
    address: Address | None = None
    active: bool = True
    since: date | None = None
    distinguished: bool = False
    trades: tuple[tuple[str, date], ...] = ()

    @property
    def entity(self) -> str:
        return "customers"

    @property
    def label(self) -> str:
        return self.name

    @property
    def day(self) -> date | None:
        return None


class Kind(StrEnum):
    """What is sold: a room for a night, a service, an extra demand ("facility") of a stay."""

    ROOM = "room"
    SERVICE = "service"
    DEMAND = "demand"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is sold: a room type or a service. `price` is the list price without tax, or None."""

    key: Key
    source_id: str
    kind: Kind
    name: str
    price: Money | None = None
    tax_group: str = ""
    tax_rate: Decimal | None = None  # percent
    description: str = ""
    active: bool = True

    @property
    def entity(self) -> str:
        return "room_types" if self.kind is Kind.ROOM else "service_products"

    @property
    def label(self) -> str:
        return self.name

    @property
    def day(self) -> date | None:
        return None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sale: a stay in one room, a service, or an extra demand.

    `id` is permanent within the sale (`stay:2`, `detail:5`, `demand:1`). `item` is None where the product is gone from
    the source. `gross` and `net` are totals of the line; `quantity` nights or pieces. `rate` is its tax in percent;
    `rate_sure` is false where no rate of the source turns net into gross. `invoice` names the invoice that the line stands on.
    """

    id: str
    kind: Kind
    item: Key | None
    name: str
    quantity: Decimal
    gross: Decimal
    net: Decimal
    description: str = ""
    tax_group: str = ""
    rate: Decimal = Decimal(0)
    rate_sure: bool = True
    invoice: Key | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Discount:
    """An amount off a sale (`gross` and `net` are positive): it has no tax rate of its own."""

    id: str
    name: str
    gross: Decimal
    net: Decimal
    invoice: Key | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """An order of one hotel: `hotel` is its name as the order shows it, `house` its key. `total` and `total_net` are the source's
    own sums, not the lines'.

    `conversion` is units of the sale's currency for one unit of the source's default currency. `received` is what was paid
    less what was paid back. `reference` ties the orders of one booking together. `arrival` is the first check-in.
    """

    key: Key
    source_id: str
    reference: str
    day: date
    customer: Key
    total: Money
    total_net: Money
    received: Money
    conversion: Decimal
    lines: tuple[Line, ...]
    discounts: tuple[Discount, ...] = ()
    cancelled: bool = False
    hotel: str = ""
    house: Key | None = None
    arrival: date | None = None
    note: str = ""

    @property
    def entity(self) -> str:
        return "orders"

    @property
    def label(self) -> str:
        return f"{self.reference} / {self.source_id}"


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of one sale, under the number that the source shows. Its lines are the sale's that name it."""

    key: Key
    source_id: str
    sale: Key
    number: str
    day: date
    total: Money
    total_net: Money

    @property
    def entity(self) -> str:
        return "invoices"

    @property
    def label(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received for a booking (negative: paid back). It names the booking's reference, not an order.

    `conversion` as in Sale, of the payment's own currency. `method` is the source's free text.
    """

    key: Key
    source_id: str
    reference: str
    day: date
    amount: Money
    conversion: Decimal
    method: str = ""
    transaction: str = ""

    @property
    def entity(self) -> str:
        return "payments"

    @property
    def label(self) -> str:
        return f"{self.day.isoformat()} {self.amount}"


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit slip of one sale, in the sale's currency, under the number that the source shows.

    `lines` are what it takes back: amounts are positive, ids those of the sale's order details.
    """

    key: Key
    source_id: str
    sale: Key
    number: str
    day: date
    amount: Money
    amount_net: Money
    conversion: Decimal
    lines: tuple[Line, ...] = ()

    @property
    def entity(self) -> str:
        return "credit_notes"

    @property
    def label(self) -> str:
        return self.number or f"slip {self.source_id}"


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency of the source, one by its ISO code (which is the id in its key); `conversion` as in Sale."""

    key: Key
    source_id: str
    code: str
    symbol: str
    decimals: int
    conversion: Decimal
    active: bool = True

    @property
    def entity(self) -> str:
        return "currencies"

    @property
    def label(self) -> str:
        return self.code

    @property
    def day(self) -> date | None:
        return None


@dataclass(frozen=True, slots=True)
class Hotel:
    """A house: where an order's rooms are."""

    key: Key
    source_id: str
    name: str
    email: str = ""
    address: Address | None = None
    active: bool = True

    @property
    def entity(self) -> str:
        return "hotels"

    @property
    def label(self) -> str:
        return self.name

    @property
    def day(self) -> date | None:
        return None


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of an entity that the user named, or of a kind that is none of the above: its fields are all there is of it.

    `entity` is what people call it; `day` is when it counts, where it has a date.
    """

    key: Key
    source_id: str
    entity: str
    label: str
    day: date | None = None


Document = Contact | Item | Sale | Invoice | Payment | Credit | Currency | Hotel | Entry
