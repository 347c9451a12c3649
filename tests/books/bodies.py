"""Bodies as the mapping makes them, with ids where Refs were: what the tests of the modules send."""

from __future__ import annotations

from decimal import Decimal

from zsync.model.intent import Body, Node
from zsync.model.key import Key


def key(text: str) -> Key:
    return Key.parse(f"hotel:{text}")


def lines() -> list[Node]:
    """Two nights and a breakfast: 300.50."""
    return [
        {
            "_id": "stay:2",
            "item_id": "11",
            "name": "Double",
            "description": "Harbour House, 2 nights",
            "quantity": Decimal(2),
            "rate": Decimal("140.00"),
            "tax_id": "91",
        },
        {"_id": "detail:5", "item_id": "12", "name": "Breakfast", "quantity": Decimal(1), "rate": Decimal("20.50")},
    ]


CONTACT: Body = {
    "contact_name": "Ada Guest",
    "contact_number": "hotel:customer:8",
    "ignore_auto_number_generation": True,
    "contact_type": "customer",
    "customer_sub_type": "individual",
    "language_code": "en",
    "currency_id": "77",
    "billing_address": {"address": "1 Quay Street", "city": "Porto", "country": "Portugal"},
    "contact_persons": [
        {"first_name": "Ada", "last_name": "Guest", "email": "ada@example.com", "is_primary_contact": True},
    ],
    "notes": "VAT number: PT1",
}
ITEM: Body = {
    "name": "Double (ROOM-5)",
    "sku": "ROOM-5",
    "rate": Decimal("140"),
    "product_type": "service",
    "item_type": "sales",
    "account_id": "55",
    "tax_id": "91",
}
ORDER: Body = {
    "customer_id": "1",
    "salesorder_number": "QLO-41",
    "reference_number": "YQWLUONEF/41",
    "date": "2026-03-01",
    "is_inclusive_tax": True,
    "line_items": lines(),
    "_total": Decimal("300.50"),
}
INVOICE: Body = {
    "customer_id": "1",
    "invoice_number": "#IN000002",
    "reference_number": "YQWLUONEF/41",
    "date": "2026-03-01",
    "due_date": "2026-03-08",
    "is_inclusive_tax": True,
    "line_items": [{**line, "salesorder_item_id": "3"} for line in lines() if isinstance(line, dict)],
    "_total": Decimal("300.50"),
}
PAYMENT: Body = {
    "customer_id": "1",
    "payment_mode": "banktransfer",
    "amount": Decimal("300.50"),
    "date": "2026-03-02",
    "reference_number": "hotel:payment:13",
    "description": "Booking YQWLUONEF, payment 13",
}
APPLICATION: Body = {"invoice_id": "2", "payment_id": "13", "amount_applied": Decimal("300.50")}
CREDIT: Body = {
    "customer_id": "1",
    "creditnote_number": "#CS000003",
    "reference_number": "YQWLUONEF/3",
    "date": "2026-03-05",
    "is_inclusive_tax": True,
    "line_items": lines(),
    "_total": Decimal("300.50"),
}
REFUND: Body = {
    "_customer_id": "1",
    "date": "2026-03-06",
    "amount": Decimal("100.50"),
    "refund_mode": "banktransfer",
    "from_account_id": "55",
    "reference_number": "hotel:payment:22",
    "description": "Booking YQWLUONEF, payment 22",
}
CURRENCY: Body = {
    "currency_code": "USD",
    "currency_symbol": "$",
    "price_precision": 2,
    "currency_format": "1,234,567.89",
}
