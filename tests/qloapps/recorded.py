"""The recorded hotel as tables and as records. Tests that use it skip where the recordings are absent."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zsync.model.record import Record
from zsync.sources.qloapps import parse, parse_masters
from zsync.sources.qloapps.shop import Shop, shop

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "recordings" / "qloapps"
READ_AT = datetime(2026, 11, 24, tzinfo=UTC)

Rows = Sequence[Mapping[str, Any]]


def needs_recordings() -> pytest.MarkDecorator:
    return pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings in ../shared are not here")


@cache
def table(name: str, file: str = "") -> Rows:
    """All rows of one table of the recorded hotel."""
    text = (FOLDER / (file or f"{name}__full_sorted__json.json")).read_text("utf-8")
    loaded = json.loads(text, parse_float=Decimal)
    (rows,) = loaded.values()
    return list(rows)


@cache
def recorded_shop() -> Shop:
    names = ("currencies", "countries", "states", "languages", "taxes", "tax_rules", "tax_rule_groups")
    tables: dict[str, Rows] = {name: table(name) for name in names}
    tables["configurations"] = table("configurations", "configurations__keys__json.json")
    tables["translated_configurations"] = table("translated_configurations", "translated_configurations__full__json.json")
    tables["hotel_addresses"] = [row for row in table("addresses") if str(row["id_customer"]) == "0"]
    return shop(tables)


@cache
def recorded_records() -> list[Record]:
    """The booking records of the recorded hotel, by first order."""
    orders: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in table("orders"):
        orders[row["reference"]].append(row)
    products = frozenset(str(row["id"]) for name in ("room_types", "services") for row in table(name))
    records = []
    for reference, rows in orders.items():
        ids = {str(row["id"]) for row in rows}
        rooms = _of(table("room_bookings"), ids)
        stays = {str(row["id"]) for row in rooms}
        found = parse.booking(
            parse.BookingRows(
                reference,
                rows,
                details=_of(table("order_details"), ids),
                rooms=rooms,
                demands=[row for row in table("booking_extra_demands") if str(row["id_htl_booking"]) in stays],
                discounts=_of(table("order_discounts"), ids),
                invoices=_of(table("order_invoices"), ids),
                payments=[row for row in table("order_payments") if row["order_reference"] == reference],
                slips=_of(table("order_slip"), ids),
                products=products,
            ),
            recorded_shop(),
            "hotel",
            READ_AT,
        )
        assert isinstance(found, Record), found
        records.append(found)
    return records


def recorded_customers() -> list[Record]:
    """The customers of the recorded hotel."""
    addresses = {str(row["id_customer"]): row for row in table("addresses") if str(row["deleted"]) == "0"}
    orders: dict[str, list[dict[str, Any]]] = {}
    for order in table("orders"):
        orders.setdefault(str(order["id_customer"]), []).append(dict(order))
    shop = recorded_shop()
    found = [
        parse_masters.customer(row, addresses.get(id := str(row["id"])), orders.get(id, []), shop, "hotel", READ_AT)
        for row in table("customers")
    ]
    return [record for record in found if isinstance(record, Record)]


def _of(rows: Rows, orders: set[str]) -> Rows:
    return [row for row in rows if str(row["id_order"]) in orders]
