"""The examples run: QuickBooks into Creator as it stands in the file, and a hotel's orders by configuration alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from e2e.firm import URL, Firm
from zsync.config import load
from zsync.mapping.shaped import Shaped
from zsync.net.secret import Secret
from zsync.sandbox.app import Sandbox
from zsync.sandbox.forms import Application
from zsync.sandbox.forms.application import Field, Form, Report
from zsync.sandbox.hotel import Hotel, demo
from zsync.sandbox.transport import InProcess
from zsync.sources.qloapps import plugin as qloapps
from zsync.targets.creator import plugin as creator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def entities(name: str) -> Mapping[str, Any]:
    made: Mapping[str, Any] = tomllib.loads((EXAMPLES / name / "zsync.toml").read_text("utf-8"))["entities"]
    return made


@pytest.mark.parametrize("name", ["quickbooks-to-creator", "qloapps-to-creator"])
def test_each_example_is_a_configuration(name: str) -> None:
    found = load(EXAMPLES / name / "zsync.toml", {})
    assert set(found.target_plugin.switches(found.entities)) == set(entities(name))


def test_quickbooks_to_creator_runs(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities=entities("quickbooks-to-creator"))
    firm.initialise()
    firm.well()
    assert {form: len(rows) > 0 for form, rows in firm.standing().items()} == dict.fromkeys(firm.app.forms, True)
    before = firm.calls("creator")
    firm.well()
    assert firm.calls("creator") == before


def unique(name: str) -> Field:
    return Field(name, unique=True, mandatory=True)


FORMS = (
    Form("Guests", (unique("Guest_Id"), Field("Name"), Field("Email", 3), Field("Phone"), Field("Company"))),
    Form(
        "Bookings",
        (
            unique("Order_Id"),
            Field("Reference"),
            Field("Guest", 12, is_lookup=True, ref_form="Guests"),
            Field("Ordered", 10),
            Field("Arrival", 10),
            Field("Total", 8),
            Field("Currency"),
            Field("Paid", 8),
            Field("State", 12, choices=("Open", "Cancelled")),
        ),
    ),
    Form(
        "Booking_Lines",
        (
            unique("Line_Key"),
            Field("Booking", 12, is_lookup=True, ref_form="Bookings"),
            Field("Kind", 12, choices=("room", "service", "demand")),
            Field("Description"),
            Field("Quantity", 6),
            Field("Amount", 8),
        ),
    ),
)


class FrontDesk(Firm):
    """A hotel in the place of the firm's QuickBooks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hotel = Hotel(demo.group(), clock=self.clock.timestamp)
        self.sandbox = Sandbox(
            hotel=self.hotel,
            creator=self.creator,
            accounts=self.sandbox.accounts,
            clock=self.clock.timestamp,
            sleep=self.clock.sleep,
        )

    def shaped(self) -> Shaped:
        _, made = self.settings()
        values = {"tag": "hotel", "url": f"{URL}/hotel", "api_key": Secret.of(self.hotel.api_key)}
        settings = qloapps.settings.model_validate(values)
        return Shaped(qloapps.build(settings, clock=self.clock, transport=InProcess(self.sandbox)), creator.feeds(made))

    @property
    def reads(self) -> type[BaseModel]:
        return qloapps.reads


@pytest.fixture
def desk(tmp_path: Path) -> FrontDesk:
    reports = tuple(Report(f"All_{form.link_name}", form.link_name) for form in FORMS)
    app = Application("acme", "front-desk", forms=FORMS, reports=reports)
    made = FrontDesk(tmp_path, application=app, entities=entities("qloapps-to-creator"), tag="hotel")
    made.initialise()
    made.well()
    return made


def test_a_hotels_orders_stand_in_the_forms_to_the_cent(desk: FrontDesk) -> None:
    orders = {row["id"]: row for row in desk.hotel.tables["orders"]}
    rows = {row["Order_Id"]: row for row in desk.app.rows("Bookings").values()}
    assert set(rows) == {str(id) for id in orders}
    guests = {row["ID"]: row["Guest_Id"] for row in desk.app.rows("Guests").values()}
    for id, order in orders.items():
        row = rows[str(id)]
        assert Decimal(row["Total"]) == Decimal(order["total_paid_tax_incl"]).quantize(Decimal("0.01"))
        assert guests[row["Guest"]] == str(order["id_customer"])
    assert len(desk.app.rows("Booking_Lines")) > len(rows)
    ids = {row["ID"]: row["Order_Id"] for row in desk.app.rows("Bookings").values()}
    assert all(row["Line_Key"].split("-")[0] == ids[row["Booking"]] for row in desk.app.rows("Booking_Lines").values())


def test_a_cancelled_order_is_marked_and_a_quiet_run_is_quiet(desk: FrontDesk) -> None:
    before = desk.calls("creator")
    desk.well()
    assert desk.calls("creator") == before
    paid = {row["order_reference"] for row in desk.hotel.tables["order_payments"]}
    unpaid = [row for row in desk.hotel.tables["orders"] if row["reference"] not in paid and row["invoice_number"] == "0"]
    id = str(unpaid[0]["id"])
    desk.clock.sleep(60)
    desk.hotel.desk.cancel(int(id))
    desk.well()
    (state,) = [row["State"] for row in desk.app.rows("Bookings").values() if row["Order_Id"] == id]
    assert state == "Cancelled"
