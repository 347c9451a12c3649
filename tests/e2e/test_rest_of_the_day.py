"""With little left of the day, what matters most goes first: money of live bookings before customers and items that changed."""

from __future__ import annotations

from pathlib import Path

from e2e.harness import House
from e2e.test_faults import small
from zsync.engine.job import Options
from zsync.sandbox.hotel import Hotel


def changed(folder: Path) -> House:
    """All stands; then a customer and a room type change, and after them a booking is invoiced and paid."""
    house = small(folder)
    house.run_to_rest()
    assert isinstance(house.hotel, Hotel)
    desk = house.hotel.desk
    someone = int(house.hotel.tables["customers"][0]["id"])
    desk.edit_customer(someone, lastname="Zeidler")
    desk.edit("room_types", int(house.hotel.tables["room_types"][0]["id"]), price="123.450000")
    house.clock.sleep(60)
    desk.invoice(8)
    desk.pay(8, "50.00")
    house.sandbox.ledger.clear()
    return house


def test_what_does_not_fit_today_is_the_update_and_it_goes_later(tmp_path: Path) -> None:
    house = changed(tmp_path)

    house.run(Options(max_calls=6))

    written = {each.path.split("/")[1] for each in house.sandbox.ledger.writes()}
    assert "customerpayments" in written or "invoices" in written
    assert not written & {"contacts", "items"}
    house.run_to_rest()
    assert {"contacts", "items"} <= {each.path.split("/")[1] for each in house.sandbox.ledger.writes()}
