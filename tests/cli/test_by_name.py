"""Records that people ask for by name, the runs and what they wrote, and the pause: `sync`, `queue`, `history`, `pause`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cli.conftest import Desk

OFF: Mapping[str, Any] = {"auto_create": False, "auto_update": False}


def switched_off(desk: Desk, *entities: str) -> None:
    desk.configure({"entities": {entity: dict(OFF) for entity in entities}})
    desk.initialised()


def test_sync_writes_an_order_with_its_documents_whatever_the_switches_say(desk: Desk) -> None:
    switched_off(desk, "orders", "invoices", "payments", "customers", "room_types", "service_products", "hotels")

    assert desk.zsync("run").code == 0
    assert desk.books.salesorders == {}
    said = desk.zsync("sync", "orders", "1")

    assert said.code == 0, said.err
    assert said.out.splitlines()[0] == "orders 1: Synced, QLO-1"
    assert [each["salesorder_number"] for each in desk.books.salesorders.values()] == ["QLO-1"]
    assert [each["invoice_number"] for each in desk.books.invoices.values()] == ["#IN000001"]
    assert len(desk.books.payments) == 1
    before = desk.sandbox.ledger.calls("books")
    assert desk.zsync("run").code == 0
    assert desk.sandbox.ledger.calls("books") == before, "the others stay where they are"


def test_sync_of_an_order_before_the_start_date_says_so_unless_it_is_told_to(desk: Desk) -> None:
    desk.configure({"source": {"start_date": "2026-12-31"}})
    desk.initialised()

    assert desk.zsync("sync", "orders", "1").out.splitlines()[0] == "orders 1: Skipped"
    said = desk.zsync("sync", "orders", "1", "--before-start", "--json")

    assert (said.code, said.json["outcome"]) == (0, "ok")
    assert said.json["entities"]["orders"]["created"] == 1
    assert desk.statuses("orders")["1"] == "synced"
    assert {status for id, status in desk.statuses("orders").items() if id != "1"} == {"skipped"}


def test_sync_of_a_record_that_the_hotel_does_not_have_says_so(desk: Desk) -> None:
    desk.initialised()

    said = desk.zsync("sync", "orders", "999")

    assert said.code == 2
    assert "the source has no orders `999`" in said.err
    assert "hint: " in said.err


def test_sync_knows_an_order_that_no_run_has_seen(desk: Desk) -> None:
    desk.loaded()
    from zsync.sandbox.hotel.bookwork import Stay
    from zsync.sandbox.hotel.house import DOUBLE

    order = desk.hotel.desk.book(1, Stay(DOUBLE, "2026-05-02", 1), reference="BRANDNEWX")

    assert desk.zsync("sync", "orders", str(order)).out.startswith(f"orders {order}: Invoice Sync, QLO-{order}")


def test_a_queued_record_shows_it_until_the_next_run_takes_it(desk: Desk) -> None:
    switched_off(desk, "orders", "invoices", "payments")
    desk.zsync("run")

    assert desk.zsync("queue", "orders", "1", "2").out == "taken up by the next run: 2 records\n"
    assert {id for id, status in desk.statuses("orders").items() if status == "queued"} == {"1", "2"}
    assert desk.zsync("run").code == 0

    assert desk.statuses("orders")["1"] == "synced"
    assert sorted(each["salesorder_number"] for each in desk.books.salesorders.values()) == ["QLO-1", "QLO-2"]


def test_a_queued_update_goes_once_where_updates_are_switched_off(desk: Desk) -> None:
    desk.configure({"entities": {"customers": {"auto_update": False}}})
    desk.initialised()
    desk.zsync("run")
    desk.hotel.desk.edit_customer(2, lastname="Newname")
    desk.zsync("run")
    assert not any("Newname" in each["contact_name"] for each in desk.books.contacts.values())

    desk.zsync("queue", "customers", "2")
    desk.zsync("run")
    assert any("Newname" in each["contact_name"] for each in desk.books.contacts.values())
    desk.hotel.desk.edit_customer(2, lastname="Othername")
    desk.zsync("run")
    assert not any("Othername" in each["contact_name"] for each in desk.books.contacts.values())


def test_queue_all_takes_every_record_of_a_kind_by_the_word_that_hotels_have_for_it(desk: Desk) -> None:
    switched_off(desk, "service_products", "orders", "invoices", "payments")
    desk.zsync("run")
    assert not any(each["sku"].startswith("SERVICE-") for each in desk.books.items.values())

    assert desk.zsync("queue", "services", "--all").code == 0
    desk.zsync("run")

    assert {each["sku"] for each in desk.books.items.values() if each["sku"].startswith("SERVICE-")} >= {"SERVICE-11"}


@pytest.mark.parametrize("given", [["queue", "orders"], ["queue", "orders", "1", "--all"]])
def test_queue_wants_ids_or_all_of_them(desk: Desk, given: list[str]) -> None:
    said = desk.zsync(*given)

    assert said.code == 2
    assert "--all" in said.err


def test_init_of_one_entity_reads_it_alone_and_a_run_waits_for_the_rest(desk: Desk) -> None:
    desk.sign_in()

    said = desk.zsync("init", "--entity", "customers", "--no-adopt")

    assert said.code == 0
    assert "`zsync init` reads the rest" in said.out
    assert desk.zsync("status", "--json").json["entities"].keys() == {"customers"}
    assert "zsync init" in desk.zsync("run").err
    for entity in ("currencies", "hotels", "room-types", "services", "orders"):
        assert desk.zsync("run").code == 2
        said = desk.zsync("init", "--entity", entity, "--no-adopt")
    assert "`zsync plan` shows" in said.out
    assert desk.zsync("run").code == 0
    assert set(desk.statuses("orders").values()) <= {"synced", "payment_sync", "invoice_sync", "canceled"}


def test_init_of_one_entity_adopts_it_again_later(desk: Desk) -> None:
    desk.loaded()

    said = desk.zsync("init", "--entity", "customers")

    assert said.code == 0
    assert "adopted: 0 records" in said.out
    assert desk.zsync("init", "--entity", "customer").code == 2


def test_history_tells_the_runs_and_what_each_wrote(desk: Desk) -> None:
    desk.loaded()

    runs = desk.zsync("history", "--json").json
    assert [each["command"] for each in runs] == ["run", "init"]
    assert runs[0]["counts"]["created"] == 85
    assert "created" in desk.zsync("history").out
    one = desk.zsync("history", str(runs[0]["run_id"]), "--json").json
    order = next(each for each in one["written"] if each["module"] == "salesorders" and each["source_id"] == "1")
    assert (order["entity"], order["verb"], order["target_number"]) == ("orders", "created", "QLO-1")
    assert order["target_url"].endswith(order["target_id"])
    assert "QLO-1" in desk.zsync("history", str(runs[0]["run_id"])).out
    assert desk.zsync("history", "99").code == 2


def test_a_paused_run_does_nothing_and_says_so(desk: Desk) -> None:
    desk.initialised()
    assert desk.zsync("pause", "--reason", "year's end").code == 0

    said = desk.zsync("run")
    assert said.code == 0
    assert "paused since" in said.out
    assert "(year's end)" in said.out
    assert desk.zsync("run", "--quiet").out == ""
    assert desk.zsync("run", "--json").json["outcome"] == "stopped"
    assert "paused since" in desk.zsync("status").out
    assert "paused since" in desk.zsync("doctor").out
    assert desk.books.salesorders == {}

    assert desk.zsync("resume").out == "goes on with the next run\n"
    assert desk.zsync("resume").out == "it was not paused\n"
    assert desk.zsync("run").code == 0
    assert desk.books.salesorders


def test_the_zoho_customer_and_the_credit_note_are_columns_with_links(desk: Desk) -> None:
    desk.configure({"target": {"payment_methods": {"default": {"mode": "others", "account": "Petty Cash"}}}})
    desk.loaded()
    desk.hotel.desk.slip(1)
    desk.zsync("run")

    row = next(each for each in desk.zsync("status", "orders", "--json").json if each["source_id"] == "1")
    assert row["customer_id"] in desk.books.contacts
    assert row["customer_url"].endswith(row["customer_id"])
    table = desk.zsync("status", "orders", "--columns", "id,customer_id,credit_note", "--csv").out.splitlines()
    assert table[1] == f"1,{row['customer_id']},#CS000001"
    assert table[2].endswith(","), "only where a slip exists"


def test_init_adopts_what_stands_there_already_and_says_what_it_costs_beforehand(desk: Desk) -> None:
    desk.loaded()
    for path in desk.folder.glob("zsync.db*"):
        path.unlink()
    desk.sign_in()
    desk.sandbox.ledger.clear()

    refused = desk.zsync("init", "--no-adopt")
    assert refused.code == 2
    assert "payments with our tag" in refused.err
    said = desk.zsync("init")

    assert said.code == 0, said.err
    assert "adopting asks the target what it has: at least" in said.out
    assert "are left today" in said.out
    assert "adopted: 85 records that the target had already" in said.out
    assert desk.zsync("run").code == 0
    assert desk.sandbox.ledger.writes() == []
    assert desk.statuses("orders")["1"] == "synced"


def test_what_adoption_leaves_to_a_person_is_named_and_nothing_is_created_for_it(desk: Desk) -> None:
    desk.loaded()
    number = next(each for each in desk.books.salesorders.values() if each["salesorder_number"] == "QLO-1")
    table = desk.books.table("salesorders")
    with desk.books.lock:
        row = table.get(number["salesorder_id"])
        assert row is not None
        table.touch(row).update(reference_number="PO 7", date="2020-01-01")
    for path in desk.folder.glob("zsync.db*"):
        path.unlink()
    desk.sign_in()
    desk.sandbox.ledger.clear()

    said = desk.zsync("init")

    assert said.code == 3
    assert "number QLO-1 is taken by document" in said.out
    assert "date is 2020-01-01, ours 20" in said.out
    assert desk.zsync("retry").out == "tried again in the next run: 0 records\n", "never in passing"
    desk.zsync("run")
    assert [each for each in desk.sandbox.ledger.writes() if each.path.endswith("/salesorders")] == []
    assert desk.zsync("retry", "orders", "1").out == "tried again in the next run: 1 record\n", "by name it is a person's word"
