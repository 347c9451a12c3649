"""Where the facts are not sure, a switch: tests run both ways. Sections are those of the facts on Zoho Books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How this organisation behaves. Each default is what is most often seen, or what is worse for a writer."""

    # --- documents ---
    salesorder_starts: Literal["draft", "open"] = "open"
    """Status of a sales order after POST: approval and preferences decide (10)."""
    open_orders: Literal["open", "confirmed"] = "open"
    """What an open sales order is called: `confirmed` in the Inventory flavour (10)."""
    creditnote_starts: Literal["draft", "open"] = "open"
    """Status of a credit note after POST without `is_draft` (13)."""
    auto_sent: bool = False
    """The organisation marks new invoices as sent by itself (11)."""
    repeated_status: Literal["refused", "accepted"] = "refused"
    """Marking what is marked already: 400 with 4043, or a quiet success (11)."""
    invoice_needs_open_order: bool = False
    """Whether an invoice line may name a line of a sales order that is still a draft (10)."""
    paid_invoices_locked: bool = False
    """Paid and void invoices refuse edits; public clients treat them so (11)."""
    locked_until: str = ""
    """Documents and payments dated on or before this day are refused; the code is not published (11)."""
    overdue_before_partial: bool = True
    """A part-paid invoice past its due date shows `overdue`, not `partially_paid` (11)."""
    own_number_without_flag: Literal["refused", "ignored", "accepted"] = "refused"
    """An own number without `ignore_auto_number_generation` (6)."""
    document_currency_free: bool = True
    """A document may have another currency than its contact (5)."""

    # --- money ---
    item_tax_applies: bool = True
    """A line without `tax_id` takes the tax of its item; the facts are silent, an empty `tax_id` says none."""
    tax_per_line: bool = False
    """A tax is rounded line by line instead of once on the sum (5)."""
    net_first: bool = False
    """Prices with tax: each line's net is rounded first and taxed again, so that a total may be a cent off (5)."""
    whole_totals: bool = False
    """The organisation rounds totals to whole units (5)."""
    rate_decimals: int = 6
    """Decimals kept of a rate and a quantity (5)."""

    own_rates: bool = False
    """Zoho counts documents with its own rate of the day, whatever was sent (5: unsure what it does with one that is odd)."""

    # --- payments ---
    credits_need_sent: bool = True
    """Payments and credits on a draft invoice are refused (11: payments observed; 4: 12005)."""
    payment_reference_max: int = 50
    """Characters of a payment's reference: 50 in practice, 100 by the contract (12)."""
    payments_list_key: Literal["customerpayments", "customer_payments"] = "customerpayments"
    """Key of the list of payments: live, or as the contract says (4)."""

    # --- contacts and items ---
    contact_number_kept: bool = True
    """`contact_number` can be set with `ignore_auto_number_generation` (6)."""
    duplicate_names: bool = False
    """A preference allows contacts of the same name (6)."""
    names_fold_case: bool = True
    """Names that differ only in case are the same (6)."""
    put_replaces_contact: bool = False
    """A PUT of a contact empties the fields that it leaves out (7)."""
    inactive_refused: bool = True
    """Inactive contacts and items cannot get new documents (7)."""
    email_checked: bool = True
    """A bad address refuses the whole contact (18)."""
    email_near: bool = False
    """The filter `email` also returns near matches (6)."""
    brackets_refused: bool = True
    """`<`, `>` and control characters in names are refused with code 4 (18)."""
    duplicate_item_code: Literal[1000, 1001] = 1001
    """Code of an item whose name or sku exists (4)."""
    sku_filter: bool = False
    """`sku=` filters the list of items; else the name is unknown and ignored (6)."""

    portal: bool = True
    """The organisation has a customer portal; without one, asking for it is refused (4: 31006)."""

    # --- settings ---
    groups_among_taxes: bool = True
    """Tax groups stand in the list of taxes, as `tax_group` (16)."""

    # --- answers ---
    lean: bool = False
    """Answers show of payments and items no more than the contract declares (contracts; 4)."""

    # --- time ---
    lag_s: float = 0.0
    """How long a list shows a record as it was before its last write; by id it is seen at once (6)."""
    lag_in_sublists: bool = False
    """Whether a record's own sub-lists (the payments of an invoice) lag too."""
