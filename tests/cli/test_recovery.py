"""The state file lost, or an old copy in its place: `init --adopt` finds all again, nothing goes before it, nothing doubles."""

from __future__ import annotations

import copy
import sqlite3
from datetime import date

from cli.conftest import Desk
from cli.recovering import (
    ENTITIES,
    LAST,
    Later,
    calls,
    few,
    kept,
    later,
    nothing_left,
    put_back,
    standing,
    states,
    whole,
    written,
)
from cli.test_firm import Office, office
from cli.test_messages import says

__all__ = ["few", "later", "office", "whole"]  # fixtures

# --- lost ------------------------------------------------------------------------------------------------------------------


def test_a_deleted_state_is_found_again_with_payments_refunds_and_credit_notes_and_nothing_is_created(whole: Desk) -> None:
    whole.loaded()
    modules = {row[0] for row in sqlite3.connect(whole.folder / "zsync.db").execute("SELECT DISTINCT module FROM journal")}
    assert modules >= {"contacts", "items", "salesorders", "invoices", "payments", "applications", "creditnotes", "refunds"}
    before, statuses = standing(whole), {entity: whole.statuses(entity) for entity in ENTITIES}
    for each in states(whole):
        each.unlink()

    says(whole.zsync("run"), 2, "no state at `zsync.db`", "zsync init")
    says(whole.zsync("init", "--no-adopt"), 2, "payments with our tag `hotel`", "zsync init --adopt")
    says(whole.zsync("run"), 2, "was not initialised")
    written(whole)
    assert whole.zsync("init", "--adopt").code == 0
    nothing_left(whole.zsync("run", "--json"))

    assert written(whole) == []
    assert standing(whole) == before
    assert {entity: whole.statuses(entity) for entity in ENTITIES} == statuses


def test_an_old_and_a_lost_state_of_a_firm_find_its_rows_again(office: Office) -> None:
    office.sign_in()
    assert office.zsync("init").code == 0
    old = kept(office, only=".db")
    assert office.zsync("run").code == 0
    app = office.sandbox.creator.application
    rows = {form: copy.deepcopy(app.rows(form)) for form in app.forms}
    written(office, "creator")
    put_back(office, old)
    says(office.zsync("run"), 2, "older than the last run", "zsync init --adopt")
    assert office.zsync("init", "--adopt").code == 0
    nothing_left(office.zsync("run", "--json"))

    (office.folder / "firm.db").unlink()
    says(office.zsync("run"), 2, "no state at `firm.db`", "zsync init")
    says(office.zsync("init", "--no-adopt"), 2, "older than the last run", "zsync init --adopt")
    says(office.zsync("run"), 2, "was not initialised")
    assert office.zsync("init", "--adopt").code == 0
    nothing_left(office.zsync("run", "--json"))

    assert written(office, "creator") == []
    assert {form: app.rows(form) for form in rows} == rows


# --- old -------------------------------------------------------------------------------------------------------------------


def test_a_state_from_before_documents_were_written_is_refused_until_all_was_looked_at(few: Desk) -> None:
    few.initialised()
    old = kept(few, only=".db")
    assert few.zsync("run").code == 0
    put_back(few, old)
    before, words = standing(few), "older than the last run"
    written(few)

    for command in (["run"], ["sync", "orders", "24"], ["init", "--no-adopt"]):
        says(few.zsync(*command), 2, words, "zsync init --adopt")
    assert few.zsync("init", "--adopt", "--entity", "customers").code == 0
    says(few.zsync("run"), 2, words)
    assert few.zsync("init", "--adopt").code == 0
    nothing_left(few.zsync("run", "--json"))

    assert written(few) == []
    assert standing(few) == before
    assert len(few.books.salesorders) == 4


def test_a_folder_put_back_as_a_whole_is_noticed_by_the_payments_that_it_does_not_know(few: Desk, later: Later) -> None:
    few.initialised()
    old = kept(few)
    assert few.zsync("run").code == 0
    put_back(few, old)
    before = standing(few)
    later(2)
    written(few)

    says(few.zsync("run"), 2, "payments with our tag `hotel` that this state does not know", "zsync init --adopt")
    says(few.zsync("sync", "orders", "1"), 2, "payments with our tag `hotel`")
    assert written(few) == []
    assert few.zsync("init", "--adopt").code == 0
    later(2)
    nothing_left(few.zsync("run", "--json"))
    assert written(few) == []
    assert standing(few) == before


def test_what_adoption_left_unknown_is_no_older_state_and_only_a_run_that_writes_asks(few: Desk, later: Later) -> None:
    """The accountant moves the start date with a new state: payments from before it carry our tag for ever."""
    few.loaded()
    for each in states(few):
        each.unlink()
    few.configure(LAST | {"source": {"start_date": date(2026, 3, 11)}})
    assert few.zsync("init", "--adopt").code == 0
    assert "skipped" in few.statuses("payments").values()
    later(24)
    assert few.zsync("run").code == 0
    later(24)
    before = calls(few, "books")
    assert few.zsync("run").code == 0
    assert calls(few, "books") == before  # nothing to do: nobody is asked
    later(24)
    few.hotel.desk.edit_customer(1, lastname="Newname")

    said = few.zsync("run", "--json")

    assert (said.code, said.json["counts"]["updated"]) == (0, 1)
    assert said.json["calls"]["target"] == 3  # is this the newest state?, a look, the change


def test_orders_that_changed_since_the_copy_was_made_stand_as_they_are(few: Desk) -> None:
    few.loaded()
    old = kept(few, only=".db")
    few.hotel.desk.edit_customer(1, lastname="Newname")
    assert few.zsync("run").code == 0
    put_back(few, old)
    before = standing(few)
    written(few)

    assert few.zsync("init", "--adopt").code == 0
    said = few.zsync("run", "--json")

    nothing_left(said)
    assert said.json["outcome"] == "ok", said.out
    assert written(few) == []
    assert standing(few) == before
