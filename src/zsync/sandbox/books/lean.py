"""Answers cut down to what the contracts declare, for the switch `lean`; live they hold more, if public code is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_UNDECLARED: Mapping[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in (
        ("item", "account_id account_name created_time is_taxable item_type last_modified_time"),
        ("items", "account_id account_name created_time is_taxable item_type last_modified_time"),
        (
            "payment",
            "account_id account_name bcy_amount created_time currency_id exchange_rate invoice_numbers last_modified_time "
            "payment_number payment_refunds unused_amount",
        ),
        (
            "customerpayments",
            "account_id account_name created_time currency_code currency_id customer_id customer_name description "
            "invoice_numbers last_modified_time reference_number unused_amount",
        ),
        ("invoices", "invoice_payment_id"),
    )
}


def lean(content: Mapping[str, Any]) -> dict[str, Any]:
    """A content without what the contracts do not declare of its payments, their applications, and items."""
    return {name: _less(name.replace("customer_p", "customerp"), value) for name, value in content.items()}


def _less(name: str, value: Any) -> Any:
    gone = _UNDECLARED.get(name)
    if gone is None:
        return value
    if isinstance(value, list):
        return [_less(name, row) for row in value]
    return {field: _less(field, inner) for field, inner in value.items() if field not in gone}
