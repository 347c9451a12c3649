"""The exported Deluge scripts: golden files, the structure that can be checked, the fields of the map, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from creator.deluge_checker import changed, faults, inserted
from zsync.cli.scene import FIRM_ENTITIES
from zsync.errors import ConfigError
from zsync.mapping.fields import Condition
from zsync.sandbox.forms import demo
from zsync.sources.quickbooks.settings import Reads
from zsync.targets.creator import plugin
from zsync.targets.creator.deluge import MOST_STATEMENTS, Origin, Script, script
from zsync.targets.creator.forms import Application, kept_field
from zsync.targets.creator.settings import made

GOLDEN = Path(__file__).with_name("golden")
APP = Application.of(
    {
        "organization": {"time_zone": "America/Los_Angeles"},
        "date_format": "dd-MMM-yyyy",
        "forms": {form.link_name: {each.link_name: kept_field(each.metadata()) for each in form.fields} for form in demo.FORMS},
    }
)
FORMS = [*(form.link_name for form in demo.FORMS), "Sync_State", "Sync_Log"]
WHERE: tuple[Condition, ...] = (("Balance", "gt", "0"), ("CustomerRef.value", "not", "9"))

CASES: Mapping[str, dict[str, Any]] = {
    "items": {},
    "customers": {"without": ("Contact", "Address")},
    "invoices": {"without": ("Status",), "mail": "ops@example.com", "where": WHERE},
}


def entities(changes: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    found = {name: dict(each) for name, each in FIRM_ENTITIES.items()}
    for name, fields in (changes or {}).items():
        found[name]["map"] = {**found[name]["map"], **fields}
    return found


def exported(
    name: str,
    changes: Mapping[str, Any] | None = None,
    *,
    without: tuple[str, ...] = (),
    mail: str = "",
    where: tuple[Condition, ...] = (),
) -> Script:
    settings = plugin.entities(Reads).model_validate(entities({name: changes} if changes else None))
    rules = made(settings, "qbo").rules
    entity = settings.root[name]
    origin = Origin(entity.object, "4620816365", "https://quickbooks.api.intuit.com", mail=mail, where=where)
    return script(rules.entities[name], APP.forms[entity.form], origin, rules, without)


@pytest.mark.parametrize("name", CASES)
def test_the_script_is_the_one_that_was_approved(name: str, golden: bool) -> None:
    text, path = exported(name, **CASES[name]).text, GOLDEN / f"{name}.dg"
    if golden:
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_its_structure_is_sound_and_within_the_limits(name: str) -> None:
    found = exported(name, **CASES[name])
    assert faults(found.text, FORMS) == []
    assert found.statements <= MOST_STATEMENTS
    assert f"at most {found.pages} calls, {found.pages * found.size} records" in found.text


@pytest.mark.parametrize("name", CASES)
def test_its_fields_are_the_maps(name: str) -> None:
    text, case = exported(name, **CASES[name]).text, CASES[name]
    fields = [field for field in FIRM_ENTITIES[name]["map"] if field not in case.get("without", ())]
    assert inserted(text, FIRM_ENTITIES[name]["form"]) == ["Added_User", *fields]
    assert changed(text) == [field for field in fields if field != FIRM_ENTITIES[name]["key"]]


def test_no_secret_stands_in_it() -> None:
    for name, case in CASES.items():
        text = exported(name, **case).text
        assert not re.search("secret|token|Bearer|oauth", text, re.IGNORECASE)


def test_texts_cannot_break_out_of_their_quotes() -> None:
    evil = 'x"; alert "y\\'
    kind = {"from": "Type", "table": {'a"b': "Service"}, "default": "Service"}
    text = exported("items", {"Item_Name": {"value": evil}, "Kind": kind}).text
    assert faults(text, FORMS) == []
    assert '"x\\"; alert \\"y\\\\"' in text


REFUSED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("customers", {}, "it is not settled how a script fills a name field"),
    ("invoices", {}, "no filters or conditions"),
    ("customers", {"Modified": "MetaData.LastUpdatedTime"}, "it is not settled how a script fills a date-time field"),
    ("items", {"Item_Name": "Line.0.Description"}, "does not reach into lists"),
    ("items", {"Item_Name": "{{ Name | upper }}"}, "no filters or conditions"),
    ("pnl", {}, "no recursion"),
)


@pytest.mark.parametrize(("name", "changes", "words"), REFUSED)
def test_what_deluge_cannot_do_is_refused_with_what_to_do(name: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        exported(name, changes or None, without=("Contact", "Address") if changes and name == "customers" else ())
    assert words in caught.value.message
    assert caught.value.hint


def test_a_record_with_too_many_statements_does_not_fit() -> None:
    names = {f"Field_{number}": "A.B.C.D" for number in range(40)}
    settings = entities()
    settings["items"]["map"] = {"QB_Id": "Id", **names}
    root = plugin.entities(Reads).model_validate(settings)
    rules = made(root, "qbo").rules
    form = {**APP.forms["Items"], **{name: kept(name) for name in names}}
    with pytest.raises(ConfigError, match="not even 20 records fit"):
        script(rules.entities["items"], form, Origin("Item", "1", "https://x"), rules)


def kept(name: str) -> Any:
    return Application.of({"organization": {}, "forms": {"f": {name: kept_field({"link_name": name, "type": 1})}}}).forms["f"][
        name
    ]


def test_the_key_cannot_be_left_out() -> None:
    with pytest.raises(ConfigError, match="`QB_Id` cannot be left out"):
        exported("items", without=("QB_Id",))


# --- the checker itself ---------------------------------------------------------------------------------------------------------

GOOD = exported("items").text

BROKEN: tuple[tuple[str, str, str], ...] = (
    ('problem = "";', 'problem = ""', "a statement without `;`"),
    ('"Items"', '"Items', "nothing begins with"),
    ("if(more)\n    {", "if(more)\n    ", "closes nothing"),
    ("detailed: true", "detailed: true;", "no `;` inside the brackets"),
    ("type: GET", "kind: GET", "is no key of invokeurl"),
    ("            type: GET\n", "", "invokeurl without `type`"),
    ("done = done + 1;", "done = dome + 1;", "`dome` has no value yet"),
    ("if(more)\n", "if(more);\n", "a head with `;`"),
    ("catch (e)", "    catch (f)", "has no value yet"),
    ("info ", "alert ", "is not for a schedule"),
    ("                        try\n", "", "a block without a head"),
)


@pytest.mark.parametrize(("good", "bad", "words"), BROKEN)
def test_the_checker_sees_what_is_broken(good: str, bad: str, words: str) -> None:
    text = GOOD.replace('"item"', '"Items"') if good == '"Items"' else GOOD
    spoilt = text.replace(good, bad, 1) if good in text else text.replace('"items"', '"items', 1)
    assert any(words in fault for fault in faults(spoilt, FORMS)), faults(spoilt, FORMS)
