"""`PYTHONPATH=tests python -m fuzz [--cases N] [--seed S] [--kind K]... [--json] [--into PAGE]`.

Bad input, counted; 1 if there is a defect.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from proof.report import into

from fuzz.outcomes import KINDS, OUTCOMES, Counted, count, table
from zsync import __version__


def run(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--cases", type=int, default=100, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--into", type=Path, help="write the table into this page, between its marks")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = {kind: count(kind, given.cases, given.seed, Path(folder)) for kind in given.kind or KINDS}
    defects = [each for counted in found.values() for each in counted.defects]
    if given.json:
        kinds = {
            kind: {"cases": each.outcomes.total(), **{name: each.outcomes[name] for name in OUTCOMES}}
            for kind, each in found.items()
        }
        sys.stdout.write(json.dumps({"seed": given.seed, "kinds": kinds, "defects": defects}) + "\n")
    else:
        sys.stdout.write(table(found) + "\n")
        sys.stdout.write("".join(each + "\n" for each in defects))
    if given.into is not None:
        page = given.into.read_text("utf-8")
        given.into.write_text(into(page, f"{_head(found, given.seed)}\n\n{table(found)}\n", "fuzz"), "utf-8")
    return 1 if defects else 0


def _head(found: Mapping[str, Counted], seed: int) -> str:
    cases = sum(each.outcomes.total() for each in found.values())
    return f"zsync {__version__}, {datetime.now(UTC).date().isoformat()}, seed {seed}: {cases:,} cases."


if __name__ == "__main__":
    sys.exit(run())
