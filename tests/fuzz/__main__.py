"""`PYTHONPATH=src:tests python -m fuzz [--cases N] [--seed S] [--kind K]... [--json]`: bad input, counted. 1 on a defect."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from fuzz.outcomes import KINDS, OUTCOMES, count, table


def run(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--cases", type=int, default=100, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--json", action="store_true")
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
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(run())
