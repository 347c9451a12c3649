"""A trial: tests run on a copy of `src` in which something was changed.

    copy of src --edited--> PYTHONPATH --> pytest in a process of its own --> its report, read back as a Verdict

The tests are those of the repository; only what they import is the copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "zsync"
LONGEST_S = 600

_MISTAKES = ("NameError", "UnboundLocalError", "ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError")
"""What a test fails with when the edit itself is broken: that proves nothing."""


class BadEdit(Exception):
    """The text to be replaced does not stand there exactly once."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the tests. `failed` are the messages of assertions that did not hold; `broken` says why nothing was proven:
    no test ran, a fixture or the collection failed, the time was up."""

    passed: int
    failed: tuple[str, ...]
    broken: str = ""

    @property
    def all_passed(self) -> bool:
        return bool(self.passed) and not self.failed and not self.broken

    @property
    def caught(self) -> bool:
        return bool(self.failed) and not self.broken


def replaced(text: str, old: str, new: str) -> str:
    """`text` with `old`, which must stand in it exactly once, replaced. Raises BadEdit."""
    if text.count(old) != 1:
        raise BadEdit(f"the text stands there {text.count(old)} times, not once: {old.strip().splitlines()[0]}")
    return text.replace(old, new)


class Copy:
    """A copy of `src` under `folder`, and the tests of the repository run on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._source = folder / "src"
        shutil.copytree(SOURCE.parent, self._source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))

    @contextmanager
    def edited(self, file: str, old: str, new: str) -> Iterator[None]:
        """While this lasts, `file` (below src/zsync) has `new` where it had `old`."""
        path = self._source / "zsync" / file
        before = path.read_text("utf-8")
        after = replaced(before, old, new)
        compile(after, file, "exec")
        self._write(path, after)
        try:
            yield
        finally:
            self._write(path, before)

    def run(self, tests: Sequence[str]) -> Verdict:
        """Run these tests (node ids) on the copy as it is now."""
        report = self._folder / "report.xml"
        report.unlink(missing_ok=True)
        options = ["-q", "-p", "no:cacheprovider", "--tb=line", f"--junitxml={report}"]
        try:
            done = self._python("-m", "pytest", *options, *tests)
        except subprocess.TimeoutExpired:
            return Verdict(0, (), f"not done after {LONGEST_S} s")
        if not report.exists():
            return Verdict(0, (), (done.stdout + done.stderr).strip()[-400:] or f"pytest ended with {done.returncode}")
        return verdict_of(ElementTree.parse(report).getroot())

    def is_used(self) -> bool:
        """Whether `import zsync` finds the copy, whatever is installed."""
        found = self._python("-c", "import zsync; print(zsync.__file__)").stdout.strip()
        return Path(found).is_relative_to(self._source)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(self._source), str(ROOT / "tests")])
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )

    def _write(self, path: Path, text: str) -> None:
        """The compiled file goes with it: an edit within the same second and of the same length would not be noticed."""
        path.write_text(text, "utf-8")
        Path(cache_from_source(str(path))).unlink(missing_ok=True)


def verdict_of(report: ElementTree.Element) -> Verdict:
    """What a report in JUnit's form says."""
    passed, failed, broken = 0, [], ""
    for case in report.iter("testcase"):
        failure, error = case.find("failure"), case.find("error")
        if error is not None:
            broken = broken or _words(error)
        elif failure is not None:
            words = _words(failure)
            broken = broken or (words if words.startswith(_MISTAKES) else "")
            failed.append(words)
        elif case.find("skipped") is None:
            passed += 1
    return Verdict(passed, tuple(failed), broken if broken or passed or failed else "no test ran")


def _words(element: ElementTree.Element) -> str:
    return " ".join((element.get("message") or "failed").split())[:160]
