"""Money back: out of a credit note that has something left, else out of what of a payment stands on no invoice.

    negative payment --give_back--> its orders --> credit notes by id --> free money of payments by id --> rest: hold, or unapply

One sum that comes out of several documents is several refunds, `:1`, `:2`. What was paid out stays; a slip that comes later goes
onto what is open by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from zsync.errors import RecordError
from zsync.model.documents import Payment, Sale
from zsync.model.intent import Body, Intent, Known, Ref, Verdict, plain
from zsync.model.key import Key
from zsync.targets.books.booking.draft import Draft, amount_of, decimal, ends, summed
from zsync.targets.books.booking.payments import account, conversion, current, method, words
from zsync.targets.books.booking.rates import rate
from zsync.targets.books.booking.sales import contact_key
from zsync.targets.books.booking.split import Share, give_back


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of money back: what it is paid out of, and what must be off an invoice first."""

    parent: Ref
    amount: Decimal
    without: tuple[Ref, ...] = ()


def plan_money_back(draft: Draft) -> None:
    """Every negative payment of the booking, by id."""
    sales = draft.in_one_currency()
    for share in give_back(sales, draft.payments, draft.credits):
        payment = next(each for each in draft.payments if each.key == share.payment)
        draft.shares[payment.key] = share
        if payment.key not in draft.refused and share.parts:
            _plan_back(draft, payment, share, {sale.key: sale for sale in sales})
    for credit in draft.credits:
        left = draft.left.get(credit.key, Decimal(0))
        if left > 0:
            draft.note(credit.key, "credit_open", f"{plain(left)} {credit.amount.currency} of it are open: nothing came back")


def _plan_back(draft: Draft, payment: Payment, share: Share, sales: dict[Key, Sale]) -> None:
    kept = [each for each in draft.kept("refunds", "excessrefunds") if _is_of(each.key, payment.key)]
    draft.intents += [Intent(each.module, each.key, each.wanted, payment.key) for each in kept if each.wanted is not None]
    stands = _kept_out(draft, share) if not kept else None
    if stands is not None:
        draft.verdicts[payment.key] = stands
        return
    pieces: list[_Piece] = []
    rest = Decimal(0)
    for sale, amount in _still_due(share, kept).items():
        taken = list(_out_of(draft, sales[sale], amount))
        pieces += taken
        rest += amount - summed([each.amount for each in taken])
    try:
        refunds = _refunds(draft, payment, sales[share.parts[0].sale], share, _merged(pieces), len(kept))
    except RecordError as err:
        draft.errors[payment.key] = err
        return
    draft.intents += refunds
    if rest > 0:
        draft.verdicts[payment.key] = Verdict("held", _held(rest, share.amount.currency))


def _is_of(refund: Key, payment: Key) -> bool:
    return refund == payment or refund.startswith(f"{payment}:")


def _kept_out(draft: Draft, share: Share) -> Verdict | None:
    """Why nothing of it can be paid out: all of its orders stay out or failed, or the slip that it belongs to does."""
    sales = [part.sale for part in share.parts]
    out = [draft.kept_out(key) for key in sales]
    if sales and all(out):
        return Verdict("skipped", out[0])
    failed = [key for key in sales if key in draft.errors]
    if failed and len(failed) == len(sales):
        return Verdict("blocked", f"order {failed[0].id} failed", failed[0])
    for credit in draft.credits:
        if credit.sale in sales and credit.key in draft.errors:
            return Verdict("blocked", f"credit slip {credit.source_id} failed", credit.key)
        if credit.sale in sales and credit.key in draft.refused:
            return Verdict("skipped", f"credit slip {credit.source_id} does not go: {draft.refused[credit.key]}")
    return None


def _still_due(share: Share, kept: list[Known]) -> dict[Key, Decimal]:
    """What of the money back was not paid out yet, by order."""
    due = {part.sale: part.amount for part in share.parts}
    paid = summed([amount_of(each) for each in kept])
    for sale in due:
        off = min(due[sale], paid)
        due[sale] -= off
        paid -= off
    return {sale: amount for sale, amount in due.items() if amount > 0}


def _out_of(draft: Draft, sale: Sale, amount: Decimal) -> Iterator[_Piece]:
    """What the money of one order comes out of."""
    for credit in draft.slips(sale.key):
        if (part := min(draft.left.get(credit.key, Decimal(0)), amount)) > 0:
            draft.left[credit.key] -= part
            amount -= part
            yield _Piece(Ref("creditnotes", credit.key), part)
    for payment, of in sorted(draft.free, key=lambda each: (int(each[0].id), each[1] is None)):
        if of in (sale.key, None) and (part := min(draft.free[payment, of], amount)) > 0:
            draft.free[payment, of] -= part
            amount -= part
            yield _Piece(Ref("payments", payment), part, current(draft, payment.child(sale.source_id))[1])
    if draft.rules.refund_without_slip == "unapply" and amount > 0:
        yield from _taken_off(draft, sale, amount)


def _taken_off(draft: Draft, sale: Sale, amount: Decimal) -> Iterator[_Piece]:
    """Money that stood on the invoice, taken off again: the newest payment first. One that is written is taken off whole, and
    what stays comes in its place."""
    applied = [each for each in draft.intents if each.module == "applications" and ends(each.key)[1] == sale.source_id]
    for each in sorted(applied, key=lambda intent: -int(ends(intent.key)[0])):
        had = decimal(each.body["amount_applied"])
        part = min(had, amount)
        if part <= 0:
            continue
        amount -= part
        first = each.owner.child(sale.source_id)
        gone = current(draft, first)[1]
        draft.intents.remove(each)
        key = each.key
        if draft.standing("applications", each.key) is not None:
            draft.withdrawn.add(each.ref)
            gone = (*gone, each.ref)
            key = first.part(len(gone) + 1)
        if part < had:
            body = {**each.body, "amount_applied": had - part}
            draft.intents.append(replace(each, key=key, body=body, without=gone))
        yield _Piece(Ref("payments", each.owner), part, gone)


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    """One piece for each document that is paid out of."""
    found: dict[Ref, _Piece] = {}
    for each in pieces:
        before = found.get(each.parent)
        if before is None:
            found[each.parent] = each
        else:
            without = tuple(dict.fromkeys((*before.without, *each.without)))
            found[each.parent] = _Piece(each.parent, before.amount + each.amount, without)
    return list(found.values())


def _refunds(draft: Draft, payment: Payment, sale: Sale, share: Share, pieces: list[_Piece], before: int) -> list[Intent]:
    """One refund for each piece: under the payment's own key where it is one, and was never paid out before."""
    alone = len(pieces) == 1 and not before
    return [
        _refund(draft, payment, sale, share, piece, payment.key if alone else payment.key.part(number))
        for number, piece in enumerate(pieces, before + 1)
    ]


def _refund(draft: Draft, payment: Payment, sale: Sale, share: Share, piece: _Piece, key: Key) -> Intent:
    named, found = method(draft, payment)
    of_credit = piece.parent.module == "creditnotes"
    body: Body = {
        "creditnote_id" if of_credit else "payment_id": piece.parent,
        "_customer_id": Ref("contacts", contact_key(sale, draft.facts)),
        "date": payment.day.isoformat(),
        "amount": piece.amount,
        "refund_mode": found.mode,
        "from_account_id": account(draft, named, found),
        "reference_number": str(key),
        "description": words(payment, share, piece.amount),
        **rate(draft, sale, conversion(payment, sale)),
    }
    after = [piece.parent]
    if of_credit:
        after.append(Ref("creditnotes.open", piece.parent.key))
        after += [each.ref for each in draft.intents if each.module == "creditapplications" and each.owner == piece.parent.key]
    module = "refunds" if of_credit else "excessrefunds"
    return Intent(module, key, body, payment.key, after=tuple(after), without=piece.without)


def _held(rest: Decimal, currency: str) -> str:
    return (
        f"{plain(rest)} {currency} were paid back without a credit slip, and no excess or advance to take them from: "
        "write the slip in the hotel, or enter it by hand in Zoho"
    )
