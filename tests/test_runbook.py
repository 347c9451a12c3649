"""docs/runbook.md and the program agree: each kind of error and exit code has a section; quoted commands and messages exist."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from zsync import errors
from zsync.cli import words
from zsync.cli.app import app
from zsync.config import ConfigProblems
from zsync.engine.job import Stopped
from zsync.errors import ZsyncError
from zsync.model.row import UNCLEAR
from zsync.state.store import Locked

ROOT = Path(__file__).resolve().parents[1]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
HEADINGS = "\n".join(line for line in RUNBOOK.splitlines() if line.startswith("### "))
SOURCES = sorted((ROOT / "src").rglob("*.py"))

KINDS = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, ZsyncError)]
CODES = {
    words.WELL,
    words.DEFECT,
    words.USAGE,
    words.LOOK,
    words.SIGN_IN,
    words.OUT_OF_REACH,
    words.QUOTA,
    words.LOCKED,
    words.INTERRUPTED,
}

_VALUE = ".+?"
_OWN = 7
"""Letters that a string with values in it must have of its own, or it would be any message."""

_PREFIX = re.compile(r"^(\S+\.toml:\d+: \S+: |did you mean `\w+`\? |zoho-books (?=got|asked))")
"""What some messages are put together with: a place in the configuration, a guess, the name of the remote."""


def everything() -> set[type[ZsyncError]]:
    """Every kind of error of the program, also those that stand beside their use."""
    found: set[type[ZsyncError]] = {ZsyncError}
    while more := {sub for each in found for sub in each.__subclasses__() if sub.__module__.startswith("zsync.")} - found:
        found |= more
    return {each for each in found if not each.__name__.startswith("_")}


def test_every_kind_of_error_has_its_section() -> None:
    codes = {each("").code if each is not errors.QuotaUsedUp else "quota_used_up" for each in KINDS}
    assert len(codes) == 17

    assert {code for code in codes if f"`{code}`" not in HEADINGS} == set()


def test_the_kinds_that_stand_beside_their_use_are_there_too() -> None:
    others = everything() - set(KINDS)
    assert others >= {Locked, Stopped, ConfigProblems}

    names = {re.sub(r"(?<!^)(?=[A-Z])", "_", each.__name__).lower() for each in others} | {UNCLEAR}
    assert {name for name in names if f"`{name}`" not in RUNBOOK} == set()


def test_every_exit_code_has_its_section_and_no_other() -> None:
    assert {int(code) for code in re.findall(r"^### Exit code (\d+): ", RUNBOOK, re.MULTILINE)} == CODES
    assert {each.exit_code for each in everything()} <= CODES


def test_every_anchor_inside_the_runbook_is_a_heading_of_it() -> None:
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}

    assert {link for link in re.findall(r"\]\(#([^)]+)\)", RUNBOOK) if link not in anchors} == set()


# --- commands -----------------------------------------------------------------------------------------------------------------


def commands(text: str) -> set[str]:
    """The command lines of zsync that a text quotes, in backticks or as lines of a block."""
    spans = re.findall(r"`(zsync [^`\n]+)`", text)
    lines = re.findall(r"^(zsync .+)$", "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)), re.MULTILINE)
    return {part.split("#")[0].strip() for each in (*spans, *lines) for part in each.split(";") if part.startswith("zsync ")}


def wrong_in(line: str) -> str:
    """What is wrong with a command line; empty if such a command with such options exists."""
    command = typer.main.get_command(app)
    given = shlex.split(line)[1:]
    while given and not given[0].startswith("-") and hasattr(command, "commands"):
        name = given.pop(0)
        if name not in command.commands:
            return f"{line}: no command `{name}`"
        command = command.commands[name]
    options = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    unknown = [each for each in given if each.startswith("-") and each not in options]
    return f"{line}: no option {unknown[0]}" if unknown else ""


def test_every_command_line_of_the_runbook_exists_with_its_options() -> None:
    quoted = commands(RUNBOOK)
    assert len(quoted) > 20

    assert [wrong for each in sorted(quoted) if (wrong := wrong_in(each))] == []


@pytest.mark.parametrize(
    "line", ["zsync runn", "zsync run --entitty orders", "zsync auth statu", "zsync resolve orders 1 --keeep zoho"]
)
def test_a_command_line_that_does_not_exist_is_seen(line: str) -> None:
    assert wrong_in(line)


def test_every_command_that_a_message_names_exists() -> None:
    quoted = {line for text in texts() for line in commands(text.replace("\0", ""))}
    assert len(quoted) > 15

    assert [wrong for each in sorted(quoted) if (wrong := wrong_in(each))] == []


# --- messages ----------------------------------------------------------------------------------------------------------------


@cache
def texts() -> frozenset[str]:
    """The strings of the program; where a value is put in stands a zero byte."""
    return frozenset(text for path in SOURCES for text in _texts(ast.parse(path.read_text("utf-8"))))


def _texts(tree: ast.Module) -> Iterator[str]:
    inner = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    inner |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr():
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
            case ast.Constant(value=str() as text) if node not in inner:
                yield text


def messages() -> list[str]:
    """The lines that the runbook quotes as printed, without `error:` and `hint:`."""
    blocks = re.findall(r"^```text\n(.*?)^```", RUNBOOK, re.DOTALL | re.MULTILINE)
    return [re.sub(r"^(error|hint): ", "", line) for block in blocks for line in block.splitlines()]


def test_every_message_of_the_runbook_is_one_of_the_program_s() -> None:
    quoted = messages()
    assert len(quoted) > 50

    assert [each for each in quoted if not is_said(each)] == []
    assert not is_said("the state is older than the run before")


def is_said(message: str) -> bool:
    """Whether some string of the program gives this message, with some words of its own in it."""
    message = _PREFIX.sub("", message)
    return message in texts() or any(own >= _OWN and each.fullmatch(message) for each, own in patterns())


@cache
def patterns() -> list[tuple[re.Pattern[str], int]]:
    """The strings with values in them, each with the length of its own words."""
    valued = [text.split("\0") for text in texts() if "\0" in text]
    return [(re.compile(_VALUE.join(map(re.escape, parts))), len("".join(parts))) for parts in valued]
