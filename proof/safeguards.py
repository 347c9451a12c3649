"""Each safeguard is needed: without it a named test fails.

    python -m proof.safeguards [--only WORDS] [--json FILE]
    python -m proof.safeguards --page docs/safeguards.md     writes the table, and tries nothing

All named tests pass on an unchanged copy of `src`; then each safeguard alone is taken out of the copy, and its test must fail:
by an assertion or an error of the program, not because the edit is broken or the test cannot be collected. Exit code 1 if one
is not caught.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from proof.edited import Copy
from proof.safeguard import Safeguard
from proof.table_engine import JOURNAL, RUN
from proof.table_remotes import BOOKS, CREATOR, NET, SOURCES

SAFEGUARDS: tuple[Safeguard, ...] = (*JOURNAL, *RUN, *NET, *BOOKS, *CREATOR, *SOURCES)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of taking one safeguard out. `words` are the failure's, or why nothing was proven."""

    safeguard: Safeguard
    caught: bool
    words: str

    def as_json(self) -> dict[str, object]:
        each = self.safeguard
        named = {"safeguard": each.name, "purpose": each.purpose, "file": f"src/zsync/{each.file}", "test": each.test}
        return {**named, "caught": self.caught, "words": self.words}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.safeguards", description="Without any safeguard its test fails.")
    parser.add_argument("--only", default="", metavar="WORDS", help="only safeguards whose name holds these words")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found to FILE as well")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the table to FILE as Markdown, and try nothing")
    options = parser.parse_args(arguments)
    if options.page is not None:
        options.page.write_text(page(), "utf-8")
        return 0
    chosen = [each for each in SAFEGUARDS if options.only.casefold() in each.name.casefold()]
    with TemporaryDirectory(prefix="zsync-safeguards-") as folder:
        copy = Copy(Path(folder))
        if not copy.is_used():
            print("error: the tests would not import the copy", file=sys.stderr)
            return 1
        whole = copy.run(list(dict.fromkeys(each.test for each in chosen)))
        if not whole.all_passed:
            print("error: with every safeguard in place the named tests do not pass", file=sys.stderr)
            print("\n".join([whole.broken, *whole.failed]).strip(), file=sys.stderr)
            return 1
        findings = []
        for finding in tried(copy, chosen):
            findings.append(finding)
            print(line(finding), flush=True)
    missed = [each for each in findings if not each.caught]
    print(f"{len(findings) - len(missed)} of {len(findings)} safeguards are missed by a test when they are taken out")
    if options.json is not None:
        options.json.write_text(json.dumps([each.as_json() for each in findings], indent=2) + "\n", "utf-8")
    return 1 if missed or not findings else 0


def tried(copy: Copy, safeguards: Sequence[Safeguard]) -> Iterator[Finding]:
    """Take each out in turn, and put it back. Raises BadEdit for a text that does not stand in its file exactly once."""
    for each in safeguards:
        with copy.edited(each.file, each.old, each.new):
            verdict = copy.run([each.test])
        words = verdict.broken or next(iter(verdict.failed), "its test passes without it")
        yield Finding(each, verdict.caught, words)


def page() -> str:
    """The table, for people who want to look a safeguard up."""
    lines = [
        "# Safeguards",
        "",
        "What keeps the promises, and the test that fails when it alone is taken out. `python -m proof.safeguards` takes each",
        "out in turn, in a copy, and runs its test; the table stands in `proof/`, this page is made from it",
        "(`python -m proof.safeguards --page docs/safeguards.md`).",
        "",
        "| safeguard | what it is for | where | test |",
        "| --- | --- | --- | --- |",
    ]
    for each in SAFEGUARDS:
        file, _, name = each.test.partition("::")
        lines.append(f"| {each.name} | {each.purpose} | `{each.file}` | `{name}` in [{Path(file).name}](../{file}) |")
    return "\n".join(lines) + "\n"


def line(finding: Finding) -> str:
    each = finding.safeguard
    said = "caught" if finding.caught else f"NOT CAUGHT: {finding.words}"
    return f"{each.name:<50} {each.test.partition('::')[2]:<100} {said}"


if __name__ == "__main__":
    sys.exit(main())
