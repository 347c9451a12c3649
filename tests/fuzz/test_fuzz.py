"""Bad input of every kind: zsync says what is wrong, and where. `python -m fuzz` counts more cases, and prints them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_zoho import needs_contracts
from e2e.firm import Firm
from e2e.test_faults import small
from fuzz import talk
from fuzz.__main__ import run
from fuzz.answers import TOKENS, Spoiling, disturbed, disturbed_firm
from fuzz.files import GOOD, sent_on
from fuzz.mutate import ALL, RAW, mutated
from fuzz.outcomes import OUTCOMES, count, outcome, seeded
from net.test_wire import READ, WRITE
from zsync.config import load
from zsync.errors import ConfigError, ContractBroken, InDoubt, SignInNeeded, ZsyncError
from zsync.net.callback import parse_redirect
from zsync.net.client import Request
from zsync.net.exact import decode
from zsync.net.tokens import FileTokenStore
from zsync.state.store import Store


@pytest.mark.parametrize(
    ("kind", "cases"),
    [("config", 60), ("tokens", 60), ("state", 60), ("redirect", 60), ("command line", 40), ("callback", 30), ("wire", 50)],
)
def test_no_spoilt_input_is_a_defect(kind: str, cases: int, tmp_path: Path) -> None:
    counted = count(kind, cases, 1, tmp_path)
    assert counted.defects == []
    assert counted.outcomes.total() == cases
    assert len(counted.outcomes) > 1, "cases of one outcome only find nothing"


@pytest.mark.parametrize(("below", "seed"), [("/api/", 2), ("/api/", 7), ("/books/", 1), ("/books/", 3)])
def test_after_one_mutated_answer_the_books_come_to_what_they_are_without_it(below: str, seed: int, tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    good = small(tmp_path / "good")
    good.run_to_rest()
    house, _ = disturbed(tmp_path, seeded(seed), below)
    assert Spoiling.seen >= Spoiling.at, "the mutation was never reached"
    assert house.standing() == good.standing()


@needs_contracts
def test_answers_that_fit_the_documents_and_tell_of_something_else_make_nothing_twice(tmp_path: Path) -> None:
    assert count("documented answers", 8, 1, tmp_path).defects == []


@pytest.fixture(scope="module")
def good_firm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    firm = Firm(tmp_path_factory.mktemp("good-firm"))
    firm.initialise()
    firm.run_to_rest()
    return firm.standing()


@pytest.mark.parametrize(
    ("below", "most", "seed"),
    [
        ("/v3/company/", 8, 4),
        *(("/creator/", 14, seed) for seed in (5, 6, 10)),
        *((TOKENS, 3, seed) for seed in (2, 104, 142, 147)),
    ],
)
def test_after_one_mutated_answer_the_forms_come_to_what_they_are_without_it(
    below: str, most: int, seed: int, tmp_path: Path, good_firm: dict[str, list[str]]
) -> None:
    firm, _ = disturbed_firm(tmp_path, seeded(seed), below, most)

    assert Spoiling.seen >= Spoiling.at, "the mutation was never reached"
    assert firm.standing() == good_firm


@pytest.mark.parametrize("request_", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("name", talk.ANSWERS)
def test_a_bad_answer_is_understood_or_refused_in_words_and_the_next_call_gets_its_own(name: str, request_: Request) -> None:
    refused: type[ZsyncError] = InDoubt if request_.write else ContractBroken
    with suppress(refused):
        assert talk.answered(name, talk.GOOD, request_) in (decode(talk.GOOD), 7)


@pytest.mark.parametrize("name", ALL)
def test_every_mutation_changes_the_text_and_is_the_same_for_the_same_seed(name: str) -> None:
    good = b'{"code": 0, "rows": [{"id": "41", "total": 10.50}, {"id": "42", "total": 0}]}'
    made = mutated(good, name, seeded(5))
    assert made != good
    assert made == mutated(good, name, seeded(5))


@pytest.mark.parametrize("value", [b"9" * 5000, RAW["nested deep"]], ids=["too long a number", "nested too deep"])
def test_a_configuration_that_the_parser_gives_up_is_no_toml(value: bytes, tmp_path: Path) -> None:
    path = tmp_path / "zsync.toml"
    path.write_bytes(b"[source]\ntag = " + value)
    with pytest.raises(ConfigError, match=r"zsync\.toml"):
        load(path, {})


def test_a_configuration_that_is_too_long_is_not_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "zsync.toml"
    path.write_text(GOOD + "#" * 5_000_000 + '\n[nonsense]\na = "b"\n')
    with pytest.raises(ConfigError, match="larger than"):
        load(path, {})


@pytest.mark.parametrize("name", ["\\u0000", "x" * 3000], ids=["nul", "too long"])
def test_a_state_that_no_file_can_be_called_is_a_matter_of_the_configuration(name: str, tmp_path: Path) -> None:
    path = tmp_path / "zsync.toml"
    path.write_text(GOOD.replace("hotel-books.db", name))
    with pytest.raises(ConfigError):
        Store.open(load(path, {}).state_path, create=True)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", RAW["nested deep"], b"[1]", b"9" * 5000],
    ids=["not utf-8", "nested too deep", "a list", "too long a number"],
)
def test_a_token_file_that_cannot_be_understood_is_damaged(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="is damaged"):
        FileTokenStore(path).load()


@pytest.mark.parametrize(
    "text", ["http://[", "http://[x]/?code=1&state=2", "http://a\u2100b/?code=1&state=2", "?code=\ud800&state=1"]
)
def test_an_address_that_is_none_is_no_redirect(text: str) -> None:
    with pytest.raises(SignInNeeded, match="no redirect"):
        parse_redirect(text)


@given(st.text(alphabet=st.characters(), max_size=60))
def test_whatever_is_pasted_is_a_redirect_or_is_refused_in_words(text: str) -> None:
    name, words = outcome(lambda: sent_on(f"http://127.0.0.1/callback?{text}&code=c&state={text}"))
    assert name in ("understood", "other error"), words


@pytest.mark.parametrize("version", [1, 2, -1])
def test_a_foreign_database_with_a_version_of_ours_is_no_state_and_stays_as_it_is(version: int, tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    foreign = sqlite3.connect(path)
    foreign.executescript(f"CREATE TABLE other (a); PRAGMA user_version = {version}")
    foreign.close()
    with pytest.raises(ConfigError):
        Store.open(path)
    foreign = sqlite3.connect(path)
    assert foreign.execute("SELECT name FROM sqlite_schema").fetchall() == [("other",)]
    foreign.close()


def test_the_figures_can_be_read_by_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--kind", "redirect", "--cases", "5", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["defects"] == []
    assert sum(said["kinds"]["redirect"][name] for name in OUTCOMES) == said["kinds"]["redirect"]["cases"] == 5


def test_the_figures_are_written_into_a_page_and_nothing_else_of_it_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- fuzz: begin -->\nold\n<!-- fuzz: end -->\nafter\n")
    assert run(["--kind", "redirect", "--cases", "5", "--into", str(page)]) == 0
    text = page.read_text()
    assert text.startswith("before\n<!-- fuzz: begin -->\n")
    assert text.endswith("\n<!-- fuzz: end -->\nafter\n")
    assert "| redirect | 5 |" in text
    assert "old" not in text
