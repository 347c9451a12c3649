"""A hotel of years under a day's quota of calls: today's business first, then the past by date, within the quota.

Made of two orders of the demo, one owed and one invoiced and paid, copied day by day into the past; each day brings a new one.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from e2e.harness import House
from zsync.engine.job import Options
from zsync.engine.preview import preview
from zsync.sandbox.hotel import demo
from zsync.sandbox.limits import Limits

LAST_DAY = date(2026, 3, 14)
OWED, PAID = "20", "1"
"""The orders of the demo that are copied: a sales order alone, and one with invoice, payment and application."""

AT_ONCE = 4
"""Orders that are under way beside each other."""

PARTS = ("order_details", "room_bookings", "order_invoices")
Tables = dict[str, list[dict[str, Any]]]


@dataclass
class Years:
    """The demo's hotel with nothing but copies of two of its orders."""

    tables: Tables = field(default_factory=demo.group)

    def __post_init__(self) -> None:
        self.models = copy.deepcopy(self.tables)
        for name in ("orders", *PARTS, "order_payments", "order_histories", "order_discounts", "booking_extra_demands"):
            self.tables[name].clear()

    def book(self, model: str, day: date) -> str:
        """One order more, of this day; its id."""
        number = len(self.tables["orders"]) + 1
        stamp = f"{day.isoformat()} 12:00:00"
        dated = {"date_add": stamp, "date_upd": stamp}
        order = self._copy("orders", next(row for row in self.models["orders"] if str(row["id"]) == model), **dated)
        reference = order["reference"] = f"BACKLOG{number}"
        invoiced = order["invoice_number"] != "0"
        if invoiced:
            order["invoice_number"], order["invoice_date"] = str(number), stamp
        details: dict[str, str] = {}
        for name in PARTS:
            for row in (each for each in self.models[name] if str(each["id_order"]) == model):
                made = self._copy(name, row, **dated, id_order=str(order["id"]))
                if name == "order_details":
                    details[str(row["id"])] = str(made["id"])
                    made["id_order_invoice"] = str(number) if invoiced else "0"
                if name == "room_bookings":
                    made["id_order_detail"] = details[str(row["id_order_detail"])]
                if name == "order_invoices":
                    made["id"], made["number"] = number, str(number)
        model_reference = next(row["reference"] for row in self.models["orders"] if str(row["id"]) == model)
        for row in self.models["order_payments"]:
            if row["order_reference"] == model_reference:
                self._copy("order_payments", row, order_reference=reference, date_add=stamp)
        return str(order["id"])

    def _copy(self, name: str, row: dict[str, Any], **changes: str) -> dict[str, Any]:
        rows = self.tables[name]
        id = len(rows) + 1
        made = {**row, **{key: value for key, value in changes.items() if key in row}, "id": type(row["id"])(id)}
        rows.append(made)
        return made


def opened(folder: Path, orders: int, calls_a_day: int) -> tuple[House, Years]:
    """So many orders, five a day, the newest of the last day; one in ten is invoiced and paid."""
    years = Years()
    for nth in range(orders):
        day = LAST_DAY - timedelta(days=(orders - 1 - nth) // 5)
        years.book(PAID if nth % 10 == 0 else OWED, day)
    morning = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 5, 0, tzinfo=UTC)
    house = House(
        years.tables,
        folder,
        now=morning,
        limits=Limits(per_day=calls_a_day, per_minute=100),
        target={"limits": {"calls_per_day": calls_a_day}},
    )
    assert house.initialise().outcome == "ok"
    return house, years


def order_ids(house: House) -> list[int]:
    """The orders that stand in the books, in the order in which they were written."""
    return [int(str(each["salesorder_number"]).rpartition("-")[2]) for each in house.books.salesorders.values()]


def calls_by_day(house: House) -> Counter[date]:
    """Calls to the books by day, in the organisation's zone (UTC here)."""
    return Counter(datetime.fromtimestamp(each.at, UTC).date() for each in house.sandbox.ledger.entries("books"))


def test_a_backlog_leaves_newest_first_within_each_day_s_quota_and_comes_to_an_end(tmp_path: Path, thorough: bool) -> None:
    """Five thousand orders under a thousand calls a day where every point is asked for; else fewer, under fewer."""
    orders, calls_a_day = (5000, 1000) if thorough else (600, 150)
    house, years = opened(tmp_path, orders, calls_a_day)
    foreseen = preview(house.job(), house.state(house.store.copy()), Options())
    fresh: list[int] = []
    days = 0
    while house.open_rows():
        days += 1
        fresh.append(int(years.book(PAID, house.clock.now().date())))
        codes = [house.run(minutes=120).exit_code for _ in range(3)]
        assert set(codes) <= {0, 6}
        assert house.status("orders")[str(fresh[-1])] == "synced", "today's business goes before the past"
        house.clock.sleep(18 * 3600)
        assert days <= foreseen.days + 1, "four calls a day more than were foreseen"
    assert codes[-1] == 0
    assert days >= 7
    assert max(calls_by_day(house).values()) <= calls_a_day * 4 // 5, "a fifth is left to others"
    assert [each for each in house.sandbox.ledger.entries("books") if each.status == 429] == []
    written = order_ids(house)
    assert sorted(written) == list(range(1, orders + len(fresh) + 1)), "each once"
    assert late(written, years, fresh) == [], "by date, the newest first"
    assert set(house.status("payments").values()) == {"synced"}


def late(written: list[int], years: Years, fresh: list[int]) -> list[int]:
    """Orders of the past that left before a newer one that was not under way beside them."""
    days = {int(str(row["id"])): str(row["date_add"]) for row in years.tables["orders"]}
    past = [id for id in written if id not in fresh]
    newest_after = list(accumulate((days[id] for id in reversed(past)), max))[::-1]
    return [id for id, newer in zip(past, newest_after[AT_ONCE:], strict=False) if newer > days[id]]
