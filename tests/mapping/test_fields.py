"""Field maps: where values come from, what becomes of them, and what is said when that cannot be."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsync.errors import Unmappable
from zsync.mapping.fields import Lookup, Rule, as_text, at, convert, evaluate, is_path, matches, paths
from zsync.mapping.shaped import Feed, entries
from zsync.model.documents import Entry
from zsync.model.key import Key
from zsync.model.record import Value

RECORD: dict[str, Value] = {
    "Id": "58",
    "DisplayName": "Amy's Bird Sanctuary",
    "Balance": Decimal("239.00"),
    "Active": True,
    "PrimaryEmailAddr": {"Address": "birds@example.com"},
    "CustomerRef": {"value": "7"},
    "Line": [{"Id": "1", "Amount": Decimal("10.5")}, {"Id": "2", "Amount": Decimal("4.25")}, {"Amount": Decimal("14.75")}],
    "MetaData": {"CreateTime": "2026-02-24T23:10:36-08:00"},
    "Empty": "",
}


def rule(**given: Any) -> Rule:
    return Rule("entities.e.map.F", **given)


# --- paths ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Id", "58"),
        ("PrimaryEmailAddr.Address", "birds@example.com"),
        ("Line.1.Amount", Decimal("4.25")),
        ("Line.9.Amount", None),
        ("PrimaryEmailAddr.Address.More", None),
        ("Nothing.At.All", None),
    ],
)
def test_paths_lead_through_maps_and_lists_and_end_in_nothing(path: str, value: Value) -> None:
    assert at(RECORD, path) == value


@pytest.mark.parametrize(
    ("text", "is_one"), [("a.b.0.c", True), ("a b", False), ("a..b", False), ("", False), ("{{ a }}", False)]
)
def test_what_a_path_is(text: str, is_one: bool) -> None:
    assert is_path(text) is is_one


def test_every_path_of_a_rule_is_named() -> None:
    parts = {"a": rule(path="A"), "b": rule(template="{{ B }}")}
    assert list(paths(rule(parts=parts))) == ["A"]
    assert list(paths(rule(parts=parts, each="Line"))) == ["Line"]


# --- values -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"path": "DisplayName"}, "Amy's Bird Sanctuary"),
        ({"path": "Empty"}, None),
        ({"path": "Empty", "default": "none"}, "none"),
        ({"constant": "QuickBooks"}, "QuickBooks"),
        ({"template": "{{ DisplayName }} ({{ Id }})"}, "Amy's Bird Sanctuary (58)"),
        ({"path": "Active", "table": {"true": "Yes", "false": "No"}}, "Yes"),
        ({"path": "Id", "table": {"1": "one"}, "default": "many"}, "many"),
        ({"path": "CustomerRef.value", "lookup": "customers"}, Lookup("customers", "7")),
        ({"path": "Balance", "as_": "text"}, "239"),
        ({"path": "Balance", "as_": "money", "round": 0}, Decimal(239)),
        ({"path": "DisplayName", "cut": 6}, "Amy's"),
        ({"path": "MetaData.CreateTime", "as_": "date"}, date(2026, 2, 24)),
        ({"constant": "a; b ;c", "as_": "list", "split": ";"}, ["a", "b", "c"]),
        ({"parts": {"x": Rule("m", path="Nothing")}}, None),
        ({"parts": {"x": Rule("m", path="Id")}}, {"x": "58"}),
        ({"each": "Line", "parts": {"x": Rule("m", path="Amount"), "of": Rule("m", path="parent.Id")}}, None),
    ],
)
def test_each_way_to_a_value(given: dict[str, Any], value: Any) -> None:
    found = evaluate(rule(**given), RECORD)
    if given.get("each"):
        value = [{"x": Decimal(amount), "of": "58"} for amount in ("10.5", "4.25", "14.75")]
    assert found == value


@pytest.mark.parametrize(
    ("value", "kind", "given", "made"),
    [
        ("03/11/2026", "date", {"format": "%d/%m/%Y"}, date(2026, 11, 3)),
        ("3.11.2026 12:05", "datetime", {"format": "%d.%m.%Y %H:%M"}, datetime.fromisoformat("2026-11-03T12:05:00")),
        (Decimal("5.00"), "integer", {}, Decimal(5)),
        ("1", "bool", {}, True),
        (Decimal(0), "bool", {}, False),
        ("12:30", "time", {}, "12:30:00"),
        (["a"], "list", {}, ["a"]),
        (None, "text", {}, ""),
    ],
)
def test_conversions(value: Value, kind: Any, given: dict[str, Any], made: Value) -> None:
    assert convert(value, kind, rule(**given)) == made


@pytest.mark.parametrize(
    ("value", "kind", "given", "words"),
    [
        ("2026-11-03", "date", {"format": "%d/%m/%Y"}, "does not have the format"),
        ("x", "decimal", {}, "a number is wanted"),
        ([], "decimal", {}, "a number is wanted"),
        ("Infinity", "money", {}, "a number is wanted"),
        ({"a": "b"}, "date", {}, "a date is wanted"),
        (Decimal(7), "bool", {}, "yes or no"),
        (True, "time", {}, "a time of day"),
    ],
)
def test_what_cannot_be_converted_names_the_key_and_no_value(value: Value, kind: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(Unmappable, match=words) as caught:
        convert(value, kind, rule(**given))
    assert "`entities.e.map.F`" in caught.value.message


def test_a_value_that_a_table_does_not_have_says_where_to_add_it() -> None:
    with pytest.raises(Unmappable) as caught:
        evaluate(rule(path="DisplayName", table={"x": "y"}), RECORD)
    assert "entities.e.map.F.table" in caught.value.hint
    assert "Amy" not in caught.value.message


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_numbers_survive_as_text(number: Decimal) -> None:
    assert convert(as_text(number), "decimal", rule()) == number


# --- conditions and lines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (("Active", "is", True), True),
        (("Active", "is", "true"), True),
        (("Active", "not", True), False),
        (("Balance", "gt", Decimal(0)), True),
        (("Balance", "ge", "239"), True),
        (("Balance", "lt", "1000"), True),
        (("Balance", "le", "24"), False),
        (("Id", "in", ["57", "58"]), True),
        (("Empty", "set", True), False),
        (("Empty", "set", False), True),
        (("Nothing", "lt", "5"), False),
        (("Nothing", "is", ""), True),
        (("DisplayName", "gt", "Aaa"), True),
    ],
)
def test_conditions(condition: tuple[str, str, Value], holds: bool) -> None:
    assert matches(RECORD, [condition]) is holds


def test_lines_are_entries_of_their_own_with_their_record_as_parent() -> None:
    entry = Entry(Key("qbo:invoice:58"), "58", "Invoice", "1058", date(2026, 2, 1))
    found = list(entries(Feed("lines", "Invoice", each="Line", line_id="Id"), entry, RECORD, "qbo"))
    assert [(each.key, each.source_id, each.day) for each, _ in found] == [
        ("qbo:lines:58/1", "58/1", date(2026, 2, 1)),
        ("qbo:lines:58/2", "58/2", date(2026, 2, 1)),
    ]
    assert [values["key"] for _, values in found] == ["58-1", "58-2"]
    assert all(at(values, "parent.DisplayName") == "Amy's Bird Sanctuary" for _, values in found)


def test_lines_can_be_chosen_by_what_their_record_has() -> None:
    entry = Entry(Key("qbo:invoice:58"), "58", "Invoice", "1058")
    feed = Feed("lines", "Invoice", (("parent.Active", "is", True), ("Amount", "gt", Decimal(5))), "Line", "Id")
    assert [each.source_id for each, _ in entries(feed, entry, RECORD, "qbo")] == ["58/1"]


def test_lines_without_ids_are_numbered() -> None:
    entry = Entry(Key("hotel:order:58"), "58", "orders", "1058")
    assert [each.source_id for each, _ in entries(Feed("lines", "orders", each="Line"), entry, RECORD, "hotel")] == [
        "58/1",
        "58/2",
        "58/3",
    ]
