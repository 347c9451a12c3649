"""Every answer of Creator that was recorded means what the facts say, and so does each row of the table."""

from __future__ import annotations

from typing import Any

import pytest

from creator.recorded import INDEX, here, names, recording
from zsync.errors import (
    ConfigError,
    ContractBroken,
    InDoubt,
    OutOfReach,
    QuotaUsedUp,
    Refused,
    SignInNeeded,
    Throttled,
    Unavailable,
    ZsyncError,
)
from zsync.net.client import Answer
from zsync.targets.creator.client import _judge, _results, refused_token
from zsync.targets.creator.errors import classify, code_of, unreadable, words_of

TABLE: tuple[tuple[int, int, type[ZsyncError] | None], ...] = (
    (200, 3000, None),
    (400, 9280, None),
    (404, 3100, None),
    (200, 3910, None),
    (200, 3930, None),
    (429, 2955, Throttled),
    (429, 9999, Throttled),
    (200, 4000, QuotaUsedUp),
    (401, 1030, SignInNeeded),
    (401, 2945, SignInNeeded),
    (400, 2945, Refused),
    (200, 3190, Refused),
    (200, 3001, Refused),
    (200, 3002, Refused),
    (200, 3070, Refused),
    (200, 8011, Refused),
    (200, 3060, ConfigError),
    (200, 3950, Refused),
    (400, 3020, Refused),
    (400, 9350, Refused),
    (400, 11000, Refused),
    (400, 9210, Refused),
    (404, 1040, ConfigError),
    (404, 2892, ConfigError),
    (404, 2893, ConfigError),
    (404, 2894, ConfigError),
    (403, 2933, ConfigError),
    (403, 2896, ConfigError),
    (403, 2899, ConfigError),
    (403, 1130, ConfigError),
    (404, 2930, Unavailable),
    (405, 1020, Refused),
    (302, 0, OutOfReach),
)


@pytest.mark.parametrize(("status", "code", "kind"), TABLE)
def test_each_code_has_its_meaning(status: int, code: int, kind: type[ZsyncError] | None) -> None:
    error = classify("GET", status, code, "words", "id-1")
    assert (None if error is None else type(error)) is kind
    if isinstance(error, Refused):
        assert (error.gone, error.request_id) == (code == 3190, "id-1")


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_what_a_gateway_says_leaves_a_write_in_doubt_and_a_read_to_be_tried_again(status: int) -> None:
    assert isinstance(classify("POST", status, None, ""), InDoubt)
    assert isinstance(classify("GET", status, None, ""), Unavailable)
    assert isinstance(unreadable("DELETE", status), InDoubt)


def test_an_answer_without_a_code_says_nothing() -> None:
    assert isinstance(classify("POST", 200, None, ""), InDoubt)
    assert code_of({"code": True}) is None
    assert code_of({"code": "3000"}) == 3000


def test_a_dead_token_is_told_from_a_missing_scope() -> None:
    assert refused_token(401, b'{"code":1030}')
    assert refused_token(401, b"<html>")
    assert not refused_token(401, b'{"code":2945,"message":"INVALID_OAUTHSCOPE"}')
    assert not refused_token(400, b'{"code":3020}')


EXPECTED: dict[str, type[ZsyncError]] = {
    "error-200-daily-limit.json": QuotaUsedUp,
    "error-200-over-200.json": Refused,
    "error-200-record-limit.json": ConfigError,
    "error-200-validation.json": Refused,
    "error-400-accept-header.json": Refused,
    "error-400-extra-key.json": Refused,
    "error-400-invalid-criteria.json": Refused,
    "error-400-json-body.json": Refused,
    "error-400-param-missing.json": Refused,
    "error-400-too-many.json": Refused,
    "error-401-scope.json": SignInNeeded,
    "error-401-token-invalid.json": SignInNeeded,
    "error-403-add-denied.json": ConfigError,
    "error-403-api-off.json": ConfigError,
    "error-403-no-permission-app.json": ConfigError,
    "error-404-app.json": ConfigError,
    "error-404-form.json": ConfigError,
    "error-404-generic.json": Unavailable,
    "error-404-report.json": ConfigError,
    "error-405-method.json": Refused,
    "error-429-rate.json": Throttled,
    "update-by-id-duplicate.json": Refused,
}


def answer(name: str, body: bytes) -> Answer:
    return Answer(INDEX[name]["status"], {"content-type": "application/json;charset=UTF-8"}, body)


@here
def test_every_recorded_refusal_has_its_expectation() -> None:
    assert {name for name in EXPECTED if name.startswith("error-")} == set(names("error-"))


@here
@pytest.mark.parametrize("name", EXPECTED)
def test_every_recorded_refusal_says_what_to_do(name: str) -> None:
    import json

    with pytest.raises(ZsyncError) as caught:
        _judge("GET", answer(name, json.dumps(recording(name)).encode()))
    assert type(caught.value) is EXPECTED[name]
    assert words_of(recording(name)) or name.startswith("error-404")


@here
@pytest.mark.parametrize("name", [*names("add-"), *names("update-"), *names("delete-")])
def test_every_recorded_result_is_found(name: str) -> None:
    if name == "update-by-id-duplicate.json":
        pytest.skip("it is a refusal")
    found = _results(recording(name))
    assert found
    for result in found:
        assert code_of(result) is not None
        assert result.get("data", {}).get("ID") or words_of(result)


@here
@pytest.mark.parametrize("name", names("get-records-none"))
def test_none_is_an_empty_list(name: str) -> None:
    import json

    assert _judge("GET", answer(name, json.dumps(recording(name)).encode())) == {}


def test_204_is_an_empty_list_too() -> None:
    assert _judge("GET", Answer(204, {}, b"")) == {}


@pytest.mark.parametrize("broken", [{"code": 3000, "result": {}}, {"code": 3000}, {"code": 3000, "result": ["x"]}])
def test_a_write_without_its_results_is_not_understood(broken: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken):
        _results(broken)
