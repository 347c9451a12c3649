"""A form keeps the promises of `zsync.ports.Module`, whether gone rows are deleted or marked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import httpx2
import pytest

from contract.module_contract import ModuleContract, Stage, created
from creator.desk import ITEMS, Desk
from zsync.errors import ContractBroken, InDoubt, Unavailable
from zsync.model.intent import Body, Written
from zsync.model.key import Key
from zsync.model.record import Gone
from zsync.ports import Standing, Stranger, Write
from zsync.sandbox.faults import Fault

KEY = Key("qbo:items:7")
BODY: Body = {"QB_Id": "7", "Item_Name": "Pump", "Kind": "Inventory", "Price": Decimal("15.5"), "Active": True}
OTHER: Body = {**BODY, "Item_Name": "Fountain Pump", "Price": Decimal(16), "Kind": None}


def stage(desk: Desk) -> Stage:
    module = desk.target.modules["Items"]

    def fail(error: Exception) -> None:
        if isinstance(error, ContractBroken):  # a success without what was asked for
            desk.sandbox.faults.add(Fault("refuse", system="creator", status=200, code=3000))
        else:
            desk.sandbox.faults.add(
                Fault("refused_connection" if isinstance(error, Unavailable) else "cut_before", system="creator")
            )

    def garble() -> None:
        desk.sandbox.faults.add(Fault("truncated", system="creator"))

    def destroy() -> None:
        desk.app.rows("Items").clear()

    return Stage(module, KEY, BODY, lambda: len(desk.sandbox.ledger.writes("creator")), fail, garble, destroy, OTHER)


class TestRowsThatAreDeleted(ModuleContract):
    def stage(self) -> Stage:
        return stage(Desk())


class TestRowsThatAreMarked(ModuleContract):
    def stage(self) -> Stage:
        entity = {**ITEMS, "gone": {"field": "Active", "value": False}}
        return replace(stage(Desk({"items": entity})), withdrawn_is_found=True)


# --- lots -------------------------------------------------------------------------------------------------------------------


def key(number: int) -> Key:
    return Key(f"qbo:items:{number}")


def body(number: int, name: str = "") -> Body:
    return {"QB_Id": str(number), "Item_Name": name or f"Item {number}", "Kind": "Service", "Price": Decimal(1), "Active": True}


def rows(desk: Desk, count: int) -> list[Standing]:
    """So many rows, as they stand."""
    module = desk.target.modules["Items"]
    writes = [Write(key(number), body(number)) for number in range(1, count + 1)]
    answers = module.create(writes)
    assert all(isinstance(each, Written) for each in answers)
    return [Standing(w.key, a.id, w.body, a) for w, a in zip(writes, answers, strict=True) if isinstance(a, Written)]


def test_a_lot_is_one_request_each_way() -> None:
    desk = Desk()
    standings, lots = rows(desk, 50), desk.target.modules["Items"].lots
    assert lots is not None
    before = desk.sandbox.ledger.calls("creator")
    assert all(isinstance(each, Written) for each in lots.read(standings))
    changed = [(each, {**each.body, "Active": False}) for each in standings]
    assert len({lots.alike(*each) for each in changed}) == 1
    assert all(isinstance(each, Written) for each in lots.update(changed))
    assert lots.withdraw(standings) == [Gone()] * 50
    assert desk.sandbox.ledger.calls("creator") == before + 3


def test_each_row_of_a_lot_is_answered_for_itself() -> None:
    desk = Desk()
    module = desk.target.modules["Items"]
    rows(desk, 1)
    answers = module.create([Write(key(2), body(2)), Write(key(1), body(1)), Write(key(3), {**body(3), "Kind": "Wish"})])
    kinds = [getattr(each, "duplicate", None) for each in answers]
    assert [type(each).__name__ for each in answers] == ["Written", "Refused", "Refused"]
    assert kinds == [None, True, False]


@pytest.mark.parametrize("lists", [True, False])
def test_a_double_is_noticed_in_either_shape_of_the_refusal(lists: bool) -> None:
    desk = Desk()
    desk.creator.lists_errors = lists
    rows(desk, 1)
    (answer,) = desk.target.modules["Items"].create([Write(key(1), body(1))])
    assert getattr(answer, "duplicate", False)


def test_updates_that_are_not_alike_go_alone() -> None:
    lots = Desk().target.modules["Items"].lots
    assert lots is not None
    one, other = (Standing(key(n), str(n), body(n), Written(str(n))) for n in (1, 2))
    assert lots.alike(one, body(1, "A")) != lots.alike(other, body(2, "B"))
    assert lots.alike(one, body(1, "A")) == lots.alike(other, body(2, "A"))
    assert lots.alike(replace(one, body={}), body(1, "A")) == ""  # not known how it stood


def test_rows_that_vanished_meanwhile_are_named_by_no_lot_and_gone_by_themselves() -> None:
    desk = Desk()
    module = desk.target.modules["Items"]
    standings, lots = rows(desk, 3), module.lots
    assert lots is not None
    desk.app.rows("Items").pop(standings[1].id)
    assert [each is None for each in lots.read(standings)] == [False, True, False]
    answers = lots.update([(each, {**each.body, "Active": False}) for each in standings])
    assert [each is None for each in answers] == [False, True, False]
    assert lots.withdraw(standings) == [Gone(), None, Gone()]
    assert lots.withdraw(standings) == [None] * 3
    assert module.read(standings[1]) == Gone()
    assert module.withdraw(standings[1]) is None


@pytest.mark.parametrize(("code", "status"), [(3190, 200), (9280, 400), (3100, 404)])
def test_a_row_that_is_not_there_is_gone_however_creator_says_it(code: int, status: int) -> None:
    desk = Desk()
    (standing,) = rows(desk, 1)
    desk.sandbox.faults.add(Fault("refuse", system="creator", status=status, code=code))
    assert desk.target.modules["Items"].read(standing) == Gone()


def test_results_in_another_order_than_the_records_are_in_doubt() -> None:
    """Nothing says that they may be; were they, a row would be kept under another's id."""
    desk = Desk()
    module = desk.target.modules["Items"]
    answer = desk.sandbox.answer

    def turned(request: object, **options: object) -> object:
        import json

        response = answer(request, **options)  # type: ignore[arg-type]
        content = json.loads(response.get_data())
        if "result" in content:
            content["result"].reverse()
            response.set_data(json.dumps(content))
        return response

    desk.sandbox.answer = turned  # type: ignore[method-assign,assignment]
    answers = module.create([Write(key(1), body(1)), Write(key(2), body(2))])
    assert [type(each) for each in answers] == [InDoubt, InDoubt]


def test_two_rows_of_one_key_are_left_to_a_person() -> None:
    """From before the field was made unique: none of them is taken for ours."""
    desk = Desk()
    (first,) = rows(desk, 1)
    desk.app.rows("Items")["777"] = {**desk.app.rows("Items")[first.id], "ID": "777"}
    (found,) = desk.target.modules["Items"].find([(key(1), body(1))])
    assert isinstance(found, Stranger)
    assert not found.ours
    assert found.message == f"2 rows have the key (IDs {first.id}, 777): the key field was not always unique"


def test_a_list_that_begins_again_is_no_endless_one() -> None:
    desk = Desk()
    rows(desk, 3)
    answer = desk.sandbox.answer

    def again(request: object, **options: object) -> object:
        response = answer(request, **options)  # type: ignore[arg-type]
        response.headers["record_cursor"] = "the-same"
        return response

    desk.sandbox.answer = again  # type: ignore[method-assign,assignment]
    with pytest.raises(ContractBroken, match="does not end"):
        list(desk.target._client.every("All_Items"))


def test_a_report_that_does_not_show_the_key_is_named() -> None:
    from zsync.sandbox.forms import Report

    desk = Desk()
    rows(desk, 1)
    desk.app.reports["All_Items"] = Report("All_Items", "Items", hidden=frozenset({"QB_Id"}))
    with pytest.raises(Exception, match="does not show the key field `QB_Id`"):
        desk.target.modules["Items"].find([(key(1), body(1))])


def test_what_the_report_does_not_show_is_not_compared() -> None:
    module = Desk().target.modules["Items"]
    assert module.differences(BODY, Written("1", content={"ID": "1", "QB_Id": "7"})) == []
    assert [each.field for each in module.differences(BODY, Written("1", content={"QB_Id": "7", "Price": "15"}))] == ["Price"]


def test_environments_are_stores_of_their_own() -> None:
    desk = Desk(environment="development")
    created(stage(desk))
    assert len(desk.app.rows("Items", "development")) == 1
    assert not desk.app.rows("Items")
    assert desk.target.realm == "zoho-creator:acme/finance/development"


def test_workflows_are_left_out_where_that_is_asked_for() -> None:
    desk = Desk(skip_workflow=("all",))
    created(stage(desk))
    (write,) = desk.sandbox.ledger.writes("creator")
    assert write.body is not None
    assert write.body["skip_workflow"] == ["all"]


def test_every_request_says_what_it_accepts() -> None:
    """`*/*` is refused by Creator."""
    seen: list[str] = []
    desk = Desk()
    answer = desk.sandbox.answer

    def looked(request: httpx2.Request, **options: object) -> object:
        seen.append(request.headers["Accept"])
        return answer(request, **options)  # type: ignore[arg-type]

    desk.sandbox.answer = looked  # type: ignore[method-assign,assignment]
    desk.target.learn()
    assert set(seen) == {"application/json"}
