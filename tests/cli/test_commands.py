"""What each command says and does, beside exit codes, statuses and messages."""

from __future__ import annotations

import csv
import json
import signal
import stat
import subprocess
import sys
from contextlib import closing
from io import StringIO
from math import ceil

import pytest

from cli.conftest import Desk
from zsync.cli import main
from zsync.sandbox import Fault
from zsync.sandbox.limits import NO_LIMITS
from zsync.state.store import Store

COUNTS = {"created", "updated", "disabled", "deleted", "adopted", "unchanged", "failed", "blocked", "waiting"}
ROW = {
    *("entity", "source_id", "label", "status", "target_id", "target_number", "target_url", "synced_at", "attempts", "error"),
}


# --- run, plan ------------------------------------------------------------------------------------------------------------


def test_the_document_of_a_run_has_the_promised_shape(desk: Desk) -> None:
    desk.initialised()

    report = desk.zsync("run", "--json").json

    assert {"run_id", "started_at", "finished_at", "dry_run", "outcome", "counts", "entities", "calls", "errors"} <= set(report)
    assert set(report["counts"]) == COUNTS
    assert all(set(counts) == COUNTS for counts in report["entities"].values())
    assert set(report["calls"]) == {"source", "target", "accounts"}
    assert report["started_at"].endswith("Z")


def test_a_second_run_makes_no_call_to_zoho(desk: Desk) -> None:
    desk.loaded()
    before = desk.sandbox.ledger.calls("books"), desk.sandbox.ledger.calls("accounts")

    assert desk.zsync("run").code == 0
    assert (desk.sandbox.ledger.calls("books"), desk.sandbox.ledger.calls("accounts")) == before


def test_a_plan_writes_nothing_and_the_run_does_what_it_said(desk: Desk) -> None:
    desk.initialised()
    state = (desk.folder / "zsync.db").read_bytes()

    plan = desk.zsync("plan", "--json").json

    assert desk.sandbox.ledger.writes() == []
    assert (desk.folder / "zsync.db").read_bytes() == state
    numbers = {each["number"] for each in plan["changes"] if each["module"] == "salesorders"}
    assert {each["verb"] for each in plan["changes"]} == {"create"}
    desk.zsync("run")
    assert {each["salesorder_number"] for each in desk.books.salesorders.values()} == numbers
    assert desk.sandbox.ledger.calls("books") - 5 <= plan["calls"]


def test_a_dry_run_is_a_plan(desk: Desk) -> None:
    desk.initialised()

    assert desk.zsync("run", "--dry-run", "--json").json == desk.zsync("plan", "--json").json


def test_a_plan_shows_what_would_change_field_by_field(desk: Desk) -> None:
    desk.loaded()
    desk.hotel.desk.edit_customer(12, company="Maple Ltd")

    said, plan = desk.zsync("plan"), desk.zsync("plan", "--json").json

    (change,) = plan["changes"]
    assert (change["entity"], change["source_id"], change["verb"], change["calls"]) == ("customers", "12", "update", 2)
    assert {"field": "company_name", "from": "Maple & Sons, Inc.", "to": "Maple Ltd"} in change["differences"]
    assert "company_name: Maple & Sons, Inc. -> Maple Ltd" in said.out


def test_a_plan_that_does_not_fit_today_says_how_many_days_it_takes_and_what_shortens_it(desk: Desk) -> None:
    desk.configure({"target": {"limits": {"calls_per_day": 50, "reserve": "20%"}}})
    desk.initialised()
    used = desk.sandbox.ledger.calls("books")

    plan, said = desk.zsync("plan", "--json").json, desk.zsync("plan").out

    assert (plan["calls_left_today"], plan["calls_a_day"]) == (40 - used, 40)
    assert plan["days"] == 1 + ceil((plan["calls"] - plan["calls_left_today"]) / 40)
    orders = sum(each["module"] == "salesorders" for each in plan["changes"])
    assert f"that takes {plan['days']} days, the newest business first: 40 calls of a day are ours" in said
    assert f"{orders} sales order" in said
    assert "calls_per_day" in said
    opened = sum(each["calls"] for each in plan["changes"] if each["module"] == "salesorders.open")
    assert f'`as = "none"` under [entities.orders] ({orders + opened} calls less)' in said


def test_a_plan_that_fits_today_speaks_of_no_days(desk: Desk) -> None:
    desk.initialised()

    assert desk.zsync("plan", "--json").json["days"] == 1
    assert "days" not in desk.zsync("plan").out
    desk.zsync("run")
    assert desk.zsync("plan", "--json").json["days"] == 0


def test_a_limit_begins_so_many_records(desk: Desk) -> None:
    desk.initialised()

    assert desk.zsync("run", "--limit", "2").code == 0

    bookings = {order["reference_number"].partition("/")[0] for order in desk.books.salesorders.values()}
    assert bookings == {"GUESTMAIL", "ONEROOMOF"}  # the newest; their customers and items came along
    assert desk.statuses("orders")["24"] == "synced"
    assert desk.zsync("run", "--limit", "1").code == 0
    assert len(desk.books.salesorders) == len(bookings) + 1


def test_the_story_of_what_is_not_written_names_what_it_refers_to(desk: Desk) -> None:
    desk.initialised()

    story = desk.zsync("show", "orders", "1", "--json").json

    assert next(each["payload"]["customer_id"] for each in story["rows"]).startswith("(id of contacts hotel:customer:")


def test_the_log_tells_what_happened_and_names_no_guest(desk: Desk) -> None:
    desk.initialised()

    said = desk.zsync("run", "-v")

    log = (desk.folder / "zsync.db.log").read_text("utf-8")
    assert "zsync.run: run 2 begins" in log
    assert "zsync.journal: begin create salesorders hotel:order:1\n" in log
    assert "zsync.run: run 2 ends ok: 85 created; calls: " in log
    assert "INFO zsync.journal: settle create salesorders hotel:order:1\n" in said.err
    guests = {each for row in desk.hotel.tables["customers"] for each in (row["lastname"], row["email"])}
    assert guests
    assert not [guest for guest in guests if guest in log + said.err]


def test_a_budget_of_calls_is_kept(desk: Desk) -> None:
    desk.initialised()
    before = desk.sandbox.ledger.calls("books")

    assert desk.zsync("run", "--max-calls", "10").code == 0
    assert desk.sandbox.ledger.calls("books") - before <= 10


def test_too_many_changes_stop_until_they_are_accepted(desk: Desk) -> None:
    for number in range(8):
        desk.hotel.desk.customer("Ada", f"Guest {number}", f"ada{number}@example.com")
    desk.loaded()
    before = {order["salesorder_number"]: order["notes"] for order in desk.books.salesorders.values()}
    maps = {"customers": {"map": {"notes": "{{ company }}!"}}, "orders": {"map": {"notes": "{{ id }}!"}}}
    desk.configure({"target": {"accounts": {"default": "Sales"}}, "entities": maps})

    said = desk.zsync("run")

    assert said.code == 3
    assert "zsync run --accept-changes" in said.err
    assert {order["salesorder_number"]: order["notes"] for order in desk.books.salesorders.values()} == before
    assert desk.zsync("run", "--accept-changes").code == 0
    for order in desk.books.salesorders.values():
        invoiced = order["status"] == "invoiced"
        assert order["notes"] == ("" if invoiced else f"{order['salesorder_number'].removeprefix('QLO-')}!")
    assert {contact["notes"][-1] for contact in desk.books.contacts.values()} == {"!"}


def test_quiet_says_a_matter_once_when_it_begins_and_once_when_it_ends(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.faults.add(Fault("refuse", "books", "POST", "^/salesorders$", message="no"))

    first, second = desk.zsync("run", "--quiet"), desk.zsync("run", "--quiet")

    assert first.out.startswith("new: orders ")
    assert second.out == ""
    assert first.code == second.code == 3
    desk.zsync("retry")
    assert desk.zsync("run", "--quiet").out.startswith("over: orders ")


def test_quiet_tells_once_what_ended_the_run_itself(desk: Desk) -> None:
    desk.initialised()
    desk.configure({"source": {"url": "http://127.0.0.1:1"}})

    first, second = desk.zsync("run", "--quiet"), desk.zsync("run", "--quiet")
    desk.configure()
    third = desk.zsync("run", "--quiet")

    assert first.out.startswith("new: qloapps cannot be reached")
    assert (first.code, second.code, third.code) == (5, 5, 0)
    assert (second.out, second.err, first.err) == ("", "", "")
    assert third.out.startswith("over: qloapps cannot be reached")


def test_the_document_names_what_ended_the_run(desk: Desk) -> None:
    desk.initialised()
    desk.sandbox.accounts.forget()

    report = desk.zsync("run", "--json").json

    assert report["outcome"] == "failed"
    assert report["errors"][0]["code"] == "sign_in_needed"
    assert (report["errors"][0]["entity"], report["errors"][0]["source_id"]) == ("", "")


def test_quiet_says_nothing_when_all_is_well(desk: Desk) -> None:
    desk.initialised()

    said = desk.zsync("run", "--quiet")

    assert (said.code, said.out, said.err) == (0, "", "")


# --- status, show -----------------------------------------------------------------------------------------------------------


def test_the_documents_of_status_have_the_promised_shape(desk: Desk) -> None:
    desk.loaded()

    orders = desk.zsync("status", "orders", "--json").json
    whole = desk.zsync("status", "--json").json

    assert all(set(each) == ROW | {"customer_id", "customer_url", "documents"} for each in orders)
    assert all(set(child) == ROW for each in orders for child in each["documents"])
    assert set(whole) == {"entities", "last_run", "calls_today", "calls_per_day"}
    assert whole["entities"]["orders"]["synced"] == 17
    assert whole["calls_today"] == desk.sandbox.ledger.calls("books")


@pytest.mark.parametrize("zone", ["PST", "Europe", "../etc/passwd", ""])
def test_an_organisation_whose_time_zone_no_system_knows_has_a_status_all_the_same(desk: Desk, zone: str) -> None:
    desk.initialised()
    with closing(Store.open(desk.folder / "zsync.db")) as store, store.commit():
        facts = json.loads(store.fact("facts") or "{}")
        facts["organization"]["time_zone"] = zone
        store.note("facts", json.dumps(facts))

    assert desk.zsync("status").code == 0
    assert desk.zsync("run").code == 0


def test_the_calls_of_a_day_are_those_configured_now_where_the_answers_do_not_say(desk: Desk) -> None:
    desk.books.limits = NO_LIMITS  # no header speaks of the day
    desk.initialised()
    desk.configure({"target": {"limits": {"calls_per_day": 5000}}})

    assert desk.zsync("status", "--json").json["calls_per_day"] == 5000
    assert "calls_per_day" not in desk.zsync("doctor").out


def test_each_record_links_to_its_page(desk: Desk) -> None:
    desk.loaded()

    order = desk.zsync("status", "orders", "--json").json[0]

    assert order["target_url"] == f"{desk.url}/app/{desk.books.organization.organization_id}#/salesorders/{order['target_id']}"
    assert order["target_id"] in desk.books.salesorders


def test_columns_may_be_chosen(desk: Desk) -> None:
    desk.loaded()

    lines = desk.zsync("status", "orders", "--columns", "number,status").out.splitlines()

    assert lines[0].split() == ["number", "status"]
    assert lines[1].split() == ["QLO-1", "Synced"]


def test_status_as_csv_and_as_a_page(desk: Desk) -> None:
    desk.loaded()

    rows = list(csv.reader(StringIO(desk.zsync("status", "customers", "--csv", "--columns", "id,label").out)))
    whole = list(csv.DictReader(StringIO(desk.zsync("status", "customers", "--csv").out)))
    said = desk.zsync("status", "customers", "--html", "customers.html")

    assert rows[0] == ["id", "label"]
    assert ["12", "Maple & Sons, Inc."] in rows
    assert [each["synced_at"] for each in whole] == [
        each["synced_at"] or "" for each in desk.zsync("status", "customers", "--json").json
    ]
    page = desk.folder / "customers.html"
    assert said.out == "written to customers.html\n"
    assert "Maple &amp; Sons, Inc." in page.read_text("utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_a_story_tells_source_payload_attempts_and_link(desk: Desk) -> None:
    desk.loaded()

    story = desk.zsync("show", "orders", "1", "--json").json
    told = desk.zsync("show", "orders", "1")

    order = next(each for each in story["rows"] if each["module"] == "salesorders")
    assert order["payload"]["salesorder_number"] == "QLO-1"
    assert order["payload"]["customer_id"] in desk.books.contacts
    assert {line["item_id"] for line in order["payload"]["line_items"]} <= set(desk.books.items)
    assert order["target_url"].startswith(desk.url)
    assert [each["event"] for each in story["attempts"]][:2] == ["begin", "settle"]
    assert story["source"]["id"] == "1"
    assert "QLO-1" in told.out
    assert told.code == 0


def test_a_story_goes_without_the_source_where_it_cannot_be_read(desk: Desk) -> None:
    desk.loaded()
    desk.configure({"source": {"url": "http://127.0.0.1:1"}})

    said, offline = desk.zsync("show", "orders", "1"), desk.zsync("show", "orders", "1", "--offline")

    assert said.code == offline.code == 0
    assert "warning: the source's values cannot be read" in said.err
    assert offline.err == ""


# --- resolve, retry ---------------------------------------------------------------------------------------------------------


def test_resolve_wants_one_way_and_a_record_that_failed(desk: Desk) -> None:
    desk.loaded()

    assert "in one way" in desk.zsync("resolve", "orders", "1").err
    assert "in one way" in desk.zsync("resolve", "orders", "1", "--keep", "zoho", "--ignore", "x").err
    assert "has not failed: it is synced" in desk.zsync("resolve", "orders", "1", "--keep", "zoho").err


def test_a_conflict_ends_as_the_person_says(desk: Desk) -> None:
    desk.loaded()
    contact = next(id for id, each in desk.books.contacts.items() if each["contact_name"].startswith("Maple"))
    with desk.books.lock:
        record = desk.books.table("contacts").get(contact)
        assert record is not None
        record["company_name"] = "Edited in Zoho"
    desk.hotel.desk.edit_customer(12, company="Maple Ltd")
    assert desk.zsync("run").code == 3
    assert "company_name: written Maple & Sons, Inc., now Edited in Zoho" in desk.zsync("show", "customers", "12").out

    assert desk.zsync("resolve", "customers", "12", "--keep", "source").code == 0
    assert desk.zsync("run").code == 0

    assert desk.books.contacts[contact]["company_name"] == "Maple Ltd"


def test_retry_without_failures_says_so(desk: Desk) -> None:
    desk.loaded()

    assert desk.zsync("retry").out == "tried again in the next run: 0 records\n"


# --- doctor, config, auth -----------------------------------------------------------------------------------------------------


def test_the_doctor_finds_nothing_wrong_when_all_is_well(desk: Desk) -> None:
    desk.initialised()

    said = desk.zsync("doctor", "--json")

    assert said.code == 0, said.out
    assert said.json["ok"] is True
    assert {"configuration", "state", "sign-in"} <= {each["subject"] for each in said.json["findings"]}


def test_the_doctor_says_what_to_do_about_each_finding(desk: Desk) -> None:
    desk.configure({"target": {"taxes": {"10": "VAT 11%"}}})
    desk.sign_in()
    desk.hotel.keys[desk.hotel.api_key] = type(desk.hotel.keys[desk.hotel.api_key])(frozenset({"orders"}))

    said = desk.zsync("doctor")

    assert said.code == 3
    assert "LOOK" in said.out
    assert said.out.count("hint: ") >= 2
    assert desk.zsync("config", "check", "--online").code == 3


def test_the_doctor_leaves_the_target_alone_while_a_run_is_at_work(desk: Desk) -> None:
    desk.initialised()
    before = desk.sandbox.ledger.calls("books")
    with closing(Store.open(desk.folder / "zsync.db")) as store, store.locked():
        said = desk.zsync("doctor")

    assert "a run is at work on it" in said.out
    assert desk.sandbox.ledger.calls("books") == before


def test_a_tax_that_was_added_in_zoho_is_known_after_the_doctor_was_there(desk: Desk) -> None:
    desk.configure({"target": {"taxes": {"10": "Rooms 10%"}}})
    desk.sign_in()
    assert desk.zsync("init", "--no-adopt").code == 3
    desk.books.add_tax("Rooms 10%", "10")

    assert desk.zsync("doctor").code == 0

    with closing(Store.open(desk.folder / "zsync.db")) as store:
        assert "Rooms 10%" in str(store.fact("facts"))
    desk.zsync("retry")
    assert desk.zsync("run").code == 0


def test_one_kind_of_record_brings_along_what_it_needs(desk: Desk) -> None:
    desk.initialised()

    assert desk.zsync("run", "--entity", "payments").code == 0
    assert len(desk.books.payments) == 19
    assert len(desk.books.salesorders) == 22


def test_the_silence_alarm(desk: Desk) -> None:
    desk.initialised()
    assert desk.zsync("doctor", "--max-age", "30m").code == 3

    desk.zsync("run")

    assert desk.zsync("doctor", "--max-age", "30m", "--quiet").out == ""
    assert desk.zsync("doctor", "--max-age", "30m").code == 0
    assert desk.zsync("doctor", "--max-age", "soon").code == 2


def test_secrets_are_masked_in_config_show(desk: Desk) -> None:
    said = desk.zsync("config", "show", "--json")

    assert said.json["source"]["api_key"] == "****"
    assert desk.hotel.api_key not in desk.zsync("config", "show").out
    assert desk.sandbox.accounts.client.client_secret not in said.out


def test_no_file_of_ours_can_be_read_by_others_and_none_holds_a_secret(desk: Desk) -> None:
    desk.loaded()

    made = [path for path in desk.folder.glob("zsync.db*") if path.is_file()]
    assert {path.suffix for path in made} >= {".db", ".tokens", ".log", ".lock", ".run"}
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        content = path.read_bytes()
        assert desk.sandbox.accounts.client.client_secret.encode() not in content
        assert desk.hotel.api_key.encode() not in content


def test_the_log_knows_no_guests(desk: Desk) -> None:
    desk.sign_in()
    desk.zsync("init", "--no-adopt", "-vv")

    said = desk.zsync("run", "-vv")

    for guest in ("Novak", "mira.novak@mail.example", "Alpenrad"):
        assert guest not in said.err
        assert guest not in (desk.folder / "zsync.db.log").read_text("utf-8")


def test_sign_in_status_and_revocation(desk: Desk) -> None:
    assert desk.zsync("auth", "status").code == 4
    desk.sign_in()

    assert "permissions, as needed" in desk.zsync("auth", "status").out
    assert desk.zsync("auth", "revoke").code == 0

    assert desk.sandbox.accounts.live_refresh_tokens() == 0
    assert not (desk.folder / "zsync.db.tokens").exists()
    assert desk.zsync("auth", "revoke").out == "nobody was signed in to zoho\n"


def test_missing_permissions_are_named_by_auth_status(desk: Desk) -> None:
    desk.sign_in()
    path = desk.folder / "zsync.db.tokens"
    kept = json.loads(path.read_text("utf-8"))
    kept["scopes"] = kept["scopes"][1:]
    path.write_text(json.dumps(kept), "utf-8")

    said = desk.zsync("auth", "status")

    assert said.code == 4
    assert "ZohoBooks.contacts.CREATE" in said.err


def test_the_version_and_the_help_of_every_command(desk: Desk) -> None:
    assert desk.zsync("--version").out.startswith("zsync ")
    names = "demo, config check, config show, auth zoho, auth status, auth scopes, auth revoke, init, plan, run, status, show"
    for command in f"{names}, retry, resolve, doctor, sandbox serve".split(", "):
        said = desk.zsync(*command.split(), "--help")
        assert said.code == 0
        assert f"Example: zsync {command.split()[0]}" in said.out


def test_the_configuration_may_be_named_before_or_after_the_command(desk: Desk) -> None:
    moved = desk.folder / "elsewhere.toml"
    (desk.folder / "zsync.toml").rename(moved)

    assert desk.zsync("--config", str(moved), "config", "check").code == 0
    assert desk.zsync("config", "check", "--config", str(moved)).code == 0


# --- demo -----------------------------------------------------------------------------------------------------------------


def test_the_demo_ends_with_equal_totals_and_a_run_without_calls(desk: Desk) -> None:
    said = desk.zsync("demo", "--keep", "kept")

    assert said.code == 0, said.err
    assert said.out.count("  equal") == 8  # orders, invoices, payments in two currencies, credit notes, what was paid back
    assert "DIFFERENT" not in said.out
    assert "0 calls to Zoho" in said.out
    assert "limit of 100 calls a minute is lifted" in said.out
    assert "Invoice Sync" in said.out
    assert desk.zsync("status", "--config", "kept/zsync.toml").code == 0
    assert desk.zsync("demo", "--keep", "kept").code == 2  # the books start empty: an old state would not fit


def test_the_sandbox_serves_until_it_is_told_to_stop(desk: Desk) -> None:
    program = "import sys; from zsync.cli import main; sys.exit(main(['sandbox', 'serve', '--port', '0', '--write', 'box.toml']))"
    with subprocess.Popen([sys.executable, "-c", program], cwd=desk.folder, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        told = [serving.stdout.readline() for _ in range(4)]
        code = told[2].split()[-1]
        try:
            assert stat.S_IMODE((desk.folder / "box.toml").stat().st_mode) == 0o600
            assert desk.zsync("auth", "--config", "box.toml", "--code", code).code == 0
            assert desk.zsync("init", "--no-adopt", "--config", "box.toml").code == 0
            assert desk.zsync("run", "--limit", "3", "--config", "box.toml").code == 0
        finally:
            serving.send_signal(signal.SIGTERM)
        assert serving.wait(timeout=60) == 0


def test_main_returns_a_code_and_never_raises(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["zsync", "--version"])

    assert main() == 0


def test_numbers_that_the_state_cannot_count_to_are_no_defect(desk: Desk) -> None:
    desk.initialised()
    said = desk.zsync("history", "9223372036854775808")
    assert (said.code, said.err.splitlines()[0]) == (2, "error: there is no run 9223372036854775808")
    assert desk.zsync("history", "--limit", "9" * 40).code == 0
