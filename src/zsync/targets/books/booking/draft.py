"""A booking's plan in the making: what the hotel has, what Zoho is known to have, and what was planned so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from zsync.errors import RecordError
from zsync.model.documents import Credit, Invoice, Payment, Sale
from zsync.model.intent import Intent, Known, KnownRows, Note, Progress, Ref, Verdict
from zsync.model.key import Key
from zsync.model.record import Record
from zsync.targets.books.booking.split import Settled, Share, paid_back
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts


@dataclass(slots=True)
class Draft:
    """A plan in the making. `back` is what was paid back, by order; `free` what of a payment stands on no invoice, by order
    (None: it belongs to none); `left` what is left of a credit note."""

    record: Record
    known: KnownRows
    refused: Mapping[Key, str]
    rules: Rules
    facts: Facts
    intents: list[Intent] = field(default_factory=list)
    errors: dict[Key, RecordError] = field(default_factory=dict)
    verdicts: dict[Key, Verdict] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    progress: dict[Key, Progress] = field(default_factory=dict)
    withdrawn: set[Ref] = field(default_factory=set)
    shares: dict[Key, Share] = field(default_factory=dict)  # by payment
    back: Mapping[Key, Decimal] = field(default_factory=dict)
    free: dict[tuple[Key, Key | None], Decimal] = field(default_factory=dict)
    left: dict[Key, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.back = paid_back(self.in_one_currency(), self.payments, self.credits)

    # --- what the hotel has -----------------------------------------------------------------------------------------------

    @property
    def sales(self) -> list[Sale]:
        return [doc for doc in self.record.documents if isinstance(doc, Sale)]

    @property
    def payments(self) -> list[Payment]:
        return [doc for doc in self.record.documents if isinstance(doc, Payment)]

    @property
    def credits(self) -> list[Credit]:
        return [doc for doc in self.record.documents if isinstance(doc, Credit)]

    def invoices(self, sale: Key | None = None) -> list[Invoice]:
        return [doc for doc in self.record.documents if isinstance(doc, Invoice) and sale in (None, doc.sale)]

    def slips(self, sale: Key) -> list[Credit]:
        """The credit slips of an order, oldest first."""
        return sorted((each for each in self.credits if each.sale == sale), key=lambda each: int(each.source_id))

    def paid_in(self, sale: Sale) -> Decimal:
        """All that was ever received for an order, whatever of it went back."""
        return sale.received.rounded.amount + self.back.get(sale.key, Decimal(0))

    def in_one_currency(self) -> list[Sale]:
        """The orders that the payments are divided over: those in the currency of the first that goes."""
        first = next((sale for sale in self.sales if not self.kept_out(sale.key)), self.sales[0] if self.sales else None)
        return [sale for sale in self.sales if first is not None and sale.total.currency == first.total.currency]

    # --- what Zoho has ----------------------------------------------------------------------------------------------------

    def standing(self, module: str, key: Key) -> Known | None:
        """The row of a document that stands at the remote, or may: a call for it is out. None where Zoho refused it."""
        found = self.known.get((module, key))
        return found if found is not None and (found.body is not None or found.state == "sending") else None

    def invoiced(self, sale: Key) -> bool:
        """An invoice of this order stands at the remote, or may."""
        return any(self.standing("invoices", invoice.key) for invoice in self.invoices(sale))

    def kept(self, *modules: str) -> list[Known]:
        """What stands there of these modules, or may, and is wanted on."""
        return [
            each for each in self.known.values() if each.module in modules and each.body is not None and each.wanted is not None
        ]

    def settled(self) -> Settled:
        """Where money went already."""
        applied: dict[tuple[Key, Key], Decimal] = {}
        credited: dict[Key, Decimal] = {}
        refunded: dict[Key, Decimal] = {}
        for each in self.kept("applications"):
            payment, sale = ends(each.key)
            owner = Key.of(each.key.tag, "payment", payment), Key.of(each.key.tag, "order", sale)
            applied[owner] = applied.get(owner, Decimal(0)) + amount_of(each)
        for each in self.kept("creditapplications"):
            order = Key.of(each.key.tag, "order", ends(each.key)[1])
            credited[order] = credited.get(order, Decimal(0)) + amount_of(each)
        for each in self.kept("excessrefunds"):
            parent = parent_of(each).key
            refunded[parent] = refunded.get(parent, Decimal(0)) + amount_of(each)
        return Settled(applied, credited, refunded)

    # --- what was planned -------------------------------------------------------------------------------------------------

    def kept_out(self, sale: Key) -> str:
        """Why an order does not go at all: admission, or a switch of the target; empty if it does."""
        verdict = self.verdicts.get(sale)
        skipped = verdict.reason if verdict is not None and verdict.stand == "skipped" else ""
        return self.refused.get(sale, skipped)

    def note(self, key: Key, code: str, message: str) -> None:
        self.notes.append(Note(key, code, message))

    def planned(self, module: str, key: Key) -> bool:
        return any(each.module == module and each.key == key for each in self.intents)

    def sent_invoices(self, sale: Key) -> list[Invoice]:
        """The invoices of an order that money can go onto: planned, and marked sent."""
        return [each for each in self.invoices(sale) if self.planned("invoices.sent", each.key)]


def ends(key: Key) -> tuple[str, str]:
    """The two ids in the key of an application: `payment:13/14`, and `payment:13/14:2` for the one in its place."""
    first, _, second = key.id.partition("/")
    return first, second.partition(":")[0]


def amount_of(known: Known) -> Decimal:
    """The amount of an application or a refund as it was sent."""
    body = known.body or {}
    return decimal(body.get("amount_applied", body.get("amount")))


def parent_of(known: Known) -> Ref:
    """What a refund was paid out of."""
    body = known.wanted or {}
    found = body.get("creditnote_id", body.get("payment_id"))
    if not isinstance(found, Ref):
        raise TypeError("a refund names what it is paid out of")
    return found


def decimal(node: object) -> Decimal:
    if not isinstance(node, Decimal):
        raise TypeError("an amount in a body is a Decimal")
    return node


def summed(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
