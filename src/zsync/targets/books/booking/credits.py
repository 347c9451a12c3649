"""Credit slips: a credit note of what the slip takes back, put onto what its invoice still leaves open.

A slip waits for its invoice; of one that was never invoiced there is nothing to credit. What of the note is left then is for the
money that came back (`refunds.py`), and stays open where none did.
"""

from __future__ import annotations

from decimal import Decimal

from zsync.errors import RecordError
from zsync.model.documents import Credit, Sale
from zsync.model.intent import Body, Intent, Ref, Verdict
from zsync.targets.books.booking.draft import Draft, decimal, ends, parent_of, summed
from zsync.targets.books.booking.draft import amount_of as sent_amount
from zsync.targets.books.booking.places import place
from zsync.targets.books.booking.rates import rate
from zsync.targets.books.booking.sales import contact_key, money
from zsync.targets.books.lines import sheet


def plan_credits(draft: Draft) -> None:
    """The credit note of each slip, oldest first."""
    for credit in sorted(draft.credits, key=lambda each: int(each.source_id)):
        sale = next(each for each in draft.sales if each.key == credit.sale)
        verdict = None if draft.standing("creditnotes", credit.key) else _not_now(draft, credit, sale)
        if verdict is not None:
            draft.verdicts[credit.key] = verdict
        elif credit.key not in draft.refused:
            _plan_credit(draft, credit, sale)


def _not_now(draft: Draft, credit: Credit, sale: Sale) -> Verdict | None:
    """Why a slip makes no credit note, or none yet."""
    if credit.key in draft.refused:
        return Verdict("skipped", draft.refused[credit.key])
    if out := draft.kept_out(sale.key):
        return Verdict("skipped", out)
    if sale.key in draft.errors:
        return Verdict("blocked", f"its order {sale.source_id} failed", sale.key)
    if not draft.invoices(sale.key):
        return Verdict("skipped", "its order was never invoiced: there is nothing to credit")
    if not any(draft.planned("invoices", invoice.key) for invoice in draft.invoices(sale.key)):
        return Verdict("skipped", "its invoice is not written, so there is nothing to credit")
    return None


def _plan_credit(draft: Draft, credit: Credit, sale: Sale) -> None:
    try:
        made = _credit_note(draft, credit, sale)
    except RecordError as err:
        draft.errors[credit.key] = err
        return
    status: Body = {"creditnote_id": Ref("creditnotes", credit.key)}
    opened = Intent("creditnotes.open", credit.key, status, credit.key, after=(Ref("creditnotes", credit.key),))
    draft.intents += [made, opened]
    refunded = summed([sent_amount(each) for each in draft.kept("refunds") if parent_of(each).key == credit.key])
    left = decimal(made.body["_total"]) - refunded
    applied = _application(draft, credit, sale, left)
    if applied is not None:
        draft.intents.append(applied)
        left -= decimal(applied.body["amount_applied"])
    draft.left[credit.key] = left


def _credit_note(draft: Draft, credit: Credit, sale: Sale) -> Intent:
    """It is never changed: what stands is named as it is."""
    before = draft.standing("creditnotes", credit.key)
    if before is not None and before.wanted is not None:
        number = str(before.wanted.get("creditnote_number", ""))
        return Intent("creditnotes", credit.key, before.wanted, credit.key, number=number)
    found = sheet(credit.key, credit.lines, (), credit.amount, credit.amount_net, draft.rules, draft.facts)
    draft.notes += found.notes
    number = draft.rules.credit_prefix + credit.number if credit.number.isdecimal() else credit.number
    body: Body = {
        "customer_id": Ref("contacts", contact_key(sale, draft.facts)),
        "creditnote_number": number,
        "reference_number": f"{sale.reference}/{credit.source_id}",
        "date": credit.day.isoformat(),
        **place(draft, sale),
        **money(found),
        **rate(draft, sale, credit.conversion),
    }
    after = tuple(Ref("invoices", invoice.key) for invoice in draft.invoices(sale.key)[:1])
    return Intent("creditnotes", credit.key, body, credit.key, after=after, number=number)


def _application(draft: Draft, credit: Credit, sale: Sale, left: Decimal) -> Intent | None:
    """What of the note goes onto its invoice: as much as payments and earlier notes leave open. None where that is nothing, and
    on a draft, which takes no credit."""
    key = credit.key.child(sale.source_id)
    invoices = draft.sent_invoices(sale.key)
    before = draft.standing("creditapplications", key)
    if before is not None and before.wanted is not None:
        body = before.wanted
    elif invoices and (amount := min(_open_balance(draft, sale), left)) > 0:
        body = {
            "creditnote_id": Ref("creditnotes", credit.key),
            "invoice_id": Ref("invoices", invoices[0].key),
            "amount_applied": amount,
        }
    else:
        return None
    after = [Ref("creditnotes.open", credit.key), *(Ref("invoices.sent", invoice.key) for invoice in invoices[:1])]
    after += [each.ref for each in draft.intents if each.module == "applications" and ends(each.key)[1] == sale.source_id]
    return Intent("creditapplications", key, body, credit.key, after=tuple(after))


def _open_balance(draft: Draft, sale: Sale) -> Decimal:
    """What of an order's invoice nothing was put on yet, in this plan or before."""
    invoice = draft.sent_invoices(sale.key)[0]
    taken = [
        decimal(each.body["amount_applied"])
        for each in draft.intents
        if each.module in ("applications", "creditapplications") and ends(each.key)[1] == sale.source_id
    ]
    return invoice.total.rounded.amount - summed(taken)
