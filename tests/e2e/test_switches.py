"""Each kind of record under its switches: made, changed, disabled and deleted in the hotel, with the switch on and off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import House
from zsync.sandbox.books.behaviour import Behaviour
from zsync.sandbox.hotel import demo
from zsync.sandbox.hotel.bookwork import Stay
from zsync.sandbox.hotel.desk import Desk
from zsync.sandbox.hotel.house import DOUBLE
from zsync.state.desk import Inbox

NOW = datetime.fromtimestamp(demo.NOW, UTC)
AS_SEEN = Behaviour()
FRANCS = {"multi_currency": True}
DOCUMENTS = ("salesorders", "invoices", "payments", "creditnotes")
ACCOUNT = {"payment_methods": {"default": {"mode": "others", "account": "Room sales"}}}


@dataclass(frozen=True)
class Kind:
    """A kind of record: how a person at the hotel changes, disables and deletes one, and how it shows in the books."""

    entity: str
    id: str
    change: Callable[[Desk], None]
    disable: Callable[[Desk], None]
    remove: Callable[[Desk], None]
    shown: Callable[[House], str]
    settings: dict[str, Any]


def contact(house: House) -> str:
    (row,) = [row for row in house.books.contacts.values() if row["contact_number"] == "hotel:customer:8"]
    return f"{row['contact_name']} {row['status']}"


def item(sku: str) -> Callable[[House], str]:
    def look(house: House) -> str:
        (row,) = [row for row in house.books.items.values() if row["sku"] == sku]
        return f"{row['name']} {row['status']}"

    return look


KINDS = (
    Kind(
        "customers",
        "8",
        lambda desk: desk.edit_customer(8, lastname="Changed"),
        lambda desk: desk.edit_customer(8, active=0),
        lambda desk: desk.remove("customers", 8),
        contact,
        {},
    ),
    Kind(
        "hotels",
        "1",
        lambda desk: desk.edit("hotels", 1, hotel_name={"en": "Changed", "de": "Anders"}),
        lambda desk: desk.edit("hotels", 1, active=0),
        lambda desk: desk.remove("hotels", 1),
        item("HOTEL-1"),
        {},
    ),
    Kind(
        "room_types",
        "1",
        lambda desk: desk.edit("room_types", 1, name={"en": "Changed", "de": "Anders"}),
        lambda desk: desk.edit("room_types", 1, active=0),
        lambda desk: desk.remove("room_types", 1),
        item("ROOM-1"),
        {},
    ),
    Kind(
        "service_products",
        "15",
        lambda desk: desk.edit("services", 15, name={"en": "Changed", "de": "Anders"}),
        lambda desk: desk.edit("services", 15, active=0),
        lambda desk: desk.remove("services", 15),
        item("SERVICE-15"),
        {},
    ),
)


def opened(folder: Path, kind: Kind, **switches: bool) -> House:
    """Only this kind, with these switches; everything else is left alone."""
    others = {each.entity: {"auto_create": False} for each in KINDS if each is not kind}
    money = {entity: {"auto_create": False} for entity in ("orders", "invoices", "payments", "credit_notes")}
    house = House(demo.group(), folder, now=NOW, entities={**others, **money, kind.entity: {**kind.settings, **switches}})
    assert house.initialise().outcome == "ok"
    house.run_to_rest()
    return house


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.entity)
def test_with_every_switch_on_it_is_made_changed_and_disabled(kind: Kind, tmp_path: Path) -> None:
    house = opened(tmp_path, kind)
    assert house.status(kind.entity)[kind.id] == "synced"
    assert kind.shown(house).endswith(" active")
    kind.change(house.hotel.desk)
    house.run_to_rest()
    assert "Changed" in kind.shown(house)
    kind.disable(house.hotel.desk)
    house.run_to_rest()
    assert kind.shown(house).endswith(" inactive")
    assert house.status(kind.entity)[kind.id] == "disabled"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.entity)
def test_with_auto_create_off_it_is_skipped(kind: Kind, tmp_path: Path) -> None:
    house = opened(tmp_path, kind, auto_create=False)
    assert house.status(kind.entity)[kind.id] == "skipped"
    assert house.record(kind.entity, kind.id).error.message == f"auto_create is off for {kind.entity}"  # type: ignore[union-attr]
    assert len(house.sandbox.ledger.writes()) == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.entity)
def test_with_auto_update_off_it_stays_as_it_was_written(kind: Kind, tmp_path: Path) -> None:
    house = opened(tmp_path, kind, auto_update=False)
    kind.change(house.hotel.desk)
    house.run_to_rest()
    assert "Changed" not in kind.shown(house)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.entity)
def test_with_auto_delete_off_it_stays_in_use(kind: Kind, tmp_path: Path) -> None:
    house = opened(tmp_path, kind, auto_delete=False)
    kind.disable(house.hotel.desk)
    house.run_to_rest()
    assert kind.shown(house).endswith(" active")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.entity)
def test_one_that_is_deleted_in_the_hotel_is_disabled_where_auto_delete_is_on(kind: Kind, tmp_path: Path) -> None:
    for switch, ending, status in ((True, " inactive", "disabled"), (False, " active", "synced")):
        folder = tmp_path / str(switch)
        folder.mkdir()
        house = opened(folder, kind, auto_delete=switch)
        kind.remove(house.hotel.desk)
        house.run_to_rest()
        assert kind.shown(house).endswith(" active"), "ids are compared once a day"
        house.run(minutes=60 * 24)
        assert kind.shown(house).endswith(" active"), "gone once may be a slip"
        house.run_to_rest()
        assert kind.shown(house).endswith(ending)
        assert house.status(kind.entity)[kind.id] == status


# --- currencies ---------------------------------------------------------------------------------------------------------------


def with_francs(folder: Path, behaviour: Behaviour = AS_SEEN, **switches: object) -> House:
    entities = {"currencies": {**FRANCS, **switches}}
    house = House(demo.group(), folder, now=NOW, behaviour=behaviour, entities=entities, target=ACCOUNT)
    assert house.initialise().outcome == "ok"
    house.run_to_rest()
    return house


def currencies(house: House) -> list[str]:
    return [row["currency_code"] for row in house.books.desk.settings.currencies]


def rates(house: House) -> list[tuple[str, Decimal]]:
    return [(row["effective_date"], row["rate"]) for row in house.books.desk.settings.rates]


def test_a_currency_is_made_and_its_rate_is_sent_when_it_moves_and_not_before(tmp_path: Path) -> None:
    house = with_francs(tmp_path)
    assert currencies(house) == ["EUR", "CHF"]
    assert house.status("currencies") == {"CHF": "synced", "EUR": "synced"}
    assert rates(house) == []
    house.hotel.desk.edit("currencies", 2, conversion_rate="0.950000")
    house.run_to_rest()
    assert rates(house) == [("2026-03-20", Decimal("1.052631578947"))]
    before = house.sandbox.ledger.calls("books")
    house.run(minutes=60 * 24)
    assert house.sandbox.ledger.calls("books") == before, "another day is no other rate"


@pytest.mark.parametrize("own_rates", [False, True])
def test_a_rate_that_zoho_keeps_otherwise_is_told_and_the_document_stands(tmp_path: Path, *, own_rates: bool) -> None:
    house = with_francs(tmp_path, behaviour=Behaviour(own_rates=own_rates))
    order = house.hotel.desk.book(8, Stay(DOUBLE, "2026-05-01", 1, price="100.000000"), currency="CHF")
    house.run_to_rest()
    house.hotel.desk.change_price(house.hotel.desk.stays(order)[0], "90.000000")  # what Zoho keeps otherwise is nobody's edit
    house.run_to_rest()
    assert house.status("orders")[str(order)] == "invoice_sync"
    house.hotel.desk.invoice(order)
    house.run_to_rest()
    ours = Decimal("1.060332944545")  # 1 / 0.9431, the shop's rate
    told = [note["message"] for note in house.record("orders", str(order)).notes]
    assert told == ([f"exchange rate: sent {ours}, Zoho counts with 1"] if own_rates else [])
    assert house.record("orders", str(order)).status == "payment_sync"


@pytest.mark.parametrize("policy", ["zoho", {"CHF": "1.06"}])
def test_no_rate_is_sent_where_rates_are_zoho_s_or_a_table(tmp_path: Path, policy: object) -> None:
    house = with_francs(tmp_path, rates=policy)
    house.hotel.desk.edit("currencies", 2, conversion_rate="0.950000")
    order = house.hotel.desk.book(8, Stay(DOUBLE, "2026-05-01", 1, price="100.000000"), currency="CHF")
    house.run_to_rest()
    assert rates(house) == []
    (sold,) = [row for row in house.books.salesorders.values() if row["salesorder_number"] == f"QLO-{order}"]
    assert sold["exchange_rate"] == (Decimal("1.06") if isinstance(policy, dict) else Decimal(1))


def test_a_table_without_the_rate_names_the_line_to_write(tmp_path: Path) -> None:
    house = with_francs(tmp_path, rates={"USD": "0.9"})
    order = house.hotel.desk.book(8, Stay(DOUBLE, "2026-05-01", 1, price="100.000000"), currency="CHF")
    house.run_to_rest()
    error = house.record("orders", str(order)).error
    assert error is not None
    assert "[entities.currencies] rates = { CHF" in error.hint


def test_a_currency_that_the_hotel_gave_up_is_deleted_unless_it_is_in_use(tmp_path: Path) -> None:
    for name in ("unused", "used"):
        (tmp_path / name).mkdir()
    house = with_francs(tmp_path / "unused")
    house.hotel.desk.edit("currencies", 2, deleted=1)
    house.run_to_rest()
    assert house.status("currencies")["CHF"] == "deleted"
    assert currencies(house) == ["EUR"]

    house = with_francs(tmp_path / "used")
    house.hotel.desk.book(8, Stay(DOUBLE, "2026-05-01", 1, price="100.000000"), currency="CHF")
    house.run_to_rest()
    house.hotel.desk.edit("currencies", 2, deleted=1)
    house.run_to_rest()
    kept = house.record("currencies", "CHF")
    assert (kept.status, kept.error.message if kept.error else "") == ("disabled", "it is in use in Zoho, and stays there")
    assert len(currencies(house)) == 2


def test_a_guest_who_books_in_francs_gets_a_second_contact_that_follows_him(tmp_path: Path) -> None:
    house = with_francs(tmp_path)
    house.hotel.desk.book(8, Stay(DOUBLE, "2026-05-01", 1, price="100.000000"), currency="CHF")
    house.run_to_rest()
    contacts = {row["contact_number"]: row for row in house.books.contacts.values()}
    assert contacts["hotel:customer:8/CHF"]["currency_code"] == "CHF"
    assert contacts["hotel:customer:8"]["currency_code"] == "EUR"
    house.hotel.desk.edit_customer(8, lastname="Newname")
    house.run_to_rest()
    names = sorted(row["contact_name"] for row in house.books.contacts.values() if "Newname" in row["contact_name"])
    assert len(names) == 2
    assert names[1].endswith("(8) CHF")


# --- the rest -----------------------------------------------------------------------------------------------------------------


def test_without_sales_orders_invoices_stand_alone_and_orders_have_their_status(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW, entities={"orders": {"as": "none"}})
    house.initialise()
    house.run_to_rest()
    assert house.books.salesorders == {}
    assert len(house.books.invoices) == 19
    (tmp_path / "whole").mkdir()
    whole = House(demo.group(), tmp_path / "whole", now=NOW)
    whole.initialise()
    whole.run_to_rest()
    assert house.status("orders") == whole.status("orders")


def test_tax_fields_of_an_edition_are_written_and_follow_the_settings(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW)
    house.initialise()
    house.run_to_rest()
    assert not any(row["gst_treatment"] for row in house.books.contacts.values())
    house.entities = {"customers": {"tax": {"guest": {"gst_treatment": "consumer", "place_of_contact": "TN"}}}}
    house.fingerprint = "settings-2"
    house.run_to_rest()
    kinds = {("VAT number" in row["notes"], row["gst_treatment"]) for row in house.books.contacts.values()}
    assert kinds == {(False, "consumer"), (True, "")}, "of those with a number nothing was said"
    assert house.faults_by_contract() == []


def test_hotels_are_left_out_where_the_configuration_says_so(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW, entities={"hotels": {"as": "none"}})
    house.initialise()
    house.run_to_rest()
    assert set(house.status("hotels").values()) == {"skipped"}
    assert not [row for row in house.books.items.values() if row["sku"].startswith("HOTEL")]


def test_hotels_as_locations_stand_on_their_documents_and_are_no_items(tmp_path: Path) -> None:
    """One house goes by its own name, the other by the table; a payment of orders in both houses belongs to neither."""
    table = {"2": "The lake"}
    house = House(demo.whole(), tmp_path, now=NOW, entities={"hotels": {"as": "location", "locations": table}}, target=ACCOUNT)
    town, lake = (house.books.desk.locations.add(name) for name in ("Hotel Kastanie", "The lake"))
    house.initialise()
    house.run_to_rest()
    assert set(house.status("hotels").values()) == {"skipped"}
    assert not [row for row in house.books.items.values() if row["sku"].startswith("HOTEL")]
    placed = {kind: Counter(row["location_id"] for row in house.books.all(kind).values()) for kind in DOCUMENTS}
    assert all(set(places) <= {town, lake, ""} for places in placed.values())
    assert all(places[town] > 0 for places in placed.values())
    assert placed["salesorders"][""] == placed["invoices"][""] == placed["creditnotes"][""] == 0
    nowhere = {row["reference_number"] for row in house.books.all("payments").values() if not row["location_id"]}
    assert nowhere == {"hotel:payment:2", "hotel:payment:3"}, "those of TWOHOUSES and FAMILYTRI that pay orders of both houses"
    assert house.faults_by_contract() == []
    assert house.summary()[1] == []


def test_a_location_that_the_organisation_does_not_have_is_named_and_found_once_it_was_made(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW, entities={"hotels": {"as": "location"}})
    house.initialise()
    house.run_to_rest()
    error = house.record("orders", "1").error
    assert error is not None
    assert error.message == "the organisation has no location `Hotel Kastanie`"
    assert '[entities.hotels] locations = { "Hotel Kastanie" =' in error.hint
    assert "AFTER LOCATIONS WERE SWITCHED ON IN ZOHO" in error.hint
    for name in ("Hotel Kastanie", "Seehaus"):
        house.books.desk.locations.add(name)
    Inbox(house.store).post("retry", house.clock.now(), "orders", ["1"], {})
    house.run_to_rest()
    assert house.record("orders", "1").status == "synced"


NAMED = {
    "currencies": ("CHF", {"currencies"}),
    "customers": ("8", {"contacts"}),
    "hotels": ("1", {"items"}),
    "room_types": ("1", {"items"}),
    "service_products": ("15", {"items"}),
    "orders": ("1", {"contacts", "items", "salesorders", "invoices", "customerpayments"}),
    "invoices": ("1", {"contacts", "items", "salesorders", "invoices"}),
    "payments": ("1", {"contacts", "items", "salesorders", "customerpayments"}),
    "credit_notes": ("1", {"contacts", "items", "salesorders", "invoices", "creditnotes"}),
}
"""A record of each kind in the demo, and what must be written for it."""


@pytest.mark.parametrize("entity", NAMED)
def test_what_a_person_queues_goes_with_every_switch_off_and_takes_along_what_it_needs(entity: str, tmp_path: Path) -> None:
    id, written = NAMED[entity]
    off = {name: {"auto_create": False, "auto_update": False, "auto_delete": False} for name in NAMED}
    off["currencies"]["multi_currency"] = True
    house = House(demo.whole(), tmp_path, now=NOW, entities=off, target=ACCOUNT)
    assert house.initialise().outcome == "ok"
    house.run_to_rest()
    assert house.sandbox.ledger.writes() == []
    Inbox(house.store).post("queue", house.clock.now(), entity, [id], {})
    house.run_to_rest()
    assert house.record(entity, id).status in ("synced", "payment_sync")
    assert {each.path.removeprefix("/settings").split("/")[1] for each in house.sandbox.ledger.writes()} == written


def test_only_customers_who_came_after_init_are_invited_to_the_portal_and_each_once(tmp_path: Path) -> None:
    house = House(demo.group(), tmp_path, now=NOW, entities={"customers": {"portal": True}})
    house.initialise()
    house.run_to_rest()
    assert house.books.mails == [], "guests of before are never written to"
    house.clock.sleep(3 * 86400)
    house.hotel.desk.customer("New", "Guest", "new.guest@mail.example")
    house.run_to_rest()
    assert len(house.books.mails) == 1
    house.hotel.desk.edit_customer(13, lastname="Renamed")
    house.run_to_rest()
    assert len(house.books.mails) == 1
