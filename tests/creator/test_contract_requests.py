"""Every request that we send to Creator is documented, with exactly our scopes; the sandbox answers nothing that is not."""

from __future__ import annotations

from pathlib import Path

from contracts_creator import check_request, needs_contract, operation, scopes
from e2e.firm import Firm
from e2e.test_firm_faults import begun, change
from zsync.targets.creator import plugin

pytestmark = needs_contract


def faults(firm: Firm) -> list[str]:
    return [
        fault
        for each in firm.sandbox.ledger.entries("creator")
        for fault in check_request(each.method, each.path, each.query, each.body)
    ]


def test_every_request_of_a_whole_story_is_documented(tmp_path: Path) -> None:
    firm = begun(tmp_path)
    firm.run_to_rest()
    change(firm)
    firm.run_to_rest()
    firm.initialise()
    seen = {(each.method, each.path.split("/")[1]) for each in firm.sandbox.ledger.entries("creator")}
    assert seen == {("GET", "meta"), ("GET", "data"), ("POST", "data"), ("PATCH", "data"), ("DELETE", "data")}
    assert faults(firm) == []


def test_a_whole_report_is_read_as_documented(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.initialise()
    firm.well()
    firm.initialise()
    assert faults(firm) == []


def test_our_scopes_are_the_documents(tmp_path: Path) -> None:
    settings, entities = Firm(tmp_path).settings()
    assert set(plugin.scopes(settings, entities)) <= scopes()


def test_nothing_is_deleted_where_rows_are_only_marked(tmp_path: Path) -> None:
    firm = Firm(tmp_path, entities={"items": {**begun(tmp_path).entities["items"]}})
    settings, entities = firm.settings()
    assert "ZohoCreator.report.DELETE" not in plugin.scopes(settings, entities)


def test_what_the_check_does_not_know_it_says() -> None:
    assert check_request("POST", "/data/o/a/form", {}, {"data": []}) == ["POST /data/o/a/form is not documented"]
    assert operation("PUT", "/data/o/a/report/r") is None
    wrong = check_request("POST", "/data/o/a/form/f", {"x": "1"}, {"data": [{}] * 201, "y": 1})
    assert len(wrong) == 3
