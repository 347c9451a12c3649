"""The plan of a booking reference, in the order in which money moves:

    orders, invoices, `sent`  -->  payments, applications  -->  credit notes, applications  -->  money back  -->  progress
        sales.py                      payments.py                  credits.py                    refunds.py

What is written in Zoho stays as it is; each step fills what the ones before it leave. How cancelling and refunding go, row by
row, stands in `docs/cancelling.md`.
"""

from __future__ import annotations

from collections.abc import Mapping

from zsync.model.intent import KnownRows, Plan
from zsync.model.key import Key
from zsync.model.record import Record
from zsync.targets.books.booking.credits import plan_credits
from zsync.targets.books.booking.draft import Draft
from zsync.targets.books.booking.payments import note_rest, plan_payments
from zsync.targets.books.booking.refunds import plan_money_back
from zsync.targets.books.booking.sales import mark_progress, plan_sale
from zsync.targets.books.rules import Rules
from zsync.targets.books.taxes import Facts


def plan_booking(record: Record, known: KnownRows, refused: Mapping[Key, str], facts: Facts, rules: Rules) -> Plan:
    """All that one booking wants in Zoho Books.

    One order that misses is failed alone, with its invoice; a payment is blocked when all of its orders failed.
    """
    draft = Draft(record, known, refused, rules, facts)
    for sale in draft.sales:
        plan_sale(draft, sale)
    plan_payments(draft)
    plan_credits(draft)
    plan_money_back(draft)
    note_rest(draft)
    for sale in draft.sales:
        mark_progress(draft, sale)
    return Plan(
        record.key,
        tuple(draft.intents),
        errors=draft.errors,
        verdicts=draft.verdicts,
        notes=tuple(draft.notes),
        progress=draft.progress,
        withdrawn=frozenset(draft.withdrawn),
    )
