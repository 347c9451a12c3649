"""Command lines with ids, names and numbers that are none, in a folder where all is written: nothing may be written again."""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import random
import shutil
import tempfile
from functools import cache
from pathlib import Path
from unittest import mock

import tomli_w

from leaks import STREAMS
from zsync.cli import main, words
from zsync.cli.scene import TAXES, configuration
from zsync.cli.timing import unix_s
from zsync.errors import ConfigError, OutOfReach
from zsync.sandbox import NO_LIMITS, Accounts, Books, Organization, Sandbox
from zsync.sandbox.hotel import Hotel, demo
from zsync.sandbox.serve import Server

ENTITIES = ("orders", "customers", "invoices", "payments", "credit_notes", "room_types")
ODD = (
    *(
        "",
        " ",
        "-1",
        "0",
        "1e5",
        "1.5",
        "1_0",
        "\u0663",
        "9" * 5000,
        "-",
        "--",
        "-x",
        "--json=1",
        "\udcff",
        "\u202e4",
        "4 ",
        "=1+1",
    ),
    *(
        "\x1b[31m4",
        "4\r\n5",
        "'; DROP TABLE journal; --",
        "../../etc/passwd",
        "a/b",
        "%00",
        "*",
        "[4]",
        "{{ 1 }}",
        "hotel:order:4",
    ),
    *("e" + "\u0301" * 500, "Orders", "orders,customers", "9223372036854775808", "nan", "inf", "None"),
)

LINES: tuple[tuple[str, ...], ...] = (
    *(("sync", "ENTITY", "ID"), ("sync", "ENTITY", "ID", "ID", "--before-start", "--json"), ("queue", "ENTITY", "ID")),
    *(
        ("queue", "ENTITY", "ID", "--all"),
        ("retry", "ENTITY", "ID"),
        ("show", "ENTITY", "ID"),
        ("show", "ENTITY", "ID", "--json"),
    ),
    *(
        ("show", "ENTITY", "ID", "--offline"),
        ("resolve", "ENTITY", "ID", "--keep", "KEEP"),
        ("resolve", "ENTITY", "ID", "--ignore", "WORD"),
    ),
    *(
        ("status", "ENTITY"),
        ("status", "ENTITY", "--state", "STATE"),
        ("status", "ENTITY", "--columns", "COLUMNS"),
        ("status", "ENTITY", "--csv"),
    ),
    *(("history", "NUMBER"), ("history", "--limit", "NUMBER"), ("history", "NUMBER", "--json"), ("run", "--limit", "NUMBER")),
    *(("run", "--max-calls", "NUMBER", "--json"), ("run", "--entity", "ENTITY"), ("plan", "--entity", "ENTITY"), ("run", "WORD")),
    *(("init", "--entity", "ENTITY"), ("pause", "--reason", "WORD"), ("export", "deluge", "ENTITY"), ("WORD", "WORD")),
    *(
        ("auth", "--code", "WORD"),
        ("auth", "WORD"),
        ("config", "WORD"),
        ("--config", "WORD", "status"),
        ("status", "--html", "WORD/"),
    ),
)

GOOD = {
    "ENTITY": ENTITIES,
    "ID": ("4", "5", "1"),
    "KEEP": ("zoho", "source"),
    "STATE": ("synced", "failed"),
    "COLUMNS": ("id,label", "status"),
    "NUMBER": ("1", "3"),
    "WORD": ("word",),
}


@cache
def _office() -> tuple[Sandbox, Path]:
    """A hotel, its books, and a folder in which everything is written; until the end of the process."""
    organization = Organization(country="Austria", country_code="AT", time_zone="Europe/Vienna")
    sandbox = Sandbox(
        hotel=Hotel(demo.group(), clock=unix_s),
        books=Books(organization, limits=NO_LIMITS, taxes=TAXES),
        accounts=Accounts(throttle=None),
        clock=unix_s,
    )
    server = Server(sandbox)
    url = server.__enter__().url
    atexit.register(server.__exit__, None, None, None)
    folder = Path(tempfile.mkdtemp(prefix="zsync-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = configuration(sandbox, url, "", calls_per_minute=100_000)
    path = folder / "zsync.toml"
    path.write_bytes(tomli_w.dumps(settings | {"state": {"path": "zsync.db"}}).encode())
    path.chmod(0o600)
    scopes = said(folder, ["auth", "scopes"])[1].strip().split(",")
    for line in (["auth", "--code", sandbox.accounts.grant_code(scopes)], ["init", "--no-adopt"], ["run"]):
        code, _, err = said(folder, line)
        assert code == 0, err
    return sandbox, folder


def said(folder: Path, line: list[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line in a folder; nobody waits, nothing is asked."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"XDG_CONFIG_HOME": str(folder / "home"), "SSL_CERT_DIR": str(folder)}
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.dict(os.environ, environment),
        mock.patch("sys.stdin", io.StringIO()),
        mock.patch("zsync.cli.timing.SystemClock.sleep", return_value=None),
    ):
        os.environ.pop("ZSYNC_CONFIG", None)
        code = main(line)
    STREAMS.take(line, out.getvalue(), err.getvalue())
    return code, out.getvalue(), err.getvalue()


def line_of(rng: random.Random) -> list[str]:
    """A command line in which each blank is filled well or, as often, badly."""
    line = [_filled(word, rng) for word in rng.choice(LINES)]
    if rng.randrange(8) == 0:
        line.insert(rng.randrange(len(line) + 1), rng.choice(ODD))
    return line


def _filled(word: str, rng: random.Random) -> str:
    blank = word.rstrip("/")
    if blank not in GOOD:
        return word
    return rng.choice(GOOD[blank] if rng.randrange(2) else ODD) + word[len(blank) :]


def command_case(folder: Path, rng: random.Random) -> None:
    sandbox, template = _office()
    place = folder / "office"
    shutil.copytree(template, place)
    before = len(sandbox.ledger.writes("books"))
    line = line_of(rng)
    code, out, err = said(place, line)
    words_of = f"{line!r:.200} ended with {code}: {err[:300]}"
    assert code != words.DEFECT, words_of
    assert "Traceback" not in out + err, words_of
    assert len(sandbox.ledger.writes("books")) == before, f"written again: {words_of}"
    odd = {c for c in out + err if (c < " " and c != "\n") or c in "\x7f\u202e"}
    assert not odd, f"{odd} on the terminal: {words_of}"
    (out + err).encode()
    if code == words.USAGE:
        assert err.strip(), f"no word of what is wrong: {line!r:.200}"
        raise ConfigError(err[:200], hint="")
    if code != 0:
        raise OutOfReach(f"exit code {code}", hint="")
