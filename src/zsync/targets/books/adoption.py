"""Recognising what an organisation has already: the documents that `init --adopt` links instead of creating a second one.

    numbers, skus       exact; our reference makes it ours whatever the total, else customer, date and total must agree
    currencies          the code
    contacts            the name, with our key or the same e-mail address; a namesake is a stranger
    payments            our key as reference; typed by hand: customer, date and amount, where both sides have just one
    what hangs on them  asked for one by one, as in doubt

Lists are read in whole pages; rows are compared here, as filters may be ignored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from zsync.model.intent import Body, Written, plain
from zsync.model.key import Key
from zsync.ports import Match, Module, Stranger
from zsync.targets.books.modules.base import Calls
from zsync.targets.books.modules.masters import Contacts, Items
from zsync.targets.books.modules.payments import LISTING, Payments
from zsync.targets.books.modules.refunds import ExcessRefunds, Refunds
from zsync.targets.books.modules.sales import Numbered
from zsync.targets.books.modules.values import Content, identity, key_in, normal, number, text

LISTED = ("currencies", "contacts", "items", "salesorders", "invoices", "creditnotes", "payments")
"""The modules that are recognised in whole lists, parents first."""

ASKED_SINGLY = ("applications", "creditapplications", "refunds", "excessrefunds")
"""What hangs on them."""

Asked = Sequence[tuple[Key, Body]]

_ALL = {"filter_by": "Status.All"}


def recognise(calls: Calls, module: Module, asked: Asked) -> Iterator[Match | None]:
    """For each (key, body that we would write): what stands there for it already, or None."""
    match module:
        case Contacts():
            yield from _contacts(calls, module, asked)
        case Items():
            yield from _items(calls, asked)
        case Numbered():
            yield from _documents(calls, module, asked)
        case Payments():
            yield from _payments(calls, module, asked)
        case Refunds():
            for key, body in asked:
                (found,) = module.find([(key, body)])
                yield _found(found) or _out_of_a_payment(calls, body)
        case _:
            for each in asked:
                (found,) = module.find([each])
                yield _found(found)


def _found(found: object) -> Match | None:
    match found:
        case Written():
            return Match(found)
        case Stranger():
            return Match(found.written, unclear=found.message)
        case _:
            return None


def _grouped(rows: Iterator[Content], name: str) -> dict[str, list[Content]]:
    found: dict[str, list[Content]] = defaultdict(list)
    for row in rows:
        found[normal(text(row, name))].append(row)
    return found


# --- contacts and items -------------------------------------------------------------------------------------------------------


def _contacts(calls: Calls, module: Contacts, asked: Asked) -> Iterator[Match | None]:
    """Under our name, or under the one that carries the id: a namesake may have had the first."""
    named = _grouped(calls.pages("/contacts", "contacts", _ALL), "contact_name")
    for key, body in asked:
        other = module.renamed(key, body)
        names = [(body, None), *([(other, other)] if other is not None else [])]
        found = [
            (row, renamed)
            for each, renamed in names
            for row in named.get(normal(str(each["contact_name"])), [])
            if text(row, "contact_type") != "vendor" and _is_same_guest(module, key, body, row)
        ]
        yield _one_contact(found)


def _one_contact(found: Sequence[tuple[Content, Body | None]]) -> Match | None:
    if len(found) > 1:
        ids = " and ".join(identity(row, "contact_id") for row, _ in found)
        return Match(unclear=f"contacts {ids} could both be this customer")
    if not found:
        return None
    row, renamed = found[0]
    written = Written(identity(row, "contact_id"), text(row, "contact_name"), status=text(row, "status").lower())
    return Match(written, known=False, renamed=renamed)


def _is_same_guest(module: Contacts, key: Key, body: Body, row: Content) -> bool:
    """By the e-mail address; where one side has none, by our key, which only the whole contact shows."""
    ours, theirs = normal(_email(body)), normal(text(row, "email"))
    if ours and theirs:
        return ours == theirs
    return module.carries(key, identity(row, "contact_id"))


def _email(body: Body) -> str:
    persons = body.get("contact_persons")
    first = persons[0] if isinstance(persons, list) and persons else {}
    return str(first.get("email") or "") if isinstance(first, dict) else ""


def _items(calls: Calls, asked: Asked) -> Iterator[Match | None]:
    """By sku. One of our name and another sku is a stranger's: nothing of ours is written under it."""
    by_sku = _grouped(calls.pages("/items", "items", _ALL), "sku")
    for _, body in asked:
        found = by_sku.get(normal(str(body["sku"])), [])
        if len(found) > 1:
            yield Match(unclear=f"items {' and '.join(identity(row, 'item_id') for row in found)} have the sku {body['sku']}")
        elif found:
            row = found[0]
            yield Match(Written(identity(row, "item_id"), text(row, "sku"), status=text(row, "status").lower()), known=False)
        else:
            yield None


# --- documents ----------------------------------------------------------------------------------------------------------------


def _documents(calls: Calls, module: Numbered, asked: Asked) -> Iterator[Match | None]:
    """By exact number. Void ones are nobody's."""
    numbered: dict[str, list[Content]] = defaultdict(list)
    for row in calls.pages(module.path, module.listing):
        if text(row, "status").lower() != "void":
            numbered[text(row, module.number_field)].append(row)
    for _, body in asked:
        rows = numbered.get(str(body[module.number_field]), [])
        yield _document(module, body, rows[0]) if rows else None


def _document(module: Numbered, body: Body, row: Content) -> Match:
    written = Written(
        identity(row, module.id_field),
        text(row, module.number_field),
        number(row.get("total")),
        text(row, "status").lower(),
        text(row, "last_modified_time"),
    )
    if text(row, "reference_number") == body["reference_number"]:
        return Match(written)
    differing = list(_differing(body, row, (("customer_id", "customer_id"), ("date", "date"), ("total", "_total"))))
    if not differing:
        return Match(written)
    words = "; ".join(differing)
    return Match(written, unclear=f"number {written.number} is taken by document {written.id}, which is not ours: {words}")


def _differing(body: Body, row: Content, names: Sequence[tuple[str, str]]) -> Iterator[str]:
    for theirs, ours in names:
        value = body.get(ours)
        same = number(row.get(theirs)) == value if ours in ("_total", "amount") else text(row, theirs) == str(value)
        if not same:
            yield f"{theirs} is {text(row, theirs)}, ours {value}"


# --- payments -----------------------------------------------------------------------------------------------------------------


def _payments(calls: Calls, module: Payments, asked: Asked) -> Iterator[Match | None]:
    """By our key. What a person typed is taken only where one of each side fits: several of one amount are not guessed."""
    wanted = {number(body["amount"]) for _, body in asked}
    ours: dict[str, Content] = {}
    by_hand: dict[tuple[str, ...], list[Content]] = defaultdict(list)
    keys = {str(body["reference_number"]) for _, body in asked}
    for row in calls.pages("/customerpayments", LISTING):
        whole = _with_reference(module, row, wanted)
        if text(whole, "reference_number") in keys:
            ours[text(whole, "reference_number")] = whole
        elif key_in(text(whole, "reference_number")) is None:
            by_hand[_shown(whole)].append(whole)
    twins: dict[tuple[str, ...], int] = defaultdict(int)
    for _, body in asked:
        twins[_fits(body)] += str(body["reference_number"]) not in ours
    for _, body in asked:
        mine = ours.get(str(body["reference_number"]))
        yield _payment(mine) if mine is not None else _typed(body, by_hand.get(_fits(body), []), twins[_fits(body)])


def _typed(body: Body, rows: Sequence[Content], twins: int) -> Match | None:
    if not rows:
        return None
    if len(rows) == 1 and twins == 1:
        return _payment(rows[0])
    ids = " and ".join(identity(row, "payment_id") for row in rows)
    return Match(unclear=f"payments {ids} fit {twins} of ours with this customer, date and amount: none is guessed")


def _payment(row: Content) -> Match:
    id, label = identity(row, "payment_id"), text(row, "payment_number")
    return Match(Written(id, label, number(row.get("amount")), text(row, "status")))


def _out_of_a_payment(calls: Calls, body: Body) -> Match | None:
    """Money that came back before its slip was paid out of the payment (`unapply`); read anew with the slip, it would be paid
    out of the credit note, once more. Only a person can say that both are one."""
    reference, customer = str(body["reference_number"]), str(body["_customer_id"])
    for payment in calls.pages("/customerpayments", LISTING, {"customer_id": customer}):
        if text(payment, "customer_id") not in ("", customer):
            continue  # filters may be ignored, and lists may not show it
        id = identity(payment, "payment_id")
        for row in calls.pages(f"{ExcessRefunds.path}/{id}/refunds", ExcessRefunds.listing):
            if text(row, "reference_number") == reference:
                refund = Written(identity(row, ExcessRefunds.id_field))
                return Match(refund, unclear=f"it was paid back out of payment {id} already, before its credit note")
    return None


def _fits(body: Body) -> tuple[str, ...]:
    amount = number(body["amount"])
    return str(body["customer_id"]), str(body["date"]), "" if amount is None else plain(amount)


def _shown(row: Content) -> tuple[str, ...]:
    amount = number(row.get("amount"))
    return text(row, "customer_id"), text(row, "date"), "" if amount is None else plain(amount)


def _with_reference(module: Payments, row: Content, wanted: set[Decimal | None]) -> Content:
    """Lists may show no references (the contract's do not): then the whole payment is read where its amount is one of ours."""
    if "reference_number" in row or number(row.get("amount")) not in wanted:
        return row
    return module.content(identity(row, "payment_id")) or row
