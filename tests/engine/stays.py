"""What ought to stand in the books when a hotel of a few guests and stays has been brought over: the model of the state machine.

It knows the hotel's facts only, neither journal nor plans: a stay that was not cancelled is an order of each room, once invoiced
an invoice of each, and its payments fill the invoices in their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.world import booking, customer, key
from zsync.model.documents import Document, Invoice, Payment, Sale
from zsync.model.key import Key
from zsync.model.record import Record

Thing = tuple[str, ...]
"""A document that stands: its module, what names it, and what it says (amounts; names and notes where nobody edited them)."""


@dataclass
class Guest:
    """A customer of the hotel."""

    id: str
    name: str
    active: bool = True

    @property
    def key(self) -> Key:
        return key("customer", self.id)

    @property
    def record(self) -> Record:
        return customer(self.id, self.name, active=self.active)


@dataclass
class Stay:
    """A booking of the hotel: a room for each of `totals`. The rooms and payments of the n-th stay are numbered from 10 n + 1."""

    number: int
    guest: str
    totals: tuple[str, ...]
    payments: list[str] = field(default_factory=list)
    invoiced: bool = False
    cancelled: bool = False
    note: str = ""
    gone: bool = False

    @property
    def reference(self) -> str:
        return f"STAY{self.number}"

    @property
    def key(self) -> Key:
        return key("booking", self.reference)

    @property
    def rooms(self) -> list[str]:
        return [str(10 * self.number + place) for place in range(1, len(self.totals) + 1)]

    @property
    def receipts(self) -> list[str]:
        return [str(10 * self.number + place) for place in range(1, len(self.payments) + 1)]

    @property
    def due(self) -> Decimal:
        return sum(map(Decimal, self.totals), Decimal(0)) - sum(map(Decimal, self.payments), Decimal(0))

    @property
    def record(self) -> Record:
        made = booking(
            totals=self.totals,
            payments=self.payments,
            invoiced=self.invoiced,
            cancelled=self.cancelled,
            note=self.note,
            reference=self.reference,
            customer=self.guest,
        )
        return replace(made, documents=tuple(self._numbered(document) for document in made.documents))

    def _numbered(self, document: Document) -> Document:
        def here(name: Key) -> Key:
            return key(name.entity, str(10 * self.number + int(name.id)))

        match document:
            case Sale() | Payment():
                return replace(document, key=here(document.key), source_id=here(document.key).id)
            case Invoice():
                id = here(document.key).id
                return replace(document, key=here(document.key), source_id=id, sale=here(document.sale), number=f"#IN{id}")
            case _:
                raise TypeError(f"a stay has no {type(document).__name__}")

    def things(self) -> Iterator[Thing]:
        """What ought to stand for this stay."""
        for id, amount in zip(self.receipts, self.payments, strict=True):
            yield "payments", f"hotel:payment:{id}", amount
        if self.cancelled and not self.invoiced:
            return
        for id, total in zip(self.rooms, self.totals, strict=True):
            yield "salesorders", f"SO-{id}", total, self.note
            if self.invoiced:
                yield "invoices", f"#IN{id}", total
                yield "invoices.sent", f"#IN{id}"
        if self.invoiced:
            yield from self._applications()

    def _applications(self) -> Iterator[Thing]:
        open_amounts = dict(zip(self.rooms, map(Decimal, self.totals), strict=True))
        for id, amount in zip(self.receipts, self.payments, strict=True):
            left = Decimal(amount)
            for room, open_amount in open_amounts.items():
                part = min(left, open_amount)
                if part > 0:
                    open_amounts[room], left = open_amount - part, left - part
                    yield "applications", f"hotel:payment:{id} on #IN{room}", f"{part:f}"
