"""What may be taken back of a record that the hotel does not have any more. Pure.

Masters go out of use. An invoice is voided if nothing is applied to it, a sales order if none of its invoices stays. Payments,
credit notes, refunds and applications are never taken back because something is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from zsync.model.intent import Ref
from zsync.model.row import Row

_MONEY = frozenset(
    {"payments", "applications", "creditnotes", "creditnotes.open", "creditapplications", "refunds", "excessrefunds"}
)
_HUNG_ON = frozenset({"invoices", "salesorders"})
"""Modules whose documents stay as long as something that hangs on them does."""


def removable(rows: Sequence[Row], allowed: Collection[Ref]) -> frozenset[Ref]:
    """Of the rows of a scope that is gone those of `allowed` that may be taken back; a status goes with its document."""
    kept: set[Ref] = set()
    for row in reversed(rows):  # children first
        needed = row.module in _HUNG_ON and any(row.ref in other.refs and other.ref in kept for other in rows)
        if row.was_sent and (row.module in _MONEY or row.ref not in allowed or needed):
            kept.add(row.ref)
    return frozenset(row.ref for row in rows if row.ref not in kept and _document(row) not in kept)


def _document(row: Row) -> Ref:
    """The document that a status is of; any other row itself."""
    return Ref(row.module.partition(".")[0], row.key)
