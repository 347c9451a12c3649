"""Every kind of field that can be written: a value of the source, what is sent, what the application keeps, and that both agree.

The fields are those of the recorded metadata where it is here, with the sandbox's own beside it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from creator.recorded import here, recording
from zsync.errors import Unmappable
from zsync.mapping.fields import Lookup, Rule, evaluate
from zsync.model.intent import Node, Ref, Written
from zsync.model.key import Key
from zsync.model.record import Value
from zsync.net.exact import decode, encode
from zsync.sandbox.forms import Application as Standing
from zsync.sandbox.forms import Form
from zsync.sandbox.forms.application import Field as FormField
from zsync.sandbox.forms.values import stored
from zsync.targets.creator.client import CreatorClient
from zsync.targets.creator.forms import WRITABLE, Application, kept_field
from zsync.targets.creator.module import FormModule, sendable
from zsync.targets.creator.rules import FormRule
from zsync.targets.creator.values import written

ADDRESS = ("address_line_1", "address_line_2", "district_city", "state_province", "postal_code", "country")
FIELDS = (
    FormField("Single", 1, max_char=20),
    FormField("Multi", 2, max_char=60),
    FormField("Email", 3),
    FormField("Rich", 4),
    FormField("Number", 5, max_char=6),
    FormField("Decimal", 6, max_char=8, decimal_length=3),
    FormField("Percent", 7, max_char=8, decimal_length=2),
    FormField("Currency", 8, max_char=8, decimal_length=2),
    FormField("Day", 10),
    FormField("Moment", 11),
    FormField("Time", 34),
    FormField("Drop_Down", 12, choices=("Red", "Green")),
    FormField("Radio", 13, choices=("Yes", "No")),
    FormField("Multi_Select", 14, choices=("A", "B", "C")),
    FormField("Checkbox", 15, choices=("A", "B", "C")),
    FormField("Decision", 16),
    FormField("Url", 17),
    FormField("Phone", 27),
    FormField("Name", 29, subfields=("prefix", "first_name", "last_name", "suffix")),
    FormField("Address", 30, subfields=ADDRESS),
    FormField("Lookup", 12, is_lookup=True, ref_form="Others"),
    FormField("Lookups", 14, is_lookup=True, ref_form="Others"),
    FormField("Rows", 21, rows=(FormField("Item"), FormField("Amount", 8, decimal_length=2))),
)
STANDING = Standing(forms=(Form("All", FIELDS), Form("Others", (FormField("Other"),))))
OTHER = STANDING.put("Others", Other="first")
APP = Application.of(
    {
        "organization": {"time_zone": "America/Los_Angeles"},
        "date_format": "dd-MMM-yyyy",
        "forms": {"All": {each.link_name: kept_field(each.metadata()) for each in FIELDS}},
    }
)
MOMENT = datetime(2026, 11, 3, 20, 5, 6, tzinfo=UTC)

GOLDEN: tuple[tuple[str, Value, Any], ...] = (
    ("Single", "Amy's Bird Sanctuary", "Amy's Bird Sanctuary"),
    ("Single", "two\nlines", "two lines"),
    ("Single", Decimal("1070"), "1070"),
    ("Single", True, "true"),
    ("Multi", "one\r\ntwo", "one\ntwo"),
    ("Rich", "<b>bold</b>", "<b>bold</b>"),
    ("Email", " amy@example.com ", "amy@example.com"),
    ("Number", "42", Decimal(42)),
    ("Number", Decimal("42.000"), Decimal(42)),
    ("Decimal", "4.125", Decimal("4.125")),
    ("Percent", Decimal("8.25"), Decimal("8.25")),
    ("Currency", Decimal("-59.00"), Decimal(-59)),
    ("Currency", Decimal("0.00"), Decimal(0)),
    ("Day", "2026-11-03", "03-Nov-2026"),
    ("Day", date(2026, 3, 1), "01-Mar-2026"),
    ("Day", "2026-11-03T20:05:06-08:00", "03-Nov-2026"),
    ("Moment", MOMENT, "03-Nov-2026 12:05:06"),
    ("Moment", datetime(2026, 7, 1, 12, tzinfo=UTC), "01-Jul-2026 05:00:00"),
    ("Moment", "2026-11-03T12:05:06-08:00", "03-Nov-2026 12:05:06"),
    ("Moment", "2026-11-03T12:05:06", "03-Nov-2026 12:05:06"),
    ("Time", "9:05", "09:05:00"),
    ("Drop_Down", "Red", "Red"),
    ("Radio", "No", "No"),
    ("Multi_Select", ["A", "C"], ["A", "C"]),
    ("Checkbox", "B", ["B"]),
    ("Decision", True, True),
    ("Decision", "no", False),
    ("Url", "https://example.com/a?b=c", {"url": "https://example.com/a?b=c"}),
    ("Phone", "+15704961113", "+15704961113"),
    ("Lookup", OTHER, OTHER),
    ("Lookups", [OTHER], [OTHER]),
)


def rule(name: str, **more: Any) -> Rule:
    return Rule(f"entities.all.map.{name}", path="value", **more)


def made(name: str, value: Value, *, app: Application = APP, **more: Any) -> Node:
    each = rule(name, **more)
    return written(evaluate(each, {"value": value}), app.forms["All"][name], each, app, reference)


def test_a_moment_is_not_written_in_a_zone_that_nobody_knows() -> None:
    app = replace(APP, time_zone="PST")

    with pytest.raises(Unmappable, match="time zone `PST`"):
        made("Moment", MOMENT, app=app)
    assert made("Moment", "2026-11-03T12:05:06", app=app) == "03-Nov-2026 12:05:06"  # says no zone: taken as it stands
    assert made("Day", MOMENT, app=app) == made("Day", MOMENT)


def reference(lookup: Lookup) -> Ref:
    return Ref("Others", Key.of("qbo", lookup.entity, lookup.id))


def module() -> FormModule:
    return FormModule(CreatorClient(None, None, "o", "a", environment="production"), FormRule("All", "All_All", "Single"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value", "sent"), GOLDEN)
def test_each_kind_of_field_has_its_form(name: str, value: Value, sent: Any) -> None:
    assert made(name, value) == sent


@pytest.mark.parametrize(("name", "value", "sent"), GOLDEN)
def test_the_application_takes_what_is_sent_and_shows_the_same(name: str, value: Value, sent: Any) -> None:
    """Through JSON and back: what stands there is compared with what was written, and equals it."""
    field = next(each for each in FIELDS if each.link_name == name)
    body = {name: made(name, value)}
    arrived = decode(encode(sendable(body)))[name]
    shown = STANDING.shown(stored(field, arrived, STANDING, ""), field)
    assert module().differences(body, Written("1", content={name: shown})) == []


@pytest.mark.parametrize("name", [each.link_name for each in FIELDS])
def test_nothing_is_nothing_for_every_kind(name: str) -> None:
    """An empty value is left out of a new row and cleared in one that stands, and an empty field equals it."""
    field = next(each for each in FIELDS if each.link_name == name)
    body = {name: made(name, None)}
    assert body[name] in (None, [])
    shown = STANDING.shown(stored(field, sendable(body)[name], STANDING, ""), field)
    assert shown in ("", [])
    assert module().differences(body, Written("1", content={name: shown})) == []


def test_every_writable_type_of_the_metadata_has_a_pair() -> None:
    paired = {next(each.type for each in FIELDS if each.link_name == name) for name, _, _ in GOLDEN} | {21, 29, 30}
    assert WRITABLE - {26, 31} <= paired  # users and integration ids are texts that only Zoho can judge


def test_a_name_and_an_address_go_by_their_parts() -> None:
    name = Rule("m.Name", parts={"first_name": Rule("m.f", path="Given"), "last_name": Rule("m.l", path="Family")})
    value = evaluate(name, {"Given": "Amy", "Family": "Lauterbach"})
    body = {"Name": written(value, APP.forms["All"]["Name"], name, APP, reference)}
    assert body["Name"] == {"first_name": "Amy", "last_name": "Lauterbach"}
    shown = stored(next(each for each in FIELDS if each.link_name == "Name"), body["Name"], STANDING, "")
    assert shown["zc_display_value"] == "Amy Lauterbach"
    assert module().differences(body, Written("1", content={"Name": shown})) == []
    assert [each.ours for each in module().differences({"Name": {"first_name": "Ann"}}, Written("1", content={"Name": shown}))]


def test_the_rows_of_a_subform_go_by_their_fields() -> None:
    parts = {"Item": Rule("m.i", path="ItemRef.name"), "Amount": Rule("m.a", path="Amount")}
    rows = Rule("m.Rows", each="Line", parts=parts)
    record: dict[str, Value] = {"Line": [{"ItemRef": {"name": "Pump"}, "Amount": Decimal("80.00")}, {"Amount": Decimal("125.5")}]}
    body = {"Rows": written(evaluate(rows, record), APP.forms["All"]["Rows"], rows, APP, reference)}
    assert body["Rows"] == [{"Item": "Pump", "Amount": Decimal(80)}, {"Item": None, "Amount": Decimal("125.5")}]
    field = next(each for each in FIELDS if each.link_name == "Rows")
    sent: dict[str, object] = {"Rows": [{"Item": "Pump", "Amount": Decimal(80)}, {"Amount": Decimal("125.5")}]}
    shown = stored(field, decode(encode(sent))["Rows"], STANDING, "")
    assert module().differences(body, Written("1", content={"Rows": shown})) == []


def test_a_lookup_of_another_entity_is_a_reference_to_its_row() -> None:
    assert made("Lookup", "58", lookup="customers") == Ref("Others", Key("qbo:customers:58"))
    assert made("Lookups", ["58", "59"], lookup="customers") == [
        Ref("Others", Key("qbo:customers:58")),
        Ref("Others", Key("qbo:customers:59")),
    ]


REFUSED: tuple[tuple[str, Value, str], ...] = (
    ("Single", "x" * 21, "it takes 20 characters, and the value has 21"),
    ("Multi", "x" * 61, "it takes 60 characters"),
    ("Number", "4.5", "a whole number is wanted"),
    ("Number", "1234567", "it takes 6 digits"),
    ("Decimal", "4.1234", "it keeps 3 decimals, and the value has 4"),
    ("Currency", "12 USD", "a number is wanted"),
    ("Currency", "NaN", "a number is wanted"),
    ("Day", "tomorrow", "a date is wanted"),
    ("Moment", "soon", "a date with a time is wanted"),
    ("Time", "25:00", "a time of day is wanted"),
    ("Drop_Down", "Blue", "none of its choices"),
    ("Multi_Select", ["A", "D"], "none of its choices"),
    ("Decision", "perhaps", "yes or no is wanted"),
    ("Lookup", "Amy", "it takes the ID of another record"),
    ("Name", "Amy Lauterbach", "it has parts"),
    ("Rows", "x", "it has rows"),
)


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
def test_what_a_field_does_not_take_is_said_with_the_key_to_correct(name: str, value: Value, words: str) -> None:
    with pytest.raises(Unmappable) as caught:
        made(name, value)
    assert words in caught.value.message
    assert f"entities.all.map.{name}" in caught.value.message
    assert caught.value.hint
    assert str(value) not in caught.value.message or name in ("Decision",) or len(str(value)) < 3


def test_rounding_and_cutting_are_asked_for_in_the_map() -> None:
    assert made("Currency", "12.345", round=2) == Decimal("12.35")
    assert made("Single", "a name that is far too long", cut=20) == "a name that is far t"


@here
def test_the_recorded_fields_are_known_and_the_sandbox_describes_its_own_alike() -> None:
    recorded = recording("meta-fields-all-types.json")["fields"] + recording("meta-fields-sync-target.json")["fields"]
    for raw in recorded:
        kept = kept_field(raw)
        assert kept["name"]
        assert kept["type"] == raw["type"]
        assert len(kept["parts"]) == len(raw.get("subfields", ()))
        assert len(kept["choices"]) == len(raw.get("choices", ()))
    by_type = {(raw["type"], bool(raw.get("is_lookup_field"))): raw for raw in recorded}
    for field in FIELDS:
        theirs, ours = by_type.get((field.type, field.is_lookup)), field.metadata()
        if theirs is not None:
            assert {name for name in ours if name not in theirs} <= {"is_lookup_field", "ref_form", "choices", "max_char"}
