"""Would a test notice? mutmut changes one thing at a time in the modules that the promises rest on, and runs their tests.

    pip install mutmut              beside the project's own requirements; it is no dependency of the project
    python -m proof.mutants [NAME...] [--work FOLDER] [--children N] [--page FILE]

mutmut works on a copy of the repository under FOLDER, one for each subject. It goes on where it was: of a function that is as it
was only what survived is tried again, and that only where tests changed. The page lists what survived, each with the reason or
as open.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from proof.edited import ROOT
from proof.equivalent import EQUIVALENT

_COPIED = ("src", "tests", "proof", "docs", "examples", "pyproject.toml", "README.md", "zsync.toml.example")
_TEXTS = re.compile(r"""f?"[^"]*"|f?'[^']*'""")
_LONGEST_LINE = 110


@dataclass(frozen=True, slots=True)
class Subject:
    """A module (`file` below src/zsync) and the quick tests that should notice a change in it."""

    name: str
    file: str
    tests: tuple[str, ...]


SUBJECTS = (
    Subject("journal", "state/journal.py", ("tests/state", "tests/engine/test_people.py", "tests/engine/test_run.py")),
    Subject("money", "model/money.py", ("tests/model",)),
    Subject("classify", "targets/zoho/errors.py", ("tests/zoho/test_errors.py", "tests/zoho/test_client.py")),
    Subject("admit", "engine/admit.py", ("tests/engine/test_admit.py",)),
    Subject(
        "decide",
        "engine/decide.py",
        (
            "tests/engine/test_decide.py",
            "tests/state/test_journal_rules.py",
            "tests/engine/test_people.py",
            "tests/engine/test_run.py",
        ),
    ),
    Subject(
        "settle",
        "engine/settle.py",
        (
            "tests/engine/test_run.py",
            "tests/engine/test_people.py",
            "tests/engine/test_settle.py",
            "tests/state/test_journal_rules.py",
        ),
    ),
    Subject(
        "mapping",
        "targets/books/mapping.py",
        (
            "tests/books/test_mapping.py",
            "tests/books/test_mapping_fields.py",
            "tests/books/test_cancelling.py",
            "tests/books/test_golden_bookings.py",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test noticed: what stood there, and what stood there instead. `words`: only a text for people differs."""

    name: str
    was: str
    became: str

    @property
    def words(self) -> bool:
        return _TEXTS.sub("", self.was) == _TEXTS.sub("", self.became)

    @property
    def function(self) -> str:
        """As people write it: `Journal.want` of `zsync.state.journal.xǁJournalǁwant__mutmut_7`."""
        return self.name.rpartition(".")[2].partition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")

    @property
    def reason(self) -> str:
        """Why it is none, as a person found; empty while it is open."""
        return EQUIVALENT.get((self.function, self.became or self.was), "")


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one subject: how many mutants ended how (mutmut's words), and those that survived or met no test."""

    subject: Subject
    ends: Counter[str]
    survivors: tuple[Survivor, ...]

    @property
    def noticed(self) -> int:
        return self.ends["killed"] + self.ends["timeout"]

    @property
    def open(self) -> list[Survivor]:
        return [each for each in self.survivors if not each.words and not each.reason]

    def as_line(self) -> str:
        total, words = self.ends.total(), sum(each.words for each in self.survivors)
        explained = sum(bool(each.reason) and not each.words for each in self.survivors)
        cells = (self.subject.name, f"`{self.subject.file}`", total, self.noticed, words, explained, len(self.open))
        return f"| {' | '.join(map(str, cells))} |"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.mutants", description="Changes one thing at a time; a test must fail.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(each.name for each in SUBJECTS)}; default: all")
    parser.add_argument("--work", type=Path, default=ROOT / ".mutants", metavar="FOLDER", help="where mutmut works")
    parser.add_argument("--children", type=int, default=2, metavar="N", help="how many mutants are tried at once")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write scores and survivors there, as Markdown")
    options = parser.parse_args(arguments)
    chosen = [each for each in SUBJECTS if not options.names or each.name in options.names]
    scores = []
    for subject in chosen:
        score = tried(subject, options.work / subject.name, options.children)
        scores.append(score)
        print(score.as_line(), flush=True)
    if options.page is not None:
        options.page.write_text(page(scores), "utf-8")
    return 1 if any(score.open for score in scores) or not scores else 0


def tried(subject: Subject, folder: Path, children: int) -> Score:
    """Let mutmut work in `folder`. CalledProcessError with its words where it cannot, or the tests fail without any change."""
    prepare(subject, folder)
    run = ("run", "--max-children", str(children))
    _mutmut(folder, *run)
    ends, left = _results(folder)
    tests = _digest(folder, subject.tests)
    kept = folder / "tests.digest"
    if left and (not kept.exists() or kept.read_text("utf-8") != tests):
        _mutmut(folder, *run, *left)
        ends, left = _results(folder)
    kept.write_text(tests, "utf-8")
    return Score(subject, Counter(ends.values()), tuple(survivor(name, _mutmut(folder, "show", name)) for name in left))


def _results(folder: Path) -> tuple[dict[str, str], list[str]]:
    """How each mutant ended, and the names of those that lived."""
    ends = dict(ends_of(_mutmut(folder, "results", "--all", "true")))
    return ends, [name for name, end in ends.items() if end in ("survived", "no tests")]


def _digest(folder: Path, tests: Sequence[str]) -> str:
    found = sorted(file for name in tests for file in [folder / name, *(folder / name).rglob("*.py")] if file.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in found)).hexdigest()


def prepare(subject: Subject, folder: Path) -> None:
    """The repository as it is now, and what mutmut must know; its own notes in `mutants/` stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        source, copy = ROOT / name, folder / name
        if source.is_dir():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy)
    (folder / "setup.cfg").write_text(configuration(subject), "utf-8")


def configuration(subject: Subject) -> str:
    lists = {
        "pytest_add_cli_args_test_selection": subject.tests,
        "pytest_add_cli_args": ("-p", "no:cacheprovider", "-p", "no:xdist"),
        "also_copy": ("README.md", "docs", "examples", "proof"),
    }
    lines = ["[mutmut]", "source_paths=src", f"only_mutate=src/zsync/{subject.file}", "use_git_change_detection=false"]
    lines += ["timeout_multiplier=15.0", "timeout_constant=10.0"]  # by the clock: a busy machine is no endless loop
    for name, values in lists.items():
        lines += [f"{name}=", *(f"    {value}" for value in values)]
    return "\n".join(lines) + "\n"


def ends_of(results: str) -> Iterator[tuple[str, str]]:
    """(name, end) of each line `    zsync.model.money.x_split__mutmut_3: killed`."""
    for line in results.splitlines():
        name, colon, end = line.strip().partition(": ")
        if colon and "__mutmut_" in name:
            yield name, end


def survivor(name: str, shown: str) -> Survivor:
    """From a unified diff: the lines that were taken out and put in, each as one text."""

    def side(sign: str) -> str:
        lines = [line[1:].strip() for line in shown.splitlines() if line.startswith(sign) and not line.startswith(sign * 3)]
        return " ".join(filter(None, lines))

    return Survivor(name, side("-"), side("+"))


def page(scores: Iterable[Score]) -> str:
    scores = list(scores)
    lines = [
        "# Mutants",
        "",
        "What `python -m proof.mutants --page docs/mutants.md` found: mutmut changes one thing at a time, in each function of",
        "these modules, and runs the tests that `proof/mutants.py` names. Nothing is sampled. *Words*: only a text for people",
        "differs. *No change*: the program does the same all the same. *Open*: a test is missing.",
        "",
        "| subject | module | mutants | noticed | words | no change | open |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *(score.as_line() for score in scores),
    ]
    for score in scores:
        left = [each for each in score.survivors if not each.words]
        if left:
            lines += ["", f"## {score.subject.name}", "", "| function | was | became | why |", "| --- | --- | --- | --- |"]
            lines += [
                f"| {each.function} | {_cell(each.was)} | {_cell(each.became)} | {each.reason or 'open'} |" for each in left
            ]
    return "\n".join(lines) + "\n"


def _cell(code: str) -> str:
    shown = code if len(code) <= _LONGEST_LINE else code[: _LONGEST_LINE - 2] + " …"
    return f"`{shown.replace('|', '¦')}`" if shown else "-"


def _mutmut(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print((done.stdout + done.stderr)[-2000:], file=sys.stderr)
        done.check_returncode()
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
