"""The search for secrets at the end of the tests finds what it is there to find."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaks import SECRETS, Streams, in_bytes, in_folder, shapes


@pytest.mark.parametrize("secret", shapes(), ids=lambda secret: secret[:9])
def test_every_kind_of_secret_is_found_wherever_it_stands(secret: str) -> None:
    streams = Streams()
    streams.take(["status"], f"a line with {secret} in it", "")

    assert len(streams.found) == 1
    assert secret not in streams.found[0]
    assert in_bytes(b"\xff\x00" + secret.encode() + b"\x00") != ""
    assert SECRETS.fullmatch(secret.encode())


def test_a_planted_secret_is_found_in_state_log_and_across_pieces(planted: Path) -> None:
    secret = shapes()[0].encode()
    (planted / "books.db").write_bytes(b"\x00" * ((1 << 20) - 5) + secret + b"\x00")
    (planted / "deep").mkdir()
    (planted / "deep" / "books.log").write_bytes(b"token " + secret)

    assert [each.partition(":")[0] for each in in_folder(planted)] == ["books.db", "deep/books.log"]


def test_the_configuration_and_the_token_files_may_hold_them(planted: Path) -> None:
    for name in ("zsync.toml", "zsync.db.tokens", "zsync.db.source-tokens"):
        (planted / name).write_text(shapes()[0])

    assert in_folder(planted) == []


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Path]:
    """A folder for secrets, emptied before the search of all folders comes by."""
    yield tmp_path
    shutil.rmtree(tmp_path)
