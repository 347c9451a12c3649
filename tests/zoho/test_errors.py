"""The error table, row by row: what an answer of Zoho means for a write and for a read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zsync.errors import (
    ConfigError,
    InDoubt,
    OutOfReach,
    QuotaUsedUp,
    Refused,
    Retryable,
    RunError,
    SignInNeeded,
    Throttled,
    Unavailable,
    ZsyncError,
)
from zsync.targets.zoho.errors import DUPLICATE, GONE, classify, code_of, unreadable

WRITES = ("POST", "PUT", "DELETE")


@pytest.mark.parametrize("method", ["GET", *WRITES])
@pytest.mark.parametrize("status", [200, 201])
def test_a_success_is_a_good_status_and_code_zero(method: str, status: int) -> None:
    assert classify(method, status, "0", "success") is None


ROWS: list[tuple[int, str, type[ZsyncError]]] = [
    (429, "44", Throttled),
    (400, "44", Throttled),
    (200, "44", Throttled),
    (429, "1070", Throttled),
    (429, "45", QuotaUsedUp),
    (400, "45", QuotaUsedUp),
    (429, "9999", Throttled),
    (429, "", Throttled),
    (401, "57", SignInNeeded),
    (400, "57", SignInNeeded),
    (401, "14", SignInNeeded),
    (401, "", SignInNeeded),
    (400, "6041", ConfigError),
    (400, "9017", ConfigError),
    (400, "103001", ConfigError),
    (404, "5", OutOfReach),
    (400, "2", Refused),
    (400, "4", Refused),
    (400, "15", Refused),
    (400, "1000", Refused),
    (400, "1001", Refused),
    (404, "1002", Refused),
    (400, "1038", Refused),
    (400, "2006", Refused),
    (400, "2049", Refused),
    (400, "2076", Refused),
    (400, "3000", Refused),
    (400, "3004", Refused),
    (400, "3009", Refused),
    (400, "3010", Refused),
    (400, "3013", Refused),
    (400, "3062", Refused),
    (400, "4001", Refused),
    (400, "4043", Refused),
    (400, "9004", Refused),
    (400, "9521", Refused),
    (400, "9523", Refused),
    (400, "11015", Refused),
    (400, "12003", Refused),
    (400, "12004", Refused),
    (400, "12005", Refused),
    (400, "12006", Refused),
    (400, "12007", Refused),
    (400, "12008", Refused),
    (400, "12018", Refused),
    (400, "24016", Refused),
    (400, "31006", Refused),
    (400, "36004", Refused),
    (403, "36", Refused),
    (404, "77777", Refused),
    (200, "1001", Refused),
]


@pytest.mark.parametrize("method", ["GET", *WRITES])
@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_each_code_has_one_meaning(method: str, status: int, code: str, kind: type[ZsyncError]) -> None:
    error = classify(method, status, code, "words", "r-1")
    assert type(error) is kind
    assert error.remote == "zoho-books"
    assert error.request_id == "r-1"


UNKNOWN = [
    (500, "1000"),
    (500, "0"),
    (500, ""),
    (502, ""),
    (503, "5"),
    (408, "77"),
    (400, ""),
    (400, "0"),
    (200, ""),
    (300, "0"),
    (302, "0"),
    (303, ""),
]


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(("status", "code"), UNKNOWN)
def test_an_answer_that_neither_grants_nor_refuses_leaves_a_write_in_doubt(method: str, status: int, code: str) -> None:
    assert type(classify(method, status, code, "words")) is InDoubt


@pytest.mark.parametrize(("status", "code"), UNKNOWN)
def test_the_same_answer_to_a_read_is_no_answer(status: int, code: str) -> None:
    assert type(classify("GET", status, code, "words")) is (OutOfReach if 300 <= status < 400 else Unavailable)


@pytest.mark.parametrize("status", [200, 404, 403, 500, 502, 504])
def test_an_answer_that_is_no_json_leaves_a_write_in_doubt_and_a_read_unanswered(status: int) -> None:
    assert [type(unreadable(method, status)) for method in WRITES] == [InDoubt] * 3
    assert type(unreadable("GET", status)) is Unavailable


def test_an_answer_that_is_no_json_may_still_throttle_redirect_or_ask_for_a_sign_in() -> None:
    assert isinstance(unreadable("POST", 429), Throttled)
    assert isinstance(unreadable("POST", 401), SignInNeeded)
    assert isinstance(unreadable("GET", 302), OutOfReach)
    assert isinstance(unreadable("POST", 302), InDoubt)


@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_no_refusal_is_taken_for_doubt_or_for_a_stop_of_the_wrong_kind(status: int, code: str, kind: type[ZsyncError]) -> None:
    """The engine reads the tree: a record's refusal never stops the run, a limit never fails a record."""
    assert issubclass(kind, Refused | Retryable | RunError | ConfigError)
    assert not issubclass(kind, InDoubt)


def test_a_full_minute_is_a_minutes_pause_and_too_many_at_once_a_few_seconds() -> None:
    minute, at_once = classify("POST", 429, "44", ""), classify("POST", 429, "1070", "")
    assert isinstance(minute, Throttled)
    assert isinstance(at_once, Throttled)
    assert (minute.after_s, at_once.after_s) == (60, 5)


def test_a_pause_without_a_code_of_its_own_is_a_minutes() -> None:
    error = classify("POST", 429, "", "")
    assert isinstance(error, Throttled)
    assert error.after_s == 60


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("status", "code"), [*((status, code) for status, code, _ in ROWS), *UNKNOWN])
def test_every_error_tells_in_words_what_happened_where_and_in_which_request(method: str, status: int, code: str) -> None:
    error = classify(method, status, code, "words", "r-1")
    assert error is not None
    assert (bool(error.message), error.remote, error.request_id) == (True, "zoho-books", "r-1")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [200, 302, 401, 429, 502])
def test_an_answer_that_is_no_json_is_told_in_words_too(method: str, status: int) -> None:
    error = unreadable(method, status, "r-1")
    assert error is not None
    assert (bool(error.message), error.remote, error.request_id) == (True, "zoho-books", "r-1")


@pytest.mark.parametrize(("status", "code", "way"), [(401, "", "`zsync auth`"), (302, "0", "under [target]")])
def test_what_ends_the_run_says_what_a_person_can_do(status: int, code: str, way: str) -> None:
    error = classify("GET", status, code, "")
    assert error is not None
    assert way in error.hint


@pytest.mark.parametrize("odd", [None, True, 1.5, "", "1x", "-1", "\u0661", ["0"]])
def test_what_is_no_code_is_read_as_none(odd: object) -> None:
    assert code_of({"code": odd}) == ""
    assert code_of({}) == ""
    assert (code_of({"code": 44}), code_of({"code": "44"})) == ("44", "44")


def test_a_used_up_day_has_no_end_until_the_client_knows_it() -> None:
    error = classify("GET", 429, "45", "")
    assert isinstance(error, QuotaUsedUp)
    assert error.until == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("code", [*sorted(DUPLICATE), "1000"])
def test_what_exists_already_is_a_duplicate_and_not_gone(code: str) -> None:
    error = classify("POST", 400, code, "exists")
    assert isinstance(error, Refused)
    assert (error.duplicate, error.gone, error.remote_code) == (True, False, code)


@pytest.mark.parametrize(("status", "code"), [*((400, code) for code in sorted(GONE)), (404, "1002"), (404, "77777")])
def test_what_does_not_exist_is_gone_and_no_duplicate(status: int, code: str) -> None:
    error = classify("PUT", status, code, "no such thing")
    assert isinstance(error, Refused)
    assert (error.duplicate, error.gone) == (False, True)


@pytest.mark.parametrize("code", ["2", "15", "3004", "24016"])
def test_another_refusal_is_neither(code: str) -> None:
    error = classify("POST", 400, code, "no")
    assert isinstance(error, Refused)
    assert (error.duplicate, error.gone) == (False, False)


def test_a_refusal_says_zohos_words_and_code() -> None:
    error = classify("POST", 400, "15", "ensure that the notes has less than 100 characters")
    assert isinstance(error, Refused)
    assert error.message == "ensure that the notes has less than 100 characters (code 15)"
    assert "shorten" in error.hint
    silent = classify("POST", 400, "15", "")
    assert isinstance(silent, Refused)
    assert silent.message == "Zoho refused it (code 15)"


@pytest.mark.parametrize("code", ["57", "6041", "5", "103001"])
def test_what_a_person_must_mend_says_how(code: str) -> None:
    error = classify("GET", 404 if code == "5" else 400, code, "")
    assert error is not None
    assert error.hint


@pytest.mark.parametrize("code", [code for _, code, kind in ROWS if kind is Refused])
def test_every_refusal_says_what_to_do(code: str) -> None:
    error = classify("POST", 400, code, "words")
    assert isinstance(error, Refused)
    assert error.hint
