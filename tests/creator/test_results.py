"""Results of single records that say neither yes nor no: they are doubt, and a look follows, whatever was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from creator.desk import Desk
from zsync.errors import ContractBroken, InDoubt, Refused
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Standing, Write
from zsync.targets.creator.module import FormModule, id_of

ROW: Body = {"QB_Id": "1", "Item_Name": "Design"}
ID, OTHER = "3888833000000121601", "3888833000000121602"
DONE = {"code": 3000, "data": {"ID": ID}, "message": "Data Added Successfully!"}


def module(results: list[Mapping[str, Any]]) -> FormModule:
    """The form of items, behind a client that answers each write with these results."""
    made = Desk().target._modules["Items"]
    for name in ("add", "update_where", "delete", "delete_where"):
        setattr(made._client, name, lambda *_: results)
    return made


@pytest.mark.parametrize(
    "result",
    [
        {**DONE, "code": ""},
        {**DONE, "code": 1e400},
        {**DONE, "code": None},
        {**DONE, "data": {}},
        {**DONE, "data": []},
        {**DONE, "data": {"ID": ""}},
        {**DONE, "data": {"ID": 7}},
        {**DONE, "data": {"ID": "-7"}},
        {"message": "Data Added Successfully!"},
        {},
    ],
)
def test_a_created_row_without_a_proper_code_and_id_is_in_doubt(result: Mapping[str, Any]) -> None:
    (answer,) = module([result]).create([Write(Key("qbo:items:1"), ROW)])

    assert isinstance(answer, InDoubt)


def test_a_yes_is_a_yes_and_a_no_is_a_no() -> None:
    (made,) = module([DONE]).create([Write(Key("qbo:items:1"), ROW)])
    (no,) = module([{"code": 3001, "error": ["no"]}]).create([Write(Key("qbo:items:1"), ROW)])

    assert made == Written(ID, number="1")
    assert isinstance(no, Refused)


@pytest.mark.parametrize("broken", [{"code": 3000}, {"code": 3000, "data": {"ID": 5}}, {**DONE, "code": "?"}])
def test_a_result_that_cannot_be_read_leaves_the_rows_of_its_call_in_doubt(broken: Mapping[str, Any]) -> None:
    first, second = (Standing(Key("qbo:items:1"), id, ROW, Written(id, number="1")) for id in (ID, OTHER))
    whole = {"code": 3000, "data": {"ID": OTHER}}

    lots = module([broken, whole]).lots
    assert lots is not None
    gone = lots.withdraw([first, second])
    changed = lots.update([(first, {**ROW, "Item_Name": "x"}), (second, {**ROW, "Item_Name": "x"})])

    assert isinstance(gone[0], InDoubt)
    assert isinstance(gone[1], Gone)
    assert isinstance(changed[0], InDoubt)
    assert isinstance(changed[1], Written)


def test_that_no_result_names_a_row_is_no_evidence() -> None:
    """The answer may be cut short, or the list that it was taken from lag behind."""
    lots = module([{"code": 3000, "data": {"ID": OTHER}}]).lots
    assert lots is not None
    standing = Standing(Key("qbo:items:1"), ID, ROW, Written(ID, number="1"))

    assert lots.withdraw([standing]) == [None]
    assert lots.update([(standing, {**ROW, "Item_Name": "x"})]) == [None]


@pytest.mark.parametrize("broken", [[{"code": 3000}], [{"code": 3000, "data": {"ID": OTHER}}], []])
def test_an_answer_to_a_deletion_that_does_not_name_its_row_is_doubt(broken: list[Mapping[str, Any]]) -> None:
    with pytest.raises(InDoubt):
        module(broken).withdraw(Standing(Key("qbo:items:1"), ID, ROW, Written(ID, number="1")))


@pytest.mark.parametrize("data", [None, {}, {"ID": None}, {"ID": 3888833000000121601}, {"ID": "12345"}, {"ID": "1" * 21}, "ID"])
def test_only_a_long_number_in_quotation_marks_is_an_id(data: object) -> None:
    assert id_of(data) == ""
    assert id_of({"ID": ID}) == ID


@pytest.mark.parametrize("told", ["1/../2", "../Report", "7", 3888833000000121601, "", None, "\u0663" * 19, [ID]])
def test_a_row_that_is_read_without_a_proper_id_is_none_that_could_be_written_to(told: object) -> None:
    form = module([])
    assert form.written({"ID": ID, "QB_Id": "1"}).id == ID
    with pytest.raises(ContractBroken, match="without an `ID` that is one"):
        form.written({"ID": told, "QB_Id": "1"})
