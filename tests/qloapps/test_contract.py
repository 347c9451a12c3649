"""QloApps keeps the promises of a source."""

from __future__ import annotations

from contract.source_contract import Opened, SourceContract
from qloapps import small
from qloapps.front import StillClock, small_hotel, source, wall
from zsync.model.key import Key


class TestQloApps(SourceContract):
    def stage(self) -> Opened:
        clock = StillClock()
        hotel = small_hotel(clock)
        hotel.tables["order_slip"].append(small.slip(1, 1, 1, "55.000000", "50.000000"))
        hotel.tables["orders"] += [small.order(n, f"R{n:08d}", total_products_wt="0") for n in range(5, 50)]
        hotel.tables["customers"] += [small.customer(n) for n in range(12, 40)]

        def change() -> tuple[str, Key]:
            hotel.tables["orders"][1].update(current_state="2", date_upd=wall(clock))
            return "bookings", Key("hotel:booking:BBBBBBBBB")

        def remove() -> tuple[str, Key]:
            hotel.desk.remove("customers", 20)
            return "customers", Key("hotel:customer:20")

        return Opened(
            build=lambda: source(hotel, clock, page_size=20),
            pass_time=lambda: clock.pass_(hours=12),
            change=change,
            remove=remove,
            missing=Key("hotel:order:9999"),
        )
