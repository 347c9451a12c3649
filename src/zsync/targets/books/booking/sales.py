"""Orders and invoices: what becomes of each order of a booking, and the sales order and invoices that it is in Zoho."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from zsync.errors import RecordError
from zsync.model.documents import Invoice, Payment, Sale
from zsync.model.intent import Body, Intent, Known, Progress, Ref, Stand, Verdict, plain
from zsync.model.key import Key
from zsync.targets.books.booking.draft import Draft, decimal, summed
from zsync.targets.books.booking.places import place
from zsync.targets.books.booking.rates import rate
from zsync.targets.books.lines import Sheet, sheet
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts
from zsync.targets.books.templates import filled


def plan_sale(draft: Draft, sale: Sale) -> None:
    """The order and its invoices; a verdict instead where nothing goes, an error where their sums do not agree."""
    if sale.key in draft.refused:
        return
    invoices = draft.invoices(sale.key)
    if sale.total.currency != draft.facts.base and not draft.rules.multi_currency:
        _all(draft, sale, "skipped", f"it is in {sale.total.currency}, and multi_currency is off")
        return
    if sale.cancelled:
        if not _stands_though_cancelled(draft, sale):
            _all(draft, sale, "canceled", "cancelled in the hotel")
            return
        draft.verdicts[sale.key] = Verdict("canceled", "cancelled after its invoice; the invoice stands")
    try:
        own = [_order(draft, sale), _opened(sale)] if draft.rules.orders_as == "salesorder" else []
        documents = [intent for invoice in invoices for intent in _invoice(draft, sale, invoice)]
    except RecordError as err:
        draft.errors[sale.key] = err
        for invoice in invoices:
            draft.verdicts[invoice.key] = Verdict("blocked", f"its order {sale.source_id} failed", sale.key)
        return
    draft.intents += [*own, *documents]


def _all(draft: Draft, sale: Sale, stand: Stand, reason: str) -> None:
    """The same of an order and of its invoices."""
    for key in (sale.key, *(invoice.key for invoice in draft.invoices(sale.key))):
        draft.verdicts[key] = Verdict(stand, reason)


def _stands_though_cancelled(draft: Draft, sale: Sale) -> bool:
    """Whether the documents of a cancelled order stay, or are written all the same: it was invoiced, and money came in or a
    slip was written. Nobody invents a credit: without a slip the invoice stands. One that nothing was paid on is void, and
    so is one that all was taken off again (`refund_without_slip = "unapply"`)."""
    if not draft.invoices(sale.key):
        return False
    if draft.slips(sale.key):
        return True
    if draft.rules.refund_without_slip == "unapply" and sale.received.rounded.amount <= 0:
        return False
    return draft.paid_in(sale) > 0 or any(order == sale.key for _, order in draft.settled().applied)


def _order(draft: Draft, sale: Sale) -> Intent:
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
        **place(draft, sale),
        **money(found),
        **rate(draft, sale, sale.conversion),
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


def _invoice(draft: Draft, sale: Sale, invoice: Invoice) -> list[Intent]:
    if invoice.key in draft.refused:
        return []
    before = draft.standing("invoices", invoice.key)
    sent = draft.standing("invoices.sent", invoice.key)
    if before is not None and before.wanted is not None and sent is not None:
        if before.wanted.get("_total") != invoice.total.rounded.amount:
            draft.errors[invoice.key] = RecordError(
                f"its total is {invoice.total.rounded} in the source now, {plain(decimal(before.wanted['_total']))} in Zoho",
                hint=f"correct the invoice in Zoho, then `zsync resolve invoices {invoice.source_id} --keep zoho`",
                key=invoice.key,
            )
        body = before.wanted
    else:
        body = _invoice_body(draft, sale, invoice)
    own = ("salesorders", "salesorders.open") if draft.rules.orders_as == "salesorder" else ()
    after = tuple(Ref(module, sale.key) for module in own)
    intents = [Intent("invoices", invoice.key, body, invoice.key, after=after, number=str(body["invoice_number"]))]
    if draft.rules.final == "sent":
        status: Body = {"invoice_id": Ref("invoices", invoice.key)}
        intents.append(Intent("invoices.sent", invoice.key, status, invoice.key, after=(Ref("invoices", invoice.key),)))
    return intents


def _invoice_body(draft: Draft, sale: Sale, invoice: Invoice) -> Body:
    lines = [line for line in sale.lines if line.invoice == invoice.key]
    discounts = [discount for discount in sale.discounts if discount.invoice == invoice.key]
    found = sheet(invoice.key, lines, discounts, invoice.total, invoice.total_net, draft.rules, draft.facts)
    draft.notes += found.notes
    linked = found.line_items
    if draft.rules.orders_as == "salesorder":
        linked = tuple({**line, "salesorder_item_id": Ref("salesorders", sale.key, str(line["_id"]))} for line in linked)
    return {
        "customer_id": Ref("contacts", contact_key(sale, draft.facts)),
        "invoice_number": invoice.number,
        "reference_number": f"{sale.reference}/{sale.source_id}",
        "date": invoice.day.isoformat(),
        # Never left to the contact's terms: Zoho's reminders go to guests.
        "due_date": max(sale.arrival or invoice.day, invoice.day).isoformat(),
        **place(draft, sale),
        **money(replace(found, line_items=linked)),
        **rate(draft, sale, _invoice_conversion(draft, sale, invoice)),
    }


def money(found: Sheet) -> Body:
    body: Body = {"is_inclusive_tax": found.inclusive, "line_items": list(found.line_items), "_total": found.total}
    if found.adjustment != 0:
        body["adjustment"] = found.adjustment
        body["adjustment_description"] = "Rounding in the booking system"
    return body


def _invoice_conversion(draft: Draft, sale: Sale, invoice: Invoice) -> Decimal:
    """The rate of the last payment on or before the invoice's date, else the order's: the order's own becomes an average."""
    same = [
        p for p in draft.payments if p.day <= invoice.day and p.amount.currency == sale.total.currency and p.amount.amount > 0
    ]
    return max(same, key=lambda p: (p.day, int(p.source_id))).conversion if same else sale.conversion


def contact_key(sale: Sale, facts: Facts) -> Key:
    """The contact that a sale is written to: one per currency that the customer trades in."""
    return sale.customer if sale.total.currency == facts.base else sale.customer.child(sale.total.currency)


# --- how far it is --------------------------------------------------------------------------------------------------------------


def mark_progress(draft: Draft, sale: Sale) -> None:
    """How far an order is in the hotel, and which documents belong to it."""
    invoices = draft.invoices(sale.key)
    total = sale.total.rounded.amount
    credited = summed([credit.amount.rounded.amount for credit in draft.slips(sale.key)])
    paid = total <= 0 or draft.rules.final == "draft" or draft.paid_in(sale) + credited >= total
    payments = [payment.key for payment in draft.payments if len(draft.sales) == 1 or _is_for(draft, payment, sale)]
    credits = [credit.key for credit in draft.slips(sale.key)]
    documents = (*(invoice.key for invoice in invoices), *payments, *credits)
    draft.progress[sale.key] = Progress(bool(invoices), paid, documents, own=draft.rules.orders_as == "salesorder")


def _is_for(draft: Draft, payment: Payment, sale: Sale) -> bool:
    share = draft.shares.get(payment.key)
    return share is not None and any(part.sale == sale.key for part in share.parts)
