"""The plan of a booking reference: sales orders, invoices, their `sent`, payments and their applications.

One order that misses is failed alone, with its invoice; a payment is blocked when all of its orders failed. What credit
slips, refunds and other currencies ask for comes with the next release: such documents are skipped, and say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from zsync.errors import RecordError, Unmappable
from zsync.model.documents import Credit, Invoice, Payment, Sale
from zsync.model.intent import Body, Intent, Known, KnownRows, Note, Plan, Progress, Ref, Verdict, plain
from zsync.model.key import Key
from zsync.model.money import round_half_up
from zsync.model.record import Record
from zsync.targets.books.lines import Sheet, sheet
from zsync.targets.books.rules import Method, Rules
from zsync.targets.books.split import Share, divide, paid_back
from zsync.targets.books.taxes import AN_ACCOUNT, Facts, account_id, quoted
from zsync.targets.books.templates import filled
from zsync.targets.books.text import block

LATER_CREDIT = "credit notes come with the next release"
LATER_REFUND = "money paid back comes with the next release"
LATER_CURRENCY = "documents in other currencies come with the next release"


@dataclass(slots=True)
class _Draft:
    """A plan in the making."""

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
    shares: dict[Key, Share] = field(default_factory=dict)  # by payment
    back: Mapping[Key, Decimal] = field(default_factory=dict)  # paid back, by order

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

    def standing(self, module: str, key: Key) -> Known | None:
        """The row of a document that stands at the remote, or may: a call for it is out. None where Zoho refused it."""
        found = self.known.get((module, key))
        return found if found is not None and (found.body is not None or found.state == "sending") else None

    def invoiced(self, sale: Key) -> bool:
        """An invoice of this order stands at the remote, or may."""
        return any(self.standing("invoices", invoice.key) for invoice in self.invoices(sale))

    def kept_out(self, sale: Key) -> str:
        """Why an order does not go at all: admission, or what this release does not carry; empty if it does."""
        verdict = self.verdicts.get(sale)
        skipped = verdict.reason if verdict is not None and verdict.stand == "skipped" else ""
        return self.refused.get(sale, skipped)


def plan_booking(record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Facts, rules: Rules) -> Plan:
    """All that one booking wants in Zoho Books."""
    draft = _Draft(record, known, refused, rules, facts)
    for sale in draft.sales:
        _plan_sale(draft, sale)
    _plan_payments(draft)
    for credit in draft.credits:
        if credit.key not in refused:
            draft.verdicts[credit.key] = Verdict("skipped", LATER_CREDIT)
    for sale in draft.sales:
        _mark_progress(draft, sale)
    return Plan(
        record.key,
        tuple(draft.intents),
        errors=draft.errors,
        verdicts=draft.verdicts,
        notes=tuple(draft.notes),
        progress=draft.progress,
    )


# --- orders and invoices ------------------------------------------------------------------------------------------------------


def _plan_sale(draft: _Draft, sale: Sale) -> None:
    if sale.key in draft.refused:
        return
    invoices = draft.invoices(sale.key)
    if sale.total.currency != draft.facts.base and not draft.rules.multi_currency:
        for key in (sale.key, *(invoice.key for invoice in invoices)):
            draft.verdicts[key] = Verdict("skipped", LATER_CURRENCY)
        return
    if sale.cancelled:
        if not draft.invoiced(sale.key) and not (invoices and sale.received.amount > 0):
            for key in (sale.key, *(invoice.key for invoice in invoices)):
                draft.verdicts[key] = Verdict("canceled", "cancelled in the hotel")
            return
        draft.verdicts[sale.key] = Verdict("canceled", "cancelled after its invoice; the invoice stands")
    try:
        order = _order(draft, sale)
        documents = [intent for invoice in invoices for intent in _invoice(draft, sale, invoice)]
    except RecordError as err:
        draft.errors[sale.key] = err
        for invoice in invoices:
            draft.verdicts[invoice.key] = Verdict("blocked", f"its order {sale.source_id} failed", sale.key)
        return
    draft.intents += [order, _opened(sale), *documents]


def _order(draft: _Draft, sale: Sale) -> Intent:
    """The sales order; once an invoice of it left, it is accepted as it is."""
    before = draft.known.get(("salesorders", sale.key))
    if before is not None and before.wanted is not None and draft.invoiced(sale.key):
        number = str(before.wanted.get("salesorder_number", ""))
        return Intent("salesorders", sale.key, before.wanted, sale.key, number=number)
    found = sheet(sale.key, sale.lines, sale.discounts, sale.total, sale.total_net, draft.rules, draft.facts)
    draft.notes += found.notes
    number = _order_number(draft.rules, sale, before)
    body: Body = {
        "customer_id": Ref("contacts", contact_key(sale, draft.facts)),
        "salesorder_number": number,
        "reference_number": f"{sale.reference}/{sale.source_id}",
        "date": sale.day.isoformat(),
        **_money(found),
        **_rate(draft, sale, sale.conversion),
    }
    notes = filled("orders", sale.note, draft.record.fields.get(sale.key, {}), draft.rules)
    if notes:
        body["notes"] = notes
    return Intent("salesorders", sale.key, body, sale.key, number=number)


def _order_number(rules: Rules, sale: Sale, before: Known | None) -> str:
    """Ours, kept once sent; a voided order that is wanted again is made anew under its number and -2, -3 ..."""
    first = f"{rules.order_prefix}{sale.source_id}"
    if before is None:
        return first
    if before.body is not None and "salesorder_number" in before.body:
        return str(before.body["salesorder_number"])
    voided = _generation(before.written.number, first) if before.written is not None else 0
    planned = _generation(str((before.wanted or {}).get("salesorder_number", "")), first)
    generation = max(voided + 1, planned)
    return first if generation == 1 else f"{first}-{generation}"


def _generation(number: str, first: str) -> int:
    """1 for an order's first number, 2 for the one with -2 ...; 0 for another number."""
    base, _, generation = number.rpartition("-")
    return 1 if number == first else int(generation) if base == first and generation.isdecimal() else 0


def _opened(sale: Sale) -> Intent:
    """Where the organisation starts orders as drafts, one call opens them; elsewhere the answer shows it already."""
    return Intent("salesorders.open", sale.key, {"salesorder_id": Ref("salesorders", sale.key)}, sale.key)


def _invoice(draft: _Draft, sale: Sale, invoice: Invoice) -> list[Intent]:
    if invoice.key in draft.refused:
        return []
    before = draft.standing("invoices", invoice.key)
    sent = draft.standing("invoices.sent", invoice.key)
    if before is not None and before.wanted is not None and sent is not None:
        if before.wanted.get("_total") != invoice.total.rounded.amount:
            draft.errors[invoice.key] = RecordError(
                f"its total is {invoice.total.rounded} in the source now, {plain(_decimal(before.wanted['_total']))} in Zoho",
                hint=f"correct the invoice in Zoho, then `zsync resolve invoices {invoice.source_id} --keep zoho`",
                key=invoice.key,
            )
        body = before.wanted
    else:
        body = _invoice_body(draft, sale, invoice)
    order = Ref("salesorders", sale.key)
    intents = [
        Intent(
            "invoices",
            invoice.key,
            body,
            invoice.key,
            after=(order, Ref("salesorders.open", sale.key)),
            number=str(body["invoice_number"]),
        )
    ]
    if draft.rules.final == "sent":
        status: Body = {"invoice_id": Ref("invoices", invoice.key)}
        intents.append(Intent("invoices.sent", invoice.key, status, invoice.key, after=(Ref("invoices", invoice.key),)))
    return intents


def _invoice_body(draft: _Draft, sale: Sale, invoice: Invoice) -> Body:
    lines = [line for line in sale.lines if line.invoice == invoice.key]
    discounts = [discount for discount in sale.discounts if discount.invoice == invoice.key]
    found = sheet(invoice.key, lines, discounts, invoice.total, invoice.total_net, draft.rules, draft.facts)
    draft.notes += found.notes
    linked = tuple({**line, "salesorder_item_id": Ref("salesorders", sale.key, str(line["_id"]))} for line in found.line_items)
    return {
        "customer_id": Ref("contacts", contact_key(sale, draft.facts)),
        "invoice_number": invoice.number,
        "reference_number": f"{sale.reference}/{sale.source_id}",
        "date": invoice.day.isoformat(),
        # Never left to the contact's terms: Zoho's reminders go to guests.
        "due_date": max(sale.arrival or invoice.day, invoice.day).isoformat(),
        **_money(replace(found, line_items=linked)),
        **_rate(draft, sale, _invoice_conversion(draft, sale, invoice)),
    }


def _money(found: Sheet) -> Body:
    body: Body = {"is_inclusive_tax": True, "line_items": list(found.line_items), "_total": found.total}
    if found.adjustment != 0:
        body["adjustment"] = found.adjustment
        body["adjustment_description"] = "Rounding in the booking system"
    return body


def _rate(draft: _Draft, sale: Sale, conversion: Decimal) -> Body:
    """Base per unit, 1 / conversion to 12 decimals; never sent for the base currency."""
    if sale.total.currency == draft.facts.base:
        return {}
    return {"exchange_rate": round_half_up(Decimal(1) / conversion, 12)}


def _invoice_conversion(draft: _Draft, sale: Sale, invoice: Invoice) -> Decimal:
    """The rate of the last payment on or before the invoice's date, else the order's: the order's own becomes an average."""
    same = [
        p for p in draft.payments if p.day <= invoice.day and p.amount.currency == sale.total.currency and p.amount.amount > 0
    ]
    return max(same, key=lambda p: (p.day, int(p.source_id))).conversion if same else sale.conversion


def contact_key(sale: Sale, facts: Facts) -> Key:
    """The contact that a sale is written to: one per currency that the customer trades in."""
    return sale.customer if sale.total.currency == facts.base else sale.customer.child(sale.total.currency)


# --- payments -----------------------------------------------------------------------------------------------------------------


def _plan_payments(draft: _Draft) -> None:
    for payment in draft.payments:
        if payment.amount.amount <= 0 and payment.key not in draft.refused:
            draft.verdicts[payment.key] = Verdict("skipped", LATER_REFUND if payment.amount.amount < 0 else "nothing was paid")
    sales = _in_one_currency(draft)
    draft.back = paid_back(sales, draft.payments, draft.credits)
    for share in divide(sales, draft.invoices(), draft.payments, draft.credits, _frozen(draft)):
        payment = next(each for each in draft.payments if each.key == share.payment)
        draft.shares[payment.key] = share
        if payment.key not in draft.refused:
            _plan_payment(draft, payment, share, sales)


def _in_one_currency(draft: _Draft) -> list[Sale]:
    """The orders that the payments are divided over: those in the currency of the first that goes."""
    first = next((sale for sale in draft.sales if not draft.kept_out(sale.key)), draft.sales[0])
    return [sale for sale in draft.sales if sale.total.currency == first.total.currency]


def _frozen(draft: _Draft) -> dict[tuple[Key, Key], Decimal]:
    """What was applied already, or is on its way, by (payment, order)."""
    result: dict[tuple[Key, Key], Decimal] = {}
    for (module, key), known in draft.known.items():
        if module == "applications" and known.body is not None:
            payment, _, sale = key.id.partition("/")
            owner = Key.of(key.tag, "payment", payment), Key.of(key.tag, "order", sale)
            result[owner] = _decimal(known.body["amount_applied"])
    return result


def _plan_payment(draft: _Draft, payment: Payment, share: Share, sales: Sequence[Sale]) -> None:
    concerned = [part.sale for part in share.parts] or [sale.key for sale in sales]
    sent = draft.standing("payments", payment.key) is not None
    going = [key for key in concerned if not draft.kept_out(key)]
    if not going:
        if not sent:
            draft.verdicts[payment.key] = Verdict("skipped", draft.kept_out(concerned[0]))
        return
    failed = [key for key in going if key in draft.errors]
    if len(failed) == len(going) and not sent:
        draft.verdicts[payment.key] = Verdict("blocked", f"order {failed[0].id} failed", failed[0])
        return
    try:
        made = _payment(draft, payment, share, sales)
    except RecordError as err:
        draft.errors[payment.key] = err
        return
    applied = [intent for part in share.parts if (intent := _application(draft, payment, part.sale, part.applied)) is not None]
    fitting = _fitting(draft, payment, share, applied)
    draft.intents += [made, *fitting]
    if len(fitting) == len(applied):
        _note_rest(draft, payment, share, _decimal(made.body["amount"]), applied)


def _fitting(draft: _Draft, payment: Payment, share: Share, applied: Sequence[Intent]) -> Sequence[Intent]:
    """The applications that a payment has room for as it stands. It is never changed: what was left out of it, because its
    order was before the start date then, is a person's matter once that order goes."""
    standing = draft.standing("payments", payment.key)
    amount = _decimal(standing.body["amount"]) if standing is not None and standing.body is not None else None
    missing = sum((_decimal(each.body["amount_applied"]) for each in applied), Decimal(0)) - (amount or Decimal(0))
    if amount is None or missing <= 0:
        return applied
    draft.errors[payment.key] = RecordError(
        f"it was written with {amount:f} {share.amount.currency}, without the part of an order that did not go then; "
        f"{missing:f} {share.amount.currency} more are for invoices now",
        hint=f"raise and apply it in Zoho, then `zsync resolve payments {payment.source_id} --keep zoho`",
        key=payment.key,
    )
    return [each for each in applied if draft.standing("applications", each.key)]


def _payment(draft: _Draft, payment: Payment, share: Share, sales: Sequence[Sale]) -> Intent:
    """With its full amount; where some orders of the booking are before the start date, the parts of those that are in."""
    out = [part for part in share.parts if part.sale in draft.refused]
    amount = share.amount.amount if not out else sum((p.amount for p in share.parts if p not in out), Decimal(0))
    sale = next(sale for sale in sales if not draft.kept_out(sale.key))
    named, method = _method(draft, payment)
    body: Body = {
        "customer_id": Ref("contacts", contact_key(sale, draft.facts)),
        "payment_mode": method.mode,
        "amount": amount,
        "date": payment.day.isoformat(),
        "reference_number": str(payment.key),
        "description": _payment_words(payment, amount, share),
        **_rate(draft, sale, payment.conversion if payment.amount.currency == sale.total.currency else sale.conversion),
    }
    if method.account:
        where = f"[target.payment_methods] {named}"
        line = f'{where} = {{ mode = "{method.mode}", account = "{AN_ACCOUNT}" }}'
        body["account_id"] = account_id(method.account, draft.facts, where, line)
    return Intent("payments", payment.key, body, payment.key)


def _method(draft: _Draft, payment: Payment) -> tuple[str, Method]:
    """What the hotel's text becomes, with the key in the configuration that says so."""
    named = quoted(payment.method)
    found = draft.rules.methods.get(payment.method)
    if found is not None:
        return named, found
    default = draft.rules.methods.get("default")
    if default is None:
        raise Unmappable(
            "its payment method is not in the configuration",
            config_key=f'[target.payment_methods] {named} = {{ mode = "banktransfer" }}',
            key=payment.key,
        )
    draft.notes.append(Note(payment.key, "default_method", f"payment method `{payment.method}` went to the default"))
    return "default", default


def _payment_words(payment: Payment, amount: Decimal, share: Share) -> str:
    """Where it comes from; the amount as the hotel has it where Zoho shows another."""
    words = [f"Booking {payment.reference}, payment {payment.source_id}", payment.method, payment.transaction]
    if payment.amount.rounded != share.amount or amount != share.amount.amount:
        words.append(f"{payment.amount.rounded} in all")
    return block(", ".join(word for word in words if word), 500)


def _application(draft: _Draft, payment: Payment, sale: Key, amount: Decimal) -> Intent | None:
    """The part of a payment that goes onto an order's invoice; None while there is no invoice to take it: an advance."""
    key = payment.key.child(sale.id)
    before = draft.standing("applications", key)
    if before is not None and before.wanted is not None:
        return _applied(key, before.wanted, payment, draft.invoices(sale))
    invoices = [i for i in draft.invoices(sale) if any(n.key == i.key and n.module == "invoices.sent" for n in draft.intents)]
    if not invoices or amount <= 0 or sale in draft.refused or sale in draft.errors:
        return None
    body: Body = {
        "invoice_id": Ref("invoices", invoices[0].key),
        "payment_id": Ref("payments", payment.key),
        "amount_applied": amount,
    }
    return _applied(key, body, payment, invoices)


def _applied(key: Key, body: Body, payment: Payment, invoices: Sequence[Invoice]) -> Intent:
    after = [Ref("payments", payment.key), *(Ref("invoices.sent", invoice.key) for invoice in invoices[:1])]
    return Intent("applications", key, body, payment.key, after=tuple(after))


def _note_rest(draft: _Draft, payment: Payment, share: Share, amount: Decimal, applied: Sequence[Intent]) -> None:
    """What of a payment stands on no invoice: money that the booking does not take, and an advance, which is no excess."""
    taken = [part for part in share.parts if part.sale not in draft.refused]
    excess = amount - sum((part.amount for part in taken), Decimal(0))
    excess += sum((part.amount - part.applied for part in taken if draft.invoices(part.sale)), Decimal(0))
    waiting = amount - excess - sum((_decimal(each.body["amount_applied"]) for each in applied), Decimal(0))
    currency = share.amount.currency
    if excess > 0:
        words = f"{plain(excess)} {currency} more than the booking takes: unapplied"
        draft.notes.append(Note(payment.key, "excess", words))
    if waiting > 0:
        draft.notes.append(Note(payment.key, "advance", f"{plain(waiting)} {currency} wait as an advance for the invoice"))


# --- how far it is --------------------------------------------------------------------------------------------------------------


def _mark_progress(draft: _Draft, sale: Sale) -> None:
    invoices = draft.invoices(sale.key)
    total = sale.total.rounded.amount
    received = sale.received.rounded.amount + draft.back.get(sale.key, Decimal(0))
    paid = total <= 0 or draft.rules.final == "draft" or received >= total
    payments = [payment.key for payment in draft.payments if len(draft.sales) == 1 or _is_for(draft, payment, sale)]
    credits = [credit.key for credit in draft.credits if credit.sale == sale.key]
    documents = (*(invoice.key for invoice in invoices), *payments, *credits)
    draft.progress[sale.key] = Progress(bool(invoices), paid, documents)


def _is_for(draft: _Draft, payment: Payment, sale: Sale) -> bool:
    share = draft.shares.get(payment.key)
    return share is not None and any(part.sale == sale.key for part in share.parts)


def _decimal(node: object) -> Decimal:
    if not isinstance(node, Decimal):
        raise TypeError("an amount in a body is a Decimal")
    return node
