"""QuickBooks keeps the promises of a source, and so does a source that is shaped into the user's entities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contract.source_contract import Opened, SourceContract
from quickbooks.front import Desk
from zsync.mapping.shaped import Feed, Shaped
from zsync.model.key import Key
from zsync.ports import Source
from zsync.sandbox.company import demo

READS: Mapping[str, Mapping[str, Any]] = {
    "customers": {"object": "Customer"},
    "invoices": {"object": "Invoice"},
    "codes": {"object": "TaxCode"},
    "pnl": {"report": "ProfitAndLoss", "periods": 3},
}


def opened(shape: Callable[[Source], Source], missing: str) -> Opened:
    desk = Desk()
    desk.company = desk.quickbooks.company = demo.whole(desk.clock.timestamp)
    for name in ("TAX", "NON"):
        desk.company.add("TaxCode", Name=name, Active=True)

    def change() -> tuple[str, Key]:
        desk.company.change("Customer", "3", DisplayName="Cool Cars & Co")
        return "records", Key("qbo:customer:3")

    def remove() -> tuple[str, Key]:
        desk.company.delete("Invoice", "20")
        return "records", Key("qbo:invoice:20")

    return Opened(
        build=lambda: shape(desk.source(READS)),
        pass_time=lambda: desk.clock.sleep(12 * 3600),
        change=change,
        remove=remove,
        missing=Key(missing),
    )


class TestQuickBooks(SourceContract):
    def stage(self) -> Opened:
        return opened(lambda source: source, "qbo:invoice:9999")


class TestShaped(SourceContract):
    """Two entities of one object, one of them by its lines, and a report."""

    def stage(self) -> Opened:
        feeds = [
            Feed("customers", "Customer"),
            Feed("active", "Customer", (("Active", "is", True),)),
            Feed("invoices", "Invoice"),
            Feed("invoice_lines", "Invoice", each="Line", line_id="Id"),
            Feed("pnl", "ProfitAndLoss:pnl"),
        ]
        return opened(lambda source: Shaped(source, feeds), "qbo:invoices:9999")
