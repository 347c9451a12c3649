"""JSON both ways: every number that goes or comes is exact, or it is an error."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsync.errors import ContractBroken, RecordError
from zsync.net.exact import decode, encode


def test_numbers_with_a_point_come_as_decimals_and_whole_ones_as_int() -> None:
    loaded = decode(b'{"total": 0.10, "count": 3, "tiny": 1e-7, "id": "460000000012345"}')
    assert loaded == {"total": Decimal("0.10"), "count": 3, "tiny": Decimal("1e-7"), "id": "460000000012345"}
    assert isinstance(loaded["total"], Decimal)
    assert isinstance(loaded["count"], int)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": "\\ud83d"}',
        b'{"\\udc00": 1}',
        b'{"a": "\xff"}',
        b'{"a": 1e99999999999999999999}',
        b'{"a": 1e5000}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1',
        b"<html></html>",
        b"",
        b"[" * 62 + b"]" * 62,
        b"[" * 200_000,
    ],
)
def test_what_two_readers_could_understand_differently_is_no_answer(body: bytes) -> None:
    with pytest.raises(ContractBroken) as caught:
        decode(body, "req-1")
    assert caught.value.request_id == "req-1"


def test_a_pair_of_halves_is_a_whole_character() -> None:
    assert decode(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_amounts_are_written_plainly_without_exponent_or_padding() -> None:
    body = {
        "total": Decimal("100.10"),
        "rate": Decimal("0.000064516129"),
        "large": Decimal("1E+16"),
        "zero": Decimal("-0.00"),
        "count": 3,
        "yes": True,
        "none": None,
        "name": "Žofie",
        "lines": [{"q": Decimal(2)}],
    }
    assert encode(body).decode() == (
        '{"total":100.1,"rate":0.000064516129,"large":10000000000000000,"zero":0,"count":3,"yes":true,"none":null,'
        '"name":"Žofie","lines":[{"q":2}]}'
    )


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2))
def test_every_amount_in_cents_survives_a_reader_that_keeps_doubles(amount: Decimal) -> None:
    text = encode({"amount": amount})
    assert decode(text)["amount"] == amount
    assert Decimal(repr(json.loads(text)["amount"])) == amount


@pytest.mark.parametrize(
    "amount", [Decimal("0.12345678901234567890"), Decimal("NaN"), Decimal("Infinity"), 2**53 + 1, Decimal("1e400")]
)
def test_a_number_that_a_double_does_not_hold_is_the_records_error(amount: Decimal | int) -> None:
    with pytest.raises(RecordError):
        encode({"amount": amount})


@pytest.mark.parametrize("body", [{"amount": 1.5}, {"lines": [{"rate": 0.1}]}, {"raw": b"x"}, {1: "x"}, {"set": {1}}])
def test_a_float_or_a_stranger_in_a_body_is_a_defect_of_ours(body: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        encode(body)
