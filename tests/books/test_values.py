"""Ids out of Zoho's answers: what could lead to another path is none."""

from __future__ import annotations

import pytest

from zsync.errors import ContractBroken
from zsync.targets.books.modules.values import identity, identity_if_any


@pytest.mark.parametrize("told", ["4815162000000044039", 4815162000000044039, " 41 ", "a-1_B"])
def test_an_id_is_taken_as_text(told: object) -> None:
    assert identity({"invoice_id": told}, "invoice_id") == str(told).strip()


@pytest.mark.parametrize("told", ["4/../5", "..", "4?x=1", "4#", "4%2F5", "4\x17", "\u0664", "4" * 51, {"a": 1}])
def test_what_could_lead_to_another_path_is_no_id(told: object) -> None:
    for take in (identity, identity_if_any):
        with pytest.raises(ContractBroken, match="`invoice_id` that is no id"):
            take({"invoice_id": told}, "invoice_id")


def test_an_answer_may_leave_an_id_out_where_that_is_foreseen() -> None:
    assert identity_if_any({}, "invoice_id") == identity_if_any({"invoice_id": ""}, "invoice_id") == ""
    with pytest.raises(ContractBroken, match="without `invoice_id`"):
        identity({}, "invoice_id")
