"""Payments and their applications: with their full amount, onto the invoices that Zoho has; without one they are advances."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from zsync.errors import RecordError, Unmappable
from zsync.model.documents import Invoice, Payment, Sale
from zsync.model.intent import Body, Intent, Ref, Verdict, plain
from zsync.model.key import Key
from zsync.targets.books.booking.draft import Draft, decimal, summed
from zsync.targets.books.booking.places import place
from zsync.targets.books.booking.rates import rate
from zsync.targets.books.booking.sales import contact_key
from zsync.targets.books.booking.split import Share, divide, in_currency_of, paid_back
from zsync.targets.books.rules import Method
from zsync.targets.books.taxes import AN_ACCOUNT, account_id, quoted
from zsync.targets.books.text import block


def plan_payments(draft: Draft) -> None:
    """Every positive payment of the booking. Negative ones are money back: `refunds.py`."""
    sales = draft.in_one_currency()
    if not sales:
        return
    draft.back = paid_back(sales, draft.payments, draft.credits)
    for payment in draft.payments:
        if in_currency_of(sales[0], payment).amount == 0 and payment.key not in draft.refused:
            draft.verdicts[payment.key] = Verdict("skipped", "nothing was paid")
    for share in divide(sales, draft.invoices(), draft.payments, draft.credits, draft.settled()):
        payment = next(each for each in draft.payments if each.key == share.payment)
        draft.shares[payment.key] = share
        if payment.key not in draft.refused and share.amount.amount > 0:
            _plan_payment(draft, payment, share, sales)


def _plan_payment(draft: Draft, payment: Payment, share: Share, sales: Sequence[Sale]) -> None:
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
    _keep_free(draft, payment, share, made, fitting)


def _fitting(draft: Draft, payment: Payment, share: Share, applied: Sequence[Intent]) -> Sequence[Intent]:
    """The applications that a payment has room for as it stands. It is never changed: what was left out of it, because its
    order was before the start date then, is a person's matter once that order goes."""
    standing = draft.standing("payments", payment.key)
    amount = decimal(standing.body["amount"]) if standing is not None and standing.body is not None else None
    missing = summed([decimal(each.body["amount_applied"]) for each in applied]) - (amount or Decimal(0))
    if amount is None or missing <= 0:
        return applied
    draft.errors[payment.key] = RecordError(
        f"it was written with {amount:f} {share.amount.currency}, without the part of an order that did not go then; "
        f"{missing:f} {share.amount.currency} more are for invoices now",
        hint=f"raise and apply it in Zoho, then `zsync resolve payments {payment.source_id} --keep zoho`",
        key=payment.key,
    )
    return [each for each in applied if draft.standing("applications", each.key)]


def _keep_free(draft: Draft, payment: Payment, share: Share, made: Intent, applied: Sequence[Intent]) -> None:
    """What of the payment stands on no invoice: the advance of each order, and what belongs to none."""
    on: dict[str, Decimal] = {}
    for each in applied:
        order = each.key.id.partition("/")[2].partition(":")[0]
        on[order] = on.get(order, Decimal(0)) + decimal(each.body["amount_applied"])
    taken = [part for part in share.parts if part.sale not in draft.refused]
    for part in taken:
        draft.free[payment.key, part.sale] = part.amount - on.get(part.sale.id, Decimal(0))
    refunded = draft.settled().refunded.get(payment.key, Decimal(0))
    draft.free[payment.key, None] = decimal(made.body["amount"]) - refunded - summed([part.amount for part in taken])


def _payment(draft: Draft, payment: Payment, share: Share, sales: Sequence[Sale]) -> Intent:
    """With its full amount; where some orders of the booking are before the start date, the parts of those that are in."""
    out = [part for part in share.parts if part.sale in draft.refused]
    amount = share.amount.amount if not out else summed([p.amount for p in share.parts if p not in out])
    sale = next(sale for sale in sales if not draft.kept_out(sale.key))
    named, found = method(draft, payment)
    body: Body = {
        "customer_id": Ref("contacts", contact_key(sale, draft.facts)),
        "payment_mode": found.mode,
        "amount": amount,
        "date": payment.day.isoformat(),
        "reference_number": str(payment.key),
        "description": words(payment, share, amount),
        **place(draft, *(each for each in sales if any(part.sale == each.key for part in share.parts))),
        **rate(draft, sale, conversion(payment, sale)),
    }
    if found.account:
        body["account_id"] = account(draft, named, found)
    return Intent("payments", payment.key, body, payment.key)


def conversion(payment: Payment, sale: Sale) -> Decimal:
    """Of the document that a payment, or money back, becomes: its own where it is in the order's currency."""
    return payment.conversion if payment.amount.currency == sale.total.currency else sale.conversion


def method(draft: Draft, payment: Payment) -> tuple[str, Method]:
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
    draft.note(payment.key, "default_method", f"payment method `{payment.method}` went to the default")
    return "default", default


def account(draft: Draft, named: str, found: Method) -> str:
    """The id of the account that a payment method names. Unmappable with the line to write, also where it names none."""
    where = f"[target.payment_methods] {named}"
    line = f'{where} = {{ mode = "{found.mode}", account = "{AN_ACCOUNT}" }}'
    if not found.account:
        raise Unmappable("money is paid back from an account, and its payment method names none", config_key=line)
    return account_id(found.account, draft.facts, where, line)


def words(payment: Payment, share: Share, amount: Decimal) -> str:
    """Where it comes from; the amount as the hotel has it where Zoho shows another."""
    named = [f"Booking {payment.reference}, payment {payment.source_id}", payment.method, payment.transaction]
    own = abs(payment.amount.rounded.amount), payment.amount.currency
    if own != (share.amount.amount, share.amount.currency) or amount != share.amount.amount:
        named.append(f"{payment.amount.rounded} in all")
    return block(", ".join(word for word in named if word), 500)


def _application(draft: Draft, payment: Payment, sale: Key, amount: Decimal) -> Intent | None:
    """The part of a payment that goes onto an order's invoice; None while there is no invoice to take it: an advance."""
    key, instead_of = current(draft, payment.key.child(sale.id))
    before = draft.standing("applications", key)
    if before is not None and before.wanted is not None:
        return _applied(key, before.wanted, payment, draft.invoices(sale))
    invoices = draft.sent_invoices(sale)
    if not invoices or amount <= 0 or sale in draft.refused or sale in draft.errors:
        return None
    body: Body = {
        "invoice_id": Ref("invoices", invoices[0].key),
        "payment_id": Ref("payments", payment.key),
        "amount_applied": amount,
    }
    return _applied(key, body, payment, invoices, instead_of)


def _applied(key: Key, body: Body, payment: Payment, invoices: Sequence[Invoice], instead_of: tuple[Ref, ...] = ()) -> Intent:
    after = [Ref("payments", payment.key), *(Ref("invoices.sent", invoice.key) for invoice in invoices[:1])]
    return Intent("applications", key, body, payment.key, after=tuple(after), without=instead_of)


def current(draft: Draft, first: Key) -> tuple[Key, tuple[Ref, ...]]:
    """The key of an application, and those before it that were taken off: one is never changed, another comes in its place."""
    superseded: list[Ref] = []
    key = first
    while (before := draft.known.get(("applications", key))) is not None and before.wanted is None:
        superseded.append(Ref("applications", key))
        key = first.part(len(superseded) + 1)
    return key, tuple(superseded)


def note_rest(draft: Draft) -> None:
    """What of each payment stands on no invoice after all: money that the booking does not take, and an advance, which is no
    excess."""
    for payment, share in draft.shares.items():
        if (payment, None) not in draft.free or payment in draft.errors:
            continue
        excess, waiting = draft.free[payment, None], Decimal(0)
        for part in share.parts:
            free = draft.free.get((payment, part.sale), Decimal(0))
            over = min(part.amount - part.applied, free) if draft.invoices(part.sale) else Decimal(0)
            excess += over
            waiting += free - over
        currency = share.amount.currency
        if excess > 0:
            draft.note(payment, "excess", f"{plain(excess)} {currency} more than the booking takes: unapplied")
        if waiting > 0:
            draft.note(payment, "advance", _of_advance(draft, f"{plain(waiting)} {currency}"))


def _of_advance(draft: Draft, amount: str) -> str:
    """An advance waits for its invoice; that of a cancelled booking stays the guest's until it is paid back."""
    if all((verdict := draft.verdicts.get(sale.key)) is not None and verdict.stand == "canceled" for sale in draft.sales):
        return f"{amount} were paid for a booking that is cancelled: they stay as an advance"
    return f"{amount} wait as an advance for the invoice"
